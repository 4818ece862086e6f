"""附件3 汇总表 with 补充信息表: a city's applications, in and out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from common.errors import RefusedError
from documents.forms.application_fields import asked, county_reader, named_by, parts_reader, reader
from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.table import FormTable, TableRow, find_table, money_reader, no_table
from documents.writing.columns import YES_NO, Column, shown, summary_columns, supplements, ticked
from documents.writing.layout import TableSheet
from documents.writing.rows import Value
from policy.cities import City
from policy.fields import SUMMARY_SHEET
from policy.schema import Plan
from policy.vocabulary import Form
from states.requirements import concerns

PLACE_COLUMNS = 3
"""序号, county and project name come first on each sheet."""
Key = tuple[str, str, str]
"""County, street and community: what joins the sheets."""
Parse = Callable[[object], Any]


@dataclass(slots=True)  # nothing changes it; frozen, it would take twice as long to make
class SummaryRow:
    """One project of a workbook."""

    county: str
    """As the plan names it."""
    stated: Mapping[str, Any]
    """Per field of `states.dossier.Profile` that is filled in, its value; an empty cell says
    nothing."""
    table: FormTable | None = field(default=None, compare=False, repr=False)
    index: int = field(default=0, compare=False, repr=False)
    more: tuple[TableRow, ...] = field(default=(), compare=False, repr=False)
    """Where else it stands."""

    @property
    def rows(self) -> tuple[TableRow, ...]:
        """Where it stands on each sheet."""
        # Made when asked for: a long workbook has many.
        first = () if self.table is None else (TableRow(self.table, self.index),)
        return (*first, *self.more)

    def spot(self, name: str, plan: Plan) -> Spot:
        """The cell that states a field; the project's name where no cell does."""
        words = [word for word, listed in ticked(plan).items() if listed == name]
        for key in (name, *words):
            for row in self.rows:
                if row.has(key):
                    return row.spot(key)
        return self.rows[0].spot("project")


@dataclass(frozen=True, slots=True)
class SummaryForm:
    """A city's workbook, in the order of its 附件3."""

    city: str
    rows: tuple[SummaryRow, ...]
    faults: tuple[CellFault, ...] = ()
    """What could not be read; what is stated in the other cells is in `rows` all the same."""
    whole: bool = True
    """False when it has no 附件3: then it only adds to projects that are known."""


@dataclass(frozen=True, slots=True)
class RowContext:
    """What the readers of a workbook's rows need to know."""

    plan: Plan
    city: City
    confirmed: bool
    """True when the sender vouches for figures that are not plausible."""

    def fields(self, table: FormTable) -> Iterator[tuple[str, list[Any]]]:
        """Each field that has a column of its own, with what every row says of it.

        Money is in the unit that the sheet names. What is not plausible is refused.
        """
        for key in table.columns:
            if key in self.plan.field:
                money = self.plan.field[key].kind == "yuan"
                parse = money_reader(table, key) if money else reader(key, self.plan)
                asking = asked(key, parse, self.plan, confirmed=self.confirmed)
                yield key, table.read(key, asking)


def read_applications(
    book: Book, plan: Plan, city: str | None = None, *, confirmed: bool = False
) -> SummaryForm:
    """All projects of a workbook, with every fault of its cells.

    The city is `city`, else the one of the seal line, else the one of the file name. Figures that
    are not plausible are asked about, unless the sender has `confirmed` them. RefusedError when the
    form or the city is not to be recognised.
    """
    faults: list[CellFault] = []
    columns = _with_clauses(summary_columns(plan), plan)
    summary = find_table(_without_supplements(book, columns), columns, faults)
    further = [
        table
        for columns in supplements(plan).values()
        if (table := find_table(book, _with_clauses(columns, plan), faults)) is not None
    ]
    _refuse_unknown_sheets(book, plan, summary, further)
    first = next(table for table in (summary, *further) if table is not None)
    reading = RowContext(plan, _city(plan, city, first), confirmed)
    rows = list(_projects(summary, reading)) if summary else []
    joined = _join(summary, rows, further, reading)
    if not joined and not faults:
        raise RefusedError(f"{book.file}「{first.sheet}」：表中没有任何项目；请填写后再报送")
    return SummaryForm(reading.city.name, joined, tuple(faults), summary is not None)


def _without_supplements(book: Book, columns: tuple[Column, ...]) -> Book:
    """Where 附件3 asks for nothing of its own, the other sheets are told from it by their names."""
    if len(columns) > PLACE_COLUMNS:
        return book
    return replace(book, sheets=tuple(s for s in book.sheets if "补充" not in s.title))


@lru_cache(maxsize=32)
def _with_clauses(columns: tuple[Column, ...], plan: Plan) -> tuple[Column, ...]:
    """The columns with the clause of the first condition that asks for each, or the form's own."""
    asking = {
        name: rule.clause for rule in reversed(plan.conditions) for name in concerns(rule.check)
    }
    field_of, own = ticked(plan), plan.form_clause(Form.SUMMARY)
    return tuple(
        replace(column, clause=asking.get(field_of.get(column.key, column.key), own))
        for column in columns
    )


HINT = (
    "填表说明：只填写有变化的白色单元格，新增项目填在已有各行之后；"
    "数字直接填写，选择项从下拉列表中选取；日期如2023-02-10"
)


def pages(
    plan: Plan,
    city: str,
    rows: Sequence[SummaryRow],
    *,
    footer: str = "",
    spare: int = 0,
    protected: bool = False,
) -> tuple[TableSheet, ...]:
    """All sheets, laid out for A4; `read_applications` gives equal data back.

    RefusedError when a project has no street or community.
    """
    kind = plan.programme
    seal = f"填表单位盖章：　　{'　　　　　　'.join(plan.sealed_by(city))}"
    shared: dict[str, Any] = {
        "note": f"{seal}\n{HINT}",
        "footer": footer,
        "spare": spare,
        "example": True,
        "protected": protected,
    }
    columns = summary_columns(plan)
    summary = TableSheet(
        sheet=plan.titled(Form.SUMMARY, SUMMARY_SHEET),
        title=f"{plan.years_said}{plan.everywhere}{kind}汇总表",
        columns=columns,
        rows=[_line(n, row, columns, plan) for n, row in enumerate(rows, 1)],
        unit=_units(plan),
        size=11,
        **shared,
    )
    further = (
        TableSheet(
            sheet=sheet,
            title=f"{plan.years_said}{plan.everywhere}{kind}{sheet}",
            columns=columns,
            rows=[_line(n, row, columns, plan) for n, row in enumerate(rows, 1)],
            **shared,
        )
        for sheet, columns in supplements(plan).items()
    )
    return (summary, *further)


def summary_named(plan: Plan) -> str:
    """What sentences call the summary: ``附件3汇总表``."""
    return f"{plan.annexes.get(Form.SUMMARY, '')}{SUMMARY_SHEET}"


def _units(plan: Plan) -> str:
    """The line of units, of what the sheet asks for in any."""
    kinds = {field.kind for field in plan.fields if field.column("summary")}
    in_wan = any("万元" in column.heading for column in summary_columns(plan))
    told = {"平方米": "square_metres" in kinds, "万元": in_wan}
    units = "、".join(unit for unit, is_asked in told.items() if is_asked)
    return f"单位：{units}" if units else ""


def project_name(plan: Plan, stated: Mapping[str, Any]) -> str:
    """The project's name on the forms; RefusedError without a part of it."""
    return named_by(plan, stated, plan.project_name)


def city_named(plan: Plan, asked: str) -> City:
    """The city that somebody asks for; RefusedError that lists the plan's when there is none."""
    found = plan.city(asked) or next((it for it in plan.cities if it.name[:-1] == asked), None)
    if found is None:
        names = "、".join(city.name for city in plan.cities)
        raise RefusedError(f"没有“{asked}”；{plan.said('所属市')}须为：{names}")
    return found


def city_of(plan: Plan, asked: str | None, above: Sequence[str], file: str) -> City:
    """The city of a workbook: as its seal, its other lines or its file name say.

    Where a city is asked for it is that one. RefusedError when the workbook's own lines name
    another, or when there is none.
    """
    seals = [line for line in above if "填表单位" in line or "填报单位" in line]
    others = [line for line in above if line not in seals]
    told = [_only_city(plan, " ".join(lines)) for lines in (seals, others)]
    if asked is not None:
        city = city_named(plan, asked)
        for other in filter(None, told):
            if other != city:
                raise RefusedError(
                    f"{file}：表中写明的是{other.name}，不能作为{city.name}的表报送；"
                    "请核对后报送正确的文件"
                )
        return city
    if found := next(filter(None, (*told, _only_city(plan, file))), None):
        return found
    raise RefusedError(
        f"{file}：{plan.said('无法判断是哪个市的表')}；请在“填表单位盖章”处写明{plan.city_bureau}，"
        f"{plan.said('或由登记人员写明所属市')}：" + "、".join(city.name for city in plan.cities)
    )


def _only_city(plan: Plan, words: str) -> City | None:
    """The city that is named, if it is a single one."""
    named = [city for city in plan.cities if city.name in words]
    return named[0] if len(named) == 1 else None


def _city(plan: Plan, asked: str | None, table: FormTable) -> City:
    return city_of(plan, asked, table.above, table.file)


def _refuse_unknown_sheets(
    book: Book, plan: Plan, summary: FormTable | None, further: Sequence[FormTable]
) -> None:
    """A sheet that is called as one of the form's is to be read as such, or refused."""
    own, found = plan.titled(Form.SUMMARY, SUMMARY_SHEET), {table.sheet for table in further}
    titles, known = {sheet.title for sheet in book.sheets}, supplements(plan)
    if summary is None and (own in titles or not found):
        raise no_table(book, summary_columns(plan), summary_named(plan), own)
    for sheet in book.sheets:
        if "补充" in sheet.title and sheet.title not in found:
            columns = known.get(sheet.title) or next(iter(known.values()), summary_columns(plan))
            raise no_table(book, columns, sheet.title, sheet.title)


def _projects(summary: FormTable, reading: RowContext) -> Iterator[SummaryRow | None]:
    """What each row of 附件3 says; None when its county or its name cannot be read."""
    plan = reading.plan
    counties = summary.read("county", county_reader(reading.city, plan))
    names = summary.read("project", parts_reader(plan))
    stated = {
        **dict(reading.fields(summary)),
        "street": [name and name[0] for name in names],
        "community": [name and name[1] for name in names],
    }
    lines = zip(*stated.values(), strict=True)
    keys = tuple(stated)
    for index, (county, line) in enumerate(zip(counties, lines, strict=True)):
        # A line has a value for each key.
        said = {key: value for key, value in zip(keys, line) if value is not None}  # noqa: B905
        if county is None or "street" not in said:
            yield None
            continue
        yield SummaryRow(county, said, summary, index)


def _join(
    summary: FormTable | None,
    projects: Sequence[SummaryRow | None],
    further: Sequence[FormTable],
    reading: RowContext,
) -> tuple[SummaryRow, ...]:
    """The rows of 附件3 with what the other sheets add; without 附件3, what those say."""
    found: dict[Key, SummaryRow] = {}
    for project in projects:
        if project is not None:
            _add(found, project)
    unread = [
        TableRow(summary, index)
        for index, project in enumerate(projects)
        if summary and not project
    ]
    told = set[Key]()
    for table in further:
        added: dict[Key, SummaryRow] = {}
        for more in _supplements(table, reading):
            _add(added, more)
            is_lost = summary and _key(more) not in {*found, *told}
            if is_lost and not _shares(more.rows[0], unread):
                told.add(_key(more))
                named = summary_named(reading.plan)
                place = reading.plan.said("县（市、区）")
                mend = f"请在{named}补填该项目一行，不是新项目的请核对{place}和项目名称"
                more.rows[0].refuse("project", f"在{named}中没有这个项目；{mend}")
        for key, more in added.items():
            if key in found or summary is None:
                found[key] = _with(found.get(key), more)
    return tuple(found.values())


def _add(found: dict[Key, SummaryRow], project: SummaryRow) -> None:
    """Keep the project; one that is there already is a fault."""
    first = found.setdefault(_key(project), project)
    if first is not project:
        row, number = project.rows[0], first.rows[0].number
        row.refuse("project", f"与第{number}行重复；请删除一行，或写明不同的社区")


def _with(known: SummaryRow | None, more: SummaryRow) -> SummaryRow:
    if known is None:
        return more
    return replace(known, stated={**known.stated, **more.stated}, more=(*known.more, *more.rows))


def _supplements(table: FormTable, reading: RowContext) -> Iterator[SummaryRow]:
    """The rows of a 补充信息表 whose county and project name can be read, and what they state."""
    counties = table.read("county", county_reader(reading.city, reading.plan))
    names = table.read("project", parts_reader(reading.plan))
    # Words that have columns of their own are gathered into the field that lists them.
    stated = {**_ticked_fields(table, reading.plan), **dict(reading.fields(table))}
    for index, (county, name) in enumerate(zip(counties, names, strict=True)):
        if county is not None and name is not None:
            said = {key: values[index] for key, values in stated.items()}
            said = {k: v for k, v in said.items() if v is not None}
            said["street"], said["community"] = name
            yield SummaryRow(county, said, table, index)


def _ticked_fields(table: FormTable, plan: Plan) -> dict[str, list[Any]]:
    """Per field, the words that each row ticks; None where a row has neither tick nor 否."""
    found: dict[str, list[Any]] = {}
    for name in dict.fromkeys(ticked(plan).values()):
        words = [word for word, of in ticked(plan).items() if of == name and word in table.at]
        if words:
            answers = [table.read(word, _answer(word)) for word in words]
            found[name] = [
                _ticks(row, dict(zip(words, answer, strict=True)))
                for row, answer in zip(table.rows, zip(*answers, strict=True), strict=True)
            ]
    return found


def _answer(word: str) -> Parse:
    """Reads 是 or 否; “无” under 无产权纠纷 may mean either."""

    def answer(value: object) -> bool | None:
        if word.startswith("无") and cells.name(value) == "无":
            raise CellError(f"“无”含义不明；{word}请填“是”或“否”")
        return cells.yes_or_no(value)

    return answer


def _ticks(row: TableRow, answers: Mapping[str, bool | None]) -> frozenset[str] | None:
    """What a row ticks. Beside 否 a blank is no answer; among ticks alone it means 否."""
    given = [answer for answer in answers.values() if answer is not None]
    is_unread = any(a is None and row.value(word) is not None for word, a in answers.items())
    if is_unread or not given:  # what cannot be read is told at its cell
        return None
    if False in given:
        for word, answer in answers.items():
            if answer is None and row.value(word) is None:
                row.refuse(word, "未填写；请填“是”或“否”")
    return frozenset(word for word, answer in answers.items() if answer)


def _key(project: SummaryRow) -> Key:
    return project.county, project.stated["street"], project.stated["community"]


def _shares(row: TableRow, unread: Sequence[TableRow]) -> bool:
    """Whether a row of 附件3 that could not be read may be this one: its own fault says it all."""
    return any(
        _bare(other, key) == _bare(row, key) for other in unread for key in ("county", "project")
    )


def _bare(row: TableRow, key: str) -> str:
    """A cell as bare text, for comparing."""
    return "".join(str(row.value(key)).split())


def _line(
    number: int, row: SummaryRow, columns: tuple[Column, ...], plan: Plan
) -> tuple[Value, ...]:
    name = project_name(plan, row.stated)
    return (
        number,
        row.county,
        name,
        *(_shown(c, row.stated, plan) for c in columns[PLACE_COLUMNS:]),
    )


def _shown(column: Column, stated: Mapping[str, Any], plan: Plan) -> Value:
    """What a column shows of a project."""
    if listed := ticked(plan).get(column.key):
        return YES_NO[column.key not in stated[listed]] if listed in stated else None
    value = stated.get(column.key)
    if column.key == "kind":
        return next((kind.label for kind in plan.kinds if kind.id == value), None)
    as_shown: Value = shown(column, value)
    return as_shown
