"""Fills Word templates that staff may edit, and saves Word files without a date in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docx.document import Document
from docx.oxml import parse_xml
from docx.oxml.ns import qn
from docx.shared import Emu, Length
from docxtpl import DocxTemplate  # type: ignore[import-untyped]  # it ships no types
from jinja2 import StrictUndefined, TemplateError, UndefinedError
from jinja2.sandbox import SandboxedEnvironment
from markupsafe import Markup, escape

from common.errors import RefusedError

LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001  # a fixed mark, not a moment
TABLE_STYLE = "公文表格"
"""The style of the tables that are filled in: by it they are found and fitted."""
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML cannot hold."""


_WORDS = SandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
"""The office's template is code: sandboxed, it reaches nothing but the context."""
# Each part is compiled once, however many cities a letter goes to.
_WORDS.from_string = lru_cache(maxsize=64)(_WORDS.from_string)  # type: ignore[assignment, method-assign]


class Template:
    """A Word template with jinja tags; it fills one paper."""

    def __init__(self, content: bytes) -> None:
        """RefusedError when it is no Word file."""
        self._paper = _Strict(BytesIO(content))
        try:
            self._paper.init_docx()
        except Exception as error:  # it names no closed list of what damage makes it raise
            raise RefusedError("不是 .docx 格式的 Word 文件，或已损坏") from error

    def picture(self, png: bytes, words: str) -> "Picture":
        """A picture for the context, as wide as the type area; `words` tell what it shows."""
        return Picture(self._paper, png, words)

    def fill(self, context: Mapping[str, Any]) -> Document:
        """The paper. RefusedError in Chinese when a tag is wrong, with its place."""
        try:
            self._paper.render(dict(context), _WORDS, autoescape=True)
        except Exception as error:  # a tag may raise anything
            raise RefusedError(_fault(error)) from error
        filled: Document = self._paper.docx
        return filled


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture; jinja asks for its XML where its tag stands."""

    paper: DocxTemplate
    png: bytes
    words: str

    def __html__(self) -> str:
        width = type_area(self.paper.docx)
        shape = self.paper.current_rendering_part.new_pic_inline(BytesIO(self.png), width)
        shape.docPr.set("descr", self.words)
        for side in ("distT", "distB", "distL", "distR"):
            shape.set(side, "0")  # unless told, LibreOffice leaves a rim of 3 mm
        return (
            f"</w:t></w:r><w:r><w:drawing>{shape.xml}</w:drawing></w:r>"
            '<w:r><w:t xml:space="preserve">'
        )


class _Strict(DocxTemplate):  # type: ignore[misc]  # it ships no types
    def fix_tables(self, xml: str) -> Any:
        """Docxtpl would drop without a word what is not well-formed, and Word would refuse it."""
        tree = parse_xml(xml)
        if any(len(cell) == 0 or cell[-1].tag != qn("w:p") for cell in tree.iter(qn("w:tc"))):
            raise RefusedError("表格的标记位置不当：有单元格内没有段落")
        return super().fix_tables(xml)


def type_area(paper: Document) -> Length:
    """The width between the margins of the last section."""
    section = paper.sections[-1]
    rims = (section.left_margin, section.right_margin)
    return Emu((section.page_width or 0) - sum(rim or 0 for rim in rims))


def plain(text: str) -> Markup:
    """A text for the context that comes out as it is: tags, braces and line breaks, too.

    RefusedError for a sign that no Word file can hold.
    """
    one = text.replace("\r\n", "\n").replace("\r", "\n")
    if found := UNFIT.search(one):
        seen = UNFIT.sub("□", one)[:40]
        raise RefusedError(
            f"“{seen}”中有不能写入文件的字符（U+{ord(found[0]):04X}），请更正后再办理"
        )
    # Docxtpl would take `{_{` for an escaped tag.
    return Markup(str(escape(one)).replace("{", "&#123;").replace("}", "&#125;"))  # noqa: S704  # escaped


def saved(paper: Document) -> bytes:
    """The paper as .docx; byte for byte the same for the same content."""
    properties = paper.core_properties
    properties.author = properties.last_modified_by = "xingfu"
    properties.created = properties.modified = LONG_AGO
    written, fixed = BytesIO(), BytesIO()
    paper.save(written)
    with ZipFile(written) as old, ZipFile(fixed, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name, (2000, 1, 1, 0, 0, 0)), old.read(name), ZIP_DEFLATED)
    return fixed.getvalue()


def _fault(error: Exception) -> str:
    match error:
        case RefusedError():
            return str(error)
        case UndefinedError():
            name = re.findall(r"'([^']*)'", str(error.message))[-1:]
            return f"标记中的名称“{''.join(name)}”有误，没有这一项内容"
        case SyntaxError():  # lxml's
            return "标记的位置不当，或没有独占一段，填写后的文件不完整"
        case TemplateError():
            return f"标记写法有误{_near(error)}：{error.message}"
        case _:
            return f"标记不能执行：{error}"


def _near(error: TemplateError) -> str:
    """The words around the place, where jinja knows it."""
    lines = [line for line in getattr(error, "docx_context", ()) if line.strip()]
    return f"（在“{' / '.join(lines)[:120]}”附近）" if lines else ""
