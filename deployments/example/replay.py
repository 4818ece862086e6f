"""Reads what happened in the example, and records it as its offices would have."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from sqlmodel import Session

from flows.operations.casework import Act, advance, record
from flows.operations.desk import Desk
from flows.operations.money import Booking, book
from flows.operations.review import Given, give_opinion
from policy.vocabulary import Entry, Holder, Source

HOME = Path(__file__).parent
Event = Act | Booking | Given


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one of the example's files."""

    file: str
    fields: Mapping[str, str]

    @property
    def on(self) -> date:
        """The day on which it happened."""
        return date.fromisoformat(self.fields["on"])

    @property
    def key(self) -> tuple[str, str, date, str]:
        """What it is known by in the audit trail: subject, name, day and voucher."""
        name = {"facts": "act", "opinions": "expert", "ledger": "entry"}[self.file]
        voucher = self.fields.get("voucher", "")
        return self.fields["subject"], self.fields[name], self.on, voucher


def lines(folder: Path = HOME) -> list[Line]:
    """Everything that happens in the year, in the order in which it can be recorded."""
    found = [
        Line(name, row) for name in ("opinions", "facts", "ledger") for row in _rows(folder, name)
    ]
    return sorted(found, key=lambda line: line.on)


def replay(session: Session, desk: Desk, line: Line, *, today: date, at: datetime) -> None:
    """Record one line. RefusedError as the operations."""
    event = _event(line)
    if isinstance(event, Booking):
        book(session, desk, event, today=today, at=at)
    elif isinstance(event, Given):
        give_opinion(session, desk, event, today=today, at=at)
    elif any(action.id == event.name for action in desk.plan.actions):
        advance(session, desk, event, today=today, at=at)
    else:
        record(session, desk, event, today=today, at=at)


def _rows(folder: Path, name: str) -> Iterator[Mapping[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _event(line: Line) -> Event:
    row, on = line.fields, line.on
    if line.file == "facts":
        amount = Decimal(row["amount"]) if row["amount"] else None
        return Act(
            row["subject"],
            row["act"],
            on,
            row["actor"],
            row["evidence"],
            amount=amount,
            checks=_pairs(row["checks"]),
        )
    if line.file == "opinions":
        scores = {name: Decimal(points) for name, points in _pairs(row["scores"]).items()}
        return Given(row["subject"], row["expert"], row["organisation"], scores, on, row["actor"])
    return Booking(
        subject=row["subject"],
        entry=Entry(row["entry"]),
        on=on,
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
