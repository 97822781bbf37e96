"""What the fit finder reads of the catalogue: models with their measures, sizes and stock."""

from collections.abc import Sequence
from typing import NamedTuple

from storefront.catalogue.queries import ColorRow, SizeRow, WholeProduct, products_page
from storefront.catalogue.systems import foot_mm
from storefront.fit.rules import Shoe, Size

MOST_COMPARED = 200  # models


class Model(NamedTuple):
    """A model as the rules see it, and as a page shows it."""

    shoe: Shoe
    whole: WholeProduct

    def chosen(self, sku: str) -> tuple[ColorRow, SizeRow]:
        """Return a size by its sku, with its color."""
        size = next(size for size in self.whole.sizes if size.sku == sku)
        return next(color for color in self.whole.colors if color.id == size.color_id), size


def models(steps: Sequence[str]) -> list[Model]:
    """Return the models to compare, the first two hundred in the shop's order.

    `steps` are the shop's widths, the narrowest first.
    """
    found = products_page(limit=MOST_COMPARED, page=1)
    return [Model(_shoe(whole, steps, place), whole) for place, whole in enumerate(found)]


def _shoe(whole: WholeProduct, steps: Sequence[str], place: int) -> Shoe:
    product = whole.product
    system = f"{product.size_label} {product.size_system}"
    return Shoe(
        title=product.title,
        position=place,
        sizes=tuple(
            Size(
                sku=size.sku,
                name=" ".join(filter(None, (size.size, size.width))),
                foot_mm=foot_mm(size.size, system),
                width_step=steps.index(size.width) if size.width in steps else None,
                is_there=size.free_pairs > 0 or not size.counted,
                inside_mm=size.inside_mm,
            )
            for size in whole.sizes
        ),
        braces=frozenset(whole.braces),
        hands=product.hands,
        depth_mm=product.depth_mm,
        opening_mm=product.opening_mm,
        weight_g=product.weight_g,
    )
