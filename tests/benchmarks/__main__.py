"""Runs measurements and says whether each keeps its bound; exit code 1 when one does not.

    python -m tests.benchmarks [PART…]

Without parts it runs all but `nation-whole`, which takes hours. Each part is told to its end
whatever became of the others, and is broken off after a time.
"""

import signal
import sys
from collections.abc import Callable, Iterable, Sequence
from time import perf_counter

from common.garbage import look_rarely
from tests.benchmarks import desk, mails, nation, reading, start_up, sweep, writing

PARTS: dict[str, Callable[[], Iterable[tuple[str, float, float]]]] = {
    "start_up": start_up.measure,
    "reading": reading.measure,
    "writing": writing.measure,
    "mails": lambda: [mails.measure()],
    "bad_targets": lambda: [mails.measure_bad_targets()],
    "sweep": sweep.measure,
    "nation": nation.measure,
    "desk": desk.measure,
}
WHOLE = {"nation-whole": nation.measure_whole, "desk-whole": desk.measure_whole}
MINUTES = 20
"""How long a part may take; only `nation-whole` takes as long as it needs."""


def main(parts: Sequence[str]) -> int:
    """Print one line a measurement, as it is taken: what, ratio, bound."""
    signal.signal(signal.SIGALRM, _too_long)
    look_rarely()  # as every process of the product does
    kept = [_run(part) for part in parts or PARTS]  # all of them, whatever becomes of one
    return 0 if all(kept) else 1


def _run(part: str) -> bool:
    kept, start = True, perf_counter()
    signal.alarm(0 if part in WHOLE else 60 * MINUTES)
    try:
        for what, ratio, bound in (PARTS | WHOLE)[part]():
            verdict = "kept" if ratio <= bound else "EXCEEDED"
            _say(f"{what}: {ratio:.4f} (bound {bound}) {verdict}")
            kept = kept and ratio <= bound
    except Exception as error:  # the other parts are still to be measured
        _say(f"{part}: FAILED: {type(error).__name__}: {error}")
        kept = False
    finally:
        signal.alarm(0)
    _say(f"  ({part}: {perf_counter() - start:.0f} s)")
    return kept


def _too_long(number: int, frame: object) -> None:
    raise TimeoutError(f"not done after {MINUTES} minutes")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
