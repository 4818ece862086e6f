"""The gate: hostile and foreign files are refused in bounded time and memory, real ones pass."""

import json
import struct
import subprocess
import sys
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from time import perf_counter
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.utils import get_column_letter
from python_calamine import CalamineWorkbook

from common.errors import RefusedError
from documents.reading import gate
from documents.reading.gate import LIMITS, Limits, check
from documents.reading.grid import read_book

ROOT = Path(__file__).parents[1]
EXAMPLE = sorted((ROOT / "deployments" / "example" / "workbooks").glob("*.xlsx"))
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET, RELATIONS = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
TYPES, BOOK, TEXTS = "[Content_Types].xml", "xl/workbook.xml", "xl/sharedStrings.xml"
MACRO_TYPE = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PLAIN = '<row r="1"><c r="A1"><v>1</v></c><c r="B1" t="s"><v>0</v></c></row>'
FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576">{}<v>1</v></c></row>'
Parts = Mapping[str, str | bytes]


def link(id: str, kind: str, target: str, mode: str = "") -> str:
    kind = kind if "://" in kind else f"{OFFICE}/{kind}"
    return f'<Relationship Id="{id}" Type="{kind}" Target="{target}"{mode}/>'


def links(*inside: str) -> str:
    return f'<Relationships xmlns="{PACKAGE}/relationships">{"".join(inside)}</Relationships>'


def sheet(rows: str = PLAIN, before: str = "", after: str = "") -> str:
    data = f"{before}<sheetData>{rows}</sheetData>{after}"
    return f'<worksheet xmlns="{MAIN}" xmlns:x="{MAIN}" xmlns:q="urn:q">{data}</worksheet>'


def texts(*inside: str, told: str = "") -> str:
    items = "".join(f"<si><t>{text}</t></si>" for text in inside)
    return f'<sst xmlns="{MAIN}"{told}>{items}</sst>'


def types(
    kind: str = f"{SHEET_TYPE}.sheet.main+xml", part: str = f"/{BOOK}", more: str = ""
) -> str:
    return (
        f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="application/xml"/><Override PartName="{part}" ContentType="{kind}"/>'
        f"{more}</Types>"
    )


def listing(*ids: str) -> str:
    sheets = "".join(
        f'<sheet name="表{number}" sheetId="{number + 1}" r:id="{id}"/>'
        for number, id in enumerate(ids)
    )
    return f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{sheets}</sheets></workbook>'


SHEET_LINK = link("rId1", "worksheet", "worksheets/sheet1.xml")
TEXTS_LINK = link("rId2", "sharedStrings", "sharedStrings.xml")
PARTS: Parts = {
    TYPES: types(),
    "_rels/.rels": links(link("rId1", "officeDocument", BOOK)),
    BOOK: listing("rId1"),
    RELATIONS: links(SHEET_LINK, TEXTS_LINK),
    SHEET: sheet(),
    TEXTS: texts("文字"),
}


def zipped(parts: Parts, method: int = ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def book(parts: Parts | None = None, method: int = ZIP_DEFLATED) -> bytes:
    """A small workbook, some of its parts replaced or added."""
    return zipped({**PARTS, **(parts or {})}, method)


def rows(inside: str, before: str = "", after: str = "") -> bytes:
    return book({SHEET: sheet(inside, before, after)})


def far(cell: str) -> bytes:
    """A workbook with a cell at A1 and another at the far end of the sheet."""
    return rows(FAR.format(cell))


def told_sizes(content: bytes, size: int) -> bytes:
    """The workbook's sheet claims, in the directory, to unpack to `size` bytes."""
    return changed_entry(content, SHEET, 24, struct.pack("<L", size))


def changed_entry(content: bytes, name: str, at: int, value: bytes) -> bytes:
    entry = content.rindex(name.encode()) - 46
    assert content[entry : entry + 4] == b"PK\x01\x02"
    return content[: entry + at] + value + content[entry + at + len(value) :]


def twice(content: bytes) -> bytes:
    """Two members of one name."""
    return content.replace(b"xl/worksheets/sheet2.xml", SHEET.encode())


def overlapping() -> bytes:
    """Two members share their bytes."""
    content = book({"docProps/a.xml": "<a/>", "docProps/b.xml": "<a/>"})
    with ZipFile(BytesIO(content)) as archive:
        where = archive.getinfo("docProps/a.xml").header_offset
    return changed_entry(content, "docProps/b.xml", 42, struct.pack("<L", where))


def told_count(content: bytes, count: int) -> bytes:
    """The directory tells that it has `count` members."""
    return content[:-14] + struct.pack("<2H", count, count) + content[-10:]


def two_directories(content: bytes) -> bytes:
    """Another workbook's end is in the comment of the first: readers differ in which they take."""
    end = far('<c r="XFD1048576">')
    return content[:-2] + struct.pack("<H", len(end)) + end


def renamed(content: bytes) -> bytes:
    """A member that has another name for readers that know the field for such names."""
    member, name = ZipInfo("docProps/a.xml"), SHEET.encode()
    member.extra = struct.pack("<2HBL", 0x7075, 5 + len(name), 1, 0) + name
    buffer = BytesIO(content)
    with ZipFile(buffer, "a") as archive:
        archive.writestr(member, "<a/>")
    return buffer.getvalue()


def laughs() -> str:
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE sst [<!ENTITY l0 "哈">{entities}]>' + texts("&l9;")


def repeated(text: str, cells: int, cell: str = '<c t="s"><v>0</v></c>', begin: str = "") -> bytes:
    inside = f"<row>{cell * 100}</row>" * (cells // 100)
    return book({SHEET: sheet(inside), TEXTS: begin or texts(text)})


FAR_SHEET = sheet(FAR.format('<c r="XFD1048576">'))
SHIFTED = f'<sst xmlns="{MAIN}"><si/><si>{"a" * 90_000}</si><si>a</si></sst>'
LINKED = '<hyperlink display="ref" ref="A1:XFD1048576"/>'
OLE = gate.OLE + b"\0" * 600
RELATION_AS = {
    "an external link": link("rId9", "externalLink", "externalLinks/externalLink1.xml"),
    "a link to another file": link("rId9", "x", "file:///a.xlsx", ' TargetMode="External"'),
    "such a link, disguised": link("rId9", "x", "a.xlsx", " TargetMode='&#69;xternal'"),
}
FOREIGN: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", gate.EMPTY),
    "blanks": (b" \r\n\0", gate.EMPTY),
    "encrypted": (OLE + "EncryptedPackage".encode("utf-16-le"), gate.LOCKED),
    "old": (OLE + "Workbook".encode("utf-16-le"), gate.OLD),
    "an old letter": (OLE + "WordDocument".encode("utf-16-le"), gate.LETTER),
    "csv": ("县（市、区）,项目名称\n小店区,某项目\n".encode(), gate.TEXT),
    "csv in GBK": ("县（市、区）,项目名称\n".encode("gb18030"), gate.TEXT),
    "text in UTF-16": ("项目名称\t金额\n".encode("utf-16"), gate.TEXT),
    "a web page": (b"<html><table><tr><td>1</td></tr></table></html>", gate.TEXT),
    "pdf": (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", gate.PICTURE),
    "png": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", gate.PICTURE),
    "jpeg": (b"\xff\xd8\xff\xe0\0\x10JFIF\0", gate.PICTURE),
    "docx": (zipped({TYPES: "<Types/>", "word/document.xml": "<a/>"}), gate.LETTER),
    "pptx": (zipped({TYPES: "<Types/>", "ppt/presentation.xml": "<a/>"}), gate.LETTER),
    "xlsb": (zipped({TYPES: "<Types/>", "xl/workbook.bin": b"\x83\1\0"}), gate.OTHER),
    "ods": (zipped({"mimetype": "application/x", "content.xml": "<a/>"}), gate.OTHER),
    "a zip of workbooks": (zipped({"太原市.xlsx": book()}), gate.PACKED),
    "an empty zip": (zipped({}), gate.PACKED),
    "rar": (b"Rar!\x1a\x07\x01\0\0", gate.PACKED),
    "rubbish": (bytes(range(256)), gate.DAMAGED),
    "a cut workbook": (book()[:-60], gate.DAMAGED),
    "only a beginning": (b"PK\x03\x04", gate.DAMAGED),
}
MANY_PARTS = {f"a/{number}.xml": "<a/>" for number in range(2_000)}
UNWANTED: dict[str, tuple[bytes, str]] = {
    "macros": (book({"xl/vbaProject.bin": OLE}), gate.MACROS),
    "macros by type": (book({TYPES: types(MACRO_TYPE)}), gate.MACROS),
    "macros by relation": (
        book({RELATIONS: links(SHEET_LINK, link("rId9", "vbaProject", "a.bin"))}),
        gate.MACROS,
    ),
    "a macro sheet": (book({"xl/macrosheets/sheet1.xml": "<a/>"}), gate.MACROS),
    "external links": (book({"xl/externalLinks/externalLink1.xml": "<a/>"}), gate.LINKS),
    **{
        name: (book({RELATIONS: links(SHEET_LINK, told)}), gate.LINKS)
        for name, told in RELATION_AS.items()
    },
    "ActiveX": (book({"xl/activeX/activeX1.xml": "<a/>"}), gate.OBJECTS),
    "an object": (book({"xl/embeddings/oleObject1.bin": "a"}), gate.OBJECTS),
    "an object by relation": (
        book({"xl/worksheets/_rels/sheet1.xml.rels": links(link("a", "oleObject", "a"))}),
        gate.OBJECTS,
    ),
    "an object elsewhere": (book({"xl/media/image1.png": OLE}), gate.OBJECTS),
    "a nested zip": (book({"xl/media/image1.png": book()}), gate.OBJECTS),
}
ZIPS: dict[str, tuple[bytes, str]] = {
    "a locked member": (changed_entry(book(), SHEET, 8, b"\x01\0"), gate.LOCKED),
    "an unknown packing": (book(method=ZIP_BZIP2), gate.DAMAGED),
    "a bomb": (book({"xl/media/a.emf": b"\0" * 5_000_000}), gate.LARGE),
    "a size told too small": (told_sizes(book(), 10), gate.DAMAGED),
    "a size told too large": (told_sizes(book(), 900_000), gate.DAMAGED),
    "an impossible size": (told_sizes(book(), 2**32 - 2), gate.LARGE),
    "a wrong sum": (changed_entry(book(), SHEET, 16, b"abcd"), gate.DAMAGED),
    "two of one name": (twice(book({"xl/worksheets/sheet2.xml": "<a/>"})), gate.DAMAGED),
    "two names alike": (book({"XL\\Worksheets\\Sheet1.xml": "<a/>"}), gate.DAMAGED),
    "overlapping": (overlapping(), gate.DAMAGED),
    "two directories": (two_directories(book()), gate.DAMAGED),
    "something before it": (b"PK\x03\x04" + book(), gate.DAMAGED),
    "something after it": (book() + b"\0", gate.DAMAGED),
    "another name": (renamed(book()), gate.DAMAGED),
    "a hidden name": (book({"a.bin?.xml": "<a/>"}).replace(b"a.bin?", b"a.bin\0"), gate.DAMAGED),
    "a member past the end": (changed_entry(book(), SHEET, 42, b"\xff\xff\0\0"), gate.DAMAGED),
    "a member where none begins": (changed_entry(book(), SHEET, 42, b"\1\0\0\0"), gate.DAMAGED),
    "a member longer than the file": (
        changed_entry(book(method=ZIP_STORED), SHEET, 20, b"\xff\xff\xff\0" * 2),
        gate.DAMAGED,
    ),
    "many members, told as few": (told_count(book(MANY_PARTS), 2), gate.DAMAGED),
    "many members": (book(MANY_PARTS), gate.DAMAGED),
}
TRICKS: dict[str, tuple[bytes, str]] = {
    "a billion laughs": (book({TEXTS: laughs()}), gate.STRANGE),
    "an outer entity": (
        book({BOOK: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + listing("rId1")}),
        gate.STRANGE,
    ),
    "an outer definition": (book({SHEET: '<!DOCTYPE a SYSTEM "a.dtd">' + sheet()}), gate.STRANGE),
    "UTF-16": (book({SHEET: FAR_SHEET.encode("utf-16")}), gate.STRANGE),
    "UTF-16 elsewhere": (
        book({
            "xl/sheet.bin": FAR_SHEET.encode("utf-16-le"),
            RELATIONS: links(link("rId1", "worksheet", "sheet.bin")),
        }),
        gate.STRANGE,
    ),
    "GBK": (
        book({SHEET: b'<?xml version="1.0" encoding="GBK"?>' + sheet().encode("gbk")}),
        gate.STRANGE,
    ),
    "a long beginning": (book({SHEET: f"<!--{'a' * 99_999}-->{sheet()}"}), gate.STRANGE),
    "broken relations": (book({RELATIONS: "<Relationships>"}), gate.STRANGE),
    "another workbook": (book({TYPES: types(part="/xl/other.xml")}), gate.STRANGE),
    "one sheet many times": (book({BOOK: listing("rId1", "rId1")}), gate.STRANGE),
    "one sheet by many ways": (
        book({
            BOOK: listing("rId1", "rId2"),
            RELATIONS: links(SHEET_LINK, link("rId2", "worksheet", f"/{SHEET}")),
        }),
        gate.STRANGE,
    ),
    "many sheets": (book({BOOK: listing(*map(str, range(65)))}), "工作表超过64个"),
    "many texts are told": (
        book({TEXTS: texts("a", told=' count="1" uniqueCount = \'4000000000000\'')}),
        gate.STRANGE,
    ),
    "a long text in many cells": (repeated("长" * 30_000, 20_000), gate.LARGE),
    "such a text with a comment": (
        repeated("", 20_000, begin=texts("a<!--</si>-->" * 9_000)),
        gate.LARGE,
    ),
    "such a text after an empty one": (
        repeated("", 20_000, cell='<c t="s"><v>1</v></c>', begin=SHIFTED), gate.LARGE
    ),
    "such a text with attributes": (
        repeated("", 20_000, begin=texts("").replace("<t>", "<t>" + "<r a='</si>'>aa</r>" * 9_000)),
        gate.STRANGE,
    ),
    "such a text told in another way": (
        repeated("长" * 30_000, 20_000, cell="<c t = 's' ><v><!-- -->0</v></c>"),
        gate.LARGE,
    ),
    "a text in a text": (repeated("", 20_000, begin=texts("<si/>" + "a" * 90_000)), gate.STRANGE),
    "a text in a text twice": (
        repeated("", 20_000, begin=texts("<si>a</si>" + "a" * 90_000)), gate.STRANGE
    ),
}  # fmt: skip
CELL = "<c><v>1</v></c>"
MANY_ROWS, MANY_COLUMNS = "有工作表超过20000行", "有工作表超过200列"
SHEETS: dict[str, tuple[bytes, str]] = {
    "far": (far('<c r="XFD1048576">'), MANY_ROWS),
    "far, after other attributes": (far('<c s="1" t="n" r="XFD1048576">'), MANY_ROWS),
    "far, in other quotes": (far("<c r='XFD1048576'>"), MANY_ROWS),
    "far, with blanks": (far('<c  r\n=\t"XFD1048576" >'), MANY_ROWS),
    "far, by a character's number": (far('<c r="&#88;FD1048576">'), MANY_ROWS),
    "far, in small letters": (far('<c r="xfd1048576">'), MANY_ROWS),
    "far, with a prefix": (
        rows('<x:row r="1"><x:c r="A1"/><x:c r="XFD1048576"><x:v>1</x:v></x:c></x:row>'), MANY_ROWS
    ),
    "far, after a sign in quotes": (far('<c q=">" r="XFD1048576">'), MANY_ROWS),
    "far, told twice": (far('<c r="A2" r="XFD1048576">'), gate.STRANGE),
    "far, told again": (far('<c r="A2" s="0" r = "XFD1048576">'), gate.STRANGE),
    "far, beside a lying dimension": (
        rows(FAR.format("<c>"), before='<dimension ref="A1:A2"/>'), MANY_ROWS
    ),
    "far, past the last": (far('<c r="ZZZ9999999">'), MANY_ROWS),
    "far, past all letters": (far('<c r="ZZZZZZZ1">'), gate.STRANGE),
    "far, past all numbers": (far('<c r="A99999999999">'), gate.STRANGE),
    "far, after rubbish": (
        book({
            "xl/sheet.bin": "rubbish" + FAR_SHEET,
            RELATIONS: links(link("rId1", "worksheet", "sheet.bin")),
        }),
        gate.STRANGE,
    ),
    "a cell far right": (rows('<row r="1"><c r="A1"/><c r="GS1"><v>1</v></c></row>'), MANY_COLUMNS),
    "a row far down": (rows('<row r="20001"><c><v>1</v></c></row>'), MANY_ROWS),
    "rows without numbers": (rows(f"{'<row/>' * 20_000}<row>{CELL}</row>"), MANY_ROWS),
    "rows after a number": (rows(f'<row r="20000"/><row>{CELL}</row>'), MANY_ROWS),
    "cells without places": (rows(f"<row>{'<c/>' * 200}{CELL}</row>"), MANY_COLUMNS),
    "cells after a place": (rows(f'<row><c r="GR1"/>{CELL}</row>'), MANY_COLUMNS),
    "more empty cells than anybody fills": (
        rows('<row r="20001"/>' + '<row/>' * LIMITS.most_cells), gate.LARGE
    ),
    "no place": (far('<c r="$$">'), gate.STRANGE),
    "no number": (rows('<row r="-1"><c><v>1</v></c></row>'), gate.STRANGE),
    "a merge of everything": (
        rows(PLAIN, after='<mergeCells><mergeCell ref="A1:XFD1048576"/></mergeCells>'), gate.MERGES
    ),
    "such a merge, disguised": (
        rows(PLAIN, after="<x:mergeCell q='>' ref = '&#65;1:XFD1048576'/>"), gate.STRANGE
    ),
    "many merges of columns": (
        rows(PLAIN, after='<mergeCell ref="A1:A20000"/>' * 21), gate.MERGES
    ),
    "a link on everything": (
        rows(PLAIN, after=f"<hyperlinks>{LINKED}</hyperlinks>"),
        gate.MERGES,
    ),
}  # fmt: skip
HOSTILE = {**FOREIGN, **UNWANTED, **ZIPS, **TRICKS, **SHEETS}


STYLED = "".join(f'<row r="{n}"><c r="A{n}" s="1"/></row>' for n in range(2, 30_000))
BLANK = {
    "by the ten thousand": f"{PLAIN}{STYLED}",
    "to the sheet's end": f'{PLAIN}<row r="1048576"><c r="XFD1048576" s="1"/></row>',
    "without cells": f'{PLAIN}<row r="1048576" s="1" customFormat="1"/>',
}


@pytest.mark.parametrize("name", BLANK)
def test_cells_that_have_but_a_style_count_nothing(name: str) -> None:
    """As programs leave them where somebody has formatted whole columns."""
    content = rows(BLANK[name])
    assert not sentence(content)
    (read,) = read_book("表.xlsx", content).sheets
    assert len(read.rows) == 1


def sentence(content: bytes, limits: Limits = LIMITS) -> str:
    """What the gate says, empty when it lets the file pass."""
    try:
        check("表.xlsx", content, limits)
    except RefusedError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_or_foreign_is_refused_with_what_to_do(name: str) -> None:
    content, expected = HOSTILE[name]
    began = perf_counter()
    said = sentence(content)
    assert said.startswith(f"表.xlsx：{expected}"), said
    assert "请" in said
    assert perf_counter() - began < 10


GUARDED = """
import json, resource, sys
from pathlib import Path
from documents.reading.gate import check
from common.errors import RefusedError
resource.setrlimit(resource.RLIMIT_AS, (MOST, MOST))
said = {}
for file in Path(sys.argv[1]).iterdir():
    try:
        said[file.name] = sorted(check("表.xlsx", file.read_bytes()))
    except RefusedError as error:
        said[file.name] = str(error)
print(json.dumps(said))
"""


@pytest.mark.heavy
def test_no_hostile_file_takes_much_memory(tmp_path: Path) -> None:
    """All of them, in a process that may have little more than it takes to start."""
    for number, (content, _) in enumerate(HOSTILE.values()):
        (tmp_path / str(number)).write_bytes(content)
    command = [sys.executable, "-c", GUARDED.replace("MOST", str(300_000_000)), str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert len(said) == len(HOSTILE)
    assert all(isinstance(told, str) for told in said.values())


TIGHT: dict[str, tuple[Limits, str]] = {
    "bytes": (Limits(most_bytes=100), gate.LARGE),
    "unpacked": (Limits(most_unpacked=100), gate.LARGE),
    "members": (Limits(most_members=5), gate.DAMAGED),
    "rows": (Limits(most_rows=2), "有工作表超过2行"),
    "columns": (Limits(most_columns=1), "有工作表超过1列"),
    "sheets": (Limits(most_sheets=0), "工作表超过0个"),
}


@pytest.mark.parametrize("name", TIGHT)
def test_every_limit_holds(name: str) -> None:
    limits, expected = TIGHT[name]
    assert sentence(long_sheet(3)) == ""
    assert sentence(long_sheet(3), limits).startswith(f"表.xlsx：{expected}")


def test_a_cell_that_comes_again_and_again_counts() -> None:
    few = Limits(most_rows=10, most_columns=10)
    again = '<row r="1">' + '<c r="A1"><v>1</v></c>' * 99
    assert sentence(rows(f"{again}</row>"), few) == ""
    for cell in ('<c r="A1"/>', "<c r='A1'/>"):
        assert sentence(rows(f"{again}{cell}</row>"), few).startswith(f"表.xlsx：{gate.LARGE}")


def test_the_ratio_counts_for_large_parts_only() -> None:
    just = book({"xl/media/a.emf": b"\0" * 1_000_000})
    assert sentence(just) == ""
    assert sentence(just, Limits(most_unpacked=1_000_000)).startswith(f"表.xlsx：{gate.LARGE}")


def test_a_long_text_may_stand_in_some_cells() -> None:
    """Excel's longest text in one cell, and a short one in all others."""
    long = "长" * 32_767
    cells = '<row><c t="s"><v>0</v></c></row>' + '<row><c t="s"><v>1</v></c></row>' * 9_999
    assert sentence(book({SHEET: sheet(cells), TEXTS: texts(long, "短")})) == ""


def ordinary() -> bytes:
    """A workbook with what offices use: formulas, merges, links, comments, several sheets."""
    workbook = Workbook()
    page = workbook.active
    assert page is not None
    page.append(["项目", "金额", "=SUM(B2:B3)"])
    page.append(["si>一 <si> :c 二", 1.5, "2023-06-01"])
    page.merge_cells("A4:C6")
    page["A2"].hyperlink = "https://example.com/"
    page["A2"].comment = Comment("批注", "某")
    workbook.create_sheet("空表")
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def long_sheet(number: int = 10_000) -> bytes:
    workbook = Workbook(write_only=True)
    page = workbook.create_sheet("数据")
    for row in range(number):
        page.append([row, f"项目{row}", "太原市小店区", row * 1.5, "说明", "2023-06-01", row % 7])
    buffer = BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


STYLES: dict[str, bytes] = {
    "Excel": rows(
        '<row r="1" spans="1:7" s="1" ht="20.1" customHeight="1" x14ac:dyDescent="0.25">'
        '<c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="2"/></row>'
    ),
    "LibreOffice": rows(
        '<row r="1" customFormat="false" ht="12.8" hidden="false" customHeight="false" '
        'outlineLevel="0" collapsed="false"><c r="A1" s="0" t="s"><v>0</v></c></row>'
    ),
    "ElementTree": rows('<row r="1"><c r="A1" s="1" /><c r="B1"><v>1</v></c></row>'),
    "ClosedXML": rows('<x:row r="1"><x:c r="A1" s="0" t="s"><x:v>0</x:v></x:c></x:row>'),
    "PHP": rows('<row hidden="false" ht="12.1" r="1"><c r="A1" t="s"><v>0</v></c></row>'),
    "a small writer": rows('<row><c t="inlineStr"><is><t>某</t></is></c><c><v>1</v></c></row>'),
    "OpenXML SDK": book({
        TYPES: f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" '
        f'ContentType="{SHEET_TYPE}.sheet.main+xml"/></Types>'
    }),
    "with a byte order mark": book({SHEET: b"\xef\xbb\xbf" + sheet().encode()}),
    "stored": book(method=ZIP_STORED),
    "a link to a web page": book({
        "xl/worksheets/_rels/sheet1.xml.rels": links(
            link("rId1", "hyperlink", "https://example.com/", ' TargetMode="External"')
        )
    }),
}  # fmt: skip


@pytest.mark.parametrize("name", STYLES)
def test_what_other_programs_write_passes_and_can_be_read(name: str) -> None:
    assert sentence(STYLES[name]) == ""
    with CalamineWorkbook.from_filelike(BytesIO(STYLES[name])) as found:
        assert found.get_sheet_by_index(0).to_python()


@pytest.mark.parametrize("path", EXAMPLE, ids=lambda path: path.stem)
def test_the_example_passes(path: Path) -> None:
    assert sentence(path.read_bytes()) == ""


def test_ordinary_workbooks_pass() -> None:
    assert sentence(ordinary()) == ""
    assert sentence(long_sheet(100)) == ""


def test_a_wide_end_record_passes_when_it_tells_the_same() -> None:
    """As Apache POI writes it, however small the file."""
    assert sentence(widened(book())) == ""
    assert sentence(widened(book(), count=1)).startswith(f"表.xlsx：{gate.DAMAGED}")
    assert sentence(widened(book(), begins=3)).startswith(f"表.xlsx：{gate.DAMAGED}")


def widened(content: bytes, count: int = 0, begins: int = 0) -> bytes:
    body, end = content[:-22], content[-22:]
    _, _, entries, _, size, offset, _ = struct.unpack("<4sL2H2LH", end)
    entries += count
    sizes = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, entries, entries, size, offset)
    return body + sizes + struct.pack("<4sLQL", b"PK\6\7", 0, len(body) + begins, 1) + end


def test_deep_nesting_harms_no_reader() -> None:
    deep = rows(PLAIN, before="<a>" * 100_000 + "</a>" * 100_000)
    assert sentence(deep) == ""
    with CalamineWorkbook.from_filelike(BytesIO(deep)) as found:
        assert found.get_sheet_by_index(0).to_python() == [[1.0, "文字"]]


def test_what_the_gate_sees_of_a_sheet_is_what_calamine_sees() -> None:
    for content in (*STYLES.values(), ordinary()):
        with ZipFile(BytesIO(content)) as archive:
            seen = gate._exact_extent(archive.read(SHEET), LIMITS)
        with CalamineWorkbook.from_filelike(BytesIO(content)) as found:
            page = found.get_sheet_by_index(0).to_python(skip_empty_area=False)
        assert seen >= (len(page), max(map(len, page)))


def within(rows: int, columns: int, cell: str) -> bool:
    found = gate._unusual(Limits(most_rows=rows, most_columns=columns))
    return not found.search(f'<c r="{cell}" s="1">'.encode())


@given(st.integers(1, 30_000), st.integers(1, 800), st.integers(1, 30_000), st.integers(1, 800))
def test_the_quick_way_knows_what_lies_too_far_out(
    most_rows: int, most_columns: int, row: int, column: int
) -> None:
    cell = f"{get_column_letter(column)}{row}"
    assert within(most_rows, most_columns, cell) is (row <= most_rows and column <= most_columns)


SUSPECT = {
    "an error": '<c r="A1" t="e"><v>#N/A</v></c>',
    "an error, written otherwise": "<c t = 'e' r='A1'><v>#N/A</v></c>",
    "a formula": '<c r="A1"><f>1+1</f></c>',
    "a formula with a result": '<c r="A1"><f>1+1</f><v>2</v></c>',
    "a shared formula": '<c r="A1"><f t="shared" si="0"/></c>',
    "a formula with a prefix": '<x:c r="A1"><x:f>1</x:f></x:c>',
}


@pytest.mark.parametrize("cell", SUSPECT.values(), ids=SUSPECT)
def test_a_sheet_with_a_formula_or_an_error_is_suspect(cell: str) -> None:
    second = "xl/worksheets/sheet2.xml"
    content = book({second: sheet(f'<row r="1">{cell}</row>')})
    assert check("a.xlsx", content) == {second}


def test_a_plain_sheet_is_not_suspect() -> None:
    assert check("a.xlsx", book()) == frozenset()
    assert check("a.xlsx", long_sheet(50)) == frozenset()


WHOLE = (book(), ordinary(), EXAMPLE[0].read_bytes(), EXAMPLE[-1].read_bytes())
Change = tuple[str, float, float, bytes]
CHANGES = st.lists(
    st.tuples(
        st.sampled_from(("flip", "cut", "splice", "copy")),
        st.floats(0, 1, exclude_max=True),
        st.floats(0, 0.2),
        st.one_of(
            st.binary(min_size=1, max_size=8),
            st.sampled_from(
                (b'<c r="XFD1"/>', b"<!DOCTYPE a>", b"<si>", b"PK\5\6", b"\0", b"&#0;")
            ),
        ),
    ),
    min_size=1,
    max_size=5,
)


def changed(content: bytes, changes: list[Change]) -> bytes:
    for kind, where, share, piece in changes:
        at = int(where * len(content))
        end = at + max(1, int(share * len(content)))
        new = {
            "flip": piece + content[at + len(piece) :],
            "cut": content[end:],
            "splice": piece + content[at:],
            "copy": content[at:end] + content[at:],
        }
        content = content[:at] + new[kind]
    return content


@given(content=st.sampled_from(WHOLE), changes=CHANGES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_damaged_file_passes_or_is_refused(content: bytes, changes: list[Change]) -> None:
    told = sentence(changed(content, changes))
    assert not told or told.startswith("表.xlsx：")


@pytest.mark.heavy
@given(content=st.sampled_from(WHOLE), data=st.data(), changes=CHANGES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_file_with_a_damaged_part_passes_or_is_refused(
    content: bytes, data: st.DataObject, changes: list[Change]
) -> None:
    with ZipFile(BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = data.draw(st.sampled_from(sorted(parts)))
    damaged = zipped({**parts, name: changed(parts[name], changes)})
    told = sentence(damaged)
    assert not told or told.startswith("表.xlsx：")
