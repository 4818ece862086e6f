"""What people and programs do to a form, and what somebody sees who looks at it then.

Every kind says, without asking the product, whether the cell still shows what it did (`SAME`),
shows what only its sender can settle (`ASKED`), or holds something that is not read or not seen
(`HINTED`). Each is put into many cells of every form.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import Enum
from functools import cache
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from documents.writing.columns import EXAMPLE
from documents.writing.layout import to_bytes
from policy.vocabulary import Form
from tests.support.forms import LEAVES

A_FORM = 3
"""So many cells of each type are taken of a sheet."""


class Sight(Enum):
    """What somebody sees."""

    SAME = "the cell shows what it did"
    ASKED = "nobody can be sure what is meant"
    HINTED = "something is there that is not read, or read and not seen"
    GONE = "the cell shows a picture, and no words"


class Type(Enum):
    """What a cell holds."""

    NUMBER = "number"
    PERCENT = "percent"
    DAY = "day"
    WORDS = "words"
    CHOICE = "choice"


ANY = tuple(Type)
NUMBERS = (Type.NUMBER, Type.PERCENT)


@dataclass(frozen=True, slots=True)
class Place:
    """A filled cell of a form."""

    form: Form
    sheet: str
    cell: str
    type: Type
    heading: str


Edit = Callable[[Workbook, Cell, Place], object]
"""None where the kind does not apply to that cell."""
RawEdit = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of oddity."""

    name: str
    sight: Sight
    types: Sequence[Type]
    edit: Edit
    raw: RawEdit | None = None
    """What is done to the file afterwards, where openpyxl cannot."""
    forms: Sequence[Form] = tuple(Form)
    rich: bool = False


@dataclass(frozen=True, slots=True)
class Oddity:
    """One kind in one cell."""

    kind: Kind
    place: Place

    def __str__(self) -> str:
        where = self.place
        return f"{self.kind.name} in {where.form.value} {where.sheet} {where.cell}"


DONE = True
LOOK_ALIKES = dict(
    zip(
        "一小工口土大女子山川心手日月木水火玉生田用白目石示立竹米色行见车里金长门民",
        "⼀⼩⼯⼝⼟⼤⼥⼦⼭⼮⼼⼿⽇⽉⽊⽔⽕⽟⽣⽥⽤⽩⽬⽯⽰⽴⽵⽶⾊⾏⻅⻋⾥⾦⻓⻔⺠",
        strict=True,
    )
)
WIDE = {ord(sign): chr(ord(sign) + 0xFEE0) for sign in "0123456789"}
STRUCK = InlineFont(strike=True)


def _set(value: Callable[[object], object], format: str = "") -> Edit:
    def edit(_: Workbook, cell: Cell, __: Place) -> object:
        new = value(cell.value)
        if new is None or (new == cell.value and not format):
            return None
        cell.value = new  # type: ignore[assignment]  # any value
        if format:
            cell.number_format = format
        return DONE

    return edit


def _formatted(format: str) -> Edit:
    def edit(_: Workbook, cell: Cell, place: Place) -> object:
        if place.type in NUMBERS and not isinstance(cell.value, int | float):
            return None
        cell.number_format = format
        return DONE

    return edit


def _words(edit: Callable[[str], str]) -> Edit:
    return _set(lambda value: edit(str(value)))


def _looks_alike(text: str) -> str:
    return "".join(LOOK_ALIKES.get(sign, sign) for sign in text)


def _number_text(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _day(pattern: str) -> Edit:
    def words(value: object) -> object:
        assert isinstance(value, date)
        parts = {"y": value.year, "m": value.month, "d": value.day}
        return pattern.format(**parts)

    return _set(words, "@")


def _yearless(book: Workbook, cell: Cell, place: Place) -> object:
    """Of the month that is reported, or before."""
    assert isinstance(cell.value, date)
    return _day("{m}月{d}日")(book, cell, place) if cell.value.month <= 6 else None


def _as_unit(place: Place) -> str:
    return "万元" if "万元" in place.heading else "元" if "元" in place.heading else ""


def _unit_shown(_: Workbook, cell: Cell, place: Place) -> object:
    unit = _as_unit(place)
    if unit:
        cell.number_format = f'0.00##"{unit}"'
    return DONE if unit else None


def _other_unit_shown(_: Workbook, cell: Cell, place: Place) -> object:
    """120万元 in a column of 元: stored as 120."""
    unit = _as_unit(place)
    if not unit or not isinstance(cell.value, int | float):
        return None
    factor, other = (10000, "元") if unit == "万元" else (1 / 10000, "万元")
    cell.value = round(cell.value * factor, 6)
    cell.number_format = f'0.######"{other}"'
    return DONE


def _strike(_: Workbook, cell: Cell, __: Place) -> object:
    cell.font = Font(strike=True)
    return DONE


def _struck_run(_: Workbook, cell: Cell, __: Place) -> object:
    cell.value = CellRichText(TextBlock(STRUCK, "4"), _text_of(cell))
    return DONE


def _runs(_: Workbook, cell: Cell, __: Place) -> object:
    text = _text_of(cell)
    if len(text) < 2:
        return None
    cell.value = CellRichText(text[:1], TextBlock(InlineFont(b=True), text[1:]))
    return DONE


def _text_of(cell: Cell) -> str:
    value = cell.value
    return value.date().isoformat() if isinstance(value, datetime) else _number_text(value)


def _sheet(cell: Cell) -> Worksheet:
    assert isinstance(cell.parent, Worksheet)
    return cell.parent


def _hide_row(_: Workbook, cell: Cell, __: Place) -> object:
    _sheet(cell).row_dimensions[cell.row].hidden = True
    return DONE


def _hide_column(_: Workbook, cell: Cell, __: Place) -> object:
    _sheet(cell).column_dimensions[get_column_letter(cell.column)].hidden = True
    return DONE


def _comment(_: Workbook, cell: Cell, __: Place) -> object:
    cell.comment = Comment("实际为另一日", "某人")
    return DONE


def _hidden_sheet(book: Workbook, cell: Cell, __: Place) -> object:
    more = book.create_sheet("节点登记旧表")
    more["A1"] = cell.value
    more.sheet_state = "hidden"
    return DONE


def _nothing(_: Workbook, __: Cell, ___: Place) -> object:
    return DONE


def _styled_rows(_: Workbook, cell: Cell, __: Place) -> object:
    for row in range(500, 700):
        _sheet(cell).cell(row, 3).font = Font(b=True)
    _sheet(cell).cell(60_000, 190).font = Font(b=True)
    return DONE


def _moved(book: Workbook, _: Cell, __: Place) -> object:
    """A sheet before the form, as people keep notes."""
    sheet = book.create_sheet("填表备忘", 0)
    sheet["A1"] = "先问各县，再汇总"
    return DONE


def _picture(_: Workbook, cell: Cell, __: Place) -> object:
    cell.value = '=DISPIMG("ID_5F3A",1)'
    return DONE


def _cached(content: bytes) -> bytes:
    """Formulas get the result that WPS writes."""
    return _each_sheet(content, rb"<f>(.*?)</f><v ?/>", rb"<f>\1</f><v>=\1</v>", b' t="str"')


def _each_sheet(content: bytes, old: bytes, new: bytes, kind: bytes = b"") -> bytes:
    buffer = BytesIO()
    with ZipFile(BytesIO(content)) as source, ZipFile(buffer, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = source.read(name)
            if name.startswith("xl/worksheets/sheet"):
                part = re.sub(rb'(<c r="[A-Z]+\d+"[^>]*?)(?: t="\w+")?>' + old,
                              rb"\1" + kind + b">" + new, part)  # fmt: skip
            target.writestr(name, part)
    return buffer.getvalue()


BOX = (
    '<xdr:wsDr xmlns:xdr="http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><xdr:absoluteAnchor>'
    '<xdr:pos x="0" y="0"/><xdr:ext cx="900000" cy="300000"/><xdr:sp macro="" textlink="">'
    '<xdr:nvSpPr><xdr:cNvPr id="2" name="文本框"/><xdr:cNvSpPr txBox="1"/></xdr:nvSpPr><xdr:spPr/>'
    "<xdr:txBody><a:bodyPr/><a:p><a:r><a:t>竣工日期改为6月30日</a:t></a:r></a:p></xdr:txBody></xdr:sp>"
    "<xdr:clientData/></xdr:absoluteAnchor></xdr:wsDr>"
)
LINKS = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
TO_DRAWING = (
    '<Relationship Id="rIdBox" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
    'relationships/drawing" Target="../drawings/drawing9.xml"/>'
)


def _boxed(content: bytes) -> bytes:
    """A text box laid over the first sheet."""
    buffer = BytesIO()
    rels = "xl/worksheets/_rels/sheet1.xml.rels"
    with ZipFile(BytesIO(content)) as source, ZipFile(buffer, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            if name != rels:
                part = source.read(name)
                if name == "[Content_Types].xml":
                    part = part.replace(
                        b"</Types>",
                        b'<Override PartName="/xl/drawings/drawing9.xml" ContentType="application/'
                        b'vnd.openxmlformats-officedocument.drawing+xml"/></Types>',
                    )
                target.writestr(name, part)
        known = source.read(rels).decode() if rels in source.namelist() else LINKS.format("")
        target.writestr(rels, known.replace("</Relationships>", f"{TO_DRAWING}</Relationships>"))
        target.writestr("xl/drawings/drawing9.xml", BOX)
    return buffer.getvalue()


KINDS: Sequence[Kind] = (
    # what shows the same
    Kind("in runs of another font", Sight.SAME, (Type.WORDS, Type.CHOICE), _runs, rich=True),
    Kind("signs copied from a PDF", Sight.SAME, (Type.WORDS,), _words(_looks_alike)),
    Kind("a no-break space behind", Sight.SAME, (Type.WORDS, Type.CHOICE), _words("{}\xa0".format)),
    Kind("a wide space before", Sight.SAME, (Type.WORDS, Type.CHOICE), _words("\u3000{}".format)),
    Kind("a zero-width space", Sight.SAME, (Type.WORDS,), _words("{}\u200b".format)),
    Kind("wide digits in words", Sight.SAME, (Type.WORDS,), _words(lambda t: t.translate(WIDE))),
    Kind("a number as text", Sight.SAME, NUMBERS, _set(_number_text, "@")),
    Kind("a number in wide digits", Sight.SAME, NUMBERS,
         _set(lambda v: _number_text(v).translate(WIDE), "@")),
    Kind("a number with blanks", Sight.SAME, NUMBERS, _set(lambda v: f" {_number_text(v)} ", "@")),
    Kind("thousands set apart", Sight.SAME, (Type.NUMBER,), _formatted("#,##0.00####")),
    Kind("thousands set apart in text", Sight.SAME, (Type.NUMBER,),
         _set(lambda v: f"{v:,}", "@")),
    Kind("a currency sign", Sight.SAME, (Type.NUMBER,), _formatted('"¥"#,##0.00')),
    Kind("an accountant's format", Sight.SAME, (Type.NUMBER,),
         _formatted('_ * #,##0.00_ ;_ * \\-#,##0.00_ ;_ * "-"??_ ;_ @_ ')),
    Kind("its own unit behind", Sight.SAME, (Type.NUMBER,), _unit_shown),
    Kind("another unit behind", Sight.SAME, (Type.NUMBER,), _other_unit_shown),
    Kind("in general format", Sight.SAME, (*NUMBERS, Type.WORDS), _formatted("General")),
    Kind("a percent cell", Sight.SAME, (Type.PERCENT,),
         _set(lambda v: v / 100 if isinstance(v, int | float) else None, "0%")),
    Kind("a percent cell with decimals", Sight.SAME, (Type.PERCENT,),
         _set(lambda v: v / 100 if isinstance(v, int | float) else None, "0.00%")),
    Kind("a percent sign typed", Sight.SAME, (Type.PERCENT,),
         _set(lambda v: f"{str(v).rstrip('%')}%", "@")),
    Kind("a percent sign in the format", Sight.SAME, (Type.PERCENT,),
         _set(lambda v: v, '0"%"')),
    Kind("a day in characters", Sight.SAME, (Type.DAY,), _day("{y}年{m}月{d}日")),
    Kind("a day with points", Sight.SAME, (Type.DAY,), _day("{y}.{m}.{d}")),
    Kind("a day with strokes", Sight.SAME, (Type.DAY,), _day("{y}/{m}/{d}")),
    Kind("a day without signs", Sight.SAME, (Type.DAY,), _day("{y}{m:02}{d:02}")),
    Kind("a day with gaps", Sight.SAME, (Type.DAY,), _day("{y} 年 {m} 月 {d} 日")),
    Kind("a day without its year", Sight.SAME, (Type.DAY,), _yearless,
         forms=(Form.REPORT,)),
    Kind("a day shown without its year", Sight.SAME, (Type.DAY,), _formatted('m"月"d"日"')),
    Kind("a day shown the American way", Sight.SAME, (Type.DAY,), _formatted("mm-dd-yy")),
    Kind("a day shown in numerals", Sight.SAME, (Type.DAY,),
         _formatted('[DBNum1][$-804]yyyy"年"m"月"d"日"')),
    Kind("blank styled rows", Sight.SAME, ANY, _styled_rows),
    Kind("a sheet of notes before", Sight.SAME, ANY, _moved),
    # what is to be told
    Kind("a hidden row", Sight.HINTED, ANY, _hide_row),
    Kind("a hidden column", Sight.HINTED, ANY, _hide_column),
    Kind("a comment", Sight.HINTED, ANY, _comment),
    Kind("a hidden sheet", Sight.HINTED, ANY, _hidden_sheet),
    Kind("a text box", Sight.HINTED, ANY, _nothing, raw=_boxed),
    Kind("a picture of WPS", Sight.GONE, (Type.WORDS,), _picture),
    Kind("a picture of WPS with its result", Sight.GONE, (Type.WORDS,), _picture, raw=_cached),
    # what has to be asked
    Kind("struck through", Sight.ASKED, ANY, _strike),
    Kind("a struck-through sign before", Sight.ASKED, ANY, _struck_run, rich=True),
    Kind("an error", Sight.ASKED, ANY, _set(lambda _: "#N/A")),
    Kind("a formula never worked out", Sight.ASKED, ANY, _set(lambda _: "=A1&B1")),
    Kind("a steering sign", Sight.ASKED, (Type.WORDS,), _words("甲\x80{}".format)),
    Kind("shown in thousands", Sight.ASKED, (Type.NUMBER,), _formatted("#,##0,")),
    Kind("shown in 万 by a trick", Sight.ASKED, (Type.NUMBER,), _formatted('0!.0,"万"')),
    Kind("a number that is not shown", Sight.ASKED, NUMBERS, _formatted(";;;")),
    Kind("shown by conditions", Sight.ASKED, NUMBERS, _formatted('[>9]0"万元";0"元"')),
    Kind("in percent where none is", Sight.ASKED, (Type.NUMBER,), _formatted("0%")),
    Kind("in per mille", Sight.ASKED, (Type.NUMBER,), _formatted('0"‰"')),
    Kind("in dollars", Sight.ASKED, (Type.NUMBER,), _formatted('0.00"美元"')),
    Kind("words for a number", Sight.ASKED, (*NUMBERS, Type.DAY), _set(lambda _: "待定")),
    Kind("a negative number", Sight.ASKED, NUMBERS, _set(lambda _: -5)),
    Kind("a truth for a number", Sight.ASKED, (*NUMBERS, Type.DAY), _set(lambda _: True)),
    Kind("a day for a number", Sight.ASKED, NUMBERS,
         _set(lambda _: date(2023, 5, 10), "yyyy-mm-dd")),
    Kind("more than all", Sight.ASKED, (Type.PERCENT,), _set(lambda _: 12, "0%")),
    Kind("no such day", Sight.ASKED, (Type.DAY,), _set(lambda _: "2023-02-30", "@")),
    Kind("half a day", Sight.ASKED, (Type.DAY,), _set(lambda _: "2023年5月", "@")),
    Kind("a day without its year", Sight.ASKED, (Type.DAY,), _day("{m}月{d}日"),
         forms=(Form.LEDGER, Form.SUMMARY, Form.ANSWER, Form.ACCEPTANCE, Form.INSPECTION)),
    Kind("a day after the month", Sight.ASKED, (Type.DAY,), _set(lambda _: "12月28日", "@"),
         forms=(Form.REPORT,)),
    Kind("two days", Sight.ASKED, (Type.DAY,), _set(lambda _: "2023-05-10、2023-05-12", "@")),
    Kind("neither yes nor no", Sight.ASKED, (Type.CHOICE,), _set(lambda _: "基本是")),
)  # fmt: skip


@cache
def sound(form: Form) -> bytes:
    """The form as it ought to be."""
    return to_bytes(LEAVES[form](""))


@cache
def places(form: Form) -> tuple[Place, ...]:
    """Filled cells of a form, a few of each type and sheet."""
    book = load_workbook(BytesIO(sound(form)))
    return tuple(place for sheet in book.sheetnames for place in _places(form, book, sheet))


def oddities() -> Iterator[Oddity]:
    """The whole library."""
    for form in Form:
        for kind in KINDS:
            if form in kind.forms:
                found = (place for place in places(form) if place.type in kind.types)
                yield from (Oddity(kind, place) for place in found)


def odd(oddity: Oddity) -> bytes | None:
    """The form with that oddity; None where it does not apply."""
    place, kind = oddity.place, oddity.kind
    book = load_workbook(BytesIO(sound(place.form)), rich_text=kind.rich)
    cell = book[place.sheet][place.cell]
    assert isinstance(cell, Cell)
    if kind.edit(book, cell, place) is None:
        return None
    buffer = BytesIO()
    book.save(buffer)
    content = buffer.getvalue()
    return kind.raw(content) if kind.raw else content


def _places(form: Form, book: Workbook, title: str) -> Iterator[Place]:
    sheet, taken = book[title], dict[Type, int]()
    shown = ("B", "C", "D", "E", "F", "G") if form is Form.ANSWER else ()
    """Columns that are only shown: the item's number alone says what a row is about."""
    listed = form not in (Form.APPLICATION, Form.ACCEPTANCE, Form.INSPECTION)
    for row in sheet.iter_rows(min_row=4 if listed else 1, min_col=2):
        if EXAMPLE in (row[0].value, sheet.cell(row[0].row or 1, 1).value):
            continue
        for cell in row:
            if cell.value is None or (cell.protection.locked and not listed):
                continue
            if cell.column_letter in shown:
                continue
            heading = sheet.cell(3, cell.column) if listed else cell.offset(0, -1)
            place = Place(form, title, cell.coordinate, Type.WORDS, str(heading.value))
            place = replace(place, type=_type(cell.value, place.heading))
            taken[place.type] = taken.get(place.type, 0) + 1
            if taken[place.type] <= A_FORM:
                yield place


def _type(value: object, heading: str) -> Type:
    if isinstance(value, datetime):
        return Type.DAY
    if heading.startswith("形象"):
        return Type.PERCENT
    if isinstance(value, int | float):
        return Type.NUMBER
    return Type.CHOICE if value in ("是", "否") else Type.WORDS
