"""Says which form a workbook is that carries no mark of it."""

from collections.abc import Callable, Mapping, Sequence

from common.errors import RefusedError
from documents.forms import acceptance, answers, application_form, inspection
from documents.forms.ledger import ledger_columns
from documents.forms.opinions import opinion_columns
from documents.forms.report import report_columns, report_likeness
from documents.reading.grid import Book
from documents.reading.table import likeness, nearness, no_table
from documents.writing.columns import CONTACTS, Column, summary_columns, supplements
from policy.schema import Plan
from policy.vocabulary import Form


def _summary(book: Book, plan: Plan) -> float:
    sheets = (summary_columns(plan), *supplements(plan).values())
    return max(likeness(book, columns) for columns in sheets)


LIKENESS: Mapping[Form, Callable[[Book, Plan], float]] = {
    Form.APPLICATION: application_form.likeness,
    Form.SUMMARY: _summary,
    Form.CONTACTS: lambda book, _: likeness(book, CONTACTS),
    Form.REPORT: report_likeness,
    Form.LEDGER: lambda book, plan: likeness(book, ledger_columns(plan)),
    Form.OPINIONS: lambda book, plan: likeness(book, opinion_columns(plan)),
    Form.ACCEPTANCE: lambda book, _: acceptance.likeness(book),
    Form.INSPECTION: lambda book, _: inspection.likeness(book),
    Form.ANSWER: lambda book, _: likeness(book, answers.COLUMNS),
}
"""How much a workbook is like each form, from 0 to 1."""


def recognise(book: Book, plan: Plan) -> Form:
    """The form that a workbook is most like; RefusedError with the nearest when it is none."""
    found = {form: like(book, plan) for form, like in LIKENESS.items()}
    best = max(found, key=lambda form: found[form])
    if not found[best]:
        raise _unknown(book, plan)
    return best


TABLES: Mapping[Form, Callable[[Plan], Sequence[Column]]] = {
    Form.SUMMARY: summary_columns,
    Form.CONTACTS: lambda _: CONTACTS,
    Form.REPORT: lambda plan: report_columns(plan) if plan.report else (),
    Form.LEDGER: ledger_columns,
    Form.OPINIONS: opinion_columns,
    Form.ANSWER: lambda _: answers.COLUMNS,
}
"""The columns of each form that is a table."""


def _unknown(book: Book, plan: Plan) -> RefusedError:
    """That it is no form, with the nearest and what that lacks."""
    near = {form: nearness(book, columns(plan)) for form, columns in TABLES.items()}
    best = max(near, key=lambda form: near[form])
    if near[best]:
        called = plan.form_name(best)
        return no_table(book, TABLES[best](plan), called, is_sure=False)
    known = "、".join(plan.form_name(form) for form in LIKENESS)
    return RefusedError(f"{book.file}：不是可报送的表格；请用所发的表格填写，可报送的有：{known}")
