"""The province's office answers its own demands by the form that came along, too."""

from collections.abc import Iterator
from datetime import date
from email import policy
from email.message import EmailMessage
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import load_workbook

from operations.cases.desk import Desk
from operations.workbooks.exports import export_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.vocabulary import Form
from states.contacts import Post
from tests.support.delivering import DAY, OWING, PROVINCE, know, send
from tests.support.replying import acknowledged, go, mails, put, receipts
from tests.support.stores import Snapshot, Stores
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy

NAME, ADDRESS = "示例·李某", "li@province.example"
EXPECTED, REASON = date(2023, 3, 1), "各市申报数正在核对"


def _ask(desk: Desk) -> None:
    url = f"mailtos://u:p@smtp.province.example?to={ADDRESS}"
    know(desk, Post(PROVINCE, NAME, channels=(url,)))


ASKED = Snapshot("asked_province", _ask, OWING)


@pytest.fixture
def asked(stores: Stores, tmp_path: Path) -> Iterator[Desk]:
    """The province's own D02 is overdue, and one person holds its office."""
    with stores.desk(None, ASKED, tmp_path / "home") as opened:
        yield opened


def _came(desk: Desk) -> tuple[str, bytes]:
    """The digest that the person was sent, and the form that came along."""
    tape = Tape()
    send(desk, tape)
    [message] = tape.sent
    [form] = [it for it in message.attachments if "办理回执" in it.name]
    return message.id, form.content


def _filled(form: bytes, rule: str) -> bytes:
    book = load_workbook(BytesIO(form))
    sheet = book.worksheets[0]
    heads = {"".join(str(cell.value).split()): n for n, cell in enumerate(sheet[3])}
    row = next(row for row in sheet.iter_rows(4) if row[heads["时限编号"]].value == rule)
    row[heads["预计完成日期"]].value = EXPECTED
    row[heads["未办结原因"]].value = REASON
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _reply(digest: str, name: str, content: bytes) -> bytes:
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = f"{NAME} <{ADDRESS}>"
    made["To"] = "duban@xingfu.example"
    made["Subject"] = "回复：待办"
    made["Message-ID"] = "<one@province.example>"
    made["In-Reply-To"] = f"<{digest}@xingfu.invalid>"
    made.set_content("回执请见附件。\n")
    made.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return made.as_bytes()


def test_the_form_that_came_along_is_entered_and_answered(asked: Desk) -> None:
    digest, form = _came(asked)
    put(asked, _reply(digest, "回执.xlsx", _filled(form, "D02")))
    done = go(asked)
    assert (len(done.registered), done.held, done.failed) == (1, (), ())
    assert mails(asked) == [("person", "registered", 1)]
    [(subject, rule, actor, reason)] = acknowledged(asked)
    assert (subject, rule, actor, reason) == ("山西省", "D02", f"{PROVINCE} {NAME}", REASON)
    [told] = receipts(asked)
    assert "已登记" in told.splitlines()[-1]
    tape = Tape()
    send(asked, tape)
    assert [(it.recipient, it.addressee) for it in tape.sent] == [(PROVINCE, NAME)]


def test_a_fault_comes_back_to_the_person_with_the_marked_form(asked: Desk) -> None:
    digest, form = _came(asked)
    book = load_workbook(BytesIO(_filled(form, "D02")))
    for row in book.worksheets[0].iter_rows(4):
        for cell in row:
            if cell.value == REASON:
                cell.value = None
    written = BytesIO()
    book.save(written)
    put(asked, _reply(digest, "回执.xlsx", written.getvalue()))
    go(asked)
    assert acknowledged(asked) == []
    tape = Tape()
    send(asked, tape)
    [answer] = tape.sent
    assert "未填写原因" in answer.text
    assert [it.name for it in answer.attachments] == ["回执-需修改.xlsx"]


def test_another_form_of_the_province_is_returned_with_where_it_goes(asked: Desk) -> None:
    digest, _ = _came(asked)
    path = asked.settings.home / "通讯录.xlsx"
    contacts = export_workbook(asked, WorkbookOrder(Form.CONTACTS), path, DAY).read_bytes()
    put(asked, _reply(digest, "通讯录.xlsx", contacts))
    go(asked)
    [told] = receipts(asked)
    assert "工作台" in told
    assert "各市" not in told
