"""The README is true: every address answers, every command is there, every link leads somewhere."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
ADDRESSES = sorted(set(re.findall(r"http://localhost:8000([\w/.-]*\w)?", README)))
COMMANDS = re.findall(r"^\.venv/bin/flask --app wsgi (.+)$", README, re.M)
TARGETS = sorted(set(re.findall(r"^make ([a-z-]+)$|`make ([a-z-]+)`", README, re.M)))


def test_it_is_short() -> None:
    assert len(README.splitlines()) <= 150


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", README))))
def test_link_leads_to_a_file(link: str) -> None:
    assert (ROOT / link).exists()


@pytest.mark.parametrize("target", ["".join(pair) for pair in TARGETS])
def test_target_is_in_the_makefile(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M)


def test_every_address_answers_in_the_demonstration(app: Flask, client: FlaskClient) -> None:
    assert app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 0
    assert len(ADDRESSES) >= 6

    for address in ADDRESSES:
        answer = client.get(address or "/")
        expected = 302 if address.startswith("/staff") else 200
        assert answer.status_code == expected, address


def test_every_command_runs(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert len(COMMANDS) >= 4

    for command in COMMANDS:
        result = app.test_cli_runner().invoke(args=command.split())
        assert result.exit_code == 0, f"{command}: {result.output}"


def test_what_it_counts_is_so(app: Flask) -> None:
    from sqlalchemy import func, select

    from blog.models import Article
    from storefront.catalogue.models import Color, Product
    from storefront.coaches.models import Coach
    from storefront.db import db
    from storefront.staff.demo import DEMO_EMAIL, DEMO_PASSWORD

    app.test_cli_runner().invoke(args=["demo", "load"])
    db.session.rollback()
    counts = [
        db.session.scalar(select(func.count()).select_from(m))
        for m in (Product, Color, Article, Coach)
    ]

    assert counts == [6, 23, 4, 7]
    assert "six drawn shoe models in 23 colors" in README.replace("\n", " ")
    assert "four articles" in README.replace("\n", " ") and "seven invented coaches" in README
    assert DEMO_EMAIL in README and DEMO_PASSWORD in README
