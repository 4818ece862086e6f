"""月报 (五(五)): what a city reports each month of each of its projects, in and out."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any

from openpyxl.utils import get_column_letter

from common.errors import RefusedError
from common.words import month_name
from documents.forms.application_fields import reader
from documents.forms.summary import city_of
from documents.reading import cells
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book, Sheet
from documents.reading.placed import KnownProjects, likely, project_of
from documents.reading.table import (
    FormTable,
    TableRow,
    duplicates,
    find_table,
    likeness,
    money_reader,
    no_table,
    sheet_likeness,
)
from documents.writing.columns import (
    COUNTY,
    DAY,
    NUMBER,
    TWO_DECIMALS,
    YES_NO,
    Column,
    field_columns,
    in_words,
    plain,
    shown,
)
from documents.writing.layout import TableSheet
from documents.writing.rows import Value
from policy.cities import City
from policy.duties import MonthlyReportRules
from policy.fields import REPORT_SHEET
from policy.schema import Plan
from policy.vocabulary import Level
from states.dossier import Dossier
from states.progress import PERIOD

FURTHER_SHEET = "节点登记（续表）"
PLACE = (
    replace(NUMBER, width=5),
    Column("county", "县（市、区）", COUNTY, 10.5, centred=True, locked=True),
    Column("project", "项目名称", r"^(社区)?项目名称", 24, locked=True),
    Column("code", "编码", r"^(项目)?编码$", 17.5, centred=True, locked=True, optional=True),
)
STATED = ("percent", "invested", "on_schedule", "problem", "next_step")
"""The columns that are reported anew each month."""
COMPUTED = ("stage", "province_received", "local_received")
"""The columns that are kept elsewhere and only shown."""
MONTH = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(?!\d{1,2}日)")
IN_FILE_NAME = re.compile(r"(?<!\d)(20\d{2})[-_.]?(0[1-9]|1[0-2])(?![-_.]?\d)")
"""A month, and not the day on which a file was saved."""
MONEY = ("invested", "province_received", "local_received")
FILLER = re.compile(r"填报人:(.*?)(?=联系电话|电话|手机|填报|审核|负责人|日期|$)")
Parse = Callable[[object], Any]


@dataclass(frozen=True, slots=True)
class ReportTables:
    """A workbook's 月报 and, where it has one, its 节点登记, to be read."""

    book: Book
    first: FormTable
    further: FormTable | None
    faults: list[CellFault]
    """What is wrong with the cells of both."""


@dataclass(frozen=True, slots=True)
class ReportHead:
    """Of whom a report is, and of when."""

    city: City
    month: str
    """``2023-06``."""
    filler: str
    """填报人; empty where nobody is named."""


@dataclass(frozen=True, slots=True)
class ReportRow:
    """What a report says of one project, on both sheets."""

    project: Dossier
    said: Mapping[str, Any]
    """Per column (`STATED`, a field, `COMPUTED`, a milestone) what it says; None where it is
    blank, nothing where the workbook lacks the column or the cell cannot be read."""
    rows: tuple[TableRow, ...]
    sound: bool
    """Whether every cell could be read."""

    def place(self, key: str) -> tuple[TableRow, str]:
        """The row and column that state something; the project's own cell where none does."""
        for name in (key, "code", "project"):
            for row in self.rows:
                if row.has(name):
                    return row, name
        return self.rows[0], "county"

    def spot(self, key: str) -> Spot:
        """The cell that states something."""
        row, at = self.place(key)
        return row.spot(at)

    def refuse(self, key: str, reason: str, clause: str = "") -> None:
        """Note what is wrong with a cell, see `documents.reading.table.TableRow.refuse`."""
        row, at = self.place(key)
        row.refuse(at, reason, clause=clause)


@dataclass(frozen=True, slots=True)
class ReportForm:
    """A city's report, in the order of its rows."""

    rows: tuple[ReportRow, ...]
    """Of the projects that are certain."""
    listed: frozenset[str]
    """The codes of the projects that the report itself lists, not only its second sheet."""
    codes: Spot
    """The heading of the column of codes."""
    faults: list[CellFault]
    words: tuple[CellFault, ...]
    """How cells were taken that a person could have meant otherwise."""


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One project on its way out; money in 元."""

    county: str
    name: str
    code: str
    values: Mapping[str, Any]
    """Per column, as `ReportRow.said`."""


def monthly_report(plan: Plan) -> MonthlyReportRules:
    """What the plan says of monthly reports; RefusedError when it has none."""
    if plan.report is None:
        raise RefusedError(f"“{plan.name}”没有规定月报，不能导出或导入月报")
    return plan.report


def reported_fields(plan: Plan) -> tuple[str, ...]:
    """The columns that are fields of a project's profile."""
    return tuple(field.id for field in plan.fields if field.column("report"))


def report_columns(plan: Plan) -> tuple[Column, ...]:
    """The columns of 月报. RefusedError when the plan has none."""
    fields = field_columns("report", plan)
    operator = tuple(column for column in fields if column.key == "operator")
    columns = (
        *PLACE,
        Column("stage", "阶段", r"^(所处|当前)?阶段$", 8, centred=True, locked=True, optional=True),
        _day(plan, monthly_report(plan).started, 11),
        Column("percent", "形象\n进度\n（%）", r"^形象进度", 6.5, "0", centred=True),
        Column("invested", "完成投资\n（万元）", r"^(累计)?完成投资", 11.5, TWO_DECIMALS),
        _sum("province_received", "省补到位\n（万元）", r"^省级?补.*到位"),
        _sum("local_received", "市县配套\n到位\n（万元）", r"^市、?县.*配套.*到位"),
        *operator,
        Column("on_schedule", "是否\n达序时", r"^是否.*序时", 7, choices=YES_NO, centred=True),
        Column("problem", "未达序时原因\n及存在问题", r"^(未达.*序时.*原因|存在.*问题)", 19),
        Column("next_step", "下步措施", r"^下(一)?步", 16),
        *(column for column in fields if column not in operator),
    )
    return in_words(plan, columns)


def further_columns(plan: Plan) -> tuple[Column, ...]:
    """The columns of 节点登记; none where the plan has nothing more recorded with the report."""
    further = monthly_report(plan).further
    place = in_words(plan, PLACE)
    return (*place, *(_day(plan, name, 14) for name in further)) if further else ()


def report_likeness(book: Book, plan: Plan) -> float:
    """How much a workbook is like a monthly report, see `documents.reading.table.likeness`."""
    return likeness(book, report_columns(plan)) if plan.report else 0


def the_month(month: str) -> str:
    """A month that somebody asks for; RefusedError when it is none."""
    if not PERIOD.fullmatch(month):
        raise RefusedError(f"月份“{month}”有误，应如 2023-06")
    return month


def find_report(book: Book, plan: Plan) -> ReportTables:
    """The report's tables; RefusedError when the form is not to be recognised."""
    columns, more, faults = report_columns(plan), further_columns(plan), list[CellFault]()
    apart = [(sheet, _is_further(sheet, columns, more)) for sheet in book.sheets]
    first, second = (
        replace(book, sheets=tuple(sheet for sheet, is_further in apart if is_further is wanted))
        for wanted in (False, True)
    )
    table = find_table(first, columns, faults)
    if table is None:
        raise no_table(first, columns, "月报", REPORT_SHEET)
    further = find_table(second, more, faults) if more else None
    if more and further is None and any(sheet.title == FURTHER_SHEET for sheet in book.sheets):
        raise no_table(book, more, FURTHER_SHEET, FURTHER_SHEET)
    return ReportTables(book, table, further, faults)


def read_head(
    tables: ReportTables,
    plan: Plan,
    city: str | None = None,
    month: str | None = None,
    *,
    signed: bool = False,
) -> ReportHead:
    """Whose report it is: as asked for or `signed`, else as the title says, else the file's name.

    RefusedError when that is not certain, or when a sheet says otherwise; when it is signed, so
    may its file name not.
    """
    book, first = tables.book, tables.first
    head = ReportHead(
        city=city_of(plan, city, first.above, book.file),
        month=the_month(month) if month else _month(plan, first.above, book.file),
        filler=_filler(book),
    )
    held = (
        f"本表标识为{month_name(month or head.month)}"
        if signed
        else f"报送的是{month_name(head.month)}的月报"
    )
    same_year = partial(_of_years, [int(head.month[:4])])
    for table in filter(None, (first, tables.further)):
        city_of(plan, head.city.name, table.above, book.file)
        told = _in_title(table.above, same_year)
        _same_month(head, told, f"{book.file}「{table.sheet}」：表内", held)
    if signed:
        _same_month(head, _in_name(book.file, same_year), f"{book.file}：文件名", held)
    return head


def read_report(
    tables: ReportTables, plan: Plan, projects: KnownProjects, month: str
) -> ReportForm:
    """What it says of each of `projects` in its month, with every fault of its cells.

    RefusedError when it lists nothing.
    """
    table, further = tables.first, tables.further
    rows = list(_rows(table, projects, _parsers(plan, table, month)))
    if not table.lines:
        raise RefusedError(f"{table.file}「{table.sheet}」：表中没有任何项目；请填写后再报送")
    more = list(_rows(further, projects, _parsers(plan, further, month))) if further else []
    return ReportForm(
        _joined([*rows, *more]),
        _listed(table, rows, projects),
        _codes(table),
        tables.faults,
        tuple(_words(plan, [*rows, *more])),
    )


HINT = (
    "填表说明：只填写有变化的白色单元格；日期如2023-02-10，形象进度填0至100的整数，投资以万元计，"
    "是否达序时从下拉列表中选取，未达序时的须写明原因和下步措施"
)


def report_pages(
    plan: Plan, city: str, month: str, lines: Sequence[ReportLine], *, footer: str = "", spare: int
) -> tuple[TableSheet, ...]:
    """The sheets of a city's report; what is kept elsewhere is locked."""
    kind = plan.programme
    title = f"{city}{month[:4]}年{int(month[5:])}月{kind}建设情况月报表"
    note = f"填报单位：{plan.office(Level.CITY, city)}　填报人：　　　　联系电话：\n{HINT}"
    sheets = (
        (REPORT_SHEET, title, note, report_columns(plan)),
        (FURTHER_SHEET, f"{title}（续表：节点登记）", note, further_columns(plan)),
    )
    return tuple(
        TableSheet(
            sheet=sheet,
            title=head,
            columns=columns,
            rows=[_shown(number, line, columns) for number, line in enumerate(lines, 1)],
            note=words,
            size=11,
            footer=footer,
            protected=True,
            open_note=True,
            example=True,
            spare=spare,
        )
        for sheet, head, words, columns in sheets
        if columns
    )


def _day(plan: Plan, milestone: str, width: float) -> Column:
    label = plan.milestone(milestone).label
    known_by = rf"^{re.escape(plain(label))}(日期|时间)?$"
    return Column(milestone, f"{label}\n日期", known_by, width, DAY, centred=True)


def _sum(key: str, heading: str, known_by: str) -> Column:
    return Column(key, heading, known_by, 10, TWO_DECIMALS, locked=True, optional=True)


def _is_further(sheet: Sheet, first: Sequence[Column], further: Sequence[Column]) -> bool:
    """Whether a sheet is more like 节点登记 than like 月报: they share headings."""
    return bool(further) and sheet_likeness(sheet, further) > sheet_likeness(sheet, first)


def _words(plan: Plan, rows: Iterable[ReportRow]) -> Iterator[CellFault]:
    """How cells were taken that are not written as they are stored."""
    for each in rows:
        (row,) = each.rows
        said = {"percent": cells.percent_word(row.value("percent"))} if each.sound else {}
        for name in monthly_report(plan).milestones:
            said[name] = cells.year_word(row.value(name), each.said.get(name))
        yield from (CellFault(row.spot(key), word) for key, word in said.items() if word)


def _parsers(plan: Plan, table: FormTable, month: str) -> Mapping[str, Parse]:
    parsers: dict[str, Parse] = {
        "stage": cells.name,
        "percent": cells.percent,
        "on_schedule": cells.yes_or_no,
        "problem": cells.text,
        "next_step": cells.text,
        **{name: reader(name, plan) for name in reported_fields(plan)},
        **dict.fromkeys(monthly_report(plan).milestones, cells.day_of(*_span(month))),
        **{key: money_reader(table, key) for key in MONEY if key in table.at},
    }
    return {key: parse for key, parse in parsers.items() if key in table.at}


def _span(month: str) -> tuple[int, date]:
    """The month's year and its last day."""
    year, number = int(month[:4]), int(month[5:])
    return year, date(year, number, monthrange(year, number)[1])


def _rows(
    table: FormTable, projects: KnownProjects, parsers: Mapping[str, Parse]
) -> Iterator[ReportRow]:
    """The rows whose project is certain; one that comes twice is noted."""
    found = [(row, project) for row in table.rows if (project := project_of(row, projects))]
    for row, first in duplicates([(row, project.code) for row, project in found]):
        at = "code" if row.has("code") else "project"
        row.refuse(at, f"与第{first.number}行是同一个项目；请删除一行")
    for row, project in found:
        read = {key: row.take(key, parse) for key, parse in parsers.items()}
        said = {k: value for k, value in read.items() if value is not None or row.value(k) is None}
        yield ReportRow(project, said, (row,), sound=len(said) == len(read))


def _joined(rows: Sequence[ReportRow]) -> tuple[ReportRow, ...]:
    """What both sheets say of a project, as one."""
    found: dict[str, ReportRow] = {}
    for row in rows:
        first = found.get(row.project.code)
        found[row.project.code] = row if first is None else _with(first, row)
    return tuple(found.values())


def _with(first: ReportRow, more: ReportRow) -> ReportRow:
    said = {**more.said, **first.said}
    return ReportRow(first.project, said, (*first.rows, *more.rows), first.sound and more.sound)


def _listed(table: FormTable, rows: Sequence[ReportRow], projects: KnownProjects) -> frozenset[str]:
    """The projects of the rows, and those that a row names whose own fault is noted."""
    written = (str(row.value("code") or "").strip().upper() for row in table.rows)
    meant = (each.code for row in table.rows if (each := likely(row, projects)))
    return frozenset((*written, *meant, *(row.project.code for row in rows)))


def _codes(table: FormTable) -> Spot:
    key = "code" if "code" in table.at else "project"
    letter = get_column_letter(table.at[key] + 1)
    return Spot(table.sheet, f"{letter}{table.top}", table.headings[key], table.headings[key])


def _month(plan: Plan, above: Sequence[str], file: str) -> str:
    """The one month that the title names, else the file's name."""
    meant = partial(_meant, plan)
    if found := _in_title(above, meant) or _in_name(file, meant):
        return the_month(found)
    raise RefusedError(
        f"{file}：无法判断是哪个月的月报；请在标题中写明年月，如“2023年6月”，或在文件名中写明"
    )


Meant = Callable[[int], set[str]]
"""The months that a month may be that names no year."""


def _in_title(above: Sequence[str], meant: Meant) -> str | None:
    """The month that the first line with a single one names."""
    titles = (MONTH.findall(plain(words)) for words in above if "日期" not in words)
    return next(filter(None, (_only_month(found, meant) for found in titles)), None)


def _in_name(file: str, meant: Meant) -> str | None:
    """The month that a file's name names, see `_in_title`."""
    found = MONTH.findall(plain(file)), IN_FILE_NAME.findall(file)
    return _only_month(found[0], meant) or _only_month(found[1], meant)


def _only_month(found: Sequence[tuple[str, str]], meant: Meant) -> str | None:
    months: set[str] = set()
    for year, number in found:
        months |= _of_years([int(year)], int(number)) if year else meant(int(number))
    return months.pop() if len(months) == 1 else None


def _meant(plan: Plan, number: int) -> set[str]:
    """Of the plan's years the months of that number; of several, those that are reported."""
    named = _of_years(plan.years, number)
    return named if len(named) == 1 else named & set(plan.reported_months.values())


def _of_years(years: Iterable[int], number: int) -> set[str]:
    return {f"{year}-{number:02d}" for year in years}


def _same_month(head: ReportHead, told: str | None, where: str, held: str) -> None:
    """RefusedError when another month is told."""
    if told not in (None, head.month):
        said = f"{told[:4]}年{int(told[5:])}月" if told else ""
        raise RefusedError(f"{where}写的是{said}，{held}；请用该月的表填写")


def _filler(book: Book) -> str:
    """填报人, wherever a line names one."""
    for sheet in book.sheets:
        for line in sheet.rows:
            if found := FILLER.search(plain("".join(map(str, line)))):
                return found[1].strip("_")
    return ""


def _shown(number: int, line: ReportLine, columns: tuple[Column, ...]) -> tuple[Value, ...]:
    place: tuple[Value, ...] = (number, line.county, line.name, line.code)
    return (*place, *(_value(column, line.values.get(column.key)) for column in columns[4:]))


def _value(column: Column, value: Any) -> Value:
    """What a column shows."""
    if column.key == "percent" and value == 1:
        return "1%"  # a bare 1 may be 100% where cells are formatted as percentages
    as_shown: Value = shown(column, value)
    return as_shown
