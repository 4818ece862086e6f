"""The task list that goes with a reminder."""

from dataclasses import replace
from datetime import date
from io import BytesIO

from openpyxl import load_workbook

from documents.lists.overviews import TaskRow, task_list
from policy.levels import CUSTOMARY

ROW = TaskRow(
    kind="催办",
    place="太原市晋源区",
    subject="示例一街道示例甲社区养老幸福工程",
    title="全部开工建设",
    clause="六(二)",
    due=date(2023, 5, 31),
    remind_by=date(2023, 5, 31),
    overdue_after=date(2023, 5, 31),
    state="逾期1天",
    to_do="请签订施工合同、组织进场并办理开工",
    missing="",
)


def test_layout_and_content() -> None:
    rows = [ROW, replace(ROW, missing="尚未研究确定")]
    sheet = load_workbook(BytesIO(task_list(CUSTOMARY, "太原市民政局任务清单", rows))).worksheets[0]
    assert sheet["A1"].value == "太原市民政局任务清单"
    assert [cell.value for cell in sheet[2]] == [
        *("类别", "市县", "项目或事项", "环节", "依据"),
        *("时限", "提前办结日", "逾期认定日", "状态", "请办理", "现状"),
    ]
    assert sheet["F3"].is_date
    assert sheet["K4"].value == "尚未研究确定"
    assert sheet.auto_filter.ref == "A2:K4"
    assert sheet.freeze_panes == "A3"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.page_setup.paperSize == 9


def test_equal_rows_give_equal_bytes() -> None:
    assert task_list(CUSTOMARY, "清单", [ROW]) == task_list(CUSTOMARY, "清单", [ROW])
    assert task_list(CUSTOMARY, "清单", [ROW]) != task_list(CUSTOMARY, "清单", [ROW, ROW])


def test_text_is_never_a_formula() -> None:
    for start in "=+-@":
        text = f"{start}HYPERLINK(1)"
        content = task_list(CUSTOMARY, text, [replace(ROW, subject=text)])
        cell = load_workbook(BytesIO(content)).worksheets[0]["C3"]
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)


def test_no_rows_is_a_list_with_a_header() -> None:
    sheet = load_workbook(BytesIO(task_list(CUSTOMARY, "清单", []))).worksheets[0]
    assert sheet.max_row == 2
