"""The company fails as it is told to, and only then."""

import http.client
import time

import pytest
import stripe

from storefront.demo.payments import running

from .conftest import KEY, Company, client_of, flat, send, wish

OPEN = {"method": "POST", "path": "/v1/checkout/sessions"}


@pytest.fixture
def company():
    with running(":memory:", key=KEY) as url:
        yield Company(url, client_of(url))


def sessions(company):
    return company.client.v1.checkout.sessions.list().data


def test_an_error_answers_500_and_does_nothing(company):
    company.told("faults", kind="error", **OPEN)

    error = company.refused(company.open)

    assert (error.http_status, sessions(company)) == (500, [])
    assert error.request_id.startswith("req_")
    assert company.open().status == "open"


def test_an_error_leaves_the_line_fit_for_the_next_request(company):
    company.told("faults", kind="error", **OPEN)
    line = http.client.HTTPConnection(company.url.removeprefix("http://"), timeout=10)
    answers = []

    for method, path in (("POST", "/v1/checkout/sessions"), ("GET", "/v1/events")):
        line.request(method, path, "mode=payment", {"Authorization": f"Bearer {KEY}"})
        answer = line.getresponse()
        answers.append((answer.status, answer.read()[:1]))
    line.close()

    assert answers == [(500, b"{"), (200, b"{")]


def test_a_cut_line_gives_no_answer_and_does_nothing(company):
    company.told("faults", kind="cut", **OPEN)

    error = company.refused(company.open)

    assert isinstance(error, stripe.APIConnectionError)
    assert sessions(company) == []


def test_a_lost_answer_leaves_the_work_done(company):
    company.told("faults", kind="lost", **OPEN)

    error = company.refused(company.open)

    assert isinstance(error, stripe.APIConnectionError)
    assert len(sessions(company)) == 1


def test_the_same_key_finds_the_answer_that_was_lost(company):
    company.told("faults", kind="lost", **OPEN)

    session = company.client.v1.checkout.sessions.create(
        wish(), {"idempotency_key": "k1", "max_network_retries": 1}
    )

    assert [found.id for found in sessions(company)] == [session.id]


def test_a_delay_waits_before_working(company):
    company.told("faults", kind="delay", seconds=0.3, **OPEN)
    started = time.monotonic()

    session = company.open()

    assert time.monotonic() - started >= 0.3
    assert session.status == "open"


def test_a_delayed_request_ends_with_the_company():
    with running(":memory:", key=KEY) as url:
        company = Company(url, client_of(url))
        company.told("faults", kind="delay", seconds=100)
        line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
        line.request("GET", "/v1/events", headers={"Authorization": f"Bearer {KEY}"})
        _until(lambda: company.raw("GET", "/_test/faults").json["faults"][0]["happened"])

    with pytest.raises(ConnectionError):
        line.getresponse()
    line.close()


def test_a_fault_happens_as_often_as_told(company):
    company.told("faults", kind="error", times=2, **OPEN)

    answers = [company.raw("POST", OPEN["path"], flat(wish())).status for _ in range(4)]

    assert answers == [500, 500, 200, 200]
    [fault] = company.raw("GET", "/_test/faults").json["faults"]
    assert (fault["kind"], fault["times"], fault["happened"]) == ("error", 2, 2)


def test_a_fault_happens_by_chance(company):
    company.told("faults", kind="error", times=400, chance=0.5)

    answers = [company.raw("GET", "/v1/events").status for _ in range(60)]

    assert set(answers) == {200, 500}


def test_faults_follow_each_other(company):
    company.told("faults", kind="error")
    company.told("faults", kind="cut")

    assert company.raw("GET", "/v1/events").status == 500
    with pytest.raises(ConnectionError):
        company.raw("GET", "/v1/events")
    assert company.raw("GET", "/v1/events").status == 200


def test_clearing_ends_all_faults(company):
    company.told("faults", kind="error", times=9)

    assert company.raw("DELETE", "/_test/faults").json == {"faults": []}
    assert company.raw("GET", "/v1/events").status == 200


@pytest.mark.parametrize("path", ["/v1/checkout/sessions/{id}", "/v1/checkout/sessions/{session}"])
def test_a_pattern_stands_for_every_thing_there(company, path):
    session = company.open()
    company.told("faults", kind="error", method="GET", path=path, times=9)

    for id, status in ((session.id, 500), ("cs_test_none", 500), (f"{session.id}/line_items", 200)):
        assert company.raw("GET", f"/v1/checkout/sessions/{id}").status == status
    assert company.raw("POST", f"/v1/checkout/sessions/{session.id}/expire", {}).status == 200


def test_an_address_stands_for_itself(company):
    first, second = company.open(), company.open()
    company.told("faults", kind="error", path=f"/v1/checkout/sessions/{first.id}", times=9)

    assert company.raw("GET", f"/v1/checkout/sessions/{first.id}").status == 500
    assert company.session(second.id).status == "open"


def test_the_payment_page_can_fail_too(company):
    session = company.open()
    company.told("faults", kind="lost", method="POST", path="/pay/{id}")

    with pytest.raises(ConnectionError):
        company.submit(session)

    assert company.session(session.id).payment_status == "paid"


def test_pages_and_controls_work_while_the_whole_interface_fails(company):
    company.told("faults", kind="cut", times=9)

    assert send("GET", company.url).status == 200
    assert company.raw("GET", "/_test/faults").status == 200


def test_there_is_an_end_to_faults(company):
    for _ in range(100):
        company.told("faults", kind="error", path="/v1/events")

    assert company.tell("faults", kind="error").status == 400


def _until(true):
    for _ in range(250):
        if true():
            return
        time.sleep(0.02)
    raise AssertionError("it never came true")
