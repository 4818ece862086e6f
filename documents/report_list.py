"""月报收报情况 as a workbook: which cities have sent the month's report, and when."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date

from documents.forms import DAY, NUMBER, TEXT, Column
from documents.layout import Leaf, Page


@dataclass(frozen=True, slots=True)
class ReportState:
    """How one city's report of a month stands."""

    city: str
    expected: int
    """How many projects it reports."""
    covered: int
    """How many of them have a report for the month."""
    sent_on: date | None
    state: str
    left_out: str
    """The projects without one."""


COLUMNS = (
    NUMBER,
    Column("city", "市", "", 10, TEXT, centred=True),
    Column("expected", "应报项目", "", 10, "0", centred=True),
    Column("covered", "已报项目", "", 10, "0", centred=True),
    Column("sent_on", "报送日期", "", 13, DAY, centred=True),
    Column("state", "收报情况", "", 22, TEXT, centred=True),
    Column("left_out", "未涵盖的项目", "", 56, TEXT),
)


def report_state_leaves(title: str, states: Sequence[ReportState], note: str) -> tuple[Leaf, ...]:
    """One line a city."""
    rows = [(n, *astuple(each)) for n, each in enumerate(states, 1)]
    return (Page("收报情况", title, COLUMNS, rows, note=note),)
