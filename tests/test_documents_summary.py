"""附件3 with 补充信息表: what is written is read back, and what is wrong is named cell by cell."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from common.errors import RefusedError, UnavailableError
from documents.forms.recognise import recognise
from documents.forms.summary import SummaryForm, SummaryRow, pages, read_applications
from documents.reading.faults import raise_faults
from documents.reading.grid import open_book
from documents.writing.columns import listed, supplements
from documents.writing.layout import save
from policy.fields import OPERATOR_SHEET, SUPPLEMENT_SHEET
from policy.load import named_plan
from policy.vocabulary import Form
from states.dossier import Profile, profile_of, stated
from tests.support.builders import SUMMARY_SHEET

# Every example overwrites the file of the one before.
FREELY = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
PLAN = named_plan("shanxi-2023")
SUPPLEMENTS = tuple(supplements(PLAN))
FUNCTIONS = listed(PLAN, "functions")
COMMITMENTS = listed(PLAN, "commitments")
FULL = profile_of(
    {
        "street": "示例一街道",
        "community": "示例甲社区",
        "operator": "示例养老服务中心（甲）",
        "building_kind": "改建",
        "area": Decimal("850.50"),
        "investment": Decimal("1205000.00"),
        "address": "示例路1号",
        "site_source": "A",
        "tenure": "政府无偿提供",
        "beds": 12,
        "households": 620,
        "functions": frozenset(FUNCTIONS),
        "commitments": frozenset(COMMITMENTS),
        "visited_on": date(2023, 1, 30),
        "letter_issuer": "太原市人民政府",
        "letter_number": "示例政函第1号",
        "letter_on": date(2023, 2, 8),
        "responsible_person": "示例·张某",
        "responsible_phone": "000-0000-0001",
    }
)
BARE = Profile(street="示例二镇", community="示例乙村")

WORDS = st.none() | st.text("示例中心（）甲乙a1=+-@，、", min_size=1, max_size=12)
STEMS = st.text("示例甲乙丙丁一二三四", min_size=1, max_size=6)
DAYS = st.none() | st.dates(date(2020, 1, 1), date(2030, 12, 31))
PROFILES = st.builds(
    lambda **said: profile_of(said),
    street=st.builds("{}{}".format, STEMS, st.sampled_from(["街道", "镇", "乡"])),
    community=st.builds("{}{}".format, STEMS, st.sampled_from(["社区", "村"])),
    operator=WORDS,
    building_kind=st.sampled_from([None, "新建", "改建", "购置", "其他"]),
    area=st.none() | st.decimals(20, 20000, places=2),
    investment=st.none() | st.decimals(100_000, 50_000_000, places=2),
    address=WORDS,
    site_source=st.sampled_from([None, "A", "B", "C", "D"]),
    tenure=WORDS,
    beds=st.none() | st.integers(0, 500),
    households=st.none() | st.integers(0, 50000),
    functions=st.frozensets(st.sampled_from(FUNCTIONS)),
    commitments=st.frozensets(st.sampled_from(COMMITMENTS)),
    letter_issuer=WORDS,
    letter_number=WORDS,
    responsible_person=WORDS,
    responsible_phone=WORDS,
    **dict.fromkeys(
        ("site_owner", "renewal_project", "purchase_basis", "visited_by", "visit_finding"), WORDS
    ),
    **dict.fromkeys(("operator_registrar", "operator_filing", "explanation"), WORDS),
    **dict.fromkeys(("operator_manager", "operator_phone"), WORDS),
    **dict.fromkeys([field.id for field in PLAN.fields if field.kind == "day"], DAYS),
    **dict.fromkeys(("old_community", "operator_third_party"), st.none() | st.booleans()),
    **dict.fromkeys(
        ("city_share", "county_share"), st.none() | st.decimals(0, 5 * 10**7, places=2)
    ),
    annual_rent=st.none() | st.decimals(0, 5_000_000, places=2),
    elderly=st.none() | st.integers(0, 99999),
    settlement=st.sampled_from([None, "城镇", "村改居", "农村"]),
    operator_code=st.sampled_from([None, "91140100MA00000016"]),
)


def row(county: str, profile: Profile) -> SummaryRow:
    return SummaryRow(county, stated(profile))


def profile(read: SummaryRow) -> Profile:
    return profile_of(read.stated)


def write(path: Path, *rows: SummaryRow, city: str = "太原市") -> Path:
    save(path, pages(PLAN, city, rows))
    return path


def read(path: Path, city: str | None = None, *, confirmed: bool = False) -> SummaryForm:
    found = read_applications(open_book(path), PLAN, city, confirmed=confirmed)
    raise_faults(path.name, found.faults)
    return found


@st.composite
def workbooks(draw: st.DrawFn) -> SummaryForm:
    city = draw(st.sampled_from(PLAN.cities))
    counties = st.sampled_from([county.name for county in city.counties])
    rows = draw(
        st.lists(
            st.builds(row, counties, PROFILES),
            min_size=1,
            max_size=5,
            unique_by=lambda row: (row.county, row.stated["street"], row.stated["community"]),
        )
    )
    return SummaryForm(city.name, tuple(rows))


Lines = list[list[Any]]
HEADER = [
    "序号",
    "区(县、市)\n名称",
    "社区项目名称",
    "运行主体",
    "配建性质",
    "建筑面积(m²)",
    "投资总额(万元)",
]


def line(
    number: int = 1,
    county: object = "小店区",
    project: object = "示例一街道示例甲社区养老幸福工程",
    operator: object = "示例中心",
    kind: object = "改建",
    area: object = 850.5,
    investment: object = 120.5,
) -> list[Any]:
    return [number, county, project, operator, kind, area, investment]


def wide(text: str) -> str:
    """The same in full-width characters."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


def hand_filled(path: Path, lines: Sequence[Sequence[Any]], sheet_title: str = "Sheet1") -> Path:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = sheet_title
    for row in lines:
        sheet.append(list(row))
    book.save(path)
    return path


def form(*rows: Sequence[Any]) -> Lines:
    seal = ["填表单位盖章：", None, "太原市民政局 ____ 太原市财政局"]
    return [["2023年全省城镇社区幸福养老提速工程汇总表"], [], seal, HEADER, *map(list, rows)]


def refused(path: Path, city: str | None = None) -> list[str]:
    with pytest.raises(RefusedError) as caught:
        read(path, city)
    return str(caught.value).split("\n")


def cells_of(faults: Sequence[str]) -> list[str]:
    return [fault.partition("「")[2].partition("：")[0].replace("」", "!") for fault in faults]


def edited(path: Path, edit: Callable[[Workbook], object]) -> Path:
    book = load_workbook(path)
    edit(book)
    book.save(path)
    return path


@pytest.mark.heavy
@settings(FREELY, max_examples=60)
@given(workbooks())
def test_what_is_written_is_read_back(tmp_path: Path, applications: SummaryForm) -> None:
    path = tmp_path / "a.xlsx"
    write(path, *applications.rows, city=applications.city)
    assert read(path) == applications
    assert recognise(open_book(path), PLAN) is Form.SUMMARY


def test_equal_data_gives_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        write(tmp_path / name, row("小店区", FULL))
    content = (tmp_path / "a.xlsx").read_bytes()
    assert content == (tmp_path / "b.xlsx").read_bytes()
    with ZipFile(BytesIO(content)) as archive:
        assert {member.date_time[0] for member in archive.infolist()} == {1980}


def test_layout_is_ready_to_print(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write(path, row("小店区", FULL))
    book = load_workbook(path)
    assert book.sheetnames == [SUMMARY_SHEET, *SUPPLEMENTS]
    for sheet in book.worksheets:
        assert sheet.page_setup.orientation == "landscape"
        assert (sheet.page_setup.paperSize, sheet.page_setup.fitToWidth) == (9, 1)
        assert sheet.sheet_properties.pageSetUpPr is not None
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.print_title_rows == "$3:$3"
        assert sheet.freeze_panes == "A4"
        assert sheet.oddFooter is not None
        assert sheet.oddFooter.center.text == "第&P页 共&N页"
        assert sheet["A2"].value.startswith("填表单位盖章：")
    summary = book[SUMMARY_SHEET]
    assert summary["A1"].value == "2023年全省城镇社区幸福养老提速工程汇总表"
    assert (summary["G4"].value, summary["G4"].number_format) == (120.5, "#,##0.00_ ")
    offers = {v.formula1 for s in book.worksheets for v in s.data_validations.dataValidation}
    assert offers == {
        '"是,否"',
        '"A,B,C,D"',
        '"新建,改建,购置,其他"',
        '"城镇,村改居,农村"',
    }


@pytest.mark.parametrize("start", "=+-@")
def test_text_is_never_a_formula(tmp_path: Path, start: str) -> None:
    path = tmp_path / "a.xlsx"
    said = row("小店区", replace(FULL, operator=f"{start}cmd|' /C calc'!A0", address=f"{start}1+1"))
    write(path, said)
    cell = load_workbook(path)[SUMMARY_SHEET]["D4"]
    assert (cell.data_type, cell.quotePrefix) == ("s", True)
    assert read(path).rows == (said,)


def test_a_project_without_a_name_cannot_be_written(tmp_path: Path) -> None:
    nameless = row("小店区", Profile(street="示例一街道"))
    with pytest.raises(RefusedError, match="缺少街道"):
        write(tmp_path / "a.xlsx", nameless)
    assert not (tmp_path / "a.xlsx").exists()


def test_a_folder_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match="无法写入"):
        write(tmp_path / "none" / "a.xlsx", row("小店区", FULL))


def test_summary_alone_leaves_the_rest_unstated(tmp_path: Path) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line()))
    (only,) = read(path).rows
    assert only == row(
        "小店区",
        Profile(
            street="示例一街道",
            community="示例甲社区",
            operator="示例中心",
            building_kind="改建",
            area=Decimal("850.50"),
            investment=Decimal("1205000.00"),
        ),
    )


def test_blank_rows_numbers_in_waiting_remarks_and_totals_are_passed_over(tmp_path: Path) -> None:
    lines = form(
        line(),
        [2],
        [],
        HEADER,
        line(3, county="清徐", project="示例二镇 示例乙村养老幸福工程"),
        [None, "合计", None, None, None, 1701, 241],
        ["备注：以上项目均已实地查看"],
        [None, None, "填报日期：2023年2月8日"],
    )
    rows = read(hand_filled(tmp_path / "a.xlsx", lines)).rows
    assert [(row.county, row.stated["community"]) for row in rows] == [
        ("小店区", "示例甲社区"),
        ("清徐县", "示例乙村"),
    ]


def test_moved_columns_text_numbers_and_full_width(tmp_path: Path) -> None:
    moved = [5, 6, 3, 2, 4, 1, 0]
    header = [HEADER[n] for n in moved]
    filled = line(
        1, "太原市小店区", area=f"{wide('850.5')}㎡", investment="120.50万元", kind="其他：租改"
    )
    lines: Lines = [["太原市民政局"], [None, *header], [None, *(filled[n] for n in moved)]]
    path = hand_filled(tmp_path / "太原市上报.xlsx", lines)
    (only,) = read(path).rows
    assert only.county == "小店区"
    said = profile(only)
    assert (said.area, said.investment) == (Decimal("850.50"), Decimal(1205000))
    assert said.building_kind == "其他"


def test_cells_that_are_equal_to_python_alone_are_read_each_for_itself(tmp_path: Path) -> None:
    second = line(2, project="示例一街道示例乙社区养老幸福工程", operator=1)
    path = hand_filled(tmp_path / "a.xlsx", form(line(operator=True), second))
    assert [row.stated["operator"] for row in read(path).rows] == ["True", "1"]


def test_a_heading_in_yuan_is_read_in_yuan(tmp_path: Path) -> None:
    lines = form(line(investment=1205000))
    lines[3] = [*HEADER[:-1], "投资总额（元）"]
    (only,) = read(hand_filled(tmp_path / "a.xlsx", lines)).rows
    assert only.stated["investment"] == Decimal(1205000)


def test_a_county_merged_over_its_projects(tmp_path: Path) -> None:
    other = line(2, county=None, project="示例一街道示例乙社区养老幸福工程")
    path = hand_filled(tmp_path / "a.xlsx", form(line(), other))
    edited(path, lambda book: book.worksheets[0].merge_cells("B5:B6"))
    assert [row.county for row in read(path).rows] == ["小店区", "小店区"]


@pytest.mark.parametrize(
    ("written", "street", "community"),
    [
        ("示例一街道示例甲社区养老幸福工程", "示例一街道", "示例甲社区"),
        ("示例二镇示例乙村养老幸福工程", "示例二镇", "示例乙村"),
        ("示例乡示例社区养老幸福工程", "示例乡", "示例社区"),
        ("古镇街道示例社区养老幸福工程", "古镇街道", "示例社区"),
        ("乡宁镇示例村社区养老幸福工程", "乡宁镇", "示例村社区"),
    ],
)
def test_project_names(tmp_path: Path, written: str, street: str, community: str) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line(project=written)))
    said = profile(read(path).rows[0])
    assert (said.street, said.community) == (street, community)


@pytest.mark.parametrize(
    ("asked", "name", "sealed", "city"),
    [
        ("阳泉市", "晋城市.xlsx", "", "阳泉市"),
        ("阳泉", "a.xlsx", "阳泉市", "阳泉市"),
        (None, "阳泉市.xlsx", "晋城市", "晋城市"),
        (None, "03-阳泉市-二次报送.xlsx", "", "阳泉市"),
    ],
)
def test_city_is_asked_for_sealed_or_in_the_file_name(
    tmp_path: Path, asked: str | None, name: str, sealed: str, city: str
) -> None:
    lines = form(line(county="城区"))
    lines[2] = [f"填表单位盖章：{sealed}民政局"]
    assert read(hand_filled(tmp_path / name, lines), asked).city == city


def test_a_sheet_that_is_sealed_for_another_city_is_refused(tmp_path: Path) -> None:
    lines = form(line(county="城区"))
    lines[2] = ["填表单位盖章：阳泉市民政局　阳泉市财政局"]
    path = hand_filled(tmp_path / "a.xlsx", lines)
    with pytest.raises(RefusedError, match="表中写明的是阳泉市，不能作为晋城市的表报送"):
        read(path, "晋城市")


def test_a_sheet_that_is_titled_for_another_city_is_refused(tmp_path: Path) -> None:
    lines = form(line(county="城区"))
    lines[0], lines[2] = ["晋城市2023年汇总表"], ["填表单位盖章：阳泉市民政局"]
    with pytest.raises(RefusedError, match="表中写明的是晋城市"):
        read(hand_filled(tmp_path / "a.xlsx", lines), "阳泉市")


def test_no_city_and_an_unknown_city_are_refused_with_the_eleven(tmp_path: Path) -> None:
    lines = form(line())
    lines[2] = []
    path = hand_filled(tmp_path / "a.xlsx", lines)
    names = "、".join(city.name for city in PLAN.cities)
    assert "由登记人员写明所属市" in refused(path)[0]
    assert refused(path, "北京市") == [f"没有“北京市”；所属市须为：{names}"]


PLANTED: list[tuple[str, str, str | float, str]] = [
    (SUMMARY_SHEET, "B4", "晋原区", "“晋原区”不是太原市的县（市、区）；是否为晋源区？"),
    (SUMMARY_SHEET, "C5", "示例甲社区", "请按“××街道（镇、乡）××社区（村）养老幸福工程”填写"),
    (SUMMARY_SHEET, "E6", "重建", "配建性质须为"),
    (SUMMARY_SHEET, "F7", "约850", "不是数字"),
    (SUMMARY_SHEET, "G8", -5, "不能为负数"),
    (SUPPLEMENT_SHEET, "E9", "E", "场地来源须为"),
    (SUPPLEMENT_SHEET, "G10", 10.5, "不是整数"),
    (SUPPLEMENT_SHEET, "I11", "部分", "请填写“是”或“否”"),
    (SUPPLEMENT_SHEET, "R12", "2月30日", "没有写明年份"),
    (SUPPLEMENT_SHEET, "C13", "示例一街道示例己社区养老幸福工程", "在附件3汇总表中没有这个项目"),
]


def test_planted_mistakes_are_named_exactly_and_together(tmp_path: Path) -> None:
    path = tmp_path / "上报.xlsx"
    counties = [county.name for county in PLAN.cities[0].counties]
    write(path, *(row(county, FULL) for county in counties))

    def plant(book: Workbook) -> None:
        for sheet, cell, value, _ in PLANTED:
            book[sheet][cell] = value

    faults = refused(edited(path, plant))
    told = dict(zip(cells_of(faults), faults, strict=True))
    assert set(told) == {f"{sheet}!{cell}" for sheet, cell, _, _ in PLANTED}
    assert len(faults) == len(PLANTED)
    for sheet, cell, value, reason in PLANTED:
        fault = told[f"{sheet}!{cell}"]
        assert fault.startswith("上报.xlsx「")
        assert f"原值“{value}”，" in fault
        assert all(words in fault for words in reason.split("；")), "the clause stands between"


def test_duplicates_are_refused_on_every_sheet(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    write(path, row("小店区", FULL), row("小店区", FULL))
    faults = refused(path)
    assert cells_of(faults) == [f"{sheet}!C5" for sheet in (SUMMARY_SHEET, *SUPPLEMENTS)]
    assert all("与第4行重复" in fault for fault in faults)


def test_a_missing_column_and_an_empty_form_are_refused(tmp_path: Path) -> None:
    lines = [row[:-1] for row in form(line())]
    assert "缺少“投资总额(万元)”列" in refused(hand_filled(tmp_path / "a.xlsx", lines))[0]
    assert "没有任何项目" in refused(hand_filled(tmp_path / "b.xlsx", form([1], [2])))[0]


def test_a_supplement_that_cannot_be_recognised_is_not_dropped_in_silence(tmp_path: Path) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line()))
    edited(path, lambda book: book.create_sheet("补充信息表").append(["项目", "床"]))
    assert "没有找到补充信息表的内容" in refused(path)[0]


def test_two_sheets_of_one_form_are_refused(tmp_path: Path) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line()))
    edited(path, lambda book: book.copy_worksheet(book.worksheets[0]))
    assert "请只保留一张" in refused(path)[0]


def test_supplement_may_leave_projects_out_and_joins_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = (row("小店区", FULL), row("清徐县", BARE))
    write(path, *rows)

    def shorten(book: Workbook) -> None:
        for sheet in SUPPLEMENTS:
            book[sheet].delete_rows(4)

    edited(path, shorten)
    first, second = read(path).rows
    assert (first.stated.get("beds"), first.stated["area"]) == (None, FULL.area)
    assert second == rows[1]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.xlsx", b"", "文件是空的"),
        ("a.xlsx", b"PK\x03\x04 broken", "不是 .xlsx 工作簿"),
        ("a.csv", "区县,项目名称".encode(), "是文本文件"),
        ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 64, "旧版 .xls"),
        (
            "a.xlsx",
            bytes.fromhex("d0cf11e0a1b11ae1") + "EncryptedPackage".encode("utf-16-le"),
            "已加密",
        ),
    ],
)
def test_foreign_files_are_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedError, match=says) as caught:
        open_book(path)
    assert str(caught.value).startswith(name)
    assert "\n" not in str(caught.value)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line()))
    with ZipFile(path) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    parts["xl/worksheets/sheet1.xml"] = b"<broken"
    with ZipFile(path, "w") as target:
        for name, content in parts.items():
            target.writestr(name, content)
    with pytest.raises(RefusedError, match="文件内部结构异常"):
        open_book(path)


def test_no_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="没有这个文件"):
        open_book(tmp_path / "a.xlsx")
    with pytest.raises(RefusedError, match="是文件夹"):
        open_book(tmp_path)


def test_a_file_that_may_not_be_read_is_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deny(_: Path) -> bytes:
        raise PermissionError

    monkeypatch.setattr(Path, "read_bytes", deny)
    with pytest.raises(UnavailableError, match="请核对文件权限"):
        open_book(tmp_path / "a.xlsx")


def test_a_workbook_of_neither_form_is_refused_with_those_known(tmp_path: Path) -> None:
    path = hand_filled(tmp_path / "a.xlsx", [["姓名", "成绩"], ["示例", 1]])
    with pytest.raises(RefusedError, match=r"项目汇总表（附件3）、.*通讯录"):
        recognise(open_book(path), PLAN)


# --- figures that no form means to say ------------------------------------------------------------


@pytest.mark.parametrize(
    ("stated", "asks"),
    [
        ({"investment": 1205000}, "是否应为120.5万元（误将元填作万元）"),
        ({"investment": "120.5元"}, "是否应为120.5万元（误将万元填作元）"),
        ({"investment": 9}, "9万元超出合理范围（10—5000万元）"),
        ({"area": 8505000}, "8505000超出合理范围（20—20000）"),
    ],
)
def test_an_implausible_figure_is_asked_about(
    stated: dict[str, object], asks: str, tmp_path: Path
) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line(**stated)))  # type: ignore[arg-type]  # cells
    (fault,) = refused(path)
    assert asks in fault
    assert "由省民政厅核实后登记" in fault
    assert read(path, confirmed=True).rows


@pytest.mark.parametrize(
    ("county", "wanted"),
    [("清徐经济开发区", "清徐县"), ("清徐", "清徐县"), (" 古 交 市 ", "古交市")],
)
def test_a_zone_is_its_county_where_its_name_says_which(
    county: str, wanted: str, tmp_path: Path
) -> None:
    path = hand_filled(tmp_path / "a.xlsx", form(line(county=county)))
    assert read(path).rows[0].county == wanted


@pytest.mark.parametrize(
    ("county", "says"),
    [
        ("太原经济技术开发区", "开发区等没有行政区划代码，请填写场地所在的县（市、区）：小店区、"),
        ("阳高县", "“阳高县”不是太原市的县（市、区），属于大同市"),
        ("城区", "属于阳泉市、晋城市"),
    ],
)
def test_a_place_that_is_not_certain_is_asked_about(county: str, says: str, tmp_path: Path) -> None:
    (fault,) = refused(hand_filled(tmp_path / "a.xlsx", form(line(county=county))))
    assert says in fault


def test_a_wrong_credit_code_is_named_at_its_cell(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    said = row("小店区", FULL.saying({"operator_code": "91140100MA00000016"}))
    write(path, said)
    assert read(path).rows == (said,)

    def spoil(book: Workbook) -> None:
        book[OPERATOR_SHEET]["D4"] = "91140100MA00000017"

    edited(path, spoil)
    (fault,) = refused(path)
    assert f"{OPERATOR_SHEET}」D4" in fault
    assert "校验不通过" in fault


# --- what people write otherwise than it looks ----------------------------------------------------


def test_units_are_those_of_the_heading_else_of_the_line_above(tmp_path: Path) -> None:
    lines = form(line(investment=1_205_000))
    lines[3] = [*HEADER[:-1], "投资总额"]
    lines[1] = ["填报单位：万元某局", None, None, "单位：平方米、元"]
    (only,) = read(hand_filled(tmp_path / "a.xlsx", lines)).rows
    assert only.stated["investment"] == Decimal(1_205_000)


def test_a_number_that_is_merged_over_rows_is_asked_about(tmp_path: Path) -> None:
    other = line(2, project="示例一街道示例乙社区养老幸福工程", investment=None)
    path = hand_filled(tmp_path / "a.xlsx", form(line(), other))
    edited(path, lambda book: book.worksheets[0].merge_cells("G5:G6"))
    (fault,) = refused(path)
    assert "G6" in fault
    assert "请取消合并" in fault


def test_what_stands_beside_the_form_hides_no_row(tmp_path: Path) -> None:
    lines = [["审核情况", *HEADER], ["审核通过", *line()]]
    lines.append(["备注：新增", *line(2, project="示例一街道示例乙社区养老幸福工程")])
    path = hand_filled(tmp_path / "太原市.xlsx", lines)
    assert len(read(path).rows) == 2


def test_the_heading_that_fits_best_is_taken(tmp_path: Path) -> None:
    lines = form(line())
    lines[3], lines[4] = [*HEADER, "小区建筑面积（m²）"], [*line(), 15000]
    for place in (lines[3], lines[4]):
        place.insert(0, place.pop())
    (only,) = read(hand_filled(tmp_path / "a.xlsx", lines)).rows
    assert only.stated["area"] == Decimal("850.50")


def ticks(tmp_path: Path, **answers: str | None) -> SummaryForm:
    """The workbook of a project without functions whose answers are typed so."""
    path = write(tmp_path / "a.xlsx", row("小店区", FULL.saying({"functions": frozenset()})))

    def answer(book: Workbook) -> None:
        sheet = book[SUPPLEMENT_SHEET]
        at = {"".join(str(cell.value).split()): n for n, cell in enumerate(sheet[3], 1)}
        for word, value in answers.items():
            sheet.cell(4, at[word]).value = value

    return read(edited(path, answer))


def test_ticks_alone_leave_the_rest_unticked(tmp_path: Path) -> None:
    (only,) = ticks(tmp_path, 短期托养="√", 老人餐厅="☑").rows
    assert only.stated["functions"] == {"短期托养", "老人餐厅"}


def test_no_everywhere_is_an_answer_and_blanks_everywhere_are_none(tmp_path: Path) -> None:
    (only,) = ticks(tmp_path, **dict.fromkeys(FUNCTIONS, "否")).rows
    assert only.stated["functions"] == frozenset()
    (only,) = ticks(tmp_path).rows
    assert "functions" not in only.stated


def test_a_blank_beside_a_no_is_asked_about(tmp_path: Path) -> None:
    said = dict.fromkeys(FUNCTIONS, "否") | {"上门服务": None}
    with pytest.raises(RefusedError, match=r"未填写（四\(三\)）；请填“是”或“否”"):
        ticks(tmp_path, **said)


def test_none_under_a_column_that_begins_with_none_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="“无”含义不明"):
        ticks(tmp_path, 无产权纠纷="无")
