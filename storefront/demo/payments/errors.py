"""A refusal in the shape of Stripe's error object."""

from typing import Any


class Refused(Exception):
    """A request that gets an error object instead of what it asked for.

    See https://docs.stripe.com/api/errors and https://docs.stripe.com/error-codes.
    """

    def __init__(
        self,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        status: int = 400,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        facts = {"code": code, "message": message, "param": param, "type": kind}
        self.body: dict[str, Any] = {
            "error": {name: fact for name, fact in facts.items() if fact is not None}
        }


def missing(kind: str, id: str, param: str) -> Refused:
    """Return the refusal for a thing that this company does not have."""
    return Refused(f"No such {kind}: '{id}'", param=param, code="resource_missing", status=404)


def out_of_range(message: str, param: str) -> Refused:
    """Return the refusal for a whole number beyond its limits."""
    return Refused(message, param=param, code="parameter_invalid_integer")
