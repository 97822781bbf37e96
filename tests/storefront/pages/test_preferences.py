"""Display settings: their colors, and the way back to how the shop looks by itself."""

import re

import pytest
from flask.testing import FlaskClient

from storefront.pages.preferences import DARK_ON_WHITE, HIGH_CONTRAST
from storefront.settings.colors import contrast


@pytest.mark.parametrize("styles", [HIGH_CONTRAST, DARK_ON_WHITE])
def test_high_contrast_reads_on_every_ground(styles: str) -> None:
    colors = {name: _six(value) for name, value in re.findall(r"--([a-z-]+): (#[0-9a-f]+)", styles)}

    for ground in ("paper", "raised", "backdrop"):
        for text in ("ink", "quiet", "accent", "accent-strong", "signal"):
            assert contrast(colors[text], colors[ground]) >= 7, (text, ground)
        assert contrast(colors["edge"], colors[ground]) >= 7
    assert contrast(colors["on-accent"], colors["accent"]) >= 7
    assert contrast(colors["focus-in"], colors["focus-out"]) >= 7


def _six(color: str) -> str:
    """Return "#fff" as "#ffffff"."""
    return color if len(color) == 7 else "#" + "".join(digit * 2 for digit in color[1:])


def test_one_button_goes_back_to_the_standard_look(client: FlaskClient) -> None:
    words = "Back to the standard look"
    assert words not in client.get("/accessibility").text
    client.post("/preferences", data={"text": "150", "contrast": "paper"})
    assert words in client.get("/accessibility").text

    client.post("/preferences", data={"next": "/"})

    assert client.get("/preferences.css").text == ""
    assert words not in client.get("/accessibility").text


def test_settings_lead_back_to_the_page_with_all_that_it_was_asked(client: FlaskClient) -> None:
    page = client.get("/fit?hands=1&depth=60").text
    link = re.search(r'href="(/accessibility\?next=[^"]+)"', page)
    assert link

    settings = client.get(link[1])
    answer = client.post("/preferences", data={"next": "/fit?hands=1&depth=60"})

    assert 'name="next" value="/fit?hands=1&amp;depth=60"' in settings.text
    assert answer.location == "/fit?hands=1&depth=60"
