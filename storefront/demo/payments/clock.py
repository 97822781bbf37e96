"""What time it is, for the whole company: the only place that asks the machine."""

import time


def now() -> float:
    """Return the seconds since 1970, UTC."""
    return time.time()
