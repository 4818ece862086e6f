"""The task list (任务清单) that goes with a reminder mail."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date

from documents.forms import DAY, Column
from documents.layout import Page, to_bytes


@dataclass(frozen=True)
class TaskRow:
    """One thing to do, in the words that the office reads."""

    kind: str
    """类别, e.g. 提醒 or 催办."""
    place: str
    """市县."""
    subject: str
    """项目或事项."""
    title: str
    """环节."""
    clause: str
    """依据."""
    remind_by: date
    """应完成日期."""
    overdue_after: date
    """逾期认定日."""
    state: str
    """状态."""
    to_do: str
    """请办理."""
    missing: str
    """尚缺; empty when nothing is missing."""


def _column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, f"^{heading}$", width, format, centred=width <= 16)


COLUMNS = (
    _column("kind", "类别", 8),
    _column("place", "市县", 16),
    _column("subject", "项目或事项", 32),
    _column("title", "环节", 22),
    _column("clause", "依据", 12),
    _column("remind_by", "应完成日期", 12, DAY),
    _column("overdue_after", "逾期认定日", 12, DAY),
    _column("state", "状态", 14),
    _column("to_do", "请办理", 40),
    _column("missing", "尚缺", 30),
)


def task_list(title: str, rows: Sequence[TaskRow]) -> bytes:
    """An .xlsx workbook with one line a task, byte for byte the same for the same rows."""
    lines = [astuple(row) for row in rows]
    return to_bytes((Page("任务清单", title, COLUMNS, lines, filters=True),))
