"""Runs migrations on the application's own engine, or on the one given with the configuration."""

from alembic import context
from flask import current_app

from storefront.db import Base, UtcDateTime, db


def render_item(kind: str, item: object, _: object) -> str | bool:
    """Write our time type into migrations as the plain column type it is."""
    return "sa.DateTime(timezone=True)" if isinstance(item, UtcDateTime) else False


def run() -> None:
    """Run what is due in one transaction; on SQLite without cascades, checked before commit.

    With foreign_keys on, rebuilding a table would delete the rows that point to it.
    """
    engine = context.config.attributes.get("engine", db.engine)
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.connection.execute("PRAGMA foreign_keys = OFF")
            connection = connection.execution_options(sqlite_begin="IMMEDIATE")
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            transactional_ddl=True,
            **current_app.extensions["migrate"].configure_args,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"rows without their parent after migration: {broken[:5]}")
        if sqlite:
            connection.connection.execute("PRAGMA foreign_keys = ON")


run()
