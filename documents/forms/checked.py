"""What 验收表 and 督查表 share: items checked at one project, below what is known of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Generic, Protocol, TypeVar

from common.errors import RefusedError
from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, find_labelled
from documents.reading.table import TableRow, find_table
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
    book: Book, labels: Sequence[Label], columns: Sequence[Column], faults: list[CellFault]
) -> tuple[LabelledForm, Sequence[TableRow]]:
    """The form's fields, and the rows of its table.

    RefusedError when it is not to be recognised, or labels or columns are missing.
    """
    form = find_labelled(book, labels, faults)
    table = find_table(book, columns, faults)
    if table is None or table.sheet != form.sheet:
        heads = "”“".join(column.heading for column in columns)
        raise RefusedError(f"{book.file}「{form.sheet}」：没有找到表头“{heads}”；请照样表补齐")
    fields = {place[0] + 1 for place in form.at.values()}
    return form, [row for row in table.rows if row.number not in fields]


def under(clause: str, parts: Sequence[P], keys: frozenset[str]) -> tuple[P, ...]:
    """Labels or columns, those of these keys with the clause that asks for them."""
    return tuple(replace(each, clause=clause) if each.key in keys else each for each in parts)


def findings(
    rows: Sequence[TableRow], items: Sequence[I], answer: Callable[[I], Callable[[object], str]]
) -> Mapping[str, CheckedItem[I]]:
    """What the rows say, by item; a fault is noted for an item that is none, or comes twice."""
    found: dict[str, CheckedItem[I]] = {}
    for row in rows:
        if each := _finding(row, items, answer):
            if each.item.id in found:
                row.refuse("item", f"{_heading(row)}重复；请只保留一行")
            found[each.item.id] = each
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


def _finding(
    row: TableRow, items: Sequence[I], answer: Callable[[I], Callable[[object], str]]
) -> CheckedItem[I] | None:
    """The row; None, with a fault noted where something is filled in, if it is no item's."""
    named = _bare(row.value("item"))
    item = next((each for each in items if _bare(each.label) == named), None)
    if item is None:
        if row.value("result") is not None:
            known, what = "、".join(_bare(each.label) for each in items), _heading(row)
            row.refuse("item", f"不是{what}；请照样表填写，{what}有：{known}")
        return None
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
