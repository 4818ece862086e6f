"""办理回执: what whoever is reminded answers, one row an item: done on, or expected by and why."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.grid import Book
from documents.reading.table import (
    FormTable,
    TableRow,
    duplicates,
    find_table,
    money_reader,
    no_table,
)
from documents.writing.columns import DAY, Column
from documents.writing.layout import TableSheet
from policy.vocabulary import Form

SHEET = Form.ANSWER.label
MONEY = "#,##0.00"
COLUMNS = (
    Column("number", "事项\n序号", r"^(事项)?序号", 6, "0", centred=True, locked=True),
    Column("project", "项目（单位）", r"^项目\(单位\)", 24, locked=True, optional=True),
    Column("code", "编码", r"^(项目)?编码", 19, centred=True, locked=True),
    Column("rule", "时限\n编号", r"^时限编号", 9, centred=True, locked=True),
    Column("title", "事项", r"^(待办)?事项(名称)?$", 24, locked=True, optional=True),
    Column("state", "时限和现状", r"^时限(和|及)现状", 24, locked=True, optional=True),
    Column(
        "fact", "办结日期\n登记为", r"^办结日期登记为", 13, centred=True, locked=True, optional=True
    ),
    Column("done", "办结日期", r"^(实际)?办结日期$", 12, DAY, centred=True),
    Column("document", "文件名称、文号、凭证号\n或有关单位", r"^文件(名称)?", 22, optional=True),
    Column("amount", "金额（元）", r"^金额", 13, MONEY, optional=True),
    Column("expected", "预计完成日期", r"^预计(完成|办结)", 12, DAY, centred=True),
    Column("reason", "未办结原因", r"^(未办结)?原因", 26),
)
NOTE = (
    "每项只填一种：已办结的，填写办结日期和文件（确定运营机构的写明机构名称），资金到账、拨付的填写日期、"
    "凭证号和金额，登记后不另报资金台账；一时不能办结的，填写预计完成日期和原因。不填的行不作处理。"
)
NO_DAY = "不填日期"
"""Where a day of completion is registered otherwise, as a decision of another office is."""
AS_SENT = "本格不需填写，请照原表恢复"
SAID = ("done", "document", "amount", "expected", "reason")
"""The columns that are filled in by whoever answers."""


@dataclass(frozen=True, slots=True)
class PrefilledItem:
    """One open item as the form names it."""

    number: int
    """As in the message that it comes with."""
    subject: str
    """The subject's code."""
    label: str
    """The project or office, with its place."""
    rule: str
    title: str
    state: str
    """时限 and how it stands."""
    fact: str
    """What a day of completion is that of, e.g. 开工 or 县级配套到账; empty: it takes none."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One row that says something; what is None or empty is not filled in."""

    row: TableRow
    subject: str
    rule: str
    fact: str
    """As the form was made out with, e.g. 开工; empty where it takes none or does not say."""
    done: date | None
    document: str
    amount: Decimal | None
    """元, of money."""
    expected: date | None
    reason: str


def answer_table(book: Book) -> FormTable:
    """The table of 办理回执; RefusedError where the workbook has none, or not all its columns."""
    table = find_table(book, COLUMNS, [])
    if table is None:
        raise no_table(book, COLUMNS, SHEET, SHEET)
    return table


def answer_rows(table: FormTable) -> tuple[AnswerRow, ...]:
    """The rows that answer something, each whole; what is wrong with others is noted in the table.

    A row that has nothing but what it was made out with says nothing, and is left out.
    """
    money = money_reader(table, "amount") if "amount" in table.at else cells.yuan
    read = [
        _row(row, money) for row in table.rows if any(row.value(key) is not None for key in SAID)
    ]
    found = [each for each in read if each is not None]
    again = _again(found)
    return tuple(each for each in found if each.row.index not in again)


def _again(found: Sequence[AnswerRow]) -> set[int]:
    """The indices of rows that repeat another's item; that is noted.

    An item of money has a row for each sum; all of them may say when the rest is expected.
    """
    twice = set()
    done = [(each.row, (each.subject, each.rule, each.fact)) for each in found]
    for row, first in duplicates(done):
        row.refuse("rule", f"与第{first.number}行是同一事项；请只保留一行，清空本行所填内容")
        twice.add(row.index)
    later: dict[tuple[str, str], AnswerRow] = {}
    for each in found:
        if each.expected is None or each.row.index in twice:
            continue
        other = later.setdefault((each.subject, each.rule), each)
        if other.expected != each.expected:
            at = f"第{other.row.number}行的预计完成日期{other.expected}"
            each.row.refuse("expected", f"与同一事项{at}不一致；请填写{other.expected}")
            twice.add(each.row.index)
    return twice


def answer_pages(
    office: str, on: date, items: Sequence[PrefilledItem], *, footer: str = "", spare: int = 0
) -> tuple[TableSheet, ...]:
    """The form of one office or person, with the items that are open on a day."""
    return (
        TableSheet(
            SHEET,
            f"{office}{SHEET}（{on:%Y-%m-%d}）",
            COLUMNS,
            [_line(item) for item in items],
            note=NOTE,
            footer=footer,
            spare=spare,
            protected=True,
        ),
    )


NEEDED: Mapping[str, str] = {"code": "编码", "rule": "时限编号"}


def _row(row: TableRow, money: Callable[[object], Decimal | None]) -> AnswerRow | None:
    """The row; None, with its faults noted, where it cannot be taken."""
    before = len(row.table.faults)
    subject, rule = (row.take(key, _protected(what)) for key, what in NEEDED.items())
    fact = row.take("fact", cells.name) or ""
    done, expected = row.take("done", cells.day), row.take("expected", cells.day)
    document, reason = row.take("document", cells.text) or "", row.take("reason", cells.text) or ""
    amount = row.take("amount", money)
    if len(row.table.faults) == before:
        _check(row, done, bool(document) or amount is not None, expected, reason)
    if len(row.table.faults) > before or subject is None or rule is None:
        return None
    fact = "" if fact == NO_DAY else fact
    return AnswerRow(row, subject, rule, fact, done, document, amount, expected, reason)


def _protected(what: str) -> Callable[[object], str]:
    """Reads what the form was made out with."""

    def read(value: object) -> str:
        found = cells.name(value)
        if found is None:
            raise CellError(f"{what}不能为空；{AS_SENT}")
        return found

    return read


def _check(
    row: TableRow, done: date | None, proven: bool, expected: date | None, reason: str
) -> None:
    """Note where it is neither done nor expected, or both, or why is not said."""
    if done and expected:
        row.refuse("expected", "办结日期和预计完成日期都已填写；已办结的请清空预计完成日期")
    elif expected and not reason:
        row.refuse("reason", "未填写原因；请写明一时不能办结的原因")
    elif not (done or expected):
        key, what = ("done", "办结日期") if proven else ("expected", "预计完成日期")
        row.refuse(key, f"未填写{what}；请填写日期，如 2023-06-15")


def _line(item: PrefilledItem) -> tuple[int | str | None, ...]:
    fact = item.fact or NO_DAY
    known = (item.number, item.label, item.subject, item.rule, item.title, item.state, fact)
    return (*known, *(None for _ in SAID))
