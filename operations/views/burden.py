"""What each office is asked for in a month: mails, forms, and cells to fill in (R69)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, partial

from sqlmodel import Session

from models.asked import sent_digests, sent_items
from models.reported import covered_by_report
from models.tables import AskedItem
from operations.cases.desk import Desk
from policy.vocabulary import Level

CELLS_OF_A_PROJECT = 5
"""In 月报: 形象进度, 完成投资, 是否达序时, 存在问题 and 下步措施."""
CELLS_OF_AN_ITEM = 2
"""A day, and the document or the reason: of an item of 办理回执 no more is filled in."""


@dataclass(frozen=True, slots=True)
class OfficeBurden:
    """What one office was asked for in a month."""

    month: str
    """``2023-06``, of the days that the digests are of."""
    office: str
    messages: int
    """Digests and receipts, each to one person once."""
    items: int
    forms: int
    """办理回执 and 月报, each time that one came along."""
    cells: int
    """What these left to be filled in."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one message asked for."""

    items: int
    forms: int
    cells: int


def burden(desk: Desk, month: str | None = None) -> tuple[OfficeBurden, ...]:
    """By month and office, the heaviest first; of one month where it is given."""
    since = date.fromisoformat(f"{month}-01") if month else date.min
    with desk.reading() as session:
        asked = _asked(session, desk, since)
        sent = sent_digests(session, desk.plan, since)
    found: dict[tuple[str, str], list[_Asked]] = defaultdict(list)
    for digest, person, on in sent:
        key = f"{on:%Y-%m}", _office(person)
        if month in (None, key[0]):
            found[key].append(asked.get(digest, _Asked(0, 0, 0)))
    rows = (_of(*key, told) for key, told in found.items())
    return tuple(sorted(rows, key=lambda row: (row.month, -row.cells, -row.messages, row.office)))


def _of(month: str, office: str, told: Iterable[_Asked]) -> OfficeBurden:
    every = list(told)
    return OfficeBurden(
        month,
        office,
        len(every),
        sum(each.items for each in every),
        sum(each.forms for each in every),
        sum(each.cells for each in every),
    )


def _asked(session: Session, desk: Desk, since: date) -> Mapping[str, _Asked]:
    """By digest, what it asked for: its report of a city's bureau, and an item each of the rest."""
    plan, months = desk.plan, desk.plan.reported_months
    by_digest: dict[str, list[AskedItem]] = defaultdict(list)
    for item in sent_items(session, plan, since):
        by_digest[item.digest].append(item)
    covered = cache(partial(covered_by_report, session, plan))
    found = {}
    for digest, items in by_digest.items():
        reports = [
            covered(item.subject, months[item.rule])
            for item in items
            if item.rule in months and _office(item.person) == plan.office(Level.CITY, item.subject)
        ]
        answered = sum(item.rule not in months for item in items)
        cells = answered * CELLS_OF_AN_ITEM + sum(reports) * CELLS_OF_A_PROJECT
        found[digest] = _Asked(len(items), bool(answered) + len(reports), cells)
    return found


def _office(person: str) -> str:
    """The office of a person, who goes by ``office name``, or of nobody in particular."""
    return person.partition(" ")[0]
