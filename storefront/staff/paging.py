"""One page of a long list, without counting all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select

from storefront.db import db

PAGE_SIZE = 50

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list, which page they are, and whether more follow."""

    rows: Sequence[T]
    number: int
    more: bool


def page_of(statement: Select[T], number: int) -> Page[T]:
    """Return one page of what a statement selects."""
    rows = db.session.scalars(statement.limit(PAGE_SIZE + 1).offset((number - 1) * PAGE_SIZE)).all()
    return Page(rows[:PAGE_SIZE], number, len(rows) > PAGE_SIZE)
