"""Finds the fields of a form that has a label for each, wherever it stands, and reads them.

A value stands in its label's row, right of it, or behind a colon in the label's own cell.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from openpyxl.utils import get_column_letter

from common.errors import RefusedError
from common.words import alike
from documents.reading.cells import CellError, is_blank
from documents.reading.faults import CellFault, Spot, WorkbookError, note_asked
from documents.reading.grid import Book, Sheet
from documents.reading.identity import PROPERTY
from documents.reading.lost_labels import Place, lost_labels
from documents.writing.columns import pattern, plain
from documents.writing.lines import FormLine, places
from documents.writing.looks import Look

T = TypeVar("T")
DEEPEST, WIDEST = 100, 40
"""Rows and columns in which labels are looked for."""
FEWEST = 4
"""Labels, and rows that have one, by which a form is recognised: a table has all in one row."""
REMARK = r"^[(（]?(备注|注[:：1]|说明|填表说明|填报说明|此页|此件)"


@dataclass(frozen=True, slots=True)
class Label:
    """What stands beside a field."""

    key: str
    heading: str
    """As printed; the form's writer takes it from here."""
    known_by: tuple[str, ...]
    """Regular expressions that the label begins with once it is `plain`, the surest first."""
    clause: str = ""
    """The clause that asks for the field."""
    optional: bool = False
    """Whether a workbook may come without it."""


@dataclass(frozen=True, slots=True)
class LabelledForm:
    """A form on a sheet. What is wrong with its cells is gathered in `faults`."""

    file: str
    sheet: str
    rows: Sequence[Sequence[object]]
    at: Mapping[str, Place]
    """Per field that was found, where its label stands."""
    labels: Mapping[str, Label]
    beside: Mapping[str, frozenset[str]]
    """Per field what the form prints in the same line beside other cells, plain."""
    faults: list[CellFault]

    def has(self, key: str) -> bool:
        """Whether the form has that field."""
        return key in self.at

    def value(self, key: str) -> object:
        """The field's value; None when it is blank or the form does not have it."""
        return self._found(key)[1] if key in self.at else None

    def heading(self, key: str) -> str:
        """The field's label as it stands there, plain."""
        return plain(self._cell(self.at[key]))

    def spot(self, key: str) -> Spot:
        """Where the field's value stands."""
        place, value = self._found(key)
        return self.spot_at(place, value, plain(self.labels[key].heading))

    def spot_at(self, place: Place, value: object = None, heading: str = "") -> Spot:
        """A cell of the sheet."""
        row, column = place
        return Spot(self.sheet, f"{get_column_letter(column + 1)}{row + 1}", value, heading)

    def take(self, key: str, parse: Callable[[object], T]) -> T | None:
        """The field's value as `parse` reads it; None with a fault noted when it cannot.

        None, too, where the form does not have the field.
        """
        if key not in self.at:
            return None
        try:
            return parse(self.value(key))
        except CellError as error:
            self.refuse(key, str(error))
            return None

    def refuse(self, key: str, reason: str, *, clause: str = "") -> None:
        """Note what is wrong with a field; `reason` also says, behind “；”, how to mend it."""
        self.refuse_at(self.spot(key), key, reason, clause=clause)

    def refuse_at(self, spot: Spot, key: str, reason: str, *, clause: str = "") -> None:
        """As `refuse`, of one of a field's cells."""
        self.faults.append(CellFault(spot, reason, clause or self.labels[key].clause))

    def across(self, key: str) -> Sequence[tuple[Place, object]]:
        """The filled cells right of a label, up to the next one."""
        row, column = self.at[key]
        return [
            ((row, each), self.rows[row][each])
            for each in range(column + 1, self._end(key))
            if not is_blank(self.rows[row][each])
        ]

    def block(self, key: str) -> Sequence[tuple[Place, str]]:
        """The plain text of each filled cell that belongs to a label, its own remainder first.

        That is what stands right of it and below, up to the next labels or a remark.
        """
        top, left = self.at[key]
        right, label = self._end(key), self._cell(self.at[key])
        found = [((top, left), self._behind(key))] + [
            (place, _words(value))
            for place, value in self._below(top, left, right)
            if value != label  # what is merged downwards stands in each of its rows
        ]
        return [(place, words) for place, words in found if words]

    def texts(self) -> Iterator[str]:
        """The plain text of every filled cell near the top."""
        for _, value in _texts(self.rows):
            yield plain(value)

    def _below(self, top: int, left: int, right: int) -> Iterator[tuple[Place, object]]:
        """The filled cells of the columns from `left` to `right`, the first of them aside."""
        ends = {row for row, _ in self.at.values() if row > top}
        for row in range(top, min(len(self.rows), top + DEEPEST)):
            cells = self.rows[row]
            first = next((value for value in cells if not is_blank(value)), "")
            if row > top and (row in ends or pattern(REMARK).search(plain(first))):
                return
            for column in range(left, min(right, len(cells))):
                if (row, column) != (top, left) and not is_blank(cells[column]):
                    yield (row, column), cells[column]

    def _found(self, key: str) -> tuple[Place, object]:
        """Where the value stands, or would stand, and what it is."""
        row, column = self.at[key]
        if behind := _behind_colon(self._cell((row, column))):
            return (row, column), behind
        filled = self.across(key)
        return filled[0] if filled else ((row, column + 1), None)

    def _end(self, key: str) -> int:
        """The column at which the next label of the row stands, else the row's end."""
        row, column = self.at[key]
        later = [other for line, other in self.at.values() if line == row and other > column]
        behind = range(column + 1, len(self.rows[row]))
        later += [each for each in behind if plain(self.rows[row][each]) in self.beside[key]]
        return min([*later, len(self.rows[row])])

    def _behind(self, key: str) -> str:
        """What follows the label in its own cell."""
        text = self.heading(key)
        found = (pattern(words).match(text) for words in self.labels[key].known_by)
        return next((text[each.end() :].lstrip(":") for each in found if each), "")

    def _cell(self, place: Place) -> object:
        return self.rows[place[0]][place[1]]


def headings(labels: Sequence[Label]) -> Mapping[str, str]:
    """What is printed beside each field."""
    return {label.key: label.heading for label in labels}


def resemblance(book: Book, labels: Sequence[Label]) -> float:
    """How much a workbook is like a form: the share of its labels that a sheet has, 0 for none."""
    return max((len(_find(sheet, labels)) / len(labels) for sheet in book.sheets), default=0)


def find_labelled(
    book: Book, labels: Sequence[Label], faults: list[CellFault], lines: Sequence[FormLine]
) -> LabelledForm:
    """The form; its cells' faults will go to `faults`. `lines`: how it is printed.

    RefusedError when no sheet has it or two have, and when labels are missing.
    """
    found = [(sheet, at) for sheet in book.sheets if (at := _find(sheet, labels))]
    if not found:
        wanted = "”“".join(_one_line(label.heading) for label in labels if not label.optional)
        raise RefusedError(f"{book.file}：没有找到应有的各栏“{wanted}”；请照样表填写")
    if len(found) > 1:
        names = "、".join(f"「{sheet.title}」" for sheet, _ in found)
        raise RefusedError(
            f"{book.file}：工作表{names}都是同一种表，一份只报一张；请只保留一张，其他的分开报送"
        )
    sheet, at = found[0]
    if any(each.key not in at and not each.optional for each in labels):
        raise _lacking(book, sheet, at, labels, lines)
    note_asked(faults, book.asked, sheet.title)
    by_key = {label.key: label for label in labels}
    beside = {label.key: _beside(label, lines) for label in labels}
    return LabelledForm(book.file, sheet.title, sheet.rows, at, by_key, beside, faults)


def _beside(label: Label, lines: Sequence[FormLine]) -> frozenset[str]:
    """What is printed beside other cells of the line that a label is in, plain."""
    own = plain(label.heading)
    printed = ([plain(it.value) for it in line.cells if it.look is Look.LABEL] for line in lines)
    found = next((each for each in printed if any(it.startswith(own) for it in each)), [])
    return frozenset(it for it in found if not it.startswith(own))


def _lacking(
    book: Book,
    sheet: Sheet,
    at: Mapping[str, Place],
    labels: Sequence[Label],
    lines: Sequence[FormLine],
) -> RefusedError:
    """Which labels are missing; of a form of our own with the cells where they go."""
    heads = {each.key: each.heading for each in labels if not each.optional or each.key in at}
    ours = PROPERTY in book.properties
    if ours and (back := lost_labels(sheet, at, heads, places(lines))):
        return WorkbookError(book.file, back)
    listed = "”“".join(_one_line(head) for key, head in heads.items() if key not in at)
    mend = f"请用所发的{sheet.title}填写后报送" if ours else "请照样表补齐"
    return RefusedError(f"{book.file}「{sheet.title}」：缺少“{listed}”栏；{mend}")


def _find(sheet: Sheet, labels: Sequence[Label]) -> Mapping[str, Place]:
    """Where each label stands; nothing when these are too few, or all in few rows."""
    texts = [(place, plain(value)) for place, value in _texts(sheet.rows)]
    found: dict[str, Place] = {}
    for label in labels:
        place = _first(texts, label, set(found.values()))
        if place is not None:
            found[label.key] = place
    rows = {row for row, _ in found.values()}
    return found if min(len(found), len(rows)) >= FEWEST else {}


def _first(texts: Sequence[tuple[Place, str]], label: Label, taken: set[Place]) -> Place | None:
    for words in label.known_by:
        begins = pattern(words).match
        for place, text in texts:
            if place not in taken and begins(text):
                return place
    return None


def _texts(rows: Sequence[Sequence[object]]) -> Iterator[tuple[Place, str]]:
    for row, cells in enumerate(rows[:DEEPEST]):
        for column, value in enumerate(cells[:WIDEST]):
            if isinstance(value, str) and not is_blank(value):
                yield (row, column), value


def _behind_colon(value: object) -> str:
    """What follows the first colon of a cell that is not within brackets."""
    label, _, behind = alike(str(value)).partition(":")
    return behind.strip() if label.count("(") == label.count(")") else ""


def _words(value: object) -> str:
    """A cell as plain text; a date without its time."""
    if isinstance(value, datetime):
        value = value.date()
    return value.isoformat() if isinstance(value, date) else plain(value)


def _one_line(heading: str) -> str:
    return heading.replace("\n", "")
