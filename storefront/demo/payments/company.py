"""The company: what it is set up with, shared by its interface and its pages."""

from dataclasses import dataclass

from .events import Events
from .state import State
from .webhooks import Courier


@dataclass(frozen=True)
class Company:
    """What every request works with."""

    state: State
    events: Events
    courier: Courier
    key: str
    public_url: str

    def close(self) -> None:
        """Stop sending, then close the file; the company may be opened again on it."""
        self.courier.stop()
        self.state.close()
