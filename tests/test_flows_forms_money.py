"""资金台账 out and in: what is booked stays, what is new is booked, nothing twice (七, 八(四))."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from common.errors import RefusedError
from documents.reading.faults import WorkbookError
from models.database import reading
from operations.cases.desk import Desk
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions, WorkbookChanges
from operations.workbooks.intake import import_workbook
from operations.workbooks.ledger import make
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import EntryKind, Form, Holder, Source
from states.ledger import LedgerLine, balances
from tests.conftest import AT, DeskIn
from tests.support.office import converted, needs_calc
from tests.support.province import END
from tests.support.steps import ONE, TAIYUAN, money, show, stored, undo, walk
from tests.support.stores import Snapshot
from tests.test_documents_ledger import HEADS

pytestmark = pytest.mark.heavy

TWO = "XF2023-140105-02"
SHEET = "资金台账"
AS_IT_IS = ImportOptions()
PAYS = {"category": "construction", "payee": "示例公司", "evidence": "示例：主体施工"}


def booked(desk: Desk) -> None:
    """Three lines of a project to which the subsidy was released."""
    walk(desk, "release_funds")
    source = Source.PROVINCE
    money(desk, EntryKind.RECEIPT, source, Holder.CITY, "300000.00", "2023-05-04", voucher="甲1")
    money(
        desk, EntryKind.TRANSFER, source, Holder.CITY, "300000.00", "2023-05-08",
        voucher="甲2", to_holder=Holder.PROJECT,
    )  # fmt: skip
    money(
        desk, EntryKind.EXPENSE, source, Holder.PROJECT, "120000.01", "2023-06-01",
        voucher="甲3", **PAYS,
    )  # fmt: skip


BOOKED = Snapshot("booked", booked, TAIYUAN)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    """太原市 with one project whose money has begun to move."""
    return desk_in(BOOKED)


def take(
    desk: Desk, path: Path, asked: ImportOptions = AS_IT_IS, *, dry_run: bool = False
) -> WorkbookChanges:
    return import_workbook(desk, path, asked, today=END, at=AT, dry_run=dry_run).taken


def exported(desk: Desk, folder: Path, *, empty: bool = False) -> Path:
    request = WorkbookOrder(Form.LEDGER, "太原市", empty=empty)
    return export_workbook(desk, request, folder / "台账.xlsx", END, force=True)


def edited(path: Path, **cells: object) -> Path:
    book = load_workbook(path)
    for cell, value in cells.items():
        book[SHEET][cell] = value  # type: ignore[assignment]  # any value
    book.save(path)
    return path


def typed(path: Path, *rows: Sequence[object]) -> Path:
    """A workbook that somebody typed; a row from its code on, without the last cells' blanks."""
    book = Workbook()
    heads: Sequence[Sequence[object]] = (["太原市资金台账"], [], HEADS)
    for line in (*heads, *([None, None, None, *row] for row in rows)):
        book.worksheets[0].append(list(line))
    book.save(path)
    return path


def faults(desk: Desk, path: Path) -> list[tuple[str, str]]:
    """Each fault's cell and words; nothing is written."""
    before = all_lines(desk)
    with pytest.raises(WorkbookError) as caught:
        take(desk, path)
    assert all_lines(desk) == before
    return [(fault.spot.cell, fault.line("")) for fault in caught.value.faults]


def all_lines(desk: Desk) -> list[tuple[LedgerLine, ...]]:
    return [stored(desk, code).lines for code in (ONE, TWO)]


def audits(desk: Desk) -> int:
    with desk.engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM audit").scalar_one())


def row(code: str, on: str, *said: object) -> list[object]:
    """类别, 来源, 所在, 拨付对象, 金额, 凭证号, and for expenses the rest."""
    return [code, date.fromisoformat(on), *said]


SPEND = ("支出", "省级补助", "项目单位", None)


# --- round trips ----------------------------------------------------------------------------------


def test_an_export_comes_back_unchanged(desk: Desk, tmp_path: Path) -> None:
    before = audits(desk)
    done = take(desk, exported(desk, tmp_path))
    assert (done.subject, done.added, done.unchanged, done.notes) == ("太原市", 0, 3, ())
    assert audits(desk) == before


def test_an_export_shows_what_is_booked_and_the_projects(desk: Desk, tmp_path: Path) -> None:
    book = load_workbook(exported(desk, tmp_path))
    values = [cell.value for cell in book[SHEET][6]]
    assert values[3:4] + values[5:9] == [ONE, "支出", "省级补助", "项目单位", None]
    assert values[9:] == [120000.01, "甲3", "基础设施建设", "示例公司", "示例：主体施工"]
    assert all(cell.protection.locked for cell in book[SHEET][6])
    assert not any(cell.protection.locked for cell in book[SHEET][7])
    looked = [cell.value for cell in book["项目清单"][4]]
    assert (looked[0], looked[-1]) == (ONE, 179999.99)


def test_new_lines_are_booked_once(desk: Desk, tmp_path: Path) -> None:
    """The workbook is exported, filled in below and handed in, and handed in again."""
    new = {"D7": ONE, "E7": date(2023, 6, 20), "F7": "支付", "G7": "省补", "H7": "项目单位"}
    new |= {"J7": 0.1 + 0.2, "K7": 20230620, "L7": "设施设备购置", "M7": "示例公司", "N7": "护理床"}
    path = edited(exported(desk, tmp_path), **new)
    done = take(desk, path)
    assert (done.added, done.unchanged) == (1, 3)
    (line,) = stored(desk).lines[3:]
    assert (line.amount, line.voucher, line.category) == (Decimal("0.30"), "20230620", "equipment")
    assert show(desk).history[-1].actor == "太原市民政局"
    assert show(desk).history[-1].evidence == "护理床【资金台账：台账.xlsx】"
    before = audits(desk)
    assert (take(desk, path).added, take(desk, path).unchanged) == (0, 4)
    assert take(desk, exported(desk, tmp_path)).unchanged == 4
    assert audits(desk) == before


def test_a_typed_workbook_is_booked_in_order_of_day(desk: Desk, tmp_path: Path) -> None:
    """Its rows stand the other way round, and on one day the money comes in before it is spent."""
    path = typed(
        tmp_path / "a.xlsx",
        row(ONE, "2023-06-03", *SPEND, "5000.01元", "乙4", "其他养老服务用途", "示例公司", "助浴"),
        row(ONE, "2023-06-03", "拨付", "市配套", "县财政", "项目单位", 5000, "乙3"),
        row(ONE, "2023-06-03", "支付", "其他", "项目单位", "/", "0.5万元", "乙2", "水费", "示例甲"),
        row(ONE, "2023-06-03", "到账", "市配套", "县财政", None, "5,000.00", "乙1"),
        row(ONE, "2023-06-02", "收到", "自筹", "项目单位", None, 5000.0, "乙0"),
    )  # fmt: skip
    done = take(desk, path, ImportOptions(actor="太原市民政局 示例·会计"))
    assert (done.added, done.unchanged) == (5, 0)
    lines = stored(desk).lines[3:]
    assert [line.voucher for line in lines] == ["乙0", "乙1", "乙3", "乙4", "乙2"]
    held = balances(stored(desk).lines)
    assert held[Source.PROVINCE, Holder.PROJECT] == Decimal("174999.98")
    assert held[Source.OTHER, Holder.PROJECT] == 0
    assert {item.actor for item in show(desk).history[-5:]} == {"太原市民政局 示例·会计"}
    assert show(desk).history[-2].evidence == "助浴【资金台账：a.xlsx（无标识）】"
    assert (take(desk, path).added, take(desk, path).unchanged) == (0, 5)


@needs_calc
@pytest.mark.heavy
@pytest.mark.parametrize("kinds", [("xlsx",), ("ods", "xlsx")])
def test_libreoffice_changes_nothing(desk: Desk, tmp_path: Path, kinds: tuple[str, ...]) -> None:
    path = exported(desk, tmp_path)
    edited(
        path, D7=ONE, E7=date(2023, 6, 20), F7="到账", G7="其他资金", H7="项目单位", J7=0.07, K7="8"
    )
    path.write_bytes(converted(path.read_bytes(), *kinds))
    done = take(desk, path)
    assert (done.added, done.unchanged, done.notes) == (1, 3, ())
    assert stored(desk).lines[3].amount == Decimal("0.07")
    again = exported(desk, tmp_path)
    again.write_bytes(converted(again.read_bytes(), *kinds))
    assert (take(desk, again).added, take(desk, again).unchanged) == (0, 4)


def test_an_empty_form_is_filled_in_from_the_first_row(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path, empty=True)
    assert load_workbook(path)[SHEET]["A4"].value is None
    new = {"A4": 1, "D4": ONE, "E4": date(2023, 6, 20), "F4": "到账", "G4": "其他资金"}
    done = take(desk, edited(path, **new, H4="项目单位", J4=8, K4="丙1"))
    assert (done.added, done.unchanged, done.notes) == (1, 0, ())


def test_a_dry_run_tells_every_new_line_and_books_none(desk: Desk, tmp_path: Path) -> None:
    path = typed(
        tmp_path / "a.xlsx", row(ONE, "2023-06-03", "到账", "其他", "项目单位", None, 5, "乙1")
    )
    before = all_lines(desk)
    (told,) = take(desk, path, dry_run=True).differences
    assert all_lines(desk) == before
    assert (told.spot.cell, told.subject, told.what, told.old) == ("J4", ONE, "登记到账", "")
    assert told.new == "2023-06-03 到账 其他资金 项目单位 5.00元 乙1"
    assert take(desk, path).differences == (told,)


# --- what is booked stays -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "value", "says"),
    [
        ("E6", date(2023, 6, 2), "该凭证已登记为“2023-06-01”；有误的请办理更正"),
        ("G6", "其他资金", "该凭证已登记为“省级补助”"),
        ("J6", 120000.02, "该凭证已登记为“120,000.01元”"),
        ("L6", "装修装饰", "该凭证已登记为“基础设施建设”"),
        ("M6", "另一公司", "该凭证已登记为“示例公司”"),
        ("N6", "另一用途", "该凭证已登记为“示例：主体施工”"),
        ("I5", "县财政", "该凭证已登记为“项目单位”"),
    ],
)
def test_a_line_that_is_booked_otherwise(
    desk: Desk, tmp_path: Path, cell: str, value: object, says: str
) -> None:
    ((at, told),) = faults(desk, edited(exported(desk, tmp_path), **{cell: value}))
    assert at == cell
    assert says in told


def test_a_voucher_is_booked_in_one_project(desk: Desk, tmp_path: Path) -> None:
    second = row(TWO, "2023-05-04", "到账", "其他", "项目单位", None, 5, " 甲1")
    ((at, told),) = faults(desk, typed(tmp_path / "a.xlsx", second))
    assert at == "K4"
    assert f"该凭证已登记在{ONE}，不得重复入账或跨项目使用（八(四)）" in told


def test_a_voucher_of_another_city_is_not_used_again(desk: Desk, tmp_path: Path) -> None:
    with desk.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE subject SET city = '大同市' WHERE code = '{ONE}'")  # noqa: S608
    second = row(TWO, "2023-05-04", "到账", "其他", "项目单位", None, 5, "甲1")
    ((at, told),) = faults(desk, typed(tmp_path / "a.xlsx", second))
    assert (at, "凭证“甲1”已在其他市登记" in told, ONE in told) == ("K4", True, False)


def test_a_voucher_that_was_changed_is_not_booked_anew(desk: Desk, tmp_path: Path) -> None:
    ((at, told),) = faults(desk, edited(exported(desk, tmp_path), K6="甲33"))
    assert at == "K6"
    assert "凭证号是受保护的内容，本表发出时为“甲3”；请恢复原样" in told


def test_a_line_that_is_left_out_still_counts(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path)
    book = load_workbook(path)
    book[SHEET].delete_rows(5)
    book.save(path)
    done = take(desk, path)
    assert (done.added, done.unchanged) == (0, 2)
    assert done.notes == ("已登记的1行本表未列，仍然有效（凭证甲2）；有误的请办理更正",)
    assert len(stored(desk).lines) == 3


def test_a_line_that_was_reversed_since_is_not_booked_again(desk: Desk, tmp_path: Path) -> None:
    path = exported(desk, tmp_path)
    undo(desk, stored(desk).lines[2].audit_id)
    done = take(desk, path)
    assert (done.added, done.unchanged) == (0, 2)
    assert done.notes == ("本表发出后已更正的1行不再登记（凭证甲3）",)
    assert len(stored(desk).lines) == 2
    ((at, told),) = faults(desk, edited(path, J6=5))
    assert (at, "已办理更正；请向省民政厅索取最新表格后填写" in told) == ("K6", True)
    again = typed(
        tmp_path / "b.xlsx", row(ONE, "2023-06-01", *SPEND, 5, "甲3", "装修装饰", "示例公司")
    )
    assert take(desk, again).added == 1


def test_lines_booked_since_do_not_shift_the_rows(desk: Desk, tmp_path: Path) -> None:
    """A line that was booked meanwhile on an earlier day stands before the others now."""
    path = exported(desk, tmp_path)
    money(
        desk, EntryKind.RECEIPT, Source.OTHER, Holder.PROJECT, "9.00", "2023-05-01", voucher="丁1"
    )
    assert (take(desk, path).unchanged, take(desk, path).notes) == (3, ())
    ((at, told),) = faults(desk, edited(path, K4="甲11"))
    assert (at, "本表发出时为“甲1”" in told) == ("K4", True)


# --- refusals at their cells ----------------------------------------------------------------------


REFUSED: list[tuple[list[object], str, str]] = [
    (row(ONE, "2023-06-03", *SPEND, 200000, "乙1", "装修装饰", "示例公司"), "J4", "余额不足"),
    (row(ONE, "2023-06-03", *SPEND, 5, "乙1", "人员工资", "示例公司"), "L4", "机构运行经费"),
    (row(ONE, "2023-06-03", *SPEND, 5, "乙1", "庆典", "示例公司"), "L4", "用途之内"),
    (row(ONE, "2023-06-03", "到账", "省补", "市财政", None, 900000, "乙1"), "J4", "超过下达的"),
    (row(TWO, "2023-06-03", "到账", "省补", "市财政", None, 5, "乙1"), "J4", "尚未下达"),
    (row(ONE, "2023-06-03", "拨付", "省补", "项目单位", "市财政", 5, "乙1"), "I4", "逐级下拨"),
    (
        row(ONE, "2023-05-05", "支出", "省补", "市财政", None, 5, "乙1", "装修装饰", "示例公司"),
        "H4",
        "市财政只拨付",
    ),
    (row(ONE, "2022-06-03", "到账", "其他", "市财政", None, 5, "乙1"), "E4", "早于实施方案印发日"),
    (row(ONE, "2024-06-03", "到账", "其他", "市财政", None, 5, "乙1"), "E4", "尚未到来"),
    (row(ONE, "2023-06-03", "到账", "其他", "市财政", None, 0, "乙1"), "J4", "须大于零"),
]


@pytest.mark.parametrize(("line", "cell", "says"), REFUSED)
def test_what_the_ledger_refuses_is_told_at_its_cell(
    desk: Desk, tmp_path: Path, line: list[object], cell: str, says: str
) -> None:
    told = dict(faults(desk, typed(tmp_path / "a.xlsx", line)))
    assert says in told[cell]
    assert "--" not in "".join(told.values())


def test_an_amount_that_is_not_plausible_is_asked_about(desk: Desk, tmp_path: Path) -> None:
    """Unless it was looked at again; and what is booked is not asked about any more."""
    investment = stored(desk).profile.investment
    assert investment
    much = int(investment * 3) + 1
    path = typed(
        tmp_path / "a.xlsx", row(ONE, "2023-06-03", "到账", "其他", "项目单位", None, much, "乙1")
    )
    ((at, told),) = faults(desk, path)
    assert at == "J4"
    assert "元的三倍，可能混淆了元与万元；请核对后改正" in told
    assert take(desk, path, ImportOptions(confirmed=True)).added == 1
    assert take(desk, path).unchanged == 1


def test_a_project_whose_line_is_wrong_is_not_tried_further(desk: Desk, tmp_path: Path) -> None:
    """What follows from a wrong line is no fault; other projects are tried all the same."""
    path = typed(
        tmp_path / "a.xlsx",
        row(ONE, "2023-06-03", *SPEND, 200000, "乙1", "装修装饰", "示例公司"),
        row(ONE, "2023-06-04", *SPEND, 300000, "乙2", "装修装饰", "示例公司"),
        row(TWO, "2023-06-03", "到账", "其他", "项目单位", None, "很多", "乙3"),
        row(TWO, "2023-06-04", "支出", "其他", "项目单位", None, 5, "乙4", "水费", "示例公司"),
        row("XF2023-140106-01", "2023-06-03", "到账", "省补", "市财政", None, 5, "乙5"),
    )
    assert [at for at, _ in faults(desk, path)] == ["J4", "J6", "J8"]


def test_while_a_line_has_no_project_nothing_is_concluded(desk: Desk, tmp_path: Path) -> None:
    path = typed(
        tmp_path / "a.xlsx",
        row("XF2023-140105-9", "2023-06-03", "到账", "其他", "项目单位", None, 5, "乙1"),
        row(TWO, "2023-06-04", "支出", "其他", "项目单位", None, 5, "乙2", "水费", "示例公司"),
    )
    assert [at for at, _ in faults(desk, path)] == ["D4"]


def test_which_city_is_signed_asked_for_or_in_the_title(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="是太原市的表"):
        take(desk, exported(desk, tmp_path), ImportOptions(city="大同市"))
    path = typed(
        tmp_path / "a.xlsx", row(ONE, "2023-06-03", "到账", "其他", "市财政", None, 5, "乙1")
    )
    with pytest.raises(RefusedError, match="表中写明的是太原市，不能作为大同市的表报送"):
        take(desk, path, ImportOptions(city="大同市"))


@pytest.mark.parametrize("cell", ["A1", "A2"])
def test_a_signed_workbook_that_names_another_city(desk: Desk, tmp_path: Path, cell: str) -> None:
    path = edited(exported(desk, tmp_path), **{"A1": "资金台账", cell: "填报单位：大同市民政局"})
    with pytest.raises(RefusedError, match="表中写明的是大同市，不能作为太原市的表报送"):
        take(desk, path)


def test_a_plan_without_money_has_no_ledger(desk: Desk, tmp_path: Path) -> None:
    bare = Desk(
        desk.settings, desk.plan.model_copy(update={"money": None}), desk.calendar, desk.engine
    )
    tried: list[Callable[[], object]] = [
        lambda: exported(bare, tmp_path),
        lambda: take(bare, exported(desk, tmp_path)),
    ]
    for each in tried:
        with pytest.raises(RefusedError, match="不设资金台账"):
            each()


@pytest.mark.parametrize(
    ("said", "name"),
    [("太原市小店区", "太原市小店区"), ("小店区", "太原市小店区"), ("太原", "太原市")],
)
def test_a_ledger_is_asked_for_by_city_or_county(sqlite_desk: Desk, said: str, name: str) -> None:
    with reading(sqlite_desk.engine) as session:
        made = make(session, sqlite_desk, WorkbookOrder(Form.LEDGER, said), END)
    assert made.name == f"{name} 资金台账.xlsx"


@pytest.mark.parametrize("said", ["城区", "小店"])
def test_which_county_is_not_guessed(sqlite_desk: Desk, said: str) -> None:
    """Two counties are called 城区."""
    with (
        reading(sqlite_desk.engine) as session,
        pytest.raises(RefusedError, match=r"只要一个县（市、区）的，请写明市、县全称$"),
    ):
        make(session, sqlite_desk, WorkbookOrder(Form.LEDGER, said), END)
