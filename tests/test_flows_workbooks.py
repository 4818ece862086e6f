"""Workbooks that know what they are: exported, filled in elsewhere, and taken in again."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook
from openpyxl.packaging.custom import StringProperty
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.reading.faults import WorkbookError
from documents.reading.grid import open_book
from documents.reading.identity import PROPERTY, Identity, identity_of, sealed
from models.secrets import first_key
from operations.cases.desk import Desk
from operations.upkeep.setup import install
from operations.views.project_record import project_record
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from operations.workbooks.versions import merge
from policy.fields import OPERATOR_SHEET, SUPPLEMENT_SHEET
from policy.vocabulary import Form
from states.dossier import Profile
from tests.conftest import AT
from tests.support.builders import SUMMARY_SHEET
from tests.support.province import END

pytestmark = pytest.mark.heavy

TAIYUAN = EXAMPLE / "workbooks" / "01-太原市.xlsx"
ONE = "XF2023-140105-01"
AS_IT_IS = ImportOptions()


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """太原市's projects are known."""
    take(desk, TAIYUAN)
    return desk


def take(
    desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, *, dry_run: bool = False
) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=END, at=AT, dry_run=dry_run).taken


def exported(desk: Desk, folder: Path, city: str = "太原市") -> Path:
    return export_workbook(
        desk, WorkbookOrder(Form.SUMMARY, city), folder / f"{city}.xlsx", END, force=True
    )


def edited(path: Path, edit: Callable[[Workbook], object]) -> Path:
    book = load_workbook(path)
    edit(book)
    book.save(path)
    return path


def put(sheet: str, cell: str, value: object) -> Callable[[Workbook], object]:
    def edit(book: Workbook) -> None:
        book[sheet][cell] = value  # type: ignore[assignment]  # any value

    return edit


def mark(token: str) -> Callable[[Workbook], object]:
    def edit(book: Workbook) -> None:
        kept: Any = book.custom_doc_props  # type: ignore[attr-defined]  # not in the stubs
        del kept[PROPERTY]
        kept.append(StringProperty(name=PROPERTY, value=token))

    return edit


def profile(desk: Desk) -> Profile:
    return project_record(desk, ONE, END).profile


def everything(desk: Desk) -> list[Any]:
    """Every row of the tables that an import writes to."""
    tables = ("subject", "project", "fact", "audit", "deadline", "outbox", "contact")
    with desk.engine.connect() as connection:
        return [
            sorted(map(repr, connection.execute(text(f"SELECT * FROM {name}"))))  # noqa: S608
            for name in tables
        ]


# --- what a workbook is ---------------------------------------------------------------------------


def test_an_export_knows_what_it_is_and_says_so_in_its_footer(filled: Desk, tmp_path: Path) -> None:
    path = exported(filled, tmp_path)
    identity = identity_of(open_book(path), first_key(filled.settings))
    assert identity is not None
    assert (identity.plan, identity.form, identity.subject) == (
        "shanxi-2023",
        Form.SUMMARY,
        "太原市",
    )
    assert identity.version > 0
    for sheet in load_workbook(path).worksheets:
        assert sheet.oddFooter is not None
        assert f"太原市　版本{identity.version}" in str(sheet.oddFooter.left.text)
        assert sheet.sheet_state == "visible"
        assert not any(dimension.hidden for dimension in sheet.column_dimensions.values())


def test_an_export_is_the_same_bytes_for_the_same_data(filled: Desk, tmp_path: Path) -> None:
    one = exported(filled, tmp_path).read_bytes()
    assert exported(filled, tmp_path).read_bytes() == one


def test_an_export_comes_back_unchanged(filled: Desk, tmp_path: Path) -> None:
    before = everything(filled)
    done = take(filled, exported(filled, tmp_path))
    assert (done.added, done.changed, done.unchanged, done.notes) == (0, 0, 10, ())
    assert everything(filled) == before


def test_a_workbook_of_another_city_or_plan_is_refused(filled: Desk, tmp_path: Path) -> None:
    path = exported(filled, tmp_path)
    with pytest.raises(RefusedError, match="是太原市的表，不能作为大同市的表报送"):
        take(filled, path, ImportOptions(city="大同市"))
    assert take(filled, path, ImportOptions(city="太原")).unchanged == 10
    other = Desk(
        filled.settings,
        filled.plan.model_copy(update={"id": "other"}),
        filled.calendar,
        filled.engine,
    )
    install(other, AT)
    with pytest.raises(RefusedError, match="属于另一实施方案"):
        take(other, path)


def test_a_mark_that_was_changed_or_signed_elsewhere_is_refused(
    filled: Desk, tmp_path: Path
) -> None:
    path = exported(filled, tmp_path)
    said, _, signature = open_book(path).properties[PROPERTY].rpartition(".")
    # Not its last sign: some of the bits there say nothing.
    other = "B" if signature.startswith("A") else "A"
    with pytest.raises(RefusedError, match="标识无效"):
        take(filled, edited(path, mark(f"{said}.{other}{signature[1:]}")))
    with pytest.raises(RefusedError, match="标识无效"):
        identity_of(open_book(exported(filled, tmp_path)), b"another key")


def test_a_version_from_the_future_is_refused(filled: Desk, tmp_path: Path) -> None:
    path = exported(filled, tmp_path)
    with filled.engine.begin() as connection:
        newest = connection.execute(text("SELECT max(id) FROM audit")).scalar_one()
    identity = identity_of(open_book(path), first_key(filled.settings))
    assert identity is not None
    assert identity.version == newest
    ahead = sealed(replace(identity, version=newest + 1), first_key(filled.settings))
    with pytest.raises(RefusedError, match="比现有记录还新"):
        take(filled, edited(path, mark(ahead[PROPERTY])))


def test_a_workbook_typed_from_scratch_is_taken_and_marked_so(desk: Desk) -> None:
    take(desk, TAIYUAN)
    history = project_record(desk, ONE, END).history
    assert history[0].evidence == "01-太原市.xlsx（无标识）"


# --- protected cells and versions -----------------------------------------------------------------


def test_a_changed_name_is_told_at_its_cell_and_nothing_is_written(
    filled: Desk, tmp_path: Path
) -> None:
    before = everything(filled)
    path = exported(filled, tmp_path)
    cell = load_workbook(path)[SUMMARY_SHEET]["C4"].value
    renamed = str(cell).replace("社区养老", "新社区养老")

    def rename(book: Workbook) -> None:
        for sheet in book.worksheets:
            sheet["C4"] = renamed

    with pytest.raises(WorkbookError, match="受保护的内容") as caught:
        take(filled, edited(path, rename))
    assert [fault.spot.cell for fault in caught.value.faults] == ["C4"] * 4, "on each sheet"
    assert cell in str(caught.value)
    assert everything(filled) == before


def test_names_that_were_swapped_are_told_at_both_cells(filled: Desk, tmp_path: Path) -> None:
    def swap(book: Workbook) -> None:
        sheet = book[SUMMARY_SHEET]
        for letter in "BC":
            one, other = sheet[f"{letter}4"].value, sheet[f"{letter}5"].value
            sheet[f"{letter}4"], sheet[f"{letter}5"] = other, one

    with pytest.raises(WorkbookError, match="受保护的内容") as caught:
        take(filled, edited(exported(filled, tmp_path), swap))
    told = {(fault.spot.sheet, fault.spot.cell) for fault in caught.value.faults}
    assert {(SUMMARY_SHEET, "C4"), (SUMMARY_SHEET, "C5")} <= told


def test_an_empty_form_can_be_filled_in_from_its_first_row(filled: Desk, tmp_path: Path) -> None:
    request = WorkbookOrder(Form.SUMMARY, "太原市", empty=True)
    path = export_workbook(filled, request, tmp_path / "空表.xlsx", END)

    known = load_workbook(exported(filled, tmp_path))[SUMMARY_SHEET]
    lines = (
        (1, "清徐县", "示例九镇示例九社区养老幸福工程", None, "改建", 900, 150),
        (2, known["B4"].value, known["C4"].value, "示例新机构", None, None, None),
    )

    def fill(book: Workbook) -> None:
        for number, line in enumerate(lines, 4):
            for letter, value in zip("ABCDEFG", line, strict=True):
                book[SUMMARY_SHEET][f"{letter}{number}"] = value

    done = take(filled, edited(path, fill))
    assert (done.added, done.changed) == (1, 1)
    assert profile(filled).operator == "示例新机构"


def test_a_new_row_below_is_a_new_project(filled: Desk, tmp_path: Path) -> None:
    def add(book: Workbook) -> None:
        line = ("清徐县", "示例九镇示例九社区养老幸福工程", None, "改建", 900, 150)
        for letter, value in zip("BCDEFG", line, strict=True):
            book[SUMMARY_SHEET][f"{letter}14"] = value

    done = take(filled, edited(exported(filled, tmp_path), add))
    assert (done.added, done.unchanged) == (1, 10)


def test_what_changed_elsewhere_meanwhile_stays_where_the_sender_left_it(
    filled: Desk, tmp_path: Path
) -> None:
    path = exported(filled, tmp_path)
    (tmp_path / "x").mkdir()
    take(filled, edited(exported(filled, tmp_path / "x"), put(SUMMARY_SHEET, "D4", "示例新机构")))
    done = take(filled, edited(path, put(OPERATOR_SHEET, "K4", "示例·经理")))
    assert (profile(filled).operator, profile(filled).operator_manager) == (
        "示例新机构",
        "示例·经理",
    )
    assert len(done.notes) == 1
    assert "沿用现值" in done.notes[0]


def test_what_both_changed_is_told_at_the_cell(filled: Desk, tmp_path: Path) -> None:
    path = exported(filled, tmp_path)
    (tmp_path / "x").mkdir()
    take(filled, edited(exported(filled, tmp_path / "x"), put(SUMMARY_SHEET, "D4", "示例甲")))
    with pytest.raises(WorkbookError, match="发出后已改为“示例甲”") as caught:
        take(filled, edited(path, put(SUMMARY_SHEET, "D4", "示例乙")))
    assert [fault.spot.cell for fault in caught.value.faults] == ["D4"]
    assert profile(filled).operator == "示例甲"
    # both to the same value: nothing to settle
    assert take(filled, edited(path, put(SUMMARY_SHEET, "D4", "示例甲"))).unchanged == 10


VALUES = st.sampled_from([None, "甲", "乙", "丙"])


@given(VALUES, VALUES, VALUES)
def test_merging_settles_every_combination(
    stated: str | None, stored: str | None, known: str | None
) -> None:
    """Against the rule in words: the sender's change holds unless somebody else changed it too."""
    said = {"x": stated} if stated else {}
    merged = merge(said, {"x": stored} if stored else {}, {"x": known} if known else {})
    if stated in (None, stored):
        assert (merged.changes, merged.conflicts, merged.outdated) == ({}, {}, ())
    elif stored == known:
        assert (merged.changes, merged.conflicts) == (said, {})
    elif stated == known:
        assert (merged.changes, merged.conflicts, merged.outdated) == ({}, {}, ("x",))
    else:
        assert (merged.changes, merged.conflicts) == ({}, {"x": stored})


# --- all or nothing, and looking first ------------------------------------------------------------


def test_a_dry_run_tells_each_cell_and_keeps_nothing(filled: Desk, tmp_path: Path) -> None:
    before = everything(filled)
    path = edited(exported(filled, tmp_path), put(SUMMARY_SHEET, "D4", "示例新机构"))
    done = take(filled, path, dry_run=True)
    (difference,) = done.differences
    assert (difference.spot.sheet, difference.spot.cell) == (SUMMARY_SHEET, "D4")
    assert (difference.subject, difference.what, difference.new) == (ONE, "运行主体", "示例新机构")
    assert everything(filled) == before
    assert take(filled, path).differences == done.differences
    assert profile(filled).operator == "示例新机构"


def test_one_faulty_cell_refuses_the_whole_workbook(desk: Desk, tmp_path: Path) -> None:
    before = everything(desk)
    path = tmp_path / "01-太原市.xlsx"
    path.write_bytes(TAIYUAN.read_bytes())
    with pytest.raises(WorkbookError) as caught:
        take(desk, edited(path, put(SUMMARY_SHEET, "F13", "很大")))
    assert [fault.spot.cell for fault in caught.value.faults] == ["F13"]
    assert everything(desk) == before


def test_soft_rules_warn_at_their_cells_and_do_not_block(filled: Desk, tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        book[SUMMARY_SHEET]["F4"] = 480.5
        book[SUPPLEMENT_SHEET]["F4"] = "政府租赁"

    done = take(filled, edited(exported(filled, tmp_path), edit))
    told = {
        (warning.spot.sheet, warning.spot.cell): warning
        for warning in done.warnings
        if warning.clause in ("四(一)", "四(二)")
    }
    assert set(told) == {(SUMMARY_SHEET, "F4"), (SUPPLEMENT_SHEET, "F4")}
    assert "须附书面说明（R16）" in told[SUMMARY_SHEET, "F4"].reason
    assert "将不予受理" in told[SUPPLEMENT_SHEET, "F4"].reason
    assert profile(filled).value("tenure") == "政府租赁"


def test_a_supplement_alone_adds_to_projects_that_are_known(filled: Desk, tmp_path: Path) -> None:
    def edit(book: Workbook) -> None:
        del book[SUMMARY_SHEET]
        book[SUPPLEMENT_SHEET]["G4"] = 33

    done = take(filled, edited(exported(filled, tmp_path), edit))
    assert (done.changed, profile(filled).beds) == (1, 33)


def test_a_supplement_alone_adds_no_project(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "太原市补充.xlsx"
    path.write_bytes(TAIYUAN.read_bytes())
    with pytest.raises(WorkbookError, match="请先以附件3汇总表报送"):
        take(desk, edited(path, lambda book: book.remove(book[SUMMARY_SHEET])))


def test_the_footer_tells_form_subject_period_and_version() -> None:
    assert Identity("a", Form.REPORT, "b", "2023-06", 7).footer("月报") == "月报　b　2023-06　版本7"
