"""Prose: the only door from Markdown to HTML, for articles, products and comments."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

TAGS = {
    "a", "blockquote", "br", "code", "em", "h2", "h3", "h4", "hr", "li", "ol", "p", "pre",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "h2": {"id"},
    "h3": {"id"},
    "h4": {"id"},
    "ol": {"start"},
}
ANCHOR = re.compile(r"[^a-z0-9]+")

KEPT = 512  # texts whose HTML is remembered: it depends on nothing else

_markdown = MarkdownIt("commonmark", {"html": True}).enable("table")


class Heading(NamedTuple):
    """An entry of the contents: its anchor, its text, and the headings under it."""

    anchor: str
    text: str
    level: int
    below: tuple["Heading", ...] = ()


class Document(NamedTuple):
    """An article's body: its first paragraph, where it begins with one; then HTML parts with the
    named blocks that stand between them.
    """

    opening: Markup
    parts: tuple[Markup | str, ...]
    contents: tuple[Heading, ...]


@lru_cache(KEPT)
def render(text: str) -> Markup:
    """Return Markdown, which may hold HTML, as HTML that is safe to show."""
    return _clean(_markdown.render(text))


@lru_cache(KEPT)
def render_document(text: str, blocks: re.Pattern[str]) -> Document:
    """Return an article's body with anchored headings, split where a named block stands.

    A paragraph that is only `[name: rule]` is a block when `blocks` matches the whole of it; it
    appears in `parts` as the plain text "name: rule", HTML parts as Markup.
    """
    tokens = _markdown.parse(text)
    headings = list(_anchored(tokens))
    parts: list[Markup | str] = []
    is_text = tokens and tokens[0].type == "paragraph_open" and not _block_name(tokens, 0, blocks)
    begun = start = 3 if is_text else 0
    for index in range(start, len(tokens)):
        if name := _block_name(tokens, index, blocks):
            parts += [_part(tokens[start:index]), name]
            start = index + 3
    parts.append(_part(tokens[start:]))
    return Document(_part(tokens[:begun]), tuple(part for part in parts if part), _nested(headings))


def plain(text: str) -> Markup:
    """Return what a stranger wrote as paragraphs, with no formatting at all."""
    blocks = re.split(r"\n\s*\n", text.strip())
    return Markup("").join(
        Markup("<p>{}</p>").format(Markup("<br>").join(block.splitlines())) for block in blocks
    )


def _clean(html: str) -> Markup:
    return Markup(  # noqa: S704 - cleaned right here
        nh3.clean(
            html,
            tags=TAGS,
            attributes=ATTRIBUTES,
            url_schemes={"http", "https", "mailto", "tel"},
            link_rel="noopener",
        )
    )


def _part(tokens: list[Token]) -> Markup:
    return _clean(_markdown.renderer.render(tokens, _markdown.options, {}))


def _block_name(tokens: list[Token], index: int, blocks: re.Pattern[str]) -> str | None:
    if tokens[index].type != "paragraph_open" or tokens[index].level != 0:
        return None
    match = re.fullmatch(r"\[([a-z]+(?:: ?[a-z0-9 -]+)?)\]", tokens[index + 1].content.strip())
    return match[1] if match and blocks.fullmatch(match[1]) else None


def _anchored(tokens: list[Token]) -> Iterator[Heading]:
    """Give each heading a stable anchor made from its text, repeated ones numbered."""
    seen: dict[str, int] = {}
    for index, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(child.content for child in tokens[index + 1].children or [])
        anchor = ANCHOR.sub("-", text.lower()).strip("-") or "section"
        seen[anchor] = seen.get(anchor, 0) + 1
        if seen[anchor] > 1:
            anchor = f"{anchor}-{seen[anchor]}"
        token.attrSet("id", anchor)
        yield Heading(anchor, text, int(token.tag[1]))


def _nested(headings: Sequence[Heading]) -> tuple[Heading, ...]:
    """Put each heading under the nearest one above it that is of a higher level."""
    top: list[Heading] = []
    while headings:
        first, *rest = headings
        end = next((n for n, other in enumerate(rest) if other.level <= first.level), len(rest))
        top.append(first._replace(below=_nested(rest[:end])))
        headings = rest[end:]
    return tuple(top)
