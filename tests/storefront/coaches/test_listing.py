"""The nearest coach first: by ZIP code or town, with distances, and a map of our own."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from storefront.coaches import demo, gazetteer
from storefront.coaches.gazetteer import Gazetteer, Point
from storefront.coaches.models import Coach
from storefront.db import db


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Gazetteer:
    return Gazetteer(str(tmp_path_factory.mktemp("places")))


@pytest.fixture
def listing(client: FlaskClient) -> Callable[[str], str]:
    with db.writing():
        demo.load()
    return lambda near: client.get("/coaches", query_string={"near": near}).text


def names(page: str) -> list[str]:
    return re.findall(r'<h2 class="coach__name"><a href="/coaches/([a-z-]+)"', page)


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("93101", "Santa Barbara, CA 93101"),
        (" 93101-0042 ", "Santa Barbara, CA 93101"),
        ("santa  barbara", "Santa Barbara, CA"),
        ("St. Louis, MO", "Saint Louis, MO"),
        ("Portland, Maine", "Portland, ME"),
        ("portland oregon", "Portland, OR"),
        ("Kansas City KS", "Kansas City, KS"),
        ("new york", "New York, NY"),
        ("New York NY", "New York, NY"),
        ("Fort Washington", "Fort Washington, PA"),
        ("00000", ""),
        ("Nowhere At All", ""),
        ("Portland, XX", ""),
        (", ,", ""),
        ("\0'; DROP TABLE places", ""),
    ],
)
def test_place_is_found_by_zip_code_or_town(places: Gazetteer, typed: str, name: str) -> None:
    found = places.find(typed)

    assert (found.name if found else "") == name


def test_towns_of_the_same_name_are_offered(places: Gazetteer) -> None:
    found = places.find("Portland")

    assert found is not None and found.name == "Portland, OR" and "Portland, ME" in found.others


def test_distance_is_that_of_the_globe() -> None:
    new_york, los_angeles = Point(40.7128, -74.0060), Point(34.0522, -118.2437)

    assert new_york.miles_to(los_angeles) == pytest.approx(2445.6, abs=1)  # 3,935.7 km
    assert new_york.miles_to(new_york) == 0


def test_place_is_unknown_and_nothing_breaks_where_the_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    tries = []
    run = subprocess.run
    monkeypatch.setattr(
        gazetteer.subprocess, "run", lambda *args, **more: tries.append(1) or run(*args, **more)
    )

    for _ in range(3):
        assert Gazetteer(str(tmp_path / "file")).find("93101") is None
    assert len(tries) == 1  # else each visit would start a process


def test_nearest_coach_stands_first_with_its_distance(listing: Callable[[str], str]) -> None:
    everywhere, near = listing(""), listing("55802")

    assert names(near)[0] == "duluth-harbor-step"
    assert sorted(names(near)) == sorted(names(everywhere)) and len(names(near)) == 7
    assert "1 of 7 · less than a mile" in near and "1 of our 7 places is within 200 miles" in near
    assert near.count("<details>") == 6  # those that are far, in short
    assert "None of our 7 places is within 200 miles of <strong>Santa Barbara" in listing("93101")
    assert re.search(r"7 of 7 · about [0-9,]+ miles \([0-9,]+ km\)", near)
    assert "1 of 7</p>" in everywhere


def test_map_has_the_numbers_of_the_list_and_is_drawn_by_us(listing: Callable[[str], str]) -> None:
    page = listing("Duluth, MN")

    drawing = page[page.index("<svg") : page.index("</svg>")]
    assert sorted(re.findall(r">([0-9])</text>", drawing)) == list("1234567")
    assert "and Duluth, MN</title>" in drawing and "http" not in drawing
    assert page.index("coach__name") < page.index("<svg")  # the list comes first


def test_unknown_place_gets_a_sentence_and_the_whole_list(listing: Callable[[str], str]) -> None:
    page = listing("Atlantis <b>")

    assert "We do not know a place called “Atlantis &lt;b&gt;”" in page
    assert 'value="Atlantis &lt;b&gt;"' in page and len(names(page)) == 7


def test_many_coaches_are_shown_page_by_page_and_the_place_is_kept(client: FlaskClient) -> None:
    with db.writing():
        demo.load()
        first = db.session.query(Coach).first()
        assert first is not None
        facts = {c.key: getattr(first, c.key) for c in Coach.__table__.columns if c.key != "id"}
        for number in range(15):
            db.session.add(Coach(**{**facts, "slug": f"more-{number}"}))

    second = client.get("/coaches?near=55802&page=2").text

    assert "Page 2 of 2" in second and 'href="?near=55802&amp;page=1"' in second
    assert "22 of 22" in second and len(names(second)) == 2
    for bad in ("0", "3", "x", "99999999999999999999"):
        assert client.get("/coaches", query_string={"page": bad}).status_code == 404
