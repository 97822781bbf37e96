"""What editors do with pages of words: begin from a draft, fill the gaps, publish."""

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user

from storefront.clock import utcnow
from storefront.db import db
from storefront.pages import facts, queries, writing
from storefront.pages.drafts import draft_of
from storefront.pages.facts import Facts
from storefront.pages.forms import PageForm
from storefront.pages.models import PAGES, Page
from storefront.pages.writing import CannotPublish, PageMoved
from storefront.staff.desk import desk_blueprint

ROLES = ("editor",)
PUBLISHED = {"publish": True, "unpublish": False}  # anything else leaves it as it is

blueprint = desk_blueprint("pages_desk", __name__, roles=ROLES)


@blueprint.get("/pages")
def listing() -> str:
    return render(
        "storefront/pages/desk_listing.html",
        names=PAGES,
        pages=queries.pages(),
        required=queries.REQUIRED,
    )


@blueprint.route("/pages/<page_slug>", methods=["GET", "POST"])
def edit(page_slug: str) -> ResponseReturnValue:
    """Write a page; readers see it once it is published and nothing is left to fill in."""
    if page_slug not in PAGES:
        abort(404)
    page, known = queries.page(page_slug), facts.current()
    if request.method == "GET":
        form = PageForm(formdata=None, obj=page, based_on=writing.stamp(page))
        if page is None or request.args.get("draft"):
            form.title.data = form.title.data or PAGES[page_slug]
            form.body.data = draft_of(page_slug, known)
        return _page(page_slug, page, form, known)
    form = PageForm()
    if not form.validate():
        return _page(page_slug, page, form, known, status=422)
    try:
        with db.writing():
            writing.save(
                page_slug,
                title=form.title.data,
                body=form.body.data,
                published=PUBLISHED.get(request.form.get("action", "")),
                based_on=form.based_on.data or "",
                delivers=bool(known.zones),
                takes_back=known.returns is not None,
                by=current_user.known_as,
                now=utcnow(),
            )
    except CannotPublish as problem:
        form.body.errors = [
            f"Readers cannot see this page yet. Please fill in: {'; '.join(problem.gaps)}."
        ]
        return _page(page_slug, page, form, known, status=422)
    except PageMoved as moved:
        form.based_on.raw_data, form.based_on.data = None, writing.stamp(moved.page)
        return _page(page_slug, moved.page, form, known, status=409)
    flash("Saved.", "info")
    return redirect(url_for("pages_desk.edit", page_slug=page_slug), 303)


def _page(
    slug: str, page: Page | None, form: PageForm, known: Facts, *, status: int = 200
) -> ResponseReturnValue:
    text = form.body.data or ""
    answer = render(
        "storefront/pages/desk_edit.html",
        slug=slug,
        name=PAGES[slug],
        page=page,
        form=form,
        moved=status == 409,
        gaps=writing.gaps(text, delivers=bool(known.zones), takes_back=known.returns is not None),
    )
    return answer, status
