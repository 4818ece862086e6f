"""Runs every measurement and says whether it keeps its bound; exit code 1 when one does not."""

import sys
from collections.abc import Iterator

from tests.benchmarks import mails, start_up, sweep, writing


def measurements() -> Iterator[tuple[str, float, float]]:
    """Each as it is taken: what, ratio, bound."""
    yield from sweep.measure()
    yield from writing.measure()
    yield mails.measure()
    yield start_up.measure()


def main() -> int:
    """Print one line a measurement: what, ratio, bound."""
    kept = True
    for what, ratio, bound in measurements():
        verdict = "kept" if ratio <= bound else "EXCEEDED"
        sys.stdout.write(f"{what}: {ratio:.4f} (bound {bound}) {verdict}\n")
        kept = kept and ratio <= bound
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
