"""The whole shop as one file, and back: every row as of one moment, and every picture.

The file is a zip of a manifest, a SQLite database with the models' own tables, and the pictures.
It fits either engine: what was written on SQLite is restored on PostgreSQL, and the other way.
"""

import json
import os
import shutil
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, Table, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from storefront import media
from storefront.db import Base, db, engine_words, sqlite_module

PROGRAM = "steady-step-shop"
FORMAT = 1
MANIFEST, DATABASE, PICTURES = "manifest.json", "shop.sqlite3", "media/"
LARGEST_MANIFEST = 1024 * 1024
AT_ONCE = 1000  # rows
LOCK_WAIT = "30s"  # for everybody else's transactions to end before a restore

Progress = Callable[[int, int], None]  # rows done before, rows done now


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself; `rows` are those of each table when it was made."""

    program: str
    format: int
    revision: str
    engine: str
    made_at: str
    rows: Mapping[str, int]
    pictures: int

    @property
    def all_rows(self) -> int:
        return sum(self.rows.values())


class CannotRestore(Exception):
    """The file cannot be restored, said in a sentence; nothing was changed."""


class NotReady(Exception):
    """The shop's own database is not of this version; nothing was changed."""


class HasOrders(Exception):
    """The database has orders, which a restore would remove; nothing was changed."""

    def __init__(self, orders: int) -> None:
        super().__init__(f"the database has {orders} orders")
        self.orders = orders


def write(
    file: Path, *, pictures: Path, migrations: Config, now: datetime, progress: Progress
) -> Manifest:
    """Write all rows, as of one moment, and all pictures into a file; others go on meanwhile.

    An older file of that name is replaced once the new one is whole; nobody but its owner may
    read it, since it has names and addresses. `progress` is told how many rows are copied.
    Raises NotReady, OSError, or the database's own errors.
    """
    head = ScriptDirectory.from_config(migrations).get_current_head() or ""
    with tempfile.TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
        copied, unfinished = Path(folder) / DATABASE, Path(folder) / "unfinished.zip"
        rows = _copy_out(copied, head, progress)
        kept = sorted(path for path in _files(pictures) if media.KEY.fullmatch(path.name))
        manifest = Manifest(PROGRAM, FORMAT, head, engine_words(), now.isoformat(), rows, len(kept))
        with open(unfinished, "xb", opener=_private) as out:
            with ZipFile(out, "w", ZIP_DEFLATED) as zip_file:
                zip_file.writestr(MANIFEST, json.dumps(asdict(manifest), indent=2))
                zip_file.write(copied, DATABASE)
                for path in kept:
                    zip_file.write(path, PICTURES + path.name)
            out.flush()
            os.fsync(out.fileno())
        unfinished.replace(file)
    return manifest


def restore(
    file: Path, *, pictures: Path, migrations: Config, replace: bool, progress: Progress
) -> Manifest:
    """Put a backup in the place of all rows, and its pictures beside those that are there.

    The file is checked whole first, one of an older schema is moved forward; all rows are then
    replaced in one transaction. An empty database gets its tables. Raises CannotRestore, HasOrders
    where the database has orders and `replace` was not said, NotReady, or OSError.
    """
    with tempfile.TemporaryDirectory() as folder:
        copied = Path(folder) / DATABASE
        with _whole(), ZipFile(file) as zip_file:
            manifest = _checked(zip_file, copied, migrations)
            _prepare_target(migrations)
            _refuse_orders(replace)
            _put_pictures(zip_file, pictures)
        with _file_engine(copied).connect() as source:
            _replace_rows(source, replace, progress)
    return manifest


# Writing


def _private(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []


def _copy_out(file: Path, head: str, progress: Progress) -> dict[str, int]:
    """Copy every table into a new SQLite file, all as of one moment; return the rows of each."""
    rows: dict[str, int] = {}
    copy = _file_engine(file)
    Base.metadata.create_all(copy)
    with _snapshot() as source, copy.begin() as target:
        revision = MigrationContext.configure(source).get_current_revision()
        if revision != head:
            raise NotReady("The database is not of this version: run `flask db upgrade` first.")
        target.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        target.execute(text("INSERT INTO alembic_version VALUES (:it)"), {"it": revision})
        for table in Base.metadata.sorted_tables:
            rows[table.name] = _copy(table, source, target, progress, sum(rows.values()))
    return rows


@contextmanager
def _snapshot() -> Iterator[Connection]:
    """Yield a connection that sees the database as of one moment, and keeps nobody waiting.

    With SQLite's rollback journal writers do wait; the shop uses it only where WAL is not safe.
    """
    options: dict[str, Any] = {}
    if db.engine.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with db.engine.connect().execution_options(**options) as connection:
        yield connection


def _copy(
    table: Table, source: Connection, target: Connection, progress: Progress, before: int
) -> int:
    """Copy a table's rows, a thousand at a time, parents before their children."""
    done = 0
    every = select(table).order_by(*table.primary_key)
    for batch in source.execution_options(yield_per=AT_ONCE).execute(every).partitions():
        target.execute(table.insert(), [row._asdict() for row in batch])
        progress(before + done, before + done + len(batch))
        done += len(batch)
    return done


def _file_engine(file: Path) -> Engine:
    """Return the database in a file of our own: nobody else has it, so no lock is kept."""
    return create_engine(f"sqlite:///{file}", module=sqlite_module(), poolclass=NullPool)


# Checking


@contextmanager
def _whole() -> Iterator[None]:
    try:
        yield
    except zlib.error as error:
        raise CannotRestore(f"it is damaged ({error})") from None
    except (BadZipFile, EOFError, NotImplementedError) as error:
        raise CannotRestore(f"it is no whole zip file ({error})") from None


def _checked(zip_file: ZipFile, copied: Path, migrations: Config) -> Manifest:
    """Check a backup whole and copy its database out, moved forward to this version's schema."""
    manifest = _manifest(zip_file)
    script = ScriptDirectory.from_config(migrations)
    if manifest.revision not in {each.revision for each in script.walk_revisions()}:
        raise CannotRestore(
            f"it was made by a newer version of the shop (schema {manifest.revision});"
            " update the shop first"
        )
    strange = _strange_names(zip_file)
    if strange:
        raise CannotRestore(f"it has a file that no backup has: {strange[0]!r}")
    names = zip_file.namelist()
    if len(names) != len(set(names)) or len(names) != manifest.pictures + 2:
        raise CannotRestore("its pictures are not those that it says it has")
    if broken := zip_file.testzip():
        raise CannotRestore(f"{broken!r} in it is damaged")
    with zip_file.open(DATABASE) as packed, copied.open("wb") as out:
        shutil.copyfileobj(packed, out)
    try:
        _check_rows(copied, manifest)
        if manifest.revision != script.get_current_head():
            migrations.attributes["engine"] = _file_engine(copied)
            command.upgrade(migrations, "head")
    except DBAPIError as error:
        raise CannotRestore(f"its database cannot be read ({error.orig})") from None
    finally:
        migrations.attributes.pop("engine", None)
    return manifest


def _manifest(zip_file: ZipFile) -> Manifest:
    try:
        info = zip_file.getinfo(MANIFEST)
        zip_file.getinfo(DATABASE)
        said = json.loads(zip_file.read(info)) if info.file_size <= LARGEST_MANIFEST else None
    except (KeyError, ValueError):
        said = None
    if not isinstance(said, dict) or said.get("program") != PROGRAM:
        raise CannotRestore("it is no backup of this shop")
    if said.get("format") != FORMAT:
        raise CannotRestore("it was made by a newer version of the shop; update the shop first")
    try:
        return Manifest(**said)
    except TypeError:
        raise CannotRestore("its manifest is not whole") from None


def _strange_names(zip_file: ZipFile) -> list[str]:
    """Return the names that no backup has, such as those that lead out of the picture folder."""
    return [
        name
        for name in zip_file.namelist()
        if name not in {MANIFEST, DATABASE}
        and not (name.startswith(PICTURES) and media.KEY.fullmatch(name.removeprefix(PICTURES)))
    ]


def _check_rows(file: Path, manifest: Manifest) -> None:
    with _file_engine(file).connect() as connection:
        for said in connection.exec_driver_sql("PRAGMA integrity_check").scalars():
            if said != "ok":
                raise CannotRestore(f"its database is damaged ({said})")
        if connection.exec_driver_sql("PRAGMA foreign_key_check").first():
            raise CannotRestore("its database has rows without those that they belong to")
        revision = MigrationContext.configure(connection).get_current_revision()
        there = {
            name: connection.exec_driver_sql(
                f'SELECT count(*) FROM "{name}"'  # noqa: S608  (names from the file's own tables)
            ).scalar_one()
            for name in _tables(connection)
        }
    if revision != manifest.revision or there != dict(manifest.rows):
        raise CannotRestore("its database is not the one that its manifest tells of")


def _tables(connection: Connection) -> Sequence[str]:
    names = connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [name for name in names.scalars() if name != "alembic_version"]


# Restoring


def _prepare_target(migrations: Config) -> None:
    """Make the tables of an empty database. Raises NotReady for one of another version."""
    head = ScriptDirectory.from_config(migrations).get_current_head()
    with db.engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision is None:
        command.upgrade(migrations, "head")
    elif revision != head:
        raise NotReady("The database is not of this version: run `flask db upgrade` first.")


def _refuse_orders(replace: bool) -> None:
    with db.engine.connect() as connection:
        _refuse_orders_in(connection, replace)


def _refuse_orders_in(connection: Connection, replace: bool) -> None:
    orders = connection.scalar(select(func.count()).select_from(Base.metadata.tables["orders"]))
    if orders and not replace:
        raise HasOrders(orders)


def _put_pictures(zip_file: ZipFile, folder: Path) -> None:
    """Put pictures into the folder; their names are those of their content, so none is lost."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in zip_file.namelist():
        if not name.startswith(PICTURES):
            continue
        place = folder / name.removeprefix(PICTURES)
        unfinished = place.with_name(f"{place.name}.part")
        try:
            with zip_file.open(name) as packed, unfinished.open("wb") as out:
                shutil.copyfileobj(packed, out)
            unfinished.replace(place)
        finally:
            unfinished.unlink(missing_ok=True)


def _replace_rows(source: Connection, replace: bool, progress: Progress) -> None:
    done, tables = 0, Base.metadata.sorted_tables
    try:
        with db.writing():
            target = db.session.connection()
            _keep_others_out(target, tables)
            _refuse_orders_in(target, replace)
            for table in reversed(tables):
                target.execute(table.delete())
            for table in tables:
                done += _copy(table, source, target, progress, done)
            _count_on(target, tables)
    except DBAPIError as error:
        raise CannotRestore(f"this database does not take it ({_first_line(error)})") from None


def _keep_others_out(connection: Connection, tables: Sequence[Table]) -> None:
    """Let nobody write until the end; on SQLite that is so already. Readers go on."""
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{table.name}"' for table in tables)
        connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'"))
        connection.execute(text(f"LOCK TABLE {names} IN EXCLUSIVE MODE"))


def _count_on(connection: Connection, tables: Sequence[Table]) -> None:
    """Let PostgreSQL number new rows after those that came in; undone with the transaction."""
    if connection.dialect.name != "postgresql":
        return
    for table in tables:
        (key, *others) = table.primary_key
        if others:
            continue
        sequence = connection.scalar(
            select(func.pg_get_serial_sequence(f'"{table.name}"', key.name))
        )
        if sequence:
            following = (connection.scalar(select(func.max(key))) or 0) + 1
            connection.execute(text(f"ALTER SEQUENCE {sequence} RESTART WITH {following}"))


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig).splitlines()
    return lines[0] if lines else type(error).__name__
