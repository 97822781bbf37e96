"""Starts and stops the shop's processes together: `make run`, `make serve`, `make reset`."""

import errno
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from dotenv import load_dotenv

INSTANCE = Path(__file__).parent / "instance"
TEST_KEY = "sk_test_of_the_test_payment_company"
# A slow client keeps a thread while its body arrives. Threads are made when needed and end when
# idle, so a thousand are allowed: that many slow clients do not hold up the others.
SERVER = """-m granian --interface wsgi --factory wsgi:create_app --http 1 --no-ws --log-level error
    --backlog 2048 --backpressure 1024 --blocking-threads 1024 --blocking-threads-idle-timeout 10
    --http1-buffer-size 65536 --http1-header-read-timeout 15000
    --respawn-failed-workers --workers-kill-timeout 10"""


def main(command: str) -> int:
    """Do one of run, serve, reset and prepare; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    load_dotenv()
    if command == "prepare":
        return prepare()
    environ, demo = os.environ, command != "serve"
    host, port = environ.get("HOST") or "127.0.0.1", _port()
    address = environ.get("SHOP_URL") or f"http://localhost:{port}"
    environ.update(SHOP_URL=address, PRODUCTION="" if demo else "1")
    if command == "reset":
        empty()
    commands = [
        [*SERVER.split(), "--host", host, "--port", str(port), "--workers", _given("WORKERS", "2")],
        ["-m", "flask", "jobs", "run"],
    ]
    if demo:
        environ["DEMO"] = "1"
        if not environ.get("STRIPE_SECRET_KEY"):
            commands.append(_test_payment_company(host, port))
    if command != "reset":
        for offset in range(len(commands) - 1):
            _check_free(host, port + offset)
    # In a process of its own, because what it imports would stay in memory.
    failed = subprocess.call([sys.executable, __file__, "prepare"])
    if failed or command == "reset":
        return failed
    return keep_together(commands, _local(host), port)


def prepare() -> int:
    """Bring the database up to date, load the demonstration into an empty one, and say so."""
    from flask_migrate import upgrade
    from sqlalchemy.exc import OperationalError

    import wsgi
    ...
