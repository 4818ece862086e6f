"""The example province: every line of its year is legal, and its lateness is the one told of."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from deployments.example.build import HOME, PLAN_ID, build
from documents.forms.contacts import read_contacts
from documents.forms.summary import project_name, read_applications
from documents.reading.grid import open_book
from models.database import reading
from models.projects import dossiers, facts
from policy.load import named_plan
from policy.schema import Plan
from policy.vocabulary import Disposition, SubjectKind
from states.deadlines import Deadline, deadlines, deadlines_of, fulfilled_on
from states.dossier import Dossier, profile_of
from states.requirements import Case, shortfalls
from states.workdays import Calendar
from tests.support.stores import Snapshot, Stores
from tests.support.yearly import HALF_YEAR, JUNE, YEAR

pytestmark = pytest.mark.heavy
CALENDAR = Calendar()
WORKBOOKS = sorted((HOME / "workbooks").glob("[0-9]*.xlsx"))


@dataclass(frozen=True)
class Line:
    """One line of facts.csv."""

    on: date
    subject: str
    act: str
    actor: str
    evidence: str
    amount: str
    checks: str


@dataclass(frozen=True)
class Province:
    """Everyone's state after a replay up to some day."""

    projects: Mapping[str, Dossier]
    records: Mapping[str, Mapping[str, date]]


@cache
def the_plan() -> Plan:
    return named_plan(PLAN_ID)


@cache
def lines() -> tuple[Line, ...]:
    text = (HOME / "facts.csv").read_text(encoding="utf-8")
    rows = csv.reader(text.splitlines()[1:])
    return tuple(Line(date.fromisoformat(on), *rest) for on, *rest in rows)


@cache
def opening() -> Mapping[str, Dossier]:
    """The projects as the workbooks bring them, before the first act."""
    return {dossier.code: dossier for path in WORKBOOKS for dossier in _imported(path)}


def _imported(path: Path) -> Iterator[Dossier]:
    plan = the_plan()
    applications = read_applications(open_book(path), plan)
    city = plan.city(applications.city)
    assert city is not None
    numbers: Counter[str] = Counter()
    for row in applications.rows:
        county = city.county(row.county)
        assert county is not None
        numbers[county.code] += 1
        yield Dossier(
            code=plan.code_format.format(county=county.code, number=numbers[county.code]),
            name=project_name(plan, row.stated),
            city=city.name,
            county=county.name,
            county_type=county.type,
            stage=plan.stage_order[0],
            profile=profile_of(row.stated),
            quota_left=city.places,
        )


def standing(stores: Stores, state: Snapshot, home: Path) -> Province:
    """Everybody as the offices have recorded it; an illegal line is refused with its reasons."""
    with stores.desk(None, state, home) as desk, reading(desk.engine) as session:
        projects = {item.code: item for item in dossiers(session, the_plan())}
        return Province(projects, facts(session, the_plan()))


@pytest.fixture(scope="module")
def june(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Province:
    return standing(stores, HALF_YEAR, tmp_path_factory.mktemp("june") / "home")


@pytest.fixture(scope="module")
def year_end(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Province:
    return standing(stores, YEAR, tmp_path_factory.mktemp("year") / "home")


def occurrences(state: Province) -> Iterator[tuple[Deadline, str, Disposition, date | None]]:
    """Every deadline of every subject with the day it was fulfilled."""
    plan = the_plan()
    for kind in SubjectKind:
        for deadline in deadlines_of(plan, CALENDAR, kind):
            for subject, disposition, held in _subjects(state, kind):
                yield deadline, subject, disposition, fulfilled_on(deadline, kind, held)


def _subjects(
    state: Province, kind: SubjectKind
) -> Iterator[tuple[str, Disposition, Mapping[str, date]]]:
    if kind is SubjectKind.PROJECT:
        for code, dossier in state.projects.items():
            yield code, dossier.disposition, dossier.milestones
    elif kind is SubjectKind.CITY:
        for city in the_plan().cities:
            yield city.name, Disposition.ACTIVE, _city_facts(state, city.name, city.places or 0)
    else:
        name = the_plan().province
        yield name, Disposition.ACTIVE, state.records.get(name, {})


def _city_facts(state: Province, city: str, quota: int) -> Mapping[str, date]:
    own = [p.milestones for p in state.projects.values() if p.city == city]
    days = sorted(m["application_submitted"] for m in own if "application_submitted" in m)
    facts = dict(state.records.get(city, {}))
    return {**facts, "quota_submitted": days[quota - 1]} if len(days) >= quota else facts


def _last(deadline: Deadline) -> date:
    """The plan's own last day; a relative deadline has none."""
    return deadline.dates.overdue_after if deadline.dates else date.max


def late_subjects(june: Province, rule: str) -> tuple[set[str], set[str]]:
    """As of 1 June: who is still late with a rule, and who was late but has done it."""
    still, was = set(), set()
    for deadline, subject, disposition, done in occurrences(june):
        if deadline.rule.id != rule or _last(deadline) >= JUNE:
            continue
        if done is None and disposition is Disposition.ACTIVE:
            still.add(subject)
        elif done is not None and done > _last(deadline):
            was.add(subject)
    return still, was


def at(stage: str, state: Province) -> set[str]:
    return {
        code
        for code, dossier in state.projects.items()
        if dossier.stage == stage and dossier.disposition is Disposition.ACTIVE
    }


def test_workbooks_hold_each_citys_quota_and_every_unserved_county() -> None:
    assert len(opening()) == 100
    for city in the_plan().cities:
        counties = Counter(p.county for p in opening().values() if p.city == city.name)
        assert counties.total() == city.quota
        assert set(city.unserved) <= set(counties)
    assert max(Counter((p.city, p.county) for p in opening().values()).values()) > 1


def test_everything_is_visibly_invented_and_nobody_can_be_reached() -> None:
    book = open_book(HOME / "workbooks" / "通讯录.xlsx")
    people = [post for _, post in read_contacts(book, the_plan())]
    assert all(not person.channels and "示例" in person.name for person in people)
    assert all(person.phone.startswith("000-0000-") for person in people)
    for dossier in opening().values():
        profile = dossier.profile
        assert "示例" in dossier.name
        assert "示例" in (profile.operator or "示例")
        assert "示例" in (profile.responsible_person or "")
        assert (profile.responsible_phone or "").startswith("000-0000-")


def _case(dossier: Dossier) -> Case:
    """As if the whole city's projects were known, as they are once its workbook is in."""
    own = [other for other in opening().values() if other.city == dossier.city]
    built = Counter(other.profile.building_kind or "" for other in own)
    return Case(the_plan(), replace(dossier, building_kinds=built), JUNE, "示例")


def test_forms_raise_a_few_soft_warnings_and_vary() -> None:
    warned = {
        s.requirement.id
        for dossier in opening().values()
        for act in ("confirm_site", "submit_application")
        for s in shortfalls(_case(dossier), act)
        if not s.refuses
    }
    assert warned == {"R08", "R08-2", "R16", "R17", "R53", "R09"}
    kinds = Counter(dossier.profile.building_kind for dossier in opening().values())
    assert set(kinds) == {"新建", "改建", "购置", "其他"}
    assert kinds["改建"] > 50


def test_every_line_is_legal_and_in_date_order_on_a_workday(year_end: Province) -> None:
    days = [line.on for line in lines()]
    assert days == sorted(days)
    assert [line for line in lines() if not CALENDAR.is_workday(line.on)] == []
    assert all(line.actor and line.evidence for line in lines())
    assert len(year_end.projects) == 100


def test_every_deadline_up_to_june_has_someone_late_and_someone_who_was(june: Province) -> None:
    plan = the_plan()
    past = {d.rule.id for d in deadlines(plan, CALENDAR) if _last(d) < JUNE}
    assert past == {"D01", "D02", "D03", "D04", "D05", "D06", "D07", "D08", "D10", "D11"}
    late = {rule: late_subjects(june, rule) for rule in past}
    # The province has D02 only once, so it cannot be both.
    assert late.pop("D02") == (set(), {"山西省"})
    assert [rule for rule, (still, was) in late.items() if not still or not was] == []


def test_most_deadlines_up_to_june_were_met_in_time(june: Province) -> None:
    past = [item for item in occurrences(june) if _last(item[0]) < JUNE]
    met = [item for item in past if item[3] is not None and item[3] <= _last(item[0])]
    assert 0.85 <= len(met) / len(past) < 1


def test_where_projects_stand_on_the_first_of_june(june: Province) -> None:
    state = june
    assert at("siting", state) == {"XF2023-140106-01"}
    assert at("application", state) == {"XF2023-141034-01"}
    assert at("review", state) == {"XF2023-140428-01", "XF2023-140925-01"}
    assert 4 <= len(at("funding", state) | at("groundbreaking", state)) <= 6
    held = {c for c, p in state.projects.items() if p.disposition is Disposition.HELD}
    assert held == {"XF2023-140728-01"}


def test_money_and_operators_missing_on_the_first_of_june(
    june: Province, year_end: Province
) -> None:
    projects = june.projects
    building = at("construction", june)
    unpaid = {c for c in building if "funds_released" not in projects[c].milestones}
    assert unpaid == {"XF2023-140213-02"}
    assert "funds_released" in year_end.projects["XF2023-140213-02"].milestones
    assert 3 <= sum("operator_confirmed" not in projects[c].milestones for c in building) <= 5
    half = {c for c in building if "city_funds_in_place" in projects[c].milestones}
    half -= {c for c in building if "county_funds_in_place" in projects[c].milestones}
    assert len(half) == 3


@pytest.mark.parametrize(
    ("code", "act", "days"),
    [
        ("XF2023-140430-01", "break_ground", ["2023-06-20"]),
        ("XF2023-141130-01", "break_ground", ["2023-07-06"]),
        ("XF2023-140428-01", "return_for_correction", ["2023-03-09"]),
        ("XF2023-140728-01", "hold", ["2023-04-19"]),
        ("XF2023-140728-01", "resume", ["2023-07-10"]),
        ("XF2023-140302-01", "pass_acceptance", ["2023-12-20"]),
        ("忻州市", "D10-05", ["2023-06-05"]),
        ("运城市", "D10-05", []),
        ("朔州市", "D10-05", ["2023-05-22"]),
        ("山西省", "D11-04", ["2023-05-10"]),
    ],
)
def test_turns_of_the_story(code: str, act: str, days: list[str]) -> None:
    told = [str(x.on) for x in lines() if (x.subject, x.act) == (code, act)]
    reported = {str(x.on) for x in reported_lines() if (x.city, x.duty) == (code, act)}
    assert [*told, *sorted(reported)] == days


def test_two_fail_acceptance_and_one_never_opens(year_end: Province) -> None:
    failed = [line for line in lines() if line.act == "fail_acceptance"]
    assert [line.on for line in failed] == [date(2023, 12, 4)] * 2
    state = year_end
    assert len(at("operation", state)) == 100
    assert all(p.milestones["accepted"].month == 12 for p in state.projects.values())
    unopened = {c for c, p in state.projects.items() if "opened" not in p.milestones}
    assert unopened == {"XF2023-140623-01"}


def test_by_years_end_only_the_unopened_project_and_one_report_are_still_late(
    year_end: Province,
) -> None:
    open_still = {
        (deadline.id, subject)
        for deadline, subject, _, done in occurrences(year_end)
        if done is None and deadline.dates is not None
    }
    assert open_still == {("D17", "XF2023-140623-01"), ("D10-05", "运城市")}


def test_rebuilding_gives_the_same_bytes(tmp_path: Path) -> None:
    build(tmp_path)
    built = {p.relative_to(tmp_path): p.read_bytes() for p in tmp_path.rglob("*.*")}
    kept = {path: (HOME / path).read_bytes() for path in built}
    assert [str(path) for path in built if built[path] != kept[path]] == []
    assert len(built) == 16


# --- what the cities report -----------------------------------------------------------------------


class ReportedLine(NamedTuple):
    """One line of reports.csv."""

    on: date
    city: str
    duty: str
    subject: str
    percent: int
    invested: Decimal
    on_schedule: str
    problem: str
    next_step: str


@cache
def reported_lines() -> tuple[ReportedLine, ...]:
    text = (HOME / "reports.csv").read_text(encoding="utf-8")
    return tuple(
        ReportedLine(
            on=date.fromisoformat(row["on"]),
            city=row["city"],
            duty=row["duty"],
            subject=row["subject"],
            percent=int(row["percent"]),
            invested=Decimal(row["invested"]),
            on_schedule=row["on_schedule"],
            problem=row["problem"],
            next_step=row["next_step"],
        )
        for row in csv.DictReader(text.splitlines())
    )


def day_of(code: str, act: str) -> date:
    """The day of an act of a project, by facts.csv; never: far away."""
    days = [line.on for line in lines() if (line.subject, line.act) == (code, act)]
    return days[-1] if days else date.max


def by_project() -> Mapping[str, list[ReportedLine]]:
    found: dict[str, list[ReportedLine]] = {}
    for line in sorted(reported_lines(), key=lambda line: line.duty):
        found.setdefault(line.subject, []).append(line)
    return found


def test_every_report_but_two_comes_as_a_workbook_with_all_the_projects_of_its_city() -> None:
    """运城市 sends none in May, 朔州市's comes on paper; nothing is finished before December."""
    found = Counter((line.city, line.duty) for line in reported_lines())
    quotas = {city.name: city.quota for city in the_plan().cities}
    months = [f"D10-{month:02d}" for month in range(3, 13)]
    missing = {("运城市", "D10-05"), ("朔州市", "D10-05")}
    asked = {(city, duty): n for city, n in quotas.items() for duty in months}
    assert found == {which: n for which, n in asked.items() if which not in missing}
    assert min(day_of(code, "pass_acceptance") for code in by_project()) >= date(2023, 12, 1)
    paper = [line for line in lines() if line.act.startswith("D10")]
    assert [(line.subject, line.act) for line in paper] == [("朔州市", "D10-05")]
    assert "纸质" in paper[0].evidence


def test_progress_and_investment_rise_and_fit_the_days_of_the_works() -> None:
    for code, found in by_project().items():
        started, finished = day_of(code, "break_ground"), day_of(code, "complete_construction")
        total = opening()[code].profile.investment
        assert total is not None
        for line in found:
            month_start = date(2023, int(line.duty[4:]), 1)
            assert (line.percent > 0) <= (started < line.on), line
            assert (line.percent == 100) == (finished <= line.on), line
            assert (started < month_start) <= (line.percent > 0), line
            assert Decimal(0) <= line.invested <= total, line
            assert line.invested % 100 == 0, line  # 万元 with two decimals
        for before, after in pairwise(found):
            assert (before.percent, before.invested) <= (after.percent, after.invested), after
            assert before.invested <= after.invested, after
        assert (found[-1].percent, found[-1].invested) == (100, total)


def test_who_is_behind_says_why_and_what_is_done() -> None:
    for line in reported_lines():
        assert (line.on_schedule == "否") <= bool(line.problem), line
        assert bool(line.problem) == bool(line.next_step), line
    may = {line.subject: line.problem for line in reported_lines() if line.duty == "D10-05"}
    behind = {code: problem for code, problem in may.items() if problem}
    assert set(behind) == {
        "XF2023-140106-01",  # 迎泽区: no site
        "XF2023-141034-01",  # 汾西县: not applied
        "XF2023-140728-01",  # 平遥县: on hold
        "XF2023-140502-02",  # 晋城城区 and 尧都区: no operator; of 芮城县 nothing is said in May
        "XF2023-141002-01",
    }
    assert "暂停" in behind["XF2023-140728-01"]
    assert "运营机构" in behind["XF2023-141002-01"]


def test_the_reports_have_come_in_as_they_are_told(june: Province, year_end: Province) -> None:
    """Through the importer: what is stored of each project is what its city has said."""
    for state, until in ((june, JUNE), (year_end, date.max)):
        stored = {
            (code, f"D10-{report.period[5:]}"): (
                report.percent,
                report.invested,
                "是" if report.on_schedule else "否",
                report.problem or "",
                report.next_step or "",
            )
            for code, project in state.projects.items()
            for report in project.progress
        }
        assert stored == {
            (line.subject, line.duty): line[4:] for line in reported_lines() if line.on <= until
        }
