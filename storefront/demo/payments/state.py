"""Everything the company remembers, in one SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

Body = dict[str, Any]

TABLES = """
CREATE TABLE IF NOT EXISTS things (
    rank INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS things_by_kind ON things (kind, rank);
CREATE INDEX IF NOT EXISTS things_by_status
    ON things (kind, json_extract(body, '$.status'), json_extract(body, '$.expires_at'));
CREATE INDEX IF NOT EXISTS things_by_intent
    ON things (kind, json_extract(body, '$.payment_intent'));
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    request TEXT NOT NULL,
    request_id TEXT NOT NULL,
    status INTEGER NOT NULL,
    body TEXT NOT NULL,
    at REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS answers_by_time ON answers (at);
CREATE TABLE IF NOT EXISTS deliveries (
    event_id TEXT PRIMARY KEY REFERENCES things (id),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delivered', 'given up')),
    due_at REAL NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    answer TEXT NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS deliveries_by_time ON deliveries (state, due_at);
"""


class Condition(NamedTuple):
    """One thing that listed bodies must fulfil, such as ("created", ">=", 1700000000)."""

    field: str
    operator: str
    value: object


class State:
    """One connection to the file (":memory:" for none) and the lock that lets one thread use it."""

    def __init__(self, path: str | Path) -> None:
        self.lock = threading.Lock()
        self.news = threading.Event()
        self.connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.connection.row_factory = sqlite3.Row
        self.connection.execute("PRAGMA journal_mode = DELETE")
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        self.connection.executescript(f"BEGIN;{TABLES}COMMIT;")

    def close(self) -> None:
        """Close the file once nobody is using it."""
        with self.lock:
            self.connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Keep everything done inside, or nothing of it; one at a time."""
        with self.lock:
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def add(self, body: Body) -> None:
        """Remember a new thing under its id and kind (Stripe's name for it, "object")."""
        self.connection.execute(
            "INSERT INTO things (id, kind, body) VALUES (?, ?, ?)",
            (body["id"], body["object"], json.dumps(body)),
        )

    def save(self, body: Body) -> None:
        """Remember what a known thing has become."""
        self.connection.execute(
            "UPDATE things SET body = ? WHERE id = ?", (json.dumps(body), body["id"])
        )

    def remove(self, id: str) -> None:
        """Forget a thing."""
        self.connection.execute("DELETE FROM things WHERE id = ?", (id,))

    def find(self, id: str, kind: str | None = None) -> Body | None:
        """Return the thing of this id, if there is one and it is of this kind."""
        row = self.connection.execute(
            "SELECT body FROM things WHERE id = ? AND kind = coalesce(?, kind)", (id, kind)
        ).fetchone()
        return None if row is None else _body(row)

    def rank(self, id: str, kind: str) -> int | None:
        """Return the place of a thing in the order of making."""
        row = self.connection.execute(
            "SELECT rank FROM things WHERE id = ? AND kind = ?", (id, kind)
        ).fetchone()
        return None if row is None else int(row["rank"])

    def newest(
        self,
        kind: str,
        conditions: Sequence[Condition] = (),
        *,
        limit: int,
        below: int | None = None,
    ) -> list[Body]:
        """Return at most limit things of a kind, newest first, made before the one ranked below."""
        tests = ["kind = ?", "rank < coalesce(?, rank + 1)"]
        tests += [f"json_extract(body, '$.{c.field}') {c.operator} ?" for c in conditions]
        rows = self.connection.execute(
            f"SELECT body FROM things WHERE {' AND '.join(tests)} ORDER BY rank DESC LIMIT ?",  # noqa: S608 - fields of our own
            (kind, below, *(c.value for c in conditions), limit),
        )
        return [_body(row) for row in rows]


def _body(row: sqlite3.Row) -> Body:
    body: Body = json.loads(row["body"])
    return body
