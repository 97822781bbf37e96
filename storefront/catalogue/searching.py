"""What is found of the catalogue: its products, and its collections."""

from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront import prose
from storefront.catalogue.colors import everyday_names
from storefront.catalogue.models import Collection, Product, Variant
from storefront.db import db
from storefront.search import index
from storefront.search.index import Entry

# What people who need it type.
HANDS = {
    1: "one hand close closed easy weak stiff hands fingers arthritis tremor tie tying",
    2: "two hands close closed",
}
DEEP = 60  # millimeters inside, insole out
LIGHT = 300  # grams a shoe
FOOT_UP = "foot-up"  # a strap that is worn for foot drop


def entries() -> Iterator[Entry]:
    """Yield all products and collections that a shopper may see."""
    yield from _products()
    yield from map(
        _of_collection, db.session.scalars(select(Collection).where(Collection.published))
    )


def _products(*ids: int) -> Iterator[Entry]:
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
    shown = {entry.thing: entry for entry in _products(*ids)} if ids else {}
    index.remove(*(("product", str(each)) for each in ids if str(each) not in shown))
    index.put(*shown.values())


def note_collection(collection: Collection) -> None:
    """Let a collection be found as it is now, if a shopper may see it; inside `db.writing()`."""
    db.session.flush()
    index.remove(("page", f"collection {collection.id}"))
    if collection.published:
        index.put(_of_collection(collection))


def _of_collection(of: Collection) -> Entry:
    address, words = f"/collections/{of.handle}", f"shoes {of.rule_value}"
    about = prose.render(of.description).striptags()
    return Entry("page", f"collection {of.id}", address, of.title, words, about)


def _entry(product: Product) -> Entry:
    words = (
        "shoe shoes stock walking comfortable tennis adaptive",
        product.product_type,
        product.tags,
        product.vendor,
        product.closure,
        HANDS.get(product.hands or 0),
        product.size_label,
        product.size_system,
        "sale" if any((v.compare_at_minor or 0) > v.price_minor for v in product.variants) else "",
        "removable insole insoles" if product.removable_insole else "",
        "extra depth deep" if (product.depth_mm or 0) >= DEEP else "",
        "light lightweight" if product.weight_g and product.weight_g <= LIGHT else "",
        "one shoe" if any(variant.single_minor for variant in product.variants) else "",
        *(brace.brace for brace in product.braces),
        "foot drop" if any(FOOT_UP in brace.brace.lower() for brace in product.braces) else "",
        *(color.name for color in product.colors),
        *sorted({name for color in product.colors for name in everyday_names(color.swatch)}),
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
