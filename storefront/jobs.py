"""Due work: the loop that does each room's jobs at its pace until told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask.cli import AppGroup

from storefront.db import db

AGAIN = 60  # seconds after which work that failed is tried again

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Job:
    """Work that is looked for again every so many seconds; safe in several processes at once.

    `first`: so many seconds after the start. Work that failed is tried again within a minute.
    """

    name: str
    every: float
    run: Callable[[], int]
    first: float = 0


group = AppGroup("jobs", help="Work that is due: mails, overdue payments.")
schedule: list[Job] = []


@group.command("run")
def run() -> None:
    """Do all due work until stopped; several such processes are safe."""
    run_forever(schedule)


def run_forever(jobs: Sequence[Job]) -> None:
    """Run each job when it is due, until SIGTERM or Ctrl-C. A job that fails is tried again."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    due = {job.name: time.monotonic() + job.first for job in jobs}
    while not stop.is_set():
        for job in jobs:
            if time.monotonic() >= due[job.name] and not stop.is_set():
                due[job.name] = time.monotonic() + (
                    job.every if run_once(job) else min(job.every, AGAIN)
                )
        stop.wait(0.5)


def run_once(job: Job) -> bool:
    """Run one job now and return whether it could be done; an error is logged, not raised."""
    try:
        job.run()
    except Exception:
        log.exception("job %s failed and will be tried again", job.name)
        return False
    else:
        return True
    finally:
        db.session.remove()
