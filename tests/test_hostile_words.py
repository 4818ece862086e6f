"""What people type stays text: in mails, chats, letters, workbooks and pages it is never run."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from html import unescape
from io import BytesIO
from zipfile import ZipFile

import pytest
from docx import Document
from openpyxl import load_workbook

from documents.papers.letters import draft
from documents.writing.blocks import PaperTable, PaperText
from flows.pages.markdown import plain
from notifications.message import Message
from notifications.parts import chat_text
from notifications.render import digest
from operations.daily.enclosures import task_lists
from operations.daily.trial import trial_message
from operations.upkeep.admins import Alarm, letter
from states.contacts import Post
from tests.support.builders import a_line, plan

HOSTILE = (
    "{{ 7*7 }}{% for x in y %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{_{ 7*7 }_}{_% raw %_}",
    "{# 注释 #}${7*7}<%= 7*7 %>",
    "=cmd|' /C calc'!A0",
    '+1+HYPERLINK("http://evil.example")',
    "-2+3",
    "@SUM(1+1)",
    "<script>alert(1)</script>&amp;",
    "![](http://evil.example/a.png)",
)
AT = datetime(2023, 6, 1, 0, 30, tzinfo=UTC)


def a_digest(words: str) -> Message:
    line = a_line(name=words, person=words, note=words, missing=(words,), to_do=words)
    return digest(
        *("id", words, date(2023, 6, 1), [line], "2023年工程", (), AT),
        notices=(words,),
        addressee=words,
    )


@pytest.mark.parametrize("words", HOSTILE)
def test_in_a_mail_and_a_chat_it_is_text(words: str) -> None:
    message = a_digest(words)
    assert message.text.count(words) >= 5
    assert words in message.title
    shown = unescape(re.sub(r"<[^>]*>", "", message.html))
    assert shown.count(words) >= 5
    assert "<script" not in message.html
    assert "49" not in message.html.replace(words, "")
    assert words.replace("<", "＜") in chat_text(message)


@pytest.mark.parametrize("words", HOSTILE)
def test_in_an_alarm_and_a_trial_it_is_text(words: str) -> None:
    alarm = letter(Alarm("id", words, (words,), AT))
    trial = trial_message(plan(), "甲", Post("太原市民政局", words), AT)
    for message in (alarm, trial):
        assert "<script" not in message.html
        assert words in unescape(message.html)


@pytest.mark.parametrize("words", HOSTILE)
def test_in_a_letter_it_is_text(words: str) -> None:
    table = PaperTable(("事项", "说明"), ((words, words),), "表1", (1, 1))
    written = Document(BytesIO(draft(PaperText(words, words, (words, table), "山西省民政厅"))))
    shown = [paragraph.text for paragraph in written.paragraphs]
    assert words in shown
    assert f"{words}：" in shown
    cells = [cell.text for row in written.tables[0].rows for cell in row.cells]
    assert cells.count(words) == 2


@pytest.mark.parametrize("words", HOSTILE)
def test_in_a_workbook_it_is_text_and_no_formula(words: str) -> None:
    lines = [a_line(name=words, missing=(words,), subject=f"XF2023-140121-{n}") for n in range(30)]
    (file,) = task_lists("太原市民政局", [replace(line, to_do=words) for line in lines], AT.date())
    with ZipFile(BytesIO(file.content)) as parts:
        sheets = [parts.read(name) for name in parts.namelist() if "worksheets/sheet" in name]
    assert sheets
    assert not any(re.search(rb"<f[ >]", sheet) for sheet in sheets)
    sheet = load_workbook(BytesIO(file.content)).worksheets[0]
    found = [cell for row in sheet.iter_rows() for cell in row if cell.value == words]
    assert len(found) >= len(lines)
    assert {cell.data_type for cell in found} == {"s"}


@pytest.mark.parametrize("words", HOSTILE)
def test_on_a_page_it_is_text(words: str) -> None:
    shown = plain(words)
    assert not set(shown) & set("<>`[]|*")
    assert "://" not in shown
