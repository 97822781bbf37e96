"""Sends requests: the same one for some seconds, or each of many once; returns the rate."""

import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

CONNECTIONS = 16
LIMIT = 60.0  # seconds for one answer
WRK = shutil.which("wrk")


@dataclass(frozen=True)
class Request:
    """One request to a port of this machine, and the answer that is right."""

    port: int
    path: str
    status: int = 200
    method: str = "GET"
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """An answer; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class WrongAnswer(Exception):
    """What was to be measured did not answer as it should."""


def ask(request: Request) -> Answer:
    """Send one request and return its answer."""
    connection = HTTPConnection("127.0.0.1", request.port, timeout=LIMIT)
    try:
        return _ask(connection, request)
    finally:
        connection.close()


def rate(request: Request, seconds: int) -> float:
    """Return requests per second of one request repeated for some seconds. Raises WrongAnswer."""
    _check(request, ask(request))
    if WRK:
        return _wrk(request, seconds)
    return _threads(iter(lambda: request, None), seconds)[0]


def rate_of_each(requests: Sequence[Request]) -> tuple[float, list[Answer]]:
    """Send each request once; return requests per second and the answers in no order."""
    return _threads(iter(requests), LIMIT)


def _wrk(request: Request, seconds: int) -> float:
    lines = [f'wrk.method = "{request.method}"']
    lines += [f'wrk.headers["{name}"] = [==[{value}]==]' for name, value in request.headers.items()]
    if request.body:
        lines.append(f"wrk.body = [==[{request.body.decode()}]==]")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "request.lua"
        script.write_text("\n".join(lines))
        told = subprocess.run(  # noqa: S603 - our own address
            [
                *(str(WRK), "-t", "1", "-c", str(CONNECTIONS), "-d", f"{seconds}s"),
                *("-s", str(script), f"http://127.0.0.1:{request.port}{request.path}"),
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds + LIMIT,
        ).stdout
    if ("Non-2xx" in told and request.status < 400) or "Socket errors" in told:
        raise WrongAnswer(f"{request.path}: {told}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", told)
    if found is None:
        raise WrongAnswer(told)
    return float(found[1])


def _threads(requests: Iterator[Request], seconds: float) -> tuple[float, list[Answer]]:
    lock, answers = threading.Lock(), list[Answer]()
    wrong: list[Exception] = []
    end = time.monotonic() + seconds

    def work() -> None:
        connection: HTTPConnection | None = None
        try:
            while time.monotonic() < end:
                with lock:
                    request = next(requests, None)
                if request is None:
                    return
                connection = connection or HTTPConnection("127.0.0.1", request.port, timeout=LIMIT)
                answers.append(_ask(connection, request))
        except (OSError, HTTPException) as error:
            wrong.append(error)
        finally:
            if connection is not None:
                connection.close()

    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]
    return len(answers) / (time.monotonic() - began), answers


def _ask(connection: HTTPConnection, request: Request) -> Answer:
    connection.request(request.method, request.path, request.body or None, dict(request.headers))
    answer = connection.getresponse()
    body = answer.read()
    return Answer(answer.status, {n.lower(): v for n, v in answer.getheaders()}, body)


def _check(request: Request, answer: Answer) -> None:
    if answer.status != request.status:
        raise WrongAnswer(f"{request.method} {request.path}: {answer.status} {answer.body[:300]!r}")
