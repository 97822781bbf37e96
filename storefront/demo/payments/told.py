"""What a test tells the company: a JSON object whose fields are taken one by one and checked."""

import json
import re
from collections.abc import Collection
from typing import Any, NoReturn

from .errors import Refused
from .state import Body


class Told:
    """The fields of a control request; every method that takes one raises Refused if it is wrong.

    A field that is left out has the usual value, or is missed where there is none.
    """

    def __init__(self, text: bytes) -> None:
        try:
            given = json.loads(text or b"{}")
        except (ValueError, RecursionError) as error:
            raise Refused("The request body must be JSON.") from error
        if not isinstance(given, dict):
            raise Refused("The request body must be a JSON object.")
        self._given: Body = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def number(self, name: str, least: float, most: float, *, usual: float | None = None) -> float:
        """Take a number from least to most."""
        value = self._take(name, usual)
        if type(value) not in (int, float) or not least <= value <= most:
            _refuse(name, f"a number from {least:.12g} to {most:.12g}")
        return float(value)

    def whole(self, name: str, least: int, most: int, *, usual: int | None = None) -> int:
        """Take a whole number from least to most."""
        value = self._take(name, usual)
        if type(value) is not int or not least <= value <= most:
            _refuse(name, f"a whole number from {least} to {most}")
        return int(value)

    def truth(self, name: str, *, usual: bool | None = None) -> bool:
        """Take true or false."""
        value = self._take(name, usual)
        if type(value) is not bool:
            _refuse(name, "true or false")
        return bool(value)

    def choice(self, name: str, options: Collection[str], *, usual: str | None = None) -> str:
        """Take one of the options."""
        value = self._take(name, usual)
        if not isinstance(value, str) or value not in options:
            _refuse(name, f"one of {', '.join(options)}")
        return str(value)

    def text(self, name: str, pattern: re.Pattern[str], meant: str) -> str:
        """Take a text that fits the pattern, of which meant says what it lets through."""
        value = self._take(name, None)
        if not isinstance(value, str) or not pattern.fullmatch(value):
            _refuse(name, meant)
        return str(value)

    def done(self) -> None:
        """Refuse what is left: nobody reads it, so it must be a mistake."""
        for name in self._given:
            raise Refused(
                f"Received unknown parameter: {name[:100]}", param=name, code="parameter_unknown"
            )

    def _take(self, name: str, usual: object) -> Any:
        if name not in self._given and usual is None:
            raise Refused(f"Missing required param: {name}.", param=name, code="parameter_missing")
        return self._given.pop(name, usual)


def _refuse(name: str, meant: str) -> NoReturn:
    raise Refused(f"{name} must be {meant}.", param=name)
