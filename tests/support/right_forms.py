"""Every form that is handed out, made out by the product and then filled in as who knows best."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from documents.forms import acceptance, inspection
from documents.forms.answers import COLUMNS, SHEET
from documents.forms.application_form import labels
from documents.forms.ledger import LEDGER_SHEET, ledger_columns
from documents.forms.opinions import MARK, opinion_columns
from documents.forms.opinions import SHEET as OPINIONS_SHEET
from documents.forms.report import FURTHER_SHEET, further_columns, report_columns
from documents.writing.columns import CONTACTS, CONTACTS_SHEET, Column, summary_columns, supplements
from operations.cases.desk import Desk
from operations.workbooks.outgoing import WorkbookOrder
from policy.fields import REPORT_SHEET, SUMMARY_SHEET
from policy.vocabulary import Form
from states.contacts import Post
from tests.support.builders import answers
from tests.support.delivering import know
from tests.support.planting import (
    PlantedFault,
    SheetLayout,
    Tables,
    in_cell,
    layouts,
    planted,
    saved,
    write_cell,
)
from tests.support.planting_labelled import in_items, planted_beside
from tests.support.steps import CHAIN, ONE, TAIYUAN, act, walk
from tests.support.stores import Snapshot
from tests.test_flows_answers import COUNTY, DAY, LATE

CITY, BUREAU = "太原市", "山西省民政厅"
NEXT = "XF2023-140106-01"
"""A project that is under review when `ONE` waits for acceptance."""
Said = Mapping[str, object]


def _wait(desk: Desk) -> None:
    walk(desk, "check_completion")
    for name, on in CHAIN[:2]:
        act(desk, name, on, NEXT)
    know(
        desk,
        Post(COUNTY, "示例·韩某", "科长", "000-0000-0001", channels=("folder://",)),
        Post(f"{CITY}民政局", "示例·赵某", "科长", "000-0000-0002", (), ("folder://",)),
        Post(f"{CITY}民政局", "示例·钱某", "副科长", "000-0000-0003", (), ("folder://",)),
    )


VISITED = Snapshot("visited-at-last", _wait, TAIYUAN)
DECEMBER = date(2023, 12, 5)
ANSWERS: Mapping[object, Said] = {
    "D06": {"expected": date(2023, 6, 20), "reason": "运营机构招标中"},
    "D07": {"done": date(2023, 6, 1), "document": "示例凭证7号", "amount": 100_000},
    "D08": {"done": date(2023, 6, 2), "document": "示例施工合同"},
}
REPORTED: Said = {
    "percent": 0,
    "invested": 0.5,
    "on_schedule": "否",
    "problem": "手续办理中",
    "next_step": "加快办理",
}
CITY_SHARE: Said = {
    "county": "小店区",
    "project": "示例一街道示例乙社区养老幸福工程",
    "code": ONE,
    "source": "市级配套",
    "holder": "市财政",
}
LINES: Sequence[Said] = (
    {**CITY_SHARE, "on": date(2023, 5, 20), "entry": "到账", "amount": 50_000, "voucher": "示1号"},
    {
        **CITY_SHARE,
        "on": date(2023, 5, 22),
        "entry": "拨付",
        "to_holder": "县财政",
        "amount": 30_000,
        "voucher": "示2号",
        "purpose": "示例用途",
    },
)


@dataclass(frozen=True, slots=True)
class RightForm:
    """A form with who hands it in, and how it is filled in and spoiled."""

    order: WorkbookOrder
    fill: Callable[[Desk, bytes], bytes]
    plant: Callable[[Desk, bytes], Iterator[PlantedFault]]
    state: Snapshot = LATE
    today: date = DAY
    is_provincial: bool = False


def _answer(desk: Desk, content: bytes) -> bytes:
    def said(each: SheetLayout, row: int, value: Callable[[str], object]) -> Said:
        return ANSWERS[value("rule")]

    return _filled(content, _answer_tables(desk), said)


def _report(desk: Desk, content: bytes) -> bytes:
    def said(each: SheetLayout, row: int, value: Callable[[str], object]) -> Said:
        return REPORTED if each.sheet == REPORT_SHEET else {}

    return _filled(content, _report_tables(desk), said)


def _ledger(desk: Desk, content: bytes) -> bytes:
    book = load_workbook(BytesIO(content))
    [each] = layouts(book, _ledger_tables(desk))
    for row, line in enumerate(LINES, each.top + 1):
        for key, value in line.items():
            write_cell(book[each.sheet].cell(row, each.at[key]), value)
    return saved(book)


def _opinions(desk: Desk, content: bytes) -> bytes:
    points = {each.key: 15 for each in opinion_columns(desk.plan) if each.key.startswith(MARK)}
    given = {"expert": "示例·专家", "organisation": "示例大学", "on": date(2023, 3, 10), **points}
    return _filled(content, _opinion_tables(desk), lambda *_: given)


def _filled(
    content: bytes,
    tables: Tables,
    said: Callable[[SheetLayout, int, Callable[[str], object]], Said],
) -> bytes:
    book = load_workbook(BytesIO(content))
    for each in layouts(book, tables):
        sheet = book[each.sheet]
        for row in each.rows:
            known = said(each, row, lambda key, row=row: sheet.cell(row, each.at[key]).value)  # type: ignore[misc]  # noqa: B023
            for key, value in known.items():
                write_cell(sheet.cell(row, each.at[key]), value)
    return saved(book)


def _answer_tables(_: Desk) -> Tables:
    return {SHEET: COLUMNS}


def _report_tables(desk: Desk) -> Tables:
    return {REPORT_SHEET: report_columns(desk.plan), FURTHER_SHEET: further_columns(desk.plan)}


def _ledger_tables(desk: Desk) -> Tables:
    return {LEDGER_SHEET: ledger_columns(desk.plan)}


def _opinion_tables(desk: Desk) -> Tables:
    return {OPINIONS_SHEET: opinion_columns(desk.plan)}


def _contact_tables(_: Desk) -> Tables:
    return {CONTACTS_SHEET: CONTACTS}


def _summary_tables(desk: Desk) -> Tables:
    title = desk.plan.titled(Form.SUMMARY, SUMMARY_SHEET)
    found: dict[str, Sequence[Column]] = {title: summary_columns(desk.plan)}
    return {**found, **supplements(desk.plan)}


def _as_it_is(_: Desk, content: bytes) -> bytes:
    return content


def _in_tables(
    form: Form, tables: Callable[[Desk], Tables]
) -> Callable[[Desk, bytes], Iterator[PlantedFault]]:
    return lambda desk, content: planted(form.value, content, tables(desk))


# --- forms with labels ----------------------------------------------------------------------------


def _items_of(content: bytes, first: str) -> tuple[Any, int]:
    """The sheet, and the number of the header row of what is checked."""
    book = load_workbook(BytesIO(content))
    sheet = book.worksheets[0]
    top = next(cell.row for (cell,) in sheet.iter_rows(max_col=1) if cell.value == first)
    return book, top


def _beside(book: Any, words: str) -> Any:
    """The cell right of the last one that says this."""
    sheet = book.worksheets[0]
    *_, cell = (c for row in sheet.iter_rows() for c in row if str(c.value).startswith(words))
    return sheet.cell(cell.row, cell.column + 1)


def _accepted(desk: Desk, content: bytes) -> bytes:
    book, top = _items_of(content, acceptance.COLUMNS[0].heading)
    said = {**answers(), "area": 620, "beds": 10}
    for row, item in enumerate(desk.plan.checklist, top + 1):
        book.worksheets[0].cell(row, 3).value = said[item.id]
    _beside(book, "结论").value = "通过"
    sheet, day = book.worksheets[0], acceptance.HEAD["on"]
    cell = next(c for row in sheet.iter_rows() for c in row if c.value == day)
    sheet.cell(cell.row, cell.column + 1).value = DECEMBER
    return saved(book)


def _inspected(desk: Desk, content: bytes) -> bytes:
    book, top = _items_of(content, inspection.COLUMNS[0].heading)
    items = inspection.inspection_rule(desk.plan).items
    for row, _ in enumerate(items, top + 1):
        book.worksheets[0].cell(row, 3).value = "否" if row == top + 2 else "是"
    book.worksheets[0].cell(top + 2, 4).value = "缺安全检查记录"
    _beside(book, inspection.HEAD["on"]).value = date(2023, 6, 15)
    _beside(book, "督查人").value = f"{BUREAU}王某"
    _beside(book, inspection.HEAD["opinion"]).value = "请抓紧"
    return saved(book)


def _in_application(desk: Desk, content: bytes) -> Iterator[PlantedFault]:
    yield from planted_beside(Form.APPLICATION.value, content, labels(desk.plan))
    sheet = load_workbook(BytesIO(content)).worksheets[0]
    cells = (cell for row in sheet.iter_rows() for cell in row)
    free: Any = next(cell for cell in cells if str(cell.value).startswith("☐"))
    spot = (sheet.title, free.row, free.column)
    for kind, value in (("ticked-too", f"☑{str(free.value)[1:]}"), ("mark-alone", "√")):
        yield in_cell(f"{Form.APPLICATION.value}:{kind}:building_kind", spot, value)


def _in_acceptance(desk: Desk, content: bytes) -> Iterator[PlantedFault]:
    yield from planted_beside(Form.ACCEPTANCE.value, content, acceptance.LABELS)
    _, top = _items_of(content, acceptance.COLUMNS[0].heading)
    columns = {column.key: n for n, column in enumerate(acceptance.COLUMNS, 1)}
    items = [item.id for item in desk.plan.checklist]
    yield from in_items(Form.ACCEPTANCE.value, content, top, columns, items)


def _in_inspection(desk: Desk, content: bytes) -> Iterator[PlantedFault]:
    yield from planted_beside(Form.INSPECTION.value, content, inspection.LABELS)
    _, top = _items_of(content, inspection.COLUMNS[0].heading)
    columns = {column.key: n for n, column in enumerate(inspection.COLUMNS, 1)}
    items = [item.id for item in inspection.inspection_rule(desk.plan).items]
    yield from in_items(Form.INSPECTION.value, content, top, columns, items)


FORMS: Mapping[Form, RightForm] = {
    Form.ANSWER: RightForm(
        WorkbookOrder(Form.ANSWER, COUNTY), _answer, _in_tables(Form.ANSWER, _answer_tables)
    ),
    Form.REPORT: RightForm(
        WorkbookOrder(Form.REPORT, CITY, "2023-05"),
        _report,
        _in_tables(Form.REPORT, _report_tables),
    ),
    Form.LEDGER: RightForm(
        WorkbookOrder(Form.LEDGER, CITY), _ledger, _in_tables(Form.LEDGER, _ledger_tables)
    ),
    Form.SUMMARY: RightForm(
        WorkbookOrder(Form.SUMMARY, CITY), _as_it_is, _in_tables(Form.SUMMARY, _summary_tables)
    ),
    Form.APPLICATION: RightForm(WorkbookOrder(Form.APPLICATION, ONE), _as_it_is, _in_application),
    Form.CONTACTS: RightForm(
        WorkbookOrder(Form.CONTACTS),
        _as_it_is,
        _in_tables(Form.CONTACTS, _contact_tables),
        VISITED,
        DECEMBER,
        is_provincial=True,
    ),
    Form.OPINIONS: RightForm(
        WorkbookOrder(Form.OPINIONS, CITY),
        _opinions,
        _in_tables(Form.OPINIONS, _opinion_tables),
        VISITED,
        DECEMBER,
        is_provincial=True,
    ),
    Form.INSPECTION: RightForm(
        WorkbookOrder(Form.INSPECTION, ONE),
        _inspected,
        _in_inspection,
        VISITED,
        DECEMBER,
        is_provincial=True,
    ),
    Form.ACCEPTANCE: RightForm(
        WorkbookOrder(Form.ACCEPTANCE, ONE),
        _accepted,
        _in_acceptance,
        VISITED,
        DECEMBER,
        is_provincial=True,
    ),
}
