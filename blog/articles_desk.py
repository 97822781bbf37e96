"""What editors do: write articles, publish them, look at what they said, and name the people."""

from typing import Any, NoReturn

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy.exc import NoResultFound
from werkzeug.exceptions import Conflict, UnprocessableEntity

from blog import queries, views, writing
from blog.forms import ArticleForm, PersonForm, PublicationForm, RestoreForm
from blog.models import Article, Person, Revision
from blog.writing import SlugTaken, TextMoved, Words
from storefront.catalogue import rails
from storefront.catalogue.views import today
from storefront.clock import utcnow
from storefront.db import db
from storefront.fields import MOST_UPLOADED
from storefront.guard import takes_files
from storefront.staff.desk import desk_blueprint, page_number

ROLES = ("editor",)
NUMBER = "<int(max=2000000000):number>"
TAKEN = "That address is, or was once, the address of another. Please choose another one."
MOVED = (
    "Somebody else has saved this article meanwhile, so nothing was saved. What you wrote is"
    " still here."
)

blueprint = desk_blueprint("articles_desk", __name__, roles=ROLES)
preview_blueprint = desk_blueprint("preview_desk", __name__, roles=("editor", "reviewer"))


@blueprint.get("/articles")
def listing() -> str:
    """List all articles, drafts first, then the newest; or those whose title has some words."""
    q = request.args.get("q", "").strip()
    return render(
        "blog/desk_articles.html",
        page=queries.listed(q=q, page=page_number()),
        q=q,
        now=utcnow(),
    )


@blueprint.route("/articles/new", methods=["GET", "POST"])
@takes_files(MOST_UPLOADED)
def begin() -> ResponseReturnValue:
    """Write an article, which is a draft until it is published."""
    form = ArticleForm(queries.people())
    if request.method == "GET" or _wants_rows(form) or not form.validate():
        return _article_page(form)
    try:
        with db.writing():
            article = writing.begin(form.about, form.words, by=current_user.known_as, now=utcnow())
    except SlugTaken:
        form.slug.errors = [TAKEN]
        return _article_page(form)
    flash("The draft is saved. Only staff see it until you publish it.", "info")
    _warn(form)
    return redirect(url_for("articles_desk.edit", slug=article.slug), 303)


@blueprint.route("/articles/<slug>", methods=["GET", "POST"])
@takes_files(MOST_UPLOADED)
def edit(slug: str) -> ResponseReturnValue:
    """Change what an article says; who else has saved it meanwhile is told, and nothing lost."""
    article = _article(slug)
    people, latest = queries.people(), writing.latest_of(article.id)
    if request.method == "GET":
        return _article_page(ArticleForm.of(people, article, latest), article, latest)
    form = ArticleForm(people, article, latest)
    if _wants_rows(form) or not form.validate():
        return _article_page(form, article, latest)
    about, words = form.about, form.words
    try:
        with db.writing():
            is_new = writing.save(
                article.id,
                about,
                words,
                based_on=int(form.based_on.data or 0),
                by=current_user.known_as,
                today=today(),
                now=utcnow(),
            )
    except SlugTaken:
        form.slug.errors = [TAKEN]
        return _article_page(form, article, latest)
    except TextMoved as moved:
        form.based_on.raw_data = None
        form.based_on.data = str(moved.latest.number)
        return _article_page(form, article, moved.latest, moved=words)
    said = "Saved." if is_new else "Saved. The words are the same as before."
    if is_new and about.medical and queries.reviews(article.id):
        said = "Saved. Its review was of the words before: please have it reviewed again."
    flash(said, "info")
    _warn(form)
    return redirect(url_for("articles_desk.edit", slug=about.slug), 303)


@blueprint.post("/articles/<slug>/publication")
def publish(slug: str) -> ResponseReturnValue:
    """Say from when until when readers see an article."""
    article, now = _article(slug), utcnow()
    form = PublicationForm()
    if not form.validate():
        latest = writing.latest_of(article.id)
        written = ArticleForm.of(queries.people(), article, latest)
        return _article_page(written, article, latest, publication=form)
    with db.writing():
        writing.publish(
            article.id, published_at=form.since(article, now=now), expires_at=form.until.data
        )
    flash("Saved: who sees this article is written below.", "info")
    return redirect(url_for("articles_desk.edit", slug=slug), 303)


@blueprint.get("/articles/<slug>/revisions")
def revisions(slug: str) -> str:
    """List what an article has said, and the difference between two of its revisions."""
    article = _article(slug)
    kept = queries.revisions(article.id)
    new = _asked(article, "new", kept[0].number)
    old = _asked(article, "old", max(new.number - 1, 1))
    return render(
        "blog/desk_revisions.html",
        article=article,
        revisions=kept,
        old=old,
        new=new,
        difference=list(writing.difference(Words.of(old), Words.of(new))),
    )


@blueprint.post(f"/articles/<slug>/revisions/{NUMBER}/restoring")
def restore(slug: str, number: int) -> ResponseReturnValue:
    """Let an article say again what it said once; that is a new revision."""
    article, form = _article(slug), RestoreForm()
    if not form.validate():
        raise UnprocessableEntity("Please open the list of revisions again.")
    try:
        with db.writing():
            is_new = writing.restore(
                article.id,
                number,
                based_on=int(form.based_on.data or 0),
                by=current_user.known_as,
                today=today(),
                now=utcnow(),
            )
    except NoResultFound:
        abort(404)
    except TextMoved as moved:
        _refuse(moved.latest)
    flash(
        f"The article says what it said in revision {number}."
        if is_new
        else f"The article says already what it said in revision {number}.",
        "info",
    )
    return redirect(url_for("articles_desk.revisions", slug=slug), 303)


@blueprint.get("/people")
def people() -> str:
    return render("blog/desk_people.html", people=queries.people())


@blueprint.route("/people/new", methods=["GET", "POST"])
def add_person() -> ResponseReturnValue:
    """Name an author or reviewer."""
    form = PersonForm(is_new=True)
    if not (request.method == "POST" and form.validate()):
        return _person_page(form)
    person = Person()
    form.populate_obj(person)
    try:
        with db.writing():
            writing.add_person(person)
    except SlugTaken:
        form.slug.errors = [TAKEN]
        return _person_page(form)
    flash(f"{person.name} is added.", "info")
    return redirect(url_for("articles_desk.people"), 303)


@blueprint.route("/people/<person_slug>", methods=["GET", "POST"])
def edit_person(person_slug: str) -> ResponseReturnValue:
    """Change what is said of an author or reviewer."""
    person = queries.person(person_slug) or abort(404)
    form = PersonForm(is_new=False, obj=person)
    if not (request.method == "POST" and form.validate()):
        return _person_page(form, person)
    with db.writing():
        form.populate_obj(queries.person(person_slug))
    flash("Saved.", "info")
    return redirect(url_for("articles_desk.people"), 303)


@preview_blueprint.get("/articles/<slug>/preview")
def preview(slug: str) -> str:
    """Show an article's newest words as readers would see them."""
    return views.page(queries.preview(slug) or abort(404), preview=True)


def _article(slug: str) -> Article:
    return queries.any_article(slug) or abort(404)


def _wants_rows(form: ArticleForm) -> bool:
    """Whether only more empty rows are asked for, and nothing is to be saved."""
    wanted = request.form.get("action") == "rows"
    if wanted:
        form.cover.validate(form)  # a browser sends a file once
    return wanted


def _warn(form: ArticleForm) -> None:
    """Say where a saved text does not show the shoes that it names."""
    if sentence := rails.lacking(form.body.data):
        flash(sentence, "error")


def _asked(article: Article, name: str, otherwise: int) -> Revision:
    """Return the revision that the address names; 404 for one that is not there."""
    text = request.args.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        abort(404)
    return queries.revision(article.id, int(text)) or abort(404)


def _refuse(latest: Revision) -> NoReturn:
    raise Conflict(
        f"{latest.saved_by} has saved revision {latest.number} meanwhile, so nothing was changed."
        " Please open the revisions again."
    )


def _article_page(
    form: ArticleForm,
    article: Article | None = None,
    latest: Revision | None = None,
    *,
    publication: PublicationForm | None = None,
    moved: Words | None = None,
) -> ResponseReturnValue:
    form.add_rows()
    more: dict[str, Any] = {}
    if article is not None and latest is not None:
        now = utcnow()
        more = {
            "latest": latest,
            "now": now,
            "publication": publication or PublicationForm.of(article, now=now),
            "shown": queries.article(article.slug, now=now) is not None,
            "difference": list(writing.difference(Words.of(latest), moved)) if moved else [],
        }
    wrong = form.errors or (publication is not None and publication.errors)
    page = render(
        "blog/desk_article.html",
        form=form,
        article=article,
        topics=queries.topics(),
        moved=MOVED if moved else "",
        **more,
    )
    return page, 409 if moved else 422 if wrong else 200


def _person_page(form: PersonForm, person: Person | None = None) -> ResponseReturnValue:
    page = render("blog/desk_person.html", form=form, person=person)
    return page, 422 if form.errors else 200
