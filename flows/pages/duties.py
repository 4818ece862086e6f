"""What the year's duties made, as artifacts; and why something could not be made."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from common.words import quarter_name
from documents.writing.blocks import (
    Annex,
    Graph,
    GraphPairs,
    Heading,
    PaperBlock,
    PaperTable,
    PaperText,
)
from flows.pages.duty_lists import (
    city_pages,
    curves_lines,
    evaluation_lines,
    inspection_lines,
    report_lines,
    risk_lines,
    schedule_lines,
    visit_lines,
)
from flows.pages.markdown import Page, left_out, page, private, table
from operations.cases.desk import Desk
from operations.duties.products import KeptProduct
from policy.schema import Plan
from policy.vocabulary import Product

MOST_FILES = 30
Lines = Callable[[Plan, Any], Iterator[str]]
"""What a page says of the content of a product."""


def product_pages(
    desk: Desk, made: KeptProduct[Any], files: Sequence[Path], newest: bool = True
) -> list[Page]:
    """The page of what was made, with its files; of snapshots, none.

    Of curves, one a city too, unless newer ones, which hold the months before, wait as well.
    """
    say = LINES.get(made.kind)
    if say is None:
        return []
    asked = made.occasion
    who = "" if asked.subject == desk.plan.province else asked.subject
    title = title_of(asked.period, who, made.kind.label)
    lines = (*_files(files), *say(desk.plan, made.content))
    found = [page(desk.plan, _name(desk.plan, made), title, asked.on, lines)]
    if made.kind is Product.CURVES and newest:
        found += city_pages(desk.plan, made.content, asked.on)
    return found


def title_of(period: str, who: str, what: str) -> str:
    """``2023年5月份太原市季度反馈函``: no key of a period stands in a title."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d)(-open)?|Q(\d))?(?:-(\d\d))?", period)
    if found is None:
        return f"{period}{who}{what}"
    year, month, opening, quarter, day = found.groups()
    when = f"{year}年"
    if quarter:
        when = quarter_name(period)
    elif month:
        when += f"{int(month)}月{f'{int(day)}日' if day else '份'}"
    return f"{when}{who}{what}{'（开始报送）' if opening else ''}"


def refusal_page(plan: Plan, refused: Sequence[str], as_of: date) -> Page:
    """Why something that is due could not be made."""
    lines = [f"- {private(line)}" for reason in refused for line in reason.splitlines() if line]
    return page(plan, "duties-refused", "未能编制的事项", as_of, lines)


def letter_lines(plan: Plan, letter: PaperText) -> Iterator[str]:
    """A paper word for word, with its tables."""
    yield "**草稿**：请审定、编号后签发（`xingfu report`，或表单 issue_paper）。\n"
    yield f"## {private(letter.title)}\n"
    yield f"{private(letter.addressee)}：\n"
    for block in letter.paragraphs:
        yield from _block(block)
    yield private(letter.sender)
    for number, annex in enumerate(letter.annexes, 1):
        yield from _annex(number, annex)


def _annex(number: int, annex: Annex) -> Iterator[str]:
    yield ""
    yield f"## 附件{number} {private(annex.title)}\n"
    for block in annex.blocks:
        yield from _block(block)


def _block(block: PaperBlock) -> Iterator[str]:
    match block:
        case str():
            yield private(block)
        case Heading():
            yield f"{'#' * (block.level + 2)} {private(block.heading)}"
        case Graph() | GraphPairs():
            yield f"（图：{private(block.caption)}，见文件）"
        case PaperTable():
            yield from [private(block.caption), ""] if block.caption else ()
            rows = [[private(cell) for cell in row] for row in block.rows]
            yield from table({private(head): "---" for head in block.heads}, rows)
    yield ""


def _files(files: Sequence[Path]) -> Iterator[str]:
    if files:
        yield f"文件（在服务器上）：`{files[0].parent}`\n"
        yield from (f"- `{path.name}`" for path in files[:MOST_FILES])
        yield ""
        yield from left_out(len(files) - MOST_FILES, "个文件")


def _name(plan: Plan, made: KeptProduct[Any]) -> str:
    """The artifact's key: one for each kind and city, whose versions are the periods."""
    city = plan.city(made.occasion.subject)
    return f"{made.kind.value}-{city.code}" if city else made.kind.value


LINES: Mapping[Product, Lines] = MappingProxyType(
    {
        Product.BULLETIN: letter_lines,
        Product.FEEDBACK: letter_lines,
        Product.RESULTS: letter_lines,
        Product.REPORTS: report_lines,
        Product.VISITS: visit_lines,
        Product.INSPECTION: inspection_lines,
        Product.SCHEDULE: schedule_lines,
        Product.EVALUATION: evaluation_lines,
        Product.CURVES: curves_lines,
        Product.RISKS: risk_lines,
    }
)
"""Per kind, how its page is written; a kind without one has no page."""
