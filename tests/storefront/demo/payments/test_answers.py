"""The same Idempotency-Key does its work once."""

from concurrent.futures import ThreadPoolExecutor

import stripe

from storefront.demo.payments import running

from .conftest import KEY, client_of, wish


def create(client, key, **changes):
    return client.v1.checkout.sessions.create(wish(**changes), {"idempotency_key": key})


def test_a_repeated_request_gets_the_same_session(company):
    first, second = create(company.client, "k1"), create(company.client, "k1")

    assert second.id == first.id
    assert len(company.client.v1.checkout.sessions.list().data) == 1
    assert "Idempotent-Replayed" not in first.last_response.headers
    assert second.last_response.headers["Idempotent-Replayed"] == "true"
    assert second.last_response.headers["Original-Request"] == first.last_response.request_id


def test_a_repeated_request_gets_the_answer_as_it_was(company):
    first = create(company.client, "k1")
    company.client.v1.checkout.sessions.expire(first.id)

    assert create(company.client, "k1").status == "open"


def test_the_order_of_parameters_does_not_matter(company):
    first = create(company.client, "k1")
    turned = dict(reversed(wish().items()))

    second = company.client.v1.checkout.sessions.create(turned, {"idempotency_key": "k1"})

    assert second.id == first.id


def test_other_parameters_under_the_same_key_are_refused(company):
    create(company.client, "k1")

    error = company.refused(lambda: create(company.client, "k1", client_reference_id="R8"))

    assert isinstance(error, stripe.IdempotencyError)
    assert error.http_status == 400


def test_another_address_under_the_same_key_is_refused(company):
    sessions = company.client.v1.checkout.sessions
    first, second = company.open(), company.open()
    sessions.expire(first.id, {}, {"idempotency_key": "k1"})

    error = company.refused(lambda: sessions.expire(second.id, {}, {"idempotency_key": "k1"}))

    assert isinstance(error, stripe.IdempotencyError)


def test_a_request_that_failed_its_checks_uses_up_no_key(company):
    company.refused(lambda: create(company.client, "k1", mode="gift"))
    company.refused(lambda: create(company.client, "k1", success_url="nowhere"))

    assert create(company.client, "k1").status == "open"


def test_a_refused_work_is_refused_again_under_its_key(company):
    intent = company.paid().payment_intent
    refunds = company.client.v1.refunds

    def ask(amount):
        return refunds.create(
            {"payment_intent": intent, "amount": amount}, {"idempotency_key": "k1"}
        )

    company.refused(lambda: ask(1_000_000))
    again = company.refused(lambda: ask(1_000_000))

    assert (again.http_status, again.param) == (400, "amount")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert isinstance(company.refused(lambda: ask(1)), stripe.IdempotencyError)


def test_twenty_at_once_under_one_key_open_one_session(company):
    with ThreadPoolExecutor(20) as pool:
        ids = {s.id for s in pool.map(lambda _: create(company.client, "k1"), range(20))}

    assert len(ids) == 1
    assert len(company.client.v1.checkout.sessions.list().data) == 1


def test_keys_survive_a_restart(tmp_path):
    with running(tmp_path / "state", key=KEY) as url:
        first = create(client_of(url), "k1")

    with running(tmp_path / "state", key=KEY) as url:
        assert create(client_of(url), "k1").id == first.id


def test_a_key_is_forgotten_after_a_day(company, later):
    first = create(company.client, "k1")
    later(24 * 60 * 60 + 1)
    create(company.client, "k2")

    assert create(company.client, "k1").id != first.id


def test_too_long_a_key_is_refused(company):
    assert create(company.client, "k" * 255).status == "open"
    assert company.refused(lambda: create(company.client, "k" * 256)).http_status == 400


def test_reading_takes_no_notice_of_a_key(company):
    for _ in range(2):
        answer = company.raw("GET", "/v1/events", **{"Idempotency-Key": "k1"})
        assert "Idempotent-Replayed" not in answer.headers
