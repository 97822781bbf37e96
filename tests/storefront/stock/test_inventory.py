"""`flask stock export` and `flask stock import`: Shopify's inventory CSV as compare-and-set."""

import csv
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select, update

from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.stock import inventory, ledger
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, Make
from tests.integrity.meanwhile import Meanwhile

HEAD = (
    "Handle,Title,Option1 Name,Option1 Value,SKU,Location,Available (not editable),"
    "On hand (current),On hand (new)"
)


def line(sku: str, current: str, new: str) -> str:
    return f"x,X,Color,Moss,{sku},Shop,,{current},{new}"


def written(tmp_path: Path, *rows: str, head: str = HEAD) -> Path:
    file = tmp_path / "inventory.csv"
    file.write_text("\r\n".join([head, *rows]) + "\r\n", encoding="utf-8")
    return file


def run(app: Flask, command: str, file: Path, *options: str) -> Result:
    db.session.rollback()
    db.session.expire_all()
    result = app.test_cli_runner().invoke(args=["stock", command, str(file), *options])
    db.session.rollback()
    db.session.expire_all()
    return result


def counts() -> dict[str, tuple[int, int]]:
    rows = db.session.execute(
        select(Variant.sku, Variant.on_hand_left, Variant.on_hand_right).order_by(Variant.id)
    )
    return {sku: (left, right) for sku, left, right in rows}


def movements() -> int:
    return db.session.scalar(select(func.count(Movement.id))) or 0


def exported(app: Flask, tmp_path: Path) -> tuple[Path, list[dict[str, str]]]:
    file = tmp_path / "out.csv"
    assert run(app, "export", file).exit_code == 0
    with file.open(encoding="utf-8", newline="") as opened:
        return file, list(csv.DictReader(opened))


def saved(file: Path, rows: list[dict[str, str]], *, bom: bool = False, comma: str = ",") -> None:
    """Save rows as a spreadsheet does."""
    with file.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as opened:
        writer = csv.DictWriter(opened, list(rows[0]), delimiter=comma)
        writer.writeheader()
        writer.writerows(rows)


def test_an_export_read_back_changes_nothing(app: Flask, make: Make, tmp_path: Path) -> None:
    make.product(colors=("Moss", "Sand"), sizes=("8", "9"))
    make.product(counted=False)
    file, rows = exported(app, tmp_path)

    result = run(app, "import", file, "--apply")

    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "0 changes"
    assert len(rows) == 4
    assert movements() == 4


def test_an_export_has_shopifys_columns_and_what_is_held(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    variant = make.variant(pairs=7, title="Walker")
    make.order((variant, 2))

    _, rows = exported(app, tmp_path)

    assert rows[0] == {
        "Handle": "shoe-1",
        "Title": "Walker",
        "Option1 Name": "Color",
        "Option1 Value": "Moss",
        "Option2 Name": "Size",
        "Option2 Value": "9",
        "Option3 Name": "Width",
        "Option3 Value": "Wide",
        "SKU": variant.sku,
        "HS Code": "",
        "COO": "",
        "Location": "Shop",
        "Bin name": "",
        "Incoming (not editable)": "0",
        "Unavailable (not editable)": "0",
        "Committed (not editable)": "2",
        "Available (not editable)": "5",
        "On hand (current)": "7",
        "On hand (new)": "",
    }


@pytest.mark.parametrize(("bom", "comma"), [(False, ","), (True, ","), (True, ";")])
def test_changed_values_are_written_with_their_lines_in_the_ledger(
    app: Flask, make: Make, tmp_path: Path, bom: bool, comma: str
) -> None:
    make.product("shoe", sizes=("7", "8", "9"))
    file, rows = exported(app, tmp_path)
    rows[0]["On hand (new)"], rows[1]["On hand (new)"] = "12", "5"
    rows[2]["On hand (new)"] = "0"
    saved(file, rows, bom=bom, comma=comma)

    dry = run(app, "import", file)
    untouched = movements()
    result = run(app, "import", file, "--apply")

    assert untouched == 3
    assert dry.output.splitlines()[-2:] == [
        "Dry run: nothing was written. Give --apply to write.",
        "2 changes",
    ]
    assert f"{rows[0]['SKU']}: 5 pairs → 12 pairs" in result.output
    assert result.output.splitlines()[-1] == "2 changes"
    assert list(counts().values()) == [(12, 12), (5, 5), (0, 0)]
    added = db.session.scalars(select(Movement).order_by(Movement.id.desc()).limit(2)).all()
    assert {(one.reason, one.note, one.by) for one in added} == {
        ("counted", "From out.csv", "Inventory file")
    }
    assert ledger.differences() == []


def test_the_same_file_twice_is_refused_the_second_time(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    variant = make.variant(pairs=5)
    file = written(tmp_path, line(variant.sku, "5", "8"))
    run(app, "import", file, "--apply")

    twice = run(app, "import", file, "--apply")

    assert twice.exit_code == 1
    assert "was 5 pairs and is 8 pairs now" in twice.output
    assert movements() == 2


@pytest.mark.parametrize("options", [(), ("--apply",)])
def test_one_wrong_current_and_nothing_of_the_file_is_written(
    app: Flask, make: Make, tmp_path: Path, options: tuple[str, ...]
) -> None:
    good, moved = make.variant(pairs=5), make.variant(pairs=6)
    file = written(tmp_path, line(good.sku, "5", "8"), line(moved.sku, "5", "9"))

    result = run(app, "import", file, *options)

    assert result.exit_code == 1
    said = f"Wrong, row 3, On hand (current): '{moved.sku}' was 5 pairs and is 6 pairs now"
    assert said in result.output
    assert "1 wrong row. Nothing was written." in result.output
    assert counts() == {good.sku: (5, 5), moved.sku: (6, 6)}
    assert movements() == 2


def test_below_what_is_held_is_refused_with_the_orders(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 3))

    result = run(app, "import", written(tmp_path, line(variant.sku, "5", "2")), "--apply")

    assert result.exit_code == 1
    assert f"Wrong, row 2, On hand (new): '{variant.sku}' cannot be 2 pairs: " in result.output
    assert f"order {order.number} holds 3 pairs" in result.output
    assert counts() == {variant.sku: (5, 5)}


@pytest.mark.parametrize(
    ("current", "new", "column"),
    [
        ("5", "-1", "On hand (new)"),
        ("5", "1000000000000", "On hand (new)"),
        ("5", "1000001", "On hand (new)"),
        ("5", "many", "On hand (new)"),
        ("5", "1.5", "On hand (new)"),
        ("5", "٣", "On hand (new)"),
        ("5", "=1+1", "On hand (new)"),
        ("5", "9" * 5000, "On hand (new)"),
        ("5", "not stocked", "On hand (new)"),
        ("", "8", "On hand (current)"),
        ("five", "8", "On hand (current)"),
        ("-5", "8", "On hand (current)"),
    ],
)
def test_a_number_that_cannot_be_is_named_with_its_row_and_column(
    app: Flask, make: Make, tmp_path: Path, current: str, new: str, column: str
) -> None:
    variant = make.variant(pairs=5)

    result = run(app, "import", written(tmp_path, line(variant.sku, current, new)), "--apply")

    assert result.exit_code == 1
    assert f"Wrong, row 2, {column}: " in result.output
    assert len(result.output) < 400
    assert counts() == {variant.sku: (5, 5)}


def test_each_wrong_row_is_named_in_order(app: Flask, make: Make, tmp_path: Path) -> None:
    variant, loose = make.variant(pairs=5), make.variant(counted=False)
    file = written(
        tmp_path,
        line("no-such", "5", "8"),
        "",
        line(variant.sku, "5", "x"),
        line(variant.sku, "5", "9"),
        line(loose.sku, "0", "9"),
        line("", "0", "9"),
        line("left-alone", "?", ""),
    )

    result = run(app, "import", file, "--apply")

    wrong = [said for said in result.output.splitlines() if said.startswith("Wrong")]
    assert [said.split(":")[0] for said in wrong] == [
        "Wrong, row 2, SKU",
        "Wrong, row 4, On hand (new)",
        "Wrong, row 5, SKU",
        "Wrong, row 6, SKU",
        "Wrong, row 7, SKU",
    ]
    assert "stands in row 4 already" in wrong[2]
    assert "5 wrong rows. Nothing was written." in result.output
    assert counts()[variant.sku] == (5, 5)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "the file is empty"),
        (b"\r\n\r\n", "the file is empty"),
        (b"\xff\xfeS\x00K\x00U\x00", "not written in UTF-8"),
        (b"SKU,On hand (current)\r\na,5\r\n", "no column 'On hand (new)'"),
        (b"On hand (current),On hand (new)\r\n5,8\r\n", "no column 'SKU'"),
        (b"SKU,SKU,On hand (current),On hand (new)\r\na,a,5,8\r\n", "'SKU' stands twice"),
        (b"SKU,On hand (current),On hand (new)\r\na\0,5,8\r\n", "row 2 holds a NUL"),
        (b"SKU,On hand (current),On hand (new)\r\na,5,8,9\r\n", "row 2 has more cells"),
        (b'SKU,On hand (current),On hand (new)\r\n"a,5,8\r\n', "not a proper CSV"),
        (b"%PDF-1.7", "no column"),
    ],
)
def test_what_is_no_inventory_file_is_said(
    app: Flask, make: Make, tmp_path: Path, content: bytes, sentence: str
) -> None:
    make.variant()
    file = tmp_path / "inventory.csv"
    file.write_bytes(content)

    result = run(app, "import", file, "--apply")

    assert result.exit_code == 1
    assert sentence in result.output
    assert "Nothing was written." in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert movements() == 1


def test_a_file_that_is_not_there_or_cannot_be_written_is_said(app: Flask, tmp_path: Path) -> None:
    missing = run(app, "import", tmp_path / "none.csv")
    folder = run(app, "import", tmp_path)
    nowhere = run(app, "export", tmp_path / "no" / "out.csv")

    assert (missing.exit_code, folder.exit_code, nowhere.exit_code) == (1, 1, 1)
    assert "cannot be read" in missing.output and "cannot be read" in folder.output
    assert "cannot be written" in nowhere.output
    assert list(tmp_path.iterdir()) == []


def test_sides_have_columns_of_their_own_where_some_size_needs_them(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    unlike, single, pair = (make.variant(pairs=5) for _ in range(3))
    with db.writing():
        ledger.count(unlike.id, Shoes(4, 5), based_on=Shoes(5, 5), by="Ann", now=NOW)
        db.session.execute(update(Variant).where(Variant.id == single.id).values(single_minor=9))
    file, rows = exported(app, tmp_path)
    assert [row["On hand (current)"] for row in rows] == ["", "", "5"]
    assert [row["Left (current)"] for row in rows] == ["4", "5", ""]
    rows[0]["Left (new)"], rows[0]["Right (new)"] = "6", "7"
    rows[1]["Right (new)"] = "2"
    rows[2]["On hand (new)"] = "9"
    saved(file, rows)

    result = run(app, "import", file, "--apply")

    assert result.output.splitlines()[-1] == "3 changes"
    assert counts() == {unlike.sku: (6, 7), single.sku: (5, 2), pair.sku: (9, 9)}


def test_pairs_for_a_size_whose_sides_differ_are_refused(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    variant = make.variant(pairs=5)
    with db.writing():
        ledger.count(variant.id, Shoes(5, 4), based_on=Shoes(5, 5), by="Ann", now=NOW)
    head = f"{HEAD},Left (current),Left (new),Right (current),Right (new)"

    pairs = run(app, "import", written(tmp_path, line(variant.sku, "5", "8")), "--apply")
    both = run(
        app, "import", written(tmp_path, line(variant.sku, "5", "8") + ",5,6,4,6", head=head)
    )

    said = "was 5 pairs and is 5 left, 4 right now; use the columns Left and Right"
    assert said in pairs.output
    assert "give pairs, or left and right, not both" in both.output
    assert counts() == {variant.sku: (5, 4)}


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "'=1", "''-x", "'quoted'"])
def test_what_a_spreadsheet_would_work_out_is_guarded_and_read_back(
    app: Flask, make: Make, tmp_path: Path, text: str
) -> None:
    make.variant(pairs=5)
    with db.writing():
        db.session.execute(update(Variant).values(sku=text))
        db.session.execute(update(Product).values(title=text))
    file, rows = exported(app, tmp_path)
    rows[0]["On hand (new)"] = "6"
    saved(file, rows)

    result = run(app, "import", file, "--apply")

    assert not rows[0]["SKU"].startswith(("=", "+", "-", "@"))
    assert not rows[0]["Title"].startswith(("=", "+", "-", "@"))
    assert result.output.splitlines()[-1] == "1 change"
    assert counts() == {text: (6, 6)}


def test_many_rows_are_one_transaction(app: Flask, make: Make, tmp_path: Path) -> None:
    make.product("shoe", sizes=[str(n) for n in range(1203)])
    file, rows = exported(app, tmp_path)
    for row in rows:
        row["On hand (new)"] = "6"
    rows[-1]["On hand (current)"] = "4"
    saved(file, rows)
    refused = run(app, "import", file, "--apply")
    assert movements() == 1203
    rows[-1]["On hand (current)"] = "5"
    saved(file, rows)

    result = run(app, "import", file, "--apply")

    assert refused.exit_code == 1
    assert result.output.splitlines()[-1] == "1203 changes"
    assert set(counts().values()) == {(6, 6)}
    assert ledger.differences() == []


def test_a_count_in_the_middle_of_an_import_is_first_or_refused(
    app: Flask, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = make.variant(pairs=5)
    file = written(tmp_path, line(variant.sku, "5", "8"))
    meanwhile = Meanwhile(app, monkeypatch)
    variant_id = variant.id

    def other() -> None:
        with db.writing():
            ledger.count(variant_id, Shoes(2, 2), based_on=Shoes(5, 5), by="Ben", now=NOW)

    meanwhile.after(inventory, "_variants", other, call=2)
    result = run(app, "import", file, "--apply")
    meanwhile.over()

    taken = result.exit_code == 0
    assert list(counts().values()) == [(8, 8) if taken else (2, 2)]
    assert len(meanwhile.errors) == int(taken)
    assert ledger.differences() == []


def test_a_count_just_before_an_import_writes_is_not_overwritten(
    app: Flask, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = make.variant(pairs=5)
    file = written(tmp_path, line(variant.sku, "5", "8"))
    meanwhile = Meanwhile(app, monkeypatch)
    variant_id = variant.id

    def other() -> None:
        with db.writing():
            ledger.count(variant_id, Shoes(2, 2), based_on=Shoes(5, 5), by="Ben", now=NOW)

    meanwhile.before(inventory, "take", other, call=2)
    result = run(app, "import", file, "--apply")
    meanwhile.over()

    assert result.exit_code == 1
    assert "was 5 pairs and is 2 pairs now" in result.output
    assert list(counts().values()) == [(2, 2)]
