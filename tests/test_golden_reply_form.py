"""办理回执 as it comes with a reminder: `golden/reply-form.txt`, reviewed by people.

After a change that is meant, write it anew and read the difference:

    .venv/bin/python -m tests.test_golden_reply_form
"""

import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from tests.support.golden import GOLDEN
from tests.support.province import morning
from tests.support.stores import Stores
from tests.support.tape import Tape
from tests.test_flows_answers import COUNTY, DAY, LATE

pytestmark = pytest.mark.heavy
FILE = GOLDEN / "reply-form.txt"


def _enclosed(desk: Desk) -> str:
    """The form that comes with the county's digest, as lines."""
    tape = Tape()
    deliver(desk, lambda: morning(DAY), lambda _: tape)
    [message] = [each for each in tape.sent if each.recipient == COUNTY]
    [file] = [each for each in message.attachments if "办理回执" in each.name]
    book = load_workbook(BytesIO(file.content))
    lines = [file.name, *(line for sheet in book.worksheets for line in _lines(sheet))]
    return "\n".join(lines) + "\n"


def _lines(sheet: Worksheet) -> Iterator[str]:
    """What a person would see and could change."""
    printed = sheet.page_setup
    guard = "受保护" if sheet.protection.sheet else "未保护"
    page = f"{printed.orientation}，纸张{printed.paperSize}，宽{printed.fitToWidth}页"
    yield f"\n「{sheet.title}」{sheet.sheet_state}，{guard}，{page}，冻结{sheet.freeze_panes}"
    foot: Any = sheet.oddFooter
    yield f"页脚 {foot.left.text}|{foot.center.text}|{foot.right.text}"
    for letter, size in sorted(sheet.column_dimensions.items()):
        yield f"列{letter} 宽{size.width:g}"
    for area in sorted(map(str, sheet.merged_cells.ranges)):
        yield f"合并 {area}"
    for rule in sheet.data_validations.dataValidation:
        yield f"选项 {rule.sqref} {rule.formula1}"
    for row in sheet.iter_rows():
        yield from (_told(cell) for cell in row if cell.value is not None or _is_open(sheet, cell))


def _is_open(sheet: Worksheet, cell: Any) -> bool:
    """Whether somebody can write there, in the rows that are made out."""
    return not cell.protection.locked and sheet.cell(cell.row, 1).value is not None


def _told(cell: Any) -> str:
    kind = "锁定" if cell.protection.locked else "可填"
    value = "" if cell.value is None else str(cell.value).replace("\n", "⏎")
    return f"{cell.coordinate} {kind} {cell.number_format} {value}".rstrip()


def test_the_reply_form_is_as_reviewed(stores: Stores, tmp_path: Path) -> None:
    with stores.desk(None, LATE, tmp_path / "home") as desk:
        assert _enclosed(desk) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    home = Path(tempfile.mkdtemp())
    with Stores(home).desk(None, LATE, home / "home") as late:
        FILE.write_text(_enclosed(late), encoding="utf-8")
