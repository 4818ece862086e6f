"""What a person sees in a cell is what is read, or it is asked about, or told: never lost."""

from collections.abc import Sequence
from io import BytesIO
from itertools import islice

import pytest
from openpyxl import Workbook, load_workbook

from documents.reading.faults import WorkbookError
from documents.reading.grid import Book, read_book
from policy.vocabulary import Form
from tests.support.forms import READERS
from tests.support.oddities import KINDS, Kind, Oddity, Sight, odd, oddities, sound

pytestmark = pytest.mark.heavy

A_KIND = 2
"""So many of each kind are tried in CI; all of them in a storm."""


def trouble(oddity: Oddity) -> str:
    """What is wrong with how a form is read that has the oddity; empty where nothing is."""
    content = odd(oddity)
    if content is None:
        return ""
    book, where = read_book("表.xlsx", content), oddity.place
    try:
        said = READERS[where.form](book)
    except WorkbookError as error:
        if oddity.kind.sight is not Sight.ASKED:
            return "" if oddity.kind.sight is Sight.GONE else f"asked: {error}"
        asked = {fault.spot.cell for fault in error.faults}
        # The three boxes of a choice are one field: it is asked about at the first.
        first = "C6" if where.form is Form.APPLICATION and where.cell == "D6" else where.cell
        return "" if asked & {where.cell, first} else f"asked elsewhere: {error}"
    match oddity.kind.sight:
        case Sight.ASKED:
            return "not asked"
        case Sight.SAME:
            wrong = said != READERS[where.form](read_book("表.xlsx", sound(where.form)))
            return f"read otherwise: {said}" if wrong else ""
        case Sight.HINTED:
            wrong = said != READERS[where.form](read_book("表.xlsx", sound(where.form)))
            return f"read otherwise: {said}" if wrong else _untold(book, "")
        case Sight.GONE:
            return "read as words" if "DISPIMG" in repr(said) else _untold(book, where.cell)


def _untold(book: Book, cell: str) -> str:
    return "" if any(fault.spot.cell == cell or not cell for fault in book.told) else "not told"


def tried(kind: Kind, *, storm: bool) -> Sequence[Oddity]:
    """The library's cases of a kind; without a storm some, of different forms."""
    found = [each for each in oddities() if each.kind is kind]
    step = max(len(found) // A_KIND, 1)
    return found if storm else list(islice(found, 0, None, step))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: f"{kind.sight.name}: {kind.name}")
def test_what_a_person_sees_is_read_or_asked_or_told(kind: Kind, *, storm: bool) -> None:
    wrong = {str(each): said for each in tried(kind, storm=storm) if (said := trouble(each))}
    assert not wrong


def test_the_library_is_large_and_every_case_is_one() -> None:
    found = list(oddities())
    assert len(found) >= 300
    assert len({str(each) for each in found}) == len(found)


TABLES = (
    *(Form.SUMMARY, Form.CONTACTS, Form.REPORT, Form.LEDGER),
    *(Form.OPINIONS, Form.ANSWER),
)


def examples(book: Workbook) -> list[tuple[str, int]]:
    """Sheet and row of each example."""
    return [
        (sheet.title, number)
        for sheet in book.worksheets
        for number in range(1, sheet.max_row + 1)
        if str(sheet.cell(number, 1).value).startswith("例")
    ]


@pytest.mark.parametrize("form", TABLES)
def test_the_example_row_is_no_data_and_what_is_filled_into_it_is_not_lost(form: Form) -> None:
    book = load_workbook(BytesIO(sound(form)))
    found = examples(book)
    assert found
    sheet, row = found[0]
    book[sheet].cell(row, 3).value = "示例·另一个"
    buffer = BytesIO()
    book.save(buffer)
    with pytest.raises(WorkbookError, match=rf"C{row}：.*填在了示例行"):
        READERS[form](read_book("表.xlsx", buffer.getvalue()))
    for title, number in found:
        book[title].delete_rows(number)
    book.save(bare := BytesIO())
    said = READERS[form](read_book("表.xlsx", sound(form)))
    assert said == READERS[form](read_book("表.xlsx", bare.getvalue()))
