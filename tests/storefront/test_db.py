"""The database: one way to write, aware times, the fixed engine."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from flask import Flask
from sqlalchemy import select, text, update
from sqlalchemy.exc import StatementError

from storefront.coaches.models import Coach
from storefront.db import WroteOutside, db, engine_words, wal_is_safe
from storefront.mail.models import Letter


def letter(cause: str = "test:1", at: datetime | None = None) -> Letter:
    now = at or datetime.now(UTC)
    return Letter(
        cause=cause, recipient="a@example.com", template="x", facts={}, created_at=now, due_at=now
    )


def test_flush_outside_writing_is_refused(app: Flask) -> None:
    db.session.add(letter())

    with pytest.raises(WroteOutside):
        db.session.flush()


def test_statement_outside_writing_is_refused(app: Flask) -> None:
    with pytest.raises(WroteOutside):
        db.session.execute(update(Coach).values(name="x"))


def test_error_undoes_everything(app: Flask) -> None:
    with pytest.raises(ZeroDivisionError), db.writing():
        db.session.add(letter())
        db.session.flush()
        raise ZeroDivisionError

    assert db.session.scalars(select(Letter)).all() == []


def test_writing_inside_writing_is_refused(app: Flask) -> None:
    with pytest.raises(RuntimeError), db.writing(), db.writing():
        pass


def test_network_inside_writing_is_refused(app: Flask) -> None:
    with pytest.raises(RuntimeError), db.writing():
        db.assert_idle()


def test_read_before_writing_does_not_lock(app: Flask) -> None:
    db.session.scalars(select(Letter)).all()

    with db.writing():
        db.session.add(letter())

    assert len(db.session.scalars(select(Letter)).all()) == 1


def test_rows_are_read_in_the_transaction_that_is_open(app: Flask) -> None:
    letters = select(Letter.id)
    before = db.rows(letters, {}).all()

    with db.writing():
        db.session.add(letter())
        db.session.flush()
        inside = db.rows(letters, {}).all()
    after = db.rows(letters, {}).all()

    assert (len(before), len(inside), len(after)) == (0, 1, 1)


def test_moments_come_back_aware_and_the_same(app: Flask) -> None:
    moment = datetime(2026, 11, 1, 1, 30, tzinfo=timezone(timedelta(hours=-5)))
    with db.writing():
        db.session.add(letter(at=moment))
    db.session.expire_all()

    kept = db.session.scalars(select(Letter)).one().created_at

    assert kept == moment and kept.tzinfo is UTC


def test_naive_moment_is_refused(app: Flask) -> None:
    with pytest.raises(StatementError), db.writing():
        db.session.add(letter(at=datetime(2026, 11, 1)))
        db.session.flush()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ("3.40.1", False),
        ("3.44.5", False),
        ("3.44.6", True),
        ("3.45.0", False),
        ("3.50.7", True),
        ("3.51.2", False),
        ("3.51.3", True),
        ("3.53.4", True),
    ],
)
def test_write_ahead_log_only_where_it_is_safe(version: str, safe: bool) -> None:
    assert wal_is_safe(version) is safe


def test_ready_says_which_engine(app: Flask, engine: str) -> None:
    words = app.test_client().get("/readyz").text

    assert words.startswith(f"database: {engine_words()}\n")
    assert ("SQLite" if engine == "sqlite" else "PostgreSQL") in words
    if engine == "sqlite":
        mode = db.session.execute(text("PRAGMA journal_mode")).scalar()
        version = str(db.engine.dialect.dbapi.sqlite_version)  # type: ignore[union-attr]
        assert mode == ("wal" if wal_is_safe(version) else "delete")
        assert db.session.execute(text("PRAGMA foreign_keys")).scalar() == 1
        assert db.session.execute(text("PRAGMA synchronous")).scalar() == 2
