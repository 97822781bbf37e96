"""Parameters that Stripe would refuse are refused, with the code and the name Stripe gives."""

import pytest

from .conftest import line, wish


@pytest.fixture
def company(shared):
    return shared


def refusal(company, **changes):
    error = company.refused(lambda: company.open(**changes))
    assert error.http_status == 400
    return error.code, error.param


def changed_line(**changes):
    return [line("Shoe", 5000) | changes]


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"payment_method_types": ["card"]}, "parameter_unknown", "payment_method_types"),
        ({"line_items": changed_line(color="red")}, "parameter_unknown", "line_items[0][color]"),
        (
            {"line_items": [{"quantity": 1, "price_data": {"unit_amount": 5000}}]},
            "parameter_missing",
            "line_items[0][price_data][currency]",
        ),
        (
            {"line_items": changed_line(quantity="two")},
            "parameter_invalid_integer",
            "line_items[0][quantity]",
        ),
        ({"expires_at": "1.5"}, "parameter_invalid_integer", "expires_at"),
        ({"expires_at": "9" * 30}, "parameter_invalid_integer", "expires_at"),
        ({"allow_promotion_codes": "perhaps"}, None, "allow_promotion_codes"),
        ({"mode": "gift"}, None, "mode"),
        (
            {"shipping_address_collection": {"allowed_countries": ["US", "XX"]}},
            None,
            "shipping_address_collection[allowed_countries][1]",
        ),
        ({"client_reference_id": "x" * 201}, None, "client_reference_id"),
        (
            {"custom_text": {"submit": {"message": "x" * 1201}}},
            None,
            "custom_text[submit][message]",
        ),
        ({"customer_email": ""}, "parameter_invalid_empty", "customer_email"),
        ({"line_items": "shoes"}, None, "line_items"),
        ({"success_url": {"a": "b"}}, None, "success_url"),
        ({"metadata": "all"}, None, "metadata"),
    ],
)
def test_a_wrong_parameter_is_refused(company, changes, code, param):
    assert refusal(company, **changes) == (code, param)


def test_the_longest_allowed_texts_are_taken(company):
    session = company.open(
        client_reference_id="x" * 200, custom_text={"submit": {"message": "y" * 1200}}
    )

    assert session.client_reference_id == "x" * 200
    assert session.custom_text.submit.message == "y" * 1200


def test_what_stripe_knows_but_the_company_does_not_act_on_is_refused(company):
    error = company.refused(lambda: company.open(tax_id_collection={"enabled": True}))

    assert error.param == "tax_id_collection[enabled]"
    assert "does not act on" in str(error)


def test_an_unknown_query_parameter_is_refused(company):
    error = company.refused(lambda: company.client.v1.events.list({"color": "red"}))

    assert (error.code, error.param) == ("parameter_unknown", "color")


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"metadata[a]=%ff%fe", "not form-encoded"),
        ("mode=\u00e9".encode("latin-1"), "not form-encoded"),
        (b"&".join(b"a%d=b" % i for i in range(20_001)), "not form-encoded"),
        (b"[a]=b", "Invalid parameter name"),
        (b"a[b=c", "Invalid parameter name"),
        (b"mode" + b"[b]" * 2000 + b"=c", "Invalid parameter name"),
        (b"mode=c&mode[a]=b", "given twice"),
        (b"mode[a]=b&mode=c", "given twice"),
    ],
)
def test_a_broken_body_is_refused(company, body, told):
    answer = company.raw("POST", "/v1/checkout/sessions", body)

    assert answer.status == 400
    assert told in answer.json["error"]["message"]


def test_an_unknown_parameter_is_told_before_anything_else(company):
    wrong = {"expires_at": "soon", "line_items": changed_line(zebra="1")}

    assert refusal(company, **wrong) == ("parameter_unknown", "line_items[0][zebra]")


def test_lists_may_be_written_with_empty_brackets(company):
    session = company.paid()

    answer = company.raw("GET", f"/v1/checkout/sessions/{session.id}?expand[]=payment_intent")

    assert answer.json["payment_intent"]["object"] == "payment_intent"


def test_items_of_a_list_keep_their_order(company):
    names = [f"Shoe {i}" for i in range(12)]
    lines = [line(name, 100) for name in names]

    session = company.open(line_items=lines)

    found = company.client.v1.checkout.sessions.line_items.list(session.id, {"limit": 100})
    assert [item.description for item in found.data] == names


def test_text_is_kept_as_it_was_written(company):
    name = "Schuh & <b>größe</b> 50% +1 \N{ATHLETIC SHOE}"

    session = company.open(line_items=[line(name, 100)], metadata={"a=b&c": name})

    assert session.metadata.to_dict() == {"a=b&c": name}
    assert company.session(session.id, "line_items").line_items.data[0].description == name


def test_brackets_in_a_key_of_metadata_are_refused(company):
    assert refusal(company, metadata={"a[b]": "c"}) == (None, "metadata[a[b]]")


def test_the_wish_of_these_tests_is_granted(company):
    assert company.client.v1.checkout.sessions.create(wish()).status == "open"
