"""Every mail stands alone: who writes, by phone or mail, and what to do next, whatever is known."""

import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from jinja2 import meta

from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.jobs import compose
from storefront.mail.models import Letter
from storefront.settings import queries
from storefront.settings.shop import shop

TEMPLATES = sorted(
    path.stem
    for path in (Path(__file__).parents[3] / "templates/storefront/mail").glob("[a-z]*.txt")
)
WORDS = (
    "amount", "cost", "credit_number", "error", "hours", "name", "number", "reason",
    "receipt_number", "return_number", "send_by", "status", "title", "to", "total",
    "until", "when", "why",
)  # fmt: skip
LINKS = ("address", "link", "notice_address", "order_address", "slip_address", "staff_address")
MAY_LACK: dict[str, Any] = {
    "address": [], "came": [], "carrier": "", "condition": "", "explained": "",
    "has_ended": False, "lines": [], "others": [], "owed": False, "reason": "", "return_until": "",
    "rows": [], "state": "", "tax": "", "tax_words": "", "tracking": "", "waits": False, "why": "",
}  # fmt: skip
FULL: dict[str, Any] = {
    **{name: f"the {name}" for name in (*MAY_LACK, *WORDS)},
    **{name: f"http://localhost/{name}" for name in LINKS},
    "others": [[1002, "http://localhost/other", "sent"]],
}
NEXT = re.compile(r"http://localhost/\w+")


@pytest.mark.parametrize("facts", [FULL, {**FULL, **MAY_LACK}], ids=["full", "bare"])
def test_every_mail_stands_alone(app: Flask, facts: dict[str, Any]) -> None:
    with db.writing():
        queries.keep({"SHOP_PHONE": "+1 555 0100"}, by="Tests", now=utcnow())
    assert len(TEMPLATES) >= 16

    for name in TEMPLATES:
        text = Path(f"{app.root_path}/templates/storefront/mail/{name}.txt").read_text()
        asked = meta.find_undeclared_variables(app.jinja_env.parse(text)) - {"shop"}
        assert asked <= set(FULL), name
        given = {**facts, "address": FULL["address"]} if name == "review_due" else facts
        mail = compose(
            Letter(
                cause=f"x:{name}", recipient="a@example.com", template=name, facts=given,
                created_at=utcnow(), resent=0,
            )
        )  # fmt: skip
        said, _, end = mail.get_content().partition("\n--\n")

        assert mail.get_content_type() == "text/plain", name
        assert mail["Subject"] and mail["Reply-To"] == shop().email, name
        assert len(said.strip()) > 60 and NEXT.search(said), name
        for ours in (shop().name, "+1 555 0100", shop().email):
            assert ours in end, name
        assert "None" not in mail.get_content() and "{" not in mail.get_content(), name
