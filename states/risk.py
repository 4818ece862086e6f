"""Which projects may miss their next deadlines (风险清单), by plain rules of the plan. Pure.

A project's points are the sum of

- its *margin*: of the steps that are still to be done, the one with the most points for having few
  days left over, which are the days to its deadline less what is usually still needed. A step
  usually takes the median of all projects that have been through it (of two in the middle the
  greater); with too few of them, the plan's own interval between the two deadlines, where only
  days that are missing count. What has passed since the step began is taken off, never below none;
  a step that has not begun also needs those before it.
- *gaps*: what it needs soon, or should have, and does not have;
- *standstill*: 形象进度 has not risen for some months, by the reports so far (六(三));
- *history*: deadlines that counties and cities missed; what nobody is blamed for does not count.

There is no percentage: nobody knows one. The points are about projects, never about people.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median_high

from policy.duties import MATCHING_FUNDS, RESPONSIBLE_PERSON, ChainStep, Need, RiskRules
from policy.schema import Plan
from policy.vocabulary import LOCAL_LEVELS, Disposition, Standing
from states.deadlines import RUNNING, deadlines
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from states.workdays import Calendar

MISSED = (Standing.OVERDUE, Standing.MET_LATE)
Held = Mapping[str, DeadlineShot]
"""One subject's deadlines, by rule."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One thing that speaks for a project's being late."""

    points: int
    says: str


@dataclass(frozen=True, slots=True)
class Risk:
    """How a project stands before its next deadlines."""

    code: str
    name: str
    city: str
    county: str
    grade: str
    """高, 中 or 低 by the plan."""
    points: int
    rule: str
    """Of its nearest open deadline; empty where its deadlines do not run."""
    title: str
    due: date | None
    signs: tuple[Sign, ...]

    @property
    def says(self) -> str:
        """All of it in one line."""
        return "；".join(sign.says for sign in self.signs)


@dataclass(frozen=True, slots=True)
class UsualDuration:
    """How long a step usually takes."""

    days: int
    samples: int
    """From so many projects; 0: the plan's own interval."""


@dataclass(frozen=True, slots=True)
class _Ground:
    """What all projects are held against."""

    plan: Plan
    rules: RiskRules
    as_of: date
    usual: Mapping[str, UsualDuration]
    """By the step's deadline; without those that nothing is known of."""
    local: frozenset[str]
    """Bodies of counties and cities that the notice binds."""


@dataclass(frozen=True, slots=True)
class _Ahead:
    """A step that is still to be done; days."""

    step: ChainStep
    title: str
    said: date
    """As papers print it."""
    due: date
    left: int
    """To the deadline; negative when it has passed."""
    need: int


def risks(plan: Plan, snapshot: Snapshot, calendar: Calendar) -> tuple[Risk, ...]:
    """Every project that goes on and has not been through all steps, the most at risk first.

    Ordered by points, then the nearest deadline, then code. Empty in a plan without these rules.
    """
    if plan.risks is None:
        return ()
    usual = usual_days(plan, snapshot, calendar)
    local = frozenset(
        name for name, body in plan.bodies.items() if body.bound and body.reached_at in LOCAL_LEVELS
    )
    ground = _Ground(plan, plan.risks, snapshot.as_of, usual, local)
    held = _by_subject(snapshot.deadlines)
    found = (
        _risk(ground, project, held.get(project.code, {}), held.get(project.city, {}))
        for project in snapshot.going_on
        if any(step.milestone not in project.milestones for step in plan.risks.steps)
    )
    return tuple(sorted(found, key=lambda it: (-it.points, it.due or date.max, it.code)))


def usual_days(plan: Plan, snapshot: Snapshot, calendar: Calendar) -> Mapping[str, UsualDuration]:
    """How long each step usually takes, by its deadline.

    From all projects of the snapshot that have been through it, those that have ended too. Early in
    the year only the fast ones have: then it is rather too short.
    """
    rules = plan.risks
    found: dict[str, UsualDuration] = {}
    for step in rules.steps if rules else ():
        samples = list(_samples(plan, step, snapshot.projects))
        if rules and len(samples) >= rules.least_samples:
            found[step.by] = UsualDuration(median_high(samples), len(samples))
        elif (days := _interval(plan, step, calendar)) is not None:
            found[step.by] = UsualDuration(days, 0)
    return found


def _samples(plan: Plan, step: ChainStep, projects: Sequence[ProjectShot]) -> Iterator[int]:
    for project in projects:
        start, end = _begun(plan, step, project), project.milestones.get(step.milestone)
        if start is not None and end is not None and end >= start:
            yield (end - start).days


def _begun(plan: Plan, step: ChainStep, project: ProjectShot) -> date | None:
    return plan.notice.issued_on if step.since is None else project.milestones.get(step.since)


def _interval(plan: Plan, step: ChainStep, calendar: Calendar) -> int | None:
    """Natural days from the one deadline to the other, as the plan sets them."""
    dates = {item.id: item.dates.overdue_after for item in deadlines(plan, calendar) if item.dates}
    start = plan.notice.issued_on if step.after is None else dates.get(step.after)
    end = dates.get(step.by)
    return None if start is None or end is None else max((end - start).days, 0)


def _by_subject(found: Sequence[DeadlineShot]) -> Mapping[str, Held]:
    held: dict[str, dict[str, DeadlineShot]] = {}
    for item in found:
        held.setdefault(item.subject, {})[item.rule] = item
    return held


def _risk(ground: _Ground, project: ProjectShot, own: Held, citys: Held) -> Risk:
    ahead = list(_ahead(ground, project, own))
    signs = (
        *_margin(ground, project, ahead),
        *_gaps(ground, project, {**citys, **own}),
        *_standstill(ground, project),
        *_history(ground, own),
    )
    points = sum(sign.points for sign in signs)
    nearest = min(ahead, key=lambda it: (it.due, it.step.by), default=None)
    return Risk(
        code=project.code,
        name=project.name,
        city=project.city,
        county=project.county,
        grade=next(it.label for it in ground.rules.grades if points >= it.points),
        points=points,
        rule=nearest.step.by if nearest else "",
        title=nearest.title if nearest else "",
        due=nearest.due if nearest else None,
        signs=signs,
    )


def _ahead(ground: _Ground, project: ProjectShot, own: Held) -> Iterator[_Ahead]:
    """The steps still to be done whose deadlines run, with the days that are left over."""
    for step in ground.rules.steps:
        item = own.get(step.by)
        if item is None or item.overdue_after is None or step.milestone in project.milestones:
            continue
        if item.standing in RUNNING:
            left = (item.overdue_after - ground.as_of).days
            need = _need(ground, step, project)
            said = item.said or item.overdue_after
            yield _Ahead(step, item.title, said, item.overdue_after, left, need)


def _need(ground: _Ground, step: ChainStep, project: ProjectShot) -> int:
    """The days that are usually still needed for a step, and for those before it."""
    usual = ground.usual.get(step.by)
    whole = usual.days if usual else 0
    begun = _begun(ground.plan, step, project)
    if begun is not None:
        return max(whole - (ground.as_of - begun).days, 0)
    before = [it for it in ground.rules.steps if it.milestone == step.since]
    return whole + (_need(ground, before[0], project) if before else 0)


def _margin(ground: _Ground, project: ProjectShot, ahead: Sequence[_Ahead]) -> Iterator[Sign]:
    if not ahead:
        held = project.disposition is Disposition.HELD
        yield Sign(0, "项目暂停，时限暂停计时" if held else "没有正在计时的时限")
        return
    tight = min(ahead, key=lambda it: (-_points(ground, it), it.left - it.need, it.due, it.step.by))
    yield Sign(_points(ground, tight), _told(ground, project, tight))


def _points(ground: _Ground, step: _Ahead) -> int:
    """Who goes by the plan's own interval has nothing left over, which is no sign yet."""
    if step.left < 0:
        return ground.rules.passed
    over, usual = step.left - step.need, ground.usual.get(step.step.by)
    if over >= 0 and not (usual and usual.samples):
        return 0
    return next((it.points for it in ground.rules.margins if over < it.below), 0)


def _told(ground: _Ground, project: ProjectShot, tight: _Ahead) -> str:
    limit, over = f"“{tight.title}”时限（{_when(tight)}）", tight.left - tight.need
    if tight.left < 0:
        return f"{limit}已过{-tight.left}天，尚未完成"
    until = f"距{limit}还有{tight.left}天" if tight.left else f"{limit}当日到期"
    usual = ground.usual.get(tight.step.by)
    if usual is None:
        return until
    start = _begun(ground.plan, tight.step, project)
    used = f"已用{(ground.as_of - start).days}天" if start else "尚未开始"
    rest = f"余地{over}天" if over >= 0 else f"还差{-over}天"
    known = _known(ground, tight.step, usual)
    return f"{until}；{known}，{used}，还需{tight.need}天，{rest}"


def _when(step: _Ahead) -> str:
    """The day that the notice says; beside it the day after which it is late, where another one."""
    return str(step.said) if step.said == step.due else f"{step.said}，{step.due}后计逾期"


def _known(ground: _Ground, step: ChainStep, usual: UsualDuration) -> str:
    """How long a step usually takes, and how that is known."""
    start = ground.plan.milestone(step.since).label if step.since else "通知印发"
    span = f"{start}至{ground.plan.milestone(step.milestone).label}"
    if usual.samples:
        return f"{span}一般{usual.days}天（已完成的{usual.samples}个项目的中位数）"
    return f"{span}按方案间隔{usual.days}天（已完成的项目不足{ground.rules.least_samples}个）"


def _gaps(ground: _Ground, project: ProjectShot, held: Held) -> Iterator[Sign]:
    rule = ground.rules.gaps
    for gap in rule.of:
        item = held.get(gap.by)
        if item is None or item.overdue_after is None or not _lacks(gap, project):
            continue
        if (item.overdue_after - ground.as_of).days <= rule.from_days:
            yield Sign(rule.points, gap.says)


def _lacks(gap: Need, project: ProjectShot) -> bool:
    if gap.lacks == MATCHING_FUNDS:
        return any(
            promised is None or project.received.get(source, 0) < promised
            for source, promised in project.promised.items()
        )
    if gap.lacks == RESPONSIBLE_PERSON:
        return not project.responsible.strip()
    return gap.lacks not in project.milestones


def _standstill(ground: _Ground, project: ProjectShot) -> Iterator[Sign]:
    """Nothing is said of a project of which nothing was reported yet.

    Last month's report is there by now: one that is missing shows no rise either.
    """
    reports, rule = project.progress, ground.rules.stalled
    if not reports or reports[-1].percent >= 100:
        return
    since = next(it.period for it in reports if it.percent == reports[-1].percent)
    last_month = _number(ground.as_of.isoformat()) - 1
    still = max(_number(reports[-1].period), last_month) - _number(since)
    if still >= rule.months:
        says = f"形象进度自{since}起{still}个月未见提高（{reports[-1].percent}%）"
        yield Sign(rule.points, says)


def _number(month: str) -> int:
    """Months count through the years; of a day, its month's."""
    return int(month[:4]) * 12 + int(month[5:7])


def _history(ground: _Ground, own: Held) -> Iterator[Sign]:
    missed = [
        it.rule
        for it in own.values()
        if it.standing in MISSED and it.responsible in ground.local and it.turn_on is None
    ]
    if missed:
        points = min(ground.rules.late.points * len(missed), ground.rules.late.most)
        yield Sign(points, f"逾期记录{len(missed)}项（{'、'.join(missed)}）")
