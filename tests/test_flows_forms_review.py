"""专家评分表 out and in: opinions are recorded once, and faults told at their cells (五(二))."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from common.errors import RefusedError
from documents.reading.faults import WorkbookError
from operations.cases.desk import Desk
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form
from tests.conftest import AT, DeskIn
from tests.support.office import converted, needs_calc
from tests.support.province import END
from tests.support.steps import ONE, TAIYUAN, act, judge, show, stored, undo, walk
from tests.support.stores import Snapshot
from tests.test_documents_opinions import HEADS

pytestmark = pytest.mark.heavy

TWO = "XF2023-140105-02"
SHEET = "专家评分表"
AS_IT_IS = ImportOptions()
POINTS = (20, 16.5, 16, 16, 12)


def applied(desk: Desk) -> None:
    """Two projects under review; of the first there are two opinions."""
    for code in (ONE, TWO):
        walk(desk, "submit_application", code)
    judge(desk, (80, 82))


UNDER_REVIEW = Snapshot("under_review", applied, TAIYUAN)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    """太原市 with two projects under review."""
    return desk_in(UNDER_REVIEW)


def take(
    desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, *, dry_run: bool = False
) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=END, at=AT, dry_run=dry_run).taken


def exported(desk: Desk, folder: Path, subject: str | None = None, **more: str) -> Path:
    request = WorkbookOrder(Form.OPINIONS, subject, **more)  # type: ignore[arg-type]  # expert, organisation
    return export_workbook(desk, request, folder / "评分.xlsx", END, force=True)


def edited(path: Path, cells: Mapping[str, object]) -> Path:
    book = load_workbook(path)
    for cell, value in cells.items():
        book[SHEET][cell] = value  # type: ignore[assignment]  # any value
    book.save(path)
    return path


def scored(row: int, points: Sequence[object] = POINTS, **more: object) -> dict[str, object]:
    """The cells of a row that give points, with `more` by column."""
    given = dict(zip("IJKLM", points, strict=True)) | {"H": date(2023, 3, 10)} | more
    return {f"{letter}{row}": value for letter, value in given.items()}


def typed(path: Path, *rows: Sequence[object]) -> Path:
    book = Workbook()
    heads: Sequence[Sequence[object]] = (["专家评分表"], HEADS)
    for line in (*heads, *([None] * 4 + [*row] for row in rows)):
        book.worksheets[0].append(list(line))
    book.save(path)
    return path


def faults(desk: Desk, path: Path) -> list[tuple[str, str]]:
    """Each fault's cell and words; nothing is written."""
    before = count(desk)
    with pytest.raises(WorkbookError) as caught:
        take(desk, path)
    assert count(desk) == before
    return [(fault.spot.cell, fault.line("")) for fault in caught.value.faults]


def count(desk: Desk) -> tuple[int, ...]:
    with desk.engine.connect() as connection:
        return tuple(
            int(connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one())  # noqa: S608
            for name in ("audit", "opinion")
        )


def cell(path: Path, at: str) -> object:
    return load_workbook(path)[SHEET][at].value


# --- out and back ---------------------------------------------------------------------------------


def test_an_export_comes_back_unchanged(desk: Desk, tmp_path: Path) -> None:
    before = count(desk)
    path = exported(desk, tmp_path)
    done = take(desk, path)
    assert (done.subject, done.added, done.unchanged, done.notes) == ("山西省", 0, 2, ())
    assert count(desk) == before
    assert [cell(path, f"E{row}") for row in range(4, 9)] == [ONE, ONE, ONE, TWO, None]
    assert [cell(path, f"N{row}") for row in range(4, 7)] == [80, 82, None]
    sheet = load_workbook(path)[SHEET]
    assert [sheet[f"I{row}"].protection.locked for row in range(4, 8)] == [True, True, False, False]


def test_only_projects_under_review_are_listed(desk: Desk, tmp_path: Path) -> None:
    judge(desk, (80, 82, 84), TWO)
    act(desk, "pass_review", "2023-03-14", TWO)
    path = exported(desk, tmp_path, "太原市")
    assert [cell(path, f"E{row}") for row in range(4, 8)] == [ONE, ONE, ONE, None]


def test_an_expert_sees_no_other_experts_scores(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path, expert="示例·专家0", organisation="示例大学")
    found = [[cell(path, f"{letter}{row}") for letter in "EFGN"] for row in (4, 5, 6)]
    assert found == [
        [ONE, "示例·专家0", "示例大学", 80],
        [TWO, "示例·专家0", "示例大学", None],
        [None, None, None, None],
    ]


def test_scores_are_recorded_once(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path, expert="示例·专家甲", organisation="示例大学")
    edited(path, scored(4, N=80.5, O="示例：选址合适") | scored(5, (25, 20, 20, 20, "15分")))
    done = take(desk, path)
    assert (done.added, done.unchanged, len(done.differences)) == (2, 0, 10)
    given = stored(desk).opinions[-1]
    assert (given.expert, given.organisation, given.on) == (
        "示例·专家甲",
        "示例大学",
        date(2023, 3, 10),
    )
    assert [str(points) for points in given.scores.values()] == [
        *("20.0", "16.5", "16.0", "16.0", "12.0")
    ]
    row = show(desk).history[-1]
    assert (row.actor, row.evidence) == ("山西省民政厅", "示例：选址合适【专家评分表：评分.xlsx】")
    before = count(desk)
    assert (take(desk, path).added, take(desk, path).unchanged) == (0, 2)
    again = exported(desk, tmp_path)
    assert cell(again, "O6") == "示例：选址合适"
    assert take(desk, again).unchanged == 4
    assert count(desk) == before


@needs_calc
@pytest.mark.heavy
@pytest.mark.parametrize("kinds", [("xlsx",), ("ods", "xlsx")])
def test_libreoffice_changes_nothing(desk: Desk, tmp_path: Path, kinds: tuple[str, ...]) -> None:
    path = edited(exported(desk, tmp_path), scored(6, F="示例·丙", G="示例大学"))
    path.write_bytes(converted(path.read_bytes(), *kinds))
    done = take(desk, path)
    assert (done.added, done.unchanged, done.notes) == (1, 2, ())
    assert str(stored(desk).opinions[2].scores["site"]) == "16.5"


def test_several_experts_in_a_typed_workbook(desk: Desk, tmp_path: Path) -> None:
    rows = [
        [code, f"示例·专{name}", "示例大学", "2023.3.10", *POINTS]
        for code in (ONE, TWO)
        for name in "甲乙"
    ]
    path = typed(tmp_path / "a.xlsx", *rows)
    done = take(desk, path, ImportOptions(actor="山西省民政厅 示例·评审组"))
    assert (done.subject, done.added) == ("山西省", 4)
    assert show(desk, TWO).history[-1].actor == "山西省民政厅 示例·评审组"
    assert take(desk, path).unchanged == 4


def test_a_dry_run_tells_every_score_and_records_none(desk: Desk, tmp_path: Path) -> None:
    path = typed(tmp_path / "a.xlsx", [TWO, "示例·甲", "示例大学", "2023.3.10", *POINTS])
    before = count(desk)
    told = take(desk, path, dry_run=True).differences
    assert count(desk) == before
    assert [(each.spot.cell, each.what, each.new) for each in told[:2]] == [
        ("I3", "示例·甲：选址与需求", "20"),
        ("J3", "示例·甲：场地与产权", "16.5"),
    ]
    assert {each.subject for each in told} == {TWO}


# --- faults ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "value", "says"),
    [
        ("I4", 19, "此处登记为“20”；有误的请办理更正"),
        ("G4", "另一大学", "此处登记为“示例大学”"),
        ("H4", date(2023, 3, 11), "此处登记为“2023-03-10”"),
        ("O4", "示例：另有意见", "此处登记为“空”"),
        ("N4", 81, "应为80"),
        ("C4", "清徐县", "与编码不符"),
    ],
)
def test_what_is_recorded_otherwise(
    desk: Desk, tmp_path: Path, at: str, value: object, says: str
) -> None:
    told = dict(faults(desk, edited(exported(desk, tmp_path), {at: value})))
    assert says in told.pop(at)
    assert set(told) <= {"N4"}


GOOD = ("示例·甲", "示例大学", "2023.3.10", *POINTS)
REFUSED: list[tuple[list[object], str, str]] = [
    ([TWO, "示例·甲", "太原市民政局", *GOOD[2:]], "G4", "应当回避"),
    ([TWO, *GOOD[:2], "2023.2.8", *POINTS], "H4", "早于申报日期"),
    ([TWO, *GOOD[:2], "2024.2.8", *POINTS], "H4", "尚未到来"),
    (["XF2023-140106-01", *GOOD], "I4", "不接受评审意见"),
]


@pytest.mark.parametrize(("row", "at", "says"), REFUSED)
def test_a_refusal_is_told_at_its_cell(
    desk: Desk, tmp_path: Path, row: list[object], at: str, says: str
) -> None:
    told = dict(faults(desk, typed(tmp_path / "a.xlsx", [ONE, *GOOD], row)))
    assert says in told.pop(at)
    assert set(told) <= {"H4"}  # a project that has not applied has no day to compare with


def test_every_wrong_row_is_told_and_nothing_recorded(desk: Desk, tmp_path: Path) -> None:
    rows = [
        [ONE, "示例·甲", "太原市民政局", *GOOD[2:]],
        [ONE, *GOOD[:3], 26, *POINTS[1:]],
        [ONE, "示例·乙", "太原市民政局", *GOOD[2:]],
        [TWO, *GOOD],
    ]
    assert sorted(at for at, _ in faults(desk, typed(tmp_path / "a.xlsx", *rows))) == [
        *("G3", "G5", "I4")
    ]


def test_an_opinion_that_was_reversed_since_is_not_recorded_again(
    desk: Desk, tmp_path: Path
) -> None:
    path = exported(desk, tmp_path)
    undo(desk, stored(desk).opinions[1].audit_id)
    done = take(desk, path)
    assert (done.added, done.unchanged) == (0, 1)
    assert done.notes == ("第5行的评分在本表发出后已更正，不再登记",)
    assert len(stored(desk).opinions) == 1
    ((at, told),) = faults(desk, edited(path, {"I5": 1, "N5": None}))
    assert (at, "已办理更正；请向省民政厅索取最新表格后填写" in told) == ("F5", True)


def test_a_remark_without_points_is_noted(desk: Desk, tmp_path: Path) -> None:
    done = take(desk, edited(exported(desk, tmp_path), {"O6": "示例意见"}))
    assert done.notes == ("第6行只有评审意见而没有评分，未登记",)


def test_of_a_city_only_its_projects_are_taken(desk: Desk, tmp_path: Path) -> None:
    path = typed(tmp_path / "a.xlsx", [TWO, *GOOD])
    with pytest.raises(WorkbookError, match="没有编码为"):
        take(desk, path, ImportOptions(city="大同市"))
    assert take(desk, path, ImportOptions(city="太原市")).subject == "太原市"


def test_a_plan_without_a_review_has_no_form(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path)
    plan = desk.plan.model_copy(update={"review": None})
    bare = Desk(desk.settings, plan, desk.calendar, desk.engine)
    with pytest.raises(RefusedError, match="没有规定专家评审"):
        take(bare, path)
    with pytest.raises(RefusedError, match="没有规定专家评审"):
        exported(bare, tmp_path)
