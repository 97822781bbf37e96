"""Starts the shop as real processes over one database, and stops every one of them again."""

import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import requests

from start import SERVER
from storefront.demo.payments.server import listen
from tests.integrity import programs
from tests.integrity.programs import Death

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join([str(ROOT), *sys.path])
READY = 60.0  # seconds for a process to answer
GONE = 10.0  # seconds for a process to end

_nursery = multiprocessing.get_context("forkserver")
_nursery.set_forkserver_preload(["pytest", "tests.integrity.nursery"])


class Died(Exception):
    """A process ended before it gave an answer."""

    def __init__(self, code: int | None) -> None:
        super().__init__(f"the process ended with {code}")
        self.code = code


@dataclass(frozen=True)
class Door:
    """A free port of this machine, taken before the process that will serve it is started."""

    listening: socket.socket = field(default_factory=lambda: listen("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listening.getsockname()[1]}"


@contextmanager
def shops(settings: Mapping[str, Any], doors: Sequence[Door]) -> Iterator[list[str]]:
    """Serve the shop in a process for each door and yield their addresses."""
    addresses = [door.url for door in doors]
    with ExitStack() as running:
        for door in doors:
            running.enter_context(_running(programs.serve, settings, door.listening, None))
            door.listening.close()
        for address in addresses:
            wait_until_it_answers(f"{address}/healthz")
        yield addresses


@contextmanager
def production(settings: Mapping[str, Any], port: int, workers: int) -> Iterator[str]:
    """Serve the shop as `make serve` does, with so many workers, and yield its address."""
    program = SERVER.replace("wsgi:create_app", "tests.integrity.programs:shop_of_environment")
    options = f"{program} --host 127.0.0.1 --port {port} --workers {workers}"
    with _running(programs.serve_production, settings, options.split()[1:], has_children=True):
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz")
        yield f"http://127.0.0.1:{port}"


@contextmanager
def doomed_shop(settings: Mapping[str, Any], death: Death) -> Iterator[tuple[str, BaseProcess]]:
    """Serve the shop in one process, killed where `death` says; yield address and process."""
    door = Door()
    address = door.url
    with _running(programs.serve, settings, door.listening, death) as process:
        door.listening.close()
        wait_until_it_answers(f"{address}/healthz")
        yield address, process


@contextmanager
def company(state: Path, *, webhook_url: str | None, secret: str) -> Iterator[str]:
    """Serve the test payment company in a process of its own and yield its address."""
    door = Door()
    url = door.url
    with _running(programs.serve_company, str(state), door.listening, url, webhook_url, secret):
        door.listening.close()
        wait_until_it_answers(f"{url}/")
        yield url


@contextmanager
def jobs(settings: Mapping[str, Any]) -> Iterator[BaseProcess]:
    """Run the shop's jobs in a process."""
    with _running(programs.run_jobs, settings) as process:
        yield process


def carry_out(
    settings: Mapping[str, Any],
    step: Callable[..., Any],
    *,
    death: Death | None = None,
    within: float = READY,
    **arguments: Any,
) -> Any:
    """Do one step in a fresh process and return its answer. Raises Died where there was none."""
    ours, theirs = _nursery.Pipe(duplex=False)
    with ours, _running(programs.carry_out, settings, step, arguments, theirs, death) as process:
        theirs.close()
        try:
            if not ours.poll(within):
                raise TimeoutError(f"no answer within {within} seconds")
            return ours.recv()
        except EOFError:
            process.join(GONE)
            raise Died(process.exitcode) from None


class Mortal:
    """A process that may be killed at any time, and is then started again as it was."""

    def __init__(self, target: Callable[..., None], *args: Any) -> None:
        self._target, self._args = target, args
        self._process: BaseProcess | None = None

    def start(self) -> None:
        os.environ["PYTHONPATH"] = PATH  # for the process that all others are forked from
        self._process = _nursery.Process(target=self._target, args=self._args, daemon=True)
        self._process.start()

    def kill(self) -> None:
        """End it by `kill -9`, whatever it does just now."""
        if self._process is not None:
            self._process.kill()
            self._process.join(GONE)
            self._process.close()
            self._process = None


def was_killed(process: BaseProcess) -> bool:
    """Return whether a process has ended by `kill -9`, waiting a little for it."""
    process.join(GONE)
    return process.exitcode == -signal.SIGKILL


def wait_until_it_answers(url: str) -> None:
    """Wait until a GET of this address gives 200. Raises TimeoutError."""
    wait_until(lambda: _answers(url), what=f"{url} answers")


def wait_until(is_so: Callable[[], bool], *, what: str, within: float = READY) -> None:
    """Ask again and again until it is so. Raises TimeoutError."""
    end = time.monotonic() + within
    while not is_so():
        if time.monotonic() > end:
            raise TimeoutError(f"not so within {within} seconds: {what}")
        time.sleep(0.02)


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=READY).status_code == 200
    except requests.ConnectionError:
        return False


@contextmanager
def _running(
    target: Callable[..., None], *args: Any, has_children: bool = False
) -> Iterator[BaseProcess]:
    """Run a function in a fresh process; end that process, by its id, whatever happens."""
    os.environ["PYTHONPATH"] = PATH  # for the process that all others are forked from
    process = _nursery.Process(target=target, args=args, daemon=not has_children)
    process.start()
    try:
        yield process
    finally:
        process.terminate()
        process.join(GONE)
        if process.is_alive():
            process.kill()
            process.join(GONE)
        process.close()
