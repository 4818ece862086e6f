"""What happens day by day: events, read from the example's tables, and recorded."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlmodel import Session

from flows.operations.acknowledgement import Acknowledgement, acknowledge
from flows.operations.casework import Act, advance, record
from flows.operations.desk import Desk
from flows.operations.extensions import Extension, extend
from flows.operations.money import Booking, book
from flows.operations.review import Given, give_opinion
from policy.vocabulary import Entry, Holder, Source

Event = Act | Booking | Given | Extension | Acknowledgement
TABLES = ("opinions", "facts", "ledger")
"""Tables of events, in the order in which one day's can be recorded."""


def tables(folder: Path) -> list[Event]:
    """What ``facts.csv``, ``opinions.csv`` and ``ledger.csv`` of a folder say, in order of day."""
    found = [_READ[name](row) for name in TABLES for row in _rows(folder, name)]
    return sorted(found, key=lambda event: event.on)


def happen(session: Session, desk: Desk, event: Event, *, today: date, at: datetime) -> None:
    """Record one event. RefusedError as the operations."""
    match event:
        case Booking():
            book(session, desk, event, today=today, at=at)
        case Given():
            give_opinion(session, desk, event, today=today, at=at)
        case Extension():
            extend(session, desk, event, today=today, at=at)
        case Acknowledgement():
            acknowledge(session, desk, event, today=today, at=at)
        case Act():
            is_action = any(action.id == event.name for action in desk.plan.actions)
            take = advance if is_action else record
            take(session, desk, event, today=today, at=at)


def key(event: Event) -> tuple[str, str, date, str]:
    """What an event is known by in the audit trail: subject, name, day and voucher."""
    match event:
        case Booking():
            return event.subject, event.entry, event.on, event.voucher
        case Given():
            return event.subject, event.expert, event.on, ""
        case Act():
            return event.subject, event.name, event.on, ""
        case Extension() | Acknowledgement():
            return event.subject, event.rule, event.on, ""


def _rows(folder: Path, name: str) -> Iterator[Mapping[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


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
    return Given(row["subject"], row["expert"], row["organisation"], scores, on, row["actor"])


def _booking(row: Mapping[str, str]) -> Event:
    return Booking(
        subject=row["subject"],
        entry=Entry(row["entry"]),
        on=date.fromisoformat(row["on"]),
        source=Source(row["source"]),
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
