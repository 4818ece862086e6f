"""Forms (表格): workbooks handed in, checked as the inbox checks them, and those to fill in."""

from collections.abc import Sequence
from urllib.parse import quote

from starlette.responses import Response

from common.errors import UsageError
from operations.views.worklist import OutOfReachError, WorkItem, worklist
from operations.workbooks.desk_forms import (
    HandedIn,
    OwedForm,
    hand_in,
    marked_copy,
    owed_form,
    owed_forms,
)
from policy.vocabulary import Form
from web.errand import XLSX, Errand, Handler, attached, page

ABSENT = "没有这份表格，或不由贵单位填报；请从“表格”页重新选择"


def show_forms(errand: Errand) -> Response:
    """What one's office has to fill in, and where it is handed in."""
    return _forms_page(errand, ())


def take_forms(errand: Errand) -> Response:
    """Take workbooks in, each whole or not at all, and say what became of each."""
    if not errand.files:
        raise UsageError("没有选择文件；请选择填好的 Excel 表格（.xlsx）后再报送")
    told = [
        hand_in(errand.desk, errand.who, each.name, each.content, today=errand.today, at=errand.at)
        for each in errand.files
    ]
    return _forms_page(errand, told)


def load_form(errand: Errand) -> Response:
    """A form to fill in, with what is known in it."""
    fields = errand.fields
    form = next((it for it in Form if it.value == errand.part("form")), None)
    if form is None:
        raise OutOfReachError(ABSENT)
    asked = OwedForm(form, fields.get("subject", ""), fields.get("month", ""))
    made = owed_form(errand.desk, errand.who, _items(errand), asked, errand.today)
    return attached(made.name, made.content, XLSX)


def load_marked(errand: Errand) -> Response:
    """The copy of a returned workbook in which its faults are marked."""
    found = marked_copy(errand.desk, errand.who, errand.part("digest"))
    if found is None:
        raise OutOfReachError("没有这份退回的表格，或已被取走；请重新报送")
    return attached(*found, XLSX)


def _forms_page(errand: Errand, told: Sequence[HandedIn]) -> Response:
    owed = owed_forms(errand.desk, errand.who, _items(errand))
    return page(errand, "forms.html", owed=[(each, _address(each)) for each in owed], told=told)


def _items(errand: Errand) -> tuple[WorkItem, ...]:
    found = worklist(errand.desk, errand.who, errand.today)
    return (*found.overdue, *found.due_soon)


def _address(owed: OwedForm) -> str:
    month = f"&month={owed.month}" if owed.month else ""
    return f"/forms/{owed.form.value}.xlsx?subject={quote(owed.subject)}{month}"


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/forms", "GET", show_forms),
    ("/forms", "POST", take_forms),
    ("/forms/returned/{digest}.xlsx", "GET", load_marked),
    ("/forms/{form}.xlsx", "GET", load_form),
)
