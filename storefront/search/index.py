"""The index: what rooms put into it and take out, and how it is asked.

It is asked for all words first, then for any of them. A word that nobody has written is taken for
the most similar one that somebody has.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import SequenceMatcher
from functools import partial
from itertools import compress
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    case,
    column,
    delete,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    table,
    tuple_,
)

from storefront.db import db
from storefront.search.models import SearchEntry, SearchWord
from storefront.search.synonyms import (
    EVERYDAY,
    LONGEST,
    LOOKED_FOR,
    NOTHING,
    OTHERS,
    SHOES,
    SYNONYMS,
    meanings,
    words_of,
)

MOST_FOUND = 60
MOST_SOUGHT = 12  # words that tell something, of all that were typed
ENOUGH = 3  # found by all words; else those found by some are added
COACHING = frozenset({"coach", "fitting"})  # of these meanings, coaches stand among the others
AT_ONCE = 3  # pages that are seen first: who asks for a shoe finds one among them
MOST_SAID = 4  # words of the same meaning
SIMILAR = 0.7  # of 1: what a mistyped word has in common with the one that was meant
MOST_LONGER = 2  # letters too many or too few in a mistyped word
MOST_WRONG = 2  # letters in all
SHORT = 4  # letters; with another letter it is another word, not a mistyped one
LOOKED_AT = 60  # words that share parts with it
MOST_COMPARED = 3_000
PARTS_OF_WORD = re.compile(r"[^\W\d_]{3,}")

# Title, keywords, summary, body. PostgreSQL's index is on this very expression.
_WEIGHTS = (10.0, 6.0, 3.0, 1.0)
VECTOR = (
    "setweight(to_tsvector('english', title), 'A')"
    " || setweight(to_tsvector('english', keywords), 'B')"
    " || setweight(to_tsvector('english', summary), 'C')"
    " || setweight(to_tsvector('english', body), 'D')"
)

_VECTOR: ColumnElement[Any] = literal_column(f"({VECTOR})")

# SQLite's full-text tables, which the migration made.
_FTS5 = table("search_index", column("rowid"), column("search_index"))
_MATCHES = _FTS5.c.search_index.op("MATCH", is_comparison=True)
_TRIGRAMS = table("search_word_parts", column("rowid"), column("search_word_parts"), column("rank"))

# What rooms lend: each yields all its entries, for whoever builds the index anew.
sources: list[Callable[[], Iterable["Entry"]]] = []


class Entry(NamedTuple):
    """A page as its room describes it for whoever looks for it."""

    kind: str
    thing: str
    address: str
    title: str
    keywords: str = ""
    summary: str = ""
    body: str = ""
    visible_from: datetime | None = None
    visible_until: datetime | None = None


class Hit(NamedTuple):
    """A page that was found, and what it lacks of what was asked, in the words of the question."""

    kind: str
    thing: str
    address: str
    title: str
    summary: str
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """What was found, for which words, where one of them was taken for another, and `also` for
    which others, since they mean the same.
    """

    hits: Sequence[Hit] = ()
    taken_for: str = ""
    also: Sequence[str] = ()


def put(*entries: Entry) -> None:
    """Let pages be found as they are now; inside `db.writing()`."""
    if not entries:
        return
    remove(*((entry.kind, entry.thing) for entry in entries))
    db.session.execute(insert(SearchEntry), [entry._asdict() for entry in entries])
    # A mistyped word is taken for one that names something, not for any that somebody wrote.
    _learn(" ".join(f"{entry.title} {entry.keywords}" for entry in entries))


def remove(*pages: tuple[str, str]) -> None:
    """Let pages, of a kind and a thing, be found no more; inside `db.writing()`."""
    named = tuple_(SearchEntry.kind, SearchEntry.thing)
    db.session.execute(delete(SearchEntry).where(named.in_(pages)))


def rebuild() -> int:
    """Build the index anew from what the rooms have; return how many pages it holds."""
    for model in (SearchEntry, SearchWord):
        db.session.execute(delete(model))
    entries = [entry for source in sources for entry in source()]
    put(*entries)
    return len(entries)


def is_empty() -> bool:
    return db.session.scalar(select(SearchEntry.id).limit(1)) is None


def _learn(said: str) -> None:
    words = {word[:LONGEST] for word in PARTS_OF_WORD.findall(said.lower())}
    known = set(db.session.scalars(select(SearchWord.word).where(SearchWord.word.in_(words))))
    new = [{"word": word} for word in sorted(words - known)]
    db.insert_missing(SearchWord, "word", rows=new)


def find(typed: str, *, now: datetime, begun: bool = False) -> Found:
    """Return what is found for some words; `begun`: the last may be only the start of one."""
    words = words_of(typed)
    if not words:
        return Found()
    meant = words if begun else _meant(words)
    said = " ".join(meant)
    wanted = list(meanings(meant))[:MOST_SOUGHT]
    for_shoes = not SHOES.isdisjoint(meant)
    ask = partial(_ask, said=said, now=now, begun=begun)
    hits = ask(wanted, all_of_them=True)
    lacks_shoes = for_shoes and not any(hit.kind == "product" for hit in hits)
    if (len(hits) < ENOUGH or lacks_shoes) and len(wanted) > 1:
        none = not hits
        more = ask(wanted, all_of_them=False)
        near = _nearest([hit for hit in more if hit.lacks], max(1, ENOUGH - len(hits)))
        hits += [hit for hit in near if none or len(hit.lacks) == 1]
    whoever = [group for group in wanted if group not in OTHERS]
    if not hits and whoever != wanted and whoever:  # a woman's shoe is nearer to a man's than none
        lacks = tuple(word for word in meant if any(word in group for group in OTHERS))
        hits = [hit._replace(lacks=lacks) for hit in ask(whoever, all_of_them=True)]
    if not any(COACHING.intersection(group) for group in wanted):
        hits.sort(key=lambda hit: hit.kind == "coach")  # who looks for shoes finds those first
    if for_shoes:
        _put_shoes_first(hits, all_of_them=any(group in OTHERS for group in wanted))
    also = [phrase for group in wanted if len(group) > 1 for phrase in group if phrase not in said]
    return Found(hits, said if meant != words else "", also[:MOST_SAID])


def _put_shoes_first(hits: list[Hit], *, all_of_them: bool) -> None:
    """Put shoes before pages that lack no more: all where it is said for whom, else the best one
    where none is seen at once.
    """
    if all_of_them:
        hits.sort(key=lambda hit: (len(hit.lacks), hit.kind != "product"))
    elif not any(hit.kind == "product" for hit in hits[:AT_ONCE]):
        best = next((hit for hit in hits if hit.kind == "product"), None)
        if best and len(best.lacks) == len(hits[0].lacks):
            hits.sort(key=lambda hit: hit is not best)


def _nearest(hits: Sequence[Hit], enough: int) -> list[Hit]:
    """Return those that lack least, or so many that they are enough; the rest would only hide them.

    They are ordered by how much they lack.
    """
    most = len(hits[:enough][-1].lacks) if hits else 0
    return [hit for hit in hits if len(hit.lacks) <= most]


def _ask(
    wanted: Sequence[tuple[str, ...]],
    *,
    said: str,
    all_of_them: bool,
    now: datetime,
    begun: bool,
) -> list[Hit]:
    columns = [getattr(SearchEntry, name) for name in Hit._fields if name != "lacks"]
    visible = or_(SearchEntry.visible_from.is_(None), SearchEntry.visible_from <= now) & or_(
        SearchEntry.visible_until.is_(None), SearchEntry.visible_until > now
    )
    statement = select(*columns).where(visible).limit(MOST_FOUND)
    last = wanted[-1]
    met: dict[tuple[str, ...], ColumnElement[bool]]
    met = {group: _meets(group, begun and group is last) for group in wanted}
    eased = {  # for whom a shoe is made is asked of shoes alone
        group: met[group] | (SearchEntry.kind != "product")
        for group in wanted
        if group in OTHERS and len(wanted) > 1
    }
    met |= eased
    sought = [group for group in wanted if group not in eased] or wanted
    if _is_sqlite():
        join = " AND " if all_of_them else " OR "
        asked = join.join(_fts5(group, begun and group is last) for group in sought)
        weights = ", ".join(map(str, _WEIGHTS))
        rank: ColumnElement[Any] = literal_column(f"bm25(search_index, {weights})")
        statement = statement.join(_FTS5, _FTS5.c.rowid == SearchEntry.id).where(_MATCHES(asked))
    else:
        query, *others = (_tsquery(group, begun and group is last) for group in sought)
        for other in others:
            query = query.op("&&" if all_of_them else "||")(other)
        of_parts: ColumnElement[Any] = literal_column("'{0.1, 0.3, 0.6, 1.0}'::float4[]")
        rank = -func.ts_rank(of_parts, _VECTOR, query)
        statement = statement.where(_VECTOR.op("@@", is_comparison=True)(query))
    if all_of_them:
        statement = statement.where(*eased.values())
        statement = statement.order_by(rank, SearchEntry.id)
        return [Hit._make((*row, ())) for row in db.session.execute(statement)]
    for group in wanted:
        if group in OTHERS:
            statement = statement.where(or_(met[group], not_(_meets(OTHERS[group]))))
    lacking = [case((met[group], 0), else_=1) for group in wanted]
    statement = statement.add_columns(*lacking)
    statement = statement.order_by(sum(lacking, literal(0)), rank, SearchEntry.id)
    typed = [next((one for one in group if one in said), group[0]) for group in wanted]
    return [
        Hit._make((*row[: len(columns)], tuple(compress(typed, row[len(columns) :]))))
        for row in db.session.execute(statement)
    ]


def _meets(group: Sequence[str], begun: bool = False) -> ColumnElement[bool]:
    """Return the condition that one of several phrases is found in an entry."""
    if _is_sqlite():
        return SearchEntry.id.in_(select(_FTS5.c.rowid).where(_MATCHES(_fts5(group, begun))))
    return _VECTOR.op("@@", is_comparison=True)(_tsquery(group, begun))


def _fts5(group: Sequence[str], begun: bool) -> str:
    """Return one of several phrases as FTS5 reads it; they have letters and digits alone."""
    star = "*" if begun else ""
    return "(" + " OR ".join(f'"{phrase}"{star}' for phrase in group) + ")"


def _tsquery(group: Sequence[str], begun: bool) -> ColumnElement[Any]:
    queries = [
        func.to_tsquery("english", " <-> ".join(phrase.split()) + ":*")
        if begun
        else func.phraseto_tsquery("english", phrase)
        for phrase in group
    ]
    query: ColumnElement[Any] = queries[0]
    for other in queries[1:]:
        query = query.op("||")(other)
    return query


def _meant(words: Sequence[str]) -> list[str]:
    """Return the words with each that nobody has written replaced by the most similar one."""
    told = {word: None for word in words if PARTS_OF_WORD.fullmatch(word)}
    asked = [word for word in told if word not in NOTHING and word not in SYNONYMS][:MOST_SOUGHT]
    if not asked:
        return list(words)
    is_found = (select(SearchEntry.id).where(_meets((word,))).exists() for word in asked)
    found = db.session.execute(select(*is_found)).one()
    unknown = {word for word, is_there in zip(asked, found, strict=True) if not is_there}
    similar = {word: _most_similar(word) for word in unknown}
    if any(word == other for word, other in similar.items()):
        # Where one word stays unknown the others may be right too, unless they are often meant.
        similar = {word: other for word, other in similar.items() if other in LOOKED_FOR}
    return [similar.get(word, word) for word in words]


def _most_similar(word: str) -> str:
    """Return the most similar of the words that share some of its parts, or its first letter."""
    if _is_sqlite():
        parts = {word[at : at + 3] for at in range(len(word) - 2)}
        sharing: ColumnElement[bool] = SearchWord.id.in_(
            select(_TRIGRAMS.c.rowid)
            .where(
                _TRIGRAMS.c.search_word_parts.op("MATCH", is_comparison=True)(
                    " OR ".join(sorted(parts))
                )
            )
            .order_by(_TRIGRAMS.c.rank)
            .limit(LOOKED_AT)
        )
    else:
        sharing = SearchWord.word.op("%", is_comparison=True)(word)
    begun_alike = SearchWord.word.startswith(word[0], autoescape=True) & func.length(
        SearchWord.word
    ).between(len(word) - MOST_LONGER, len(word) + MOST_LONGER)
    written = db.session.scalars(
        select(SearchWord.word).where(sharing | begun_alike).limit(MOST_COMPARED)
    )
    likeness, _, nearest = max(  # of two, the one that people look for
        (_likeness(word, other), other in LOOKED_FOR, other) for other in {*written, *LOOKED_FOR}
    )
    return EVERYDAY.get(nearest, nearest) if likeness >= SIMILAR else word


def _likeness(typed: str, meant: str) -> float:
    """Return how much two words have in common: 1 is all, nothing where they begin otherwise, one
    is much longer, or too many letters are wrong.

    The first letter is seldom mistyped, and letters in another order are still the same word.
    """
    if sorted(typed) == sorted(meant):
        return 1.0
    if typed[0] != meant[0] or abs(len(typed) - len(meant)) > MOST_LONGER:
        return 0.0
    if len(typed) == len(meant) <= SHORT or len(typed) < SHORT:
        return 0.0
    compared = SequenceMatcher(None, typed, meant)
    wrong = sum(
        max(i_end - i, j_end - j)
        for what, i, i_end, j, j_end in compared.get_opcodes()
        if what != "equal"
    )
    return compared.ratio() if wrong <= MOST_WRONG else 0.0


def _is_sqlite() -> bool:
    return db.engine.dialect.name == "sqlite"
