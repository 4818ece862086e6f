"""附件2 and 验收表 through the product: made out, filled in, taken in, compared and refused."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import text

from common.errors import RefusedError
from documents.reading.faults import WorkbookError
from documents.reading.identity import PROPERTY
from models.audits import history, reversed_rows
from models.database import reading
from models.tables import Audit
from operations.cases.desk import Desk
from operations.views.overview import deadline_views, projects
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import AuditKind, Form
from tests.conftest import AT, DeskIn
from tests.support.builders import answers
from tests.support.province import END
from tests.support.steps import ONE, TAIYUAN, act, stored, undo, walk
from tests.support.stores import Snapshot
from tests.test_documents_acceptance import ITEMS
from tests.test_documents_application_form import TYPED

pytestmark = pytest.mark.heavy

AS_IT_IS = ImportOptions()
INSPECTED = Snapshot("inspected", lambda desk: walk(desk, "check_completion"), TAIYUAN)
ACCEPT = "2023-12-05"
CELLS: Mapping[str, str] = {
    "name": "C3", "address": "C4", "area": "C5", "investment": "E5", "new": "C6", "rebuilt": "D6",
    "other": "E6", "operator": "D7", "manager": "D8", "phone": "D9", "county_civil_on": "B11",
    "county_finance_on": "D11", "city_civil_on": "B13", "city_finance_on": "D13",
}  # fmt: skip
VERDICT, DAY = "B18", "E18"
FIRST = 8
"""The row of the checklist's first item."""


@pytest.fixture
def known(desk_in: DeskIn) -> Desk:
    """太原市's projects are known, in 选址."""
    return desk_in(TAIYUAN)


@pytest.fixture
def built(desk_in: DeskIn) -> Desk:
    """The first of them waits for acceptance."""
    return desk_in(INSPECTED)


def take(
    desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, *, dry_run: bool = False
) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=END, at=AT, dry_run=dry_run).taken


def made(
    desk: Desk, folder: Path, form: Form, subject: str | None = ONE, *, empty: bool = False
) -> Path:
    folder.mkdir(exist_ok=True)
    return export_workbook(desk, WorkbookOrder(form, subject, empty=empty), folder, END, force=True)


def put(path: Path, cells: Mapping[str, object], *, unsigned: bool = False) -> Path:
    """Fill in cells as people do."""
    book = load_workbook(path)
    for cell, value in cells.items():
        book.worksheets[0][cell] = value  # type: ignore[assignment]  # any value
    if unsigned:
        del book.custom_doc_props[PROPERTY]  # type: ignore[attr-defined]  # not in the stubs
    book.save(path)
    return path


def typed(path: Path, *rows: tuple[object, ...], name: str = "", address: str = "") -> Path:
    """附件2 from scratch, with another name and address."""
    book = Workbook()
    for line in rows or TYPED:
        row = list(line)
        if "项目名称" in row:
            row[3] = name or row[3]
        if "项目地址" in row:
            row[3] = address or row[3]
        book.worksheets[0].append(row)
    book.save(path)
    return path


def refusal(desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS) -> Mapping[str, str]:
    """By cell, why the workbook is refused; nothing is written."""
    before = everything(desk)
    with pytest.raises(WorkbookError) as caught:
        take(desk, path, asked)
    assert everything(desk) == before
    found: dict[str, str] = {}
    for fault in caught.value.faults:
        found[fault.spot.cell] = found.get(fault.spot.cell, "") + fault.line("")
    return found


def everything(desk: Desk) -> list[list[str]]:
    tables = ("subject", "project", "fact", "audit", "deadline")
    with desk.engine.connect() as connection:
        return [
            sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in tables
        ]


def trail(desk: Desk, code: str = ONE) -> Sequence[Audit]:
    with reading(desk.engine) as session:
        return history(session, desk.plan, code)


# --- 附件2 ----------------------------------------------------------------------------------------


def test_an_application_comes_back_unchanged(known: Desk, tmp_path: Path) -> None:
    before = everything(known)
    path = made(known, tmp_path / "out", Form.APPLICATION)
    assert path.name == f"{ONE} 示例乙社区养老服务工程 项目申报表（附件2）.xlsx"
    done = take(known, path)
    assert (done.subject, done.added, done.changed, done.unchanged) == (ONE, 0, 0, 1)
    assert everything(known) == before


def test_what_an_application_changes_is_written_once(known: Desk, tmp_path: Path) -> None:
    path = put(
        made(known, tmp_path / "out", Form.APPLICATION),
        {
            CELLS["operator"]: "示例新机构",
            CELLS["area"]: "630平方米",
            CELLS["rebuilt"]: "☐改建",
            CELLS["other"]: "☑其他：购置",
            CELLS["county_civil_on"]: "同意申报。\n（签字并盖章）\n2023年2月7日",
            CELLS["phone"]: None,
        },
    )
    looked = take(known, path, dry_run=True)
    assert stored(known).profile.operator == "示例养老服务中心（甲）"
    done = take(known, path)
    assert (done.changed, done.unchanged) == (1, 0)
    assert looked.differences == done.differences
    told = {(line.spot.cell, line.what, line.old, line.new) for line in done.differences}
    assert told == {
        ("C5", "建筑面积", "620.00", "630.00"),
        ("E6", "配建性质", "改建", "购置"),
        ("D7", "运行主体", "示例养老服务中心（甲）", "示例新机构"),
        ("B11", "县民政局意见日期", "2023-02-06", "2023-02-07"),
    }
    profile = stored(known).profile
    assert (profile.operator, profile.area) == ("示例新机构", Decimal("630.00"))
    assert (profile.building_kind, profile.value("county_civil_on")) == ("购置", date(2023, 2, 7))
    assert profile.operator_phone == "000-0000-0301"  # a blank cell states nothing
    row = trail(known)[-1]
    assert (row.kind, row.clause, row.actor) == (AuditKind.IMPORT, "附件2", "太原市民政局")
    assert take(known, path).unchanged == 1
    assert trail(known)[-1].id == row.id


def test_what_an_application_states_is_asked_about_at_its_cell(known: Desk, tmp_path: Path) -> None:
    path = put(made(known, tmp_path / "out", Form.APPLICATION), {CELLS["area"]: 480})
    (doubt,) = (w for w in take(known, path).warnings if w.spot.cell == CELLS["area"])
    assert "四(二)" in doubt.line("")


def test_the_protected_name_is_to_be_left(known: Desk, tmp_path: Path) -> None:
    path = put(
        made(known, tmp_path / "out", Form.APPLICATION), {CELLS["name"]: "示例丙社区养老服务工程"}
    )
    assert "受保护的内容" in refusal(known, path)["C3"]


def test_what_was_submitted_stays(known: Desk, tmp_path: Path) -> None:
    walk(known, "submit_application")
    path = put(
        made(known, tmp_path / "out", Form.APPLICATION),
        {CELLS["area"]: 700, CELLS["operator"]: "示例新机构"},
    )
    found = refusal(known, path)
    assert list(found) == ["C5"]
    assert "不得再以本表由“620.00”改为“700.00”" in found["C5"]
    assert take(known, put(path, {CELLS["area"]: 620})).changed == 1


def test_what_both_changed_is_told_and_the_rest_is_merged(known: Desk, tmp_path: Path) -> None:
    late = made(known, tmp_path / "late", Form.APPLICATION)
    first = put(
        made(known, tmp_path / "first", Form.APPLICATION),
        {CELLS["operator"]: "示例甲", CELLS["manager"]: "示例·新"},
    )
    take(known, first)
    put(late, {CELLS["operator"]: "示例乙", CELLS["phone"]: "000-1"})
    assert "发出后已改为“示例甲”" in refusal(known, late)[CELLS["operator"]]
    done = take(known, put(late, {CELLS["operator"]: "示例甲"}))
    assert (done.changed, len(done.notes)) == (1, 1)
    profile = stored(known).profile
    assert (profile.operator_manager, profile.operator_phone) == ("示例·新", "000-1")


def test_every_fault_is_told_at_once(known: Desk, tmp_path: Path) -> None:
    path = put(
        made(known, tmp_path / "out", Form.APPLICATION),
        {
            CELLS["new"]: "☑新建",
            CELLS["investment"]: "很多",
            CELLS["city_civil_on"]: "不同意（签字并盖章）2023年2月8日",
            CELLS["city_finance_on"]: "（签字并盖章）2023年2月30日",
        },
    )
    assert sorted(refusal(known, path)) == ["B13", "C6", "D13", "E5"]


def test_an_application_by_hand_finds_its_project(known: Desk, tmp_path: Path) -> None:
    path = typed(
        tmp_path / "太原市.xlsx", name="示例丙社区养老服务工程", address="示例二街道示例路2号"
    )
    done = take(known, path)
    assert (done.subject, done.added, done.changed) == ("XF2023-140105-02", 0, 1)
    assert stored(known, done.subject).profile.operator == "示例养老服务中心"
    assert trail(known, done.subject)[-1].evidence == "太原市.xlsx（无标识）"


def test_one_name_of_several_projects(known: Desk, tmp_path: Path) -> None:
    name = "示例乙社区养老服务工程"
    path = typed(tmp_path / "太原市.xlsx", name=name, address="示例路1号")
    found = refusal(known, path)
    assert list(found) == ["D3"]
    assert all(code in found["D3"] for code in (ONE, "XF2023-140106-01", "XF2023-140107-01"))
    assert take(known, path, ImportOptions(subject=ONE)).subject == ONE
    path = typed(tmp_path / "b.xlsx", name=name, address="太原市迎泽区示例三街道示例路3号")
    assert take(known, path).subject == "XF2023-140106-01"
    path = typed(tmp_path / "太原市b.xlsx", name=name, address="示例四街道示例路4号")
    assert take(known, path).subject == "XF2023-140107-01"


def test_another_street_is_not_guessed(known: Desk, tmp_path: Path) -> None:
    path = typed(
        tmp_path / "a.xlsx",
        name="示例乙社区养老服务工程",
        address="太原市小店区示例九街道示例路1号",
    )
    found = refusal(known, path)
    assert f"与同名社区的项目{ONE}（小店区示例一街道）不符" in found["D3"]
    assert take(known, path, ImportOptions(subject=ONE)).subject == ONE


def test_a_new_project_needs_county_and_street(known: Desk, tmp_path: Path) -> None:
    path = typed(tmp_path / "太原市.xlsx", name="示例新社区养老服务工程", address="示例路1号")
    assert "请写明县（市、区）和街道（乡镇）" in refusal(known, path)["D3"]
    typed(path, name="示例新社区养老服务工程", address="太原市清徐县示例镇示例路1号")
    looked = take(known, path, dry_run=True)
    assert looked.added == 1
    assert len(projects(known)) == 10
    done = take(known, path)
    assert (done.added, done.changed, done.unchanged) == (1, 0, 0)
    new = stored(known, done.subject)
    assert (new.city, new.county, new.stage) == ("太原市", "清徐县", "siting")
    assert new.name == "示例镇示例新社区养老幸福工程"
    assert new.profile.area == Decimal("850.00")
    assert {"D01", "D08"} <= {view.rule for view in deadline_views(known, END, new.code)}
    assert take(known, path).unchanged == 1
    again = take(known, made(known, tmp_path / "out", Form.APPLICATION, new.code))
    assert (again.unchanged, again.subject) == (1, new.code)


def test_a_city_is_needed(desk: Desk, tmp_path: Path) -> None:
    path = typed(tmp_path / "a.xlsx", address="示例街道示例路1号")
    assert "无法判断是哪个市" in refusal(desk, path)["D3"]
    path = typed(tmp_path / "b.xlsx", address="小店区示例街道示例路1号")
    assert take(desk, path, ImportOptions(city="太原")).added == 1
    path = typed(tmp_path / "c.xlsx", name="示例二社区养老服务工程", address="娄烦县示例镇1号")
    assert stored(desk, take(desk, path).subject).city == "太原市"  # no other city has it


def test_names_are_needed_and_match_the_code(known: Desk, tmp_path: Path) -> None:
    path = typed(tmp_path / "太原市.xlsx", name="示例乙社区养老服务工程")
    found = refusal(known, path, ImportOptions(subject="XF2023-140105-02"))
    assert "与编码不符" in found["D2"]
    nameless = put(path, {"D2": None})
    assert "未填写项目名称" in refusal(known, nameless)["C2"]
    with pytest.raises(RefusedError, match="没有项目"):
        take(known, path, ImportOptions(subject="XF2023-999999-01"))


def test_another_city_cannot_hand_it_in(known: Desk, tmp_path: Path) -> None:
    path = made(known, tmp_path / "out", Form.APPLICATION)
    with pytest.raises(RefusedError, match=r"是太原市的项目.*不能作为大同市的表报送"):
        take(known, path, ImportOptions(city="大同市"))
    assert take(known, path, ImportOptions(city="太原市")).unchanged == 1
    with pytest.raises(RefusedError, match="不能作为XF2023-140105-02的表报送"):
        take(known, path, ImportOptions(subject="XF2023-140105-02"))


@pytest.mark.parametrize("subject", [None, "太原市"])
def test_an_empty_form_is_for_any_project(known: Desk, tmp_path: Path, subject: str | None) -> None:
    path = made(known, tmp_path / "out", Form.APPLICATION, subject, empty=True)
    put(path, {CELLS["name"]: "示例丙社区养老服务工程", CELLS["rebuilt"]: "☑改建"})
    put(path, {CELLS["address"]: "太原市小店区示例二街道示例路2号", CELLS["area"]: "757.37"})
    done = take(known, path)
    assert (done.subject, done.unchanged + done.changed) == ("XF2023-140105-02", 1)
    assert trail(known, done.subject)[-1].evidence in (path.name, "01-太原市.xlsx（无标识）")


def test_exports_are_of_a_project(known: Desk, tmp_path: Path) -> None:
    for form in (Form.APPLICATION, Form.ACCEPTANCE):
        for subject in (None, "太原市"):
            with pytest.raises(RefusedError, match="按项目导出"):
                made(known, tmp_path / "out", form, subject)
        with pytest.raises(RefusedError, match="没有项目"):
            made(known, tmp_path / "out", form, "XF2023-999999-01")


# --- 验收表 ---------------------------------------------------------------------------------------


def filled(
    desk: Desk,
    folder: Path,
    verdict: str = "通过",
    on: object = ACCEPT,
    problems: Mapping[str, tuple[object, object]] | None = None,
    **checks: object,
) -> Path:
    """The project's form as an acceptance group fills it in."""
    told = {**answers(), "area": "620.00", "beds": "10", **checks}
    return put(made(desk, folder, Form.ACCEPTANCE), _cells(told, verdict, on, problems or {}))


def _cells(
    told: Mapping[str, object],
    verdict: str,
    on: object,
    problems: Mapping[str, tuple[object, object]],
) -> Mapping[str, object]:
    cells: dict[str, object] = {VERDICT: verdict, DAY: on}
    for row, id in enumerate(ITEMS, FIRST):
        cells[f"C{row}"] = told[id]
        cells[f"D{row}"], cells[f"E{row}"] = problems.get(id, (None, None))
    return cells


def cell(item: str, column: str = "C") -> str:
    return f"{column}{FIRST + list(ITEMS).index(item)}"


def test_a_project_that_passes(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out")
    assert path.name == f"{ONE} 示例一街道示例乙社区养老幸福工程 验收表.xlsx"
    looked = take(built, path, dry_run=True)
    assert stored(built).stage == "acceptance"
    done = take(built, path)
    assert (done.subject, done.changed, done.unchanged) == (ONE, 1, 0)
    assert looked.differences == done.differences
    told = {line.spot.cell: (line.old, line.new) for line in done.differences}
    assert told[VERDICT] == ("空", "通过")
    assert told[DAY] == ("空", ACCEPT)
    assert told[cell("area")] == ("空", "620.00")
    after = stored(built)
    assert (after.stage, after.milestones["accepted"]) == ("operation", date(2023, 12, 5))
    assert after.checks == {**answers(), "area": "620.00", "beds": "10"}
    row = trail(built)[-1]
    assert (row.action, row.actor) == ("pass_acceptance", "山西省民政厅")
    assert row.evidence == f"【验收表：{path.name}】"


def test_the_same_workbook_again_does_nothing(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out")
    take(built, path)
    before = everything(built)
    assert take(built, path).unchanged == 1
    assert take(built, put(path, {}, unsigned=True)).unchanged == 1
    assert everything(built) == before


def test_problems_and_their_days_are_put_on_record(built: Desk, tmp_path: Path) -> None:
    path = filled(
        built,
        tmp_path / "out",
        "整改后通过",
        problems={"fire_safety": ("缺备案表", "2023-12-20")},
        fire_safety="否",
    )
    take(built, path, ImportOptions(actor="山西省民政厅养老服务处"))
    after = stored(built)
    assert after.stage == "acceptance"
    assert after.milestones["rectification_ordered"] == date(2023, 12, 5)
    row = trail(built)[-1]
    assert row.actor == "山西省民政厅养老服务处"
    assert row.evidence.startswith("消防手续齐备：缺备案表（整改期限2023-12-20）")
    act(built, "finish_rectification", "2023-12-18")
    assert take(built, path).unchanged == 1
    done = take(built, filled(built, tmp_path / "again", on="2023-12-22"))
    assert stored(built).stage == "operation"
    told = {line.spot.cell: (line.old, line.new) for line in done.differences}
    assert told == {
        VERDICT: ("整改后通过", "通过"),
        DAY: (ACCEPT, "2023-12-22"),
        cell("fire_safety"): ("否", "是"),
    }


def test_a_project_that_fails(built: Desk, tmp_path: Path) -> None:
    problems = {"beds": ("只有4张", None)}
    take(built, filled(built, tmp_path / "out", "不通过", problems=problems, beds="4"))
    assert stored(built).stage == "construction"


def test_an_answer_that_does_not_fit_is_told_at_its_cell(built: Desk, tmp_path: Path) -> None:
    path = filled(
        built,
        tmp_path / "out",
        fire_safety="否",
        accessibility=None,
        acceptors="太原市民政局王某、大同市民政局李某",
        functions="短期托养、日间照料",
        beds="4",
    )
    found = refusal(built, path)
    asked = ("fire_safety", "accessibility", "acceptors", "functions", "beds")
    assert sorted(found) == sorted(map(cell, asked))
    assert "结论不能为“通过”" in found[cell("fire_safety")]
    assert "未填写“无障碍设施符合标准”的核验结果" in found[cell("accessibility")]
    assert (
        "验收组不足两人、有本市人员，或不是通讯录中市民政局的分管领导、业务科室负责人（五(八)）"
        in found[cell("acceptors")]
    )
    assert "六项服务功能不全" in found[cell("functions")]
    assert "或在“问题”栏写明理由" in found[cell("beds")]


def test_a_written_reason_lets_a_soft_condition_go(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out", problems={"beds": ("场地所限", None)}, beds="4")
    done = take(built, path)
    assert stored(built).stage == "operation"
    assert stored(built).findings["R17"] == "场地所限"
    assert {warning.spot.cell for warning in done.warnings} == {cell("beds")}


def test_a_conclusion_against_needs_a_problem(built: Desk, tmp_path: Path) -> None:
    found = refusal(built, filled(built, tmp_path / "out", "不通过", fire_safety="否"))
    assert list(found) == [VERDICT]
    assert "未写明问题（八(四)）；请在“问题”栏写明" in found[VERDICT]


def test_days_that_cannot_be(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out", on="2024-01-05")
    assert "尚未到来" in refusal(built, path)[DAY]
    path = filled(built, tmp_path / "out", on="2023-11-01")
    assert any("早于" in words for words in refusal(built, path).values())
    path = filled(
        built,
        tmp_path / "out",
        "整改后通过",
        problems={"beds": ("只有4张", "2023-12-01"), "area": (None, "2023-12-20")},
    )
    found = refusal(built, path)
    assert "整改期限早于验收日期" in found[cell("beds", "E")]
    assert "未写明问题" in found[cell("area", "D")]


def test_nothing_is_taken_before_its_time(known: Desk, tmp_path: Path) -> None:
    found = refusal(known, filled(known, tmp_path / "out"))
    assert "不能办理“验收通过”" in found[VERDICT]


def test_no_conclusion_no_acceptance(built: Desk, tmp_path: Path) -> None:
    assert sorted(refusal(built, made(built, tmp_path / "out", Form.ACCEPTANCE))) == [VERDICT, DAY]


def test_an_outdated_form_is_to_be_made_out_anew(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out")
    act(built, "open_operation", "2023-11-28")
    before = everything(built)
    with pytest.raises(RefusedError, match="已有变动；请向省民政厅索取最新表格后填写") as caught:
        take(built, path)
    assert "开业运营" in str(caught.value)
    assert everything(built) == before
    assert take(built, put(path, {}, unsigned=True)).changed == 1


def test_what_happens_elsewhere_does_not_outdate_it(built: Desk, tmp_path: Path) -> None:
    path = filled(built, tmp_path / "out")
    act(built, "confirm_site", "2023-02-06", "XF2023-140105-02")
    assert take(built, path).changed == 1


def test_a_conclusion_that_was_undone_is_not_taken_again_unseen(
    built: Desk, tmp_path: Path
) -> None:
    path = filled(built, tmp_path / "out")
    take(built, path)
    row = trail(built)[-1].id or 0
    undo(built, row)
    assert row in reversed_rows(trail(built))
    assert stored(built).checks == {}
    with pytest.raises(RefusedError, match="请向省民政厅索取最新表格后填写"):
        take(built, path)
    assert take(built, filled(built, tmp_path / "again")).changed == 1


def test_an_acceptance_by_hand_finds_its_project(built: Desk, tmp_path: Path) -> None:
    path = put(filled(built, tmp_path / "out"), {"E3": None}, unsigned=True)
    assert take(built, path, dry_run=True).subject == ONE
    found = refusal(built, put(path, {"B3": "示例九街道示例乙社区养老幸福工程"}))
    assert "没有这个项目" in found["B3"]
    put(path, {"B3": None, "E3": ONE})
    assert take(built, path, ImportOptions(city="太原市"), dry_run=True).subject == ONE
    assert list(refusal(built, path, ImportOptions(city="大同市"))) == ["E3"]
    assert take(built, path).subject == ONE


def test_protected_cells_of_an_acceptance(built: Desk, tmp_path: Path) -> None:
    path = put(filled(built, tmp_path / "out"), {"B3": "示例", "E3": "XF2023-140105-02"})
    found = refusal(built, path)
    assert sorted(found) == ["B3", "E3"]
    assert all("受保护的内容" in words for words in found.values())
    with pytest.raises(RefusedError, match="不能作为大同市的表报送"):
        take(built, path, ImportOptions(city="大同市"))


def test_a_plan_without_a_checklist_has_no_acceptance_form(built: Desk, tmp_path: Path) -> None:
    plan = built.plan.model_copy(update={"checklist": ()})
    other = Desk(built.settings, plan, built.calendar, built.engine)
    with pytest.raises(RefusedError, match="不设验收表"):
        made(other, tmp_path / "out", Form.ACCEPTANCE)
