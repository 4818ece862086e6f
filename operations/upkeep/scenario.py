"""A scenario for a rehearsal, as a YAML file says it: who does what on which day."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Tag, ValidationError
from sqlmodel import Session

from common.errors import RefusedError
from common.files import reason
from documents.reading.grid import read_book
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.authority import first_office
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.cases.money import Booking, book
from operations.cases.review import OpinionStatement, give_opinion
from operations.workbooks.intake import AS_IT_IS, recognised, take_in
from operations.workbooks.report import filled_by
from policy.vocabulary import EntryKind, Holder, Source
from states import authority
from states.authority import Matter


@dataclass(frozen=True, slots=True)
class CityReport:
    """A city's monthly report (五(五)), handed in as the workbook that was sent to it."""

    subject: str
    """The city."""
    duty: str
    """``D10-06``."""
    on: date
    said: Mapping[str, Mapping[str, Any]]
    """By project's code, what the month's own columns say (`documents.forms.report.STATED`)."""


SignedEvent = Act | Booking | OpinionStatement | Extension | Acknowledgement
"""What says itself who stands for it."""
Event = SignedEvent | CityReport
TABLES = ("opinions", "facts", "ledger")
"""Tables of events, in the order in which one day's can be recorded; then come the reports."""


def tables(folder: Path) -> list[Event]:
    """What ``facts.csv``, ``opinions.csv``, ``ledger.csv`` and ``reports.csv`` of a folder say, in
    order of day."""
    found = [_READ[name](row) for name in TABLES for row in _rows(folder, name)]
    return sorted([*found, *_reports(folder)], key=lambda event: event.on)


def happen(session: Session, desk: Desk, event: Event, *, today: date, at: datetime) -> None:
    """Record one event, by whose it is where nobody is named. RefusedError as the operations."""
    if isinstance(event, CityReport):
        _hand_in(session, desk, event, at)
        return
    if not event.actor:
        event = replace(event, actor=_whose(session, desk, event))
    match event:
        case Booking():
            book(session, desk, event, today=today, at=at)
        case OpinionStatement():
            give_opinion(session, desk, event, today=today, at=at)
        case Extension():
            extend(session, desk, event, today=today, at=at)
        case Acknowledgement():
            acknowledge(session, desk, event, today=today, at=at)
        case Act():
            is_action = any(action.id == event.name for action in desk.plan.actions)
            take = advance if is_action else record
            take(session, desk, event, today=today, at=at)


def _whose(session: Session, desk: Desk, event: SignedEvent) -> str:
    match event:
        case Booking():
            asked: Matter | None = authority.booking(desk.plan, event.holder)
        case OpinionStatement():
            asked = authority.opinion(desk.plan)
        case Extension():
            asked = authority.extension(desk.plan)
        case Acknowledgement():
            asked = authority.acknowledgement(desk.plan, event.rule)
        case Act():
            asked = authority.matter(desk.plan, event.name)
    return first_office(session, desk, event.subject, asked)


def key(event: Event) -> tuple[str, str, date, str]:
    """What an event is known by in the audit trail: subject, name, day and voucher."""
    match event:
        case Booking():
            return event.subject, event.entry, event.on, event.voucher
        case OpinionStatement():
            return event.subject, event.expert, event.on, ""
        case Act():
            return event.subject, event.name, event.on, ""
        case Extension() | Acknowledgement():
            return event.subject, event.rule, event.on, ""
        case CityReport():
            return event.subject, event.duty, event.on, ""


def _hand_in(session: Session, desk: Desk, event: CityReport, at: datetime) -> None:
    """Fill the prefilled workbook in as the bureau does, and import it as any other."""
    month = desk.plan.reported_months[event.duty]
    made = filled_by(session, desk, event.subject, month, event.said)
    book = read_book(made.name, made.content)
    take_in(session, desk, book, recognised(desk, book, event.on), AS_IT_IS, event.on, at)


def _rows(folder: Path, name: str) -> Iterator[Mapping[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _reports(folder: Path) -> Iterator[CityReport]:
    """The rows of ``reports.csv``, where there is one, city by city and month by month."""
    if not (folder / "reports.csv").exists():
        return
    found: dict[tuple[str, str, date], dict[str, Mapping[str, Any]]] = {}
    for row in _rows(folder, "reports"):
        which = row["city"], row["duty"], date.fromisoformat(row["on"])
        found.setdefault(which, {})[row["subject"]] = {
            "percent": int(row["percent"]),
            "invested": Decimal(row["invested"]),
            "on_schedule": row["on_schedule"] == "是",
            "problem": row["problem"] or None,
            "next_step": row["next_step"] or None,
        }
    yield from (CityReport(*which, said) for which, said in found.items())


def _fact(row: Mapping[str, str]) -> Event:
    return Act(
        row["subject"],
        row["act"],
        date.fromisoformat(row["on"]),
        row["actor"],
        row["evidence"],
        amount=Decimal(row["amount"]) if row["amount"] else None,
        checks=_pairs(row["checks"]),
    )


def _opinion(row: Mapping[str, str]) -> Event:
    scores = {name: Decimal(points) for name, points in _pairs(row["scores"]).items()}
    on = date.fromisoformat(row["on"])
    return OpinionStatement(
        row["subject"], row["expert"], row["organisation"], scores, on, row["actor"]
    )


def _booking(row: Mapping[str, str]) -> Event:
    return Booking(
        subject=row["subject"],
        entry=EntryKind(row["entry"]),
        on=date.fromisoformat(row["on"]),
        source=Source(row["source"]),
        fund=row.get("fund", ""),
        holder=Holder(row["holder"]),
        amount=Decimal(row["amount"]),
        voucher=row["voucher"],
        actor=row["actor"],
        to_holder=Holder(row["to_holder"]) if row["to_holder"] else None,
        category=row["category"] or None,
        payee=row["payee"] or None,
    )


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split("；") if pair)


_READ: Mapping[str, Any] = {"facts": _fact, "opinions": _opinion, "ledger": _booking}


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a rehearsal records: workbooks on its first day, then events on their days."""

    workbooks: tuple[Path, ...] = ()
    events: tuple[Event, ...] = ()
    """In the order in which they can be recorded."""


def load_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file; the folders it names are relative to it.

    RefusedError that says where, when the file is not one.
    """
    try:
        said = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  # a safe one
        stated = _File.model_validate(said or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise RefusedError(f"{path}：情景文件无法读取（{_why(error)}）") from None
    except ValidationError as error:
        lines = [f"  · {_where(item['loc'])}：{item['msg']}" for item in error.errors()]
        raise RefusedError("\n".join([f"{path}：情景文件有误", *dict.fromkeys(lines)])) from None
    home = path.parent
    listed = tables(home / stated.tables) if stated.tables else []
    found = [item for item in listed if not any(out.covers(item) for out in stated.omit)]
    found += [line.event() for line in stated.events]
    workbooks = sorted((home / stated.workbooks).glob("*.xlsx")) if stated.workbooks else ()
    return Scenario(tuple(workbooks), tuple(sorted(found, key=lambda event: event.on)))


def _why(error: OSError | UnicodeDecodeError | yaml.YAMLError) -> str:
    if isinstance(error, OSError):
        return "没有这个文件" if isinstance(error, FileNotFoundError) else reason(error)
    return "不是 UTF-8 文本" if isinstance(error, UnicodeDecodeError) else "不是正确的 YAML"


def _exact(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('金额请加引号写作文本，如 "840000.00"')  # pydantic's way
    return value


Amount = Annotated[Decimal, BeforeValidator(_exact)]


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    on: date
    subject: str
    actor: str = ""
    """Empty: whose it is."""
    evidence: str = "情景设定"


class _Did(_Line):
    """``do``: an action, a milestone, a kind of evidence or a fulfilled duty."""

    do: str
    amount: Amount | None = None
    reasons: dict[str, str] = {}
    checks: dict[str, str] = {}

    def event(self) -> Event:
        return Act(
            self.subject,
            self.do,
            self.on,
            self.actor,
            self.evidence,
            self.reasons,
            self.amount,
            self.checks,
        )


class _Acknowledged(_Line):
    acknowledge: str
    expected: date
    reason: str

    def event(self) -> Event:
        return Acknowledgement(
            self.subject, self.acknowledge, self.expected, self.on, self.actor, self.reason
        )


class _Extended(_Line):
    extend: str
    until: date

    def event(self) -> Event:
        return Extension(self.subject, self.extend, self.until, self.on, self.actor, self.evidence)


class _Booked(_Line):
    book: EntryKind
    source: Source
    holder: Holder
    amount: Amount
    voucher: str
    to_holder: Holder | None = None
    category: str | None = None
    payee: str | None = None
    fund: str = ""

    def event(self) -> Event:
        return Booking(
            subject=self.subject,
            entry=self.book,
            on=self.on,
            source=self.source,
            fund=self.fund,
            holder=self.holder,
            amount=self.amount,
            voucher=self.voucher,
            actor=self.actor,
            to_holder=self.to_holder,
            category=self.category,
            payee=self.payee,
            evidence=self.evidence,
        )


KINDS = ("do", "acknowledge", "extend", "book")


def _kind(stated: Any) -> str | None:
    """Which kind of event it is: the key that only it has."""
    return next((name for name in KINDS if isinstance(stated, Mapping) and name in stated), None)


_Stated = Annotated[
    Annotated[_Did, Tag("do")]
    | Annotated[_Acknowledged, Tag("acknowledge")]
    | Annotated[_Extended, Tag("extend")]
    | Annotated[_Booked, Tag("book")],
    Discriminator(
        _kind,
        custom_error_type="kind",
        custom_error_message="须写明 do、acknowledge、extend、book 之一",
    ),
]


class _Loader(yaml.SafeLoader):
    """Takes ``on`` and ``no`` for words, as YAML 1.2 does: only true and false are booleans."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"])


class _Omitted(BaseModel):
    """What of the tables does not happen: one thing, or all of a subject from a day on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    subject: str
    do: str | None = None
    since: date = date.min

    def covers(self, event: Event) -> bool:
        subject, name, on, _ = key(event)
        return subject == self.subject and self.do in (None, name) and on >= self.since


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    workbooks: str = ""
    tables: str = ""
    omit: tuple[_Omitted, ...] = ()
    events: tuple[_Stated, ...] = ()


def _where(loc: tuple[int | str, ...]) -> str:
    """The place in the file, without the names of our own types."""
    return ".".join(str(part) for part in loc if part not in KINDS)
