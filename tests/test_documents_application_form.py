"""附件2: what is written is read back, however it is filled in; faults are told at their cells."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from common.errors import RefusedError
from documents.forms.application_form import (
    BUILDING_KINDS,
    OPINIONS,
    ApplicationForm,
    application_sheet,
    name_reader,
    read_application,
    read_building_kind,
)
from documents.forms.marks import opinion_date
from documents.forms.recognise import recognise
from documents.reading.cells import CellError
from documents.reading.grid import Book, read_book
from documents.writing.layout import to_bytes
from policy.vocabulary import Form
from states.dossier import Profile, profile_of, stated
from tests.support.builders import a_profile, plan

TOLD = ("area", "investment", "address", "operator", "operator_manager", "operator_phone")
FIELDS = (*TOLD, "building_kind", *OPINIONS)
"""What 附件2 tells of a project beside its name."""
NAME = "示例社区养老服务工程"
TYPED: tuple[tuple[object, ...], ...] = (
    ("2023年全省城镇社区幸福养老提速工程项目申报表",),
    ("", "项目名称", "", NAME),
    ("", "项目地址", "", "太原市小店区示例街道示例路1号"),
    ("", "建筑面积（㎡）", "８５０平方米", "投资总额（万元）", "120.5万元"),
    ("", "配建性质", "□新建", "☑改建", "□其他"),
    ("", "运行主体", "主体名称", "示例养老服务中心"),
    ("", "", "负责人姓名", "赵  某"),
    ("", "", "联系电话", 3510000001),
    ("", "县民政局意见", "", "县财政局意见"),
    ("", "同意申报。\n（签字并盖章）\n2023 年 2 月 1 日", "", "同意（签字并盖章）2023.2.2"),
    ("", "市民政局意见", "", "市财政局意见"),
    ("", "（签字并盖章）\n年　月　日", "", datetime(2023, 2, 6)),  # noqa: DTZ001  # a date cell
    ("", "填表说明：本表一式四份，2023年1月16日起使用"),
)


def written(profile: Profile) -> Book:
    return read_book("表.xlsx", to_bytes([application_sheet(plan(), stated(profile))]))


def typed(rows: Sequence[Sequence[object]], *merged: str) -> Book:
    """A workbook that somebody made by hand."""
    workbook = Workbook()
    sheet = workbook.worksheets[0]
    for number, row in enumerate(rows, 1):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column).value = value or None  # type: ignore[assignment]  # any value
    for area in merged:
        sheet.merge_cells(area)
    buffer = BytesIO()
    workbook.save(buffer)
    return read_book("表.xlsx", buffer.getvalue())


def with_cells(**cells: object) -> Book:
    """A form filled in by the computer, some of its cells changed by hand."""
    workbook = load_workbook(BytesIO(written(a_profile()).content))
    for cell, value in cells.items():
        workbook.worksheets[0][cell] = value  # type: ignore[assignment]  # any value
    buffer = BytesIO()
    workbook.save(buffer)
    return read_book("表.xlsx", buffer.getvalue())


def read(book: Book) -> ApplicationForm:
    return read_application(book, plan())


def faults(book: Book) -> Mapping[str, str]:
    """By cell, what is wrong."""
    return {fault.spot.cell: fault.reason for fault in read(book).form.faults}


def told(profile: Profile) -> Mapping[str, Any]:
    return {key: value for key, value in stated(profile).items() if key in FIELDS}


DAYS = st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31))
WORDS = st.none() | st.text("示例中心路号（）甲乙1", min_size=1, max_size=12)
PROFILES = st.builds(
    lambda **said: profile_of(said),
    street=st.just("示例街道"),
    community=st.just("示例社区"),
    area=st.none() | st.decimals(300, 5000, places=2),
    investment=st.none() | st.decimals(200_000, 9_000_000, places=2),
    building_kind=st.none() | st.sampled_from(BUILDING_KINDS),
    **dict.fromkeys(("address", "operator", "operator_manager", "operator_phone"), WORDS),
    **dict.fromkeys(OPINIONS, DAYS),
)


@given(PROFILES)
@settings(deadline=None)
def test_what_is_written_is_read_back(profile: Profile) -> None:
    back = read(written(profile))
    assert back.form.faults == []
    assert back.name == "示例社区"
    assert back.stated == told(profile)


def test_it_is_laid_out_as_the_notice_prints_it() -> None:
    sheet = load_workbook(BytesIO(written(a_profile()).content)).worksheets[0]
    assert sheet.page_setup.orientation == "portrait"
    assert sheet["A2"].value == "2023年全省城镇社区幸福养老提速工程\n项目申报表"
    assert sheet["C3"].value == NAME
    labels = ("基本\n情况", "配建性质", "审核\n意见", "县民政局意见", "市财政局意见")
    shown = {cell.value for row in sheet.iter_rows() for cell in row}
    assert set(labels) <= shown
    assert [sheet[cell].value for cell in ("C6", "D6", "E6")][1] == "☑改建"
    assert str(sheet["B11"].value).split() == ["（签字并盖章）", "2023年1月31日"]


def test_an_empty_form_says_nothing() -> None:
    back = read(read_book("表.xlsx", to_bytes([application_sheet(plan(), {})])))
    assert (back.name, back.stated, back.form.faults) == (None, {}, [])


def test_a_purchase_is_ticked_as_other() -> None:
    book = written(a_profile(building_kind="购置"))
    assert load_workbook(BytesIO(book.content)).worksheets[0]["E6"].value == "☑其他：购置"
    assert read(book).stated["building_kind"] == "购置"


def test_a_form_typed_from_scratch_is_read() -> None:
    book = typed(TYPED)
    assert recognise(book, plan()) is Form.APPLICATION
    back = read(book)
    assert back.form.faults == []
    assert back.name == "示例社区"
    assert back.stated == {
        "address": "太原市小店区示例街道示例路1号",
        "area": Decimal("850.00"),
        "investment": Decimal("1205000.00"),
        "building_kind": "改建",
        "operator": "示例养老服务中心",
        "operator_manager": "赵 某",
        "operator_phone": "3510000001",
        "county_civil_on": date(2023, 2, 1),
        "county_finance_on": date(2023, 2, 2),
        "city_finance_on": date(2023, 2, 6),
    }


def test_labels_may_stand_elsewhere_and_with_their_values() -> None:
    rows = (
        ("市民政局意见：同意。2023年2月6日", "市财政局意见", "2023-02-07"),
        ("小店区民政局意见\n同意\n（签字并盖章）\n2023年2月1日", "小店区财政局意见", "", 20230202),
        (),
        ("联系电话：0351-0000001", "负责人姓名：赵某", "主体名称：示例中心"),
        ("投资总额（单位：元）", 1205000, "建筑面积：850.5㎡"),
        ("建设性质", "改建", "", "项目地址：示例路1号"),
        ("项目名称：示例社区养老幸福工程",),
    )
    back = read(typed(rows))
    assert back.form.faults == []
    assert back.name == "示例社区"
    assert back.stated == {
        "address": "示例路1号",
        "area": Decimal("850.50"),
        "investment": Decimal("1205000.00"),
        "building_kind": "改建",
        "operator": "示例中心",
        "operator_manager": "赵某",
        "operator_phone": "0351-0000001",
        "county_civil_on": date(2023, 2, 1),
        "county_finance_on": date(2023, 2, 2),
        "city_civil_on": date(2023, 2, 6),
        "city_finance_on": date(2023, 2, 7),
    }


def test_merged_labels_do_no_harm() -> None:
    back = read(typed(TYPED, "B2:C2", "B3:C3", "B6:B8", "B9:C9", "B10:C10", "D3:F3"))
    assert (back.form.faults, back.name) == ([], "示例社区")
    assert back.stated == read(typed(TYPED)).stated


def test_a_label_merged_downwards_stands_once() -> None:
    rows = [*TYPED[:8], ("", "县民政局意见", "同意。2023年2月1日", "县财政局意见", "2023-02-02")]
    rows += [("", "", "（签字并盖章）"), ("", "市民政局意见", "", "市财政局意见")]
    back = read(typed(rows, "B9:B10"))
    assert back.stated["county_civil_on"] == date(2023, 2, 1)
    assert back.spots["county_civil_on"].cell == "C9"


def test_a_county_level_city_has_a_county_s_opinion() -> None:
    rows = [*TYPED[:8], ("", "古交市民政局意见", "2023-02-01", "古交市财政局意见", "2023-02-02")]
    rows += [("", "太原市民政局意见", "2023-02-03", "太原市财政局意见", "2023-02-06")]
    back = read(typed(rows)).stated
    assert (back["county_civil_on"], back["city_civil_on"]) == (date(2023, 2, 1), date(2023, 2, 3))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["☐新建", "☑改建", "☐其他：____"], "改建"),
        (["□新建 ☒改建 □其他"], "改建"),
        (["■新建", "□改建"], "新建"),
        (["(√)新建", "( )改建"], "新建"),
        (["新建（√）改建（ ）其他（ ）"], "新建"),
        (["新建√", "改建", "其他"], "新建"),
        (["新建√改建其他"], "新建"),
        (["新建 改建√ 其他："], "改建"),
        (["新建 √改建 其他"], "改建"),
        (["□ 新 建  ✓ 改 建  □ 其 他：__"], "改建"),
        (["√", "新建", "", "改建", "", "其他"], "新建"),
        (["新建", "", "改建", "√", "其他", ""], "改建"),
        (["改建"], "改建"),
        (["其他：购置"], "购置"),
        (["☐新建", "☐改建", "☑其他：购置"], "购置"),
        (["☐新建", "☐改建", "☑其他：", "购置"], "购置"),
        (["☑其他：购置（政府购入）"], "购置"),
        (["☑其它：扩建"], "其他"),
        (["☐新建", "☐改建", "☐其他：____"], None),
        (["新建", "改建", "其他：____"], None),
        ([], None),
    ],
)
def test_ticks(cells: Sequence[str], kind: str | None) -> None:
    assert read_building_kind(cells) == kind


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        (["☑新建", "☑改建", "☐其他"], "勾选了新建、改建；请只保留一项的勾选"),
        (["新建 √ 改建 其他"], "无法判断勾选的是哪一项"),
        (["扩建"], "配建性质须为新建、改建、其他之一"),
    ],
)
def test_ticks_that_are_none(cells: Sequence[str], says: str) -> None:
    with pytest.raises(CellError, match=says):
        read_building_kind(cells)


@given(st.sampled_from(BUILDING_KINDS[:2]), st.sampled_from("☑☒√✓■"), st.booleans(), st.booleans())
def test_a_tick_is_found_before_and_behind(
    kind: str,
    mark: str,
    before: bool,
    together: bool,
) -> None:
    marks = {word: mark if word == kind else "□" for word in ("新建", "改建", "其他")}
    cells = [f"{m}{word}" if before else f"{word}{m}" for word, m in marks.items()]
    assert read_building_kind([" ".join(cells)] if together else cells) == kind


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("同意申报。(签字并盖章)2023年2月6日", date(2023, 2, 6)),
        ("2023.2.6", date(2023, 2, 6)),
        ("2023/02/06", date(2023, 2, 6)),
        ("20230206", date(2023, 2, 6)),
        ("二〇二三年二月六日", date(2023, 2, 6)),
        ("二○二三年十月三十一日", date(2023, 10, 31)),
        ("同意。2023年2月6日(签字并盖章)", date(2023, 2, 6)),
        ("同意。2023年2月6日(签字并盖章)年月日", date(2023, 2, 6)),
        ("根据2023年1月16日的通知,同意。2023年2月6日", date(2023, 2, 6)),
        ("根据2023年1月16日的通知,同意。(签字并盖章)年月日", None),
        ("无不同意见。(签字并盖章)2023年2月6日", date(2023, 2, 6)),
        ("同意申报2023年工程。(签字并盖章)2023年月日", None),
        ("年月日", None),
        ("", None),
    ],
)
def test_opinion_dates(text: str, day: date | None) -> None:
    assert opinion_date(text, "县民政局意见") == day


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("不同意。(签字并盖章)2023年2月6日", "县民政局意见为“不同意”"),
        ("不予申报", "县民政局意见为“不予申报”"),
        ("(签字并盖章)2023年2月30日", "没有这一天"),
        ("(签字并盖章)2月6日", "日期不完整"),
        ("2023年2月", "日期不完整"),
        ("(签字并盖章)1923年2月6日", "年份1923不合理"),
    ],
)
def test_opinions_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(CellError, match=says):
        opinion_date(text, "县民政局意见")


@pytest.mark.parametrize(
    ("name", "read_as"),
    [
        (NAME, "示例社区"),
        ("示例社区养老幸福工程", "示例社区"),
        ("示例社区幸福养老提速工程项目", "示例社区"),
        ("示例街道 示例社区 养老服务工程", "示例街道示例社区"),
        ("示例村养老服务工程", "示例村"),
        ("示例社区", "示例社区"),
        (None, None),
    ],
)
def test_names(name: str | None, read_as: str | None) -> None:
    assert name_reader(plan())(name) == read_as


def test_faults_stand_at_their_cells() -> None:
    found = faults(
        with_cells(
            C3="示例养老院",
            C5="约八百",
            E5="-5",
            D6="☑改建",
            C6="☑新建",
            B11="不同意\n（签字并盖章）\n2023年1月31日",
            D11="（签字并盖章）\n2023年2月31日",
            D13="（签字并盖章）\n2月6日",
        )
    )
    assert sorted(found) == ["B11", "C3", "C5", "C6", "D11", "D13", "E5"]
    assert "项目名称不合格式" in found["C3"]
    assert "不是数字" in found["C5"]
    assert "负数" in found["E5"]
    assert found["C6"].endswith("请只保留一项的勾选，其余改为“☐”（见C6、D6、E6）")
    assert "不同意" in found["B11"]
    assert "没有这一天" in found["D11"]
    assert "日期不完整" in found["D13"]


def test_an_implausible_figure_is_asked_about() -> None:
    book = with_cells(E5="1500000")
    assert "是否应为" in faults(book)["E5"]
    assert read_application(book, plan(), confirmed=True).form.faults == []


def test_a_fault_names_the_clause() -> None:
    (fault,) = read(with_cells(C5="约八百")).form.faults
    assert "附件2" in fault.says


def test_a_missing_label_is_named() -> None:
    rows = [row for row in TYPED if "联系电话" not in row and "项目地址" not in row]
    with pytest.raises(RefusedError, match="缺少“项目地址”“联系电话”栏"):
        read(typed(rows))


def test_another_table_is_none() -> None:
    with pytest.raises(RefusedError, match="没有找到应有的各栏"):
        read(typed([("项目名称", "项目地址", "建筑面积", "投资总额", "配建性质", "联系电话")]))


def test_two_forms_in_one_workbook_are_refused() -> None:
    one = application_sheet(plan(), stated(a_profile()))
    book = read_book("表.xlsx", to_bytes([one, replace(one, sheet="二")]))
    with pytest.raises(RefusedError, match="一份只报一张"):
        read(book)
