"""Names of things, shaped like Stripe's."""

import secrets
import string

LETTERS = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """Return a new secret name that starts with prefix."""
    return prefix + "".join(secrets.choice(LETTERS) for _ in range(length))
