"""Which of the core's branches its own fast tests reach: measured while all tests run.

A plugin, ``pytest -p tests.support.covered``, since it begins before anything imports the core.
"""

import os
from collections.abc import Iterator
from importlib import import_module
from io import StringIO
from pkgutil import walk_packages

import coverage
import pytest

CORE = ("policy", "states")
ITS_TESTS = tuple(f"test_{room}_" for room in CORE)
MEASURED = coverage.Coverage()  # as pyproject.toml says
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
if not IS_WORKER:
    MEASURED.erase()  # what a run before has left
MEASURED.start()
for room in map(import_module, CORE):
    for module in walk_packages(room.__path__, f"{room.__name__}."):
        import_module(module.name)
MEASURED.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure a test if it is one of the core's own fast ones."""
    if not item.path.name.startswith(ITS_TESTS) or item.get_closest_marker("heavy"):
        return (yield)
    MEASURED.start()
    try:
        return (yield)
    finally:
        MEASURED.stop()


def pytest_sessionfinish() -> None:
    """Keep what this process has measured."""
    MEASURED.save()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Put together what all have measured, and say what is left out."""
    if IS_WORKER:  # nobody reads what it says
        return
    said, whole = StringIO(), coverage.Coverage()
    whole.combine()
    whole.report(file=said)
    terminalreporter.write(said.getvalue())
