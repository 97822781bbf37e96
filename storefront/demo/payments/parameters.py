"""A request's parameters: from form text with brackets to data that Stripe's description allows."""

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator, ValidationError

from .errors import Refused
from .state import Body

MOST_FIELDS = 20_000
DEEPEST = 10
KEY = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
INTEGER = re.compile(r"-?[0-9]{1,15}")
CODES = {"integer": "parameter_invalid_integer"}


def read(text: bytes, validator: Draft202012Validator) -> Body:
    """Return the parameters in a query or form body; raise Refused for any that Stripe refuses."""
    try:
        pairs = parse_qsl(
            text.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except ValueError as error:
        raise Refused("Invalid request: the body is not form-encoded UTF-8 text.") from error
    schema: Any = validator.schema
    params: Body = _coerced(schema, _nested(pairs), "")
    _check(validator, params)
    return params


def leaves(params: Body, path: str = "") -> Iterable[str]:
    """Yield the names of all given parameters, without positions in lists or keys of metadata."""
    for name, value in params.items():
        here = f"{path}[{name}]" if path else name
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and name != "metadata":
                yield from leaves(item, here)
            else:
                yield here


def _nested(pairs: Iterable[tuple[str, str]]) -> Body:
    tree: Body = {}
    for key, value in pairs:
        match = KEY.fullmatch(key)
        if match is None or key.count("[") > DEEPEST:
            raise Refused(f"Invalid parameter name: {key[:100]}", param=key[:100])
        node = tree
        parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        for part in parts[:-1]:
            node = node.setdefault(part or str(len(node)), {})
            if not isinstance(node, dict):
                raise Refused(f"Invalid parameter: {key} is given twice.", param=key)
        last = parts[-1] or str(len(node))
        if isinstance(node.get(last), dict):
            raise Refused(f"Invalid parameter: {key} is given twice.", param=key)
        node[last] = value
    return tree


def _coerced(schema: Mapping[str, Any], value: Any, param: str) -> Any:
    """Return value as the type that schema asks for, or as it came where that cannot be."""
    if "anyOf" in schema:
        if value == "" and any("" in branch.get("enum", ()) for branch in schema["anyOf"]):
            return value
        tried = (_coerced(branch, value, param) for branch in schema["anyOf"])
        return next((data for data in tried if data != value), value)
    kind = schema.get("type")
    if isinstance(value, dict):
        if kind == "object":
            known = schema.get("properties", {})
            return {
                key: _coerced(known[key], item, _inside(param, key)) if key in known else item
                for key, item in value.items()
            }
        if kind == "array" and all(INTEGER.fullmatch(key) for key in value):
            return [
                _coerced(schema["items"], value[key], _inside(param, key))
                for key in sorted(value, key=int)
            ]
        return value
    if value == "" and "enum" not in schema:
        raise Refused(
            f"You passed an empty string for '{param}'. We assume empty values are an attempt to"
            f" unset a parameter; however '{param}' cannot be unset. You should remove '{param}'"
            " from your request or supply a non-empty value.",
            param=param,
            code="parameter_invalid_empty",
        )
    if kind == "integer" and INTEGER.fullmatch(value):
        return int(value)
    if kind == "boolean" and value in ("true", "false"):
        return value == "true"
    return value


def _inside(param: str, key: str) -> str:
    return f"{param}[{key}]" if param else key


def _check(validator: Draft202012Validator, params: Body) -> None:
    errors = sorted(
        validator.iter_errors(params),
        key=lambda e: (e.validator != "additionalProperties", [str(p) for p in e.absolute_path]),
    )
    if errors:
        raise _refusal(errors[0])


def _refusal(error: ValidationError) -> Refused:
    while error.context:
        error = max(error.context, key=lambda e: len(e.absolute_path))
    param = ""
    for key in error.absolute_path:
        param = _inside(param, str(key))
    limit: Any = error.validator_value
    given: Any = error.instance
    schema: Any = error.schema
    match error.validator:
        case "additionalProperties":
            name = _inside(param, next(k for k in given if k not in schema["properties"]))
            return Refused(
                f"Received unknown parameter: {name}", param=name, code="parameter_unknown"
            )
        case "required":
            name = _inside(param, next(k for k in limit if k not in given))
            return Refused(f"Missing required param: {name}.", param=name, code="parameter_missing")
        case "type":
            shown = f": {given[:100]}" if isinstance(given, str) else ""
            return Refused(f"Invalid {limit}{shown}", param=param, code=CODES.get(limit))
        case "enum":
            return Refused(f"Invalid {param}: must be one of {', '.join(limit)}", param=param)
        case "maxLength":
            return Refused(
                f"Invalid string: {given[:4]}...{given[-4:]}; must be at most {limit} characters",
                param=param,
            )
    return Refused(f"Invalid {param}", param=param)
