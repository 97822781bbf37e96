"""What happens by itself once its time has come."""

from .events import Events
from .sessions import expire_overdue
from .state import State


def catch_up(state: State, events: Events, *, now: int) -> None:
    """Do everything that should have happened by now: end old Sessions."""
    expire_overdue(state, events, now=now)
