"""What a reader sees: articles, topics, people, and their own comments."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time
from functools import cache
from typing import NamedTuple

from flask import Blueprint, Response, abort, current_app, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import ColumnElement
from werkzeug.exceptions import Conflict

from blog import comments, queries
from blog.forms import CommentForm, OwnCommentForm
from blog.models import Article
from blog.queries import ArticleRow, CommentRow, PersonRow, Shown
from storefront import prose
from storefront.catalogue.rails import BLOCKS, collected, rail
from storefront.catalogue.views import today
from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.remembered import remembered
from storefront.settings.shop import shop

MOST_READ = 3
MOST_LOOKED_THROUGH = 100
MOST_IN_FEED = 20
PRODUCT = re.compile(r"/products/([a-z0-9-]{1,80})")
TOO_MANY = "Many comments came from your network. Please wait an hour, then send yours again."

blueprint = Blueprint("blog", __name__)


class Told(NamedTuple):
    """An article as the first page tells of it."""

    address: str
    title: str
    summary: str


@blueprint.get("/blog")
def listing() -> str:
    return _list("Articles", "", utcnow())


@blueprint.get("/blog/feed.atom")
def feed() -> Response:
    """Tell programs that read for people of the newest articles (RFC 4287)."""
    now = utcnow()
    shown = queries.articles(now=now, limit=MOST_IN_FEED) if shop().is_open else []
    entries = [(each, _changed_at(each.article)) for each in shown]
    updated = max((changed for _, changed in entries), default=now)
    page = render("blog/feed.xml", entries=entries, updated=updated)
    return Response(page, mimetype="application/atom+xml")


def _changed_at(article: ArticleRow) -> datetime:
    published = article.published_at or utcnow()
    if article.updated_on is None:
        return published
    return max(published, datetime.combine(article.updated_on, time(), UTC))


@blueprint.get("/blog/topics/<slug>")
def topic(slug: str) -> str:
    found = queries.topic(slug) or abort(404)
    return _list(found.name, "", utcnow(), Article.topics.contains(found))


@blueprint.get("/blog/people/<slug>")
def person(slug: str) -> str:
    found = queries.person(slug) or abort(404)
    written = queries.articles(Article.author_id == found.id, now=utcnow(), limit=50)
    return render("blog/person.html", person=found, bio=prose.render(found.bio), articles=written)


def about(handle: str) -> list[Told]:
    """Return up to three articles for whoever looks at this product.

    First those that link to it or show a collection that it is in, then those that show the newest
    shoes; of the newest hundred.
    """
    selling = [each for each in _newest() if each[1]]
    linking = [told for told, _, products, _ in selling if handle in products]
    showing = [told for told, _, _, shows in selling if shows and told not in linking]
    return (linking + showing)[:MOST_READ]


def latest() -> list[Told]:
    """Return the newest articles with what they are about, for the first page."""
    return [told for told, _, _, _ in _newest()[:MOST_READ]]


@remembered
def _newest() -> list[tuple[Told, bool, frozenset[str], bool]]:
    """Return the newest hundred articles: if they sell, which products they link to or show, and
    if they show the newest.
    """
    found = []
    for shown in queries.articles(now=utcnow(), limit=MOST_LOOKED_THROUGH):
        text = shown.text
        told = Told(shown.article.address, text.title, text.summary)
        sells = queries.review_of(shown, today=today()).sells
        products = frozenset(PRODUCT.findall(text.body)) | collected(text.body)
        found.append((told, sells, products, "[rail: latest]" in text.body))
    return found


@blueprint.get("/blogs/<path:name>/<slug>")
def old_address(name: str, slug: str) -> ResponseReturnValue:
    return redirect(url_for("blog.show", slug=slug), 301)


@blueprint.get("/blog/<slug>")
def show(slug: str) -> ResponseReturnValue:
    shown = queries.article(slug, now=utcnow())
    if shown is None:
        return redirect(url_for("blog.show", slug=queries.renamed(slug) or abort(404)), 301)
    return page(shown, _empty_fields(), request.args.get("reply"))


@blueprint.post("/blog/<slug>/comments")
@limiter.limit("10 per hour", error_message=TOO_MANY)
def comment(slug: str) -> ResponseReturnValue:
    """Keep a comment for staff to decide and show its writer their own page."""
    shown = _published(slug)
    form = CommentForm()
    if not form.validate_on_submit():
        return page(shown, _fields(form), form.parent.data), 422
    if form.website.data:  # only a program fills the hidden field: thank it and keep nothing
        return redirect(url_for("blog.show", slug=shown.article.slug), 303)
    parent = int(form.parent.data) if form.parent.data else None
    try:
        with db.writing():
            written = comments.write(
                shown.article.id,
                title=shown.text.title,
                name=form.name.data or "",
                email=form.email.data or "",
                body=form.body.data or "",
                parent_id=parent,
                shop_url=current_app.config["SHOP_URL"],
                now=utcnow(),
            )
    except comments.NoSuchComment:
        form.body.errors = ["The comment you answer is not here any more. Yours is kept below."]
        return page(_published(slug), _fields(form), None), 422
    return redirect(url_for("blog.own_comment", secret=written.secret), 303)


@blueprint.route("/blog/comments/<secret>", methods=["GET", "POST"])
def own_comment(secret: str) -> ResponseReturnValue:
    """Show a comment to its writer, who may change it until it is approved, or delete it."""
    own = queries.comment(secret) or abort(404)
    comment_id = own.id  # read now: what was read before is forgotten where writing begins
    form = OwnCommentForm(obj=own)
    status = 200
    if request.method == "POST" and request.form.get("action") == "delete":
        with db.writing():
            comments.erase(comment_id)
        return redirect(url_for("blog.comment_deleted"), 303)
    if request.method == "POST":
        if form.validate():
            try:
                with db.writing():
                    comments.rewrite(comment_id, form.body.data or "")
            except comments.Decided:
                raise Conflict(
                    "This comment has been decided meanwhile, so it was not changed."
                ) from None
            return redirect(url_for("blog.own_comment", secret=secret), 303)
        status = 422
    page = current_app.make_response(render("blog/own_comment.html", comment=own, form=form))
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex"
    page.status_code = status
    return page


@blueprint.get("/blog/comments/deleted")
def comment_deleted() -> str:
    """Say that a comment is gone, at an address that stays when the comment's own is gone."""
    return render("blog/comment_deleted.html")


def _published(slug: str) -> Shown:
    """Return an article that readers see, also by a former slug: a page may be open since then."""
    now = utcnow()
    return (
        queries.article(slug, now=now)
        or queries.article(queries.renamed(slug) or abort(404), now=now)
        or abort(404)
    )


def _list(heading: str, summary: str, now: datetime, *conditions: ColumnElement[bool]) -> str:
    page = request.args.get("page", 1, type=int)
    total = queries.count(*conditions, now=now)
    pages = max(1, -(-total // queries.PAGE_SIZE))
    if not 1 <= page <= pages:
        abort(404)
    return render(
        "blog/listing.html",
        heading=heading,
        articles=queries.articles(*conditions, now=now, page=page),
        page=page,
        pages=pages,
    )


def _fields(form: CommentForm) -> Markup:
    return Markup(render("blog/_comment_fields.html", form=form))  # noqa: S704 - our template


@cache
def _empty_fields() -> Markup:
    """The fields as nearly every reader sees them: always the same, and slow to write out."""
    return _fields(CommentForm(formdata=None))


def page(
    shown: Shown, fields: Markup | None = None, parent: str | None = None, *, preview: bool = False
) -> str:
    """Render an article with its rail, its approved comments and the fields for a comment."""
    now = utcnow()
    status = queries.review_of(shown, today=today())
    document = prose.render_document(shown.text.body, BLOCKS)
    # An article shows one rail: further ones are left out.
    parts = enumerate(document.parts)
    rail_at, block = next((p for p in parts if not isinstance(p[1], Markup)), (None, ""))
    shoes = (
        rail(block, today=today(), low=current_app.config["LOW_STOCK"])
        if block and status.sells
        else None
    )
    older, newer = queries.neighbours(shown.article, now=now)
    approved = queries.comments(shown.article.id)
    return render(
        "blog/show.html",
        shown=shown,
        article=shown.article,
        text=shown.text,
        document=document,
        status=status,
        rail_at=rail_at,
        shoes=shoes,
        people=_people(shown),
        older=older,
        newer=newer,
        threads=_threads(approved),
        reply_to=next((c for c in approved if str(c.id) == parent), None),
        fields=fields,
        preview=preview,
    )


def _people(shown: Shown) -> tuple[tuple[str, PersonRow], ...]:
    """The author and the reviewer, each once."""
    author = ("Written by", shown.author)
    if shown.reviewer is None or shown.reviewer == shown.author:
        return (author,)
    return (author, ("Reviewed by", shown.reviewer))


def _threads(
    approved: Sequence[CommentRow],
) -> tuple[tuple[CommentRow, tuple[CommentRow, ...]], ...]:
    """Pair each first-level comment with its replies."""
    return tuple(
        (first, tuple(reply for reply in approved if reply.parent_id == first.id))
        for first in approved
        if first.parent_id is None
    )
