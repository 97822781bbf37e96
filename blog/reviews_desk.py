"""What reviewers do: see which medical articles need a review, read them, and sign."""

from collections.abc import Iterator

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user

from blog import queries, writing
from blog.forms import ReviewForm
from blog.writing import SignedAlready, TextMoved, Words
from storefront.catalogue.views import today
from storefront.clock import utcnow
from storefront.db import db
from storefront.staff.desk import Waiting, desk_blueprint, page_number

ROLES = ("reviewer",)
MOVED = (
    "The article was saved meanwhile, so nothing was signed. Please read its newest words, then"
    " sign again."
)
TWICE = "This reviewer has signed these words for that day already."

blueprint = desk_blueprint("reviews_desk", __name__, roles=ROLES)


def waiting() -> Iterator[Waiting]:
    """Say how many medical articles have no review that holds."""
    yield Waiting(
        "medical articles without a review that holds",
        "/staff/reviews",
        queries.without_review(today=today(), now=utcnow()),
    )


@blueprint.get("/reviews")
def listing() -> str:
    """List the medical articles, those that need a review first."""
    return render(
        "blog/desk_reviews.html", page=queries.to_review(page=page_number()), today=today()
    )


@blueprint.route("/articles/<slug>/review", methods=["GET", "POST"])
def sign(slug: str) -> ResponseReturnValue:
    """Sign an article's newest words, or say why not: they are others than those that were read."""
    article = queries.any_article(slug) or abort(404)
    latest, day = writing.latest_of(article.id), today()
    others = [person for person in queries.people() if person.id != article.author_id]
    form = ReviewForm(others, today=day, data={"signed_on": day})
    status = 200
    if request.method == "GET":
        form.based_on.data = str(latest.number)
    elif not form.validate():
        status = 422
    else:
        try:
            with db.writing():
                writing.sign(
                    article.id,
                    reviewer_id=form.people[form.reviewer.data],
                    scope=form.scope.data,
                    signed_on=form.signed_on.data or day,
                    based_on=int(form.based_on.data),
                    by=current_user.known_as,
                )
        except TextMoved as moved:
            latest, status = moved.latest, 409
            form.based_on.raw_data, form.based_on.data = None, str(latest.number)
        except SignedAlready:
            form.reviewer.errors, status = [TWICE], 422
        else:
            flash("The review is signed and shown with the article.", "info")
            return redirect(url_for("reviews_desk.listing"), 303)
    signed = queries.reviews(article.id)
    read = signed[0].revision if signed else latest
    page = render(
        "blog/desk_review.html",
        article=article,
        latest=latest,
        reviews=signed,
        difference=list(writing.difference(Words.of(read), Words.of(latest))),
        form=form,
        moved=MOVED if status == 409 else "",
        today=day,
    )
    return page, status
