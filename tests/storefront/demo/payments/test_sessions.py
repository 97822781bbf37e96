"""Checkout Sessions from opening to their end, as the SDK sees them."""

import pytest

from .conftest import delivery, line


def test_a_new_session_is_open_and_has_its_amounts(company):
    session = company.open(
        line_items=[line("Drift", 12_000, 2), line("Lace", 450, 3)], customer_email="ann@shop.test"
    )

    assert session.id.startswith("cs_test_")
    assert len(session.id) == 66
    assert (session.status, session.payment_status, session.livemode) == ("open", "unpaid", False)
    assert session.url == f"{company.url}/pay/{session.id}"
    assert session.amount_subtotal == 25_350
    assert session.amount_total == 26_150
    assert session.total_details.amount_shipping == 800
    assert session.shipping_cost.shipping_rate == session.shipping_options[0].shipping_rate
    assert session.customer_details.email == "ann@shop.test"
    assert session.payment_intent is None
    assert session.expires_at - session.created == 24 * 60 * 60


def test_a_session_repeats_what_it_was_asked(company):
    session = company.open(
        client_reference_id="R7",
        metadata={"order": "7"},
        locale="en",
        submit_type="pay",
        allow_promotion_codes=True,
        phone_number_collection={"enabled": True},
        custom_text={"submit": {"message": "Kept until noon."}},
    )

    found = company.session(session.id)
    assert found.client_reference_id == "R7"
    assert found.metadata["order"] == "7"
    assert (found.locale, found.submit_type) == ("en", "pay")
    assert found.allow_promotion_codes is True
    assert found.phone_number_collection.enabled is True
    assert found.custom_text.submit.message == "Kept until noon."
    assert found.shipping_address_collection.allowed_countries == ["US", "CA"]
    assert found.cancel_url == "http://shop.test/cart"
    assert found.success_url == "http://shop.test/return?session_id={CHECKOUT_SESSION_ID}"


def test_lines_carry_price_and_product(company):
    wished = line("Drift", 12_000, 2) | {"metadata": {"sku": "D-40"}}
    wished["price_data"]["product_data"] |= {"description": "Wide", "metadata": {"color": "moss"}}
    session = company.open(line_items=[wished])

    lines = company.client.v1.checkout.sessions.line_items.list(
        session.id, {"expand": ["data.price.product"]}
    )

    [item] = lines.data
    assert (item.quantity, item.amount_total, item.price.unit_amount) == (2, 24_000, 12_000)
    assert item.metadata["sku"] == "D-40"
    assert item.price.product.name == "Drift"
    assert item.price.product.description == "Wide"
    assert item.price.product.metadata["color"] == "moss"


def test_lines_come_in_pages(company):
    session = company.open(line_items=[line(f"Shoe {i}", 100) for i in range(25)])

    lines = company.client.v1.checkout.sessions.line_items.list(session.id)

    assert (len(lines.data), lines.has_more) == (10, True)
    assert [item.description for item in lines.auto_paging_iter()] == [
        f"Shoe {i}" for i in range(25)
    ]


def test_lines_after_an_unknown_one_are_missing(company):
    session = company.open()

    error = company.refused(
        lambda: company.client.v1.checkout.sessions.line_items.list(
            session.id, {"starting_after": "li_none"}
        )
    )

    assert error.code == "resource_missing"


def test_lines_show_only_when_asked_for_and_ten_at_most(company):
    session = company.open(line_items=[line(f"Shoe {i}", 100) for i in range(11)])

    assert "line_items" not in session.to_dict()
    shown = company.session(session.id, "line_items").line_items
    assert (len(shown.data), shown.has_more) == (10, True)


def test_delivery_is_opened_by_expand_or_by_id(company):
    estimate = {"minimum": {"unit": "business_day", "value": 2}}
    wished = delivery("Van", 800)
    wished["shipping_rate_data"] |= {"delivery_estimate": estimate, "metadata": {"method": "v"}}
    session = company.open(shipping_options=[wished])

    rate = company.session(session.id, "shipping_cost.shipping_rate").shipping_cost.shipping_rate

    assert (rate.display_name, rate.fixed_amount.amount) == ("Van", 800)
    assert rate.delivery_estimate.minimum.value == 2
    assert rate.metadata["method"] == "v"
    assert company.client.v1.shipping_rates.retrieve(rate.id).display_name == "Van"


def test_what_cannot_be_expanded_is_refused(company):
    session = company.open()

    for path in ("metadata", "nothing", "nothing.payment_intent"):
        error = company.refused(lambda path=path: company.session(session.id, path))
        assert (error.http_status, error.param) == (400, "expand")


def test_expanding_what_is_not_there_yet_shows_nothing(company):
    session = company.open()

    found = company.session(session.id, "payment_intent.latest_charge")

    assert found.payment_intent is None


def test_sessions_list_newest_first_in_pages(company):
    made = [company.open().id for _ in range(5)]

    listed = company.client.v1.checkout.sessions.list({"limit": 2})

    assert [s.id for s in listed.data] == made[:2:-1]
    assert listed.has_more
    assert [s.id for s in listed.auto_paging_iter()] == made[::-1]
    assert not company.client.v1.checkout.sessions.list({"limit": 5}).has_more


def test_sessions_list_by_status_and_intent(company):
    waiting, paid = company.open(), company.paid()
    closed = company.client.v1.checkout.sessions.expire(company.open().id)
    sessions = company.client.v1.checkout.sessions

    def ids(**by):
        return [s.id for s in sessions.list(by).data]

    assert ids(status="open") == [waiting.id]
    assert ids(status="complete") == [paid.id]
    assert ids(status="expired") == [closed.id]
    assert ids(payment_intent=paid.payment_intent) == [paid.id]
    assert ids(payment_intent="pi_none") == []


def test_sessions_list_by_time(company, later):
    first = company.open()
    later(100)
    second = company.open()
    sessions = company.client.v1.checkout.sessions

    def ids(created):
        return [s.id for s in sessions.list({"created": created}).data]

    assert ids({"gt": first.created}) == [second.id]
    assert ids({"gte": first.created}) == [second.id, first.id]
    assert ids({"lt": second.created}) == [first.id]
    assert ids({"lte": second.created}) == [second.id, first.id]
    assert ids(first.created) == [first.id]


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_out_of_range_is_refused(company, limit):
    error = company.refused(lambda: company.client.v1.checkout.sessions.list({"limit": limit}))

    assert (error.code, error.param) == ("parameter_invalid_integer", "limit")


def test_the_list_after_an_unknown_session_is_missing(company):
    error = company.refused(
        lambda: company.client.v1.checkout.sessions.list({"starting_after": "cs_none"})
    )

    assert (error.http_status, error.param) == (404, "starting_after")


def test_a_closed_session_is_expired_and_has_no_page(company):
    session = company.client.v1.checkout.sessions.expire(company.open().id)

    assert (session.status, session.payment_status, session.url) == ("expired", "unpaid", None)


def test_closing_twice_or_after_paying_is_refused(company):
    sessions = company.client.v1.checkout.sessions
    closed, paid = sessions.expire(company.open().id), company.paid()

    for session in (closed, paid):
        error = company.refused(lambda id=session.id: sessions.expire(id))
        assert error.http_status == 400
        assert f"has a status of {session.status}" in str(error)


def test_a_session_expires_by_itself_when_its_time_has_passed(company, later):
    session = company.open()
    later(24 * 60 * 60 - 2)
    assert company.session(session.id).status == "open"

    later(2)

    assert company.session(session.id).status == "expired"


def test_the_intent_of_a_declined_then_expired_session_is_canceled(company):
    session = company.open()
    company.submit(session, card="4000000000000002")

    company.client.v1.checkout.sessions.expire(session.id)

    intent = company.session(session.id, "payment_intent").payment_intent
    assert (intent.status, intent.cancellation_reason) == ("canceled", "expired")
