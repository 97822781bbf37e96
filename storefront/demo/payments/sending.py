"""How events are sent while a test says so: late, in copies, in any order, or not at all."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sending:
    """What is not as usual.

    Late (in seconds) and lose (a chance from 0 to 1) hold for events that happen from now on;
    copies and shuffle for what is sent from now on, whenever it happened.
    """

    late: float = 0
    copies: int = 1
    shuffle: bool = False
    lose: float = 0
