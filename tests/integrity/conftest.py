"""The shop as several processes, for tests of what happens when they meet or die."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from storefront.db import Base, db
from tests.conftest import WEBHOOK_SECRET, free_port, postgres_is_there, settings
from tests.factories import Make
from tests.integrity import processes
from tests.payments import Company
from wsgi import create_app

WORKERS = 4


@dataclass(frozen=True)
class House:
    """A shop in several processes over one database, and a look inside.

    `app` is the same shop in the process that runs the tests; `settings` start another one.
    """

    app: Flask
    settings: dict[str, Any]
    address: str
    company: Company

    @property
    def mails(self) -> list[Path]:
        """The mails that were sent, as files."""
        return sorted(Path(self.settings["MAIL_FOLDER"]).glob("*"))


IN_BETWEEN = {
    "test_ends_meanwhile",
    "test_events",
    "test_faults",
    "test_interleavings",
    "test_kills",
    "test_notices_meanwhile",
    "test_refunds_meanwhile",
    "test_returns_meanwhile",
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where PostgreSQL is, leave SQLite's half of what comes in between to `make check-all`.

    SQLite lets one writer in at a time, so there is less that could come in between. The state
    machine, the last pairs and any input run on both in the gate.
    """
    if not postgres_is_there():
        return
    for item in items:
        module, callspec = getattr(item, "module", None), getattr(item, "callspec", None)
        name = module.__name__.rpartition(".")[2] if module else ""
        if name in IN_BETWEEN and callspec and callspec.params.get("engine") == "sqlite":
            item.add_marker(pytest.mark.long)


@pytest.fixture(scope="session")
def houses(
    make_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], House]]:
    """Return a function that gives the one house of each database engine."""
    made: dict[str, House] = {}
    with ExitStack() as running:

        def get(engine: str) -> House:
            if engine not in made:
                made[engine] = open_house(engine)
            return made[engine]

        def open_house(engine: str) -> House:
            port = free_port()
            address = f"http://127.0.0.1:{port}"
            url = running.enter_context(
                processes.company(
                    tmp_path_factory.mktemp("company") / "state.sqlite3",
                    webhook_url=f"{address}/webhooks/stripe",
                    secret=WEBHOOK_SECRET,
                )
            )
            company = Company(url)
            given = settings(make_database(engine, "house"), company, tmp_path_factory)
            given |= {"TESTING": False, "DEMO": True, "SHOP_URL": address}
            running.enter_context(processes.production(given, port, WORKERS))
            return House(create_app(given), given, address, company)

        yield get
        _close(made.values())


@pytest.fixture(scope="session")
def quiet_houses(
    make_database: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], House]]:
    """Return a function that gives each engine's house without running processes or events.

    Its tests start the processes that they need; the company tells the shop nothing by itself.
    """
    made: dict[str, House] = {}
    state = tmp_path_factory.mktemp("company") / "state.sqlite3"
    with processes.company(state, webhook_url=None, secret=WEBHOOK_SECRET) as url:

        def get(engine: str) -> House:
            if engine not in made:
                given = settings(make_database(engine, "quiet"), Company(url), tmp_path_factory)
                given |= {"TESTING": False, "DEMO": True}
                made[engine] = House(create_app(given), given, "", Company(url))
            return made[engine]

        yield get
        _close(made.values())


@pytest.fixture
def house(engine: str, houses: Callable[[str], House]) -> Iterator[House]:
    """The shop in four processes over one empty database, served as `make serve` does."""
    yield from _emptied(houses(engine))


@pytest.fixture
def quiet_house(engine: str, quiet_houses: Callable[[str], House]) -> Iterator[House]:
    """An empty shop of which no process runs yet and to which no events are sent."""
    yield from _emptied(quiet_houses(engine))


def _emptied(opened: House) -> Iterator[House]:
    with opened.app.app_context():
        processes.wait_until(_empty, what="no late event writes while the tables are emptied")
        for mail in opened.mails:
            mail.unlink()
        Make().delivery()
        yield opened
        db.session.remove()


def _close(opened: Iterable[House]) -> None:
    for house in opened:
        with house.app.app_context():
            db.engine.dispose()


def _empty() -> bool:
    """Empty every table; return whether no event of the test before came in between."""
    try:
        with db.writing():
            for table in reversed(Base.metadata.sorted_tables):
                db.session.execute(table.delete())
    except IntegrityError:
        return False
    return True
