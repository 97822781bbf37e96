"""`flask payments connect`: the company is told once where to send our events."""

from collections.abc import Iterator

import pytest
import requests
from click.testing import Result
from flask import Flask

from storefront.checkout import connection
from storefront.checkout.payments import API_VERSION, EVENTS, Refused, StripePayments
from storefront.checkout.setting import payments
from tests.payments import Company
from wsgi import TEST_KEY

ADDRESS = "http://localhost/webhooks/stripe"


@pytest.fixture(autouse=True)
def unconnected(app: Flask) -> Iterator[None]:
    """No endpoint is there before or after a test."""
    yield
    for endpoint in payments().endpoints():
        payments().disconnect(endpoint.endpoint_id)


def connect(app: Flask, *options: str) -> Result:
    return app.test_cli_runner().invoke(args=["payments", "connect", *options])


def secret_of(result: Result) -> str:
    return str(result.output.rpartition("STRIPE_WEBHOOK_SECRET=")[2].splitlines()[0])


def endpoints(company: Company) -> list[dict[str, object]]:
    answer = requests.get(f"{company.url}/v1/webhook_endpoints", auth=(TEST_KEY, ""), timeout=10)
    return list(answer.json()["data"])


def test_it_asks_for_our_events_alone_and_prints_the_secret(app: Flask, company: Company) -> None:
    assert connection.problem(payments(), "http://localhost") == connection.NONE

    result = connect(app)

    assert result.exit_code == 0, result.output
    assert secret_of(result).startswith("whsec_")
    (made,) = endpoints(company)
    assert (made["url"], made["api_version"]) == (ADDRESS, API_VERSION)
    assert made["enabled_events"] == list(EVENTS)
    assert connection.problem(payments(), "http://localhost") == ""


def test_a_second_time_it_says_so_and_replaces_only_when_told(app: Flask, company: Company) -> None:
    secret = secret_of(connect(app))
    (first,) = endpoints(company)

    again = connect(app)
    assert again.exit_code == 1
    assert "already" in again.output and "--replace" in again.output
    assert endpoints(company) == [first]

    replaced = connect(app, "--replace")
    assert replaced.exit_code == 0
    assert secret_of(replaced) not in {"", secret}
    assert [each["url"] for each in endpoints(company)] == [ADDRESS]
    assert endpoints(company)[0]["id"] != first["id"]


def test_an_endpoint_that_lacks_events_is_told_of(app: Flask, company: Company) -> None:
    requests.post(
        f"{company.url}/v1/webhook_endpoints",
        {"url": ADDRESS, "enabled_events[0]": EVENTS[0], "api_version": API_VERSION},
        auth=(TEST_KEY, ""),
        timeout=10,
    ).raise_for_status()

    assert connection.problem(payments(), "http://localhost") == connection.STALE
    assert connection.problem(payments(), "https://elsewhere.test") == connection.NONE


@pytest.mark.parametrize(
    "shop_url",
    ["http://shop.example.com", "https://localhost", "https://10.0.0.7", "https://shop.local"],
)
def test_an_address_that_the_company_cannot_reach_is_refused(
    app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch, shop_url: str
) -> None:
    monkeypatch.setitem(app.config, "STRIPE_API_BASE", "")
    monkeypatch.setitem(app.config, "SHOP_URL", shop_url)

    result = connect(app)

    assert result.exit_code == 1
    assert f"SHOP_URL is {shop_url}" in result.output
    assert endpoints(company) == []


def test_the_secret_is_printed_even_where_the_old_endpoint_stays(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect(app)

    def refuse(*_: object) -> None:
        raise Refused("You may not remove it.")

    with monkeypatch.context() as patch:
        patch.setattr(StripePayments, "disconnect", refuse)
        result = connect(app, "--replace")

    assert secret_of(result).startswith("whsec_")
    assert "You may not remove it." in result.output
