"""交叉验收 (五(八)): who accepts what is arranged in November, the results are told in December.

The results come back by 验收表, as those of any acceptance do.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from documents.forms.acceptance import verdicts
from documents.lists.acceptance_schedule import (
    AcceptanceTarget,
    Plain,
    Schedule,
    prefilled_sheet,
    schedule_leaves,
    team_name,
)
from documents.papers.acceptance_results import (
    MENDED,
    NOT_YET,
    Outcome,
    accepting,
    to_bureaus,
    to_government,
)
from documents.papers.letters import draft
from documents.reading.identity import Identity
from documents.writing.blocks import PaperText
from documents.writing.layout import to_bytes
from models.audits import AnyAudit
from models.projects import dossiers
from operations.cases.desk import Desk
from operations.duties.papers import template
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile
from operations.views.snapshots import rows_by, snapshot
from operations.workbooks.acceptance import conclusions
from operations.workbooks.directory import listed
from operations.workbooks.outgoing import signed
from policy.bodies import Office
from policy.duties import InspectorRole
from policy.schema import Plan
from policy.vocabulary import AuditKind, Disposition, Form, Level, Product
from states.assignment import Inspector, Stop, Task, Team, assign, teams_of
from states.contacts import Directory, Post, has_role
from states.dossier import Dossier, Profile, to_plain
from states.reporting import expected
from states.requirements import NO
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from states.workdays import DAY, Calendar

KEPT = "（省厅留存，含电话）"
KNOWN = ("building_kind", "address", "investment", "operator", "operator_manager")
"""What 验收表 tells of a project, beside what it measures anew."""
SOURCE = re.compile(rf"【{Form.ACCEPTANCE.label}：[^【】]*】$")
UNTIL = re.compile(r"（整改期限(\d{4}-\d{2}-\d{2})）")


# --- the schedule ---------------------------------------------------------------------------------


def _schedule_due(desk: Desk) -> Iterator[JobOccasion]:
    if rule := desk.plan.cross_acceptance:
        visits = rule.visits
        yield JobOccasion(str(desk.plan.year), desk.plan.province, visits.made_on, visits.last)


def _arrange(session: Session, desk: Desk, asked: JobOccasion) -> Schedule:
    """By the projects as of the occasion's day, and by the contacts as they are now."""
    rule = accepting(desk.plan).visits
    days = _workdays(desk.calendar, max(rule.first, asked.on + DAY), rule.last)
    if not days:
        raise RefusedError(f"截至{asked.on}，验收期间（{rule.first}至{rule.last}）已无工作日可安排")
    people, away = _people(session, desk, days)
    cities = [city.name for city in desk.plan.cities]
    teams, notes = teams_of(people, cities, rule.least_team, desk.plan.levels)
    shot = snapshot(session, desk, f"{asked.on:%Y-%m}", asked.on)
    waiting = _waiting(desk.plan, shot)
    tasks = [_task(desk.plan, item) for item in waiting]
    try:
        found = assign(teams, tasks, days, rule.most_a_day, desk.plan.levels)
    except RefusedError as error:
        reasons = [*str(error).splitlines(), *notes, *away]
        raise RefusedError(with_reasons("不能安排交叉验收", reasons)) from None
    order = {task.code: (task.county, task.code) for task in tasks}
    held = {item.code: item for item in dossiers(session, desk.plan, order)}
    targets = (_target(desk.plan, item, held[item.code]) for item in waiting)
    return Schedule(
        as_of=asked.on,
        first=rule.first,
        last=rule.last,
        teams=teams,
        stops=found.stops,
        targets=tuple(sorted(targets, key=lambda target: order[target.code])),
        notes=(*notes, *away),
        spread=found.spread,
        unproven=tuple(map(desk.plan.said, found.unproven)),
    )


def _workdays(calendar: Calendar, first: date, last: date) -> tuple[date, ...]:
    days = (first + DAY * n for n in range((last - first).days + 1))
    return tuple(day for day in days if calendar.is_workday(day))


def _people(
    session: Session, desk: Desk, days: Sequence[date]
) -> tuple[tuple[Inspector, ...], tuple[str, ...]]:
    """Whom the contacts name for a role of the plan, by role; and who is away meanwhile."""
    plan = desk.plan
    offices = {office.name: office for office in plan.every_office()}
    found: list[tuple[int, Inspector]] = []
    away: list[str] = []
    for posts in Directory(plan, listed(session, desk)).people.values():
        match = _called(plan, posts, offices)
        if match is None:
            continue
        role, post = match
        if any(post.is_away(day) for day in days):
            away.append(f"{post.office}{post.name}验收期间由{post.substitute}代理，未编入")
        else:
            found.append((role, _inspector(plan, accepting(plan).roles[role], post, posts)))
    return tuple(person for _, person in sorted(found, key=lambda each: each[0])), tuple(away)


def _called(
    plan: Plan, posts: Sequence[Post], offices: Mapping[str, Office]
) -> tuple[int, Post] | None:
    """The first role of the plan that a person has, and the post by which he or she has it."""
    for number, role in enumerate(accepting(plan).roles):
        for post in posts:
            office = offices.get(post.office)
            if office and post.name and office.level is role.level and has_role(role, post):
                return number, post
    return None


def _inspector(plan: Plan, role: InspectorRole, post: Post, posts: Sequence[Post]) -> Inspector:
    """Every city where a person holds any post is an own one."""
    places = {office.name: office.city for office in plan.every_office()}
    city = places[post.office]
    own = (city, *(places.get(other.office, "") for other in posts))
    return Inspector(
        office=plan.office(Level.CITY, city),
        name=post.name,
        role=role.label,
        title=post.role,
        phone=post.phone,
        cities=tuple(filter(None, dict.fromkeys(own))),
    )


def _waiting(plan: Plan, shot: Snapshot) -> list[ProjectShot]:
    """The projects that are not accepted yet."""
    facts = _accepted_by(plan)
    return [item for item in expected(plan, shot.projects) if not facts & set(item.milestones)]


def _accepted_by(plan: Plan) -> frozenset[str]:
    """The milestones that only some conclusions date; a visit alone dates the others."""
    dated = [frozenset(plan.action(id).records) for id in verdicts(plan).values()]
    return frozenset().union(*dated) - frozenset.intersection(*dated) if dated else frozenset()


def _task(plan: Plan, item: ProjectShot) -> Task:
    city = plan.city(item.city)
    county = city.county(item.county) if city else None
    return Task(item.code, item.city, county.code if county else item.code)


def _target(plan: Plan, item: ProjectShot, held: Dossier) -> AcceptanceTarget:
    return AcceptanceTarget(
        code=item.code,
        name=item.name,
        city=item.city,
        county=item.county,
        county_type=item.county_type,
        stage=item.stage,
        remark=_remark(plan, item),
        stated=dict(_stated(plan, held.profile)),
    )


def _remark(plan: Plan, item: ProjectShot) -> str:
    """That it is on hold, or not so far yet that it can be accepted."""
    if item.disposition is Disposition.HELD:
        return "项目暂停"
    wanted = next(rule.stage for rule in plan.deadlines if rule.id == accepting(plan).deadline)
    order = plan.stage_order
    early = order.index(item.stage) < order.index(wanted)
    return f"目前处于{plan.stage(item.stage).label}阶段" if early else ""


def _stated(plan: Plan, profile: Profile) -> Iterator[tuple[str, Plain]]:
    measured = (item.measures for item in plan.checklist if item.measures)
    for name in dict.fromkeys((*KNOWN, *measured)):
        plain = to_plain(profile.value(name))
        if plain not in (None, []):
            yield name, tuple(plain) if isinstance(plain, list) else plain


def _schedule_files(desk: Desk, made: KeptProduct[Schedule]) -> Iterator[ProductFile]:
    """The arrangement with and without telephone numbers, and a form for each project."""
    content, plan = made.content, desk.plan
    what = f"{_year(plan)}{made.kind.label}"
    title = f"{plan.name}{made.kind.label}"
    inner = schedule_leaves(plan, title, content, phones=True)
    yield ProductFile(f"{what}{plan.said(KEPT)}.xlsx", to_bytes(inner))
    yield ProductFile(f"{what}.xlsx", to_bytes(schedule_leaves(plan, title, content, phones=False)))
    targets = {target.code: target for target in content.targets}
    teams = {team.number: team for team in content.teams}
    for stop in content.stops:
        yield _form(desk, stop, targets[stop.code], teams[stop.team])


def _year(plan: Plan) -> str:
    """``2023年``: that of the visits, of which a plan may have several."""
    rule = plan.cross_acceptance
    return f"{rule.visits.first.year}年" if rule else plan.years_said


def _form(desk: Desk, stop: Stop, target: AcceptanceTarget, team: Team) -> ProductFile:
    """验收表 of a project.

    Made out long before the visit, it is not held against what is recorded meanwhile, as a form
    that knows its version would be.
    """
    label, group = Form.ACCEPTANCE.label, team_name(stop.team)
    footer = f"{label}　{stop.code}　{group}　{stop.day}"
    made = signed(
        desk,
        Identity(desk.plan.id, Form.ACCEPTANCE, stop.code),
        lambda _: [prefilled_sheet(desk.plan, target, team, footer)],
        f"{group} {stop.code} {target.name} {label}",
    )
    return ProductFile(made.name, made.content)


SCHEDULE = Job(Product.SCHEDULE, Schedule, _schedule_due, _arrange, _schedule_files)


# --- the results ----------------------------------------------------------------------------------


def _results_due(desk: Desk) -> Iterator[JobOccasion]:
    if rule := desk.plan.cross_acceptance:
        for subject in (*(city.name for city in desk.plan.cities), desk.plan.province):
            yield JobOccasion(str(desk.plan.year), subject, rule.results_on)


def _tell(session: Session, desk: Desk, asked: JobOccasion) -> PaperText:
    """The letter to one city's government, or the notice to all bureaus."""
    plan = desk.plan
    shot = snapshot(session, desk, f"{asked.on:%Y-%m}", asked.on, _rectifying(plan))
    outcomes = tuple(_outcomes(plan, shot, rows_by(session, plan, asked.on, AuditKind.TRANSITION)))
    if asked.subject == plan.province:
        return to_bureaus(plan, outcomes, asked.on)
    mine = [item for item in outcomes if item.city == asked.subject]
    return to_government(plan, asked.subject, mine, asked.on)


def _outcomes(plan: Plan, shot: Snapshot, trail: Sequence[AnyAudit]) -> Iterator[Outcome]:
    """Of each project that is accepted or to be, by city in the plan's order, then by code."""
    order = {city.name: number for number, city in enumerate(plan.cities)}
    given = _given(plan, trail)
    for item in sorted(
        expected(plan, shot.projects), key=lambda item: (order[item.city], item.code)
    ):
        yield _outcome(plan, shot, item, given.get(item.code, ()))


def _given(plan: Plan, trail: Sequence[AnyAudit]) -> Mapping[str, Sequence[AnyAudit]]:
    """By project, the conclusions that still count, oldest first."""
    found: dict[str, list[AnyAudit]] = {}
    for row in conclusions(plan, trail):
        found.setdefault(row.subject, []).append(row)
    return found


def _outcome(plan: Plan, shot: Snapshot, item: ProjectShot, given: Sequence[AnyAudit]) -> Outcome:
    named = {action: verdict for verdict, action in verdicts(plan).items()}
    accepted = next((item.milestones[n] for n in _accepted_by(plan) if n in item.milestones), None)
    asked = [row for row in given if _orders(plan, row)]
    task = _rectification(plan, shot, item) if asked else None
    result = named[given[-1].action] if given else NOT_YET
    return Outcome(
        city=item.city,
        county=item.county,
        name=item.name,
        result=MENDED if accepted and asked else result,
        visited=given[0].effective_on if given else None,
        accepted=accepted,
        problems=_problem(plan, asked[-1]) if asked else "",
        due=_due(asked[-1], task) if asked else None,
        mended=task.fulfilled_on if task else None,
        why_not="" if given else _remark(plan, item),
    )


def _orders(plan: Plan, row: AnyAudit) -> bool:
    """Whether a conclusion asks for something to be put right."""
    return bool(plan.action(row.action).redates)


def _problem(plan: Plan, row: AnyAudit) -> str:
    """In the words of the record; without any, what is answered with 否."""
    told = SOURCE.sub("", row.evidence).strip()
    checks: Mapping[str, str] = row.detail.get("columns", {}).get("checks", {})
    failed = [i.label for i in plan.checklist if i.judged and checks.get(i.id) == NO]
    return told or (f"{'、'.join(failed)}等核验项不合格" if failed else "")


def _due(row: AnyAudit, task: DeadlineShot | None) -> date | None:
    """As the group has set it; where it has not, by the plan's own deadline."""
    stated = [date.fromisoformat(day) for day in UNTIL.findall(row.evidence)]
    return max(stated, default=task.due if task else None)


def _rectification(plan: Plan, shot: Snapshot, item: ProjectShot) -> DeadlineShot | None:
    """The deadline that runs from the order to put something right."""
    rules = _rectifying(plan)
    mine = (each for each in shot.deadlines if each.subject == item.code and each.rule in rules)
    return next(mine, None)


def _rectifying(plan: Plan) -> frozenset[str]:
    """The deadlines that run from such an order."""
    orders = {fact for id in verdicts(plan).values() for fact in plan.action(id).redates}
    rules = (rule for rule in plan.deadlines if rule.follows and rule.follows.after in orders)
    return frozenset(rule.id for rule in rules)


def _results_files(desk: Desk, made: KeptProduct[PaperText]) -> Iterator[ProductFile]:
    subject = made.occasion.subject
    whole = subject == desk.plan.province
    name = made.kind.label if whole else f"{subject} 交叉验收结果函"
    yield ProductFile(f"{name}（草稿）.docx", draft(made.content, template(desk)))


RESULTS = Job(Product.RESULTS, PaperText, _results_due, _tell, _results_files)
