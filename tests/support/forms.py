"""A sound workbook of every form, and how each is read: for tests that spoil or convert them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

from documents.forms.acceptance import read_acceptance
from documents.forms.answers import (
    PrefilledItem,
    answer_pages,
    answer_rows,
    answer_table,
)
from documents.forms.application_form import application_sheet, read_application
from documents.forms.contacts import contacts_page, read_contacts
from documents.forms.inspection import read_inspection
from documents.forms.ledger import ledger_pages, ledger_table, money_rows
from documents.forms.opinions import PrefilledOpinion, opinion_pages, opinion_rows, opinion_table
from documents.forms.report import find_report, read_head, read_report, report_pages
from documents.forms.summary import pages, read_applications
from documents.reading.faults import raise_faults
from documents.reading.grid import Book
from documents.reading.placed import known
from documents.writing.layout import Leaf, to_bytes
from policy.vocabulary import Form
from states.contacts import Post
from states.dossier import stated
from tests.support.builders import a_profile, answers, plan
from tests.test_documents_acceptance import filled
from tests.test_documents_inspection import WELL
from tests.test_documents_inspection import filled as visited
from tests.test_documents_ledger import IN, SPENT
from tests.test_documents_ledger import PROJECTS as PAID
from tests.test_documents_opinions import GIVEN
from tests.test_documents_opinions import PROJECTS as JUDGED
from tests.test_documents_report import ODD
from tests.test_documents_report import PROJECTS as REPORTED
from tests.test_documents_report import line as report_line
from tests.test_documents_summary import FULL, row

CITY = "太原市"


@cache
def samples() -> tuple[bytes, ...]:
    """Workbooks of every form, filled in."""
    return tuple(to_bytes(leaves("")) for leaves in LEAVES.values())


def _summary(footer: str) -> Sequence[Leaf]:
    city = plan().city(CITY)
    assert city is not None
    rows = [row(county.name, FULL) for county in city.counties]
    return pages(plan(), CITY, rows, footer=footer, spare=3, protected=True)


def _contacts(footer: str) -> Sequence[Leaf]:
    people = [
        Post(office.name, "示例·张某", "科长", "000-0000-0001", channels=("folder://",))
        for office in plan().every_office()
    ]
    return [contacts_page(people[:12], footer=footer, spare=3)]


def _ledger(footer: str) -> Sequence[Leaf]:
    lines = [(PAID[0], IN, ""), (PAID[1], SPENT, "护理床")]
    return ledger_pages(plan(), CITY, lines, [], footer=footer, spare=3)


def _read_ledger(book: Book) -> object:
    table = ledger_table(book, plan())
    rows = money_rows(table, plan(), known(PAID))
    raise_faults(book.file, table.faults)
    return [(row.project, row.voucher, row.line, row.purpose) for row in rows]


def _opinions(footer: str) -> Sequence[Leaf]:
    rows = [
        PrefilledOpinion(JUDGED[0], GIVEN, remark="示例意见"),
        PrefilledOpinion(JUDGED[1], expert="示例·乙"),
    ]
    return opinion_pages(plan(), plan().province, rows, footer=footer, spare=3)


def _read_opinions(book: Book) -> object:
    table = opinion_table(book, plan())
    rows = opinion_rows(table, plan(), known(JUDGED))
    raise_faults(book.file, table.faults)
    return [(row.project, row.opinion, row.remark) for row in rows]


def _report(footer: str) -> Sequence[Leaf]:
    lines = [report_line(REPORTED[0]), report_line(REPORTED[1], ODD)]
    return report_pages(plan(), CITY, "2023-06", lines, footer=footer, spare=3)


def _read_report(book: Book) -> object:
    tables = find_report(book, plan())
    head = read_head(tables, plan())
    read = read_report(tables, plan(), known(REPORTED), head.month)
    raise_faults(book.file, read.faults)
    return [head, *((row.project, row.said) for row in read.rows)]


def _read_summary(book: Book) -> object:
    read = read_applications(book, plan(), CITY)
    raise_faults(book.file, read.faults)
    return read


def _read_contacts(book: Book) -> object:
    return [post for _, post in read_contacts(book, plan())]


def _application(footer: str) -> Sequence[Leaf]:
    profile = a_profile(building_kind="购置")
    return [application_sheet(plan(), stated(profile), footer=footer, protected=True)]


def _read_application(book: Book) -> object:
    read = read_application(book, plan())
    raise_faults(book.file, read.form.faults)
    return read.name, read.stated


def _acceptance(footer: str) -> Sequence[Leaf]:
    problems = {"fire_safety": ("缺备案表", date(2023, 12, 20))}
    return [replace(filled(answers(fire_safety="否"), "不通过", problems=problems), footer=footer)]


def _read_acceptance(book: Book) -> object:
    read = read_acceptance(book, plan())
    raise_faults(book.file, read.form.faults)
    told = [(found.problem, found.until) for found in read.findings.values()]
    return read.checks, told, read.verdict, read.on


def _inspection(footer: str) -> Sequence[Leaf]:
    told = {**WELL, "quality_safety": ("否", "缺检查记录")}
    return [replace(visited(told), footer=footer)]


def _read_inspection(book: Book) -> object:
    read = read_inspection(book, plan())
    raise_faults(book.file, read.form.faults)
    told = [(found.answer, found.problem) for found in read.findings.values()]
    return told, read.on, read.inspectors, read.opinion


def _answer(footer: str) -> Sequence[Leaf]:
    about = ("太原市小店区示例项目", "D08", "全部开工建设", "时限2023-05-31，已逾期1天", "开工")
    items = [PrefilledItem(number, f"XF2023-140105-0{number}", *about) for number in (1, 2)]
    [page] = answer_pages("太原市小店区民政局", date(2023, 6, 1), items, footer=footer)
    done, open_ = (date(2023, 6, 1), "示例合同", Decimal("34700.5")), (None, None, None)
    given = ((*done, None, None), (*open_, date(2023, 6, 20), "招标"))
    rows = [(*row[: -len(cells)], *cells) for row, cells in zip(page.rows, given, strict=True)]
    return [replace(page, rows=rows)]


def _read_answer(book: Book) -> object:
    table = answer_table(book)
    rows = answer_rows(table)
    raise_faults(book.file, table.faults)
    return [replace(each, row=None) for each in rows]  # type: ignore[arg-type]  # its place aside


LEAVES: Mapping[Form, Callable[[str], Sequence[Leaf]]] = {
    Form.APPLICATION: _application,
    Form.SUMMARY: _summary,
    Form.CONTACTS: _contacts,
    Form.REPORT: _report,
    Form.LEDGER: _ledger,
    Form.OPINIONS: _opinions,
    Form.ACCEPTANCE: _acceptance,
    Form.INSPECTION: _inspection,
    Form.ANSWER: _answer,
}
"""Per form, the sheets of a workbook that is sound, given its page footer."""
READERS: Mapping[Form, Callable[[Book], object]] = {
    Form.APPLICATION: _read_application,
    Form.SUMMARY: _read_summary,
    Form.CONTACTS: _read_contacts,
    Form.REPORT: _read_report,
    Form.LEDGER: _read_ledger,
    Form.OPINIONS: _read_opinions,
    Form.ACCEPTANCE: _read_acceptance,
    Form.INSPECTION: _read_inspection,
    Form.ANSWER: _read_answer,
}
"""Per form, what a workbook says, to be compared; WorkbookError with its faults."""
