"""A real browser in front of a real server with the demonstration shop."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, Request, sync_playwright
from werkzeug.serving import make_server

from storefront.db import db
from tests.conftest import free_port, missing, settings
from tests.payments import Company
from wsgi import create_app

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or ""
FLAGS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@dataclass(frozen=True)
class Shop:
    """The running demonstration shop."""

    url: str
    app: Flask


@contextmanager
def serve(
    database: str, company: Company, tmp_path_factory: pytest.TempPathFactory, **more: Any
) -> Iterator[Shop]:
    """Serve a shop over a database in a thread."""
    port = free_port()
    url = f"http://localhost:{port}"
    app = create_app({**settings(database, company, tmp_path_factory), "SHOP_URL": url, **more})
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Shop(url, app)
    server.shutdown()
    thread.join(5)
    with app.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def shop(
    make_database: Callable[..., str],
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Shop]:
    """Serve the demonstration shop."""
    with serve(make_database("sqlite", "browser"), company, tmp_path_factory, DEMO=True) as shop:
        loaded = shop.app.test_cli_runner().invoke(args=["demo", "load"])
        assert loaded.exit_code == 0, loaded.output
        yield shop


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Start Debian's Chromium, or whatever CHROMIUM names."""
    if not CHROMIUM:
        missing("Chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser, shop: Shop) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a fresh browser window.

    No script may fail in it, and no page of the shop may ask anybody else for anything.
    """
    contexts = []
    faults: list[str] = []

    def ask(request: Request) -> None:
        if request.is_navigation_request() or not request.frame.url.startswith(shop.url):
            return  # somebody goes to the payment page, or is there
        if not request.url.startswith((f"{shop.url}/", "data:")):
            faults.append(f"{request.frame.url} asks for {request.url}")

    def open_page(*, width: int = 1280, script: bool = True, scheme: str = "light") -> Page:
        context = chromium.new_context(
            base_url=shop.url,
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        context.set_default_timeout(10_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("request", ask)
        page.on(
            "console",
            lambda message: (
                faults.append(message.text)
                if message.type == "error" and "status of 4" not in message.text
                else None
            ),
        )
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
