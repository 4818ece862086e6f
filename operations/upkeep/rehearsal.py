"""Time travel: the daily job over a range of days, against a copy of the database."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime

from pydantic import SecretStr

from common.errors import RefusedError
from common.files import scratch_folder
from common.words import SHANGHAI, shanghai_day
from models.audits import recorded_acts
from models.copying import copy_database
from models.database import open_engine, reading, writing
from models.deliveries import deliveries, forget_turns
from models.seals import require_plan_key
from models.settings import Settings
from models.tables import Outbox, is_correction, is_receipt
from notifications.channel import RecordingChannel
from notifications.message import Key, Message
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.digests import severest
from operations.daily.enforcement import enforce
from operations.duties.year import fulfil
from operations.upkeep.scenario import Event, Scenario, happen, key
from operations.views.overview import deadline_views
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import import_workbook
from policy.vocabulary import ChannelKind, Product, RungKind, Standing
from states.contacts import kind_of
from states.workdays import DAY

Channels = Mapping[ChannelKind, RecordingChannel]


@dataclass(frozen=True, slots=True)
class RehearsedLine:
    """One deadline that a digest speaks of."""

    subject: str
    rule: str
    rung: str
    clause: str
    kind: RungKind
    title: str
    below: tuple[str, ...] = ()
    """The deadlines that wait for the same step, and are told of in its line."""


@dataclass(frozen=True, slots=True)
class RehearsedDigest:
    """One digest that would have gone out."""

    sent_on: date
    recipient: str
    channel: ChannelKind
    lines: tuple[RehearsedLine, ...]


@dataclass(frozen=True, slots=True)
class FinalStanding:
    """How one deadline stands at the end."""

    subject: str
    rule: str
    standing: Standing


@dataclass(frozen=True, slots=True)
class Burden:
    """What one person would have had to read in a month."""

    recipient: str
    month: str
    digests: int
    lines: int


@dataclass(frozen=True, slots=True)
class RehearsedProduct:
    """Something that a duty of the year made on a day."""

    on: date
    kind: Product
    period: str
    subject: str


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What would have been sent to whom, and where everything stands at the end."""

    sends: tuple[RehearsedDigest, ...]
    standings: tuple[FinalStanding, ...]
    burden: tuple[Burden, ...]
    products: tuple[RehearsedProduct, ...]
    """What the year's duties would have made, in the order of the days."""
    refused: tuple[str, ...]
    """Events of the scenario that could not be recorded, and products that could not be made."""
    notes: tuple[str, ...]


def rehearse(desk: Desk, start: date, end: date, scenario: Scenario) -> Rehearsal:
    """Run every day from `start` to `end` as it would have run; the database is not touched.

    Each day's job comes when offices open, and that day's events after it. What happened before
    `start` is recorded first; what the database knows already is passed over. RefusedError when
    `end` lies before `start`.
    """
    if end < start:
        raise RefusedError(f"--to（{end}）早于--from（{start}）")
    with _copy(desk) as copy:
        return live(copy, start, end, scenario)


def live(desk: Desk, start: date, end: date, scenario: Scenario) -> Rehearsal:
    """What `rehearse` does, on the desk's own database: it keeps what came about."""
    told = {kind: RecordingChannel(kind=kind) for kind in ChannelKind}
    events = _new(desk, scenario)
    refused = [*_import(desk, scenario, start, end)]
    refused += _record(desk, (event for event in events if event.on < start), end)
    notes: dict[str, None] = {}
    made: list[RehearsedProduct] = []
    for day in _days(start, end):
        notes |= dict.fromkeys(_morning(desk, day, told))
        refused += _record(desk, (event for event in events if event.on == day), end)
        made += _evening(desk, day, refused)
    refused = list(dict.fromkeys(refused))
    return _result(desk, told, end, (tuple(made), tuple(refused), tuple(notes)))


@contextmanager
def _copy(desk: Desk) -> Iterator[Desk]:
    """A desk on a copy that is gone afterwards."""
    with desk.reading() as session:
        key = require_plan_key(session, desk.plan.id)
    with scratch_folder() as folder:
        settings = Settings(
            home=folder,
            database_url=None,
            plan=desk.plan.id,
            secret_key=SecretStr(key.secret.decode()),
            business_date=None,
        )
        engine = open_engine(settings.sqlalchemy_url, lasting=False)
        copy = Desk(settings, desk.plan, desk.calendar, engine)
        copy_database(desk.engine, copy.engine)
        with writing(copy.engine) as session:
            forget_turns(session, desk.plan)
        try:
            yield copy
        finally:
            copy.engine.dispose()


def _morning(desk: Desk, day: date, told: Channels) -> tuple[str, ...]:
    """The day's job when offices open, and the delivery that follows it; what it noted."""
    at = datetime.combine(day, desk.plan.office_hours.opens, SHANGHAI)
    done = enforce(desk, day, at)
    deliver(
        desk,
        lambda: at,
        lambda address: told[kind_of(address) or ChannelKind.FOLDER],
        pause=lambda _: None,
    )
    return done.notes


def _evening(desk: Desk, day: date, refused: list[str]) -> Iterator[RehearsedProduct]:
    """The duties of the year that are due when offices close."""
    at = datetime.combine(day, desk.plan.office_hours.closes, SHANGHAI)
    for job, made in fulfil(desk, Product, day, at):
        if isinstance(made, RefusedError):
            refused.append(f"{job.kind.label}：{made}")
        else:
            yield RehearsedProduct(day, job.kind, made.occasion.period, made.occasion.subject)


def _import(desk: Desk, scenario: Scenario, start: date, end: date) -> Iterator[str]:
    at = datetime.combine(start, desk.plan.office_hours.opens, SHANGHAI)
    for path in scenario.workbooks:
        try:
            import_workbook(desk, path, ImportOptions(confirmed=True), today=end, at=at)
        except RefusedError as error:
            yield str(error)


def _new(desk: Desk, scenario: Scenario) -> tuple[Event, ...]:
    """The scenario's events that the database does not know yet."""
    with reading(desk.engine) as session:
        known = recorded_acts(session, desk.plan)
    return tuple(event for event in scenario.events if key(event) not in known)


def _record(desk: Desk, events: Iterable[Event], today: date) -> list[str]:
    """Record events, each by itself; the reasons of those that are refused."""
    refused = []
    for event in events:
        at = datetime.combine(event.on, desk.plan.office_hours.closes, SHANGHAI)
        try:
            with writing(desk.engine) as session:
                happen(session, desk, event, today=today, at=at)
        except RefusedError as error:
            refused.append(f"{event.on} {event.subject}：{error}")
    return refused


def _days(start: date, end: date) -> Iterator[date]:
    while start <= end:
        yield start
        start += DAY


def _result(
    desk: Desk,
    told: Channels,
    end: date,
    gathered: tuple[tuple[RehearsedProduct, ...], tuple[str, ...], tuple[str, ...]],
) -> Rehearsal:
    with desk.reading() as session:
        carried: dict[tuple[str, date], tuple[str, list[Outbox]]] = {}
        for delivery, row in deliveries(session, desk.plan):
            if delivery.digest is not None and delivery.sent_at is not None:
                about = (delivery.digest, shanghai_day(delivery.sent_at))
                carried.setdefault(about, (delivery.person, []))[1].append(row)
        sends = [
            _send(desk, carried, message, kind)
            for kind, channel in told.items()
            for message in channel.sent
        ]
    sends.sort(key=lambda send: (send.sent_on, send.recipient))
    views = deadline_views(desk, end)
    standings = tuple(FinalStanding(view.subject, view.rule, view.standing) for view in views)
    return Rehearsal(tuple(sends), standings, _burden(sends), *gathered)


def _send(
    desk: Desk,
    carried: Mapping[tuple[str, date], tuple[str, list[Outbox]]],
    message: Message,
    kind: ChannelKind,
) -> RehearsedDigest:
    day = shanghai_day(message.sent_at)
    person, rows = carried[message.id, day]
    lines: dict[Key, RehearsedLine] = {}
    below = {(it.subject, it.rule): tuple(step.rule for step in it.below) for it in message.lines}
    for about, row in severest(rows).items():
        told = message.told_with.get(about, about)  # the severest of a chain comes last
        lines[told] = replace(_line(desk, row, told[1]), below=below.get(told, ()))
    return RehearsedDigest(day, person, kind, tuple(lines.values()))


def _line(desk: Desk, row: Outbox, told: str) -> RehearsedLine:
    """A rung, and the rule in whose line it is told of."""
    if is_receipt(row) or is_correction(row):
        kind = RungKind(row.rung_kind)
        return RehearsedLine(row.subject, row.rule, row.rung, "", kind, kind.label)
    rule = desk.deadlines[told].rule
    return RehearsedLine(
        row.subject, told, row.rung, rule.clause, RungKind(row.rung_kind), rule.title
    )


def _burden(sends: Sequence[RehearsedDigest]) -> tuple[Burden, ...]:
    digests = Counter((send.recipient, f"{send.sent_on:%Y-%m}") for send in sends)
    lines: Counter[tuple[str, str]] = Counter()
    for send in sends:
        lines[send.recipient, f"{send.sent_on:%Y-%m}"] += len(send.lines)
    return tuple(
        Burden(person, month, number, lines[person, month])
        for (person, month), number in sorted(digests.items())
    )
