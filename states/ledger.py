"""stub"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from policy.vocabulary import Entry, Holder, Source


@dataclass(frozen=True, slots=True)
class Line:
    audit_id: int
    entry: Entry
    on: date
    source: Source
    holder: Holder
    amount: Decimal
    voucher: str
    to_holder: Holder | None = None
    category: str | None = None
    payee: str | None = None


def matched(lines: Sequence[Line], source: Source, promised: Decimal | None) -> date | None:
    return None
