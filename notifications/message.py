"""What is sent: frozen values that know nothing of channels, databases or clocks."""

from dataclasses import dataclass
from datetime import date, datetime

from policy.vocabulary import IntakeResult, Origin, RungKind, SubjectKind

Key = tuple[str, str]
"""What a line is about: the subject's code and the deadline's id, or its receipt's."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; `name` may be Chinese and carries the file's suffix."""

    name: str
    content: bytes


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
    remind_by: date
    overdue_after: date
    responsible: str
    """责任单位, e.g. 太原市清徐县民政局."""
    to_do: str
    missing: tuple[str, ...]
    """尚缺, one thing each."""
    words: str = ""
    """The notice's own words."""
    person: str = ""
    """责任人."""
    phone: str = ""
    note: str = ""
    """What has been answered so far, e.g. 已知悉，预计6月10日完成：雨季停工."""


@dataclass(frozen=True, slots=True)
class BlockItem:
    """One subject of a block, with all that is particular to it."""

    key: Key
    label: str
    """Place, name and code."""
    responsible: str
    missing: tuple[str, ...]
    person: str = ""
    phone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Alike lines as one entry, as every channel shows them: a head, then its subjects."""

    number: int
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
    to_do: str
    responsible: str
    """What all items share; empty when they differ."""
    missing: tuple[str, ...]
    """Likewise."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a file that an office handed in (回执)."""

    key: Key
    outcome: IntakeResult
    head: str
    """That it has come, and what became of it."""
    details: tuple[str, ...] = ()
    """What is to be mended or looked at, one thing each."""


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

    def __post_init__(self) -> None:
        if self.sent_at.utcoffset() is None:
            raise ValueError("sent_at carries no time zone")

    @property
    def keys(self) -> frozenset[Key]:
        """Everything that it speaks of."""
        items = frozenset(item.key for block in self.blocks for item in block.items)
        return items | {receipt.key for receipt in self.receipts}

    @property
    def greeting(self) -> str:
        """Whom it addresses, e.g. 太原市民政局 张某."""
        return f"{self.recipient} {self.addressee}".strip()
