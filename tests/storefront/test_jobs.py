"""Due work: each job at its pace, one that fails again soon, and none before its time."""

import os
import signal
from collections.abc import Callable

import pytest
from flask import Flask

from storefront import jobs
from storefront.jobs import Job, run_forever


def stop() -> int:
    """End the loop as `kill` does."""
    os.kill(os.getpid(), signal.SIGTERM)
    return 1


@pytest.fixture(autouse=True)
def kept_signals() -> object:
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def failing_until(times: int) -> tuple[list[int], Callable[[], int]]:
    """Return work that fails so many times, and then stops the loop; with its tries."""
    tries: list[int] = []

    def run() -> int:
        tries.append(len(tries) + 1)
        if len(tries) <= times:
            raise ConnectionError("nobody answers")
        return stop()

    return tries, run


def test_work_that_failed_is_tried_again_long_before_its_next_time(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(jobs, "AGAIN", 0.1)
    tries, run = failing_until(2)

    run_forever([Job("books", every=3600, run=run)])

    assert tries == [1, 2, 3]
    assert caplog.text.count("job books failed and will be tried again") == 2


def test_work_that_failed_keeps_its_own_quicker_pace(app: Flask) -> None:
    tries, run = failing_until(1)

    run_forever([Job("mail", every=0.1, run=run)])

    assert tries == [1, 2]


def test_work_is_not_done_before_its_first_time(app: Flask) -> None:
    done: list[str] = []
    late = Job("late", every=3600, first=60, run=lambda: done.append("late") or 1)

    run_forever([late, Job("stop", every=3600, run=stop)])

    assert done == []
