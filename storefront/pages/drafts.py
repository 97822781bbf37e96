"""Drafts: what a page may begin as, filled from what the shop knows of itself."""

from flask import render_template

from storefront.pages.facts import Facts


def draft_of(slug: str, facts: Facts) -> str:
    """Return a page's draft in Markdown, with a gap for what is not known."""
    page = f"storefront/pages/drafts/{slug}.md"
    phone = f"[{facts.phone}](tel:{facts.phone.replace(' ', '')})" if facts.phone else ""
    return render_template(
        page,
        facts=facts,
        known=known,
        email=known(facts.email and f"<{facts.email}>", "email address"),
        phone=known(phone, "phone number"),
    ).strip()


def known(fact: str, words: str) -> str:
    """Return a fact, or a gap that asks for it: "[your phone number]"."""
    return fact or f"[your {words}]"
