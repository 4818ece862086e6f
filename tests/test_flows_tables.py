"""The board, deadlines and money: the terminal, the pages and the sheets print the same tables."""

import unicodedata
from collections import Counter
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from common.table import DataColumn, DataTable, Datum, padded, room
from deployments.commands import console
from documents.lists.overviews import funds_leaves, late_leaves
from documents.writing.layout import to_bytes
from flows.pages import markdown
from operations.cases.desk import Desk
from operations.views.funds import by_city, funds_views, local, total
from operations.views.overview import survey
from operations.views.tables import board_table, city_funds_table, deadline_table, funds_table
from policy.vocabulary import Source, Standing
from tests.support.builders import plan as shanxi
from tests.test_flows_artifacts_data import JUNE, cells, june

__all__ = ["june"]  # a fixture
EDGE = DataColumn("数", "count", blank="未明确")
DATA = st.one_of(st.none(), st.integers(0, 10**6))


def on_terminal(table: DataTable) -> list[list[str]]:
    """The rows of what a terminal of any width shows, cut where the rule below the heads is."""
    _, heads, rule, *rows = console.printed(table)
    ends, at = [], 0
    for dashes in rule.split("  "):
        ends.append((at, at + len(dashes)))
        at += len(dashes) + 2
    return [[_cut(line, *span).strip() for span in ends] for line in (heads, *rows)]


def _cut(line: str, start: int, end: int) -> str:
    """By places on the screen, of which a Chinese character takes two."""
    wide = "".join(f"{c}\0" if unicodedata.east_asian_width(c) in "WF" else c for c in line)
    return wide[start:end].replace("\0", "")


def on_page(table: DataTable) -> list[list[str]]:
    head, _, *rows = cells("\n".join(markdown.printed(table, {})))
    return [head, *([cell.strip("*") for cell in row] for row in rows)]


def on_sheet(table: DataTable, content: bytes, sheet: str) -> list[list[str]]:
    """Its rows as texts; the title above and the numbers at the left are the sheet's own."""
    rows = [list(row) for row in load_workbook(BytesIO(content))[sheet].iter_rows(values_only=True)]
    first = next(number for number, row in enumerate(rows) if row[0] == "序号")
    return [[str(head) for head in rows[first][1:]]] + [
        [_told(column, value) for column, value in zip(table.columns, row[1:], strict=True)]
        for row in rows[first + 1 :]
    ]


def _told(column: DataColumn, value: Any) -> str:
    if value is None or column.kind not in ("money", "date"):
        return column.text(value)
    return f"{Decimal(str(value)):,.2f}" if column.kind == "money" else f"{value:%Y-%m-%d}"


def tables(desk: Desk) -> dict[str, DataTable]:
    found = survey(desk, JUNE)
    money = funds_views(desk, found)
    late = [v for v in found.views if v.standing in (Standing.OVERDUE, Standing.COORDINATING)]
    return {
        "全省进度": board_table(desk.plan, found.board, JUNE),
        "逾期清单": deadline_table("逾期", late, JUNE),
        "资金一览": funds_table("资金", money),
        "各市资金": city_funds_table("各市", by_city(desk.plan, money), total("合计", money)),
    }


@pytest.mark.heavy
def test_all_three_print_the_same(june: Desk) -> None:
    made = tables(june)
    shown = {
        "逾期清单": to_bytes(late_leaves(made["逾期清单"], [], "")),
        "资金一览": to_bytes(
            funds_leaves(shanxi(), made["资金一览"], made["各市资金"], ("市",), "")
        ),
    }
    shown["各市资金"] = shown["资金一览"]
    for name, table in made.items():
        told = on_terminal(table)
        assert len(told) > 5
        page = [[cell.replace("—", "") for cell in row] for row in on_page(table)]
        assert page == [[cell.replace("—", "") for cell in row] for row in told], name
        if name in shown:
            assert on_sheet(table, shown[name], name) == told, name


@pytest.mark.heavy
def test_the_sums_are_those_of_the_rows(june: Desk) -> None:
    made = tables(june)
    for name in ("全省进度", "各市资金"):
        rows, last = made[name].rows, made[name].total
        assert last is not None
        for at, column in enumerate(made[name].columns):
            if column.kind in ("count", "money"):
                known = [row[at] or 0 for row in rows]
                assert (last[at] or 0) == sum(known), column.title  # type: ignore[arg-type]
    listed = Counter(row[0] for row in made["资金一览"].rows)
    assert {row[0]: row[1] for row in made["各市资金"].rows if row[1]} == listed


def test_promises_are_summed_where_one_is_known() -> None:
    one = {Source.CITY: Decimal(3), Source.COUNTY: None}
    assert local(one) == Decimal(3)
    assert local(dict.fromkeys(one)) is None


# --- one table, in small --------------------------------------------------------------------------

SMALL = DataTable(
    "示例",
    (DataColumn("市"), EDGE, DataColumn("金额", "money", blank="—"), DataColumn("日期", "date")),
    [("太原市", None, Decimal("1234.5"), date(2023, 6, 1)), ("大同市", 12, None, None)],
    ("合计", 12, Decimal("0.00"), None),
    ["太原市", "大同市"],
)


def test_a_wide_terminal_shows_a_line_a_row() -> None:
    assert list(console.printed(SMALL, 80)) == [
        "示例",
        "市          数      金额  日期",
        "------  ------  --------  ----------",
        "太原市  未明确  1,234.50  2023-06-01",
        "大同市      12         —",
        "合计        12      0.00",
    ]


def test_a_narrow_terminal_shows_a_paragraph_a_row() -> None:
    first, blank, *rest = console.printed(SMALL, 20)
    assert (first, blank) == ("示例", "")
    assert rest[:4] == ["市：太原市", "数：未明确", "金额：1,234.50", "日期：2023-06-01"]
    assert rest[4:] == [
        "",
        "市：大同市",
        "数：12",
        "金额：—",
        "",
        "市：合计",
        "数：12",
        "金额：0.00",
    ]


def test_a_page_leads_on_and_sums_up() -> None:
    lines = list(markdown.printed(SMALL, {"太原市": "/a/1", "合计": "/a/2"}))
    assert lines == [
        "| 市 | 数 | 金额 | 日期 |",
        "| --- | ---: | ---: | --- |",
        "| [太原市](/a/1) | 未明确 | 1,234.50 | 2023-06-01 |",
        "| 大同市 | 12 | — | — |",
        "| **合计** | **12** | **0.00** | **—** |",
        "",
    ]


def test_what_people_typed_breaks_no_table() -> None:
    table = DataTable("表", (DataColumn("名称"),), [("甲|乙\n丙",)])
    assert list(markdown.printed(table, {}))[2] == "| 甲｜乙 丙 |"
    assert list(console.printed(table))[-1] == "甲|乙 丙"


@given(st.lists(st.tuples(st.text("太原市abc（", max_size=9), DATA), min_size=1))
def test_numbers_end_in_one_place_whatever_stands_before(rows: list[tuple[str, Datum]]) -> None:
    _, _, rule, *lines = console.printed(DataTable("", (DataColumn("市"), EDGE), rows))
    assert {room(line) for line in lines} == {len(rule)}


@given(st.text(), st.integers(0, 80), st.booleans())
def test_padding_never_cuts(text: str, width: int, right: bool) -> None:
    made = padded(text, width, right)
    assert room(made) == max(width, room(text))
    assert made.endswith(text) if right else made.startswith(text)
