"""Limits of tries: shared through Redis, else counted in each process, and never in the way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
import redis
from flask import Flask

from tests.conftest import free_port, missing

# Whichever database there is, it counts no tries.
pytestmark = pytest.mark.parametrize("engine", ["sqlite"], indirect=True)

REDIS = "redis://127.0.0.1:6379/15"
PROGRAM = """
import json, sys
from wsgi import create_app
config, address, tries = json.loads(sys.argv[1]), sys.argv[2], int(sys.argv[3])
app = create_app(config)
client = app.test_client()
client.environ_base.update(HTTP_SEC_FETCH_SITE="same-origin", REMOTE_ADDR=address)
answers = [client.post("/checkout") for _ in range(tries)]
print(json.dumps([answer.status_code for answer in answers] + [answers[-1].text]))
print(json.dumps(client.get("/readyz").text))
"""


@pytest.fixture
def shared() -> Iterator[str]:
    """The address of a Redis; what was counted in it is forgotten afterwards."""
    client = redis.Redis.from_url(REDIS)
    try:
        client.ping()
    except redis.ConnectionError:
        missing("Redis")
    yield REDIS
    client.flushdb()


@pytest.fixture
def someone() -> str:
    """A network address that no other test has."""
    return "2001:db8:" + ":".join(uuid4().hex[place : place + 4] for place in range(0, 24, 4))


def try_to_pay(app: Flask, redis_url: str, address: str, tries: int) -> tuple[list[int], str, str]:
    """Start payment so often in a process of its own; return answers, last page, and /readyz."""
    same = ("TESTING", "SECRET_KEY", "DATABASE_URL", "SHOP_URL", "STRIPE_API_BASE")
    config = {name: app.config[name] for name in same} | {"REDIS_URL": redis_url}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM, json.dumps(config), address, str(tries)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "FLASK_SKIP_DOTENV": "1"},
    )
    assert done.returncode == 0, done.stderr
    answers, ready = (json.loads(line) for line in done.stdout.splitlines()[-2:])
    return answers[:-1], answers[-1], ready


def test_tries_are_counted_together_by_all_processes_where_redis_is(
    app: Flask, shared: str, someone: str
) -> None:
    first, _, ready = try_to_pay(app, shared, someone, 20)
    second, page, _ = try_to_pay(app, shared, someone, 12)
    others, _, _ = try_to_pay(app, shared, "203.0.113.7", 1)

    assert first == [422] * 20
    assert second == [422] * 10 + [429] * 2
    assert "Please wait an hour, or write to us" in page
    assert others == [422]
    assert "limits: shared" in ready


def test_tries_are_counted_in_each_process_without_redis_and_that_is_said(
    app: Flask, someone: str
) -> None:
    answers, _, ready = try_to_pay(app, "", someone, 31)

    assert answers == [422] * 30 + [429]
    assert "limits: each process for itself" in ready


def test_shop_goes_on_and_still_counts_when_redis_is_gone(app: Flask, someone: str) -> None:
    answers, _, ready = try_to_pay(app, f"redis://127.0.0.1:{free_port()}/0", someone, 31)

    assert answers == [422] * 30 + [429]
    assert "limits: each process for itself" in ready
