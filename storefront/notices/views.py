"""What a shopper sees of notices: the form on a product's page, and the notice's own page."""

from functools import lru_cache

from flask import Blueprint, Response, abort, current_app, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.exceptions import Gone, UnprocessableEntity

from storefront import guard, limits
from storefront.catalogue import queries as products
from storefront.catalogue import views as catalogue
from storefront.catalogue.handles import PRODUCTS
from storefront.catalogue.queries import WholeProduct
from storefront.catalogue.views import Shown
from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.notices import queries, wishes
from storefront.notices.forms import AskForm
from storefront.notices.models import Notice
from storefront.settings.shop import shop

KEPT = 1_000  # forms that are written out, of a kilobyte each
FROM_NETWORK = "Notices were asked for very often from your network. Please wait an hour."
FOR_ADDRESS = "Notices were asked for very often for this address. Please wait an hour."
NOT_SOLD = "That size is not sold any more, so it will not be back."
IS_THERE = "That size is there now: you can buy it, so there is nothing to wait for."
OVER = "The time to confirm this has ended. You can ask again on the page of the shoe."
NOT_UNDERSTOOD = "Please use the buttons of the page. Nothing was changed."

Sizes = tuple[tuple[str, str], ...]  # sku and words of each

blueprint = Blueprint("notices", __name__)


def of_product(shown: Shown, asked: AskForm | None = None) -> Markup:
    """Return the part of a product's page where a sold-out size can be waited for, if there is one.

    `asked` is a form to show again, with what is wrong.
    """
    sizes = tuple(
        (variant.sku, _label(variant.size, variant.width))
        for variant, told in shown.choices
        if not told.can_buy
    )
    product, color = shown.whole.product, shown.color
    place = url_for("notices.ask", handle=product.handle, color=color.slug or None)
    name = ", ".join(filter(None, (product.title, color.name)))
    is_alone = len(sizes) == len(shown.choices)
    if asked is not None:
        return _written(place, name, asked.offer(sizes), is_open=True, is_alone=is_alone)
    if not sizes:
        return Markup()
    chosen = shown.chosen.sku if shown.chosen else ""
    return _blank(place, name, sizes, chosen, is_alone or chosen in dict(sizes), is_alone)


def _label(size: str, width: str) -> str:
    return ", ".join(filter(None, (size, width)))


@lru_cache(KEPT)
def _blank(
    place: str, name: str, sizes: Sizes, chosen: str, is_open: bool, is_alone: bool
) -> Markup:
    """The form as nearly everybody sees it: the same for the same sizes, and slow to write out."""
    form = AskForm(formdata=None, sku=chosen).offer(sizes)
    return _written(place, name, form, is_open=is_open, is_alone=is_alone)


def _written(place: str, name: str, form: AskForm, *, is_open: bool, is_alone: bool) -> Markup:
    page = "storefront/notices/_ask.html"
    facts = {"place": place, "name": name, "form": form, "is_open": is_open, "is_alone": is_alone}
    return Markup(render(page, **facts))  # noqa: S704 - our template


@blueprint.post("/products/<handle>/notices")
@limiter.limit("30 per hour", error_message=FROM_NETWORK)
@limiter.limit("8 per hour", key_func=limits.email, error_message=FOR_ADDRESS)
def ask(handle: str) -> ResponseReturnValue:
    """Mail a link that confirms; the answer is the same whether the address was known or not."""
    whole = _product(handle)
    form = AskForm()
    wrong = not form.validate() or _is_in_vain(form, whole)
    if wrong:
        page = catalogue.page(whole, form.sku.data, parts=[lambda shown: of_product(shown, form)])
        return page, 422
    if not form.website.data:  # only a program fills the hidden field: it gets no mail
        ours = shop()
        with db.writing():
            wishes.ask(
                form.sku.data,
                form.email.data or "",
                shop_url=ours.url,
                zone=ours.zone,
                now=utcnow(),
            )
    return redirect(url_for("notices.asked", handle=whole.product.handle), 303)


@blueprint.get("/products/<handle>/notices")
def asked(handle: str) -> Response:
    """Say that a mail is on its way, which must be answered."""
    product = _product(handle).product
    return _for_one(render("storefront/notices/asked.html", product=product, days=_days()))


@blueprint.route("/notices/<notice_secret>", methods=["GET", "POST"])
def own(notice_secret: str) -> ResponseReturnValue:
    """Show a notice to whoever asked for it, who may confirm or leave it."""
    notice = _notice(notice_secret)
    if request.method == "GET":
        return _for_one(render("storefront/notices/show.html", notice=notice, days=_days()))
    act = request.form.get("action")
    if act not in {"confirm", "leave"}:
        raise UnprocessableEntity(NOT_UNDERSTOOD)
    notice_id = notice.id  # read now: what was read before is forgotten where writing begins
    try:
        with db.writing():
            (wishes.confirm if act == "confirm" else wishes.leave)(notice_id, now=utcnow())
    except wishes.Ended:
        raise Gone(OVER) from None
    return redirect(url_for("notices.own", notice_secret=notice_secret), 303)


@blueprint.get("/notices/<notice_secret>/leaving")
def leaving(notice_secret: str) -> ResponseReturnValue:
    """Lead a person who follows a mail's header to the page with the button."""
    return redirect(url_for("notices.own", notice_secret=notice_secret), 303)


@blueprint.post("/notices/<notice_secret>/leaving")
@guard.exempt
def leave(notice_secret: str) -> ResponseReturnValue:
    """Forget an address for a mailbox's own button, which is no page of ours (RFC 8058)."""
    notice_id = _notice(notice_secret).id
    if request.form.get("List-Unsubscribe") != "One-Click":
        raise UnprocessableEntity(NOT_UNDERSTOOD)
    with db.writing():
        wishes.leave(notice_id, now=utcnow())
    return _for_one(
        render("storefront/notices/show.html", notice=_notice(notice_secret), days=_days())
    )


def _product(handle: str) -> WholeProduct:
    """Return a product, also by a former handle: its page may be open since then."""
    return (
        products.product(handle)
        or products.product(PRODUCTS.former_owner(handle) or abort(404))
        or abort(404)
    )


def _is_in_vain(form: AskForm, whole: WholeProduct) -> bool:
    """Return whether nobody needs to wait for that size, with the reason put beside the field."""
    size = next((size for size in whole.sizes if size.sku == form.sku.data), None)
    if size is not None and size.counted and size.free_pairs <= 0:
        return False
    form.sku.errors = [NOT_SOLD if size is None else IS_THERE]
    return True


def _notice(secret: str) -> Notice:
    notice = queries.notice(secret) or abort(404)
    if wishes.is_over(notice, now=utcnow()):
        raise Gone(OVER)
    return notice


def _days() -> int:
    return wishes.TIME_TO_CONFIRM.days


def _for_one(page: str) -> Response:
    """Return a page that is somebody's own: nobody keeps it, and no search engine shows it."""
    response = current_app.make_response(page)
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
