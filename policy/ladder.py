"""When whom is reminded (提醒梯级), and the hours in which messages go out."""

from datetime import time
from typing import Annotated, Literal

from pydantic import Field

from policy.clauses import Clause, Frozen, Identifier
from policy.vocabulary import Level, RungKind

Audience = Annotated[tuple[Level | Literal["responsible"], ...], Field(min_length=1)]


class Rung(Frozen):
    """One step of the ladder, so many days before `remind_by` (negative) or after `overdue_after`.

    Counted in workdays or in natural days; one that falls on a rest day moves to a workday, back
    before the date and on after it.
    """

    workdays: int | None = None
    days: int | None = None
    kind: RungKind
    audience: Audience

    @property
    def offset(self) -> int:
        """The number of days, of whichever kind; 0 where neither is given, which no plan may."""
        return self.workdays or self.days or 0

    @property
    def id(self) -> str:
        """``T-7``, ``T+1`` …; ``T+7d`` in natural days."""
        return rung_id(self.offset, natural=self.days is not None)


class Repeat(Frozen):
    """What follows the last rung, every so many days, until the deadline is met or acknowledged."""

    every_workdays: Annotated[int, Field(gt=0)] | None = None
    every_days: Annotated[int, Field(gt=0)] | None = None
    kind: RungKind
    audience: Audience


def rung_id(offset: int, *, natural: bool) -> str:
    """How a rung is named by its distance from the date."""
    return f"T{offset:+d}{'d' if natural else ''}"


class Ladder(Clause):
    """The reminder ladder; rungs in ascending order."""

    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    repeat: Repeat
    letter: Identifier | None = None
    """The kind of evidence that records a letter that was issued; None: none is issued here."""


class OfficeHours(Clause):
    """When messages may go out on a workday, Asia/Shanghai; what is owed otherwise waits."""

    opens: time
    closes: time
    """Nothing is sent from this time on."""
