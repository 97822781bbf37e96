"""Faults that the company was told to make: what happens instead of an honest answer."""

import json
import re
import secrets
import socket
import threading
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from werkzeug.wsgi import get_input_stream

from .errors import Refused
from .ids import new_id
from .state import Body

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KINDS = ("delay", "cut", "error", "lost")
"""Waits, then works; hangs up without working; answers 500 without working; works, hangs up."""
EVERYTHING = "/v1/"


class HungUp(ConnectionError):
    """The company closed the line without an answer."""


@dataclass
class Fault:
    """One kind of failure, and which requests meet it how often; None stands for any."""

    kind: str
    method: str | None = None
    path: str | None = None
    seconds: float = 0
    times: int = 1
    chance: float = 1
    happened: int = 0

    def befalls(self, method: str, path: str) -> bool:
        """Does this request meet the fault? Not if the fault has happened often enough, or dice."""
        return (
            self.happened < self.times
            and self.method in (None, method)
            and (path.startswith(EVERYTHING) if self.path is None else fits(self.path, path))
            and secrets.SystemRandom().random() < self.chance
        )


def fits(pattern: str, path: str) -> bool:
    """Is this the path, where each {name} in the pattern stands for one part of it?"""
    parts = map(re.escape, re.split(r"{\w+}", pattern))
    return re.fullmatch("[^/]+".join(parts), path) is not None


class Faults:
    """The faults told, in memory: a company that starts again makes none."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self._lock = threading.Lock()
        self._told: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Make a fault from now on, after those told before."""
        with self._lock:
            self._told.append(fault)

    def clear(self) -> None:
        """Make no more faults."""
        with self._lock:
            self._told.clear()

    def list(self) -> list[Body]:
        """Return every fault told, and how often each has happened."""
        with self._lock:
            return [asdict(fault) for fault in self._told]

    def next(self, method: str, path: str) -> Fault | None:
        """Return the first fault that befalls a request, and count it."""
        with self._lock:
            for fault in self._told:
                if fault.befalls(method, path):
                    fault.happened += 1
                    return fault
        return None


def faulty(
    app: "WSGIApplication", faults: Faults
) -> Callable[["WSGIEnvironment", "StartResponse"], Iterable[bytes]]:
    """Return an application that makes these faults, and otherwise does as app does."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        fault = faults.next(environ["REQUEST_METHOD"], environ["PATH_INFO"])
        if fault is None:
            return app(environ, start_response)
        if fault.kind == "error":
            get_input_stream(environ).read()  # else the line's next request would begin with it
            return _failure(start_response)
        if fault.kind == "delay" and not faults.ended.wait(fault.seconds):
            return app(environ, start_response)
        if fault.kind == "lost":
            _work(app, environ)
        _hang_up(environ)

    return answer


def _work(app: "WSGIApplication", environ: "WSGIEnvironment") -> None:
    """Let the app do all its work, and keep what it says from everybody."""

    def start_response(*_: Any) -> Callable[[bytes], object]:
        return lambda _: None

    answer = app(environ, start_response)
    for _ in answer:
        pass
    if hasattr(answer, "close"):
        answer.close()


def _hang_up(environ: "WSGIEnvironment") -> NoReturn:
    line = environ.get("werkzeug.socket")
    if line is not None:
        line.shutdown(socket.SHUT_RDWR)
    raise HungUp


def _failure(start_response: "StartResponse") -> Iterable[bytes]:
    refusal = Refused("The test payment company was told to fail.", status=500, kind="api_error")
    text = json.dumps(refusal.body, indent=2).encode()
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(text))),
        ("Request-Id", new_id("req_", 14)),
    ]
    start_response("500 Internal Server Error", headers)
    return [text]
