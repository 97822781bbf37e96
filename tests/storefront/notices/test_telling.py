"""Telling that a size is back: one mail for each free pair, oldest first, each once."""

from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import update

from storefront.catalogue.models import Product, Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.jobs import compose
from storefront.notices import wishes
from storefront.notices.models import Notice
from storefront.settings import queries as settings
from storefront.stock import ledger
from tests.factories import Make
from tests.storefront.notices.asking import mails, notices, stock, told, waiting

A, B, C = "a@example.com", "b@example.com", "c@example.com"


def earlier(hours: int) -> None:
    """Let everything that was told have been told so many hours earlier."""
    for notice in notices(state="told"):
        id_, then = notice.id, (notice.ended_at or utcnow()) - timedelta(hours=hours)
        with db.writing():
            db.session.execute(update(Notice).where(Notice.id == id_).values(ended_at=then))


def test_one_is_told_for_each_free_pair_and_who_waits_longest_first(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=0)
    waiting(variant, B, since=utcnow() - timedelta(days=2))
    waiting(variant, A, C, since=utcnow() - timedelta(days=1))
    assert told(app) == []

    stock(variant, 1)
    assert told(app) == [B]
    assert told(app) == [B]
    stock(variant, 2)
    assert told(app) == [B, A]

    assert [n.state for n in notices()] == ["told", "told", "waiting"]
    mail = compose(mails()[0])
    assert mail["Subject"] == "It is back: Shoe 1, Moss, Size 9, Wide"
    assert f"http://localhost/products/shoe-1?variant={variant.sku}" in mail.get_content()
    assert "after 24 hours" in mail.get_content()


def test_the_next_is_told_after_a_day_while_pairs_remain(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=1)
    waiting(variant, A, B, C)
    assert told(app) == [A]

    earlier(23)
    assert told(app) == [A]
    earlier(1)
    assert told(app) == [A, B]
    earlier(24)
    stock(variant, 0)
    assert told(app) == [A, B]


def test_who_has_bought_or_left_keeps_no_pair_from_the_next(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=2)
    waiting(variant, A, B, C)
    assert told(app) == [A, B]

    make.order((variant, 1), email="A@Example.com")
    assert told(app) == [A, B]  # the other free pair is the second one's
    stock(variant, 3)
    assert told(app) == [A, B, C]

    waiting(variant, "d@example.com")
    [second] = notices(email=B)
    id_ = second.id
    with db.writing():
        wishes.leave(id_, now=utcnow())
    assert told(app)[-1] == "d@example.com"


def test_a_pair_that_comes_free_of_a_hold_is_told_of(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=1)
    order = make.order((variant, 1))
    waiting(variant, A)
    assert told(app) == []

    id_ = order.id
    with db.writing():
        ledger.release(id_, why="expired", now=utcnow())

    assert told(app) == [A]


def test_nobody_is_told_of_what_cannot_be_bought(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=1)
    waiting(variant, A)

    def set_(model: Any, **values: object) -> list[str]:
        with db.writing():
            db.session.execute(update(model).values(**values))
        return told(app)

    assert set_(Variant, published=False) == []
    assert set_(Product, published=False) == [] and set_(Variant, published=True) == []
    with db.writing():
        settings.keep({"OPENED_AT": ""}, by="Ann", now=utcnow())
    assert set_(Product, published=True) == []

    with db.writing():
        settings.keep({"OPENED_AT": datetime.now().astimezone().isoformat()}, by="A", now=utcnow())
    assert told(app) == [A]


def test_everybody_is_told_once_a_size_is_not_counted_any_more(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=0)
    waiting(variant, A, B)

    with db.writing():
        db.session.execute(update(Variant).values(counted=False))

    assert sorted(told(app)) == [A, B]
