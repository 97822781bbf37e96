"""Another request comes into the middle of telling who waits: one mail for each pair, no more."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from storefront.clock import utcnow
from storefront.db import db
from storefront.notices import jobs, letters, telling, wishes
from storefront.settings.shop import shop
from storefront.stock import ledger
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.storefront.notices.asking import mails, notices, waiting

A, B = "a@example.com", "b@example.com"


@pytest.mark.parametrize(
    "step", [(telling, "_next"), (letters, "back")], ids=["before choosing", "while writing"]
)
def test_two_who_tell_at_once_send_one_mail_for_one_pair(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch, step: tuple[Any, str]
) -> None:
    variant = make.variant(pairs=1)
    waiting(variant, A, B)
    meanwhile = Meanwhile(app, monkeypatch)
    meanwhile.before(*step, jobs.tell)

    jobs.tell()

    meanwhile.over()
    assert meanwhile.errors == []
    assert [letter.recipient for letter in mails()] == [A]
    assert [n.state for n in notices()] == ["told", "waiting"]


def test_a_wish_that_is_sent_twice_at_once_is_one(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    sku, zone = make.variant(pairs=0).sku, shop().zone

    def ask() -> None:
        with db.writing():
            wishes.ask(sku, A, shop_url="http://localhost", zone=zone, now=utcnow())

    meanwhile = Meanwhile(app, monkeypatch)
    meanwhile.before(letters, "asked", ask)
    ask()

    meanwhile.over()
    assert meanwhile.errors == []
    assert len(notices()) == 1 and len(mails("notice_asked")) <= 2


@pytest.mark.parametrize("other", ["leave", "buy"])
def test_who_leaves_or_buys_while_others_are_told_breaks_nothing(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    variant = make.variant(pairs=2)
    waiting(variant, A)
    notice_id = notices()[0].id
    acts: dict[str, Callable[[], object]] = {
        "leave": lambda: leave(notice_id),
        "buy": lambda: make.order((variant, 2)),
    }
    meanwhile = Meanwhile(app, monkeypatch)
    meanwhile.before(letters, "back", acts[other])

    jobs.tell()

    meanwhile.over()
    assert meanwhile.errors == []
    assert ledger.differences() == []
    [notice] = notices()
    assert (notice.state, notice.email) == ("told", "" if other == "leave" else A)
    assert [letter.recipient for letter in mails()] == [notice.email]


def leave(notice_id: int) -> None:
    with db.writing():
        wishes.leave(notice_id, now=utcnow())
