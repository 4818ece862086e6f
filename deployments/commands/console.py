"""How command output looks: JSON for machines, tables and sentences for staff."""

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import Field, fields, is_dataclass
from shutil import get_terminal_size
from time import monotonic
from typing import Any, TypeVar

from common.table import IF_ANY, DataColumn, DataTable, padded, room
from common.words import UNSEEN, visible

T = TypeVar("T")
PATIENCE = 2.0
"""Seconds that staff wait for a sign of progress; plain lines, which a log can keep as well."""


def say(text: str) -> None:
    """A line for staff, on standard output."""
    sys.stdout.write(f"{visible(text)}\n")
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
    sys.stderr.write(f"{visible(text)}\n")


def emit(value: Any) -> None:
    """`value` as JSON on standard output: dates as ISO text, money as exact text."""
    told = json.dumps(_plain(value), ensure_ascii=False, indent=2, default=str)
    sys.stdout.write(f"{UNSEEN.sub(_escaped, told)}\n")


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table for staff whose cells are all texts."""
    cells = [tuple(None if cell is None else str(cell) for cell in row) for row in rows]
    show(DataTable(title, tuple(map(DataColumn, headings)), cells))


def listed(title: str, items: Iterable[T], columns: Mapping[str, Callable[[T], object]]) -> None:
    """A table for staff with a row an item; a column is its heading and what stands under it."""
    table(title, tuple(columns), ([told(item) for told in columns.values()] for item in items))


def show(shown: DataTable) -> None:
    """A table for staff, unabridged: a line a row when piped, and else where there is room.

    Where the terminal is too narrow for that, it is a paragraph a row, and a line each cell.
    """
    width = get_terminal_size().columns if sys.stdout.isatty() else None
    for line in printed(shown, width):
        say(line)


def printed(shown: DataTable, width: int | None = None) -> Iterator[str]:
    """The lines of a table; None: as wide as it needs."""
    heads = [column.title for column in shown.columns]
    rows = [[visible(" ".join(cell.split())) for cell in row] for row in shown.texts()]
    widths = [max(map(room, cells)) for cells in zip(heads, *rows, strict=True)]
    yield shown.title
    if width is not None and sum(widths) + len(widths) > width + 1:
        for row in rows:
            yield ""
            yield from (f"{head}：{cell}" for head, cell in zip(heads, row, strict=True) if cell)
        return
    gap = "  " if width is None or sum(widths) + 2 * len(widths) <= width + 2 else " "
    sides = [column.right for column in shown.columns]
    for row in (heads, ["-" * each for each in widths], *rows):
        cells = map(padded, row, widths, sides)
        yield gap.join(cells).rstrip()


def _escaped(found: re.Match[str]) -> str:
    """As JSON writes what is not to be seen as it is; line breaks stand between its parts."""
    return found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1]


def _is_told(value: Any, its: Field[Any]) -> bool:
    return not (IF_ANY.keys() & its.metadata.keys()) or bool(getattr(value, its.name))


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        told = {its.name: getattr(value, its.name) for its in fields(value) if _is_told(value, its)}
        return {name: _plain(item) for name, item in told.items()}
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
