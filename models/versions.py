"""The versions of a plan: what it said, who changed it, and from which day each is in force."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from models.plans import installed_digest, known_years
from models.tables import PlanVersion
from policy.differences import ONCE_BUILT_IN
from policy.load import canonical, from_canonical
from policy.renaming import by_present_names
from policy.schema import Plan
from states.workdays import Calendar


def versions(session: Session, plan: Plan) -> tuple[PlanVersion, ...]:
    """Every version of the plan, the first one first."""
    query = select(PlanVersion).where(PlanVersion.plan == plan.id)
    return tuple(session.exec(query.order_by(col(PlanVersion.number))))


def add_version(
    session: Session,
    plan: Plan,
    calendar: Calendar,
    since: date,
    at: datetime,
    actor: str = "",
    evidence: str = "",
) -> PlanVersion:
    """Keep the plan as it reads as its next version. The caller holds the plan's lock."""
    row = PlanVersion(
        plan=plan.id,
        number=len(versions(session, plan)) + 1,
        digest=installed_digest(plan, calendar),
        content=canonical(plan),
        workdays=workdays_of(plan, calendar),
        since=since,
        installed_at=at,
        actor=actor,
        evidence=evidence,
    )
    session.add(row)
    session.flush()
    return row


def add_unknown(session: Session, plan: Plan, digest: str, at: datetime) -> PlanVersion:
    """Keep that an earlier program had installed a plan whose words it did not keep."""
    row = PlanVersion(
        plan=plan.id,
        number=1,
        digest=digest,
        content=None,
        workdays={},
        since=plan.notice.issued_on,
        installed_at=at,
    )
    session.add(row)
    session.flush()
    return row


def in_force(found: Sequence[PlanVersion], day: date) -> PlanVersion | None:
    """Of the versions, the one in force on a day: before the first one's day, the first."""
    come = [row for row in found if row.since <= day]
    return come[-1] if come else next(iter(found), None)


def installed_by(found: Sequence[PlanVersion], at: datetime) -> PlanVersion | None:
    """Of the versions, the one that the database ran at an instant."""
    come = [row for row in found if row.installed_at <= at]
    return come[-1] if come else next(iter(found), None)


def rules_run(found: Sequence[PlanVersion], at: datetime) -> tuple[Plan, Calendar] | None:
    """The plan and its calendar as the database ran them at an instant.

    Where the words of that time were not kept, those of the first version that were; no program of
    that time asked whose turn it was.
    """
    row = installed_by([row for row in found if row.content is not None], at)
    if row is None:
        return None
    content = dict(row.content or {})
    if installed_by(found, at) is not row:
        content["ladder"] = {**content["ladder"], "by_turn": False}
    return from_canonical(content), calendar_of(row)


def rules_of(session: Session, plan: Plan, calendar: Calendar, day: date) -> tuple[Plan, Calendar]:
    """The plan as it was in force on a day, with its calendar; given is how both read now.

    Places and offices go by the names that they have now, as all that is stored of them does.
    Where the words of that time were not kept, those of the first version that were. PolicyError
    when this program no longer reads them.
    """
    found = versions(session, plan)
    row = in_force(found, day)
    while row is not None and row.content is None and row.number < len(found):
        row = found[row.number]
    if row is None or row.content is None or row.number == len(found):
        return plan, calendar
    then = from_canonical(row.content)
    said = [name for name in ONCE_BUILT_IN if name in Plan.model_fields and name not in row.content]
    then = then.model_copy(update={name: getattr(plan, name) for name in said})
    for later in found[row.number : -1]:
        then = by_present_names(then, from_canonical(later.content or {}))
    return by_present_names(then, plan), calendar_of(row)


def calendar_of(row: PlanVersion) -> Calendar:
    """The calendar of a version."""
    told: dict[str, dict[str, bool]] = row.workdays.get("overrides", {})
    return Calendar(
        {
            int(year): {date.fromisoformat(day): works for day, works in days.items()}
            for year, days in told.items()
        }
    )


def workdays_of(plan: Plan, calendar: Calendar) -> dict[str, Any]:
    """The calendar as JSON: which of the plan's years it knows, and the days that overrule."""
    return {
        "known": known_years(plan, calendar),
        "overrides": {
            str(year): {day.isoformat(): works for day, works in sorted(days.items())}
            for year, days in sorted(calendar.overrides.items())
        },
    }
