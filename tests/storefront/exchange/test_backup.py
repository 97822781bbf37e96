"""Backup and restore: the whole shop as of one moment, on either engine, or one sentence."""

import json
import resource
import sqlite3
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from alembic import command
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, select, update

from storefront.catalogue.models import Variant
from storefront.checkout import purchase
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import Base, db
from storefront.exchange import backup
from storefront.orders.models import Order
from storefront.stock import ledger
from tests.conftest import settings
from tests.factories import Make
from tests.payments import Company
from tests.test_migrations import fill_every_table
from wsgi import create_app

ENGINES = ("sqlite", "postgres")
OLDEST = "0001"  # of the released schemas
Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True)
class Full:
    """A shop with rows in every table, what these rows are, and its backup."""

    app: Flask
    file: Path
    rows: Rows
    printed: str


@pytest.fixture(scope="module")
def full_shops(
    make_database: Callable[..., str],
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str], Full]]:
    """Return a function that gives each engine's full shop and its backup."""
    made: dict[str, Full] = {}

    def get(engine: str) -> Full:
        if engine not in made:
            shop = create_app(settings(make_database(engine, "full"), company, tmp_path_factory))
            file = tmp_path_factory.mktemp("backup") / "shop.zip"
            with shop.app_context():
                fill_every_table(shop, Make(), company)
                done = run(shop, "backup", file)
                made[engine] = Full(shop, file, all_rows(), done.output)
                db.session.remove()
        return made[engine]

    yield get
    for full in made.values():
        with full.app.app_context():
            db.engine.dispose()


@pytest.fixture
def empty(
    make_database: Callable[..., str], company: Company, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Flask]]:
    """Return a function that gives a new shop without orders, and enters it."""
    made: list[Any] = []

    def get(engine: str) -> Flask:
        shop = create_app(settings(make_database(engine, "empty"), company, tmp_path_factory))
        made.append(shop.app_context())
        made[-1].push()
        return shop

    yield get
    for context in reversed(made):
        db.session.remove()
        db.engine.dispose()
        context.pop()


def run(app: Flask, *words: object) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=[str(word) for word in words])


def all_rows() -> Rows:
    """Read every row of every table."""
    db.session.rollback()
    with db.engine.connect() as connection:
        return {
            table.name: [
                row._asdict()
                for row in connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in Base.metadata.sorted_tables
        }


def last_line(done: Result) -> str:
    return done.output.strip().splitlines()[-1]


def buy(company: Company, pairs_of: Variant) -> Order:
    """Buy a pair through to the paid order."""
    cart = Make().cart((pairs_of, 1))
    address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    company.pay(address)
    session_id = address.rpartition("/")[2]
    order = purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())
    assert order is not None and order.state == "paid"
    return order


@pytest.mark.slow
@pytest.mark.parametrize("source", ENGINES)
@pytest.mark.parametrize("target", ENGINES)
def test_backup_of_each_engine_is_restored_on_each_and_sells_on(
    full_shops: Callable[[str], Full],
    empty: Callable[[str], Flask],
    company: Company,
    source: str,
    target: str,
) -> None:
    full = full_shops(source)
    shop = empty(target)

    done = run(shop, "restore", full.file)

    rows = sum(map(len, full.rows.values()))
    pictures = sorted(path.name for path in Path(full.app.config["MEDIA_FOLDER"]).iterdir())
    assert len(pictures) > 20
    sizes = f"{rows} rows and {len(pictures)} pictures"
    assert full.printed.splitlines()[-1] == f"{sizes} written to shop.zip"
    assert last_line(done) == f"{sizes} restored from shop.zip"
    assert all(full.rows.values())
    there = all_rows()
    for table, were in full.rows.items():
        assert there[table] == were, table
    assert sorted(path.name for path in Path(shop.config["MEDIA_FOLDER"]).iterdir()) == pictures
    new = Make().variant(handle="new-here")
    assert buy(company, new).id == max(row["id"] for row in full.rows["orders"]) + 1
    assert ledger.differences() == []


def test_backup_is_of_one_moment_and_keeps_no_shopper_waiting(
    app: Flask, make: Make, company: Company, empty: Callable[[str], Flask], tmp_path: Path
) -> None:
    make.delivery()
    variant = make.variant(pairs=50)
    buy(company, variant)
    before = all_rows()
    db.session.refresh(variant)
    db.session.expunge(variant)
    bought: list[int] = []

    def buy_meanwhile(*_: int) -> None:
        def shopper() -> None:
            with app.app_context():
                bought.append(buy(company, variant).id)
                db.session.remove()

        thread = threading.Thread(target=shopper)
        thread.start()
        thread.join(20)
        assert not thread.is_alive(), "the shopper waits for the backup"

    written = backup.write(
        tmp_path / "shop.zip",
        pictures=tmp_path,
        migrations=app.extensions["migrate"].migrate.get_config(),
        now=utcnow(),
        progress=buy_meanwhile,
    )

    tables = sum(1 for rows in before.values() if rows)
    assert len(bought) == tables > 10
    assert written.rows == {name: len(rows) for name, rows in before.items()}
    shop = empty("sqlite")
    assert run(shop, "restore", tmp_path / "shop.zip").exit_code == 0
    assert all_rows() == before
    assert ledger.differences() == []


def test_backup_is_for_its_owner_alone_and_takes_the_place_of_an_older_one(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    file = tmp_path / "shop.zip"
    file.write_text("an older one")
    make.variant()

    assert run(app, "backup", file).exit_code == 0

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert ZipFile(file).testzip() is None
    assert [path.name for path in tmp_path.iterdir()] == ["shop.zip"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse longer files meanwhile, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_backup_that_cannot_be_written_leaves_the_older_one(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    make.order(state="paid")
    file = tmp_path / "shop.zip"
    file.write_text("an older one")
    with files_of_at_most(64_000):
        done = run(app, "backup", file)

    assert done.exit_code == 1
    assert done.output.startswith("Error: No backup was written, since a database failed: ")
    assert len(done.output.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["shop.zip"]
    assert file.read_text() == "an older one"
    nowhere = run(app, "backup", tmp_path / "none" / "shop.zip")
    assert nowhere.output == "Error: shop.zip cannot be written: No such file or directory.\n"


def test_database_with_orders_is_replaced_only_when_that_was_said(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    file = tmp_path / "shop.zip"
    make.order()
    before = all_rows()
    assert run(app, "backup", file).exit_code == 0
    make.order()
    there = all_rows()

    refused = run(app, "restore", file)

    assert refused.exit_code == 1
    assert refused.output == (
        "Error: Orders in this database: 2. Nothing was changed; with --replace the backup takes"
        " the place of everything.\n"
    )
    assert all_rows() == there
    assert run(app, "restore", file, "--replace").exit_code == 0
    assert all_rows() == before


def test_backup_of_an_older_schema_is_moved_forward(
    app: Flask, make: Make, empty: Callable[[str], Flask], engine: str, tmp_path: Path
) -> None:
    make.order(state="paid")
    make.article(reviewed=True)
    before = all_rows()
    assert run(app, "backup", tmp_path / "shop.zip").exit_code == 0
    shop = empty(engine)
    older = altered(tmp_path / "shop.zip", tmp_path, lambda copy: move_back(shop, copy), OLDEST)

    done = run(shop, "restore", older)

    assert done.exit_code == 0, done.output
    moved = all_rows()
    assert moved["orders"][0].pop("receipt_number") == 1  # numbered by the way, and opened
    assert before["orders"][0].pop("receipt_number") is None
    for later in ("settings", "counters"):
        assert moved.pop(later) and before.pop(later) is not None
    assert moved == before


def move_back(shop: Flask, copy: Path) -> None:
    config = shop.extensions["migrate"].migrate.get_config()
    config.attributes["engine"] = create_engine(f"sqlite:///{copy}")
    command.downgrade(config, OLDEST)
    config.attributes["engine"].dispose()


def altered(file: Path, folder: Path, change: Callable[[Path], object], revision: str = "") -> Path:
    """Return a copy of a backup with another database in it, and a manifest that fits."""
    with ZipFile(file) as whole:
        whole.extractall(folder)
    change(folder / backup.DATABASE)
    manifest = json.loads((folder / backup.MANIFEST).read_text())
    manifest["revision"] = revision or manifest["revision"]
    connection = sqlite3.connect(folder / backup.DATABASE)
    names = [n for (n,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")]
    manifest["rows"] = {
        name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]
        for name in names
        if name != "alembic_version"
    }
    connection.close()
    return packed(folder, manifest)


def packed(folder: Path, manifest: dict[str, Any], **more: str) -> Path:
    """Pack what was unpacked, with a manifest, and further files by name."""
    with ZipFile(folder / "altered.zip", "w") as out:
        out.writestr(backup.MANIFEST, json.dumps(manifest))
        out.write(folder / backup.DATABASE, backup.DATABASE)
        for path in sorted((folder / "media").glob("*")):
            out.write(path, f"media/{path.name}")
        for name, text in more.items():
            out.writestr(name, text)
    return folder / "altered.zip"


def cut_short(file: Path, folder: Path) -> Path:
    broken = folder / "broken.zip"
    broken.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    return broken


def one_byte_else(file: Path, folder: Path) -> Path:
    broken = folder / "broken.zip"
    content = bytearray(file.read_bytes())
    content[len(content) // 4] ^= 1
    broken.write_bytes(content)
    return broken


def no_zip(file: Path, folder: Path) -> Path:
    (folder / "letter.txt").write_text("Dear shop")
    return folder / "letter.txt"


def of_another_program(file: Path, folder: Path) -> Path:
    with ZipFile(folder / "other.zip", "w") as out:
        out.writestr("manifest.json", '{"program": "something"}')
        out.writestr("shop.sqlite3", "")
    return folder / "other.zip"


def without_manifest(file: Path, folder: Path) -> Path:
    with ZipFile(folder / "other.zip", "w") as out:
        out.writestr("shop.sqlite3", "")
    return folder / "other.zip"


def repacked(said: dict[str, Any] | None = None, **more: str) -> Callable[[Path, Path], Path]:
    def repack(file: Path, folder: Path) -> Path:
        with ZipFile(file) as whole:
            whole.extractall(folder)
        manifest = json.loads((folder / backup.MANIFEST).read_text())
        return packed(folder, {**manifest, **(said or {})}, **more)

    return repack


def changed(*statements: str) -> Callable[[Path, Path], Path]:
    def change(copy: Path) -> None:
        connection = sqlite3.connect(copy, isolation_level=None)
        for statement in statements:
            connection.execute(statement)
        connection.close()

    return lambda file, folder: altered(file, folder, change)


def a_row_fewer(file: Path, folder: Path) -> Path:
    """Return a backup whose database lost a row since its manifest was written."""
    with ZipFile(file) as whole:
        whole.extractall(folder)
    connection = sqlite3.connect(folder / backup.DATABASE, isolation_level=None)
    connection.execute("DELETE FROM movements")
    connection.close()
    return packed(folder, json.loads((folder / backup.MANIFEST).read_text()))


def no_database(file: Path, folder: Path) -> Path:
    with ZipFile(file) as whole:
        whole.extractall(folder)
    (folder / backup.DATABASE).write_text("Dear shop, " * 100)
    return packed(folder, json.loads((folder / backup.MANIFEST).read_text()))


@pytest.mark.parametrize(
    ("break_it", "sentence"),
    [
        (no_zip, "it is no whole zip file"),
        (cut_short, "it is no whole zip file"),
        (one_byte_else, "damaged"),
        (of_another_program, "it is no backup of this shop"),
        (without_manifest, "it is no backup of this shop"),
        (repacked({"format": 2}), "made by a newer version of the shop; update"),
        (repacked({"revision": "9999"}), "made by a newer version of the shop (schema 9999)"),
        (repacked({"pictures": 7}), "its pictures are not those that it says it has"),
        (repacked({"strange": 1}), "its manifest is not whole"),
        (repacked(None, **{"media/../../escaped.svg": "x"}), "it has a file that no backup has"),
        (repacked(None, **{"/escaped.svg": "x"}), "it has a file that no backup has"),
        (repacked(None, **{"media/readme.html": "x"}), "it has a file that no backup has"),
        (a_row_fewer, "not the one that its manifest tells of"),
        (no_database, "its database cannot be read"),
        (changed("DELETE FROM products"), "rows without those that they belong to"),
        (
            changed("PRAGMA ignore_check_constraints = 1", "UPDATE variants SET on_hand_left = -1"),
            "its database is damaged",
        ),
        (changed("ALTER TABLE variants DROP COLUMN barcode"), "this database does not take it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_file_that_is_no_whole_backup_gets_a_sentence_and_changes_nothing(
    app: Flask,
    make: Make,
    tmp_path: Path,
    break_it: Callable[[Path, Path], Path],
    sentence: str,
) -> None:
    make.variant()
    assert run(app, "backup", tmp_path / "shop.zip").exit_code == 0
    make.order()
    there = all_rows()
    (tmp_path / "x").mkdir()

    done = run(app, "restore", break_it(tmp_path / "shop.zip", tmp_path / "x"), "--replace")

    assert done.exit_code == 1
    assert sentence in done.output and "Nothing was changed" in done.output
    assert len(done.output.strip().splitlines()) == 1
    assert all_rows() == there
    assert not list(tmp_path.rglob("escaped*"))


def test_rows_that_the_other_engine_does_not_take_change_nothing(
    empty: Callable[[str], Flask], tmp_path: Path
) -> None:
    """SQLite keeps a longer text than its column says; PostgreSQL does not."""
    shop = empty("sqlite")
    variant = Make().variant(handle="long")
    with db.writing():
        db.session.execute(update(Variant).where(Variant.id == variant.id).values(size="9" * 99))
    assert run(shop, "backup", tmp_path / "shop.zip").exit_code == 0
    other = empty("postgres")
    Make().variant(handle="here")
    there = all_rows()

    done = run(other, "restore", tmp_path / "shop.zip")

    assert "this database does not take it (value too long" in done.output
    assert all_rows() == there


def test_database_of_another_version_is_neither_written_out_nor_over(
    empty: Callable[[str], Flask], engine: str, tmp_path: Path
) -> None:
    shop = empty(engine)
    assert run(shop, "backup", tmp_path / "shop.zip").exit_code == 0
    config = shop.extensions["migrate"].migrate.get_config()
    db.session.remove()
    command.downgrade(config, "0002")

    for words in (["backup", tmp_path / "other.zip"], ["restore", tmp_path / "shop.zip"]):
        done = run(shop, *words)
        assert done.exit_code == 1
        assert "The database is not of this version: run `flask db upgrade` first." in done.output
    assert not (tmp_path / "other.zip").exists()


def test_missing_file_gets_a_sentence(app: Flask, tmp_path: Path) -> None:
    done = run(app, "restore", tmp_path / "none.zip")

    assert done.output == (
        "Error: none.zip cannot be restored: No such file or directory. Nothing was changed.\n"
    )


def test_backup_is_restored_into_a_database_without_tables(
    app: Flask, make: Make, company: Company, tmp_path: Path, tmp_path_factory: Any
) -> None:
    make.order(state="paid")
    before = all_rows()
    assert run(app, "backup", tmp_path / "shop.zip").exit_code == 0
    url = f"sqlite:///{tmp_path / 'new.sqlite3'}"

    shop = create_app(settings(url, company, tmp_path_factory))
    with shop.app_context():
        done = run(shop, "restore", tmp_path / "shop.zip")

        assert done.exit_code == 0, done.output
        assert all_rows() == before
        db.session.remove()
        db.engine.dispose()
