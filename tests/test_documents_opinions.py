"""专家评分表: what is written is read back, and what is typed is understood or named by cell."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from common.errors import RefusedError
from documents.forms.opinions import (
    OpinionFormRow,
    PrefilledOpinion,
    opinion_pages,
    opinion_rows,
    opinion_table,
    unscored_remarks,
)
from documents.forms.recognise import recognise
from documents.reading.cells import name
from documents.reading.grid import Book, read_book
from documents.reading.placed import known
from documents.writing.layout import to_bytes
from policy.vocabulary import Form
from states.dossier import Dossier
from states.review import Opinion
from tests.support.builders import a_dossier, opinion, plan

ONE = a_dossier()
TWO = a_dossier(code="XF2023-140121-01", county="清徐县", name="示例镇示例村养老幸福工程")
PROJECTS = (ONE, TWO)
DAY = date(2023, 3, 10)
GIVEN = opinion("示例·专家甲", 80, DAY)
HEADS = [
    *("序号", "市", "县（市、区）", "项目名称", "编码", "专家姓名", "工作单位", "评审日期"),
    *("选址与需求（满分25）", "场地与产权（满分20）", "建设方案与投资（满分20）"),
    *("服务功能（满分20）", "运营能力（满分15）", "合计", "评审意见"),
]
CRITERIA = plan().review.criteria  # type: ignore[union-attr]  # it has a review
NAMES = st.text("示例专家甲乙a1=·（）", min_size=1, max_size=8)
OPINIONS = st.builds(
    Opinion,
    expert=NAMES,
    organisation=NAMES,
    on=st.dates(date(2023, 1, 16), date(2030, 12, 31)),
    scores=st.fixed_dictionaries(
        {item.id: st.decimals(0, item.points, places=1) for item in CRITERIA}
    ),
)
FILLED = st.lists(
    st.tuples(st.sampled_from(PROJECTS), OPINIONS, st.text("示例意见=-", max_size=9)),
    max_size=6,
    unique_by=lambda each: (each[0].code, each[1].expert),
)


def written(rows: Sequence[PrefilledOpinion]) -> Book:
    return read_book("a.xlsx", to_bytes(opinion_pages(plan(), "山西省", rows, spare=3)))


def typed(*rows: Sequence[object], heads: Sequence[object] = HEADS) -> Book:
    """A workbook that somebody typed."""
    workbook, buffer = Workbook(), BytesIO()
    for line in (["专家评分表"], heads, *rows):
        workbook.worksheets[0].append(list(line))
    workbook.save(buffer)
    return read_book("a.xlsx", buffer.getvalue())


def read(book: Book) -> tuple[tuple[OpinionFormRow, ...], list[tuple[str, str]]]:
    """The rows that give points, and each fault with its cell."""
    table = opinion_table(book, plan())
    rows = opinion_rows(table, plan(), known(PROJECTS))
    return rows, [(fault.spot.cell, fault.line("a.xlsx")) for fault in table.faults]


def a_row(**changes: object) -> list[object]:
    said: dict[str, object] = {
        "number": 1,
        "city": None,
        "county": None,
        "project": None,
        "code": ONE.code,
        "expert": "示例·专家甲",
        "organisation": "示例大学",
        "on": DAY,
        **{key: float(points) for key, points in sorted_scores().items()},
        "total": None,
        "remark": None,
    }
    return list((said | changes).values())


def sorted_scores() -> dict[str, Decimal]:
    """In the order of the columns."""
    return {item.id: GIVEN.scores[item.id] for item in CRITERIA}


@settings(deadline=None)
@given(FILLED)
def test_what_is_written_is_read_back(given: list[tuple[Dossier, Opinion, str]]) -> None:
    filled = [PrefilledOpinion(project, said, remark=remark) for project, said, remark in given]
    rows, faults = read(
        written([*filled, PrefilledOpinion(ONE, expert="示例·乙"), PrefilledOpinion(TWO)])
    )
    assert faults == []
    assert [(row.project, row.opinion, row.remark) for row in rows] == given


def test_the_form_is_recognised() -> None:
    assert recognise(written([PrefilledOpinion(ONE)]), plan()) is Form.OPINIONS
    assert recognise(typed(a_row()), plan()) is Form.OPINIONS


@pytest.mark.parametrize(
    "changes",
    [
        {"expert": " 示例·专 家甲"},
        {"on": "2023年3月10日"},
        {"need": "20分", "site": " 16.0 "},
        {"total": 80},
        {"total": "80.0分"},
        {"city": "太原", "county": "小店区", "project": ONE.name},
        {"code": None, "county": "小店区", "project": ONE.name},
    ],
)
def test_what_experts_type(changes: dict[str, object]) -> None:
    (row,), faults = read(typed(a_row(**changes)))
    assert (faults, row.project, row.opinion) == ([], ONE, GIVEN)


def test_doubles_are_read_as_they_show() -> None:
    (row,), _ = read(typed(a_row(need=0.1 + 0.2)))
    assert row.opinion
    assert row.opinion.scores["need"] == Decimal("0.3")


def test_rows_without_points_are_passed_over() -> None:
    blank = dict.fromkeys([item.id for item in CRITERIA])
    book = typed(a_row(**blank, expert=None), a_row(**blank, remark="示例意见"), a_row())
    rows, faults = read(book)
    assert ([row.row.number for row in rows], faults) == ([5], [])
    assert unscored_remarks(opinion_table(book, plan()), plan()) == (4,)


FAULTS: list[tuple[dict[str, object], str, str]] = [
    ({"site": None}, "J3", "未填写“场地与产权”的评分；请填写0—20之间的分数"),
    ({"need": 25.5}, "I3", "超过满分25；请填写0—25之间的分数"),
    ({"need": 24.55}, "I3", "不是最多一位小数的分数"),
    ({"need": -1}, "I3", "不能为负数"),
    ({"operator": "良"}, "M3", "不是数字"),
    ({"operator": "5%"}, "M3", "不是分数"),
    ({"total": 81}, "N3", "与各项评分之和不符，应为80"),
    ({"expert": None}, "F3", "未填写专家姓名"),
    ({"organisation": None}, "G3", "未填写工作单位"),
    ({"on": None}, "H3", "未填写评审日期"),
    ({"code": "XF2023-1"}, "E3", "没有编码为“XF2023-1”的项目"),
    ({"city": "大同市"}, "B3", "与编码不符"),
]


@pytest.mark.parametrize(("changes", "cell", "says"), FAULTS)
def test_a_fault_is_told_at_its_cell(changes: dict[str, object], cell: str, says: str) -> None:
    _, faults = read(typed(a_row(**changes)))
    assert [at for at, _ in faults] == [cell]
    assert says in faults[0][1]


def test_one_expert_scores_a_project_once() -> None:
    _, faults = read(typed(a_row(), a_row(code=TWO.code), a_row(expert="示例·专家 甲")))
    assert [at for at, _ in faults] == ["F5"]
    assert "与第3行是同一专家对同一项目的评分" in faults[0][1]


def test_a_missing_criterion_is_named() -> None:
    with pytest.raises(RefusedError, match=r"缺少“运营能力\(满分15\)”列"):
        read(typed(heads=[head for head in HEADS if "运营" not in head]))


def test_what_was_given_is_locked_and_the_rest_is_open() -> None:
    (page,) = opinion_pages(plan(), "山西省", [PrefilledOpinion(ONE, GIVEN), PrefilledOpinion(TWO)])
    assert (page.protected, page.fixed) == (True, 1)
    assert {column.key for column in page.columns if column.locked} == {
        *("number", "city", "county", "project", "code", "total")
    }
    assert page.rows[0][-2] == Decimal("80.0")
    assert name(str(page.rows[1][4])) == TWO.code
    assert replace(page, rows=()).columns[8].heading == "选址与需求\n（满分25）"
