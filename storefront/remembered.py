"""What changes seldom and is on many pages: read once a request, for public pages less often."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from flask import current_app, g, has_request_context, request

from storefront.sessions import is_personal

T = TypeVar("T")


def remembered(read: Callable[[], T]) -> Callable[[], T]:
    """Return the reader, asked once a request; without a request it is asked each time.

    A public page may show what was so SETTINGS_KEPT seconds ago; staff, the cart and whatever else
    is somebody's own see what is so now.
    """

    @wraps(read)
    def ask() -> T:
        if not has_request_context():
            return read()
        known: dict[Any, T] = g.setdefault("remembered", {})
        if read not in known:
            known[read] = read() if is_personal(request.path) else _kept(read)
        return known[read]

    return ask


def _kept(read: Callable[[], T]) -> T:
    kept: dict[Any, tuple[float, T]] = current_app.extensions.setdefault("remembered", {})
    now = time.monotonic()
    if read not in kept or now - kept[read][0] >= current_app.config["SETTINGS_KEPT"]:
        kept[read] = now, read()
    return kept[read][1]
