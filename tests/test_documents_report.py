"""月报: what is written is read back, and what people type is understood or named by cell."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from common.errors import RefusedError
from documents.forms.recognise import recognise
from documents.forms.report import (
    FURTHER_SHEET,
    ReportForm,
    ReportHead,
    ReportLine,
    find_report,
    further_columns,
    read_head,
    read_report,
    report_columns,
    report_pages,
)
from documents.reading.cells import text
from documents.reading.grid import Book, read_book
from documents.reading.placed import known
from documents.writing.layout import to_bytes
from policy.fields import REPORT_SHEET
from policy.schema import Plan
from policy.vocabulary import Form
from states.dossier import Dossier
from tests.support.builders import a_dossier, plan
from tests.test_documents_summary import wide

ONE = a_dossier()
TWO = a_dossier(code="XF2023-140121-01", county="清徐县", name="示例镇示例村养老幸福工程")
PROJECTS = (ONE, TWO)
KEYS = [
    column.key
    for column in (*report_columns(plan()), *further_columns(plan())[4:])
    if column.key not in ("number", "county", "project", "code")
]
HEADS = (
    *("序号", "县（市、区）", "项目名称", "编码", "阶段", "开工日期", "形象进度（%）"),
    *("完成投资（万元）", "省补到位（万元）", "市县配套到位（万元）", "运营机构", "是否达序时"),
    *("未达序时原因及存在问题", "下步措施", "责任人", "电话"),
)
WORDS = st.none() | st.text("示例甲乙a1=+@，、（）", min_size=1, max_size=12)
SUMS = st.decimals(0, Decimal("9999999999.99"), places=2)
DAYS = st.none() | st.dates(date(2023, 1, 16), date(2030, 12, 31))
VALUES = st.fixed_dictionaries(
    {
        **dict.fromkeys(KEYS, DAYS),
        "stage": st.sampled_from([stage.label for stage in plan().stages]),
        "percent": st.none() | st.integers(0, 100),
        "invested": st.none() | SUMS,
        "province_received": SUMS,
        "local_received": SUMS,
        "on_schedule": st.none() | st.booleans(),
        **dict.fromkeys(("operator", "problem", "next_step", "responsible_phone"), WORDS),
        "responsible_person": WORDS,
    }
)
FULL: dict[str, Any] = {
    **dict.fromkeys(KEYS),
    "stage": "建设",
    "work_started": date(2023, 5, 10),
    "percent": 35,
    "invested": Decimal("1205000.00"),
    "province_received": Decimal("850500.00"),
    "local_received": Decimal("0.00"),
    "operator": "示例养老服务有限公司",
    "on_schedule": False,
    "problem": "示例原因",
    "next_step": "示例措施",
    "responsible_person": "张某",
    "responsible_phone": "03510000000",
    "operator_confirmed": date(2023, 4, 25),
}
ODD = {
    **FULL,
    "percent": 1,
    "invested": Decimal("1205000.37"),
    "on_schedule": None,
    "problem": "=示例",
    "opened": date(2023, 11, 2),
}
"""Values that programs like to take for others."""
FILLED = [1, "小店区", ONE.name, ONE.code, "建设", date(2023, 5, 10), 35, 120.5, 85.05, 0]
FILLED += ["示例养老服务有限公司", "否", "示例原因", "示例措施", "张某", "03510000000"]


def line(project: Dossier, values: dict[str, Any] = FULL) -> ReportLine:
    return ReportLine(project.county, project.name, project.code, values)


def written(*lines: ReportLine, month: str = "2023-06") -> bytes:
    return to_bytes(report_pages(plan(), "太原市", month, lines, spare=0))


def book(content: bytes, name: str = "a.xlsx") -> Book:
    return read_book(name, content)


def read(content: bytes) -> ReportForm:
    return read_report(find_report(book(content), plan()), plan(), known(PROJECTS), "2023-06")


def head_of(made: Book, rules: Plan, *asked: str, **more: Any) -> ReportHead:
    return read_head(find_report(made, rules), rules, *asked, **more)


def said(report: ReportForm) -> dict[str, dict[str, Any]]:
    return {row.project.code: dict(row.said) for row in report.rows}


def typed(
    *rows: Sequence[object], head: Sequence[str] = HEADS, title: str = "太原市2023年6月"
) -> bytes:
    """A workbook typed from scratch."""
    made = Workbook()
    sheet = made.worksheets[0]
    for values in ([title], [], ["填报单位：太原市民政局", "填报人：", "示例·王某"], head, *rows):
        sheet.append(list(values))
    content = BytesIO()
    made.save(content)
    return content.getvalue()


def typed_row(**changes: object) -> list[object]:
    """A row of `typed` that says all of `FULL`, with changes by heading."""
    return [
        changes.get(head.partition("（")[0], value)
        for head, value in zip(HEADS, FILLED, strict=True)
    ]


def edited(content: bytes, edit: Callable[[Workbook], object]) -> bytes:
    made = load_workbook(BytesIO(content))
    edit(made)
    saved = BytesIO()
    made.save(saved)
    return saved.getvalue()


def places(report: ReportForm) -> list[tuple[str, str]]:
    return [(fault.spot.sheet, fault.spot.cell) for fault in report.faults]


@given(st.tuples(VALUES, VALUES))
def test_what_is_written_is_read_back(values: tuple[dict[str, Any], dict[str, Any]]) -> None:
    report = read(written(line(ONE, values[0]), line(TWO, values[1])))
    assert report.faults == []
    for project, wrote in zip(PROJECTS, values, strict=True):
        kept = {k: text(v) if isinstance(v, str) else v for k, v in wrote.items()}
        assert said(report)[project.code] == kept
    assert report.listed == {ONE.code, TWO.code}
    assert all(row.sound for row in report.rows)


def test_an_export_is_recognised_with_its_city_and_month() -> None:
    made = book(written(line(ONE), month="2023-11"))
    assert recognise(made, plan()) is Form.REPORT
    head = head_of(made, plan())
    assert (head.city.name, head.month, head.filler) == ("太原市", "2023-11", "")
    assert [sheet.title for sheet in made.sheets] == [REPORT_SHEET, FURTHER_SHEET]
    assert written(line(ONE)) == written(line(ONE))


def test_the_columns_are_those_of_the_form_and_what_is_kept_elsewhere_is_locked() -> None:
    sheets = load_workbook(BytesIO(written(line(ONE)))).worksheets
    heads = ["".join(str(cell.value).split()) for cell in sheets[0][3]]
    assert heads == list(HEADS)
    assert sheets[0]["A1"].value == "太原市2023年6月城镇社区幸福养老提速工程建设情况月报表"
    assert str(sheets[0]["A2"].value).startswith("填报单位：太原市民政局　填报人：")
    locked = {
        head for head, cell in zip(heads, sheets[0][4], strict=True) if cell.protection.locked
    }
    assert locked == {
        *("序号", "县（市、区）", "项目名称", "编码", "阶段"),
        *("省补到位（万元）", "市县配套到位（万元）"),
    }
    assert sheets[0].protection.sheet
    assert not sheets[0]["A2"].protection.locked  # 填报人 is to be filled in
    assert [cell.protection.locked for cell in sheets[1][4]] == [True] * 4 + [False] * 5


def test_a_report_typed_from_scratch_is_understood() -> None:
    content = typed(typed_row())
    assert recognise(book(content), plan()) is Form.REPORT
    head = head_of(book(content), plan())
    assert (head.city.name, head.month, head.filler) == ("太原市", "2023-06", "示例·王某")
    wanted = {key: value for key, value in FULL.items() if key in said(read(content))[ONE.code]}
    assert said(read(content)) == {ONE.code: wanted}
    assert "opened" not in wanted


@pytest.mark.parametrize(
    ("changes", "key", "wanted"),
    [
        ({"形象进度": wide("35") + "%"}, "percent", 35),
        ({"形象进度": 0.35}, "percent", 35),
        ({"形象进度": "1%"}, "percent", 1),
        ({"完成投资": "1205000元"}, "invested", Decimal(1205000)),
        ({"完成投资": "1,205.5"}, "invested", Decimal(12055000)),
        ({"开工日期": "2023年5月10日"}, "work_started", date(2023, 5, 10)),
        (
            {"开工日期": datetime(2023, 5, 10, 8, tzinfo=UTC).replace(tzinfo=None)},
            "work_started",
            date(2023, 5, 10),
        ),
        ({"开工日期": 45056}, "work_started", date(2023, 5, 10)),
        ({"是否达序时": "√"}, "on_schedule", True),
        ({"是否达序时": "☐"}, "on_schedule", False),
        ({"是否达序时": None}, "on_schedule", None),
        ({"电话": 13800000000}, "responsible_phone", "13800000000"),
        ({"责任人": "张 某"}, "responsible_person", "张某"),
        ({"编码": "xf2023-140105-01"}, "percent", 35),
        ({"编码": None}, "percent", 35),
        ({"县": "太原市小店区"}, "percent", 35),
    ],
)
def test_what_people_type_is_understood(
    changes: dict[str, object], key: str, wanted: object
) -> None:
    report = read(typed(typed_row(**changes)))
    assert report.faults == []
    assert said(report)[ONE.code][key] == wanted


def test_moved_columns_blank_rows_and_remarks_are_forgiven() -> None:
    order = [15, 3, 11, 6, 7, 5, 10, 13, 12, 14, 1, 2]
    rows = [[filled[n] for n in order] for filled in (typed_row(), [None] * 16)]
    content = typed(*rows, ["备注：以上情况属实"], head=[HEADS[n] for n in order])
    report = read(content)
    assert (report.faults, len(report.rows)) == ([], 1)
    assert set(said(report)[ONE.code]) == set(FULL) - {
        *("stage", "province_received", "local_received", "rectified", "opened"),
        *("operator_confirmed", "construction_finished", "completion_accepted"),
    }


def test_money_under_a_heading_in_yuan_is_in_yuan() -> None:
    head = [words.replace("完成投资（万元）", "累计完成投资（元）") for words in HEADS]
    report = read(typed(typed_row(完成投资=1205000), head=head))
    assert said(report)[ONE.code]["invested"] == Decimal(1205000)


@pytest.mark.parametrize(
    ("unit", "wanted"), [("元", 1205000), ("万元", 12050000000), ("㎡", 12050000000)]
)
def test_money_under_a_bare_heading_is_in_the_unit_of_the_line_above(
    unit: str, wanted: int
) -> None:
    head = [words.replace("完成投资（万元）", "完成投资") for words in HEADS]
    content = typed(typed_row(完成投资=1205000), head=head, title=f"太原市2023年6月　单位：{unit}")
    assert said(read(content))[ONE.code]["invested"] == Decimal(wanted)


@pytest.mark.parametrize(
    ("cell", "value", "says"),
    [
        ("D5", "XF2023-140105-99", "没有编码为"),
        ("B5", "清徐县", "与编码不符"),
        ("C5", "另一社区养老幸福工程", "与编码不符"),
        ("F5", "5月底", "不是日期"),
        ("F5", "2023-02-30", "没有这一天"),
        ("G5", 101, "0至100的整数"),
        ("G5", 1, "1%还是100%"),
        ("G5", "过半", "不是数字"),
        ("G5", -1, "不能为负数"),
        ("H5", "120美元", "不是万元"),
        ("L5", "基本", "请填写“是”或“否”"),
        ("N5", "#REF!", "公式出错"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(cell: str, value: object, says: str) -> None:
    def spoil(made: Workbook) -> None:
        made.worksheets[0][cell] = value  # type: ignore[assignment]  # any value

    report = read(edited(typed(typed_row()), spoil))
    assert places(report) == [("Sheet", cell)]
    assert says in report.faults[0].reason
    assert not any(row.sound for row in report.rows)


def test_a_day_of_the_second_sheet_that_cannot_be_read_is_named() -> None:
    def spoil(made: Workbook) -> None:
        made[FURTHER_SHEET]["F5"] = "年底"

    report = read(edited(written(line(ONE), line(TWO)), spoil))
    assert places(report) == [(FURTHER_SHEET, "F5")]
    assert [row.sound for row in report.rows] == [True, False]


def test_a_project_that_comes_twice_is_named() -> None:
    report = read(typed(typed_row(), typed_row(编码=None)))
    assert places(report) == [("Sheet", "D6")]
    assert "第5行" in report.faults[0].reason


def test_the_second_sheet_may_be_missing_or_name_fewer() -> None:
    def shorten(made: Workbook) -> None:
        made[FURTHER_SHEET].delete_rows(4)

    report = read(edited(written(line(ONE), line(TWO)), shorten))
    assert report.faults == []
    assert report.listed == {ONE.code, TWO.code}
    assert "opened" not in said(report)[ONE.code]
    assert "opened" in said(report)[TWO.code]


def test_the_second_sheet_alone_reports_nothing() -> None:
    content = edited(written(line(ONE)), lambda made: made.remove(made[REPORT_SHEET]))
    with pytest.raises(RefusedError, match="没有找到月报"):
        read(content)


def test_a_missing_column_and_an_empty_form_are_refused() -> None:
    with pytest.raises(RefusedError, match="缺少“形象进度\\(%\\)”列"):
        read(typed(typed_row(), head=[words.replace("形象进度", "进展") for words in HEADS]))
    with pytest.raises(RefusedError, match="没有任何项目"):
        read(typed([1], [2]))


@pytest.mark.parametrize(
    ("title", "name", "month"),
    [
        ("太原市2023年6月建设情况月报表", "a.xlsx", "2023-06"),
        ("太原市２０２３年 6 月份月报", "2023-07.xlsx", "2023-06"),
        ("太原市6月月报", "a.xlsx", "2023-06"),
        ("太原市月报", "太原市2023年10月.xlsx", "2023-10"),
        ("太原市月报", "太原市 2023-10 月报.xlsx", "2023-10"),
        ("太原市月报", "太原市202310.xlsx", "2023-10"),
        ("太原市月报（截至2023年6月25日）", "太原市11月.xlsx", "2023-11"),
        ("太原市2023年5月至6月", "太原市2023-06.xlsx", "2023-06"),
    ],
)
def test_the_month_is_in_the_title_or_the_file_name(title: str, name: str, month: str) -> None:
    assert head_of(book(typed(typed_row(), title=title), name), plan()).month == month


def test_a_month_that_is_not_certain_is_refused() -> None:
    for title, name in (
        ("太原市月报", "a.xlsx"),
        ("太原市5月、6月", "a.xlsx"),
        ("太原市", "8.xlsx"),
    ):
        with pytest.raises(RefusedError, match="无法判断是哪个月"):
            head_of(book(typed(typed_row(), title=title), name), plan())
    with pytest.raises(RefusedError, match="月份“6月”有误"):
        head_of(book(typed(typed_row())), plan(), month="6月")
    untitled = book(typed(typed_row(), title="太原市月报"))
    assert head_of(untitled, plan(), month="2023-07").month == "2023-07"


@pytest.mark.parametrize(
    ("title", "name", "says"),
    [
        (
            "太原市2023年6月月报",
            "a.xlsx",
            "表内写的是2023年6月，本表标识为2023年5月；请用",
        ),
        ("太原市6月月报", "a.xlsx", "表内写的是2023年6月"),
        ("太原市2022年5月月报", "a.xlsx", "表内写的是2022年5月"),
        ("太原市2023年5月月报", "太原市2023-06.xlsx", "文件名写的是2023年6月，本表标识为2023年5月"),
        ("太原市月报", "太原市6月.xlsx", "文件名写的是2023年6月"),
    ],
)
def test_a_signed_report_that_names_another_month_is_refused(
    title: str, name: str, says: str
) -> None:
    made = book(typed(typed_row(), title=title), name)
    with pytest.raises(RefusedError, match=says):
        head_of(made, plan(), month="2023-05", signed=True)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("太原市2024年1月月报", "2024-01.xlsx"),
        ("太原市1月月报", "太原市1月.xlsx"),  # of the year that it is signed for
        ("太原市2023年12月至1月", "太原市12月、1月.xlsx"),
        ("太原市月报", "太原市 2024-02-05.xlsx"),  # the day on which it was saved
    ],
)
def test_a_signed_report_may_name_its_month_in_any_way(title: str, name: str) -> None:
    made = book(typed(typed_row(), title=title), name)
    assert head_of(made, plan(), month="2024-01", signed=True).month == "2024-01"


def test_the_title_must_agree_with_the_month_that_is_asked_for_and_the_name_need_not() -> None:
    made = book(typed(typed_row()), "2023-07.xlsx")
    with pytest.raises(RefusedError, match="表内写的是2023年6月，报送的是2023年7月的月报"):
        head_of(made, plan(), month="2023-07")
    assert head_of(made, plan(), month="2023-06").month == "2023-06"


@pytest.mark.parametrize("cell", ["A1", "A2"])
@pytest.mark.parametrize("sheet", [REPORT_SHEET, FURTHER_SHEET])
def test_a_sheet_of_another_city_is_refused(sheet: str, cell: str) -> None:
    def relabel(made: Workbook) -> None:
        made[sheet]["A1"], made[sheet]["A2"] = "2023年6月", ""
        made[sheet][cell] = "大同市民政局2023年6月"

    made = book(edited(written(line(ONE)), relabel))
    with pytest.raises(RefusedError, match="表中写明的是大同市，不能作为太原市的表报送"):
        head_of(made, plan(), "太原市")


def test_a_second_sheet_of_another_month_is_refused() -> None:
    def relabel(made: Workbook) -> None:
        made[FURTHER_SHEET]["A1"] = "太原市2023年5月"

    with pytest.raises(RefusedError, match=f"「{FURTHER_SHEET}」：表内写的是2023年5月"):
        head_of(book(edited(written(line(ONE)), relabel)), plan())


@pytest.mark.parametrize(
    "words",
    [
        "填报人：示例·王某",
        "填报人:示例·王某　联系电话：000",
        "审核人：赵某　填报人： 示例·王 某__　填报日期：6月",
    ],
)
def test_who_filled_it_in_is_found_in_any_line(words: str) -> None:
    content = edited(
        written(line(ONE)),
        lambda made: made.worksheets[0].__setitem__("A2", f"太原市民政局 {words}"),
    )
    assert head_of(book(content), plan()).filler == "示例·王某"
