"""Public pages are kept as of the last commit: whoever asks for one again gets it without work.

A page is given again only while nothing at all was committed since, by any process or server, and
for PAGES_KEPT seconds at most, since time alone changes pages too: an article whose hour has come.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from flask import Flask, Response, request
from werkzeug.http import remove_entity_headers

from storefront.db import Version, db
from storefront.sessions import is_personal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ASKED = "shop.page"  # where a request finds which page it asks for, as of which version
LARGEST = 512 * 1024  # bytes of a page
MOST_BYTES = 8 * 1024 * 1024  # in each process


class Page(NamedTuple):
    """A page as it goes out, and the version of the database that it was made of."""

    version: Hashable
    made: float
    etag: str
    headers: list[tuple[str, str]]
    body: bytes


class PageCache:
    """Stands before the application and answers for it where it can."""

    def __init__(self, app: Flask) -> None:
        self._answer: WSGIApplication = app.wsgi_app
        self._config = app.config
        with app.app_context():
            self._version = Version(db.engine)
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock, self._bytes = threading.Lock(), 0

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        method = environ["REQUEST_METHOD"]
        if method not in {"GET", "HEAD"} or is_personal(environ["PATH_INFO"]):
            return self._answer(environ, start_response)
        # Asked before anything of the page is read: what is committed meanwhile makes it old.
        version = self._version()
        key = (
            environ["PATH_INFO"],
            environ["QUERY_STRING"],
            environ.get("HTTP_ACCEPT_ENCODING"),
        )
        environ[_ASKED] = key, version
        page = self._pages.get(key)
        if (
            page is None
            or page.version != version
            or time.monotonic() - page.made >= self._config["PAGES_KEPT"]
        ):
            return self._answer(environ, start_response)
        if page.etag in environ.get("HTTP_IF_NONE_MATCH", ""):
            headers = page.headers.copy()
            remove_entity_headers(headers)
            start_response("304 NOT MODIFIED", headers)
            return ()
        start_response("200 OK", page.headers)
        return (page.body,) if method == "GET" else ()

    def keep(self, response: Response) -> Response:
        """Keep an answer that is the same for everyone, and let browsers ask if it still is."""
        if (
            _ASKED not in request.environ
            or response.status_code != HTTPStatus.OK
            or response.is_streamed
            or response.direct_passthrough
            or "Set-Cookie" in response.headers
            or ("Cache-Control" in response.headers and not response.cache_control.public)
        ):
            return response
        body = response.get_data()
        response.set_etag(blake2b(body, digest_size=12).hexdigest())
        if "Cache-Control" not in response.headers:
            response.headers["Cache-Control"] = "no-cache"  # keep it, and ask each time
        key, version = request.environ[_ASKED]
        if version is not None and len(body) <= LARGEST:
            headers = response.get_wsgi_headers(request.environ).to_wsgi_list()
            page = Page(version, time.monotonic(), response.headers["ETag"], headers, body)
            self._put(key, page)
        if response.headers["ETag"] in request.headers.get("If-None-Match", ""):
            response.status_code = HTTPStatus.NOT_MODIFIED
        return response

    def _put(self, key: Hashable, page: Page) -> None:
        with self._lock:
            old = self._pages.pop(key, None)
            self._bytes += len(page.body) - (len(old.body) if old else 0)
            self._pages[key] = page
            while self._bytes > MOST_BYTES:
                self._bytes -= len(self._pages.popitem(last=False)[1].body)


def init_app(app: Flask) -> None:
    """Put the cache before the application; to be called before what else changes answers."""
    cache = PageCache(app)
    app.wsgi_app = cache  # type: ignore[method-assign]
    app.after_request(cache.keep)
