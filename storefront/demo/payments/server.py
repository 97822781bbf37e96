"""Serves a company over HTTP, a thread for each request."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from .app import create_company
from .webhooks import PAUSES


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing of requests that were answered."""


def listen(host: str, port: int) -> socket.socket:
    """Take a port, any free one for 0; raise OSError if it is taken."""
    return socket.create_server((host, port), backlog=128)


def server(app: Flask, listening: socket.socket) -> BaseWSGIServer:
    """Return a server of the app on a port that was taken for it."""
    host, port = listening.getsockname()[:2]
    return make_server(
        host, port, app, threaded=True, request_handler=_Quiet, fd=listening.fileno()
    )


@contextmanager
def running(
    state_path: str | Path,
    *,
    key: str = "sk_test_company",
    webhook_url: str | None = None,
    webhook_secret: str = "whsec_company",
    pauses: Sequence[float] = PAUSES,
) -> Iterator[str]:
    """Run a company in a thread on a free port, and yield its address."""
    with listen("127.0.0.1", 0) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_company(state_path, key, webhook_url, webhook_secret, address, pauses=pauses)
        serving = server(app, listening)
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield address
        finally:
            serving.shutdown()
            thread.join()
            app.extensions["company"].close()
