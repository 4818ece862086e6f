"""附件3 汇总表 with 补充信息表: a city's applications, in and out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

from documents import cells
from documents.application_fields import building_kind, county, parts, question, reader
from documents.forms import (
    SUMMARY,
    SUMMARY_SHEET,
    YES_NO,
    Column,
    supplements,
    ticked,
)
from documents.layout import Page, Value, save
from documents.table import Row, Table, duplicates, find_table, raise_faults
from documents.workbook import open_workbook
from policy.errors import RefusedError
from policy.schema import City, Plan
from states.dossier import Profile

PLACE_COLUMNS = 3
"""序号, county and project name come first on each 补充信息表."""
T = TypeVar("T")
Key = tuple[str, str]
"""What joins the two sheets: county and project name."""
Money = Callable[[object], Decimal | None]
"""Reads a cell of money into 元."""


@dataclass(frozen=True)
class ApplicationRow:
    """One project of a workbook."""

    county: str
    """As the plan names it."""
    profile: Profile


@dataclass(frozen=True)
class Applications:
    """A city's workbook, in the order of its 附件3."""

    city: str
    rows: tuple[ApplicationRow, ...]


@dataclass(frozen=True)
class Reading:
    """What the readers of a workbook's rows need to know."""

    plan: Plan
    city: City
    confirmed: bool
    """True when the sender vouches for figures that are not plausible."""

    def asked(self, row: Row, key: str, parse: Callable[[object], T]) -> T | None:
        """The cell's value; one that is not plausible is asked about, as a fault."""
        value = row.take(key, parse)
        if not self.confirmed and (doubt := question(key, value, self.plan)):
            row.refuse(key, doubt)
        return value


def read_applications(
    path: Path, plan: Plan, city: str | None = None, *, confirmed: bool = False
) -> Applications:
    """All projects of a workbook, or none: RefusedError lists every fault, one a line.

    The city is `city`, else the one of the seal line, else the one of the file name. Figures that
    are not plausible are asked about, unless the sender has `confirmed` them.
    """
    workbook = open_workbook(path)
    faults: list[str] = []
    summary = find_table(workbook, path.name, SUMMARY, faults)
    if summary is None:
        raise RefusedError(f"{path.name}：没有找到附件3汇总表；请核对表头文字是否与样表一致")
    reading = Reading(plan, _city(plan, city, summary, path), confirmed)
    money = cells.yuan if "(元)" in summary.headings["investment"] else cells.ten_thousand_yuan
    projects = [(row, _project(row, reading, money)) for row in summary.rows]
    further = [
        (table, columns)
        for columns in supplements(plan).values()
        if (table := find_table(workbook, path.name, columns, faults)) is not None
    ]
    sheets = sum("补充" in title for title in workbook.sheetnames)
    if len(further) < sheets:
        raise RefusedError(f"{path.name}：补充信息表的表头无法识别；请核对表头文字是否与样表一致")
    joined = _join(projects, further, reading)
    if not projects:
        faults.append(f"{summary.place}：表中没有任何项目；请填写后再报送")
    raise_faults(faults)
    return Applications(reading.city.name, joined)


def write_applications(path: Path, plan: Plan, applications: Applications) -> None:
    """Write all sheets, laid out for A4; `read_applications` gives equal data back.

    RefusedError when a project has no street or community; UnavailableError when the file cannot
    be written.
    """
    kind = plan.name.removeprefix(f"{plan.year}年")
    seal = f"填表单位盖章：　　{applications.city}民政局　　　　　　{applications.city}财政局"
    summary = Page(
        sheet=SUMMARY_SHEET,
        title=f"{plan.year}年全省{kind}汇总表",
        columns=SUMMARY,
        rows=[_summary_line(n, row, plan) for n, row in enumerate(applications.rows, 1)],
        note=seal,
        unit="单位：平方米、万元",
        size=11,
    )
    further = [
        Page(
            sheet=sheet,
            title=f"{plan.year}年全省{kind}{sheet}",
            columns=columns,
            rows=[_line(n, row, columns, plan) for n, row in enumerate(applications.rows, 1)],
            note=seal,
        )
        for sheet, columns in supplements(plan).items()
    ]
    save(path, (summary, *further))


def project_name(plan: Plan, profile: Profile) -> str:
    """The project's name on the forms; RefusedError without street or community."""
    if not profile.street or not profile.community:
        raise RefusedError("项目缺少街道（乡镇）或社区（村）名称，无法生成项目名称；请先补齐")
    return plan.project_name.format(street=profile.street, community=profile.community)


def _city(plan: Plan, asked: str | None, summary: Table, path: Path) -> City:
    names = [city.name for city in plan.cities]
    if asked is not None:
        found = plan.city(asked) or plan.city(f"{asked}市")
        if found is None:
            raise RefusedError(f"没有“{asked}”；--city 须为：{'、'.join(names)}")
        return found
    sealed = " ".join(line for line in summary.above if "填表单位" in line)
    for words in (sealed, path.stem):
        named = [name for name in names if name in words]
        if len(named) == 1 and (found := plan.city(named[0])):
            return found
    raise RefusedError(
        f"{path.name}：无法判断是哪个市的表；请在“填表单位盖章”处写明市民政局，或用 --city 指定："
        + "、".join(names)
    )


def _project(row: Row, reading: Reading, money: Money) -> ApplicationRow | None:
    """What a row of 附件3 says; None when its county or its name cannot be read."""
    at = row.take("county", lambda value: county(value, reading.city, reading.plan))
    named = row.take("project", lambda value: parts(value, reading.plan))
    profile = Profile(
        operator=row.take("operator", cells.text),
        building_kind=row.take("building_kind", building_kind),
        area=reading.asked(row, "area", cells.square_metres),
        investment=reading.asked(row, "investment", money),
    )
    if at is None or named is None:
        return None
    street, community = named
    return ApplicationRow(at, replace(profile, street=street, community=community))


def _join(
    projects: Sequence[tuple[Row, ApplicationRow | None]],
    further: Sequence[tuple[Table, tuple[Column, ...]]],
    reading: Reading,
) -> tuple[ApplicationRow, ...]:
    read = [(row, project) for row, project in projects if project is not None]
    keys = [(row, _key(project, reading.plan)) for row, project in read]
    _refuse_duplicates(keys)
    unread = [row for row, project in projects if project is None]
    more: dict[Key, dict[str, Any]] = {}
    for table, columns in further:
        added = list(_supplements(table, columns, reading))
        _refuse_duplicates([(row, key) for row, key, _ in added])
        for row, key, stated in added:
            if key not in {known for _, known in keys} and not _shares(row, unread):
                row.refuse("project", "在附件3汇总表中没有这个项目；请核对县（市、区）和项目名称")
            more[key] = {**more.get(key, {}), **stated}
    return tuple(
        replace(project, profile=replace(project.profile, **more.get(key, {})))
        for (_, project), (_, key) in zip(read, keys, strict=True)
    )


def _supplements(
    table: Table, columns: tuple[Column, ...], reading: Reading
) -> Iterator[tuple[Row, Key, dict[str, Any]]]:
    """The rows of a 补充信息表 whose county and project name can be read, and what they state."""
    for row in table.rows:
        at = row.take("county", lambda value: county(value, reading.city, reading.plan))
        named = row.take("project", lambda value: parts(value, reading.plan))
        stated = _stated(row, columns, reading)
        if at is not None and named is not None:
            name = reading.plan.project_name.format(street=named[0], community=named[1])
            yield row, (at, name), stated


def _stated(row: Row, columns: tuple[Column, ...], reading: Reading) -> dict[str, Any]:
    """Each field of a sheet; words that have columns of their own are gathered into theirs."""
    fields = ticked(reading.plan)
    found: dict[str, Any] = {}
    for column in columns[PLACE_COLUMNS:]:
        if field := fields.get(column.key):
            held = {column.key} if row.take(column.key, cells.yes) else set()
            found[field] = found.get(field, frozenset()) | held
        else:
            found[column.key] = reading.asked(row, column.key, reader(column.key, reading.plan))
    return found


def _key(project: ApplicationRow, plan: Plan) -> Key:
    return project.county, project_name(plan, project.profile)


def _refuse_duplicates(keys: Sequence[tuple[Row, Key]]) -> None:
    for row, first in duplicates(keys):
        row.refuse("project", f"与第{first.number}行重复；请删除一行，或写明不同的社区")


def _shares(row: Row, unread: Sequence[Row]) -> bool:
    """Whether a row of 附件3 that could not be read may be this one: its own fault says it all."""
    return any(
        _bare(other, key) == _bare(row, key) for other in unread for key in ("county", "project")
    )


def _bare(row: Row, key: str) -> str:
    """A cell as bare text, for comparing."""
    return "".join(str(row.cells[key][1]).split())


def _summary_line(number: int, row: ApplicationRow, plan: Plan) -> tuple[Value, ...]:
    profile = row.profile
    return (
        number,
        row.county,
        project_name(plan, profile),
        profile.operator,
        profile.building_kind,
        profile.area,
        None if profile.investment is None else profile.investment / Decimal(10000),
    )


def _line(
    number: int, row: ApplicationRow, columns: tuple[Column, ...], plan: Plan
) -> tuple[Value, ...]:
    name = project_name(plan, row.profile)
    return (
        number,
        row.county,
        name,
        *(_shown(c, row.profile, plan) for c in columns[PLACE_COLUMNS:]),
    )


def _shown(column: Column, profile: Profile, plan: Plan) -> Value:
    """What a column shows of a project."""
    if field := ticked(plan).get(column.key):
        return YES_NO[column.key not in getattr(profile, field)]
    value = getattr(profile, column.key)
    if isinstance(value, bool):
        return YES_NO[not value]
    if column.key == "kind":
        return next((kind.label for kind in plan.kinds if kind.id == value), None)
    if value is not None and "万元" in column.heading:
        return Decimal(value) / Decimal(10000)
    shown: Value = value
    return shown
