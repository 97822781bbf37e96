"""What is found of the catalogue: its products."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.search import index
from storefront.search.index import Entry

HANDS = {1: "one hand", 2: "two hands"}


def entries(*ids: int) -> Iterator[Entry]:
    """Yield all products that a shopper may see, or those of these ids."""
    shown = (
        select(Product)
        .where(Product.published, Product.variants.any(Variant.published))
        .options(
            selectinload(Product.colors),
            selectinload(Product.variants),
            selectinload(Product.braces),
        )
        .execution_options(populate_existing=True)
    )
    if ids:
        shown = shown.where(Product.id.in_(ids))
    return map(_entry, db.session.scalars(shown))


def note(*products: Product) -> None:
    """Let products be found as they are now, if a shopper may see them; inside `db.writing()`."""
    db.session.flush()
    ids = [product.id for product in products]
    shown = {entry.thing: entry for entry in entries(*ids)} if ids else {}
    index.remove(*(("product", str(each)) for each in ids if str(each) not in shown))
    index.put(*shown.values())


def _entry(product: Product) -> Entry:
    words = (
        "shoe shoes stock",
        product.product_type,
        product.tags,
        product.vendor,
        product.closure,
        HANDS.get(product.hands or 0),
        product.size_label,
        product.size_system,
        "sale" if any((v.compare_at_minor or 0) > v.price_minor for v in product.variants) else "",
        "one shoe" if any(variant.single_minor for variant in product.variants) else "",
        *(brace.brace for brace in product.braces),
        *(color.name for color in product.colors),
        *sorted(
            {
                name
                for variant in product.variants
                if variant.published
                for name in (variant.size, variant.width)
            }
        ),
    )
    return Entry(
        kind="product",
        thing=str(product.id),
        address=f"/products/{product.handle}",
        title=product.title,
        keywords=" ".join(filter(None, words)),
        summary=product.summary,
        body=f"{product.description} {product.sole or ''}",
    )
