"""stub"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Opinion:
    expert: str
    organisation: str
    on: date
    scores: Mapping[str, Decimal]
    round: int = 1


def average(opinions: Sequence[Opinion]) -> Decimal:
    return Decimal(0)


def spread(opinions: Sequence[Opinion]) -> Decimal:
    return Decimal(0)
