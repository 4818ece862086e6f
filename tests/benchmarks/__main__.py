"""Runs every measurement and says whether it keeps its bound; exit code 1 when one does not."""

import sys

from tests.benchmarks import enforce_again, start_up

MEASUREMENTS = (enforce_again.measure, start_up.measure)


def main() -> int:
    """Print one line a measurement: what, ratio, bound."""
    kept = True
    for measure in MEASUREMENTS:
        what, ratio, bound = measure()
        verdict = "kept" if ratio <= bound else "EXCEEDED"
        sys.stdout.write(f"{what}: {ratio:.4f} (bound {bound}) {verdict}\n")
        kept = kept and ratio <= bound
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
