"""Runs measurements and says whether each keeps its bound; exit code 1 when one does not.

    python -m tests.benchmarks [PART…]

Without parts it runs them all.
"""

import sys
from collections.abc import Callable, Iterable, Sequence

from tests.benchmarks import mails, nation, start_up, sweep, writing

PARTS: dict[str, Callable[[], Iterable[tuple[str, float, float]]]] = {
    "sweep": sweep.measure,
    "writing": writing.measure,
    "mails": lambda: [mails.measure()],
    "start_up": lambda: [start_up.measure()],
    "nation": nation.measure,
}


def main(parts: Sequence[str]) -> int:
    """Print one line a measurement, as it is taken: what, ratio, bound."""
    kept = True
    for part in parts or PARTS:
        for what, ratio, bound in PARTS[part]():
            verdict = "kept" if ratio <= bound else "EXCEEDED"
            sys.stdout.write(f"{what}: {ratio:.4f} (bound {bound}) {verdict}\n")
            kept = kept and ratio <= bound
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
