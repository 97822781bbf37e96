"""The company's clock goes where a test puts it, and on from there."""

import time

import pytest

from storefront.demo.payments import running

from .conftest import KEY, SECRET, Company, client_of

DAY = 24 * 60 * 60


@pytest.fixture
def company(shop):
    with running(
        ":memory:", key=KEY, webhook_url=shop.url, webhook_secret=SECRET, pauses=(100,)
    ) as url:
        yield Company(url, client_of(url))


def test_the_clock_goes_forward_and_things_are_made_then(company):
    told = company.told("clock", forward=DAY)

    assert told["ahead"] == pytest.approx(DAY, abs=1)
    assert company.open().created == pytest.approx(time.time() + DAY, abs=5)


def test_steps_forward_add_up(company):
    company.told("clock", forward=100)

    assert company.told("clock", forward=50)["ahead"] == pytest.approx(150, abs=1)


def test_the_clock_is_put_to_a_moment(company):
    assert company.told("clock", now=2_000_000_000)["now"] == pytest.approx(2_000_000_000, abs=5)
    assert company.open(expires_at=2_000_000_000 + 3600).created == pytest.approx(2e9, abs=5)


def test_the_clock_is_given_back(company):
    company.told("clock", forward=DAY)

    assert company.raw("DELETE", "/_test/clock").json["ahead"] == 0
    assert company.open().created == pytest.approx(time.time(), abs=5)
    assert company.raw("GET", "/_test/clock").json["ahead"] == 0


def test_a_session_has_ended_by_the_time_the_clock_has_moved(company, shop):
    session = company.open()

    company.told("clock", forward=DAY)

    assert company.session(session.id).status == "expired"
    assert shop.events(1)[0]["type"] == "checkout.session.expired"


def test_a_delivery_is_due_by_the_companys_clock(company, shop):
    shop.statuses = [500]
    company.paid()
    shop.events(2)

    company.told("clock", forward=101)

    assert len(shop.events(3)) == 3


def test_signatures_keep_the_machines_time(company, shop):
    company.told("clock", forward=30 * DAY)
    company.paid()
    shop.events(2)
    headers, body = shop.received[0]

    event = company.client.construct_event(body, headers["Stripe-Signature"], SECRET)

    assert event.created == pytest.approx(time.time() + 30 * DAY, abs=5)


def test_the_clock_stops_at_the_end_of_time(company):
    company.told("clock", now=4_102_444_000)

    assert company.tell("clock", forward=DAY).status == 400


def test_another_company_keeps_its_own_time(company, shared):
    company.told("clock", forward=DAY)

    assert shared.raw("GET", "/_test/clock").json["ahead"] == 0
