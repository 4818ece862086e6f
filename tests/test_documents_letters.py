"""Drafts of letters: what they say, how they are laid out, and that they stay drafts."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from docx import Document
from docx.oxml.ns import qn
from docx.shared import Mm

from documents.letters import Letter, draft
from flows.operations.delivery import deliver
from flows.operations.desk import Desk
from flows.operations.enforcement import enforce
from tests.province import morning
from tests.steps import load
from tests.tape import Tape

LETTER = Letter(
    "关于太原市“全部开工建设”逾期的督办函", "太原市民政局", ("第一段。", "第二段。"), "山西省民政厅"
)


def paragraphs(content: bytes) -> list[str]:
    return [item.text for item in Document(BytesIO(content)).paragraphs]


def test_a_draft_is_marked_and_leaves_number_date_and_signature_open() -> None:
    told = paragraphs(draft(LETTER))
    assert told[0].startswith("草　稿")
    assert "〔　　　　〕　　号" in told
    assert told[3] == LETTER.title
    assert told[5:8] == ["太原市民政局：", "第一段。", "第二段。"]
    assert told[-2:] == ["山西省民政厅", "　　年　　月　　日"]


def test_the_layout_is_that_of_official_papers() -> None:
    """A4 with a type area of 156 × 225 mm, text in 3号 (16 pt) 仿宋."""
    document = Document(BytesIO(draft(LETTER)))
    section: Any = document.sections[0]
    sides = (section.page_width, section.page_height)
    margins = (
        section.left_margin + section.right_margin,
        section.top_margin + section.bottom_margin,
    )
    area = tuple(round((side - rim) / Mm(1)) for side, rim in zip(sides, margins, strict=True))
    assert (*(round(side / Mm(1)) for side in sides), *area) == (210, 297, 156, 225)
    run: Any = document.paragraphs[6].runs[0]
    assert run.font.size.pt == 16
    assert run._element.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋_GB2312"


def test_equal_letters_are_equal_bytes() -> None:
    assert draft(LETTER) == draft(replace(LETTER))


@pytest.mark.heavy
def test_the_province_gets_a_draft_for_each_city_that_let_it_come_so_far(
    sqlite_desk: Desk,
) -> None:
    load(sqlite_desk)
    day = date(2023, 6, 14)  # D08 is T+10
    enforce(sqlite_desk, date(2023, 6, 13), morning(date(2023, 6, 13)))
    enforce(sqlite_desk, day, morning(day))
    tape = Tape()
    deliver(sqlite_desk, lambda: morning(day), lambda _: tape)
    for message in tape.sent:
        names = [item.name for item in message.attachments if item.name.endswith(".docx")]
        assert bool(names) == (message.recipient == "山西省民政厅"), message.recipient
    (province,) = [item for item in tape.sent if item.recipient == "山西省民政厅"]
    letters = {a.name: paragraphs(a.content) for a in province.attachments if "督办函" in a.name}
    taiyuan = letters["督办函草稿 太原市 2023-06-14.docx"]
    assert "太原市民政局：" in taiyuan
    told = "\n".join(taiyuan)
    assert "全部开工建设（六(二)）：应于2023年5月31日（星期三）前完成，已逾期14天" in told
    assert told.count("XF2023") == 0
    assert "晋民发〔2023〕7号" in told
    assert "山西省　" not in letters, "the province writes no letter to itself"
