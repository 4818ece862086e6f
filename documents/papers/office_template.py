"""An office's own Word template for papers: it is tried on a paper that has everything."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import docx
from docx.document import Document
from docx.oxml.ns import qn

from common.errors import RefusedError, with_reasons
from common.files import unavailable
from documents.papers.letters import draft, final
from documents.papers.word_template import TABLE_STYLE
from documents.writing.blocks import Annex, Graph, Heading, PaperTable, PaperText, Series

NAME = "公文.docx"
"""What an office calls its template, in the folder ``templates`` of ``XINGFU_HOME``."""
MARK = "草稿"
NUMBER, DAY = "试字〔2001〕1号", date(2001, 2, 3)
NOTE = "（此件试公开）"
_TABLE = PaperTable(
    ("试表头甲", "试表头乙"), (("试格甲", "试格乙"), ("试格丙", "试格丁")), "试表题"
)
_GRAPH = Graph("试图题", ("试",), (Series("试", (Decimal(1),)),))
_BLOCKS = ("试文字", Heading("试一级"), Heading("试二级", 2), _TABLE, _GRAPH, "试末段", NOTE)
_ANNEXED = ("附试文字", Heading("附试一级"), Heading("附试二级", 2), _TABLE, _GRAPH)
TITLES = ("试附件甲", "试附件乙")
TRIAL = PaperText(
    title="试标题",
    addressee="试主送",
    paragraphs=_BLOCKS,
    sender="试署名",
    annexes=(Annex(TITLES[0], _ANNEXED), Annex(TITLES[1], ())),
    copies="试抄送",
)
"""A paper with everything that a paper can have, except that its annexes are numbered."""
SIMPLE = replace(TRIAL, annexes=TRIAL.annexes[:1])
"""A paper with one annex."""
TAGS = {
    "发文字号": (NUMBER,),
    "标题": ("试标题",),
    "主送机关": ("试主送",),
    "正文": ("试文字", "试一级", "试二级", "试末段"),
    "署名": ("试署名",),
    "成文日期": ("2001年2月3日",),
    "附注": (NOTE,),
    "附件": ("附件1", *TITLES, "附件2", "附试文字", "附试一级", "附试二级"),
    "抄送": ("试抄送",),
}
"""The tag of a template, and the words of the trial that stand in its place."""


def the_template(path: Path) -> bytes | None:
    """The office's own template; None when it has none, and the one shipped holds.

    RefusedError with everything that is wrong with it, naming the file; UnavailableError when it
    cannot be read.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unavailable(f"无法读取公文模板 {path}", error) from None
    if faults := template_faults(content):
        told = with_reasons(f"公文模板 {path} 不能使用：", faults)
        raise RefusedError(f"{told}\n请改正后再办理；删去或改名该文件，即使用系统自带模板")
    return content


@lru_cache(maxsize=4)
def template_faults(content: bytes) -> tuple[str, ...]:
    """Why a template cannot be used; none when it can."""
    try:
        tried = draft(SIMPLE, content), final(TRIAL, NUMBER, DAY, content)
    except RefusedError as error:
        return (str(error),)
    rough, clean = (docx.Document(BytesIO(made)) for made in tried)
    return (*_left_out(clean), *_unlisted(rough, clean), *_unmarked(rough), *_marked(clean))


def _left_out(paper: Document) -> Iterator[str]:
    told = _words(paper)
    for tag, words in TAGS.items():
        if missing := [word for word in words if word not in told]:
            yield f"缺少标记“{tag}”或其中的内容（试填的“{'”“'.join(missing)}”没有出现）"
    styled = [table for table in paper.tables if table.style and table.style.name == TABLE_STYLE]
    shown = "".join(cell.text for table in styled for row in table.rows for cell in row.cells)
    if any(shown.count(word) != 2 for word in (*_TABLE.heads, *sum(_TABLE.rows, ()))):
        yield f"正文或附件中缺少表格，或表格未使用样式“{TABLE_STYLE}”"
    if len(list(paper.element.body.iter(qn("wp:inline")))) < 2:
        yield "正文或附件中缺少图的标记"


def _unlisted(simple: Document, several: Document) -> Iterator[str]:
    """Each annex is named twice: in the list under the text, and where it stands."""
    for paper, titles in ((simple, TITLES[:1]), (several, TITLES)):
        if any(_words(paper).count(title) != 2 for title in titles):
            yield f"附件说明有误：有{len(titles)}件附件时，名称须在正文之后和附件首页各出现一次"


def _unmarked(paper: Document) -> Iterator[str]:
    if MARK not in _words(paper):
        yield "缺少标记“草稿”：草稿首页须标明"
    if any(MARK not in head for head in _heads(paper)):
        yield "页眉缺少“草稿”字样：草稿每页须标明（首页、单页、双页的页眉分别设置）"


def _marked(paper: Document) -> Iterator[str]:
    if any(MARK in words for words in (_words(paper), *_heads(paper))):
        yield "“草稿”字样没有放在条件标记之内，正式件上仍会出现"


def _words(paper: Document) -> str:
    return "\n".join(item.text or "" for item in paper.element.body.iter(qn("w:t")))


def _heads(paper: Document) -> Iterator[str]:
    """The words at the head of each kind of page that the paper has."""
    both = paper.settings.odd_and_even_pages_header_footer
    for section in paper.sections:
        heads = [section.header]
        heads += [section.even_page_header] if both else []
        heads += [section.first_page_header] if section.different_first_page_header_footer else []
        yield from ("".join(part.text for part in head.paragraphs) for head in heads)
