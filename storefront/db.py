"""The database: models' base, aware times, and the one way to write."""

import importlib
import secrets
import sqlite3
import threading
from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    BigInteger,
    Connection,
    CursorResult,
    DateTime,
    Dialect,
    Engine,
    Executable,
    Integer,
    MetaData,
    PoolProxiedConnection,
    TextClause,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, ORMExecuteState
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    import psycopg  # nine megabytes that a shop on SQLite does without

# https://www.sqlite.org/wal.html#walresetbug: two processes that write and checkpoint at once
# could corrupt a WAL database before these versions.
WAL_FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))


LOCK_WAIT = 30  # seconds; whoever waits longer for a lock is told that the shop is busy


class UtcDateTime(TypeDecorator[datetime]):
    """A moment: aware in, aware out, in UTC, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone was given to the database")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What every model derives from."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        int: BigInteger().with_variant(Integer, "sqlite"),
    }


class WroteOutside(Exception):
    """Something was to be written outside `with db.writing():`."""


class GuardedSession(Session):
    """A session that writes only inside `db.writing()`."""

    @property
    def is_writing(self) -> bool:
        return bool(self.info.get("writing"))


@event.listens_for(GuardedSession, "before_flush")
def _refuse_flush(session: GuardedSession, *_: object) -> None:
    if not session.is_writing and (session.new or session.dirty or session.deleted):
        raise WroteOutside("flush outside db.writing()")


@event.listens_for(GuardedSession, "do_orm_execute")
def _refuse_statement(state: ORMExecuteState) -> None:
    if (state.is_insert or state.is_update or state.is_delete) and not state.session.info.get(
        "writing"
    ):
        raise WroteOutside("INSERT, UPDATE or DELETE outside db.writing()")


# SQLite lets those who wait for its lock try again at random, so with many threads one may wait
# until its time-out. Threads of one process queue here first, in order.
_turn = threading.Lock()


class Version:
    """Tells, in a thousandth of a page's time, whether anything was committed since."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._lock = engine, threading.Lock()
        self._own: PoolProxiedConnection | None = None  # asks alone, in no transaction
        self._opened = 0  # times: SQLite counts for each connection anew
        # SQLite counts the commits of other connections (PRAGMA data_version), so one that never
        # writes sees them all; PostgreSQL's snapshot names all transactions that are visible.
        self._ask = (
            "PRAGMA data_version"
            if engine.dialect.name == "sqlite"
            else "SELECT pg_current_snapshot()::text"
        )
        event.listen(engine, "engine_disposed", self._disposed)

    def __call__(self) -> Hashable | None:
        """Return what another commit, by whomever, makes another; None where nobody can tell."""
        with self._lock:
            try:
                said = self._connection().execute(self._ask).fetchall()[0][0]
                return self._opened, said
            except (self._engine.dialect.loaded_dbapi.Error, SQLAlchemyError):
                self._close()
                return None

    def _disposed(self, _: Engine) -> None:
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._own is not None:
            self._own.close()
        self._own = None

    def _connection(self) -> Any:
        if self._own is None:
            self._own = self._engine.raw_connection()
            self._own.detach()  # the pool lends it to nobody else
            self._opened += 1
            if self._engine.dialect.name != "sqlite":
                self._own.dbapi_connection.autocommit = True  # type: ignore[union-attr]
        return self._own.dbapi_connection


class Database(SQLAlchemy):
    """Flask-SQLAlchemy with one way to write."""

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Open the one kind of transaction that may write; commit at the end, undo on an error.

        An open read transaction is ended first, so everything read inside is fresh. Never hold
        it over a network call or the rendering of a page.
        """
        session = self.session()
        if session.info.get("writing"):
            raise RuntimeError("db.writing() inside db.writing()")
        session.rollback()
        with _turn if self.engine.dialect.name == "sqlite" else nullcontext():
            session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
            session.info["writing"] = True
            try:
                yield
                session.commit()
            except BaseException:
                session.rollback()
                raise
            finally:
                session.info["writing"] = False

    def rows(
        self, statement: Executable, parameters: Mapping[str, Any]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Read plain rows, past the session's work for objects, which takes three times as long.

        The statement may name columns alone, no whole models.
        """
        session = self.session()
        connection: Connection | None = session.info.get("connection")
        if connection is None or connection.closed:  # asking the session each time takes long
            connection = session.info["connection"] = session.connection()
        return connection.execute(statement, parameters)

    def assert_idle(self) -> None:
        """Raise if a transaction is open: called before anything that waits for a network."""
        if self.session().info.get("writing"):
            raise RuntimeError("a write transaction is open during a network call")
        self.session.rollback()

    def insert_once(
        self,
        table: type[Base],
        *key: str,
        values: Mapping[str, Any],
        among: TextClause | None = None,
    ) -> bool:
        """Insert a row unless its unique key is there already; return whether it was inserted.

        `among`: the rows in which the key is unique, where that is not all of them.
        """
        statement = self._insert(table, key, among).values(**values)
        return bool(self.session.execute(statement.returning(getattr(table, key[0]))).first())

    def insert_missing(self, table: type[Base], *key: str, rows: list[dict[str, Any]]) -> None:
        """Insert those rows whose unique key is not there yet."""
        if rows:
            self.session.execute(self._insert(table, key), rows)

    def _insert(
        self, table: type[Base], key: tuple[str, ...], among: TextClause | None = None
    ) -> Any:
        make = postgresql.insert if self.engine.dialect.name == "postgresql" else sqlite.insert
        return make(table).on_conflict_do_nothing(index_elements=key, index_where=among)


db = Database(
    metadata=Base.metadata,
    session_options={"class_": GuardedSession, "expire_on_commit": False},
)


def new_secret() -> str:
    """Return 128 random bits as 22 characters for an address that only its holder knows."""
    return secrets.token_urlsafe(16)


def init_app(app: Flask) -> None:
    """Connect the application to the database named by DATABASE_URL."""
    url = str(app.config["DATABASE_URL"])
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    if url.startswith("sqlite"):
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {"module": sqlite_module()}
    else:
        app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
            # A server takes a hundred connections unless told; whoever finds none free waits.
            "pool_size": 8,
            "max_overflow": 0,
            "pool_pre_ping": True,  # a database that was started anew costs nobody an error
        }
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _prepare_sqlite(db.engine)
        else:
            _prepare_postgresql(db.engine)


def sqlite_module() -> ModuleType:
    """Return the SQLite driver to use: the packaged newer engine where there is one."""
    try:
        return importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        return sqlite3


def wal_is_safe(version: str) -> bool:
    """Return whether this SQLite version may use a write-ahead log with several processes."""
    parts = tuple(int(part) for part in version.split("."))
    return parts >= WAL_FIXED[0] or any(
        parts[:2] == fixed[:2] and parts >= fixed for fixed in WAL_FIXED[1:]
    )


def engine_words() -> str:
    """Return which database engine answers, for the start line and /readyz."""
    dialect = db.engine.dialect
    if dialect.name != "sqlite":
        return f"PostgreSQL {'.'.join(str(part) for part in dialect.server_version_info or ())}"
    version = str(dialect.dbapi.sqlite_version)  # type: ignore[union-attr]
    return f"SQLite {version} ({'WAL' if wal_is_safe(version) else 'rollback journal'})"


def _prepare_sqlite(engine: Engine) -> None:
    version = str(engine.dialect.dbapi.sqlite_version)  # type: ignore[union-attr]
    journal = "WAL" if wal_is_safe(version) else "DELETE"

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        connection.execute(f"PRAGMA busy_timeout = {LOCK_WAIT * 1000}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {mode}")


def _prepare_postgresql(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def on_connect(connection: "psycopg.Connection", _: object) -> None:
        connection.execute(f"SET lock_timeout = '{LOCK_WAIT}s'")
        connection.commit()
