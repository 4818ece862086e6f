"""附件3 汇总表 with 补充信息表: a city's applications, in and out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from documents import cells
from documents.application_fields import building_kind, county, parts, site_source
from documents.forms import (
    SUMMARY,
    SUMMARY_SHEET,
    SUPPLEMENT_SHEET,
    listed,
    supplement,
)
from documents.layout import Page, Value, save
from documents.table import Row, Table, duplicates, find_table, raise_faults
from documents.workbook import open_workbook
from policy.errors import RefusedError
from policy.schema import City, Plan
from states.dossier import Profile

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


def read_applications(path: Path, plan: Plan, city: str | None = None) -> Applications:
    """All projects of a workbook, or none: RefusedError lists every fault, one a line.

    The city is `city`, else the one of the seal line, else the one of the file name.
    """
    workbook = open_workbook(path)
    faults: list[str] = []
    summary = find_table(workbook, path.name, SUMMARY, faults)
    if summary is None:
        raise RefusedError(f"{path.name}：没有找到附件3汇总表；请核对表头文字是否与样表一致")
    place = _city(plan, city, summary, path)
    money = cells.yuan if "(元)" in summary.headings["investment"] else cells.ten_thousand_yuan
    projects = [(row, _project(row, plan, place, money)) for row in summary.rows]
    further = find_table(workbook, path.name, supplement(plan), faults)
    if further is None and any("补充" in title for title in workbook.sheetnames):
        raise RefusedError(f"{path.name}：补充信息表的表头无法识别；请核对表头文字是否与样表一致")
    joined = _join(projects, further, plan, place)
    if not projects:
        faults.append(f"{summary.place}：表中没有任何项目；请填写后再报送")
    raise_faults(faults)
    return Applications(place.name, joined)


def write_applications(path: Path, plan: Plan, applications: Applications) -> None:
    """Write both sheets, laid out for A4; `read_applications` gives equal data back.

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
    further = Page(
        sheet=SUPPLEMENT_SHEET,
        title=f"{plan.year}年全省{kind}补充信息表",
        columns=supplement(plan),
        rows=[_supplement_line(n, row, plan) for n, row in enumerate(applications.rows, 1)],
        note=seal,
    )
    save(path, (summary, further))


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


def _project(row: Row, plan: Plan, city: City, money: Money) -> ApplicationRow | None:
    """What a row of 附件3 says; None when its county or its name cannot be read."""
    at = row.take("county", lambda value: county(value, city))
    named = row.take("project", lambda value: parts(value, plan))
    profile = Profile(
        operator=row.take("operator", cells.text),
        building_kind=row.take("building_kind", building_kind),
        area=row.take("area", cells.square_metres),
        investment=row.take("investment", money),
    )
    if at is None or named is None:
        return None
    street, community = named
    return ApplicationRow(at, replace(profile, street=street, community=community))


def _join(
    projects: Sequence[tuple[Row, ApplicationRow | None]],
    further: Table | None,
    plan: Plan,
    city: City,
) -> tuple[ApplicationRow, ...]:
    read = [(row, project) for row, project in projects if project is not None]
    keys = [(row, _key(project, plan)) for row, project in read]
    _refuse_duplicates(keys)
    added = _supplements(further, plan, city)
    _refuse_duplicates([(row, key) for row, key, _ in added])
    unread = [row for row, project in projects if project is None]
    for row, key, _ in added:
        if key not in {known for _, known in keys} and not _shares(row, unread):
            row.refuse("project", "在附件3汇总表中没有这个项目；请核对县（市、区）和项目名称")
    more = {key: profile for _, key, profile in added}
    return tuple(
        replace(project, profile=_merged(project.profile, more.get(key)))
        for (_, project), (_, key) in zip(read, keys, strict=True)
    )


def _supplements(further: Table | None, plan: Plan, city: City) -> list[tuple[Row, Key, Profile]]:
    """The rows of 补充信息表 whose county and project name can be read."""
    found = []
    for row in further.rows if further else ():
        at = row.take("county", lambda value: county(value, city))
        named = row.take("project", lambda value: parts(value, plan))
        profile = _supplement(row, plan)
        if at is not None and named is not None:
            name = plan.project_name.format(street=named[0], community=named[1])
            found.append((row, (at, name), profile))
    return found


def _supplement(row: Row, plan: Plan) -> Profile:
    return Profile(
        address=row.take("address", cells.text),
        site_source=row.take("site_source", site_source),
        tenure=row.take("tenure", cells.name),
        beds=row.take("beds", cells.integer),
        households=row.take("households", cells.integer),
        functions=_ticked(row, listed(plan, "functions")),
        commitments=_ticked(row, listed(plan, "commitments")),
        visited_on=row.take("visited_on", cells.day),
        letter_issuer=row.take("letter_issuer", cells.name),
        letter_number=row.take("letter_number", cells.name),
        letter_on=row.take("letter_on", cells.day),
        responsible_person=row.take("responsible_person", cells.name),
        responsible_phone=row.take("responsible_phone", cells.text),
    )


def _merged(profile: Profile, more: Profile | None) -> Profile:
    """附件3 and 补充信息表 together; they share no field."""
    if more is None:
        return profile
    return replace(
        more,
        street=profile.street,
        community=profile.community,
        operator=profile.operator,
        building_kind=profile.building_kind,
        area=profile.area,
        investment=profile.investment,
    )


def _ticked(row: Row, words: Sequence[str]) -> frozenset[str]:
    return frozenset(word for word in words if row.take(word, cells.yes))


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


def _supplement_line(number: int, row: ApplicationRow, plan: Plan) -> tuple[Value, ...]:
    profile = row.profile
    return (
        number,
        row.county,
        project_name(plan, profile),
        profile.address,
        profile.site_source,
        profile.tenure,
        profile.beds,
        profile.households,
        *_ticks(listed(plan, "functions"), profile.functions),
        *_ticks(listed(plan, "commitments"), profile.commitments),
        profile.visited_on,
        profile.letter_issuer,
        profile.letter_number,
        profile.letter_on,
        profile.responsible_person,
        profile.responsible_phone,
    )


def _ticks(words: Sequence[str], held: frozenset[str]) -> tuple[str, ...]:
    return tuple("是" if word in held else "否" for word in words)
