"""Money given back: all, some, never too much."""

import pytest


@pytest.fixture
def company(shared):
    return shared


def refund(company, **params):
    return company.client.v1.refunds.create(params)


def test_a_refund_without_amount_gives_all_back(company):
    session = company.paid()

    made = refund(
        company,
        payment_intent=session.payment_intent,
        reason="requested_by_customer",
        metadata={"return": "R1"},
    )

    charge = company.client.v1.charges.retrieve(made.charge)
    assert (made.amount, made.currency, made.status) == (24_800, "usd", "succeeded")
    assert (made.reason, made.metadata["return"]) == ("requested_by_customer", "R1")
    assert made.payment_intent == session.payment_intent
    assert (charge.amount_refunded, charge.refunded) == (24_800, True)


def test_parts_add_up_to_the_whole_and_no_further(company):
    intent = company.paid().payment_intent
    refund(company, payment_intent=intent, amount=4_800)

    too_much = company.refused(lambda: refund(company, payment_intent=intent, amount=20_001))
    rest = refund(company, payment_intent=intent)
    nothing_left = company.refused(lambda: refund(company, payment_intent=intent, amount=1))

    assert (too_much.http_status, too_much.param) == (400, "amount")
    assert rest.amount == 20_000
    assert nothing_left.code == "charge_already_refunded"


def test_a_part_leaves_the_charge_not_fully_refunded(company):
    made = refund(company, payment_intent=company.paid().payment_intent, amount=100)

    charge = company.client.v1.charges.retrieve(made.charge)

    assert (charge.amount_refunded, charge.refunded) == (100, False)


def test_a_refund_may_name_the_charge(company):
    session = company.paid()
    intent = company.client.v1.payment_intents.retrieve(session.payment_intent)

    assert refund(company, charge=intent.latest_charge).payment_intent == intent.id


def test_a_declined_payment_cannot_be_refunded(company):
    session = company.open()
    company.submit(session, card="4000000000000002")
    intent = company.session(session.id, "payment_intent").payment_intent

    for params in ({"payment_intent": intent.id}, {"charge": intent.latest_charge}):
        error = company.refused(lambda params=params: refund(company, **params))
        assert (error.http_status, error.param) == (400, next(iter(params)))


@pytest.mark.parametrize(
    ("params", "status", "code", "param"),
    [
        ({}, 400, "parameter_missing", None),
        ({"charge": "a", "payment_intent": "b"}, 400, "parameters_exclusive", None),
        ({"payment_intent": "pi_none"}, 404, "resource_missing", "payment_intent"),
        ({"charge": "ch_none"}, 404, "resource_missing", "charge"),
        ({"charge": "a", "amount": 0}, 400, "parameter_invalid_integer", "amount"),
        ({"charge": "a", "reason": "whim"}, 400, None, "reason"),
        ({"charge": "a", "metadata": {"key": "v" * 501}}, 400, None, "metadata[key]"),
        ({"charge": "a", "reverse_transfer": True}, 400, None, "reverse_transfer"),
    ],
)
def test_a_wrong_refund_is_refused(company, params, status, code, param):
    error = company.refused(lambda: refund(company, **params))

    assert (error.http_status, error.code, error.param) == (status, code, param)


def test_refunds_list_by_intent_and_charge(company):
    first, second = company.paid(), company.paid()
    made = [refund(company, payment_intent=first.payment_intent, amount=a) for a in (1, 2)]
    other = refund(company, payment_intent=second.payment_intent)
    refunds = company.client.v1.refunds

    def ids(**by):
        return [r.id for r in refunds.list(by).data]

    assert ids(payment_intent=first.payment_intent) == [made[1].id, made[0].id]
    assert ids(charge=other.charge) == [other.id]
    assert ids(limit=3) == [other.id, made[1].id, made[0].id]
    assert refunds.retrieve(other.id).amount == other.amount


def test_charges_and_intents_can_be_listed(company):
    first, second = company.paid(), company.paid()
    v1 = company.client.v1

    [charge] = v1.charges.list({"payment_intent": first.payment_intent}).data

    assert charge.payment_intent == first.payment_intent
    assert [i.id for i in v1.payment_intents.list({"limit": 2}).data] == [
        second.payment_intent,
        first.payment_intent,
    ]
