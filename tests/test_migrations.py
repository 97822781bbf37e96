"""Migrations: the schema they make is the models' own, and its constraints hold."""

import re
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from flask_migrate import downgrade, upgrade
from sqlalchemy import CheckConstraint, Table, func, inspect, select, text
from sqlalchemy.exc import IntegrityError

from blog.models import Article, FormerSlug
from storefront.catalogue.models import Collection, FormerCollectionHandle, FormerHandle
from storefront.checkout import phone, purchase, refunds
from storefront.checkout.payments import Event
from storefront.checkout.refunds import Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import Base, db
from storefront.notices import wishes
from storefront.orders import dispatching
from storefront.orders.models import Dispute, OrderMark
from storefront.returns.models import Return, ReturnLine
from storefront.stock.ledger import Shoes
from tests.conftest import settings
from tests.factories import Make
from tests.payments import Company
from wsgi import create_app


@pytest.fixture
def migrated(engine: str, make_database: Callable[[str], str]) -> Iterator[Flask]:
    """A shop over a database of its own, fresh from the migrations."""
    url = make_database(engine).replace("postgresql:", "postgresql+psycopg:")
    app = create_app({"DATABASE_URL": url, "TESTING": True})
    yield app
    with app.app_context():
        db.engine.dispose()


def test_migrations_make_what_the_models_say(migrated: Flask) -> None:
    with migrated.app_context(), db.engine.connect() as connection:
        opts = {"compare_type": True, "include_name": is_not_of_search}
        context = MigrationContext.configure(connection, opts=opts)
        differences = compare_metadata(context, Base.metadata)

        assert differences == []


def is_not_of_search(name: str | None, kind: str, _: Any) -> bool:
    """The full-text indexes are made by hand, on each engine in its own way."""
    return not re.match(r"search_index|search_word_parts|ix_search_", name or "")


def test_every_constraint_is_there_under_its_name(migrated: Flask) -> None:
    with migrated.app_context():
        inspector = inspect(db.engine)
        for table in Base.metadata.sorted_tables:
            checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
            meant = checks_of(table)
            assert meant <= checks, table.name
            keys = inspector.get_foreign_keys(table.name)
            assert len(keys) == len(table.foreign_keys), table.name
            assert all(key["name"] for key in keys)
            assert not any(key["options"].get("ondelete") for key in keys)
            indexes = {str(index["name"]) for index in inspector.get_indexes(table.name)}
            assert {str(index.name) for index in table.indexes} <= indexes, table.name


def checks_of(table: Table) -> set[str]:
    """Return the names of a table's checks and of its columns'."""
    every = [*table.constraints, *(c for column in table.columns for c in column.constraints)]
    return {str(check.name) for check in every if isinstance(check, CheckConstraint)}


def test_a_new_shop_delivers_from_the_start(migrated: Flask) -> None:
    from storefront.delivery.queries import countries, quotes

    with migrated.app_context():
        assert countries() == ["US"]
        assert [(quote.name, quote.price_minor) for quote in quotes("US", 100)] == [("Standard", 0)]


BREAK = {
    "ck_counters_last": "UPDATE counters SET last = -1",
    "ck_collections_rule": "UPDATE collections SET rule = 'magic'",
    "ck_comments_state": "UPDATE comments SET state = 'lost'",
    "ck_delivery_methods_days": "UPDATE delivery_methods SET least_days = 9, most_days = 2",
    "ck_delivery_methods_free_from_minor": "UPDATE delivery_methods SET free_from_minor = -1",
    "ck_delivery_methods_price_minor": "UPDATE delivery_methods SET price_minor = -1",
    "ck_holds_ended": "UPDATE holds SET ended_at = since, end_reason = NULL",
    "ck_holds_kind": "UPDATE holds SET kind = 'forgotten'",
    "ck_holds_shoes": 'UPDATE holds SET "left" = 0, "right" = 0',
    "ck_inside_widths_inside_mm": "UPDATE inside_widths SET inside_mm = 0",
    "ck_letters_attempts": "UPDATE letters SET attempts = -1",
    "ck_movements_change": "UPDATE movements SET left_change = 0, right_change = 0",
    "ck_movements_reason": "UPDATE movements SET reason = 'magic'",
    "ck_notices_email": "UPDATE notices SET email = ''",
    "ck_notices_state": "UPDATE notices SET state = 'lost'",
    "ck_orders_tax": "UPDATE orders SET tax = 'some'",
    "ck_orders_tax_rate_millis": "UPDATE orders SET tax_rate_millis = -1",
    "ck_order_lines_quantity": "UPDATE order_lines SET quantity = 13",
    "ck_order_lines_sides": (
        "UPDATE order_lines SET left_variant_id = NULL, right_variant_id = NULL"
    ),
    "ck_order_lines_unit_minor": "UPDATE order_lines SET unit_minor = -1",
    "ck_order_marks_kind": "UPDATE order_marks SET kind = 'liked'",
    "ck_orders_state": "UPDATE orders SET state = 'lost'",
    "ck_payment_pages_status": "UPDATE payment_pages SET status = 'lost'",
    "ck_products_hands": "UPDATE products SET hands = 3",
    "ck_refund_lines_shoes": 'UPDATE refund_lines SET "left" = 0, "right" = 0',
    "ck_refunds_amount_minor": "UPDATE refunds SET amount_minor = 0, delivery_minor = 0",
    "ck_refunds_delivery_minor": "UPDATE refunds SET delivery_minor = amount_minor + 1",
    "ck_refunds_status": "UPDATE refunds SET status = 'lost'",
    "ck_return_lines_came_left": 'UPDATE return_lines SET came_left = "left" + 1',
    "ck_return_lines_came_right": "UPDATE return_lines SET came_right = -1",
    "ck_return_lines_outcome": "UPDATE return_lines SET outcome = 'luck'",
    "ck_return_lines_shoes": 'UPDATE return_lines SET "left" = 0, "right" = 0',
    "ck_returns_state": "UPDATE returns SET state = 'lost'",
    "ck_reviews_valid_until": "UPDATE reviews SET valid_until = signed_on",
    "ck_variants_compare_at_minor": "UPDATE variants SET compare_at_minor = -1",
    "ck_variants_held_left": "UPDATE variants SET held_left = on_hand_left + 1",
    "ck_variants_held_right": "UPDATE variants SET held_right = -1",
    "ck_variants_on_hand_left": "UPDATE variants SET on_hand_left = 1000001",
    "ck_variants_on_hand_right": "UPDATE variants SET on_hand_right = 1000001",
    "ck_variants_price_minor": "UPDATE variants SET price_minor = -1",
    "ck_variants_single_minor": "UPDATE variants SET single_minor = 100000000",
    "ck_variants_sku": "UPDATE variants SET sku = ''",
}


def test_every_check_holds_with_rows_in_every_table(
    app: Flask, make: Make, company: Company
) -> None:
    fill_every_table(app, make, company)
    names = set().union(*map(checks_of, Base.metadata.sorted_tables))
    assert names == set(BREAK)

    for name, statement in BREAK.items():
        with pytest.raises(IntegrityError) as refused, db.writing():
            db.session.execute(text(statement))
        assert name in str(refused.value.orig), name


def test_each_released_schema_with_rows_in_it_moves_forward_and_keeps_them(
    engine: str,
    make_database: Callable[[str], str],
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    shop = create_app(settings(make_database(engine), company, tmp_path_factory))
    with shop.app_context():
        fill_every_table(shop, Make(), company)
        db.session.remove()
        for revision in (
            "0005",
            "0002",
            "0001",
        ):  # the newest first: going back empties what is newer
            downgrade(revision=revision)
            kept = rows_of_each_table()

            upgrade()

            assert {name: rows_of_each_table()[name] for name in kept} == kept
            assert len(kept) >= 28 and all(kept.values())
        db.engine.dispose()


def rows_of_each_table() -> dict[str, int]:
    with db.engine.connect() as connection:
        there = set(inspect(connection).get_table_names())
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
            if table.name in there
        }


def fill_every_table(app: Flask, make: Make, company: Company) -> None:
    """Load the demonstration and buy in it, so that no table is empty."""
    assert app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 0
    variant = make.variant()
    address = purchase.start(
        make.cart((variant, 1)), payments=payments(), terms=terms(), now=utcnow()
    )
    company.pay(address)
    order = purchase.settle(
        address.rpartition("/")[2],
        payments=payments(),
        terms=terms(),
        now=utcnow(),
        event=Event("evt_full", "checkout.session.completed", None),
    )
    assert order is not None
    phone.open_cart(by="Ann", now=utcnow())
    with db.writing():
        wishes.ask(variant.sku, "a@example.com", shop_url="x", zone=ZoneInfo("UTC"), now=utcnow())
        db.session.add(FormerHandle(handle="old", owner_id=variant.product_id))
        collection = db.session.scalars(select(Collection)).first()
        assert collection is not None
        db.session.add(FormerCollectionHandle(handle="old", owner_id=collection.id))
        article_id = db.session.scalars(select(Article.id)).first()
        db.session.add(FormerSlug(slug="former", article_id=article_id))
        db.session.add(
            OrderMark(order_id=order.id, kind="owed", why="x", at=utcnow(), ended_at=utcnow())
        )
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="x", now=utcnow()
        )
        line = ReturnLine(order_line_id=order.lines[0].id, left=1, right=1, reason="small")
        db.session.add(Return(number=1, order_id=order.id, requested_at=utcnow(), lines=[line]))
        db.session.add(
            Dispute(
                order_id=order.id, dispute_id="du_1", amount_minor=1, status="lost", at=utcnow()
            )
        )
    refunds.begin(
        order.id,
        [Wish(order.lines[0].id, Shoes(1, 1))],
        delivery=True,
        expected_minor=order.total_minor or 0,
        reason="returned",
        note="",
        key="full",
        by="Ann",
        now=utcnow(),
    )
    assert [name for name, rows in rows_of_each_table().items() if not rows] == []
