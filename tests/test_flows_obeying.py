"""Every refusal's own advice, done to the letter by a robot, is accepted the next time.

Faults of every kind are planted into our own forms; the robot reads the marked copy, or the receipt
where there is none, does what it says, and hands the form in again the same way. Five hundred are
for storms; CI takes of each kind one.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from documents.forms.answers import COLUMNS, SHEET
from documents.forms.ledger import LEDGER_SHEET, ledger_columns
from documents.forms.report import FURTHER_SHEET, further_columns, report_columns
from documents.writing.columns import Column, summary_columns, supplements
from models import inbox
from operations.cases.desk import Desk
from operations.workbooks.exports import export_workbook
from operations.workbooks.inbox import InboxFolder, enter_enclosed, read_enclosed
from operations.workbooks.outgoing import WorkbookOrder
from policy.fields import REPORT_SHEET, SUMMARY_SHEET
from policy.vocabulary import Form, IntakeResult
from tests.support.obeying import Clerk, reworded
from tests.support.planting import (
    PlantedFault,
    SheetLayout,
    Tables,
    layouts,
    planted,
    saved,
    write_cell,
)
from tests.support.province import morning
from tests.support.replying import (
    REMINDED,
    acknowledged,
    go,
    put,
    reminder,
    reply,
    rows,
)
from tests.support.steps import ONE
from tests.support.stores import Stores
from tests.test_flows_answers import COUNTY, DAY, LATE

pytestmark = pytest.mark.heavy

CITY, NAME = "太原市", "表格.xlsx"
NOT_IN = "未登记："
Said = Mapping[str, object]


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """太原市's projects on 5 June; of ONE what a county can answer is overdue."""
    with stores.desk(None, LATE, tmp_path_factory.mktemp("obeying") / "home") as opened:
        yield opened


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
CITY_SHARE: Said = {"code": ONE, "source": "市级配套", "holder": "市财政"}
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


def _answer_tables(desk: Desk) -> Tables:
    return {SHEET: COLUMNS}


def _report_tables(desk: Desk) -> Tables:
    return {REPORT_SHEET: report_columns(desk.plan), FURTHER_SHEET: further_columns(desk.plan)}


def _ledger_tables(desk: Desk) -> Tables:
    return {LEDGER_SHEET: ledger_columns(desk.plan)}


def _summary_tables(desk: Desk) -> Tables:
    title = desk.plan.titled(Form.SUMMARY, SUMMARY_SHEET)
    found: dict[str, Sequence[Column]] = {title: summary_columns(desk.plan)}
    return {**found, **supplements(desk.plan)}


Fill = Callable[[Desk, bytes], bytes]
FORMS: Mapping[Form, tuple[str, str | None, Callable[[Desk], Tables], Fill]] = {
    Form.ANSWER: (COUNTY, None, _answer_tables, _answer),
    Form.REPORT: (CITY, "2023-05", _report_tables, _report),
    Form.LEDGER: (CITY, None, _ledger_tables, _ledger),
    Form.SUMMARY: (CITY, None, _summary_tables, lambda _, content: content),
}


class _UndoneError(Exception):
    """Nothing of what was handed in stays."""


def _hand_in(desk: Desk, content: bytes) -> tuple[IntakeResult, str, bytes | None]:
    """What a form comes to that is put into the city's folder, its receipt and marked copy."""
    folder = InboxFolder(desk, CITY, (), DAY, morning(DAY))
    reading = read_enclosed(folder, NAME, content)
    for old in (returned := folder.home / "退回").iterdir():
        old.unlink()
    with suppress(_UndoneError), desk.writing() as session:
        known = enter_enclosed(session, folder, reading)
        file = inbox.find(session, desk.plan, CITY, reading.arrival.digest)
        told = file.reply if file else ""
        raise _UndoneError
    copies = [path.read_bytes() for path in returned.glob("*.xlsx")]
    return known.outcome, told, copies[0] if copies else None


@cache
def _right(desk: Desk, form: Form) -> tuple[bytes, str]:
    """A form that is right, and what its sender is told."""
    subject, month, _, fill = FORMS[form]
    path = desk.settings.home / "form.xlsx"
    order = WorkbookOrder(form, subject, month)
    content = fill(desk, export_workbook(desk, order, path, DAY, force=True).read_bytes())
    outcome, told, _ = _hand_in(desk, content)
    assert outcome is IntakeResult.DONE
    assert NOT_IN not in told
    assert told.endswith("不需再报。")
    return content, told


def _faults(desk: Desk, form: Form) -> list[PlantedFault]:
    content, _ = _right(desk, form)
    return list(planted(form.value, content, FORMS[form][2](desk)))


def _obeyed(desk: Desk, form: Form, fault: PlantedFault) -> bool:
    """Whether the fault was refused; then the advice was good, and all that was meant is in."""
    content, meant = _right(desk, form)
    spoiled = fault.planted()
    outcome, told, copy = _hand_in(desk, spoiled)
    if outcome is IntakeResult.DONE and NOT_IN not in told:
        return False
    again, answer, _ = _hand_in(desk, Clerk(content).obey(spoiled, copy, told))
    assert (again, NOT_IN in answer) == (IntakeResult.DONE, False), f"{told}\n→ {answer}"
    assert _bare(answer) == _bare(meant)
    return True


def _bare(receipt: str) -> str:
    """Without the places of cells: a row that was put in anew moves what is below."""
    return re.sub(r"（[A-Z]+\d+）", "", receipt)


def _by_kind(found: Sequence[PlantedFault], turn: int) -> Iterator[PlantedFault]:
    """One fault of each kind, each form another one where there are several."""
    kinds: dict[str, list[PlantedFault]] = {}
    for fault in found:
        kinds.setdefault(fault.kind, []).append(fault)
    for number, same in enumerate(kinds.values()):
        if number % len(FORMS) == turn:
            yield same[(7 * number) % len(same)]


@pytest.mark.parametrize("form", FORMS)
def test_what_a_refusal_says_to_do_is_accepted(desk: Desk, form: Form) -> None:
    turn = list(FORMS).index(form)
    some = list(_by_kind(_faults(desk, form), turn))
    assert sum(_obeyed(desk, form, fault) for fault in some) >= len(some) // 2


LEAST: Mapping[Form, int] = {Form.ANSWER: 45, Form.REPORT: 110, Form.LEDGER: 35, Form.SUMMARY: 310}
"""So many faults of each form are refused: five hundred in all."""


@pytest.mark.storm
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("form", FORMS)
def test_what_five_hundred_refusals_say_to_do_is_accepted(desk: Desk, form: Form) -> None:
    refused, wrong = 0, list[str]()
    for fault in _faults(desk, form):
        try:
            refused += _obeyed(desk, form, fault)
        except AssertionError as error:
            wrong.append(f"{fault.id}：{str(error)[:600]}")
    assert wrong == []
    assert refused >= LEAST[form]


# --- replies in words -----------------------------------------------------------------------------


GOOD = "1 预计 2023-03-15 完成，原因：社区选址公示未满"
REPLIES = (
    "1 预计 2023-03-15 完成",
    "1 预计 2023-02-01 完成，原因：社区选址公示未满",
    "1 预计 2123-03-15 完成，原因：社区选址公示未满",
    "1 预计 2023-02-30 完成，原因：社区选址公示未满",
    "1 预计三月中旬完成，原因：社区选址公示未满",
    "预计 2023-03-15 完成，原因：社区选址公示未满",
    "99 预计 2023-03-15 完成，原因：社区选址公示未满",
    "1 预计 2023-03-15 完成，原因：社区选址公示未满\n1 预计 2023-03-25 完成，原因：公示",
    "正在办理，请放心。",
)


@pytest.fixture
def reminded(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """One person of 太原市's bureau has had the digest of 2023-02-21."""
    with stores.desk(None, REMINDED, tmp_path / "home") as opened:
        yield opened


def _told(desk: Desk, number: int) -> str:
    """The receipt of a mail, by its place in the order of their names."""
    query = "SELECT reply FROM inbox JOIN mail ON mail.digest = inbox.mail ORDER BY source"
    return str(rows(desk, query)[number][0])


def test_replies_that_are_not_taken_say_how_to_write_them(reminded: Desk) -> None:
    sent = reminder(reminded)
    for number, said in enumerate(REPLIES):
        mail = reply(sent.id, said, message_id=f"<{number}@x.cn>")
        put(reminded, mail, f"{number:02}.eml")
    go(reminded)
    assert acknowledged(reminded) == []
    for number, said in enumerate(REPLIES):
        again = reworded(said, _told(reminded, number), GOOD)
        mail = reply(sent.id, again, message_id=f"<again{number}@x.cn>")
        put(reminded, mail, f"{number + len(REPLIES):02}.eml")
    go(reminded)
    assert acknowledged(reminded)[0][3] == "社区选址公示未满"
    told = [_told(reminded, number + len(REPLIES)) for number in range(len(REPLIES))]
    assert [each for each in told if not each.endswith("不需再报。")] == []


def test_what_is_said_to_be_done_is_shown_the_form_that_enters_it(reminded: Desk) -> None:
    put(reminded, reply(reminder(reminded).id, "1 已办结 2023-02-20"))
    go(reminded)
    assert "请在提醒所附办理回执中填写该项的办结日期" in _told(reminded, 0)
