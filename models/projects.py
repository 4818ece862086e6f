"""Projects and their facts: rows to Dossier and back."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, or_, update
from sqlalchemy import select as select_columns
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col, select

from common.errors import RefusedError
from models.audits import newest_rows
from models.records import lines, opinions, progress_of
from models.rows import among, ask, columns, into, rows_of
from models.tables import Fact, Project, Subject
from policy.fields import CORE, NUMERIC
from policy.schema import Plan
from policy.vocabulary import Disposition, SubjectKind
from states.contacts import Place
from states.dossier import (
    GOING_ON,
    Dossier,
    Profile,
    from_stored,
    to_plain,
    to_the_cent,
)
from states.ledger import LedgerLine
from states.progress import Progress
from states.reporting import city_facts
from states.review import Opinion

# Built once, see `models.rows`; what is asked of them is bound when they are executed.
PROJECT, SUBJECT, FACT = columns(Project), columns(Subject), columns(Fact)
ITS = and_(SUBJECT.plan == PROJECT.plan, SUBJECT.code == PROJECT.code)
"""The subject that a project is."""
ALL = (
    select_columns(*PROJECT, SUBJECT.name, SUBJECT.city, SUBJECT.county)
    .where(PROJECT.plan == bindparam("plan"))
    .join_from(Project, Subject, ITS)
    .order_by(PROJECT.code)
)
SOME = ALL.where(among(PROJECT.code, "codes"))
PLACE = select_columns(SUBJECT.city, SUBJECT.county).where(
    SUBJECT.plan == bindparam("plan"), SUBJECT.code == bindparam("code"), SUBJECT.renamed_to == ""
)
"""Where a subject lies that is still called so."""
GONE = delete(FACT.on.table).where(
    FACT.plan == bindparam("plan"), FACT.subject == bindparam("subject"), among(FACT.name, "names")
)
THEIRS = and_(
    SUBJECT.plan == bindparam("plan"),
    SUBJECT.kind == SubjectKind.PROJECT.value,  # which the index asks for before the city
    among(SUBJECT.city, "cities"),
)
"""The projects of some cities."""
_IN_CITIES = (
    select_columns(SUBJECT.city)
    .join_from(Subject, Project, ITS)
    .where(THEIRS, PROJECT.disposition.in_(GOING_ON))
)
"""The projects that go on in some cities."""
COMPANY = (
    _IN_CITIES.add_columns(
        SUBJECT.county,
        PROJECT.building_kind,
        PROJECT.kind,
        func.count().label("projects"),
        func.count(FACT.name).label("taken"),
    )
    .outerjoin(
        Fact,
        and_(
            FACT.plan == PROJECT.plan,
            FACT.subject == PROJECT.code,
            FACT.name == bindparam("name"),
        ),
    )
    .group_by(SUBJECT.city, SUBJECT.county, PROJECT.building_kind, PROJECT.kind)
)
"""Of those how many are alike, and how many of them have a fact."""

APPLIED = (
    select_columns(SUBJECT.city, func.count())
    .join_from(Subject, Fact, and_(FACT.plan == SUBJECT.plan, FACT.subject == SUBJECT.code))
    .where(THEIRS, FACT.name == bindparam("name"), FACT.on <= bindparam("day"))
    .group_by(SUBJECT.city)
)


def find_subject(session: Session, plan: Plan, code: str) -> Subject:
    """The project, city or province of that code; RefusedError when there is none, or no more."""
    subject = session.get(Subject, (plan.id, code))
    if subject is None:
        raise RefusedError(f"没有项目或地方“{code}”；项目编码见 xingfu project list，地方请写全称")
    if subject.renamed_to:
        raise RefusedError(f"“{code}”已更名为“{subject.renamed_to}”，请按现名办理")
    return subject


def subjects(
    session: Session, plan: Plan, codes: Iterable[str] | None = None
) -> Mapping[str, Subject]:
    """The subjects of those codes, or all, by code."""
    query = select(Subject).where(Subject.plan == plan.id)
    if codes is not None:
        query = query.where(col(Subject.code).in_(list(codes)))
    return {subject.code: subject for subject in session.exec(query)}


def names(session: Session, plan: Plan) -> Mapping[str, str]:
    """What each subject is called, by code, ordered."""
    query = select(Subject.code, Subject.name).where(Subject.plan == plan.id)
    return dict(session.exec(query.order_by(Subject.code)).all())


def codes_in(session: Session, plan: Plan, cities: Iterable[str]) -> Sequence[str]:
    """The codes of all projects of some cities, ordered."""
    asked = list(cities)
    if not asked:
        return ()  # a database may look for none of them through all
    query = select(Subject.code).where(
        Subject.plan == plan.id,
        Subject.kind == SubjectKind.PROJECT,
        col(Subject.city).in_(asked),
    )
    return session.exec(query.order_by(Subject.code)).all()


def dossier(session: Session, plan: Plan, code: str) -> Dossier:
    """The project of that code as the rules see it; RefusedError when there is none."""
    found = dossiers(session, plan, [code])
    if not found:
        raise RefusedError(f"没有项目“{code}”，请用 xingfu project list 查看项目编码")
    return found[0]


def dossiers(
    session: Session,
    plan: Plan,
    codes: Iterable[str] | None = None,
    held: Mapping[str, Mapping[str, date]] | None = None,
) -> tuple[Dossier, ...]:
    """All projects, or those of `codes`, ordered by code; `held`: their `facts`, where known."""
    wanted = None if codes is None else list(codes)
    found = ask(session, ALL if wanted is None else SOME, plan=plan.id, codes=wanted)
    if not found:
        return ()
    milestones = facts(session, plan, wanted) if held is None else held
    gathered = _gather(session, plan, wanted, sorted({row.city for row in found}), milestones)
    return tuple(_to_dossier(plan, row, row, gathered) for row in found)


def dossiers_in(session: Session, plan: Plan, city: str) -> tuple[Dossier, ...]:
    """The projects of one city, ordered by code."""
    query = select(Subject.code).where(
        Subject.plan == plan.id, Subject.kind == SubjectKind.PROJECT, Subject.city == city
    )
    return dossiers(session, plan, session.exec(query).all())


def codes_with_blanks(
    session: Session, plan: Plan, city: str, fields: Mapping[str, Iterable[str]]
) -> Sequence[str]:
    """The codes of a city's projects under way that leave blank a field named for their stage."""
    asked = [
        and_(PROJECT.stage == stage, or_(*(_is_blank(name) for name in sorted(names))))
        for stage, names in fields.items()
        if names
    ]
    if not asked:
        return ()
    under_way = PROJECT.disposition == Disposition.ACTIVE.value
    query = select_columns(PROJECT.code).join_from(Subject, Project, ITS)
    here = query.where(THEIRS, under_way, or_(*asked))
    return session.execute(here, {"plan": plan.id, "cities": [city]}).scalars().all()


def _is_blank(name: str) -> ColumnElement[bool]:
    """Whether a field says nothing; what says nothing is not kept among the further ones."""
    value = PROJECT[name] if name in CORE else PROJECT.further[name].as_string()
    text = name not in CORE or CORE[name].kind not in NUMERIC
    return or_(value.is_(None), value == "") if text else value.is_(None)


def without_fact(
    session: Session, plan: Plan, place: Place, fact: str, most: int
) -> Mapping[str, str]:
    """The names of the first projects of a county that lack a fact, by code and in its order."""
    held = select(Fact.subject).where(Fact.plan == plan.id, Fact.name == fact)
    query = select(Subject.code, Subject.name).where(
        Subject.plan == plan.id,
        Subject.kind == SubjectKind.PROJECT,
        Subject.city == place.city,
        Subject.county == place.county,
        col(Subject.code).not_in(held.where(Fact.subject == Subject.code)),
    )
    return dict(session.exec(query.order_by(Subject.code).limit(most)).all())


def facts(
    session: Session, plan: Plan, codes: list[str] | None = None
) -> Mapping[str, Mapping[str, date]]:
    """Per subject, the facts that hold now with their days."""
    held: dict[str, dict[str, date]] = {}
    for row in rows_of(session, Fact, plan, codes):
        held.setdefault(row.subject, {})[row.name] = row.on
    return held


def first_day(session: Session, plan: Plan, name: str) -> date | None:
    """The first day on which a fact came about for any subject; None: for none."""
    its = (FACT.plan == plan.id, FACT.name == name)
    first: date | None = session.execute(select_columns(func.min(FACT.on)).where(*its)).scalar()
    return first


def change_facts(
    session: Session,
    plan: Plan,
    code: str,
    dated: Mapping[str, date],
    revoked: Iterable[str],
    audit_id: int | None,
) -> None:
    """Date some facts of a subject and undo others."""
    gone = {"plan": plan.id, "subject": code, "names": [*dated, *revoked]}
    session.connection().execute(GONE, gone)
    said = {"plan": plan.id, "subject": code, "audit_id": audit_id}
    if rows := [{**said, "name": name, "on": on} for name, on in dated.items()]:
        session.connection().execute(into(Fact), rows)


def set_columns(session: Session, plan: Plan, code: str, columns: Mapping[str, Any]) -> None:
    """Set some of a project's columns, whether its place in the chain or fields of its profile."""
    own, said = _apart(columns)
    this = (PROJECT.plan == plan.id, PROJECT.code == code)
    if said:
        held = session.execute(select_columns(PROJECT.further).where(*this)).scalar_one()
        own["further"] = _as_stored({**held, **said})
    session.connection().execute(update(PROJECT.code.table).where(*this).values(own))


def _apart(values: Mapping[str, Any]) -> tuple[dict[str, Any], Mapping[str, Any]]:
    """What has a column of its own, and the further fields."""
    own = {name: value for name, value in values.items() if name in PROJECT}
    plain = {n: dict(v) if isinstance(v, Mapping) else v for n, v in own.items()}
    return plain, {name: value for name, value in values.items() if name not in own}


def _as_stored(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as JSON, without those that say nothing. ValueError beyond two decimals."""
    plain = {name: to_plain(to_the_cent(value)) for name, value in values.items()}
    return {name: value for name, value in plain.items() if value not in (None, [])}


def add_project(
    session: Session, plan: Plan, city: str, county: str, values: Mapping[str, Any]
) -> str:
    """Add a project in the plan's first stage and give back its new code.

    `values` are columns of `Project`, or fields; the number is the next free one in its county.
    """
    county_code = values["county_code"]
    known = session.exec(
        select(func.count()).where(Project.plan == plan.id, Project.county_code == county_code)
    ).one()
    code = plan.code_format.format(county=county_code, number=known + 1)
    put_project(session, plan, code, city, county, values)
    return code


def put_project(
    session: Session, plan: Plan, code: str, city: str, county: str, values: Mapping[str, Any]
) -> None:
    """Add the project of that code in the plan's first stage; `values` as of `add_project`."""
    name = plan.name_of(values)
    assert name is not None  # noqa: S101  # nobody adds a project without a name
    session.add(
        Subject(
            plan=plan.id, code=code, kind=SubjectKind.PROJECT, name=name, city=city, county=county
        )
    )
    session.flush()
    own, said = _apart(values)
    its = {**own, "further": _as_stored(said)}
    session.add(Project(plan=plan.id, code=code, stage=plan.stage_order[0], **its))
    session.flush()


@dataclass(frozen=True, slots=True)
class _Standing:
    """As much of a project as tells whether its city answers for it."""

    disposition: Disposition
    milestones: Mapping[str, date]
    last_on: date | None


def _of_city(session: Session, plan: Plan, city: str) -> Sequence[_Standing]:
    joined = and_(col(Subject.plan) == Project.plan, col(Subject.code) == Project.code)
    query = select_columns(col(Project.code), col(Project.disposition), col(Project.last_on))
    here = (col(Project.plan) == plan.id, col(Subject.city) == city)
    found = session.execute(query.join(Subject, joined).where(*here)).tuples().all()
    held = facts(session, plan, [code for code, *_ in found])
    return [_Standing(Disposition(how), held.get(code, {}), on) for code, how, on in found]


def sync_city_facts(session: Session, plan: Plan, city: str, audit_id: int | None = None) -> bool:
    """Bring the facts up to date that follow from a city's projects; True when one has changed."""
    follows = city_facts(plan, city, _of_city(session, plan, city))
    held = facts(session, plan, [city]).get(city, {})
    moved = {name: on for name, on in follows.items() if held.get(name) != on}
    if moved:
        dated = {name: on for name, on in moved.items() if on}
        change_facts(session, plan, city, dated, moved, audit_id)
    return bool(moved)


@dataclass(frozen=True, slots=True)
class _Company:
    """What the projects that go on in some cities are together."""

    taken: Mapping[tuple[str, str | None], int]
    """How many places are taken, by city and kind of project."""
    served: frozenset[tuple[str, str]]
    """City and county of each."""
    built: Mapping[str, Mapping[str, int]]
    """By city how many there are of each 配建性质."""


@dataclass(frozen=True, slots=True)
class _Gathered:
    """What the dossiers take from other tables, by project or by city."""

    milestones: Mapping[str, Mapping[str, date]]
    opinions: Mapping[str, tuple[Opinion, ...]]
    lines: Mapping[str, tuple[LedgerLine, ...]]
    progress: Mapping[str, tuple[Progress, ...]]
    revisions: Mapping[str, int]
    company: _Company


def _gather(
    session: Session,
    plan: Plan,
    codes: list[str] | None,
    cities: list[str],
    milestones: Mapping[str, Mapping[str, date]],
) -> _Gathered:
    return _Gathered(
        milestones=milestones,
        opinions=opinions(session, plan, codes),
        lines=lines(session, plan, codes),
        progress=progress_of(session, plan, codes),
        revisions=newest_rows(session, plan, codes),
        company=_company(session, plan, cities),
    )


def _company(session: Session, plan: Plan, cities: list[str]) -> _Company:
    taken: Counter[tuple[str, str | None]] = Counter()
    served: set[tuple[str, str]] = set()
    built: dict[str, Counter[str]] = {}
    for row in ask(session, COMPANY, plan=plan.id, cities=cities, name=plan.quota.taken_when):
        served.add((row.city, row.county))
        taken[row.city, row.kind] += row.taken
        if row.building_kind is not None:
            built.setdefault(row.city, Counter())[row.building_kind] += row.projects
    return _Company(taken, frozenset(served), built)


def places_taken(session: Session, plan: Plan) -> Mapping[tuple[str, str | None], int]:
    """How many places are taken, by city and kind of project; kind is None where there is one."""
    return _company(session, plan, [city.name for city in plan.cities]).taken


def applied(session: Session, plan: Plan, cities: Iterable[str], day: date) -> Mapping[str, int]:
    """How many projects each of these cities had applied for by a day, whatever became of them."""
    name = plan.quota.submitted_when
    found = ask(session, APPLIED, plan=plan.id, cities=[*cities], name=name, day=day)
    return {city: int(count) for city, count in found}


def _profile(plan: Plan, project: Any) -> Profile:
    further = {n: from_stored(plan, n, plain) for n, plain in project.further.items()}
    return Profile(**{name: getattr(project, name) for name in CORE}, further=further)


def _to_dossier(plan: Plan, project: Any, subject: Any, held: _Gathered) -> Dossier:
    city = plan.city(subject.city)
    unserved = city.unserved if city else ()
    quota = city.quota_of(project.kind) if city else None
    taken = held.company.taken.get((subject.city, project.kind), 0)
    return Dossier(
        code=project.code,
        name=subject.name,
        city=subject.city,
        county=subject.county,
        county_type=project.county_type,
        stage=project.stage,
        disposition=Disposition(project.disposition),
        milestones=held.milestones.get(project.code, {}),
        profile=_profile(plan, project),
        quota_left=None if quota is None else quota - taken,
        unserved=subject.county in unserved,
        unserved_open=tuple(n for n in unserved if (subject.city, n) not in held.company.served),
        building_kinds=held.company.built.get(subject.city, {}),
        opinions=held.opinions.get(project.code, ()),
        lines=held.lines.get(project.code, ()),
        progress=held.progress.get(project.code, ()),
        findings=project.findings,
        checks=project.checks,
        released=project.released,
        released_funds=project.released_funds,
        last_on=project.last_on,
        revision=held.revisions.get(project.code, 0),
    )


def project_places(session: Session, plan: Plan, most: int) -> Mapping[str, str]:
    """City, county and name of the first `most` projects of the plan, by code and in its order."""
    query = (
        select(Subject.code, Subject.city, Subject.county, Subject.name)
        .where(Subject.plan == plan.id, Subject.kind == SubjectKind.PROJECT)
        .order_by(col(Subject.code))
        .limit(most)
    )
    found = session.exec(query).all()
    return {code: f"{city}{county} {name}" for code, city, county, name in found}
