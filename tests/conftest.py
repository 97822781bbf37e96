"""What every test may use: the shop on both databases, factories, and the test payment company."""

import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import text
from werkzeug.test import TestResponse

from storefront.db import Base, db
from storefront.settings import queries
from tests.factories import Make
from tests.payments import Company
from wsgi import create_app

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
WEBHOOK_SECRET = "whsec_of_the_tests"
OPENED_AT = datetime(2026, 10, 1, tzinfo=UTC)
FILLED = text(
    " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {table})" for table in Base.metadata.tables
    )
)
REQUIRE_ALL = bool(os.environ.get("REQUIRE_ALL"))


def pytest_configure(config: pytest.Config) -> None:
    """Commands that tests start in other processes must not see the developer's settings."""
    for name in ("DATABASE_URL", "STRIPE_SECRET_KEY", "REDIS_URL", "PRODUCTION", "DEMO"):
        os.environ.pop(name, None)


def missing(what: str) -> None:
    """Skip a test for want of something, or fail where nothing may be missing."""
    (pytest.fail if REQUIRE_ALL else pytest.skip)(f"{what} is not here")


def postgres_is_there() -> bool:
    """Return whether a PostgreSQL server answers at TEST_POSTGRES_URL."""
    try:
        psycopg.connect(POSTGRES, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


@pytest.fixture(scope="session")
def make_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Return a function that makes an empty, migrated database and returns its address."""
    made: list[str] = []

    def make(engine: str, name: str = "shop") -> str:
        if engine == "sqlite":
            url = f"sqlite:///{tmp_path_factory.mktemp('db') / name}.sqlite3"
        else:
            if not postgres_is_there():
                missing("PostgreSQL")
            database = f"{name}_test_{os.getpid()}_{len(made)}"
            with psycopg.connect(POSTGRES, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')  # type: ignore[arg-type]
                connection.execute(f'CREATE DATABASE "{database}"')  # type: ignore[arg-type]
                # The tests end no server of databases, so nothing that was committed can be lost.
                connection.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = off')  # type: ignore[arg-type]
            made.append(database)
            url = POSTGRES.rpartition("/")[0] + f"/{database}"
        app = create_app({"DATABASE_URL": url, "TESTING": True})
        with app.app_context():
            upgrade()
            db.engine.dispose()
        return url

    yield make
    for database in made:
        with psycopg.connect(POSTGRES, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    """The test payment company, served in a thread; it sends no events by itself."""
    with Company.serve(tmp_path_factory.mktemp("company") / "state.sqlite3") as served:
        yield served


@pytest.fixture(scope="session")
def apps(
    make_database: Callable[[str], str],
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Flask]]:
    """Return a function that gives the one application of each database engine."""
    made: dict[str, Flask] = {}

    def get(engine: str) -> Flask:
        if engine not in made:
            made[engine] = create_app(settings(make_database(engine), company, tmp_path_factory))
        return made[engine]

    yield get
    for app in made.values():
        with app.app_context():
            db.engine.dispose()


def settings(
    url: str, company: Company, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Any]:
    """Return the settings of a shop under test."""
    folder = tmp_path_factory.mktemp("instance")
    return {
        "TESTING": True,
        "SECRET_KEY": "the tests' own key, known to everybody",
        "DATABASE_URL": url.replace("postgresql://", "postgresql+psycopg://"),
        "SHOP_URL": "http://localhost",
        "STRIPE_API_BASE": company.url,
        "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "MEDIA_FOLDER": str(folder / "media"),
        "MAIL_FOLDER": str(folder / "mail"),
        "BACKUP_FOLDER": str(folder / "backups"),
        "RATELIMIT_ENABLED": False,
        "SETTINGS_KEPT": 0.0,
        "PAGES_KEPT": 0.0,
    }


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    """Which database the test runs on: each test that touches one runs on both."""
    return str(request.param)


@pytest.fixture
def app(engine: str, apps: Callable[[str], Flask]) -> Iterator[Flask]:
    """The shop, open, with nothing in it."""
    shop = apps(engine)
    with shop.app_context():
        with db.writing():
            filled = set(db.session.scalars(FILLED))  # most are empty, and deleting takes longer
            for table in reversed(Base.metadata.sorted_tables):
                if table.name in filled:
                    db.session.execute(table.delete())
            queries.keep({"OPENED_AT": OPENED_AT.isoformat()}, by="Tests", now=OPENED_AT)
        for file in Path(shop.config["MAIL_FOLDER"]).glob("*"):
            file.unlink()
        yield shop
        db.session.remove()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A shopper's browser without script."""
    return browser(app)


class Browser(FlaskClient):
    """A client whose every request has its own database session, as on a server."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.rollback()  # the test's own next read shall see what the request has written
        with self.application.app_context():
            return super().open(*args, **kwargs)


def browser(app: Flask) -> FlaskClient:
    """Return a client that says, as browsers do, that its requests come from our own pages."""
    client = Browser(app, app.response_class)
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return client


@pytest.fixture
def make(app: Flask) -> Make:
    """Factories: one method for each thing a test may need."""
    return Make()


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
