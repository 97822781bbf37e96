"""The demonstration shop's articles, people and one approved comment."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import yaml

from blog.models import Article, Comment, Person, Review, Revision, Topic
from storefront import media
from storefront.clock import utcnow
from storefront.db import db, new_secret

DATA = Path(__file__).parent / "demo_data"
NOON = time(12, tzinfo=UTC)


def load() -> None:
    """Add the demo's people and articles; call it inside `db.writing()`."""
    people = {
        row["slug"]: Person(**row)
        for row in yaml.safe_load((DATA / "people.yaml").read_text("utf-8"))
    }
    db.session.add_all(people.values())
    topics: dict[str, Topic] = {}
    for file in sorted((DATA / "articles").glob("*.md")):
        _, front, body = file.read_text("utf-8").split("---\n", 2)
        _add(file.stem, yaml.safe_load(front), body.strip(), people, topics)


def _add(
    slug: str, row: dict[str, Any], body: str, people: dict[str, Person], topics: dict[str, Topic]
) -> None:
    for name in row["topics"]:
        topics.setdefault(name, Topic(slug=name.lower().replace(" ", "-"), name=name))
    signed: date = row["updated"] or row["published"]
    cover = (DATA / "covers" / row["cover"]["file"]).read_bytes()
    article = Article(
        slug=slug,
        author=people[row["author"]],
        medical=row["medical"],
        published_at=datetime.combine(row["published"], NOON),
        updated_on=row["updated"],
        topics=[topics[name] for name in row["topics"]],
    )
    revision = Revision(
        article=article,
        number=1,
        title=row["title"],
        summary=row["summary"],
        body=body,
        help_now=row["help_now"],
        faq=row["faq"],
        sources=row["sources"],
        cover_key=media.put(cover, "svg"),
        cover_alt=row["cover"]["alt"],
        saved_at=utcnow(),
        saved_by="Demonstration",
    )
    db.session.add_all(
        [
            article,
            Review(
                revision=revision,
                reviewer=people[row["reviewer"]],
                scope="fit, braces and walking aids; review shown as an example",
                signed_on=signed,
                valid_until=signed.replace(year=signed.year + 1),
            ),
            Comment(
                article=article,
                secret=new_secret(),
                name="Reader (invented)",
                email="reader@example.com",
                body="This comment was written for the demonstration, to show where yours goes.",
                state="approved",
                written_at=datetime.combine(signed, NOON),
                decided_at=datetime.combine(signed, NOON),
                decided_by="Demonstration",
            ),
        ]
    )
