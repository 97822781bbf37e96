"""Starts the test payment company as a process of its own."""

import argparse
import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from .app import create_company
from .server import listen, server
from .webhooks import PAUSES


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until SIGTERM or SIGINT; each option may also be set as PAYMENTS_<OPTION>."""
    options = _options().parse_args(arguments)
    if not options.key.startswith("sk_test_"):
        sys.exit("--key: the test payment company takes a test key only, one that starts sk_test_")
    try:
        listening = listen(options.host, options.port)
    except OSError as error:
        sys.exit(f"--port: {options.host}:{options.port} cannot be used: {error.strerror}")
    with listening:
        _serve(options, listening)


def _serve(options: argparse.Namespace, listening: socket.socket) -> None:
    public_url = options.public_url or f"http://{options.host}:{listening.getsockname()[1]}"
    webhook_url = options.webhook_url or None
    try:
        app = create_company(
            options.state,
            options.key,
            webhook_url,
            options.webhook_secret,
            public_url,
            pauses=options.webhook_pauses,
        )
    except sqlite3.Error as error:
        sys.exit(f"--state: {options.state} cannot be used: {error}")
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    told = f"events go to {webhook_url}" if webhook_url else "no events are sent"
    print(f"Test payment company at {public_url}, {told}, no money moves.", flush=True)
    try:
        server(app, listening).serve_forever(poll_interval=0.1)
    finally:
        app.extensions["company"].close()


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m storefront.demo.payments", description=__doc__)

    def option(name: str, usual: str, help: str, kind: Callable[[str], object] = str) -> None:
        variable = f"PAYMENTS_{name.replace('-', '_').upper()}"
        parser.add_argument(
            f"--{name}",
            type=kind,
            default=os.environ.get(variable, usual),
            help=f"{help} ({variable}; default: {usual or 'none'})",
        )

    option("host", "127.0.0.1", "address to listen at")
    option("port", "8001", "port to listen at, 0 for a free one", int)
    option("state", "payments.sqlite3", "file that keeps everything")
    option("key", "sk_test_demo", "the secret key that the shop uses")
    option("webhook-url", "", "where events are sent; nowhere if empty")
    option("webhook-secret", "whsec_demo", "the secret that events are signed with")
    option(
        "webhook-pauses",
        ",".join(map(str, PAUSES)),
        "seconds between tries to send an event",
        _pauses,
    )
    option("public-url", "", "address that browsers use for the payment pages")
    return parser


def _pauses(text: str) -> list[float]:
    return [float(pause) for pause in text.split(",")]


def _stop(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
