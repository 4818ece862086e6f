"""What a programme is to reach as a whole (目标): numbers of projects, coverage, ratios."""

from decimal import ROUND_DOWN, Decimal
from typing import Annotated, Literal

from pydantic import Field

from policy.clauses import Clause, Identifier, Text

TENTH = Decimal("0.1")


class _Target(Clause):
    """A target for projects of some kinds; for all when none is named."""

    id: Identifier
    label: Text
    kinds: tuple[Identifier, ...] = ()
    reached: Identifier | None = None
    """The milestone that counts a project; None: each that goes on counts."""
    cities: tuple[Text, ...] = ()
    """The cities of which each is to reach it by itself; empty: all together."""


class ProjectTarget(_Target):
    """So many projects have come so far: fewer may be funded than are planned."""

    measures: Literal["projects"]
    least: Annotated[int, Field(gt=0)] | None
    """None: not stated."""


class CoverageTarget(_Target):
    """At least so many in each place."""

    measures: Literal["places"]
    each: Literal["city", "county", "street"]
    least: Annotated[int, Field(gt=0)] = 1
    places: Annotated[int, Field(gt=0)] | None = None
    """How many streets there are, which no plan lists; None: not stated."""


class RatioTarget(_Target):
    """Of those that have come so far, at least so many percent have come further."""

    measures: Literal["ratio"]
    reached: Identifier
    among: Identifier | None = None
    """The milestone that counts a project as one of the whole; None: each that goes on."""
    least_percent: Annotated[Decimal, Field(gt=0, le=100, decimal_places=1)]

    @property
    def wanted(self) -> str:
        """``不低于90%``."""
        return f"不低于{self.least_percent.normalize():f}%"

    def met(self, done: int, whole: int) -> bool | None:
        """By the exact numbers; None of nothing."""
        return done * 100 >= self.least_percent * whole if whole else None

    def share(self, done: int, whole: int) -> str:
        """``66.6%（2/3）``, never rounded up to what it has not come to."""
        if not whole:
            return "尚无可计算的项目"
        percent = (Decimal(done * 100) / whole).quantize(TENTH, ROUND_DOWN)
        return f"{percent}%（{done}/{whole}）"


Target = Annotated[ProjectTarget | CoverageTarget | RatioTarget, Field(discriminator="measures")]
