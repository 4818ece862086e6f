"""Says which form a workbook is that carries no mark of it."""

from collections.abc import Callable, Mapping

from common.errors import RefusedError
from documents.forms import acceptance, answers, application_form, inspection
from documents.forms.ledger import ledger_columns
from documents.forms.opinions import opinion_columns
from documents.forms.report import report_likeness
from documents.reading.grid import Book
from documents.reading.table import likeness
from documents.writing.columns import CONTACTS, summary_columns, supplements
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
    """The form that a workbook is most like; RefusedError that names the forms when it is none."""
    found = {form: like(book, plan) for form, like in LIKENESS.items()}
    best = max(found, key=lambda form: found[form])
    if not found[best]:
        known = "、".join(plan.form_name(form) for form in LIKENESS)
        raise RefusedError(
            f"{book.file}：不是已知的表格；可报送的有：{known}，请核对表头文字是否与样表一致"
        )
    return best
