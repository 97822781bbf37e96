"""What changes seldom and is on many pages: read once a request, for public pages less often."""

import time
from collections.abc import Callable, Hashable
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, g, has_request_context, request

from storefront.sessions import is_personal

P = ParamSpec("P")
T = TypeVar("T")


def remembered(read: Callable[P, T]) -> Callable[P, T]:
    """Return the reader, asked once a request; without a request it is asked each time.

    What it is asked for must be hashable, and of few kinds: each is kept.

    A public page may show what was so SETTINGS_KEPT seconds ago; staff, the cart and whatever else
    is somebody's own see what is so now.
    """

    @wraps(read)
    def ask(*args: P.args, **kwargs: P.kwargs) -> T:
        if not has_request_context():
            return read(*args, **kwargs)
        known: dict[Any, T] = g.setdefault("remembered", {})
        key = (read, *args, *kwargs.items())
        if key not in known:
            asked = partial(read, *args, **kwargs)
            known[key] = asked() if is_personal(request.path) else _kept(key, asked)
        return known[key]

    return ask


def _kept(key: Hashable, read: Callable[[], T]) -> T:
    kept: dict[Any, tuple[float, T]] = current_app.extensions.setdefault("remembered", {})
    now = time.monotonic()
    if key not in kept or now - kept[key][0] >= current_app.config["SETTINGS_KEPT"]:
        kept[key] = now, read()
    return kept[key][1]
