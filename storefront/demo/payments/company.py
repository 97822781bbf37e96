"""The company: what it is set up with, shared by its interface and its pages."""

from dataclasses import dataclass

from .clock import Clock
from .events import Events
from .faults import Faults
from .state import State
from .webhooks import Courier


@dataclass(frozen=True)
class Company:
    """What every request works with."""

    state: State
    clock: Clock
    events: Events
    faults: Faults
    courier: Courier
    key: str
    public_url: str

    def close(self) -> None:
        """Stop sending, then close the file; the company may be opened again on it."""
        self.faults.ended.set()
        self.courier.stop()
        self.state.close()
