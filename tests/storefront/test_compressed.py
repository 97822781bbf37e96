"""Public answers go out compressed to who takes it, and unpack to the same; personal ones never."""

import gzip
import re

import brotli
import pytest
from backports import zstd
from flask.testing import FlaskClient

from storefront import media
from tests.factories import Make

UNPACK = {"gzip": gzip.decompress, "br": brotli.decompress, "zstd": zstd.decompress}


@pytest.mark.parametrize("way", UNPACK)
def test_public_page_styles_and_drawings_are_compressed(
    client: FlaskClient, make: Make, way: str
) -> None:
    make.product("harbor")
    drawing = media.put(b"<svg>" + b"<path/>" * 99 + b"</svg>", "svg")

    for address in (
        "/products/harbor", "/frame.css", "/static/js/swatch-card.js", f"/media/{drawing}",
    ):  # fmt: skip
        plain = client.get(address, buffered=True)
        packed = client.get(address, headers={"Accept-Encoding": way}, buffered=True)

        assert packed.headers["Content-Encoding"] == way, address
        assert UNPACK[way](packed.data) == plain.data
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert "Content-Encoding" not in plain.headers


@pytest.mark.parametrize("address", ["/cart", "/orders/lookup", "/staff/sign-in"])
def test_what_is_one_persons_own_is_not_compressed(client: FlaskClient, address: str) -> None:
    answer = client.get(address, headers={"Accept-Encoding": "zstd, br, gzip"})

    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers


def test_file_that_a_browser_has_is_not_sent_again(client: FlaskClient) -> None:
    takes = {"Accept-Encoding": "gzip"}
    first = client.get("/static/css/base.css", headers=takes, buffered=True)

    known = takes | {"If-None-Match": first.headers["ETag"]}
    again = client.get("/static/css/base.css", headers=known, buffered=True)

    assert again.status_code == 304 and again.data == b""


def test_styles_of_the_frame_are_one_file_that_is_kept_as_long_as_they_stay(
    client: FlaskClient,
) -> None:
    link = re.search(r'href="(/frame\.css\?v=[\w-]+)"', client.get("/").text)
    assert link

    styles = client.get(link[1])

    assert "immutable" in styles.headers["Cache-Control"]
    places = [styles.text.index(words) for words in ("/* Tokens", "/* Base", "/* Layout")]
    assert places == sorted(places)
