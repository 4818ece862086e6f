"""What is sent: frozen values that know nothing of channels, databases or clocks."""

from dataclasses import dataclass
from datetime import date, datetime

from policy.vocabulary import Origin, RungKind, SubjectKind


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; `name` may be Chinese and carries the file's suffix."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one office (通知消息), ready to go out.

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

    def __post_init__(self) -> None:
        if self.sent_at.utcoffset() is None:
            raise ValueError("sent_at carries no time zone")


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
