"""What is found of the blog: its articles, while readers may see them."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from blog.models import Article
from storefront.db import db
from storefront.search import index
from storefront.search.index import Entry


def entries() -> Iterator[Entry]:
    """Yield all articles that readers may see now or at a later time."""
    dated = select(Article).where(Article.published_at.is_not(None))
    read = dated.options(selectinload(Article.revisions), selectinload(Article.topics))
    return map(_entry, db.session.scalars(read))


def note(article: Article) -> None:
    """Let an article be found as it is now; inside `db.writing()`."""
    db.session.flush()
    db.session.refresh(article, ["revisions", "topics"])
    if article.published_at is None:
        index.remove(("article", str(article.id)))
    else:
        index.put(_entry(article))


def _entry(article: Article) -> Entry:
    latest = article.revisions[-1]
    questions = " ".join(f"{each['question']} {each['answer']}" for each in latest.faq)
    return Entry(
        kind="article",
        thing=str(article.id),
        address=f"/blog/{article.slug}",
        title=latest.title,
        keywords=" ".join(topic.name for topic in article.topics),
        summary=latest.summary,
        body=f"{latest.body} {questions}",
        visible_from=article.published_at,
        visible_until=article.expires_at,
    )
