"""Says which labels a form of our own has lost, and in which cells to put them back."""

from collections.abc import Iterator, Mapping

from openpyxl.utils import get_column_letter

from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Sheet
from documents.writing.columns import plain

Place = tuple[int, int]
"""Row and column of a cell, from 0."""


def lost_labels(
    sheet: Sheet, at: Mapping[str, Place], heads: Mapping[str, str], printed: Mapping[Place, str]
) -> list[CellFault] | None:
    """For each label of `heads` that is not in `at` the cell where it goes, as it was printed.

    None where the form's rows have moved apart: what stood in them is lost as well.
    """
    places = {key: place for key in heads if (place := _printed(heads[key], printed))}
    moved = {key: _shift(at[key], places[key]) for key in at if key in places}
    found = []
    for key in heads:
        if key in at or key not in places:
            continue
        before, after = _around(places[key], places, moved)
        if before != after:
            return None
        found.append(_fault(sheet, _plus(places[key], before), plain(heads[key])))
    return found


def _around(
    place: Place, places: Mapping[str, Place], moved: Mapping[str, Place]
) -> tuple[Place, Place]:
    """How far the labels next to a place, above and below it, are from where they were printed."""
    known = sorted((places[key], shift) for key, shift in moved.items())
    above = [shift for at, shift in known if at < place]
    below = [shift for at, shift in known if at > place]
    before = above[-1] if above else (0, 0)
    return before, below[0] if below else before


def _fault(sheet: Sheet, place: Place, head: str) -> CellFault:
    row, column = place
    cell = f"{get_column_letter(column + 1)}{row + 1}"
    spot = Spot(sheet.title, cell, next(_values(sheet, place), None))
    return CellFault(spot, f"缺少“{head}”栏；请在{cell}填写“{head}”", lacking=True)


def _values(sheet: Sheet, place: Place) -> Iterator[object]:
    row, column = place
    if row < len(sheet.rows) and column < len(sheet.rows[row]):
        yield sheet.rows[row][column]


def _printed(head: str, printed: Mapping[Place, str]) -> Place | None:
    return next((at for at, words in printed.items() if plain(words).startswith(plain(head))), None)


def _shift(one: Place, other: Place) -> Place:
    return one[0] - other[0], one[1] - other[1]


def _plus(place: Place, shift: Place) -> Place:
    return place[0] + shift[0], place[1] + shift[1]
