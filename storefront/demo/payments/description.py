"""What Stripe's interface takes and gives, read from the description kept in schema/."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

FILE = Path(__file__).parent / "schema" / "stripe-sdk-types.json"


@cache
def document() -> dict[str, Any]:
    """Return the whole description."""
    description: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return description


@cache
def request_validator(method: str, path: str) -> Draft202012Validator:
    """Return the judge of an operation's parameters, from its query or its form body."""
    operation = document()["paths"][path][method.lower()]
    if method == "POST":
        body = operation["requestBody"]["content"]["application/x-www-form-urlencoded"]
        return Draft202012Validator(body["schema"])
    query = {p["name"]: p["schema"] for p in operation["parameters"] if p["in"] == "query"}
    return Draft202012Validator(
        {"type": "object", "additionalProperties": False, "properties": query}
    )
