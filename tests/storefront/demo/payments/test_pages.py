"""The payment page, as a browser without script sees and sends it."""

from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser

import pytest

from .conftest import DECLINED, PAYS, TYPED, delivery, line, send


@pytest.fixture
def company(shared):
    return shared


class Page(HTMLParser):
    """The tags of a page with their attributes, and what fields say of themselves."""

    def __init__(self, text):
        super().__init__()
        self.tags = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def all(self, *tags):
        return [attrs for tag, attrs in self.tags if tag in tags]

    def value(self, name):
        for tag, attrs in self.tags:
            if attrs.get("name") == name and tag == "input":
                return attrs["value"]
        selected = [a["value"] for a in self.all("option") if "selected" in a]
        return selected[0] if selected else None


def test_the_page_shows_the_order_and_that_it_is_a_test(company):
    session = company.open(
        customer_email="ann@shop.test",
        custom_text={"submit": {"message": "Kept until noon."}},
        expires_at=None,
    )

    answer = send("GET", session.url)

    assert answer.status == 200
    for text in (
        "This is a test payment page. No money moves.",
        "Drift, left and right",
        "240.00 USD",
        "Standard: 8.00 USD,\ntotal 248.00 USD",
        "Express: 20.00 USD,\ntotal 260.00 USD",
        "Subtotal, without delivery",
        "<strong>240.00 USD</strong>",
        "Kept until noon.",
        'value="ann@shop.test"',
    ):
        assert text in answer.text
    assert "This page is open until" not in answer.text  # the shop says it in its own time


def test_the_page_has_its_fields_labels_and_buttons(company):
    session = company.open(phone_number_collection={"enabled": True})

    page = Page(send("GET", session.url).text)

    names = {a["name"] for a in page.all("input", "select")}
    assert names == set(TYPED) | {"shipping_rate", "card"}
    assert [a["name"] for a in page.all("button")] == ["pay", "cancel"]
    labelled = {a["for"] for a in page.all("label")}
    assert {a["id"] for a in page.all("input", "select")} == labelled
    radios = [a for a in page.all("input") if a["type"] == "radio"]
    assert ["checked" in radio for radio in radios] == [True, False]
    autocomplete = {
        a["name"]: a["autocomplete"]
        for a in page.all("input", "select")
        if a["name"] != "shipping_rate"
    }
    assert autocomplete["postal_code"] == "postal-code"
    assert autocomplete["card"] == "off"
    assert page.all("html") == [{"lang": "en"}]
    assert [a["value"] for a in page.all("option")] == ["", "US", "CA"]


def test_the_page_asks_only_for_what_the_shop_asked(company):
    session = company.open(shipping_address_collection=None, shipping_options=None, cancel_url=None)

    page = Page(send("GET", session.url).text)

    assert [a["name"] for a in page.all("input", "select")] == ["email", "name", "phone", "card"]
    assert [a["name"] for a in page.all("button")] == ["pay"]
    assert company.submit(session).status == 303
    assert company.session(session.id).collected_information.shipping_details is None


def test_the_only_country_is_chosen_already(company):
    session = company.open(shipping_address_collection={"allowed_countries": ["CA"]})

    assert Page(send("GET", session.url).text).value("country") == "CA"


def test_the_page_lets_nothing_in_and_only_the_shop_out(company):
    session = company.open(cancel_url="https://cart.test:444/x")

    answer = send("GET", session.url)

    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'self' http://shop.test"
        " https://cart.test:444; base-uri 'none'; frame-ancestors 'none'"
    )
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    [sheet] = [a["href"] for a in Page(answer.text).all("link")]
    assert send("GET", company.url + sheet).headers["Content-Type"].startswith("text/css")
    assert not Page(answer.text).all("script", "img", "style", "iframe")
    assert not any("style" in attrs for _, attrs in Page(answer.text).tags)


def test_what_the_shop_wrote_is_shown_as_text(company):
    session = company.open(line_items=[line("<script>alert(1)</script>", 5000)])

    assert "&lt;script&gt;" in send("GET", session.url).text


def test_paying_goes_back_with_the_session_id_and_records_who_and_where(company):
    session = company.open(phone_number_collection={"enabled": True})
    express = session.shipping_options[1].shipping_rate

    answer = company.submit(session, shipping_rate=express, phone="+1 217 555 0100", line2=" B2 ")

    assert answer.status == 303
    assert answer.headers["Location"] == f"http://shop.test/return?session_id={session.id}"
    found = company.session(session.id, "payment_intent.latest_charge")
    assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
    assert (found.amount_total, found.total_details.amount_shipping) == (26_000, 2_000)
    assert found.shipping_cost.shipping_rate == express
    goes_to = found.collected_information.shipping_details
    assert goes_to.name == "Ann Smith"
    assert goes_to.address.to_dict() == {
        "line1": "1 Main Street",
        "line2": "B2",
        "city": "Springfield",
        "state": "IL",
        "postal_code": "62701",
        "country": "US",
    }
    customer = found.customer_details
    assert (customer.email, customer.phone) == ("ann@example.com", "+1 217 555 0100")
    intent = found.payment_intent
    assert (intent.status, intent.amount, intent.amount_received) == ("succeeded", 26_000, 26_000)
    charge = intent.latest_charge
    assert (charge.paid, charge.amount, charge.status) == (True, 26_000, "succeeded")
    assert charge.payment_method_details.card.last4 == "4242"


def test_the_intent_carries_what_the_shop_gave_for_it(company):
    session = company.paid(
        payment_intent_data={"description": "Order 7", "metadata": {"order": "7"}}
    )

    intent = company.client.v1.payment_intents.retrieve(session.payment_intent)

    assert (intent.description, intent.metadata["order"]) == ("Order 7", "7")


@pytest.mark.parametrize("card", ["4242424242424242", " 4242 4242 4242 4242 "])
def test_spaces_in_the_card_number_do_not_matter(company, card):
    assert company.submit(company.open(), card=card).status == 303


def test_a_declined_card_keeps_all_fields_and_may_be_tried_again(company):
    session = company.open()
    express = session.shipping_options[1].shipping_rate

    answer = company.submit(session, card=DECLINED, shipping_rate=express)

    assert answer.status == 402
    assert "Your card was declined. Nothing was paid." in answer.text
    page = Page(answer.text)
    kept = {name: page.value(name) for name in TYPED if name != "phone"}
    assert kept == {name: value for name, value in TYPED.items() if name != "phone"}
    assert page.value("card") == DECLINED
    assert [a["value"] for a in page.all("input") if "checked" in a] == [express]
    declined = company.session(session.id, "payment_intent.latest_charge")
    assert (declined.status, declined.payment_status) == ("open", "unpaid")
    assert declined.payment_intent.status == "requires_payment_method"
    assert declined.payment_intent.last_payment_error.code == "card_declined"
    assert declined.payment_intent.latest_charge.paid is False

    assert company.submit(session).status == 303
    paid = company.session(session.id, "payment_intent")
    assert paid.payment_intent.id == declined.payment_intent.id
    assert paid.payment_intent.last_payment_error is None
    assert paid.payment_intent.amount == paid.amount_total == 24_800


@pytest.mark.parametrize(
    ("changes", "name", "sentence"),
    [
        ({"email": " "}, "email", "Enter your email address."),
        ({"email": "ann"}, "email", "Enter an email address like name@example.com."),
        ({"name": ""}, "name", "Enter your name."),
        ({"line1": ""}, "line1", "Enter the street and number."),
        ({"city": ""}, "city", "Enter the town or city."),
        ({"city": "x" * 201}, "city", "Use at most 200 characters."),
        ({"postal_code": ""}, "postal_code", "Enter the ZIP or postal code."),
        ({"country": ""}, "country", "Choose a country."),
        ({"country": "DE"}, "country", "Choose a country."),
        ({"shipping_rate": "shr_other"}, "shipping_rate", "Choose a delivery."),
        ({"card": ""}, "card", "Enter a test card number."),
        ({"card": "4111 1111 1111 1111"}, "card", "This page takes test cards only."),
    ],
)
def test_a_wrong_field_is_told_and_nothing_is_paid(company, changes, name, sentence):
    session = company.open()

    answer = company.submit(session, **changes)

    assert answer.status == 422
    assert f'<li><a href="#{name}">{sentence}' in answer.text
    assert f'id="{name}-error"' in answer.text
    assert f'id="{name}"' in answer.text
    assert "<title>Error: " in answer.text
    assert "4111" not in answer.text
    found = company.session(session.id)
    assert (found.status, found.payment_intent) == ("open", None)


def test_what_may_be_left_out_may_be_left_out(company):
    session = company.open(phone_number_collection={"enabled": True})

    assert company.submit(session, line2="", state="", phone="").status == 303

    found = company.session(session.id)
    assert found.collected_information.shipping_details.address.state is None
    assert found.customer_details.phone is None


def test_canceling_goes_to_the_shop_and_leaves_the_session_open(company):
    session = company.open()

    answer = company.submit(session, "cancel", email="", card="")

    assert (answer.status, answer.headers["Location"]) == (303, "http://shop.test/cart")
    assert company.session(session.id).status == "open"


def test_many_clicks_at_once_pay_once(company):
    session = company.open()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: company.submit(session), range(8)))

    assert {(a.status, a.headers["Location"]) for a in answers} == {
        (303, f"http://shop.test/return?session_id={session.id}")
    }
    intent = company.session(session.id).payment_intent
    assert len(company.client.v1.charges.list({"payment_intent": intent}).data) == 1
    newest = company.client.v1.events.list({"limit": 3}).data
    assert [event.data.object.id for event in newest][:2] == [session.id, intent]
    assert intent not in newest[2].data.object.id


def test_a_paid_page_says_so_and_leads_back(company):
    session = company.paid()

    answer = send("GET", f"{company.url}/pay/{session.id}")

    assert answer.status == 200
    assert "Already paid" in answer.text
    assert f'href="http://shop.test/return?session_id={session.id}"' in answer.text


@pytest.mark.parametrize(
    ("cancel_url", "back"),
    [("http://shop.test/cart", "http://shop.test/cart"), (None, "http://shop.test")],
)
def test_an_expired_page_says_so_and_takes_no_payment(company, later, cancel_url, back):
    session = company.open(cancel_url=cancel_url)
    later(24 * 60 * 60)

    for answer in (company.submit(session), send("GET", session.url)):
        assert answer.status == 410
        assert "This page has closed" in answer.text
        assert f'href="{back}"' in answer.text
    assert company.session(session.id).payment_status == "unpaid"


def test_an_unknown_page_says_so(company):
    for method in ("GET", "POST"):
        answer = send(method, f"{company.url}/pay/cs_test_none", {} if method == "POST" else None)
        assert answer.status == 404
        assert "This page does not exist" in answer.text


def test_a_total_of_nothing_needs_no_card(company):
    session = company.open(
        line_items=[line("Gift", 0)],
        shipping_options=[delivery("Pick up", 0), delivery("Van", 500)],
    )
    pick_up, van = [option.shipping_rate for option in session.shipping_options]

    assert company.submit(session, card="", shipping_rate=van).status == 422
    assert company.submit(session, card="", shipping_rate=pick_up).status == 303

    found = company.session(session.id)
    assert (found.status, found.payment_status) == ("complete", "no_payment_required")
    assert (found.payment_intent, found.amount_total) == (None, 0)


@pytest.mark.parametrize(
    ("currency", "shown"), [("jpy", "1,234 JPY"), ("kwd", "1.234 KWD"), ("eur", "12.34 EUR")]
)
def test_amounts_are_written_as_their_currency_is(company, currency, shown):
    session = company.open(
        line_items=[line("Shoe", 1234, currency=currency)], shipping_options=None
    )

    assert f"<strong>{shown}</strong>" in send("GET", session.url).text


def test_the_tests_card_is_the_one_the_page_names(company):
    assert f"{PAYS} pays" in send("GET", company.open().url).text
