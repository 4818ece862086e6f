"""绩效评估 (五(九)): every month's scores, and at a quarter's end what cities can use themselves.

It is made for people to judge by. The duties (D24, D25, D26) are recorded by them.
"""

from collections.abc import Iterator

from sqlmodel import Session

from documents.evaluation import county_leaves, evaluation_leaves
from documents.layout import to_bytes
from flows.operations.desk import Desk
from flows.operations.month_ends import taken
from flows.operations.products import File, Job, Kept, Occasion
from policy.errors import RefusedError
from policy.vocabulary import Product
from states.scoring import Evaluated, evaluate, with_quarter
from states.snapshot import Snapshot, month_end, quarter


def _occasions(desk: Desk) -> Iterator[Occasion]:
    for month in desk.plan.bulletin_months if desk.plan.evaluation else ():
        yield Occasion(month, desk.plan.province, month_end(desk.calendar, month))


def _make(session: Session, desk: Desk, asked: Occasion) -> Evaluated:
    """The quarter's months are scored anew, all by the same table."""
    made = evaluate(desk.plan, _snapshot(session, desk, asked.period))
    if not _ends_quarter(desk, asked.period):
        return made
    wanted = quarter(asked.period)
    months = (month for month in desk.plan.bulletin_months if month < asked.period)
    shots = (taken(session, desk, month) for month in months if quarter(month) == wanted)
    earlier = (evaluate(desk.plan, each.content) for each in shots if each)
    return with_quarter(made, wanted, earlier)


def _snapshot(session: Session, desk: Desk, month: str) -> Snapshot:
    """RefusedError where it was not taken."""
    found = taken(session, desk, month)
    if found is None:
        raise RefusedError(f"{month}的{Product.SNAPSHOT.label}尚未形成，请先执行月末快照")
    return found.content


def _ends_quarter(desk: Desk, month: str) -> bool:
    """Whether it is the last month of a quarter in which the province evaluates."""
    duty = desk.plan.evaluation.duty if desk.plan.evaluation else ""
    whole = quarter(month)
    known = {f"{duty}-{whole}", f"{duty}-{whole[4:]}"}
    return int(month[5:]) % 3 == 0 and not known.isdisjoint(desk.deadlines)


def _files(desk: Desk, made: Kept[Evaluated]) -> Iterator[File]:
    content, name = made.content, desk.plan.name
    label = made.kind.label
    yield File(f"{label} {content.period}.xlsx", to_bytes(evaluation_leaves(name, content)))
    for city in dict.fromkeys(s.city for s in content.counties) if content.quarter else ():
        leaves = county_leaves(name, content, city)
        yield File(f"{label} {content.quarter} {city}.xlsx", to_bytes(leaves))


JOB = Job(Product.EVALUATION, Evaluated, _occasions, _make, _files, needs=(Product.SNAPSHOT,))
