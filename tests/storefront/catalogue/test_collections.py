"""Collections: products put together by hand or by a rule, at an address that stays."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalogue.models import Collection, ProductBrace
from storefront.db import db
from tests.factories import Make
from tests.storefront.staff.people import fresh, signed_in
from tests.test_queries import MOST, statements

COLLECTION = {
    "title": "Easy to close",
    "handle": "",
    "description": "For **one** hand.",
    "published": "y",
    "position": "0",
    "rule": "hand",
    "rule_value": "",
    "products": "heron\nharbor",
}


def based(handle: str) -> dict[str, str]:
    fresh()
    found = db.session.scalars(select(Collection).where(Collection.handle == handle)).one()
    return {"based_on": found.updated_at.isoformat()}


def places(page: str, *handles: str) -> list[str]:
    """Return the products of a page in the order in which they stand there."""
    where = {handle: page.find(f'href="/products/{handle}?') for handle in handles}
    return sorted((handle for handle in handles if where[handle] > 0), key=where.__getitem__)


def test_products_chosen_by_hand_stand_in_their_order(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for handle in ("harbor", "cove", "heron"):
        make.product(handle)
    make.product("hidden", published=False)
    staff = signed_in(app, "stock")
    sent = {**COLLECTION, "products": "heron\nhidden\nharbor\nheron"}

    made = staff.send("/staff/collections/new", **sent)

    assert made.location == "/staff/collections/easy-to-close"
    client.get("/")
    with monkeypatch.context() as kept, statements() as needed:
        kept.setitem(app.config, "SETTINGS_KEPT", 60)
        page = client.get("/collections/easy-to-close").text
    assert len(needed) <= MOST
    assert places(page, "harbor", "cove", "heron", "hidden") == ["heron", "harbor"]
    assert "2 models" in page and "<strong>one</strong>" in page
    assert 'href="/collections/easy-to-close"' in client.get("/collections/all").text
    address = "/staff/collections/easy-to-close"
    for order in ("harbor\nheron\ncove", "cove"):
        changed = {**COLLECTION, **based("easy-to-close"), "products": order}
        assert staff.send(address, **changed).status_code == 303
        page = client.get("/collections/easy-to-close").text
        assert places(page, "harbor", "cove", "heron") == order.split("\n")
    staff.send(address, **{**COLLECTION, **based("easy-to-close"), "published": ""})
    assert client.get("/collections/easy-to-close").status_code == 404


@pytest.mark.parametrize(
    ("rule", "value"),
    [("tag", "One_hand "), ("type", "boots"), ("brace", "afo"), ("hands", "1")],
)
def test_a_rule_takes_the_products_that_have_it_and_no_others(
    app: Flask, client: FlaskClient, make: Make, rule: str, value: str
) -> None:
    make.product("harbor", tags="Wide, One_hand", product_type="Boots", hands=1)
    product = make.product("heron", tags="One_hand,x", product_type="boots", hands=1)
    make.product("cove", tags="Onexhand, One_hands", product_type="Boots for two", hands=2)
    with db.writing():
        for each in (product.id, product.id - 1):
            db.session.add(ProductBrace(product_id=each, brace="AFO"))
        db.session.add(ProductBrace(product_id=product.id + 1, brace="UCBL"))
    sent = {**COLLECTION, "rule": rule, "rule_value": value, "products": ""}

    assert signed_in(app, "owner").send("/staff/collections/new", **sent).status_code == 303

    page = client.get("/collections/easy-to-close").text
    assert places(page, "harbor", "heron", "cove") == ["harbor", "heron"]


def test_a_wrong_collection_is_refused_and_keeps_what_was_typed(app: Flask, make: Make) -> None:
    make.product("harbor")
    make.product("heron")
    staff = signed_in(app, "stock")
    assert staff.send("/staff/collections/new", **COLLECTION).status_code == 303
    for wrong, sentence in [
        ({"title": ""}, "Please write a title."),
        ({"handle": "all"}, "address of the shop"),
        ({"handle": "easy-to-close"}, "Something else has this handle"),
        ({"rule": "tag"}, "Please write which one."),
        ({"rule": "hands", "rule_value": "3"}, "Please write 1 or 2."),
        ({"rule": "magic"}, "Not a valid choice"),
        ({"products": "harbor\nnone"}, "No product has the handle “none”."),
    ]:
        answer = staff.send("/staff/collections/new", **{**COLLECTION, **wrong})
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong
        assert "For **one** hand." in answer.text
    again = staff.send("/staff/collections/new", **COLLECTION)
    assert again.location == "/staff/collections/easy-to-close-2"


def test_an_old_address_leads_to_the_collection_and_who_saves_second_is_told(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    make.product("harbor")
    make.product("heron")
    staff = signed_in(app, "stock")
    staff.send("/staff/collections/new", **COLLECTION)
    seen = based("easy-to-close")
    address = "/staff/collections/easy-to-close"

    renamed = staff.send(address, **{**COLLECTION, **seen, "handle": "easy"})
    late = staff.send(address, **{**COLLECTION, **seen, "title": "Mine", "products": "heron"})

    assert renamed.location == "/staff/collections/easy"
    moved = client.get("/collections/easy-to-close?page=1")
    assert (moved.status_code, moved.location) == (301, "/collections/easy?page=1")
    assert late.status_code == 409
    assert 'value="Mine"' in late.text and "<strong>Title</strong> is now: Easy" in late.text
    taken = staff.send("/staff/collections/new", **{**COLLECTION, "handle": "easy-to-close"})
    assert taken.status_code == 422 and "had this handle before" in taken.text
    assert client.get("/collections/none").status_code == 404


def test_an_article_shows_a_collection_in_stock_first_also_by_its_former_handle(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("cove")
    for handle, pairs in (("harbor", 0), ("heron", 1), ("meadow", 1), ("moss", 1)):
        make.product(handle, tags="easy", pairs=pairs)
    staff, editor = signed_in(app, "stock"), signed_in(app, "editor")
    tagged = {**COLLECTION, "rule": "tag", "rule_value": "easy", "products": ""}
    staff.send("/staff/collections/new", **tagged)
    renamed = {**tagged, **based("easy-to-close"), "handle": "easy"}
    staff.send("/staff/collections/easy-to-close", **renamed)
    body = "[rail: collection easy-to-close]\n\nEnd.\n\n[rail: latest]"
    shown = make.article("walking", body=body, medical=False)
    form = {"title": "T", "author": shown.author.slug}

    client.get("/blog/walking")
    with monkeypatch.context() as kept, statements() as needed:
        kept.setitem(app.config, "SETTINGS_KEPT", 60)
        page = client.get("/blog/walking").text
    told = []
    for number, text in enumerate((body + ".", "[rail: collection lost]", "[rail: latest]"), 1):
        editor.send("/staff/articles/walking", **form, body=text, based_on=str(number))
        told.append(editor.get("/staff/articles/walking").text)

    assert len(needed) <= MOST
    assert places(page, "harbor", "cove", "heron", "meadow", "moss") == ["heron", "meadow", "moss"]
    assert '<h2 id="rail">Easy to close</h2>' in page and 'href="/collections/easy"' in page
    assert page.count('id="rail"') == 1 and "[rail" not in page and "rail: latest" not in page
    assert ["nothing yet" in page for page in told] == [False, True, False]
