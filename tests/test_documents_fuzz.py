"""Spoilt workbooks: each is read, refused, or faulted cell by cell; none does harm.

1,250 in CI, 10,000 in `make storm`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MUTANTS, SHARE = 10_000, 1_250


@pytest.mark.heavy
@pytest.mark.parametrize(
    "first", [0, *(pytest.param(n, marks=pytest.mark.storm) for n in range(SHARE, MUTANTS, SHARE))]
)
def test_no_mutant_crashes_hangs_or_takes_much_memory(first: int) -> None:
    """In a process of its own, since a crash of the reader would take the tests with it."""
    command = [sys.executable, "-m", "tests.support.fuzzing", str(first), str(first + SHARE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=280)
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"mutant {lines[-1]}: {done.stderr[-2000:]}"
    assert len(lines) == SHARE + 1
    came = dict(part.split("=") for part in lines[-1].split())
    # Were all refused at the door, the readers behind it would not have been tried.
    assert int(came["refused"]) > SHARE / 20
    assert int(came["read"]) + int(came["faults"]) > SHARE / 20
