"""How command output looks: JSON for machines, tables and sentences for staff."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from time import monotonic
from typing import Any, TypeVar

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds that staff wait for a sign of progress; plain lines, which a log can keep as well."""


def say(text: str) -> None:
    """A line for staff, on standard output."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def counted(what: str, items: Sequence[T]) -> Iterator[T]:
    """`items` one after another; every few seconds staff are told how many are done."""
    told = monotonic()
    for done, item in enumerate(items):
        if monotonic() - told >= PATIENCE:
            told = monotonic()
            say(f"  {what}：{done}／{len(items)}")
        yield item


def complain(text: str) -> None:
    """A line about what went wrong, on standard error."""
    sys.stderr.write(f"{text}\n")


def emit(value: Any) -> None:
    """`value` as JSON on standard output: dates as ISO text, money as exact text."""
    json.dump(_plain(value), sys.stdout, ensure_ascii=False, indent=2, default=str)
    sys.stdout.write("\n")


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for staff, as wide as the terminal, or unabridged when piped."""
    from rich.console import Console
    from rich.table import Table

    made = Table(title=title, title_justify="left")
    for heading in headings:
        made.add_column(heading, overflow="fold")
    for row in rows:
        made.add_row(*("" if cell is None else str(cell) for cell in row))
    piped = not sys.stdout.isatty()
    Console(file=sys.stdout, width=200 if piped else None, markup=False).print(made)


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(item) for name, item in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
