"""What staff see of notices: what is wanted and is not there, as numbers."""

from flask import render_template as render
from markupsafe import Markup

from storefront.catalogue.models import Variant
from storefront.notices import queries
from storefront.staff.desk import desk_blueprint, page_number

ROLES = ("stock",)

blueprint = desk_blueprint("notices_desk", __name__, roles=ROLES)


@blueprint.get("/notices")
def wanted() -> str:
    """List the sizes that people wait for, the most wanted first; nobody is named."""
    page = queries.wanted(page=page_number())
    return render("storefront/notices/desk_wanted.html", page=page)


def of_variant(variant: Variant) -> Markup:
    """Return what the ledger's page of a size says of those who wait for it."""
    page = "storefront/notices/_of_variant.html"
    return Markup(render(page, demand=queries.demand(variant)))  # noqa: S704 - our template
