"""Says which headings of a form's table are lost, and in which cells to put them back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from openpyxl.utils import get_column_letter

from documents.reading.cells import is_blank
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Sheet
from documents.writing.columns import Column, plain

FEWEST = 4
"""Filled cells of a row that is one of a table."""


@dataclass(slots=True)
class _Repair:
    """What is to be done to a header row, from left to right."""

    steps: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    first: int = -1
    """The first column concerned, from 0, as the sheet stands now."""
    inserted: int = 0
    """Columns that the steps so far have put in."""


def lost_headings(
    sheet: Sheet, top: int, at: Mapping[str, int], columns: Sequence[Column], *, ours: bool
) -> CellFault | None:
    """The headings that the header row `top` lacks; None where it lacks none that counts.

    A column that a workbook may come without counts where its place holds something: of a
    workbook of our own (`ours`) whatever its heading says now, of others if it has none.
    """
    repair, last = _Repair(), -1
    for column in columns:
        here = last + 1
        if column.key in at:
            last = at[column.key] + repair.inserted
            continue
        now = here - repair.inserted
        is_free = now not in at.values()
        if _counts(sheet, top, now, column, is_free=is_free, ours=ours):
            is_empty = not (is_free and any(_held(sheet, top, now)))
            _mend(repair, column, here, top, is_free=is_free, is_empty=is_empty)
            last = here
        elif is_free and column.key == "number":
            last = here
    if not repair.names:
        return None
    place = Spot(sheet.title, _cell(max(repair.first, 0), top), _value(sheet, top, repair.first))
    says = f"表头缺少“{'”“'.join(repair.names)}”列"
    return CellFault(place, f"{says}；请{'，'.join(repair.steps)}", lacking=True)


def column_back(column: Column, behind: int, top: int) -> tuple[str, str]:
    """The cell of the header row `top` where a column goes that is lost, and how to put it back.

    `behind`: the column, from 0, after which it goes; -1: it is the first.
    """
    head, cell = plain(column.heading), _cell(behind + 1, top)
    letter = get_column_letter(behind + 2)
    steps = f"在{letter}列之前插入一列，在{cell}填写表头“{head}”，并照原表补填该列"
    return cell, f"表头缺少“{head}”列；请{steps}"


def lost_header(sheet: Sheet, columns: Sequence[Column], first: int = 0) -> CellFault | None:
    """That the whole header row is lost, and where it goes: above the first row of the table.

    `first`: that row, where it is known.
    """
    rows = enumerate(sheet.rows, 1)
    filled = (n for n, line in rows if sum(not is_blank(v) for v in line) >= FEWEST)
    first = first or next(filled, 0)
    if not first:
        return None
    heads = "”“".join(plain(column.heading) for column in columns)
    mend = f"请在第{first}行上方插入一行，自A列起依次填写表头“{heads}”"
    return CellFault(Spot(sheet.title, _cell(0, first)), f"没有表头；{mend}", lacking=True)


def _counts(
    sheet: Sheet, top: int, place: int, column: Column, *, is_free: bool, ours: bool
) -> bool:
    if column.key == "number":
        return False
    if not column.optional:
        return True
    named = not is_blank(_value(sheet, top, place))
    return is_free and any(_held(sheet, top, place)) and (ours or not named)


def _mend(
    repair: _Repair, column: Column, here: int, top: int, *, is_free: bool, is_empty: bool
) -> None:
    head, cell = plain(column.heading), _cell(here, top)
    if repair.first < 0:
        repair.first = here - repair.inserted
    repair.names.append(head)
    if not is_free:
        repair.steps.append(f"在{get_column_letter(here + 1)}列之前插入一列")
        repair.inserted += 1
    repair.steps.append(f"在{cell}填写表头“{head}”")
    if is_empty:
        repair.steps.append("并照原表补填该列")


def _held(sheet: Sheet, top: int, place: int) -> Iterator[bool]:
    return (place < len(line) and not is_blank(line[place]) for line in sheet.rows[top:])


def _value(sheet: Sheet, top: int, place: int) -> object:
    line = sheet.rows[top - 1]
    return line[place] if 0 <= place < len(line) else None


def _cell(place: int, row: int) -> str:
    return f"{get_column_letter(place + 1)}{row}"
