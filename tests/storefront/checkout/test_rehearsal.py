"""`flask payments rehearse`: each step passed or refused, and nothing left behind."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select

from storefront.checkout.payments import Refused, StripePayments, Unclear
from storefront.db import Base, db
from tests.conftest import WEBHOOK_SECRET
from tests.factories import Make
from tests.payments import Company
from wsgi import TEST_KEY


@pytest.fixture
def real(app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch) -> StripePayments:
    """A payment company of this test's own, so that its steps may be put out of order."""
    payments = StripePayments(TEST_KEY, base=company.url, webhook_secret=WEBHOOK_SECRET)
    monkeypatch.setitem(app.extensions, "payments", payments)
    return payments


def rehearse(app: Flask) -> Result:
    return app.test_cli_runner().invoke(args=["payments", "rehearse"])


def rows() -> dict[str, Any]:
    db.session.rollback()
    return {
        table.name: db.session.scalar(select(func.count()).select_from(table))
        for table in Base.metadata.sorted_tables
    }


def made_by(company: Company, act: Callable[[], Result]) -> tuple[Result, list[dict[str, Any]]]:
    """Return what an act said, and the pages that it opened, oldest first."""
    before = {session["id"] for session in company.sessions()}
    result = act()
    return result, [s for s in reversed(company.sessions()) if s["id"] not in before]


def test_every_step_passes_and_nothing_stays(
    app: Flask, make: Make, real: StripePayments, company: Company
) -> None:
    make.delivery()
    before = rows()

    result, pages = made_by(company, lambda: rehearse(app))

    assert result.exit_code == 0, result.output
    assert result.output.count("  passed  ") == 8 and "failed" not in result.output
    assert "by a test key" in result.output
    assert [page["status"] for page in pages] == ["expired", "expired"]
    assert len(pages[0]["shipping_options"]) == 2
    assert pages[0]["cancel_url"].startswith("http://localhost/orders/")
    assert rows() == before


def test_a_shop_that_sends_nowhere_yet_can_rehearse(app: Flask) -> None:
    assert rehearse(app).exit_code == 0


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("look_up", Refused("You may not look.")),
        ("lines_of", Unclear("You may not look.")),
        ("refunded_since", Refused("You may not look.")),
        ("lines_of", AttributeError("You may not look.")),
    ],
)
def test_a_step_that_fails_is_told_in_the_companys_words_and_pages_are_closed(
    app: Flask,
    real: StripePayments,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: Exception,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(real, step, fail)

    result, pages = made_by(company, lambda: rehearse(app))

    assert result.exit_code == 1
    assert "You may not look." in result.output
    assert pages and {page["status"] for page in pages} == {"expired"}


def test_pages_are_closed_when_somebody_presses_ctrl_c(
    app: Flask, real: StripePayments, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens, interrupted = real.open_page, False

    def open_and_be_interrupted(request: Any) -> Any:
        nonlocal interrupted
        opened = opens(request)
        if not interrupted:
            interrupted = True
            raise KeyboardInterrupt  # the page is there, and its id was not heard
        return opened

    monkeypatch.setattr(real, "open_page", open_and_be_interrupted)

    result, pages = made_by(company, lambda: rehearse(app))

    assert result.exit_code == 1
    assert [page["status"] for page in pages] == ["expired"]


def test_a_second_page_under_one_key_is_told_of_and_closed(
    app: Flask, real: StripePayments, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens, keys = real.open_page, iter("abc")
    monkeypatch.setattr(
        real, "open_page", lambda asked: opens(replace(asked, key=asked.key + next(keys)))
    )

    result, pages = made_by(company, lambda: rehearse(app))

    assert "once more, and get the same page: It is another page." in result.output
    assert [page["status"] for page in pages] == ["expired"] * 3


def test_it_says_so_where_a_page_could_not_be_closed(
    app: Flask, real: StripePayments, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    closes = real.close_page
    monkeypatch.setattr(real, "close_page", lambda _: None)

    result, pages = made_by(company, lambda: rehearse(app))

    assert result.exit_code == 1
    assert "It is closed, and yet open." in result.output
    assert "failed  Close what is still open" in result.output
    for page in pages:
        closes(page["id"])


@pytest.mark.parametrize(
    ("key", "base", "said", "failed"),
    [
        ("sk_test_of_somebody_else", "", "Invalid API Key provided", 1),
        ("sk_test_x", "http://127.0.0.1:9", "No clear answer came", 2),  # may it be open?
    ],
)
def test_a_wrong_key_or_no_answer_is_one_sentence(
    app: Flask,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    key: str,
    base: str,
    said: str,
    failed: int,
) -> None:
    payments = StripePayments(key, base=base or company.url)
    monkeypatch.setitem(app.extensions, "payments", payments)

    result = rehearse(app)

    assert result.exit_code == 1
    assert result.output.count("  failed  ") == failed
    assert said in result.output and "passed" not in result.output


def test_without_a_key_it_says_what_to_do(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "STRIPE_SECRET_KEY", "")

    result = rehearse(app)

    assert result.exit_code == 1
    assert "STRIPE_SECRET_KEY is empty" in result.output
