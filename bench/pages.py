"""What a page costs: its queries, and the bytes of a first visit."""

from html.parser import HTMLParser

from flask import Flask
from sqlalchemy import event

from bench.load import Request, ask
from storefront.db import db


def queries(app: Flask, path: str) -> int:
    """Return how many statements a page sends, what many pages share being remembered already."""
    sent: list[str] = []

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        app.test_client().get(path)
        sent.clear()
        answer = app.test_client().get(path)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.status}")
    return len(sent)


def cold_bytes(port: int, path: str) -> dict[str, int]:
    """Return the bytes of a first visit as sent: HTML, CSS, JS, images that are not put off."""
    found = _Parts()
    found.feed(ask(Request(port, path)).body.decode())
    sizes = {"HTML": _sent(port, path), "CSS": 0, "JS": 0, "images": 0}
    for kind, address in dict.fromkeys(found.parts):
        sizes[kind] += _sent(port, address)
    return sizes


def _sent(port: int, path: str) -> int:
    return len(ask(Request(port, path, headers={"Accept-Encoding": "gzip, br"})).body)


class _Parts(HTMLParser):
    """Collects what a browser loads at once with a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and given.get("rel") == "stylesheet":
            self.parts.append(("CSS", given["href"]))
        elif tag == "link" and given.get("rel") == "icon":
            self.parts.append(("images", given["href"]))
        elif tag == "script" and "src" in given:
            self.parts.append(("JS", given["src"]))
        elif tag == "img" and given.get("loading") != "lazy":
            self.parts.append(("images", given["src"]))
