"""What a receipt says: that a report is in and in time, or each thing to mend, in cells' units."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text

from common.words import SHANGHAI
from documents.forms.application_fields import question
from documents.reading import cells
from documents.reading.faults import CellFault, Spot, WorkbookError
from operations.cases.desk import Desk
from operations.workbooks.incoming import WorkbookChanges
from operations.workbooks.intake import ImportResult
from operations.workbooks.receipts import (
    FORMERLY,
    MARKED,
    accepted,
    punctuality,
    refused,
)
from policy.vocabulary import Form
from tests.support.builders import plan

AT = datetime(2023, 6, 1, 10, 5, tzinfo=SHANGHAI)
JUNE = AT.date()
REPORT = ImportResult(
    "5月月报.xlsx", Form.REPORT, "月报", True, WorkbookChanges("忻州市", "2023-05", 9)
)


def test_a_report_that_is_in_says_so_and_no_more_is_wanted() -> None:
    said = accepted("5月月报.xlsx", REPORT, JUNE, AT, "应报送时间为5月25日，本次逾期7天。")
    assert said.splitlines() == [
        "贵局报送的2023年5月份月报（“5月月报.xlsx”）已于6月1日10时05分收到并登记，共9个项目。"
        "应报送时间为5月25日，本次逾期7天。",
        "不需再报。",
    ]


def test_what_is_to_be_looked_at_is_listed_and_the_rest_is_well() -> None:
    spot = Spot("月报", "K5", heading="下步措施")
    taken = replace(REPORT.taken, warnings=[CellFault(spot, "下步措施未填；请于6月份月报中补充")])
    lines = accepted("a.xlsx", replace(REPORT, taken=taken), JUNE, AT).splitlines()
    assert lines[1:] == [
        "（1）请核对：“下步措施”（K5）：下步措施未填；请于6月份月报中补充。",
        "无其他问题，不需再报。",
    ]


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ((9, 0, 0), "共9个项目。"),
        ((0, 2, 7), "共9个项目，其中有变化的2个项目。"),
        ((0, 0, 9), "共9个项目，内容与已登记的一致。"),
    ],
)
def test_rows_are_counted_as_projects_and_never_called_new(
    counts: tuple[int, int, int], says: str
) -> None:
    added, changed, unchanged = counts
    taken = WorkbookChanges("忻州市", "2023-05", added, changed, unchanged)
    told = accepted("a.xlsx", replace(REPORT, taken=taken), JUNE, AT).splitlines()[0]
    assert told.endswith(f"收到并登记，{says}")
    assert "新增" not in told


def test_the_same_fault_of_several_cells_is_one(desk: Desk) -> None:
    wrong = "不是数字；请填写0至100的整数，如 35"
    faults = [
        CellFault(Spot("月报", f"G{row}", "约一半", "形象进度"), wrong) for row in range(4, 8)
    ]
    lacking = CellFault(
        Spot("月报", "D3", "编码", "编码"), "缺少1个项目：静乐县某项目", lacking=True
    )
    error = WorkbookError("a.xlsx", [*faults, lacking])
    lines = refused("a.xlsx", Form.REPORT.label, error, JUNE, AT, marked=True).splitlines()
    assert lines == [
        "贵局6月1日10时05分报送的月报（“a.xlsx”）有5处需要修改，本次未登记，现退回：",
        "（1）“形象进度”（G4、G5、G6、G7，共4处）：原值“约一半”，不是数字；"
        "请填写0至100的整数，如 35。",
        "（2）“编码”（D3）：缺少1个项目：静乐县某项目。",
        f"{MARKED}请修改后重新报送，重新报送之日为报送日期。",
    ]
    assert FORMERLY not in lines[-1]


@pytest.mark.parametrize(
    ("read", "value", "mend"),
    [
        (cells.percent, "约一半", "请填写0至100的整数，如 35"),
        (cells.integer, "十几张", "请填写整数，如 12"),
        (cells.points, "良好", "请填写分数，最多一位小数，如 18.5"),
        (cells.square_metres, "八百多", "请填写数字，如 850.50"),
    ],
)
def test_an_example_is_one_that_the_cell_takes(read: object, value: str, mend: str) -> None:
    """The one of 850.50 for a percentage would be refused in turn."""
    with pytest.raises(cells.CellError, match=mend):
        read(value)  # type: ignore[operator]
    example = mend.split()[-1]
    assert read(example) is not None  # type: ignore[operator]


def test_a_figure_is_asked_about_in_the_unit_of_its_column() -> None:
    said = question("investment", Decimal("18165000000"), plan())
    assert said is not None
    assert said.startswith("1816500万元超出合理范围（10—5000万元）；是否应为181.65万元")
    assert said.endswith("确属实的，请附书面说明，由省民政厅核实后登记")
    rent = question("annual_rent", Decimal(6_000_000), plan())
    assert rent is not None
    assert rent.startswith("6000000元超出")


@pytest.mark.parametrize(
    ("first", "today", "says"),
    [
        ("2023-06-01", JUNE, "应报送时间为5月25日，本次逾期7天。"),
        ("2023-05-24", date(2023, 5, 24), "应报送时间为5月25日，本次按时报送。"),
        ("2023-05-25", date(2023, 5, 25), "应报送时间为5月25日，本次按时报送。"),
        ("2023-05-24", JUNE, "该月月报已于5月24日首次报送，本次为更新。"),
        (None, JUNE, ""),
    ],
)
def test_the_sender_is_told_whether_it_came_in_time(
    desk: Desk, first: str | None, today: date, says: str
) -> None:
    with desk.engine.begin() as connection:
        change = (
            "UPDATE deadline SET fulfilled_on = :day, standing = 'met', next_look_on = NULL"
            " WHERE rule = 'D10-05' AND :day IS NOT NULL"
        )
        connection.execute(text(change), {"day": first})
    with desk.reading() as session:
        assert punctuality(session, desk, REPORT, today) == says
        other = replace(REPORT, form=Form.LEDGER)
        assert punctuality(session, desk, other, today) == ""


def test_no_more_than_twenty_faults_are_listed() -> None:
    faults = [CellFault(Spot("月报", f"G{row}", row), f"第{row}行有误") for row in range(22)]
    lines = refused("a.xlsx", "", WorkbookError("a.xlsx", faults), JUNE, AT, marked=False)
    shown = lines.splitlines()
    assert shown[0] == "贵局6月1日10时05分报送的“a.xlsx”有22处需要修改，本次未登记，现退回："
    assert shown[20].startswith("（20）")
    assert shown[21:] == ["其余2处从略。", "请修改后重新报送，重新报送之日为报送日期。"]
