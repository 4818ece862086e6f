"""What the watch asks of the database, and what it keeps there."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from sqlalchemy import Connection, and_, delete, exists, func, or_, select
from sqlalchemy.sql.elements import ColumnElement
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.copying import TABLES
from models.outbox import ON_THE_WAY, ripe
from models.rewinds import newest_instant
from models.tables import (
    Delivery,
    EnforcedDay,
    Outbox,
    PlanRow,
    PlanVersion,
    RoundRow,
    WatchRow,
)
from policy.vocabulary import DeliveryStatus, MessageStatus
from states.doubts import end_of_span
from states.watch import WorkStatus

BACKUP, WATCH, LISTENING = "backup", "watch", "listening"
"""Rounds of the whole installation: a backup that was made, a look of the watch, a look
whether something has come."""
FEW = 5
"""How many faults of a database are told."""
INVALID_INDEXES = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = current_schema()::regnamespace AND NOT (i.indisvalid AND i.indisready)
ORDER BY c.relname
"""
CHECKSUM_FAILURES = """
SELECT COALESCE(checksum_failures, 0) FROM pg_stat_database WHERE datname = current_database()
"""


def inbox_round(plan: str) -> str:
    """The name of the rounds of a plan's inbox."""
    return f"inbox {plan}"


def put_round(session: Session, name: str, at: datetime) -> None:
    """Record that a round of recurring work has ended."""
    session.merge(RoundRow(name=name, at=at))
    session.flush()


def last_round(session: Session, name: str) -> datetime | None:
    """When a round of that work ended last; None: none ever did."""
    found = session.get(RoundRow, name)
    return found.at if found else None


def watch_rows(session: Session) -> tuple[WatchRow, ...]:
    """What the watch has found and not seen the end of."""
    return tuple(session.exec(select_rows(WatchRow).order_by(col(WatchRow.key))))


def keep_watch_rows(session: Session, rows: Iterable[WatchRow]) -> None:
    """Keep these, and no others."""
    session.execute(delete(WatchRow))
    session.add_all(rows)
    session.flush()


def installed_at(session: Session) -> datetime | None:
    """When the first plan was installed; None: there is none."""
    return session.exec(select_rows(func.min(PlanRow.installed_at))).one()


def work_status(session: Session, plan: str, today: date) -> WorkStatus:
    """How the work for an installed plan stands."""
    row = session.get_one(PlanRow, plan)
    finished = (col(EnforcedDay.plan) == plan, col(EnforcedDay.finished_at).is_not(None))
    day, at = session.execute(
        select(func.max(col(EnforcedDay.day)), func.max(col(EnforcedDay.finished_at))).where(
            *finished
        )
    ).one()
    inbox_at = last_round(session, inbox_round(plan))
    instants = (newest_instant(session, plan), at, inbox_at)
    waiting, since = _waiting(session, plan, today)
    dead = (col(Delivery.plan) == plan, col(Delivery.status) == DeliveryStatus.DEAD)
    return WorkStatus(
        plan=plan,
        installed_at=row.installed_at,
        finished_day=day,
        finished_at=at,
        newest=max((each for each in instants if each is not None), default=None),
        dead=_count(session, Delivery, *dead),
        ahead=_count(session, Outbox, *_pending(plan), ~ripe(today)),
        waiting=waiting,
        waiting_since=since,
        inbox_at=inbox_at,
        ends_on=_last_day(session, plan),
    )


def _last_day(session: Session, plan: str) -> date | None:
    """The last day of an installed plan; None where it is not kept what the plan says."""
    content = col(PlanVersion.content)
    query = select(content["year"].as_integer(), content["ends_on"].as_string()).where(
        col(PlanVersion.plan) == plan, content.is_not(None)
    )
    newest = query.order_by(col(PlanVersion.number).desc()).limit(1)
    found = session.execute(newest).one_or_none()
    if found is None:
        return None
    year, ends_on = found
    return end_of_span(date.fromisoformat(ends_on) if ends_on else date(year, 12, 31))


def _waiting(session: Session, plan: str, today: date) -> tuple[int, datetime | None]:
    """How many messages could go out, and when the oldest was decided; dead letters are none."""
    about = col(Delivery.outbox_id) == Outbox.id
    open_to = or_(
        ~exists().where(about), exists().where(about, col(Delivery.status).in_(ON_THE_WAY))
    )
    query = select(func.count(), func.min(col(Outbox.decided_at))).where(
        *_pending(plan), ripe(today), open_to
    )
    count, since = session.execute(query).one()
    return int(count), since


def _pending(plan: str) -> tuple[ColumnElement[bool], ...]:
    return col(Outbox.plan) == plan, col(Outbox.status) == MessageStatus.PENDING


def _count(session: Session, table: type[Delivery | Outbox], *where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(table).where(and_(*where))
    return int(session.execute(query).scalar_one())


def damage(connection: Connection) -> Iterator[str]:
    """What the database finds wrong with itself, the first few; all of it is read."""
    if connection.dialect.name == "sqlite":
        for (said,) in connection.exec_driver_sql(f"PRAGMA quick_check({FEW})"):
            if said != "ok":
                yield " ".join(str(said).split())
        return
    for name in connection.exec_driver_sql(INVALID_INDEXES).scalars().fetchmany(FEW):
        yield f"索引{name}无效"
    failures = connection.exec_driver_sql(CHECKSUM_FAILURES).scalar()
    if failures:
        yield f"数据页校验失败{failures}次"
    for table in TABLES:  # a page that cannot be read is an error
        connection.exec_driver_sql(f'SELECT count(t) FROM "{table.name}" t')  # noqa: S608
