"""The versions of the plan for whoever asks: which there are, and what each changed. In Chinese."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError
from common.words import dated
from models.tables import PlanVersion
from models.versions import calendar_of, installed_by, versions, workdays_of
from operations.cases.desk import Desk
from policy.differences import PlanDifference, differences
from policy.load import canonical, from_canonical
from policy.schema import Plan
from states.deadlines import deadlines
from states.workdays import DAY, Calendar

SHORT = 12


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One version of the plan."""

    number: int
    since: date
    until: date | None
    """The last day on which it was in force; None while it is. Before `since`: never."""
    installed_at: datetime
    actor: str
    evidence: str
    digest: str
    kept: bool
    """Whether its words were kept."""


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """What a later version of the plan says otherwise than an earlier one."""

    before: int
    after: int
    differences: tuple[PlanDifference, ...]
    dates: tuple[str, ...]
    """The dates that differ, by deadline."""


def plan_history(desk: Desk) -> tuple[VersionLine, ...]:
    """Every version of the plan, the first one first."""
    with desk.reading() as session:
        found = versions(session, desk.plan)
    ends = [row.since - DAY for row in found[1:]]
    return tuple(
        VersionLine(
            row.number,
            row.since,
            until,
            row.installed_at,
            row.actor,
            row.evidence,
            row.digest[:SHORT],
            row.content is not None,
        )
        for row, until in zip(found, [*ends, None], strict=False)
    )


def plan_diff(desk: Desk, before: int, after: int) -> VersionComparison:
    """What version `after` says otherwise than `before`.

    RefusedError where there is no such version, or its words were not kept.
    """
    with desk.reading() as session:
        found = {row.number: row for row in versions(session, desk.plan)}
    old, new = (_kept(found, number) for number in (before, after))
    ours, theirs = from_canonical(old.content or {}), from_canonical(new.content or {})
    return VersionComparison(
        before,
        after,
        differences(content_of(old), content_of(new)),
        tuple(moved_dates(ours, calendar_of(old), theirs, calendar_of(new))),
    )


def content_of(row: PlanVersion) -> dict[str, Any]:
    """All that a version says, its calendar included; its words must have been kept.

    With what this program adds by default: what an earlier one did not know is no change.
    """
    return {**canonical(from_canonical(row.content or {})), "calendar": row.workdays}


def present_content(plan: Plan, calendar: Calendar) -> dict[str, Any]:
    """As `content_of`, of the plan as it now reads."""
    return {**canonical(plan), "calendar": workdays_of(plan, calendar)}


def moved_dates(
    before: Plan, old_calendar: Calendar, after: Plan, new_calendar: Calendar
) -> Iterator[str]:
    """The dates that two versions set otherwise, a line each deadline."""
    ours = {item.id: item for item in deadlines(before, old_calendar)}
    theirs = {item.id: item for item in deadlines(after, new_calendar)}
    for id in dict.fromkeys((*ours, *theirs)):
        old, new = (_dates(known.get(id)) for known in (ours, theirs))
        if old != new:
            title = (theirs.get(id) or ours[id]).rule.title
            yield f"{id} {title}：{old} → {new}"


def _dates(deadline: Any) -> str:
    if deadline is None:
        return "无"
    if deadline.dates is None:
        return "未定"
    return f"提醒{deadline.dates.remind_by}、逾期认定{deadline.dates.overdue_after}"


def difference_lines(found: Iterable[PlanDifference]) -> Iterator[str]:
    """What differs, by section; what has legal effect is marked so."""
    for section, items in groupby(found, key=lambda each: each.section):
        listed = list(items)
        yield f"{section}（{len(listed)}处）："
        yield from (f"  {'※' if each.legal else '·'} {each}" for each in listed)


def comparison_lines(found: VersionComparison) -> Iterator[str]:
    """A comparison as staff read it."""
    yield f"第{found.before}版 → 第{found.after}版（※ 为影响期限、名额、资金、条件或工作日的）："
    yield from difference_lines(found.differences) if found.differences else ["  没有不同"]
    if found.dates:
        yield f"日期（{len(found.dates)}项）："
        yield from (f"  · {line}" for line in found.dates)


def version_words(row: PlanVersion) -> str:
    """Which version, and since when: 第2版（2023年6月1日起施行，晋民函〔2023〕8号）."""
    why = f"，{row.evidence}" if row.evidence else ""
    return f"第{row.number}版（{dated(row.since)}起施行{why}）"


def decided_under(session: Session, desk: Desk, at: datetime) -> str | None:
    """The version that the database ran at an instant, in words; None where none was kept."""
    row = installed_by(versions(session, desk.plan), at)
    return version_words(row) if row else None


def _kept(found: Mapping[int, PlanVersion], number: int) -> PlanVersion:
    row = found.get(number)
    if row is None:
        listed = "、".join(f"{each}" for each in found) or "无"
        raise RefusedError(f"没有第{number}版，现有：{listed}；请用 xingfu plan history 查看")
    if row.content is None:
        raise RefusedError(f"第{number}版由较早的程序装入，没有保存内容，无法比较；请选较晚的版本")
    return row


def version_rows(found: Sequence[VersionLine]) -> Iterator[tuple[object, ...]]:
    """The history as a table's rows."""
    for line in found:
        yield (
            line.number,
            line.since,
            line.until,
            line.actor,
            line.evidence,
            line.digest,
            "" if line.kept else "内容未保存",
        )
