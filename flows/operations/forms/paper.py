"""A workbook on its way in: what is asked of it, and what came of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from documents.faults import Fault, Spot
from documents.grid import Book
from documents.identity import Identity
from policy.errors import RefusedError


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever imports a workbook says of it."""

    city: str | None = None
    month: str | None = None
    """``2023-06``, of a monthly report."""
    subject: str | None = None
    """The project's code, of a form about one project."""
    confirmed: bool = False
    """True: figures that are not plausible have been looked at again."""
    actor: str = ""
    """Who stands for what it says; the city's bureau where nobody is named."""


@dataclass(frozen=True, slots=True)
class Paper:
    """A workbook that has been opened, and the day and instant at which it came in."""

    book: Book
    identity: Identity | None
    """None for one that was typed from scratch."""
    asked: Asked
    today: date
    at: datetime

    @property
    def evidence(self) -> str:
        """How the audit trail names it."""
        return self.book.file if self.identity else f"{self.book.file}（无标识）"

    @property
    def version(self) -> int | None:
        """The newest record that its sender could know of; None: not known, or made out empty."""
        return (self.identity.version or None) if self.identity else None

    def city(self) -> str | None:
        """The city that it is of, as signed or as asked for. RefusedError where these differ."""
        return self._agreed(self.asked.city, "市")

    def subject(self) -> str | None:
        """The subject that it is of, as signed or as asked for. RefusedError where these differ."""
        return self._agreed(self.asked.subject, "对象")

    def month(self) -> str | None:
        """The month that it is of, as signed or as asked for. RefusedError where these differ."""
        signed = self.identity.period if self.identity else None
        if signed and self.asked.month not in (None, signed):
            raise RefusedError(
                f"{self.book.file}：是{signed}的表，不能作为{self.asked.month}的导入；"
                "请核对后重新选择文件"
            )
        return signed or self.asked.month

    def _agreed(self, asked: str | None, what: str) -> str | None:
        signed = self.identity.subject if self.identity else None
        if signed and asked not in (None, signed, signed.removesuffix("市")):
            raise RefusedError(
                f"{self.book.file}：是{signed}的表，不能作为{asked}的导入；请核对{what}后重新选择文件"
            )
        return signed or asked


@dataclass(frozen=True, slots=True)
class Difference:
    """One cell that states something other than what is stored; all words Chinese."""

    spot: Spot
    subject: str
    """The project's code, or the office."""
    what: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What a workbook changed."""

    subject: str
    period: str = ""
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    differences: Sequence[Difference] = ()
    warnings: Sequence[Fault] = ()
    """What does not stand in the way, and should be looked at."""
    notes: Sequence[str] = field(default_factory=tuple)
    """What was done in another way than the sender may expect."""
