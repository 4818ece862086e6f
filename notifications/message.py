"""What is sent: frozen values that know nothing of channels, databases or clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from common.words import PRODUCT
from policy.levels import CUSTOMARY, LevelWords
from policy.vocabulary import IntakeResult, Origin, RungKind, SubjectKind

Key = tuple[str, str]
"""What a line is about: the subject's code and the deadline's id, or its receipt's."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; `name` may be Chinese and carries the file's suffix."""

    name: str
    content: bytes


class LaterStep(NamedTuple):
    """A deadline of the same subject that is told of in the line of another one."""

    rule: str
    title: str
    due: date


@dataclass(frozen=True, slots=True)
class DigestLine:
    """One thing that one office is told about one deadline of one subject."""

    kind: RungKind
    subject_kind: SubjectKind
    subject: str
    """The subject's code."""
    name: str
    """项目名称, or the city's or province's name."""
    place: str
    """Where it is, e.g. 太原市清徐县."""
    rule: str
    """The deadline's id, e.g. ``D08``."""
    title: str
    clause: str
    notice_number: str
    origin: Origin
    due: date
    """时限: the notice's own day (A21)."""
    remind_by: date
    """提前办结日: moved back off days of rest."""
    overdue_after: date
    """逾期认定日: moved on; from the next day it counts as late."""
    responsible: str
    """责任单位, e.g. 太原市清徐县民政局; 协调单位 where the notice cannot bind it."""
    to_do: str
    """What is asked of whoever reads it."""
    missing: tuple[str, ...]
    """现状: what is not there yet, a sentence each."""
    words: str = ""
    """The notice's own words."""
    person: str = ""
    """项目责任人: the project's own, whoever is responsible for the deadline."""
    phone: str = ""
    own: bool = True
    """False for a reader who only sees to it that the responsible body does it."""
    bound: bool = True
    """False for a body that the notice cannot bind: it is never late (逾期)."""
    note: str = ""
    """What has been answered so far, e.g. 已知悉，预计6月10日完成：雨季停工."""
    step: str = ""
    """卡在: the step that comes first and is missing, where it is not the line's own."""
    below: tuple[LaterStep, ...] = ()
    """What waits for the same step and has no line of its own."""
    stands_for: tuple[Key, ...] = ()
    """What is the same matter, of another subject or rule, and is told of by this line alone."""
    since: str = ""
    """The day of another body's last step, where lateness counts from it, e.g. 6月10日."""
    fact: str = ""
    """What a day of completion that is answered is the day of; empty where an answer has none."""
    link: str = ""
    """Where it stands on the desk; empty where there is none."""
    levels: LevelWords = CUSTOMARY
    """What cities and counties are called."""


@dataclass(frozen=True, slots=True)
class BlockItem:
    """One subject of a block, with all that is particular to it."""

    key: Key
    number: int
    """Of the item in its message: what an answer names it by."""
    label: str
    """Place, name and code."""
    responsible: str
    missing: tuple[str, ...]
    person: str = ""
    phone: str = ""
    note: str = ""
    step: str = ""
    below: tuple[str, ...] = ()
    link: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Alike lines as one entry, as every channel shows them: a head, then its subjects."""

    kind: str
    title: str
    rule: str
    concerns: str
    """项目, or 涉及37个项目 when there are several."""
    items: tuple[BlockItem, ...]
    basis: str
    words: str
    term: str
    status: str
    advice: str
    asks: str
    """请办理; 请督促 for a reader who only sees to it."""
    to_do: str
    whose: str
    """责任单位, or 协调单位."""
    responsible: str
    """What all items share; empty when they differ."""
    missing: tuple[str, ...]
    """Likewise."""

    @property
    def number(self) -> str:
        """``1``, or ``1—3`` of several items."""
        first, last = self.items[0].number, self.items[-1].number
        return f"{first}" if first == last else f"{first}—{last}"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file that an office handed in (回执)."""

    key: Key
    outcome: IntakeResult | None
    """None: it is about mails that wait for the reader to decide on them."""
    head: str
    """That it has come, and what became of it."""
    details: tuple[str, ...] = ()
    """What is to be mended or looked at, one thing each."""
    what: str = ""
    """What kind of form it is, e.g. 月报; empty where it is not known."""
    to_message: str = ""
    """The id of our message that the mail answered which this one answers; empty: none."""
    to_mail: str = ""
    """The Message-ID of the mail that it answers, as that had it; empty: it answers none."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What somebody was wrongly told, and is told once that it was wrong (更正)."""

    key: Key
    head: str
    details: tuple[str, ...]
    """One deadline each: what was told, and how it stands."""


@dataclass(frozen=True, slots=True)
class WaysToAnswer:
    """How the reader of a digest answers it (答复方式)."""

    code: str
    """回执码: by what an answer shows what it answers."""
    reply_to: str
    """The address that takes answers by mail; empty where none does."""
    forms: tuple[str, ...]
    """What is attached to be filled in: 《办理回执》, 《5月份月报》."""
    handed_in: str
    """What is done with a form that is not sent back by mail, e.g. 放入本市收件文件夹."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person or office (通知消息), ready to go out.

    Raises ValueError when `sent_at` carries no time zone.
    """

    id: str
    """Stable per digest: a message sent again has the same id, so mail programs fold repeats."""
    recipient: str
    """The office's name."""
    title: str
    text: str
    html: str
    attachments: tuple[Attachment, ...]
    sent_at: datetime
    addressee: str = ""
    """The person's name, where one is known."""
    programme: str = PRODUCT
    """What the programme that it is about is called; the product's name for one of the machine."""
    headline: str = ""
    """What each part of it begins with in a chat, e.g. 【幸福养老工程】6月1日待办."""
    summary: str = ""
    """E.g. 3项逾期、2项临期."""
    notices: tuple[str, ...] = ()
    lines: tuple[DigestLine, ...] = ()
    """What it says, as data."""
    blocks: tuple[Block, ...] = ()
    """The same, as chats show it."""
    receipts: tuple[Receipt, ...] = ()
    corrections: tuple[Correction, ...] = ()
    ways: WaysToAnswer | None = None
    """None where nothing is asked."""
    enquiries: str = ""
    """Whom to ask: the office above and its contact, with a telephone number where it is known."""

    def __post_init__(self) -> None:
        if self.sent_at.utcoffset() is None:
            raise ValueError("sent_at carries no time zone")

    @property
    def sender(self) -> str:
        """The name that signs it: ``幸福养老工程督办系统``."""
        return f"{self.programme}督办系统"

    @property
    def keys(self) -> frozenset[Key]:
        """Everything that it speaks of."""
        items = frozenset(item.key for block in self.blocks for item in block.items)
        answers = {receipt.key for receipt in self.receipts}
        return items | answers | {correction.key for correction in self.corrections}

    @property
    def told_with(self) -> Mapping[Key, Key]:
        """For what has no line of its own, the line in which it is told of."""
        return {
            key: (line.subject, line.rule)
            for line in self.lines
            for key in (*((line.subject, step.rule) for step in line.below), *line.stands_for)
        }

    @property
    def greeting(self) -> str:
        """Whom it addresses, e.g. 太原市民政局 张某."""
        return f"{self.recipient} {self.addressee}".strip()
