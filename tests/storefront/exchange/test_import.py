"""Shopify product files: dry run first, no wrong row written, the same on each run."""

from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import event, func, select, update

from storefront.catalogue.models import Color, FormerHandle, Product, Variant
from storefront.db import db
from storefront.exchange import catalogue
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, TODAY, Make
from tests.integrity.meanwhile import Meanwhile

REAL = Path(__file__).parents[2] / "data" / "vendure-catalogue.csv"
HEAD = (
    "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,"
    "Option2 Value,Option3 Name,Option3 Value,Variant SKU,Variant Grams,Variant Inventory Tracker,"
    "Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Barcode,Image Src,Status"
)


def row(**values: str) -> str:
    """One line of a file; columns by their name with spaces as underscores."""
    usual = {
        "Handle": "boot",
        "Title": "Boot",
        "Option1 Name": "Color",
        "Option1 Value": "Moss",
        "Option2 Name": "Size",
        "Option2 Value": "9",
        "Variant SKU": "B-1",
        "Variant Inventory Tracker": "shopify",
        "Variant Inventory Qty": "5",
        "Variant Price": "89.00",
    }
    named = {name.replace("_", " "): value for name, value in values.items()}
    return ",".join(({**usual, **named}).get(name, "") for name in HEAD.split(","))


def further(**values: str) -> str:
    """A further variant of the product above."""
    return row(**{"Title": "", "Option1_Name": "", "Option2_Name": "", **values})


def run(app: Flask, file: Path, *options: str) -> Result:
    db.session.rollback()
    return app.test_cli_runner().invoke(args=["catalogue", "import", str(file), *options])


def written(tmp_path: Path, *rows: str) -> Path:
    file = tmp_path / "products.csv"
    file.write_text("\r\n".join([HEAD, *rows]) + "\r\n", encoding="utf-8")
    return file


def last_line(result: Result) -> str:
    return str(result.output.strip().splitlines()[-1])


def variants() -> list[Variant]:
    db.session.rollback()
    return list(db.session.scalars(select(Variant).order_by(Variant.id)))


def test_real_file_goes_in_whole(app: Flask) -> None:
    dry = run(app, REAL)
    assert dry.exit_code == 0 and "Dry run: nothing was written" in dry.output
    assert "54 products, 88 variants read." in dry.output
    assert variants() == []

    applied = run(app, REAL, "--apply")
    assert applied.exit_code == 0, applied.output
    assert len(variants()) == 88
    assert db.session.scalar(select(func.count(Product.id))) == 54
    assert ledger.differences() == []

    for options in ([], ["--apply"]):
        assert last_line(run(app, REAL, *options)) == "0 changes"


def test_repeated_sku_is_numbered_the_same_on_each_run(app: Flask) -> None:
    first = run(app, REAL, "--apply")

    assert "'404.038.96' stands twice; '404.038.96-2' is used" in first.output
    skus = [v.sku for v in variants() if v.sku.startswith("404.038.96")]
    assert skus == ["404.038.96", "404.038.96-2", "404.038.96-3"]


def test_options_fill_color_size_and_width_under_their_own_labels(app: Flask) -> None:
    run(app, REAL, "--apply")

    laptop = db.session.scalars(select(Product).where(Product.handle == "laptop")).one()
    assert (laptop.size_label, laptop.width_label) == ("Screen Size", "Ram")
    assert {(v.size, v.width) for v in laptop.variants} >= {("13 inch", "8GB"), ("15 inch", "16GB")}
    colors = db.session.scalars(select(Color.name).where(Color.name != "")).all()
    assert len(colors) == 3


def test_blank_sku_is_made_from_handle_and_options(app: Flask, tmp_path: Path) -> None:
    file = written(tmp_path, row(Variant_SKU=""), further(Option2_Value="10", Variant_SKU=""))

    output = run(app, file, "--apply").output

    assert [v.sku for v in variants()] == ["boot-moss-9", "boot-moss-10"]
    assert "Note, row 2: Variant SKU is empty; 'boot-moss-9' is used" in output
    assert last_line(run(app, file, "--apply")) == "0 changes"


def test_change_in_the_file_is_one_change(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row()), "--apply")

    result = run(app, written(tmp_path, row(Variant_Price="95.00")), "--apply")

    assert last_line(result) == "1 changes"
    assert variants()[0].price_minor == 9500


def test_stock_is_set_for_new_variants_only(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row(Variant_Inventory_Qty="5")), "--apply")
    with db.writing():
        ledger.count(variants()[0].id, Shoes(2, 2), based_on=Shoes(5, 5), by="Ann", now=NOW)

    result = run(app, written(tmp_path, row(Variant_Inventory_Qty="9")), "--apply")

    assert last_line(result) == "0 changes"
    assert variants()[0].on_hand_left == 2
    first = db.session.scalars(select(Movement).order_by(Movement.id)).first()
    assert first is not None and first.by == "Import of products.csv"


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ({"Handle": "Boot!"}, "Handle"),
        ({"Handle": ""}, "Handle"),
        ({"Handle": "x" * 81}, "Handle"),
        ({"Title": "x" * 256}, "Title"),
        ({"Variant_Price": "cheap"}, "Variant Price"),
        ({"Variant_Price": "-1"}, "Variant Price"),
        ({"Variant_Price": "1.005"}, "Variant Price"),
        ({"Variant_Price": "NaN"}, "Variant Price"),
        ({"Variant_Price": "9" * 40}, "Variant Price"),
        ({"Variant_Price": ""}, "Variant Price"),
        ({"Variant_Compare_At_Price": "x"}, "Variant Compare At Price"),
        ({"Variant_Inventory_Qty": "-3"}, "Variant Inventory Qty"),
        ({"Variant_Inventory_Qty": "1000001"}, "Variant Inventory Qty"),
        ({"Variant_Inventory_Qty": "2.5"}, "Variant Inventory Qty"),
        ({"Variant_Grams": "heavy"}, "Variant Grams"),
        ({"Variant_SKU": "x" * 65}, "Variant SKU"),
        ({"Option2_Value": ""}, "Option2 Value"),
        ({"Published": "maybe"}, "Published"),
    ],
)
def test_wrong_row_is_named_and_nothing_is_written(
    app: Flask, tmp_path: Path, wrong: dict[str, str], column: str
) -> None:
    good = row(Handle="shoe", Title="Shoe", Variant_SKU="S-1")
    file = written(tmp_path, good, row(**wrong))

    result = run(app, file, "--apply")

    assert result.exit_code == 1
    assert f"Wrong, row 3, {column}:" in result.output
    assert "Nothing was written" in result.output
    assert variants() == []

    assert run(app, file, "--apply", "--skip-bad").exit_code == 0
    assert [v.sku for v in variants()] == ["S-1"]


def test_wrong_row_inside_a_product_is_left_out_alone(app: Flask, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        row(),
        further(Option2_Value="10", Variant_SKU="B-2", Variant_Price="x"),
        further(Option2_Value="11", Variant_SKU="B-3"),
        further(Option2_Value="11", Variant_SKU="B-4"),
    )

    result = run(app, file, "--apply", "--skip-bad")

    assert "row 3, Variant Price" in result.output
    assert "row 5, Option1 Value: the same options as row 4" in result.output
    assert [v.sku for v in variants()] == ["B-1", "B-3"]


def test_sku_of_another_product_is_refused_whole(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row()), "--apply")

    result = run(app, written(tmp_path, row(Handle="other", Title="Other")), "--apply")

    assert result.exit_code == 1
    assert "belongs to another product" in result.output
    assert len(variants()) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no column"),
        (b"a,b\n1,2\n", "no column"),
        (b"\xff\xfe\x00", "UTF-8"),
        (HEAD.encode() + b'\n"unclosed', "proper CSV"),
        (HEAD.encode() + b"\nboot,Bo\0ot", "NUL"),
    ],
)
def test_file_that_is_no_catalogue_gets_a_sentence(
    app: Flask, tmp_path: Path, content: bytes, reason: str
) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)

    result = run(app, file, "--apply")

    assert result.exit_code == 1
    assert reason in result.output and "Nothing was written" in result.output


def test_missing_file_gets_a_sentence(app: Flask, tmp_path: Path) -> None:
    result = run(app, tmp_path / "none.csv")

    assert result.exit_code == 1 and "cannot be read" in result.output


def test_a_handle_that_leads_to_a_renamed_product_is_refused(
    app: Flask, tmp_path: Path, make: Make
) -> None:
    present = make.product("harbor")
    with db.writing():
        db.session.add(FormerHandle(handle="boot", owner_id=present.id))

    result = run(app, written(tmp_path, row()), "--apply")

    assert result.exit_code == 1
    assert "row 2, Handle: 'boot' was renamed to 'harbor'" in result.output
    assert len(variants()) == 1


def test_pictures_elsewhere_are_noted_and_not_fetched(app: Flask, tmp_path: Path) -> None:
    picture = row(
        Title="", Option1_Name="", Option1_Value="", Option2_Name="", Option2_Value="",
        Variant_SKU="", Variant_Price="", Image_Src="https://example.org/b.jpg",
    )  # fmt: skip
    file = written(tmp_path, row(Image_Src="https://example.org/a.jpg"), picture)

    result = run(app, file, "--apply")

    assert "2 pictures lie on other servers" in result.output
    assert len(variants()) == 1


@pytest.mark.parametrize(
    ("published", "status", "shown"),
    [
        ("true", "active", True),
        ("", "", True),
        ("false", "active", False),
        ("true", "draft", False),
    ],
)
def test_only_active_products_are_shown(
    app: Flask, tmp_path: Path, published: str, status: str, shown: bool
) -> None:
    run(app, written(tmp_path, row(Published=published, Status=status)), "--apply")

    db.session.rollback()
    assert db.session.scalars(select(Product.published)).one() is shown


def test_variant_without_tracker_is_not_counted(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row(Variant_Inventory_Tracker="")), "--apply")

    assert variants()[0].counted is False


def test_skus_may_change_places_inside_a_product(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row(), further(Option2_Value="10", Variant_SKU="B-2")), "--apply")
    file = written(
        tmp_path,
        row(Variant_SKU="B-2"),
        further(Option2_Value="10", Variant_SKU="B-3"),
        further(Option2_Value="11", Variant_SKU="B-1"),
    )

    dry = run(app, file)
    assert last_line(dry) == "3 changes", dry.output
    assert [v.sku for v in variants()] == ["B-1", "B-2"]

    assert last_line(run(app, file, "--apply")) == "3 changes"
    assert {v.size: v.sku for v in variants()} == {"9": "B-2", "10": "B-3", "11": "B-1"}
    assert last_line(run(app, file, "--apply")) == "0 changes"


def test_sku_of_another_product_is_a_wrong_row(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row()), "--apply")
    file = written(
        tmp_path,
        row(Handle="other", Title="Other", Variant_SKU="O-1"),
        further(Handle="other", Option2_Value="10", Variant_SKU="B-1"),
        row(Handle="third", Title="Third", Variant_SKU="B-1"),
    )

    for options in ([], ["--apply"]):
        result = run(app, file, *options)
        assert result.exit_code == 1
        reason = "Variant SKU: 'B-1' belongs to another product already: 'boot'"
        assert f"Wrong, row 3, {reason}" in result.output
        assert [v.sku for v in variants()] == ["B-1"]

    assert run(app, file, "--apply", "--skip-bad").exit_code == 0
    assert [v.sku for v in variants()] == ["B-1", "O-1", "B-1-2"]


def test_sku_of_a_size_that_the_file_leaves_out_is_a_wrong_row(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row(), further(Option2_Value="10", Variant_SKU="B-2")), "--apply")
    file = written(tmp_path, row(Variant_SKU="B-2"))

    result = run(app, file, "--apply")

    assert result.exit_code == 1
    assert "row 2, Variant SKU: 'B-2' belongs to 'Moss / 10' of this product" in result.output

    skipped = run(app, file, "--apply", "--skip-bad")
    assert "0 products, 0 variants read." in skipped.output
    assert last_line(skipped) == "0 changes"


def test_a_row_left_out_keeps_its_sku_from_the_others(app: Flask, tmp_path: Path) -> None:
    run(app, written(tmp_path, row(), further(Option2_Value="10", Variant_SKU="B-2")), "--apply")
    run(app, written(tmp_path, row(Handle="shoe", Title="Shoe", Variant_SKU="S-1")), "--apply")
    file = written(tmp_path, row(Variant_SKU="S-1"), further(Option2_Value="10", Variant_SKU="B-1"))

    result = run(app, file, "--apply", "--skip-bad")

    assert result.exit_code == 0
    assert "row 2, Variant SKU: 'S-1' belongs to another product" in result.output
    assert "row 3, Variant SKU: 'B-1' belongs to 'Moss / 9' of this product" in result.output
    assert [v.sku for v in variants()] == ["B-1", "B-2", "S-1"]


@pytest.mark.parametrize("options", [[], ["--apply"]])
def test_shoppers_write_between_two_parts_of_an_import(
    app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    monkeypatch.setattr(catalogue, "IN_ONE_WRITE", 1)
    rows = [row(Handle=f"s-{n}", Title="S", Variant_SKU=f"S-{n}") for n in range(4)]
    file = written(tmp_path, *rows)
    seen = []

    def buy() -> None:
        with db.writing():
            seen.append(db.session.scalar(select(func.count(Product.id))))

    other = Meanwhile(app, monkeypatch)
    other.before(catalogue, "_take_batch", buy, call=2)

    result = run(app, file, *options)

    other.over()
    assert (result.exit_code, other.errors) == (0, [])
    assert last_line(result) == "8 changes"
    assert seen[0] in ((1, 2) if options else (0,))
    assert len(variants()) == (4 if options else 0)


def test_an_import_and_a_purchase_never_wait_for_each_other(
    app: Flask, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = make.variant(), make.variant()
    ids = [first.id, second.id]
    rows = [
        row(
            Handle=variant.product.handle, Title=variant.product.title, Variant_Price="70.00",
            Variant_SKU=variant.sku, Option2_Value="9", Option3_Name="Width", Option3_Value="Wide",
        )
        for variant in (second, first)
    ]  # fmt: skip
    file = written(tmp_path, *rows)
    other = Meanwhile(app, monkeypatch)

    def buy() -> None:
        with db.writing():
            for variant_id in ids:
                db.session.execute(
                    update(Variant).where(Variant.id == variant_id).values(restock_on=TODAY)
                )

    other.after(catalogue, "_take_product", buy)

    result = run(app, file, "--apply")

    other.over()
    assert (result.exit_code, other.errors) == (0, []), result.output
    assert {(v.price_minor, v.restock_on) for v in variants()} == {(7000, TODAY)}


def test_many_sizes_are_imported_by_few_statements(app: Flask, tmp_path: Path) -> None:
    rows = [
        row(Handle=f"s-{n}", Title="S", Variant_SKU=f"S-{n}", Variant_Inventory_Tracker="")
        for n in range(40)
    ]
    file = written(tmp_path, *rows)
    run(app, file, "--apply")
    statements: list[str] = []

    def note(*about: object) -> None:
        statements.append(str(about[2]))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        result = run(app, file, "--apply")
    finally:
        event.remove(db.engine, "before_cursor_execute", note)

    assert last_line(result) == "0 changes"
    assert len(statements) < 15
