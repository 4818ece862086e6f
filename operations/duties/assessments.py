"""绩效评估 (五(九)): every month's scores, and at a quarter's end what cities can use themselves.

It is made for people to judge by. The duties (D24, D25, D26) are recorded by them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from sqlmodel import Session

from common.errors import RefusedError
from documents.lists.curves import curve_leaves
from documents.lists.evaluation import county_leaves, evaluation_leaves
from documents.lists.overviews import risk_leaves
from documents.writing.layout import to_bytes
from operations.cases.desk import Desk
from operations.duties.month_ends import at_ends_of, of_curves, snapshots, taken
from operations.duties.products import Job, JobOccasion, KeptProduct, ProductFile, all_kept
from operations.views.snapshots import snapshot
from policy.vocabulary import Product
from states.risk import Risk, risks
from states.scoring import MonthEvaluation, evaluate, with_quarter
from states.series import Course, YearCourses, courses
from states.snapshot import Snapshot, quarter
from states.workdays import DAY, if_known, workday_after


def _evaluation_occasions(desk: Desk) -> Iterator[JobOccasion]:
    return at_ends_of(desk, desk.plan.bulletin_months if desk.plan.evaluation else ())


def _evaluation(session: Session, desk: Desk, asked: JobOccasion) -> MonthEvaluation:
    """The quarter's months are scored anew, all by the same table."""
    made = _evaluated(desk, _snapshot(session, desk, asked.period))
    if not _ends_quarter(desk, asked.period):
        return made
    wanted = quarter(asked.period)
    months = (month for month in desk.plan.bulletin_months if month < asked.period)
    shots = (taken(session, desk, month) for month in months if quarter(month) == wanted)
    earlier = (_evaluated(desk, each) for each in shots if each)
    return with_quarter(made, wanted, earlier)


def _evaluated(desk: Desk, shot: Snapshot) -> MonthEvaluation:
    return evaluate(desk.plan, shot, workday_after(desk.calendar, shot.as_of))


def _snapshot(session: Session, desk: Desk, month: str) -> Snapshot:
    """RefusedError where it was not taken."""
    found = taken(session, desk, month)
    if found is None:
        raise RefusedError(f"{month}的{Product.SNAPSHOT.label}尚未形成，请先执行月末数据")
    return found


def _ends_quarter(desk: Desk, month: str) -> bool:
    """Whether it is the last month of a quarter in which the province evaluates."""
    duty = desk.plan.evaluation.duty if desk.plan.evaluation else ""
    whole = quarter(month)
    known = {f"{duty}-{whole}", f"{duty}-{whole[4:]}"}
    return int(month[5:]) % 3 == 0 and not known.isdisjoint(desk.deadlines)


def _evaluation_files(desk: Desk, made: KeptProduct[MonthEvaluation]) -> Iterator[ProductFile]:
    content, plan = made.content, desk.plan
    label = made.kind.label
    yield ProductFile(f"{label} {content.period}.xlsx", to_bytes(evaluation_leaves(plan, content)))
    for city in dict.fromkeys(s.city for s in content.counties) if content.quarter else ():
        leaves = county_leaves(plan, content, city)
        yield ProductFile(f"{label} {content.quarter} {city}.xlsx", to_bytes(leaves))


EVALUATIONS = Job(
    Product.EVALUATION,
    MonthEvaluation,
    _evaluation_occasions,
    _evaluation,
    _evaluation_files,
    needs=(Product.SNAPSHOT,),
)


def _curves(session: Session, desk: Desk, asked: JobOccasion) -> YearCourses:
    return courses(desk.plan, snapshots(session, desk, asked.period))


def _curve_files(desk: Desk, made: KeptProduct[YearCourses]) -> Iterator[ProductFile]:
    leaves = curve_leaves(desk.plan, made.content)
    yield ProductFile(f"{made.kind.label} {made.occasion.period}.xlsx", to_bytes(leaves))


CURVES = Job(
    Product.CURVES, YearCourses, of_curves, _curves, _curve_files, needs=(Product.SNAPSHOT,)
)

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RiskList:
    """The projects at risk as of a day."""

    as_of: date
    risks: tuple[Risk, ...]
    """The most at risk first."""


def newest_curves(
    desk: Desk, place: str, as_of: date
) -> tuple[tuple[Course, tuple[str, ...]], ...]:
    """The newest curves of a place by a day, each with its months; none before the first."""
    with desk.reading() as session:
        made = [it for it in all_kept(session, desk, CURVES) if it.occasion.on <= as_of]
    content: YearCourses | None = made[-1].content if made else None
    places = content.places if content else ()
    own = next((each.courses for each in places if each.place == place), ())
    return tuple((course, content.months) for course in own) if content else ()


def _risk_occasions(desk: Desk) -> Iterator[JobOccasion]:
    """From the notice to the last day of the works; a week without a workday has none.

    Nor has one of a year whose calendar is not known yet.
    """
    if desk.plan.risks is None:
        return
    first, last = desk.plan.notice.issued_on, desk.plan.last_day
    monday = first - first.weekday() * DAY
    while monday <= last:
        day = if_known(desk.calendar.on_or_after, max(monday, first))
        if day and day < monday + WEEK and day <= last:
            yield JobOccasion(day.isoformat(), desk.plan.province, day)
        monday += WEEK


def _risk_list(session: Session, desk: Desk, asked: JobOccasion) -> RiskList:
    now = snapshot(session, desk, asked.period, asked.on)
    return RiskList(asked.on, risks(desk.plan, now, desk.calendar))


def _risk_files(desk: Desk, made: KeptProduct[RiskList]) -> Iterator[ProductFile]:
    leaves = risk_leaves(desk.plan, made.content.risks, made.content.as_of)
    yield ProductFile(f"{made.kind.label} {made.occasion.period}.xlsx", to_bytes(leaves))


# Nobody follows up on a list of weeks ago: of several that were missed only the latest is made.
RISKS = Job(Product.RISKS, RiskList, _risk_occasions, _risk_list, _risk_files, only_latest=True)
