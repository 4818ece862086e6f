"""`xingfu --help` and a command's help against `python -c "import typer"`, as whole processes."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

COMMAND = str(Path(sys.executable).with_name("xingfu"))
FLOOR = (sys.executable, "-c", "import typer")
HELPS = ((), ("board",), ("report", "bulletin"))
RUNS = 11


def measure() -> Iterator[tuple[str, float, float]]:
    """What is measured, the ratio, and its bound."""
    for words in HELPS:
        command = (COMMAND, *words, "--help")
        pairs = [(_seconds(command), _seconds(FLOOR)) for _ in range(RUNS + 1)][1:]
        told = " ".join(("xingfu", *words, "--help"))
        yield f"{told} / import typer", median(a / b for a, b in pairs), 2.0


def _seconds(command: tuple[str, ...]) -> float:
    start = perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return perf_counter() - start
