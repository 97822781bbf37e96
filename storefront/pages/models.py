"""Pages of words that every shop must have, such as its terms."""

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.db import Base

PAGES = {  # in the order of the footer
    "shipping": "Delivery",
    "returns": "Returns",
    "contact": "Contact",
    "terms": "Terms of sale",
    "privacy": "Privacy",
    "legal-notice": "Legal notice",
    "editorial-policy": "Editorial policy",
}
ABOUT = {  # in one sentence, for whoever looks for it
    "shipping": "Where we send shoes, what it costs and how long it takes.",
    "returns": "How to send shoes back, until when, and what it costs.",
    "contact": "How to reach us, and when.",
    "terms": "What you and the shop agree on when you buy.",
    "privacy": "What we keep about you, for how long, and how to have it erased.",
    "legal-notice": "Who runs this shop.",
    "editorial-policy": "How our articles are written, reviewed and corrected.",
}


class Page(Base):
    """What a page says, in Markdown, and whether readers see it."""

    __tablename__ = "pages"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    title: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    published: Mapped[bool] = mapped_column(default=False)
    updated_at: Mapped[datetime]
    updated_by: Mapped[str] = mapped_column(String(255))
