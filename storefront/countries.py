"""Countries by the name that people know, from the two letters of ISO 3166-1."""

from babel import Locale

NAMES = {code: str(name) for code, name in Locale("en", "US").territories.items()}


def country_name(code: str) -> str:
    """Return a country's name in English; what is no code stays as it is."""
    return NAMES.get(code, code)
