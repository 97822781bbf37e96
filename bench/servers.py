"""Starts and stops what is measured: the production server with one application or another."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

from start import SERVER

ROOT = Path(__file__).parent.parent
READY = 60.0  # seconds
GONE = 15.0  # seconds


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


@contextmanager
def serving(
    application: str, port: int, *, workers: int, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Serve `module:factory` with the production server's own options."""
    program = SERVER.replace("wsgi:create_app", application)
    command = f"{program} --host 127.0.0.1 --port {port} --workers {workers}"
    with running(["-m", *command.split()], environment) as process:
        _wait(port, process)
        yield process


@contextmanager
def running(
    arguments: list[str], environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Python with these arguments in a session of its own, and end all of it afterwards."""
    process = subprocess.Popen(  # noqa: S603 - our own programs
        [sys.executable, *arguments],
        cwd=ROOT,
        env={**os.environ, "MALLOC_ARENA_MAX": "2", **environment},  # as start.py does
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(GONE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(GONE)


def memory(processes: list[int]) -> tuple[int, str]:
    """Return the megabytes of these processes and all they started, and what was added up."""
    table = subprocess.run(
        ["ps", "-A", "-o", "pid=,ppid=,rss="],  # noqa: S607 - wherever this system has it
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [tuple(map(int, line.split())) for line in table.splitlines()]
    wanted = set(processes)
    while True:
        more = {pid for pid, parent, _ in rows if parent in wanted} - wanted
        if not more:
            break
        wanted |= more
    try:
        return sum(_pss(pid) for pid in wanted) // 1024, "PSS"
    except OSError:
        return sum(rss for pid, _, rss in rows if pid in wanted) // 1024, "RSS"


def _pss(pid: int) -> int:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + READY
    while time.monotonic() < end and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise RuntimeError(f"no server answers at port {port}")
