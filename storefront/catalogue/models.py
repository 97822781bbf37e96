"""Products, their colors, and the variants that are counted and sold."""

from datetime import date, datetime

from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    case,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.db import Base

MOST_ON_HAND = 1_000_000


class Product(Base):
    """A model of shoe, or any other thing sold. A fact that is None was not measured."""

    __tablename__ = "products"
    __table_args__ = (
        CheckConstraint("hands IN (1, 2)", name="hands"),
        Index("ix_products_listing", "published", "position", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(255))
    summary: Mapped[str] = mapped_column(Text, default="")
    description: Mapped[str] = mapped_column(Text, default="")
    published: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    vendor: Mapped[str] = mapped_column(String(255), default="")
    product_type: Mapped[str] = mapped_column(String(255), default="")
    tags: Mapped[str] = mapped_column(Text, default="")
    size_label: Mapped[str] = mapped_column(String(80), default="Size")
    size_system: Mapped[str] = mapped_column(String(20), default="")
    width_label: Mapped[str] = mapped_column(String(80), default="Width")
    weight_g: Mapped[int | None]
    drop_mm: Mapped[int | None]
    depth_mm: Mapped[int | None]
    opening_mm: Mapped[int | None]
    closure: Mapped[str | None] = mapped_column(String(40))
    hands: Mapped[int | None]
    removable_insole: Mapped[bool | None]
    heel_counter: Mapped[str | None] = mapped_column(String(40))
    sole: Mapped[str | None] = mapped_column(String(255))

    braces: Mapped[list["ProductBrace"]] = relationship(order_by="ProductBrace.brace")
    colors: Mapped[list["Color"]] = relationship(
        back_populates="product", order_by="Color.position"
    )
    variants: Mapped[list["Variant"]] = relationship(
        back_populates="product", order_by="(Variant.size_rank, Variant.width_rank)"
    )
    inside: Mapped[list["InsideWidth"]] = relationship(cascade="all, delete-orphan")


class FormerHandle(Base):
    """A handle that a product had before: its addresses lead to the product for ever."""

    __tablename__ = "former_handles"

    handle: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)


class ProductBrace(Base):
    """A brace type that the shoe takes."""

    __tablename__ = "product_braces"

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    brace: Mapped[str] = mapped_column(String(80), primary_key=True)


class InsideWidth(Base):
    """How wide a product is inside in one size and width, whatever its color: millimeters straight
    across the ball of the foot, insole out. What is not here was not measured.
    """

    __tablename__ = "inside_widths"
    __table_args__ = (CheckConstraint("inside_mm > 0", name="inside_mm"),)

    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True)
    size: Mapped[str] = mapped_column(String(80), primary_key=True)
    width: Mapped[str] = mapped_column(String(80), primary_key=True)
    inside_mm: Mapped[int]


class Collection(Base):
    """Products shown together: put in by hand, or all those of which `rule` has the value."""

    __tablename__ = "collections"
    __table_args__ = (
        CheckConstraint("rule IN ('hand', 'tag', 'brace', 'hands', 'type')", name="rule"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    handle: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(255))
    description: Mapped[str] = mapped_column(Text, default="")
    published: Mapped[bool] = mapped_column(default=True)
    position: Mapped[int] = mapped_column(default=0)
    updated_at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(String(20), default="hand")
    rule_value: Mapped[str] = mapped_column(String(255), default="")

    places: Mapped[list["CollectionPlace"]] = relationship(
        order_by="CollectionPlace.position", cascade="all, delete-orphan"
    )


class CollectionPlace(Base):
    """The place of a product in a collection that is put together by hand."""

    __tablename__ = "collection_places"

    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), primary_key=True, index=True)
    position: Mapped[int]

    product: Mapped[Product] = relationship()


class FormerCollectionHandle(Base):
    """A handle that a collection had before: its address leads to the collection for ever."""

    __tablename__ = "former_collection_handles"

    handle: Mapped[str] = mapped_column(String(80), primary_key=True)
    owner_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), index=True)


class Color(Base):
    """A color of a product; the name '' is the only color and is not shown."""

    __tablename__ = "colors"
    __table_args__ = (UniqueConstraint("product_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"), index=True)
    name: Mapped[str] = mapped_column(String(80), default="")
    slug: Mapped[str] = mapped_column(String(80), default="")
    position: Mapped[int] = mapped_column(default=0)
    swatch: Mapped[str] = mapped_column(String(7), default="")
    second_swatch: Mapped[str] = mapped_column(String(7), default="")

    product: Mapped[Product] = relationship(back_populates="colors")
    pictures: Mapped[list["Picture"]] = relationship(order_by="Picture.position")


class Picture(Base):
    """A picture of a product in one color, kept under /media/<key>."""

    __tablename__ = "pictures"
    __table_args__ = (UniqueConstraint("color_id", "position"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    color_id: Mapped[int] = mapped_column(ForeignKey("colors.id"))
    position: Mapped[int] = mapped_column(default=0)
    key: Mapped[str] = mapped_column(String(80))
    alt: Mapped[str] = mapped_column(Text)
    width: Mapped[int]
    height: Mapped[int]


class Variant(Base):
    """One sku: a product in one color, size and width, with its count of left and right shoes.

    `price_minor` is the price of a pair, `single_minor` of one shoe (None: not sold singly), both
    in minor units. The four counts are written in `storefront/stock/ledger.py` alone.
    """

    __tablename__ = "variants"
    __table_args__ = (
        UniqueConstraint("product_id", "color_id", "size", "width"),
        CheckConstraint(f"on_hand_left BETWEEN 0 AND {MOST_ON_HAND}", name="on_hand_left"),
        CheckConstraint(f"on_hand_right BETWEEN 0 AND {MOST_ON_HAND}", name="on_hand_right"),
        CheckConstraint("held_left BETWEEN 0 AND on_hand_left", name="held_left"),
        CheckConstraint("held_right BETWEEN 0 AND on_hand_right", name="held_right"),
        CheckConstraint("price_minor BETWEEN 0 AND 99999999", name="price_minor"),
        CheckConstraint("single_minor BETWEEN 0 AND 99999999", name="single_minor"),
        CheckConstraint("compare_at_minor BETWEEN 0 AND 99999999", name="compare_at_minor"),
        CheckConstraint("sku <> ''", name="sku"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    sku: Mapped[str] = mapped_column(String(64), unique=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("products.id"))
    color_id: Mapped[int] = mapped_column(ForeignKey("colors.id"), index=True)
    size: Mapped[str] = mapped_column(String(80), default="")
    size_rank: Mapped[int] = mapped_column(default=0)
    width: Mapped[str] = mapped_column(String(80), default="")
    width_rank: Mapped[int] = mapped_column(default=0)
    published: Mapped[bool] = mapped_column(default=True)
    price_minor: Mapped[int]
    single_minor: Mapped[int | None]
    compare_at_minor: Mapped[int | None]
    barcode: Mapped[str] = mapped_column(String(64), default="")
    weight_g: Mapped[int] = mapped_column(default=0)
    restock_on: Mapped[date | None]
    counted: Mapped[bool] = mapped_column(default=True)
    on_hand_left: Mapped[int] = mapped_column(default=0)
    on_hand_right: Mapped[int] = mapped_column(default=0)
    held_left: Mapped[int] = mapped_column(default=0)
    held_right: Mapped[int] = mapped_column(default=0)

    product: Mapped[Product] = relationship(back_populates="variants")
    color: Mapped[Color] = relationship()

    @property
    def labelled_size(self) -> str:
        """The size with what the model calls it: "US women's size 9"; '' where it has none."""
        return f"{self.product.size_label} {self.size}" if self.size else ""

    @property
    def name(self) -> str:
        """Title, color, size and width in one phrase."""
        choice = (self.color.name, self.labelled_size, self.width)
        return ", ".join(filter(None, (self.product.title, *choice)))

    def free(self, side: str) -> int:
        """Return how many shoes of the left or right side nobody holds."""
        if side == "left":
            return self.on_hand_left - self.held_left
        return self.on_hand_right - self.held_right

    @hybrid_property
    def free_pairs(self) -> int:
        """Whole pairs that nobody holds."""
        return min(self.free("left"), self.free("right"))

    @free_pairs.inplace.expression
    @classmethod
    def _free_pairs_sql(cls) -> ColumnElement[int]:
        left = cls.on_hand_left - cls.held_left
        right = cls.on_hand_right - cls.held_right
        return case((left < right, left), else_=right)
