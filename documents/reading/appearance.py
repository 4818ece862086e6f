"""What of a workbook a person sees otherwise than its values say, or does not see at all.

A number shown in percent, a text struck through, a picture behind a formula, a hidden row. Only
sheets that may hold such a thing are looked through, cell by cell.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import Any
from xml.etree.ElementTree import Element
from xml.parsers.expat import ParserCreate
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from openpyxl.styles.numbers import BUILTIN_FORMATS
from openpyxl.utils import get_column_letter

from documents.reading.archive import plain_name
from documents.reading.cells import NO_RESULT, is_blank
from documents.reading.faults import OPENING, CellFault, Spot, show
from documents.reading.formats import displayed, is_odd

RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
PICTURE = re.compile(r"\s*=?\s*(_xlfn\.)?DISPIMG\s*\(", re.I)
"""How WPS writes a picture in a cell."""
FALSE = ("0", "false")
RESERVED = "WpsReserved"
"""How sheets begin that WPS hides for itself."""
MOST_LISTED = 8
MOST_COLUMNS = 16_384
"""Of a sheet."""

STRUCK = "有删除线，无法判断是否作废；作废的文字请删去，有效的请取消删除线"
STRUCK_ROW = (
    "本行共{}格有删除线（{}），无法判断是否作废；整行作废的请删去整行，个别文字作废的请删去文字，"
    "有效的请取消删除线"
)
OTHERWISE = "所显示的与存储的数字“{}”不一致；请将单元格格式改为“常规”，核对数字后重新报送"
IMAGE = "是图片，没有读取；请填写文字，图片可作为佐证文件报送"
HIDDEN_SHEET = "工作表已隐藏，其中的内容没有读取；需要报送的，请取消隐藏后重新报送"
HIDDEN_ROWS = "{}已隐藏或被筛选，其中的内容已照常读取；请取消隐藏核对，不应报送的请删除"
TEXT_BOX = "有文本框“{}”，没有读取；需要报送的，请填入单元格后重新报送"
COMMENT = "有批注“{}”，没有读取；需要报送的，请填入单元格后重新报送"


@dataclass(frozen=True, slots=True)
class Styles:
    """The cell styles (by number) that make a cell say another thing than its value."""

    formats: Mapping[int, str] = field(default_factory=dict)
    struck: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.formats or self.struck)


@dataclass(frozen=True, slots=True)
class Workings:
    """What lies behind the sheets of a workbook."""

    archive: ZipFile
    parts: Mapping[str, str]
    """Per sheet, the member that holds it."""
    styles: Styles
    struck_texts: frozenset[int]
    """The shared texts of which something is struck through."""


@dataclass(slots=True)
class SheetCell:
    """A cell as it is written."""

    place: str = ""
    kind: str = ""
    style: int = 0
    said: dict[str, str] = field(default_factory=dict)
    """The texts of its elements by their names."""
    struck: bool = False
    """Whether a run of its own text is struck through."""


@dataclass(slots=True)
class SeenSheet:
    """What was found on a sheet."""

    asked: list[CellFault] = field(default_factory=list)
    """What a person has to say first."""
    struck: dict[int, list[Spot]] = field(default_factory=dict)
    """By row, the cells that are struck through."""
    told: list[CellFault] = field(default_factory=list)
    """What is not read, or is though nobody sees it."""


def workings(archive: ZipFile) -> Workings:
    """The sheets of a workbook by their titles, and what its styles and texts strike through."""
    book = fromstring(archive.read("xl/workbook.xml"), forbid_dtd=True)
    links = _links(archive, "xl/workbook.xml")
    parts = {
        str(found.get("name")): links[id]
        for found in book.iter()
        if (id := found.get(RELATION)) in links and found.get("name") is not None
    }
    kinds = _kinds(archive, "xl/workbook.xml")
    styles = Styles()
    if name := kinds.get("styles"):
        styles = _styles(fromstring(archive.read(name), forbid_dtd=True))
    struck = frozenset[int]()
    if (name := kinds.get("sharedStrings")) and b"strike" in (raw := archive.read(name)):
        found = fromstring(raw, forbid_dtd=True)
        struck = frozenset(n for n, each in enumerate(found) if _has_struck_run(each))
    return Workings(archive, parts, styles, struck)


def look(behind: Workings, title: str, rows: list[list[Any]]) -> SeenSheet:
    """Show in `rows` what a person sees; what has to be asked or told is given back."""
    found = SeenSheet()
    walk = _Walk(lambda cell: _look_at(cell, behind, title, rows, found))
    parser = ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler = walk.start, walk.end
    parser.CharacterDataHandler = walk.say
    parser.Parse(behind.archive.read(behind.parts[title]), True)  # its last bytes
    _tell_hidden(title, rows, walk, found)
    found.asked.extend(map(_struck, found.struck.values()))
    return found


def _struck(spots: Sequence[Spot]) -> CellFault:
    """One question a row, however many of its cells are struck through."""
    if len(spots) == 1:
        return CellFault(spots[0], STRUCK)
    said = STRUCK_ROW.format(len(spots), _listed([spot.cell for spot in spots]))
    return CellFault(spots[0], said, lacking=True)  # which of the values is none of its business


def beside(behind: Workings, title: str) -> Iterator[CellFault]:
    """The text boxes and comments of a sheet."""
    part = behind.parts[title]
    links, kinds = _links(behind.archive, part), _typed(behind.archive, part)
    for id, kind in kinds:
        if kind == "drawing" and b"txBody" in (raw := _read(behind.archive, links[id])):
            yield from _boxes(title, fromstring(raw, forbid_dtd=True))
        elif kind == "comments":
            yield from _comments(
                title, fromstring(_read(behind.archive, links[id]), forbid_dtd=True)
            )


def unread(title: str, rows: Sequence[Sequence[object]]) -> Iterator[CellFault]:
    """That a hidden sheet holds something."""
    if not title.startswith(RESERVED) and any(not is_blank(v) for row in rows for v in row):
        yield CellFault(Spot(title), HIDDEN_SHEET)


def _look_at(
    cell: SheetCell, behind: Workings, title: str, rows: list[list[Any]], found: SeenSheet
) -> None:
    row, column = _position(cell.place)
    if PICTURE.match(cell.said.get("f", "")) or PICTURE.match(str(_value(rows, row, column))):
        _put(rows, row, column, "")
        found.told.append(CellFault(_spot(title, row, column), IMAGE))
        return
    if trouble := _trouble(cell.kind, cell.said):
        _put(rows, row, column, trouble)
    value = _value(rows, row, column)
    if is_blank(value):
        return
    shared = cell.kind == "s" and _number(cell.said.get("v")) in behind.struck_texts
    if cell.style in behind.styles.struck or cell.struck or shared:
        found.struck.setdefault(row, []).append(_spot(title, row, column, value))
    code = behind.styles.formats.get(cell.style)
    if code is not None and isinstance(value, int | float) and not isinstance(value, bool):
        seen = displayed(float(value), code)
        if seen is None:
            reason = OTHERWISE.format(show(value).strip("“”"))
            found.asked.append(CellFault(_spot(title, row, column, value), reason))
        else:
            _put(rows, row, column, seen)


def _trouble(kind: str, inside: Mapping[str, str]) -> str:
    """What is wrong with a cell of that type, given the texts of its elements.

    Errors, and formulas that have no result: calamine gives a blank for both.
    """
    if kind == "e":
        return inside.get("v", "")
    empty_text = kind == "str" and "v" in inside
    return NO_RESULT if "f" in inside and not inside.get("v") and not empty_text else ""


def _has_struck_run(text: Element) -> bool:
    """Whether one of its runs is struck through and says something."""
    return any(
        _local(run) == "r"
        and any(_local(each) == "strike" and _is_true(each, "val", "1") for each in run.iter())
        and "".join(each.text or "" for each in run if _local(each) == "t").strip()
        for run in text
    )


def _styles(sheet: Element) -> Styles:
    codes: dict[int, str] = dict(BUILTIN_FORMATS)
    fonts = list[bool]()
    formats, struck = dict[int, str](), set[int]()
    for each in sheet:
        match _local(each):
            case "numFmts":
                codes |= {_number(it.get("numFmtId")): it.get("formatCode", "") for it in each}
            case "fonts":
                fonts = [
                    any(_local(it) == "strike" and _is_true(it, "val", "1") for it in font)
                    for font in each
                ]
            case "cellXfs":
                for number, style in enumerate(each):
                    code, font = _number(style.get("numFmtId")), _number(style.get("fontId"))
                    if is_odd(codes.get(code, "General")):
                        formats[number] = codes[code]
                    if font < len(fonts) and fonts[font]:
                        struck.add(number)
    return Styles(formats, frozenset(struck))


class _Walk:
    """Goes through a sheet and gives each cell that holds something to `each`."""

    def __init__(self, each: Callable[[SheetCell], None]) -> None:
        self.each = each
        self.cell = SheetCell()
        self.inside = ""
        self.run_is_struck = False
        self.hidden_rows, self.hidden_columns = list[int](), list[int]()

    def start(self, tag: str, told: Mapping[str, str]) -> None:
        kind = tag.rpartition("}")[2]
        if kind == "c":
            self.cell = SheetCell(told.get("r", ""), told.get("t", ""), _number(told.get("s")))
        elif kind in ("v", "f", "t", "is"):
            self.inside = kind
            self.cell.said.setdefault(kind, "")
        elif kind == "r":
            self.run_is_struck = False
        elif kind == "strike":
            self.run_is_struck = told.get("val", "1").lower() not in FALSE
        elif kind in ("row", "col") and told.get("hidden", "0").lower() not in FALSE:
            self._hide(kind, told)

    def say(self, text: str) -> None:
        if self.inside:
            self.cell.said[self.inside] += text
            self.cell.struck |= self.inside == "t" and self.run_is_struck and not text.isspace()

    def end(self, tag: str) -> None:
        kind = tag.rpartition("}")[2]
        self.inside = ""
        if kind == "c" and self.cell.said and self.cell.place:
            self.each(self.cell)
        elif kind in ("r", "is"):
            self.run_is_struck = False

    def _hide(self, kind: str, told: Mapping[str, str]) -> None:
        if kind == "row":
            self.hidden_rows.append(_number(told.get("r")) - 1)
            return
        first, last = _number(told.get("min")), _number(told.get("max"))
        self.hidden_columns.extend(range(first - 1, min(last, MOST_COLUMNS)))


def _tell_hidden(
    title: str, rows: Sequence[Sequence[object]], walk: "_Walk", found: SeenSheet
) -> None:
    told = [n for n in walk.hidden_rows if n < len(rows) and not all(map(is_blank, rows[n]))]
    if told:
        listed = f"第{_listed([str(n + 1) for n in told])}行"
        found.told.append(CellFault(Spot(title), HIDDEN_ROWS.format(listed)))
    columns = [
        n for n in walk.hidden_columns if any(n < len(r) and not is_blank(r[n]) for r in rows)
    ]
    if columns:
        listed = f"{_listed([get_column_letter(n + 1) for n in columns])}列"
        found.told.append(CellFault(Spot(title), HIDDEN_ROWS.format(listed)))


def _listed(places: Sequence[str]) -> str:
    more = f"等{len(places)}" if len(places) > MOST_LISTED else ""
    return "、".join(places[:MOST_LISTED]) + more


def _boxes(title: str, drawing: Element) -> Iterator[CellFault]:
    for body in (each for each in drawing.iter() if _local(each) == "txBody"):
        said = "".join(each.text or "" for each in body.iter() if _local(each) == "t")
        if said.strip():
            yield CellFault(Spot(title), TEXT_BOX.format(show(said).strip("“”")))


def _comments(title: str, listed: Element) -> Iterator[CellFault]:
    for comment in (each for each in listed.iter() if _local(each) == "comment"):
        said = "".join(each.text or "" for each in comment.iter() if _local(each) == "t")
        if said.strip() and OPENING not in said:
            spot = Spot(title, comment.get("ref", ""))
            yield CellFault(spot, COMMENT.format(show(said).strip("“”")))


def _links(archive: ZipFile, part: str) -> Mapping[str, str]:
    """Per id, the member that a part refers to."""
    return {id: target for id, _, target in _relations(archive, part)}


def _typed(archive: ZipFile, part: str) -> Sequence[tuple[str, str]]:
    return [(id, kind) for id, kind, _ in _relations(archive, part)]


def _kinds(archive: ZipFile, part: str) -> Mapping[str, str]:
    return {kind: target for _, kind, target in _relations(archive, part)}


def _relations(archive: ZipFile, part: str) -> Iterator[tuple[str, str, str]]:
    """Id, kind and member of what a part refers to within the workbook."""
    home, known = dirname(part), {plain_name(each): each.filename for each in archive.infolist()}
    raw = _read(archive, f"{home}/_rels/{part.removeprefix(home).lstrip('/')}.rels")
    for link in fromstring(raw, forbid_dtd=True) if raw else ():
        if link.get("TargetMode") != "External":
            target = normpath(join("/", home, link.get("Target", ""))).lstrip("/")
            yield (
                link.get("Id", ""),
                link.get("Type", "").rpartition("/")[2],
                known.get(target.lower(), target),
            )


def _read(archive: ZipFile, name: str) -> bytes:
    """A member; nothing where there is none."""
    return archive.read(name) if name in archive.NameToInfo else b""


def _spot(title: str, row: int, column: int, value: object = None) -> Spot:
    return Spot(title, f"{get_column_letter(column + 1)}{row + 1}", value)


def _value(rows: Sequence[Sequence[object]], row: int, column: int) -> object:
    return rows[row][column] if row < len(rows) and column < len(rows[row]) else ""


def _put(rows: list[list[Any]], row: int, column: int, value: object) -> None:
    if value == "" and not (row < len(rows) and column < len(rows[row])):
        return
    while len(rows) <= row:
        rows.append([])
    rows[row].extend([""] * (column + 1 - len(rows[row])))
    rows[row][column] = value


def _is_true(found: Element, name: str, otherwise: str = "0") -> bool:
    return found.get(name, otherwise).lower() not in FALSE


def _number(told: str | None) -> int:
    return int(told) if told and told.isascii() and told.isdigit() else 0


def _local(found: Element) -> str:
    """An element's name without its namespace."""
    return found.tag.rpartition("}")[2]


def _position(cell: str) -> tuple[int, int]:
    """Row and column, counted from 0, of a reference such as B5."""
    letters = cell.rstrip("0123456789")
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter.upper()) - 64
    return int(cell[len(letters) :]) - 1, column - 1
