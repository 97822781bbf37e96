"""Any input at any address: an answer of the shop's own, never a crash, never unescaped."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from blog.models import Article, Comment
from storefront.cart import changing
from storefront.catalogue.models import Collection, Picture
from storefront.checkout import phone, purchase
from storefront.checkout.models import PaymentEvent
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.coaches import demo as coaches
from storefront.db import db, new_secret
from storefront.delivery.models import Zone
from storefront.mail.models import Letter
from storefront.notices import wishes
from storefront.notices.models import Notice
from storefront.orders.models import Order
from storefront.stock import ledger
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.payments import Company, deliver_raw
from tests.storefront.checkout.paid import buy
from tests.storefront.returns.sent import ask, sent, take_back
from tests.storefront.staff.people import Browser, signed_in

NAUGHTY: list[str] = json.loads(
    (Path(__file__).parents[1] / "data" / "naughty-strings.json").read_text()
)
MORE = [
    "9" * 400,
    "-1",
    "1e9",
    "0x10",
    "2147483648",
    "9223372036854775808",
    "١٢",
    "../" * 9,
    "a" * 9000,
]
MARKUP = re.compile(r"<[a-z!/][^<]{6,}", re.IGNORECASE)
LEFT_OUT = {"static", "security.logout", "webhook.receive"}  # signing out would end the walk
PRODUCT = (
    "title", "handle", "summary", "description", "vendor", "product_type", "tags", "published",
    "position", "size_label", "size_system", "width_label", "weight_g", "drop_mm", "depth_mm",
    "opening_mm", "closure", "hands", "removable_insole", "heel_counter", "sole", "fits",
)  # fmt: skip
COLLECTION = (
    "title", "handle", "description", "published", "position", "rule", "rule_value", "products",
    "based_on",
)  # fmt: skip
ZONE = (
    "name", "countries", "methods-0-name", "methods-0-price", "methods-0-free_from",
    "methods-0-least_days", "methods-0-most_days",
)  # fmt: skip
PERSON = ("name", "slug", "role", "credentials", "short_bio", "bio", "interests")
ARTICLE = (
    "title", "slug", "summary", "body", "topics", "author", "medical", "help_now", "based_on",
    "faq-0-question", "faq-0-answer", "sources-0-title", "sources-0-authors", "sources-0-year",
    "sources-0-kind", "sources-0-identifier", "sources-0-url", "action", "cover",
    "cover_alt", "cover_off", "cover_kept",
)  # fmt: skip
COACH = (
    "name", "slug", "street", "city", "state", "postal_code", "phone", "hours", "access", "about",
    "interest", "last_checked",
)  # fmt: skip
ZONE = (
    "name", "countries", "methods-0-name", "methods-0-price", "methods-0-free_from",
    "methods-0-least_days", "methods-0-most_days",
)  # fmt: skip
FIELDS: dict[str, tuple[str, ...]] = {
    "security.login": ("email", "password", "remember", "next"),
    "security.forgot_password": ("email",),
    "security.reset_password": ("password", "password_confirm"),
    "cart.add": ("sku", "quantity", "left_sku", "right_sku", "from", "instead", "undo"),
    "cart.change": ("quantity",),
    "cart.deliver": ("country", "email"),
    "checkout.start": (),
    "checkout.extend": (),
    "returns.ask": (
        "line-0-quantity", "line-0-side", "line-0-reason", "line-0-wish", "line-0-right_wish",
        "line-1-quantity",
    ),
    "returns.withdraw": (),
    "returns_desk.receive": (
        "line-0-whole", "line-0-left", "line-0-right", "line-0-condition", "line-0-restock", "note",
    ),
    "returns_desk.settle": (
        "line-0-outcome", "delivery", "keep_cost", "carrier", "tracking", "expected", "action",
    ),
    "returns_desk.refuse": ("why",),
    "notices.ask": ("sku", "email", "website"),
    "notices.own": ("action",),
    "notices.leave": ("List-Unsubscribe",),
    "pages.choose": ("text", "contrast", "spacing", "motion", "targets", "next"),
    "blog.comment": ("name", "email", "body", "parent", "website"),
    "blog.own_comment": ("action", "name", "email", "body"),
    "orders.find": ("number", "email"),
    "orders_desk.dispatch": ("carrier", "tracking"),
    "orders_desk.follow": ("carrier", "tracking"),
    "mails_desk.send_again": (),
    "mails_desk.send_trial": (),
    "phone_desk.start": (),
    "phone_desk.add": ("sku", "quantity", "left_sku", "right_sku", "q"),
    "phone_desk.put": ("quantity", "q"),
    "phone_desk.deliver": ("country", "email", "q"),
    "phone_desk.begin": (),
    "phone_desk.mail": ("email",),
    "payments_desk.compare": (),
    "payments_desk.replay": (),
    "payments_desk.close_page": (),
    "payments_desk.end": ("reason", "action"),
    "payments_desk.refund": (
        "lines-0-line_id", "lines-0-pairs", "lines-0-left", "lines-0-right", "lines-0-restock",
        "delivery", "reason", "note", "key", "expected", "action",
    ),
    "payments_desk.cancel": ("key",),
    "stock_desk.count": (
        "pairs", "left", "right", "amount", "amount_left", "amount_right", "reason", "note",
        "based_on", "based_on_left", "based_on_right", "next", "q", "page",
    ),
    "stock_desk.undo": ("based_on_left", "based_on_right"),
    "products_desk.new": (*PRODUCT, "based_on"),
    "products_desk.show": (*PRODUCT, "based_on"),
    "products_desk.new_color": ("name", "swatch", "second_swatch", "place", "based_on"),
    "products_desk.color": ("name", "swatch", "second_swatch", "place", "based_on"),
    "products_desk.add_picture": ("file", "alt", "kept", "based_on"),
    "products_desk.change_picture": ("alt", "action", "based_on"),
    "products_desk.sizes": (
        "sizes", "widths", "colors", "price_minor", "single_minor", "based_on",
    ),
    "products_desk.inside": ("inside_1", "based_on"),
    "products_desk.variant": (
        "sku", "size", "width", "price_minor", "single_minor", "compare_at_minor", "barcode",
        "weight_g", "restock_on", "counted", "published", "based_on",
    ),
    "collections_desk.new": COLLECTION,
    "collections_desk.show": COLLECTION,
    "comments_desk.decide": ("decision", "seen"),
    "delivery_desk.add": ZONE,
    "delivery_desk.edit": ZONE,
    "delivery_desk.remove": (),
    "opening_desk.settings": (
        "shop_name", "shop_legal_name", "shop_address", "shop_tax_number", "shop_email",
        "shop_phone", "shop_hours", "shop_accent", "shop_timezone", "currency",
    ),
    "opening_desk.open_": (),
    "opening_desk.close": (),
    "opening_desk.back_up": (),
    "opening_desk.note_mail": (),
    "articles_desk.begin": ARTICLE,
    "articles_desk.edit": ARTICLE,
    "articles_desk.publish": ("state", "at", "until"),
    "articles_desk.restore": ("based_on",),
    "articles_desk.add_person": PERSON,
    "articles_desk.edit_person": PERSON,
    "coaches_desk.add": COACH,
    "coaches_desk.edit": COACH,
    "coaches_desk.remove": (),
    "pages_desk.edit": ("title", "body", "based_on", "action"),
    "opening_desk.show_logo": ("logo",),
    "opening_desk.remove_logo": (),
    "reviews_desk.sign": ("reviewer", "scope", "signed_on", "based_on"),
}  # fmt: skip
QUERY = (
    "page", "color", "size", "width", "fits", "hands", "max_weight", "available", "sort", "variant",
    "from", "next", "reply", "q", "state", "failed", "limit", "session_id", "checking", "product",
    "odd", "after", "sent", "waiting", "old", "new", "draft",
    "month",
)  # fmt: skip


@pytest.fixture
def there(app: Flask, make: Make, company: Company) -> dict[str, Any]:
    """Things that are there, by the names that addresses have for them."""
    make.delivery()
    variant = make.variant(handle="harbor", pairs=9)
    make.article("walking")
    order = buy(make, company, (variant, 2))
    purchase.start(make.cart((variant, 1)), payments=payments(), terms=terms(), now=utcnow())
    waiting = db.session.scalars(select(Order).where(Order.state == "pending")).one()
    take_back()
    returned = sent(make, company, (variant, 2))
    ask(app, returned)
    article = db.session.scalars(select(Article)).one()
    with db.writing():
        comment = Comment(
            article_id=article.id, secret=new_secret(), name="A", email="a@example.com", body="b",
            state="pending", written_at=utcnow(),
        )  # fmt: skip
        db.session.add(comment)
        db.session.add(Collection(handle="harbor", title="x", updated_at=utcnow()))
        coaches.load()
        db.session.add(PaymentEvent(id="evt_x", type="x", received_at=utcnow(), error="failed"))
    with db.writing():
        wishes.ask(variant.sku, "a@example.com", shop_url="", zone=ZoneInfo("UTC"), now=utcnow())
    cart_id = phone.open_cart(by="Ann", now=utcnow())
    phone.change(cart_id, lambda cart: changing.add(cart, variant.sku, variant.sku, 1))
    phone.begin(cart_id, payments=payments(), terms=terms(), by="Ann", now=utcnow())
    return {
        "handle": "harbor",
        "sku": variant.sku,
        "number": order.number,
        "reference": waiting.reference,
        "order_reference": returned.reference,
        "return_number": 1,
        "key": f"{variant.id}.{variant.id}",
        "slug": "walking",
        "page_slug": "terms",
        "page": "shop",
        "accent": "1c5541",
        "zone_id": db.session.scalars(select(Zone.id)).first(),
        "coach_slug": "duluth-harbor-step",
        "person_slug": article.author.slug,
        "name": "news",
        "secret": comment.secret,
        "notice_secret": db.session.scalars(select(Notice.secret)).one(),
        "comment_id": comment.id,
        "event_id": "evt_x",
        "letter_id": db.session.scalars(select(Letter.id)).first(),
        "page_id": order.pages[0].id,
        "color_id": variant.color_id,
        "variant_id": variant.id,
        "picture_id": db.session.scalars(select(Picture.id)).one(),
        "token": "none",
        "cart_id": cart_id,
        "code": "none",
        "month": "2026-11",
    }


def texts(start: int) -> Iterator[str]:
    """Yield every 18th text, beginning somewhere, so that all places together get every one."""
    every = [*NAUGHTY, *MORE]
    turned = [*every[start % len(every) :], *every[: start % len(every)]]
    yield from turned[start % 18 :: 18]


def address_of(app: Flask, rule: Rule, there: dict[str, Any]) -> str:
    with app.test_request_context():
        return app.url_for(rule.endpoint, **{name: there[name] for name in rule.arguments})


def check(answer: TestResponse, asked: str, *sent: str) -> None:
    """Check that an answer is the shop's own and shows nothing that was sent as markup."""
    assert 200 <= answer.status_code < 500, (asked, sent)
    if answer.mimetype != "text/html":
        return
    page = answer.text
    assert "Traceback" not in page, (asked, sent)
    for text in sent:
        if MARKUP.search(text):
            assert text not in page, (asked, text)


def rules(app: Flask, method: str) -> Iterator[Rule]:
    for rule in app.url_map.iter_rules():
        if method in (rule.methods or ()) and rule.endpoint not in LEFT_OUT:
            yield rule


def client_for(rule: Rule, shopper: FlaskClient, staff: Browser) -> FlaskClient:
    signing_in = rule.endpoint.startswith("security.")
    return staff if rule.rule.startswith("/staff") and not signing_in else shopper


def test_every_form_is_known_here(app: Flask) -> None:
    assert {rule.endpoint for rule in rules(app, "POST")} == set(FIELDS)


@pytest.mark.slow
def test_any_text_in_any_field_of_any_form_is_answered(
    app: Flask, engine: str, there: dict[str, Any]
) -> None:
    staff = signed_in(app, "owner")
    for place, rule in enumerate(rules(app, "POST"), start=engine == "sqlite"):
        address, fields = address_of(app, rule, there), FIELDS[rule.endpoint]
        shopper = browser(app) if not rule.endpoint.startswith("security.") else Browser(app)
        client = client_for(rule, shopper, staff)
        more: Iterator[str] = texts(place)
        if rule.endpoint.startswith("security."):  # each of these takes its time on purpose
            more = islice(more, 0, None, 20)
        for text in more if fields else [""]:
            sent = [text, *(next(more, "x") for _ in fields[1:])]
            data = dict(zip(fields, sent, strict=False)) | {"csrf_token": staff.token}
            check(client.post(address, data=data), f"POST {address}", *sent)
        if fields and not rule.endpoint.startswith("security."):
            for text in MORE:
                data = dict.fromkeys(fields, text) | {"csrf_token": staff.token}
                check(client.post(address, data=data), f"POST {address}", text)
    assert ledger.differences() == []


@pytest.mark.slow
def test_any_text_in_any_address_and_query_is_answered(
    app: Flask, engine: str, there: dict[str, Any]
) -> None:
    staff, shopper = signed_in(app, "owner"), browser(app)
    places = int(engine == "sqlite")
    for rule in rules(app, "GET"):
        client = client_for(rule, shopper, staff)
        for argument in sorted(rule.arguments):
            path = address_of(app, rule, {**there, argument: 7357})
            assert "7357" in path
            places += 1
            for text in texts(places):
                quoted = quote(text.encode("utf-8", "surrogatepass"), safe="")
                check(client.get(path.replace("7357", quoted)), f"GET {path}", text)
        path = address_of(app, rule, there)
        more = texts(places)
        for text in more:
            sent = [text, *(next(more, "x") for _ in QUERY[1:])]
            query = "&".join(
                f"{name}={quote(value[:800].encode('utf-8', 'surrogatepass'), safe='')}"
                for name, value in zip(QUERY, sent, strict=True)
            )
            check(client.get(f"{path}?{query}"), f"GET {path}", *sent)
    assert places > 10


def test_any_cookie_and_header_is_answered(app: Flask, engine: str, there: dict[str, Any]) -> None:
    client = browser(app)
    names = ("cart", "cart_count", "preferences", "session", "__Host-cart")
    for text in texts(engine == "sqlite"):
        plain = re.sub(r"[\x00-\x1f;\x7f]", "", text).encode().decode("latin-1")[:900]
        cookie = "; ".join(f"{name}={plain}" for name in names)
        headers = dict.fromkeys(("Accept", "Accept-Language", "User-Agent", "If-None-Match"), plain)
        for address in ("/cart", "/preferences.css"):
            answer = client.get(address, headers={**headers, "Cookie": cookie})
            check(answer, address, text)
        answer = client.post("/cart/lines", headers={"Referer": plain, "Content-Type": plain})
        check(answer, "/cart/lines", text)


def test_any_body_of_an_event_is_refused_and_leaves_nothing(app: Flask) -> None:
    for text in texts(0):
        signed = deliver_raw(browser(app), text.encode("utf-8", "surrogatepass"), WEBHOOK_SECRET)
        assert signed.status_code == 400, text
        plain = re.sub(r"[\x00-\x1f\x7f]", "", text).encode().decode("latin-1")
        forged = browser(app).post(
            "/webhooks/stripe", data=text.encode("utf-8", "surrogatepass"),
            headers={"Stripe-Signature": plain},
        )  # fmt: skip
        assert forged.status_code == 400, text
    assert db.session.scalars(select(PaymentEvent.id)).all() == []
    assert db.session.scalars(select(Order.id)).all() == []
