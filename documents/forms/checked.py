"""What 验收表 and 督查表 share: items checked at one project, below what is known of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, WorkbookError
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, find_labelled
from documents.reading.table import TableRow, find_table, no_table
from documents.writing.columns import YES_NO, Column, plain
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import Look
from policy.clauses import Clause
from policy.vocabulary import Origin

P = TypeVar("P", Column, Label)
SEAL = "（签字并盖章）　　\n　　　年　　月　　日　　"
Pairs = Sequence[tuple[str, Any, str, Any]]
"""Two labels with what is known a line."""


class FormItem(Protocol):
    """What is checked."""

    @property
    def id(self) -> str: ...

    @property
    def label(self) -> str: ...


I = TypeVar("I", bound=FormItem)  # noqa: E741  # as items are called throughout


@dataclass(frozen=True, slots=True)
class CheckedItem(Generic[I]):
    """One item as it was filled in."""

    item: I
    row: TableRow
    answer: str
    """Empty where nothing is filled in."""
    problem: str
    until: date | None
    """By when the problem is to be put right (整改期限), where the form asks for it."""


def find_checked(
    book: Book,
    labels: Sequence[Label],
    columns: Sequence[Column],
    faults: list[CellFault],
    lines: Sequence[FormLine],
) -> tuple[LabelledForm, Sequence[TableRow]]:
    """The form's fields, and the rows of its table. `lines`: how it is printed.

    RefusedError when it is not to be recognised, or labels or columns are missing.
    """
    form = find_labelled(book, labels, faults, lines)
    table = find_table(book, columns, faults)
    if table is None or table.sheet != form.sheet:
        first = _first_row(form, columns, lines)
        raise no_table(book, columns, form.sheet, form.sheet, first=first)
    fields = {place[0] + 1 for place in form.at.values()}
    return form, [row for row in table.rows if row.number not in fields]


def _first_row(form: LabelledForm, columns: Sequence[Column], lines: Sequence[FormLine]) -> int:
    """The number of the row that names what is checked first; 0 where none does."""
    heads = [line.cells[0].value for line in lines]
    first = _bare(heads[heads.index(columns[0].heading) + 1])
    return next((n for n, row in enumerate(form.rows, 1) if row and _bare(row[0]) == first), 0)


def under(clause: str, parts: Sequence[P], keys: frozenset[str]) -> tuple[P, ...]:
    """Labels or columns, those of these keys with the clause that asks for them."""
    return tuple(replace(each, clause=clause) if each.key in keys else each for each in parts)


def findings(
    rows: Sequence[TableRow], items: Sequence[I], answer: Callable[[I], Callable[[object], str]]
) -> Mapping[str, CheckedItem[I]]:
    """What the rows say, by item; a fault is noted for an item that is none, or comes twice.

    WorkbookError where rows of items are gone, with where they go.
    """
    if rows and (lost := list(_lost(rows, items))):
        raise WorkbookError(rows[0].table.file, lost)
    found: dict[str, CheckedItem[I]] = {}
    for row, item in _named(rows, items):
        found[item.id] = _finding(row, item, answer)
    return found


def yes_or_no(value: object) -> str:
    """是 or 否; empty where nothing is filled in. CellError for anything else."""
    found = cells.yes_or_no(value)
    return "" if found is None else YES_NO[not found]


def the_day(what: str, example: str) -> Callable[[object], date]:
    """Reads a day that must be filled in; `what` is the label's own word."""

    def read(value: object) -> date:
        found = cells.day(value)
        if found is None:
            raise CellError(f"未填写{what}；请填写到场的日期，如 {example}")
        return found

    return read


def asked_for(rule: Clause) -> str:
    """What an item asks for, with its clause."""
    proposed = "，建议" if rule.origin is Origin.PROPOSAL else ""
    return f"{rule.reading.rstrip('。')}（{rule.clause}{proposed}）"


def known_lines(pairs: Pairs, across: int, width: int) -> tuple[FormLine, ...]:
    """项目基本情况: what is known, read-only; the first value of a line spans `across` columns."""
    return (
        FormLine((FormCell("项目基本情况", Look.HEAD, across=width),)),
        *(
            FormLine(
                (
                    FormCell(left, Look.LABEL),
                    FormCell(one, Look.LOCKED, across=across),
                    FormCell(right, Look.LABEL),
                    FormCell(other, Look.LOCKED),
                )
            )
            for left, one, right, other in pairs
        ),
    )


def _named(rows: Sequence[TableRow], items: Sequence[I]) -> Iterator[tuple[TableRow, I]]:
    """Each row with its item; a fault is noted where something is filled in for none."""
    known = {_bare(item.label): item for item in items}
    listed = [_bare(row.value("item")) for row in rows]
    what = _heading(rows[0]) if rows else ""
    for row, name, wrong in zip(rows, listed, _wrong(listed, list(known), what), strict=True):
        if not wrong:
            yield row, known[name]
        elif name in known or row.value("result") is not None:
            row.refuse("item", wrong)


def _wrong(listed: Sequence[str], known: Sequence[str], what: str) -> Iterator[str]:
    """Per row what is wrong with what it is called, and how to mend it; empty where it is right."""
    seen = set[str]()
    for number, name in enumerate(listed):
        meant = _meant(listed, number, known)
        if name in known and name not in seen and not (meant and listed.count(name) > 1):
            seen.add(name)
            yield ""
            continue
        said, mend = f"不是{what}", f"请改为其中一项，或删除本行：{'、'.join(known)}"
        if name in known:
            said, mend = f"{what}重复", "请删除本行"
        yield f"{said}；{f'请恢复为“{meant}”' if meant else mend}"


def _lost(rows: Sequence[TableRow], items: Sequence[I]) -> Iterator[CellFault]:
    """Each item whose row is gone, at the row before which it goes; not one that is miscalled."""
    listed = [_bare(row.value("item")) for row in rows]
    known = [_bare(item.label) for item in items]
    if not {*listed} <= {*known} or len({*listed}) < len(listed):
        return
    for number, name in enumerate(known):
        if name not in listed:
            below = next((n for n, each in enumerate(listed) if each in known[number:]), None)
            row = rows[-1 if below is None else below]
            at = row.number + (below is None)
            spot = replace(row.spot("item"), cell=f"{row.spot('item').cell[0]}{at}", value=None)
            mend = f"请在第{at}行上方插入一行，照原表填写“{name}”"
            yield CellFault(spot, f"缺少“{name}”一行；{mend}", lacking=True)


def _meant(listed: Sequence[str], number: int, known: Sequence[str]) -> str:
    """What a row is to be called: the item that the form has next, if no row is called so."""
    above = next((known.index(each) for each in reversed(listed[:number]) if each in known), -1)
    following = known[above + 1] if above + 1 < len(known) else ""
    return "" if following in listed else following


def _finding(
    row: TableRow, item: I, answer: Callable[[I], Callable[[object], str]]
) -> CheckedItem[I]:
    return CheckedItem(
        item,
        row,
        row.take("result", answer(item)) or "",
        str(row.take("problem", cells.text) or ""),
        row.take("until", cells.day),
    )


def _heading(row: TableRow) -> str:
    return row.table.columns["item"].heading


def _bare(label: object) -> str:
    """A label without the remark in brackets."""
    return plain(label).partition("(")[0]
