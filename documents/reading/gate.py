"""Keeps hostile and foreign files out, before anything parses them.

python-calamine ends the whole process when a sheet claims cells that are far apart, and so does a
list of texts that claims to be long; openpyxl never ends on a huge merge. So a file is looked
through as bytes first. Nothing is trusted: a part is what its content says, whatever its name.
Deep nesting is let through: none of the readers minds it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from itertools import pairwise
from posixpath import join, normpath
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError, ParserCreate, XMLParserType
from zipfile import ZipInfo

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from openpyxl.utils import get_column_letter

from common.errors import RefusedError
from documents.reading.archive import ArchiveError, members, plain_name, unpack


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a workbook may hold."""

    most_bytes: int = 20_000_000
    """Of the file."""
    most_unpacked: int = 200_000_000
    """Bytes of all parts together, and of all texts that the cells show together."""
    most_members: int = 2_000
    most_ratio: int = 200
    """How often its packed size a part over 1 MB may be."""
    most_rows: int = 20_000
    most_columns: int = 200
    most_sheets: int = 64

    @property
    def most_cells(self) -> int:
        """Of all sheets together, blank ones within a sheet's extent included: see `grid`."""
        return self.most_rows * self.most_columns


LIMITS = Limits()

MEND = "请用 Excel 或 WPS 打开核对后另存为 .xlsx 文件再报送"
EMPTY = "文件是空的；请重新保存后再报送"
LOCKED = "文件已加密；请取消打开密码后另存再报送"
OLD = "是旧版 .xls 或 .et 格式；请另存为 .xlsx 文件再报送"
OTHER = "是 .xlsb 或 .ods 格式；请另存为 .xlsx 文件再报送"
TEXT = "是文本文件（如 .csv），不是工作簿；请用 Excel 或 WPS 打开，另存为 .xlsx 文件再报送"
PICTURE = (
    "是 PDF 或图片，不是工作簿；请报送原表的 .xlsx 文件；"
    "如为某个项目的佐证文件，请在文件名中写明项目编码，放入收件文件夹"
)
LETTER = "是文字或演示文稿，不是工作簿；请把内容填入样表，报送 .xlsx 文件"
PACKED = "是压缩包，不是工作簿；请解压后逐个报送其中的 .xlsx 文件"
DAMAGED = f"不是 .xlsx 工作簿，或已损坏；{MEND}"
STRANGE = f"文件内部结构异常；{MEND}"
LARGE = "文件内容过大；请只保留需要报送的工作表，删去图片和多余的内容后再报送"
MACROS = "含有宏；请另存为不含宏的 .xlsx 文件（Excel 工作簿）再报送"
LINKS = "含有指向其他文件的链接；请在“数据—编辑链接”中断开链接，保存后再报送"
OBJECTS = "含有嵌入的对象或控件；请删除这些对象，只保留表格后再报送"
MERGES = "合并单元格或超链接的范围过大；请取消整行、整列的合并和链接，只保留需要的部分后再报送"

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
STREAMS = {"EncryptedPackage": LOCKED, "WordDocument": LETTER, "PowerPoint Document": LETTER}
"""What a file of the older kind holds, by the name of its stream."""
STARTS: Mapping[bytes, str] = {
    **dict.fromkeys((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*"), PICTURE),
    **dict.fromkeys((b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"PK\x05\x06"), PACKED),
}
FOLDERS = {"xl/workbook.bin": OTHER, "content.xml": OTHER, "word/": LETTER, "ppt/": LETTER}
"""What a zip file without a workbook is, by the beginning of a member's name."""
TRACES = {
    "vbaproject": MACROS,
    "vbadata": MACROS,
    "macroenabled": MACROS,
    "macrosheet": MACROS,
    "externallink": LINKS,
    "activex": OBJECTS,
    "oleobject": OBJECTS,
    "embeddings/": OBJECTS,
    "relationships/control": OBJECTS,
    "relationships/package": OBJECTS,
}
"""What a part is, by what its name, its type or its relationship contains."""
WORKBOOK = "xl/workbook.xml"
HIDES = (b'hidden="1"', b'hidden="true"')
"""What a sheet holds that hides cells; one that is not ours says ``hidden="false"`` as well."""
SPANNING = (b"mergeCell", b"hyperlink")
CONTENT = ("v", "f", "is", "t")
"""What of a cell says something."""
MEGABYTE = 1_000_000
PROLOG = 65_536
"""Bytes in which a part's first element must begin."""

ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?\s*<\?xml\b[^>]*?\sencoding\s*=\s*["']([^"']*)""")
ENCODINGS = (b"utf-8", b"utf8", b"us-ascii", b"ascii")
# The patterns below run over every byte of every sheet: they must stay quick. What they do not
# understand, and formulas and errors, which are no plain values, is left to the slow and exact way.
SHORTEST_CELL = len('<c r="A1"/>')
SHORTEST_TEXT = len('<c t="s"><v>0</v></c>')
PREFIXED = re.compile(rb":(?:c|row)[\s/>]")
REFERENCE = re.compile(r"\s*\$?([A-Za-z]{1,3})\$?([0-9]{1,7})\s*")
SPANS = re.compile(rb"""(?:mergeCell|hyperlink)(\s(?:[^<>"']|"[^"]*"|'[^']*')*)>""")
SPAN = re.compile(rb"""\sref\s*=\s*["']([^"']*)""")
SHARED = re.compile(rb"s(?:st\s|i\s*>)")
"""What every list of shared texts holds."""
LONG_COUNT = re.compile(rb"""sst\s[^<]*?ount\s*=\s*["'][^"']{8}""")
TEXTS = re.compile(rb"si\s*>")
TEXT_END = re.compile(rb"</(?:[^\s<>/]+:)?si\s*>")
SHOWN = re.compile(rb"""["']s["'][^<>]*><(?:\w+:)?v>([0-9]{1,7})</(?:\w+:)?v></(?:\w+:)?c>""")

Attributes = Mapping[str, str]


@dataclass(slots=True)
class _Tally:
    """What the parts looked at so far add up to."""

    texts: int = 0
    """At most so many cells show a shared text."""
    longest: int = 0
    """Bytes of the longest shared text."""
    suspects: set[str] = field(default_factory=set)


class _GateError(Exception):
    """The sentence that refuses a file, without its name."""


def check(name: str, content: bytes, limits: Limits = LIMITS) -> frozenset[str]:
    """Let a workbook through that is safe to read; it may still hold anything.

    Gives the parts (xl/worksheets/sheet1.xml) of sheets that hold a formula, an error such as
    #N/A or something hidden or struck through: a hint, since a text that looks like either makes
    its sheet one, too. RefusedError, with
    what it is and what to do, for everything else. Unpacks one part at a time.
    """
    try:
        return _check(content, limits)
    except ArchiveError:
        raise RefusedError(f"{name}：{DAMAGED}") from None
    except _GateError as refusal:
        raise RefusedError(f"{name}：{refusal}") from None


def _check(content: bytes, limits: Limits) -> frozenset[str]:
    _refuse(len(content) > limits.most_bytes, LARGE)
    _refuse_foreign(content)
    found = members(content, limits.most_members)
    _refuse_members(found, limits)
    tally = _Tally()
    for member in found:
        part = unpack(content, member)
        plain = _check_part(plain_name(member), part, tally, limits)
        if not plain or (b"sheetData" in part and _says_otherwise(part)):
            tally.suspects.add(member.filename)
    if tally.texts * tally.longest > limits.most_unpacked:
        _refuse_repetition(content, found, limits)
    return frozenset(tally.suspects)


def _says_otherwise(part: bytes) -> bool:
    """Whether a sheet may hide cells, or strike through what they say."""
    hides = _holds(part, b'hidden="') and any(mark in part for mark in HIDES)
    return hides or _holds(part, b"strike")


def _holds(part: bytes, sign: bytes) -> bool:
    """As ``sign in part``, in a third of the time where there is none: Python skips backwards."""
    return part.rfind(sign) >= 0


def _refuse(when: bool, sentence: str) -> None:
    if when:
        raise _GateError(sentence)


def _refuse_foreign(content: bytes) -> None:
    _refuse(not content.strip(b"\0 \t\r\n"), EMPTY)
    if content.startswith(OLE):
        kinds = (said for name, said in STREAMS.items() if name.encode("utf-16-le") in content)
        raise _GateError(next(kinds, OLD))
    for start, sentence in STARTS.items():
        _refuse(content.startswith(start), sentence)
    if not content.startswith(b"PK"):
        raise _GateError(TEXT if _is_text(content[:PROLOG]) else DAMAGED)


def _is_text(start: bytes) -> bool:
    return start.startswith((b"\xff\xfe", b"\xfe\xff")) or not any(
        sign in start for sign in range(9)
    )


def _refuse_members(found: Sequence[ZipInfo], limits: Limits) -> None:
    _refuse(any(member.flag_bits & 1 for member in found), LOCKED)
    names = [plain_name(member) for member in found]
    if WORKBOOK not in names:
        kinds = (
            said for start, said in FOLDERS.items() for name in names if name.startswith(start)
        )
        raise _GateError(next(kinds, PACKED))
    for name in names:
        _refuse_traces(name)
    _refuse(sum(member.file_size for member in found) > limits.most_unpacked, LARGE)
    _refuse(any(_is_bomb(member, limits) for member in found), LARGE)


def _is_bomb(member: ZipInfo, limits: Limits) -> bool:
    most = max(MEGABYTE, member.compress_size * limits.most_ratio)
    return member.file_size > most


def _refuse_traces(told: str) -> None:
    for trace, sentence in TRACES.items():
        _refuse(trace in told.lower(), sentence)


def _check_part(name: str, part: bytes, tally: _Tally, limits: Limits) -> bool:
    """Whether readers may take the part as it is; False for a sheet that is not plain."""
    _refuse(part.startswith((b"PK\x03\x04", OLE)), OBJECTS)
    shares = bool(SHARED.search(part))
    if _is_xml(name, part):
        _refuse_tricks(part)
        _refuse(shares and bool(LONG_COUNT.search(part)), STRANGE)
    plain = b"sheetData" not in part or _check_sheet(part, tally, limits)
    if shares and TEXTS.search(part):
        tally.longest = max(tally.longest, _longest_text(part))
    if name.endswith(".rels"):
        _check_links(part, targets_once=name == "xl/_rels/workbook.xml.rels")
    elif name == "[content_types].xml":
        _check_types(part)
    elif name == WORKBOOK:
        _check_workbook(part, limits)
    return plain


def _is_xml(name: str, part: bytes) -> bool:
    """Whether any reader could take the part for XML; UTF-16 and leading rubbish do not hide it."""
    start = part[:64].translate(None, b"\0 \t\r\n\xff\xfe\xef\xbb\xbf")
    return name.endswith((".xml", ".rels", ".vml")) or start[:1] == b"<" or b"sheetData" in part


def _refuse_tricks(part: bytes) -> None:
    """Other encodings, which hide what is looked for here, and definitions of entities."""
    named = ENCODING.match(part)
    _refuse(b"\0" in part or bool(named and named[1].lower() not in ENCODINGS), STRANGE)
    try:
        # A definition can only stand before the first element.
        next(iterparse(BytesIO(part[:PROLOG]), events=("start",), forbid_dtd=True))
    except (ParseError, DefusedXmlException, StopIteration):
        raise _GateError(STRANGE) from None


def _check_sheet(part: bytes, tally: _Tally, limits: Limits) -> bool:
    """Whether the sheet is plain: small enough, without formulas, errors and unusual writing.

    What a sheet tells of itself (dimension, spans) is not looked at.
    """
    plain = not PREFIXED.search(part) and not _unusual(limits).search(part)
    if not plain:
        _check_extent(part, limits)
    if len(part) // SHORTEST_CELL > limits.most_cells:
        _refuse(part.count(b"<c") + part.count(b"<row") > limits.most_cells, LARGE)
    tally.texts += len(part) // SHORTEST_TEXT
    _refuse(_spanned(part) > limits.most_cells // 10, MERGES)
    return plain


def _check_extent(part: bytes, limits: Limits) -> None:
    rows, columns = _exact_extent(part, limits)
    _refuse(
        rows > limits.most_rows, f"有工作表超过{limits.most_rows}行；请删除数据下方的空白行后再报送"
    )
    _refuse(
        columns > limits.most_columns,
        f"有工作表超过{limits.most_columns}列；请删除数据右侧的空白列后再报送",
    )


@cache
def _unusual(limits: Limits) -> re.Pattern[bytes]:
    """Finds a cell or row of a sheet that is not written plainly, or lies too far out."""
    last_row, last_column = str(limits.most_rows), get_column_letter(limits.most_columns)
    # A place of fewer letters and digits lies within, and few cells say more than style and kind.
    digits = f"[0-9]{{1,{len(last_row) - 1}}}+" if limits.most_rows > 9 else "(?!)"
    near = f"[A-Z]{{0,{len(last_column) - 1}}}+{digits}"
    kind = ' t="[a-df-z][a-zA-Z]*+">'
    usual = rf' r="{near}"(?: s="[0-9]++"(?:{kind}|>)|{kind}|>)(?!<f)'
    place = f' r="(?:{_upto(last_column, "A-Z")})?(?:{_upto(last_row, "0-9")})"'
    others = r'(?: (?!t="e")[a-qs-z][\w:]*+="[^"<>]*+")*'
    return re.compile(rf"<(?:c|row)(?!{usual})(?!{place}{others} ?/?>(?!<f))[\s/>]".encode())


def _upto(last: str, signs: str) -> str:
    """A pattern for what comes no later than `last`, by length, then by signs; long words first."""
    first, ways = signs[0], [last]
    for at, sign in enumerate(last):
        if sign > first:
            rest = f"[{signs}]{{{len(last) - at - 1}}}"
            ways.append(f"{last[:at]}[{first}-{chr(ord(sign) - 1)}]{rest}")
    if len(last) > 1:
        ways.append(f"[{signs}]{{1,{len(last) - 1}}}")
    return "|".join(ways)


def _exact_extent(part: bytes, limits: Limits) -> tuple[int, int]:
    """How many rows and columns what a sheet says spans from A1, however it is written: slow.

    Readers pass over cells that have only a style.
    """
    row = here = column = rows = columns = count = 0
    most = limits.most_cells

    def start(tag: str, attributes: Attributes) -> None:
        nonlocal row, here, column, rows, columns, count
        kind, place = tag.rpartition(":")[2], attributes.get("r")
        if kind == "row":
            row, column = (row + 1 if place is None else _number(place)), 0
        elif kind == "c":
            here, column = (row, column + 1) if place is None else _place(place)
        elif kind in CONTENT:
            rows, columns = max(rows, here), max(columns, column)
        count += kind in ("row", "c")
        _refuse(count > most, LARGE)

    _walk(part, start)
    return rows, columns


def _number(told: str) -> int:
    _refuse(not (told.isascii() and told.isdigit() and len(told) <= 7), STRANGE)
    return int(told)


def _place(told: str) -> tuple[int, int]:
    """Row and column, from 1, of a reference such as B5."""
    found = REFERENCE.fullmatch(told)
    if found is None:
        raise _GateError(STRANGE)
    return int(found[2]), _column(found[1].upper())


def _column(letters: str) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + ord(letter) - ord("A") + 1
    return column


def _spanned(part: bytes) -> int:
    """How many cells all merges and links of a sheet cover together."""
    starts = [part.find(sign) for sign in SPANNING if _holds(part, sign)]
    spans = (
        span
        for tag in SPANS.finditer(part, min(starts, default=len(part)))
        for span in SPAN.findall(tag[1])
    )
    return sum(_size(span.decode("utf-8", "replace")) for span in spans)


def _size(span: str) -> int:
    first, _, last = span.partition(":")
    (top, left), (bottom, right) = _place(first), _place(last or first)
    return (abs(bottom - top) + 1) * (abs(right - left) + 1)


def _longest_text(part: bytes) -> int:
    """At least how many bytes the longest shared text has."""
    _parse(ParserCreate(), part)  # so that no attribute holds what looks like an end
    if b"<!" in part or part.count(b"<?") > 1:  # as a comment, say, could
        return len(part)
    return max(map(len, TEXT_END.split(part)))


def _refuse_repetition(content: bytes, found: Sequence[ZipInfo], limits: Limits) -> None:
    """A long text that very many cells share would be copied for each of them."""
    lists, shown, others = [[0]], list[int](), 0
    for member in found:
        part = unpack(content, member)
        if TEXTS.search(part):
            lists.append(_text_lengths(part))
        if b"sheetData" in part:
            known = SHOWN.findall(part)
            shown.extend(map(int, known))
            others += part.count(b'"s"') + part.count(b"'s'") - len(known)
    for lengths in lists:
        longest = max(lengths, default=0)
        told = sum(lengths[text] for text in shown if text < len(lengths))
        _refuse(told + others * longest > limits.most_unpacked, LARGE)


def _text_lengths(part: bytes) -> list[int]:
    """How many bytes each shared text has, with its tags."""
    begins = list[int]()
    inside = False

    def start(tag: str, _: Attributes) -> None:
        nonlocal inside
        if _is_text_tag(tag):
            _refuse(inside, STRANGE)
            inside = True
            begins.append(parser.CurrentByteIndex)

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and not _is_text_tag(tag)

    parser = _parser(start)
    parser.EndElementHandler = end
    _parse(parser, part)
    return [end - begin for begin, end in pairwise([*begins, len(part)])]


def _is_text_tag(tag: str) -> bool:
    return tag.rpartition(":")[2] == "si"


def _check_links(part: bytes, targets_once: bool) -> None:
    targets = set[str]()

    def start(_: str, attributes: Attributes) -> None:
        kind, outside = attributes.get("Type", ""), attributes.get("TargetMode", "").lower()
        _refuse_traces(kind)
        _refuse(outside == "external" and not kind.endswith("/hyperlink"), LINKS)
        if targets_once and "Target" in attributes and outside != "external":
            # One sheet that is listed many times would be read many times.
            target = normpath(join("/xl", attributes["Target"].lower()))
            _refuse(target in targets, STRANGE)
            targets.add(target)

    _walk(part, start)


def _check_types(part: bytes) -> None:
    def start(_: str, attributes: Attributes) -> None:
        kind, name = attributes.get("ContentType", ""), attributes.get("PartName")
        _refuse_traces(kind)
        if name is not None and kind.endswith("main+xml"):
            _refuse(name.lower().lstrip("/") != WORKBOOK, STRANGE)

    _walk(part, start)


def _check_workbook(part: bytes, limits: Limits) -> None:
    sheets = list[str]()

    def start(tag: str, attributes: Attributes) -> None:
        if tag.rpartition(":")[2] == "sheet":
            ids = (value for key, value in attributes.items() if key.rpartition(":")[2] == "id")
            sheets.extend(ids)
            _refuse(
                len(sheets) > limits.most_sheets,
                f"工作表超过{limits.most_sheets}个；请只保留需要报送的工作表",
            )

    _walk(part, start)
    _refuse(len(set(sheets)) < len(sheets), STRANGE)


def _walk(part: bytes, start: Callable[[str, Attributes], None]) -> None:
    """Call `start` with each element's name, as it is written, and its attributes."""
    _parse(_parser(start), part)


def _parser(start: Callable[[str, Attributes], None]) -> XMLParserType:
    parser = ParserCreate()
    parser.StartElementHandler = start
    return parser


def _parse(parser: XMLParserType, part: bytes) -> None:
    try:
        parser.Parse(part, True)
    except ExpatError:
        raise _GateError(STRANGE) from None
