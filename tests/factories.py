"""Factories: small real things with sensible values, written through the shop's own doors."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any

from sqlalchemy import select

from blog.models import Article, Person, Review, Revision
from storefront.cart.models import Cart, Line
from storefront.catalogue.models import Color, Picture, Product, Variant
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.delivery import demo as delivery
from storefront.orders.models import Order, OrderLine
from storefront.stock import ledger
from storefront.stock.ledger import Shoes

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
TODAY = date(2026, 11, 1)


class Make:
    """Makes what a test asks for and leaves it committed."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def delivery(self) -> None:
        """Set up the demo's delivery: US, Standard and Express."""
        with db.writing():
            delivery.load()

    def product(
        self,
        handle: str = "",
        *,
        colors: Sequence[str] = ("Moss",),
        sizes: Sequence[str] = ("9",),
        widths: Sequence[str] = ("Wide",),
        pairs: int = 5,
        counted: bool = True,
        single_minor: int | None = None,
        **facts: Any,
    ) -> Product:
        """Make a product whose every color, size and width has so many pairs."""
        handle = handle or f"shoe-{next(self._numbers)}"
        price = facts.pop("price_minor", 8900)
        with db.writing():
            product = Product(
                handle=handle,
                title=facts.pop("title", handle.replace("-", " ").title()),
                created_at=NOW,
                updated_at=NOW,
                position=facts.pop("position", 0),
                **facts,
            )
            db.session.add(product)
            for place, name in enumerate(colors):
                color = Color(name=name, slug=name.lower().replace(" ", "-"), position=place)
                color.pictures = [
                    Picture(
                        key=f"{'0' * 31}{place}.svg", alt=f"{handle} in {name}", width=8, height=6
                    )
                ]
                product.colors.append(color)
                for size_rank, size in enumerate(sizes):
                    for width_rank, width in enumerate(widths):
                        product.variants.append(
                            Variant(
                                sku="-".join(
                                    filter(None, (handle, color.slug, size, width.lower()))
                                ),
                                color=color,
                                size=size,
                                size_rank=size_rank,
                                width=width,
                                width_rank=width_rank,
                                price_minor=price,
                                single_minor=single_minor,
                                counted=counted,
                            )
                        )
            db.session.flush()
            if pairs and counted:
                for variant in product.variants:
                    ledger.count(
                        variant.id,
                        Shoes(pairs, pairs),
                        based_on=Shoes(0, 0),
                        by="First count",
                        now=NOW,
                    )
        db.session.expire_all()
        return product

    def variant(self, *, pairs: int = 5, **more: Any) -> Variant:
        """Make a product with a single size and return that size."""
        product = self.product(pairs=pairs, **more)
        return db.session.scalars(select(Variant).where(Variant.product_id == product.id)).one()

    def cart(self, *chosen: tuple[Variant, int], email: str = "", country: str = "US") -> Cart:
        """Return a cart with so many pairs of each variant."""
        lines = tuple(
            Line(variant.id, variant.id, quantity, "", variant.price_minor)
            for variant, quantity in chosen
        )
        return Cart(new_secret(), lines, country, email)

    def order(self, *chosen: tuple[Variant, int], state: str = "pending", **facts: Any) -> Order:
        """Make an order; a pending one holds its shoes, a paid or dispatched one has sold them."""
        now = facts.pop("now", utcnow())
        chosen = chosen or ((self.variant(), 1),)
        with db.writing():
            order = Order(
                reference=new_secret(),
                cart_id=new_secret(),
                contents="0" * 64,
                state="pending",
                mode="test",
                account="test",
                currency="USD",
                subtotal_minor=sum(v.price_minor * n for v, n in chosen),
                country="US",
                created_at=now,
                lines=[
                    OrderLine(
                        position=place,
                        left_variant_id=variant.id,
                        right_variant_id=variant.id,
                        quantity=quantity,
                        unit_minor=variant.price_minor,
                        title="Shoe",
                        color="Moss",
                        size=variant.size,
                        width=variant.width,
                    )
                    for place, (variant, quantity) in enumerate(chosen)
                ],
            )
            for name, value in facts.items():
                setattr(order, name, value)
            db.session.add(order)
            db.session.flush()
            ledger.hold(order.lines, now=now)
            if state in {"paid", "dispatched"}:
                ledger.sell(order, now=now)
                order.paid_at = now
                order.total_minor = order.subtotal_minor
            if state == "lapsed":
                ledger.release(order.id, why="expired", now=now)
            order.state = state
        return order

    def person(self, name: str = "Mara Example", **facts: Any) -> Person:
        """Make an author or reviewer."""
        slug = f"{name.lower().replace(' ', '-')}-{next(self._numbers)}"
        with db.writing():
            person = Person(slug=slug, name=name, short_bio="Short.", bio="Long.", **facts)
            db.session.add(person)
        return person

    def article(
        self,
        slug: str = "",
        *,
        body: str = "Text.\n\n[rail: latest]",
        reviewed: bool = True,
        published_at: datetime | None = NOW,
        signed_on: date = TODAY,
        text: Mapping[str, Any] | None = None,
        **facts: Any,
    ) -> Article:
        """Make a published article; a reviewed one has a review of its only revision."""
        slug = slug or f"article-{next(self._numbers)}"
        author = facts.pop("author", None) or self.person()
        with db.writing():
            article = Article(
                slug=slug,
                author=author,
                medical=facts.pop("medical", True),
                published_at=published_at,
                **facts,
            )
            revision = Revision(
                article=article,
                number=1,
                title=slug.replace("-", " ").title(),
                body=body,
                saved_at=NOW,
                saved_by="Test",
                **(text or {}),
            )
            db.session.add_all([article, revision])
            if reviewed:
                db.session.add(
                    Review(
                        revision=revision,
                        reviewer=Person(
                            slug=f"reviewer-{next(self._numbers)}",
                            name="Ruth Reviewer",
                            credentials="Orthotist",
                            bio="Reviewer's life.",
                        ),
                        scope="fit",
                        signed_on=signed_on,
                        valid_until=signed_on.replace(year=signed_on.year + 1),
                    )
                )
        return article
