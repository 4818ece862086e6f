"""The day's texts for people who are reached by SMS or another platform (文本清单)."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from documents.forms import Column
from documents.layout import Page, save


@dataclass(frozen=True)
class TextRow:
    """One text that somebody passes on."""

    office: str
    addressee: str
    number: str
    """The telephone number, or the account on the other platform."""
    text: str


COLUMNS = (
    Column("office", "单位", "^单位$", 30),
    Column("addressee", "姓名", "^姓名$", 14, centred=True),
    Column("number", "号码或账号", "^号码", 18, centred=True),
    Column("text", "内容", "^内容$", 90),
)


def write_text_list(path: Path, day: str, rows: Sequence[TextRow]) -> None:
    """One line a text, for the unit's own platform. UnavailableError when it cannot be written."""
    lines = [astuple(row) for row in rows]
    save(path, (Page("文本清单", f"{day} 通知文本清单", COLUMNS, lines, size=11, filters=True),))
