"""`xingfu --help` against `python -c "import typer"`, as whole processes in turn."""

import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

COMMAND = [str(Path(sys.executable).with_name("xingfu")), "--help"]
FLOOR = [sys.executable, "-c", "import typer"]
RUNS = 11


def measure() -> tuple[str, float, float]:
    """What is measured, the ratio, and its bound."""
    pairs = [(_seconds(COMMAND), _seconds(FLOOR)) for _ in range(RUNS + 1)][1:]
    return "xingfu --help / import typer", median(a / b for a, b in pairs), 3.0


def _seconds(command: list[str]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
