"""Events come late, doubled, in any order or never, if the company is told so."""

import time


def closed(company, number):
    """Close this many new sessions; return the ids of their events, oldest first."""
    for _ in range(number):
        company.client.v1.checkout.sessions.expire(company.open().id)
    events = company.client.v1.events.list({"limit": number}).data
    return [event.id for event in reversed(events)]


def ids(events):
    return [event["id"] for event in events]


def test_late_events_wait_for_their_time(company, shop):
    company.told("webhooks", late=3 * 24 * 60 * 60)
    late = closed(company, 2)
    company.told("webhooks")
    [prompt] = closed(company, 1)
    assert ids(shop.events(1)) == [prompt]

    company.told("clock", forward=3 * 24 * 60 * 60)

    assert ids(shop.events(3)) == [prompt, *late]


def test_copies_come_with_one_id(company, shop):
    company.told("webhooks", copies=5)

    [id] = closed(company, 1)

    assert ids(shop.events(5)) == [id] * 5
    time.sleep(0.1)
    assert len(shop.received) == 5


def test_copies_are_tried_again_until_all_are_taken(company, shop):
    shop.statuses = [200, 500, 200]
    company.told("webhooks", copies=3)

    [id] = closed(company, 1)

    assert ids(shop.events(6)) == [id] * 6


def test_shuffled_events_come_in_any_order(company, shop):
    company.told("webhooks", late=100, shuffle=True)
    made = closed(company, 12)

    company.told("clock", forward=101)

    came = ids(shop.events(12))
    assert sorted(came) == sorted(made)
    assert came != made  # by chance once in 479 million times


def test_lost_events_never_come_but_can_be_looked_up(company, shop):
    company.told("webhooks", lose=1)
    [lost] = closed(company, 1)
    company.raw("DELETE", "/_test/webhooks")
    [sent] = closed(company, 1)

    company.told("clock", forward=60 * 60)

    assert ids(shop.events(1)) == [sent]
    time.sleep(0.1)
    assert len(shop.received) == 1
    assert company.client.v1.events.retrieve(lost).type == "checkout.session.expired"


def test_the_way_of_sending_can_be_asked_and_taken_back(company):
    usual = {"late": 0, "copies": 1, "shuffle": False, "lose": 0}
    told = {"late": 5, "copies": 2, "shuffle": True, "lose": 0.5}

    assert company.told("webhooks", **told) == told
    assert company.raw("GET", "/_test/webhooks").json == told
    assert company.raw("DELETE", "/_test/webhooks").json == usual
