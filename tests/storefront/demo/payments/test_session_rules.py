"""What Stripe demands of a Session beyond types: each limit, from both sides."""

import time

import pytest

from .conftest import delivery, line


@pytest.fixture
def company(shared):
    return shared


def refusal(company, **changes):
    error = company.refused(lambda: company.open(**changes))
    assert error.http_status == 400
    return error.code, error.param


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"mode": None}, "parameter_missing", "mode"),
        ({"mode": "subscription"}, None, "mode"),
        ({"ui_mode": "embedded_page"}, None, "ui_mode"),
        ({"success_url": None}, "parameter_missing", "success_url"),
        ({"success_url": "/return"}, "url_invalid", "success_url"),
        ({"success_url": "javascript:alert(1)"}, "url_invalid", "success_url"),
        ({"success_url": "http://shop.test;x/"}, "url_invalid", "success_url"),
        ({"cancel_url": "http://shop.test/a b"}, "url_invalid", "cancel_url"),
        ({"customer_email": "nobody"}, "email_invalid", "customer_email"),
        ({"automatic_tax": {"enabled": True}}, None, "line_items[0][price_data][tax_behavior]"),
        ({"line_items": None}, "parameter_missing", "line_items"),
        ({"line_items": [line("Shoe", 100)] * 101}, None, "line_items"),
        (
            {"line_items": [{"quantity": 1}]},
            "parameter_missing",
            "line_items[0][price_data]",
        ),
        (
            {"line_items": [{"price_data": line("Shoe", 100)["price_data"]}]},
            "parameter_missing",
            "line_items[0][quantity]",
        ),
        (
            {"line_items": [{"quantity": 1, "price_data": {"currency": "usd"}}]},
            "parameter_missing",
            "line_items[0][price_data][product_data]",
        ),
        (
            {
                "line_items": [
                    {
                        "quantity": 1,
                        "price_data": {"currency": "usd", "product_data": {"name": "Shoe"}},
                    }
                ]
            },
            "parameter_missing",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items": [line("Shoe", -1)]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        (
            {"line_items": [line("Shoe", 100, 0)]},
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        ),
        (
            {"line_items": [line("Shoe", 100_000_000)]},
            "parameter_invalid_integer",
            "line_items[0][price_data][unit_amount]",
        ),
        ({"shipping_options": [delivery("Van", 1)] * 6}, None, "shipping_options"),
        (
            {"shipping_options": [{"shipping_rate_data": {"display_name": "Van"}}]},
            "parameter_missing",
            "shipping_options[0][shipping_rate_data][fixed_amount]",
        ),
        (
            {"shipping_options": [delivery("Van", -1)]},
            "parameter_invalid_integer",
            "shipping_options[0][shipping_rate_data][fixed_amount][amount]",
        ),
        (
            {"line_items": [line("Shoe", 100), line("Lace", 100, currency="eur")]},
            None,
            "line_items[1][price_data][currency]",
        ),
        (
            {"shipping_options": [delivery("Van", 100, "eur")]},
            None,
            "shipping_options[0][shipping_rate_data][fixed_amount][currency]",
        ),
        ({"currency": "eur"}, None, "line_items[0][price_data][currency]"),
        (
            {"line_items": [line("Shoe", 100, currency="dollars")]},
            None,
            "line_items[0][price_data][currency]",
        ),
        (
            {"line_items": [line("Lace", 49)], "shipping_options": None},
            "amount_too_small",
            None,
        ),
        (
            {"line_items": [line("Gift", 0)], "shipping_options": [delivery("Van", 49)]},
            "amount_too_small",
            None,
        ),
        ({"line_items": [line("Shoe", 99_999_999, 2)]}, "amount_too_large", None),
        ({"metadata": {f"key{i}": "v" for i in range(51)}}, None, "metadata"),
        ({"metadata": {"k" * 41: "v"}}, None, "metadata"),
        ({"metadata": {"key": "v" * 501}}, None, "metadata[key]"),
        (
            {"payment_intent_data": {"metadata": {"key": "v" * 501}}},
            None,
            "payment_intent_data[metadata][key]",
        ),
        (
            {"line_items": [line("Shoe", 100) | {"metadata": {"key": "v" * 501}}]},
            None,
            "line_items[0][metadata][key]",
        ),
    ],
)
def test_a_rule_is_held(company, changes, code, param):
    assert refusal(company, **changes) == (code, param)


@pytest.mark.parametrize("seconds", [30 * 60 - 5, 24 * 60 * 60 + 5])
def test_a_life_too_short_or_too_long_is_refused(company, seconds):
    assert refusal(company, expires_at=int(time.time()) + seconds) == (None, "expires_at")


@pytest.mark.parametrize("seconds", [30 * 60 + 5, 24 * 60 * 60 - 5])
def test_a_life_within_the_limits_is_granted(company, seconds):
    end = int(time.time()) + seconds

    assert company.open(expires_at=end).expires_at == end


def test_everything_at_its_limit_is_granted(company):
    session = company.open(
        line_items=[line("Shoe", 1)] * 100,
        shipping_options=[delivery("Van", i) for i in range(5)],
        metadata={f"{i:040}": "v" * 500 for i in range(50)},
        currency="USD",
    )

    assert session.amount_subtotal == 100
    assert session.currency == "usd"
    assert len(session.shipping_options) == 5
    assert len(session.metadata.to_dict()) == 50


def test_the_smallest_charge_is_granted(company):
    session = company.open(line_items=[line("Lace", 50)], shipping_options=None)

    assert session.amount_total == 50


def test_metadata_with_an_empty_value_is_not_set(company):
    session = company.open(metadata={"order": "7", "note": ""})

    assert session.metadata.to_dict() == {"order": "7"}
