"""The company as a process of its own: starts, stops, and survives being killed."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from storefront.demo.payments.__main__ import main

from .conftest import KEY, Company, client_of

ROOT = Path(__file__).parents[4]


@pytest.fixture
def start(tmp_path):
    """Start a company on a free port; return the process and its address, once it is ready."""
    started = []

    def start(webhook_url, port=0, key=KEY, wait=True):
        command = [sys.executable, "-m", "storefront.demo.payments", "--port", str(port)]
        command += ["--state", str(tmp_path / "state.sqlite3"), "--key", key]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"PAYMENTS_WEBHOOK_URL": webhook_url, "PAYMENTS_WEBHOOK_PAUSES": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        if not wait:
            return process, ""
        ready = process.stdout.readline()
        return process, ready.split()[4].rstrip(",")

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_a_kill_loses_neither_sessions_nor_events(start, shop):
    process, url = start("http://127.0.0.1:9/nobody")
    session = Company(url, client_of(url)).paid()
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)

    _, url = start(shop.url)

    assert Company(url, client_of(url)).session(session.id).payment_status == "paid"
    assert {event["type"] for event in shop.events(2)} == {
        "payment_intent.succeeded",
        "checkout.session.completed",
    }


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(start, number):
    process, _ = start("")

    process.send_signal(number)

    assert process.wait(10) == 0
    assert process.communicate() == ("", "")


def test_a_taken_port_is_told_in_one_line(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process, _ = start("", port=taken.getsockname()[1], wait=False)
        _, told = process.communicate(timeout=10)

    assert process.returncode == 1
    assert told.startswith("--port: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("variable", "value", "option"),
    [("STATE", "/nowhere/state", "--state"), ("WEBHOOK_PAUSES", "1,soon", "--webhook-pauses")],
)
def test_a_wrong_setting_is_told_with_its_name(monkeypatch, capsys, variable, value, option):
    monkeypatch.setenv(f"PAYMENTS_{variable}", value)

    with pytest.raises(SystemExit) as ended:
        main(["--port", "0"])

    assert ended.value.code not in (0, None)
    assert option in f"{ended.value.code}{capsys.readouterr().err}"


def test_a_live_key_is_not_taken(start):
    process, _ = start("", key="sk_live_x", wait=False)
    _, told = process.communicate(timeout=10)

    assert process.returncode == 1
    assert "test key only" in told
    assert told.count("\n") == 1
