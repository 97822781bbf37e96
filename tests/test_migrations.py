"""Migrations: the schema they make is the models' own, and its constraints hold."""

from collections.abc import Callable

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask import Flask
from sqlalchemy import CheckConstraint, inspect

from storefront.db import Base, db
from wsgi import create_app


@pytest.fixture
def migrated(engine: str, make_database: Callable[[str], str]) -> Flask:
    return create_app(
        {
            "DATABASE_URL": make_database(engine).replace("postgresql:", "postgresql+psycopg:"),
            "TESTING": True,
        }
    )


def test_migrations_make_what_the_models_say(migrated: Flask) -> None:
    with migrated.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

        assert differences == []


def test_every_constraint_is_there_under_its_name(migrated: Flask) -> None:
    with migrated.app_context():
        inspector = inspect(db.engine)
        for table in Base.metadata.sorted_tables:
            checks = {check["name"] for check in inspector.get_check_constraints(table.name)}
            meant = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
            assert meant <= checks, table.name
            keys = inspector.get_foreign_keys(table.name)
            assert len(keys) == len(table.foreign_keys), table.name
            assert all(key["name"] for key in keys)
            assert not any(key["options"].get("ondelete") for key in keys)
            indexes = {str(index["name"]) for index in inspector.get_indexes(table.name)}
            assert {str(index.name) for index in table.indexes} <= indexes, table.name


def test_a_new_shop_delivers_from_the_start(migrated: Flask) -> None:
    from storefront.delivery.queries import countries, quotes

    with migrated.app_context():
        assert countries() == ["US"]
        assert [(quote.name, quote.price_minor) for quote in quotes("US", 100)] == [("Standard", 0)]
