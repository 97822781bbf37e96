"""What `make mutation` found: mutants killed by module, and each one that survived.

A mutant is the shop with one small mistake in it. One that survives is a line that no test watches.
"""

import sys
from collections import Counter
from pathlib import Path

from mutmut.configuration import config
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code

LEAST = 90  # percent killed, in each module
KINDS = {"killed": "by tests", "caught by type check": "by types", "timeout": "by time"}


def main() -> None:
    """Print the figures; end with 1 where too many survived, or where one was never tried."""
    found = {path: _statuses(Path(path)) for path in config().only_mutate}
    print(
        f"\n{'':34}{'mutants':>8}" + "".join(f"{kind:>10}" for kind in KINDS.values()) + "   killed"
    )
    missed = [_row(path, Counter(each.values())) for path, each in found.items()]
    total = sum((Counter(each.values()) for each in found.values()), Counter[str]())
    missed.append(_row("together", total))
    for path, each in found.items():
        for name, status in each.items():
            if status not in KINDS:
                print(f"\n{status}: {name}")
                print(_change(get_diff_for_mutant(name, path=Path(path))))
    sys.exit(any(missed))


def _statuses(path: Path) -> dict[str, str]:
    data = SourceFileMutationData(path=path)
    data.load()
    return {name: status_by_exit_code[code] for name, code in data.exit_code_by_key.items()}


def _row(name: str, found: Counter[str]) -> bool:
    """Print one row; return whether it is below the least."""
    killed = sum(found[kind] for kind in KINDS)
    share = 100 * killed / max(found.total(), 1)
    figures = "".join(f"{found[kind]:>10}" for kind in KINDS)
    missed = share < LEAST
    print(f"{name:34}{found.total():>8}{figures}{share:>8.1f}%" + "  MISSED" * missed)
    return missed


def _change(diff: str) -> str:
    """Return the lines of a difference that differ, without its head."""
    return "\n".join(line for line in diff.splitlines()[2:] if line.startswith(("-", "+")))


if __name__ == "__main__":
    main()
