"""What a developer sees on the front page."""

from .conftest import send


def test_the_front_page_shows_sessions_and_deliveries(company, shop):
    session = company.paid(client_reference_id="R7")
    shop.events(2)

    page = send("GET", company.url).text

    assert f'href="/pay/{session.id}">R7</a>' in page
    assert "<td>complete</td><td>paid</td>" in page
    assert "checkout.session.completed" in page


def test_the_front_page_of_a_new_company_says_what_it_is(shared):
    page = send("GET", shared.url)

    assert page.status == 200
    assert "No money moves." in page.text
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
