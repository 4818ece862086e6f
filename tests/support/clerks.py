"""Clerks who have mail and Excel and nothing else: they read what comes, fill in, and reply."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from io import BytesIO
from typing import Any

from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from notifications.mail import mail, mail_address
from notifications.message import Message

MACHINE = mail_address("幸福养老工程督办系统", "duban@xingfu.example")
FILLED = ".xlsx"
MEANS = re.compile("直接回复本邮件，附上填好的《")
"""How a mail says that a reply with its forms is an answer."""
REASON = "施工、手续办理中"
MONTHS = {f"2023年{n}月": f"2023-{n:02d}" for n in range(1, 13)}


@dataclass(frozen=True, slots=True)
class Truth:
    """What really happens in the places that the clerks know."""

    facts: Mapping[tuple[str, str], date]
    """By subject and what a form calls the fact."""
    reports: Mapping[tuple[str, str], Mapping[str, Any]]
    """By project and month, what its report says."""

    def without(self, codes: str, facts: Collection[str]) -> "Truth":
        """Without these facts of subjects whose codes begin so."""
        kept = {
            (code, fact): on
            for (code, fact), on in self.facts.items()
            if not (code.startswith(codes) and fact in facts)
        }
        return Truth(kept, self.reports)


@dataclass(slots=True)
class Clerk:
    """One person of an office, with an address."""

    office: str
    name: str
    address: str
    truth: Truth
    done: set[tuple[str, str, str]] = field(default_factory=set)
    """The subject, rule and fact of what was answered as done."""
    again: list[tuple[date, str, str, str]] = field(default_factory=list)
    """What of it was asked once more, and when."""

    @property
    def url(self) -> str:
        """The channel that the contacts hold."""
        return f"mailtos://u:p@smtp.clerks.example?to={self.address}"

    def answer(self, message: Message, today: date) -> bytes | None:
        """The reply to a mail as it says, as bytes; None where it brings nothing to fill in.

        AssertionError where a mail that asks for something does not say that a reply will do.
        """
        if message.lines:
            assert MEANS.search(message.text), message.text
        to = [mail_address(self.office, self.address)]
        came = _read(mail(message, MACHINE, to).as_bytes())
        filled = [self._fill(*file, today) for file in _workbooks(came)]
        files = [file for file in filled if file is not None]
        return self._reply(came, files, today) if files else None

    def _fill(self, name: str, content: bytes, today: date) -> tuple[str, bytes] | None:
        book = load_workbook(BytesIO(content))
        sheets = [sheet for sheet in book if sheet.sheet_state == "visible"]
        if "办理回执" in name:
            said = sum(self._fill_row(row, today) for row in _table(sheets[0]))
        elif "月报" in name:
            said = sum(self._report(sheet, today) for sheet in sheets)
        else:
            return None
        written = BytesIO()
        book.save(written)
        return (name, written.getvalue()) if said else None

    def _fill_row(self, row: Mapping[str, Any], today: date) -> bool:
        """One item: done on its day, or expected by then."""
        subject, what = str(row["编码"].value), str(row["办结日期登记为"].value or "")
        day = self.truth.facts.get((subject, what))
        key = (subject, str(row["时限编号"].value), what)
        if key in self.done:
            self.again.append((today, *key))
        if day is not None and day <= today:
            self.done.add(key)
            row["办结日期"].value = day
            row["文件名称、文号、凭证号或有关单位"].value = "示例文件1号"
        else:
            row["预计完成日期"].value = max(day or today, today + timedelta(days=3))
            row["未办结原因"].value = REASON
        return True

    def _report(self, sheet: Worksheet, today: date) -> bool:
        title = str(sheet["A1"].value)
        month = next(found for words, found in MONTHS.items() if words in title)
        filled = False
        for row in _table(sheet):
            said = self.truth.reports.get((str(row["编码"].value), month))
            for head, cell in row.items():
                if said is not None and head in COLUMNS:
                    cell.value, filled = COLUMNS[head](said), True
                day = self.truth.facts.get((str(row["编码"].value), head.removesuffix("日期")))
                if head.endswith("日期") and day is not None and day <= today:
                    cell.value, filled = day, True
        return filled

    def _reply(self, came: EmailMessage, files: list[tuple[str, bytes]], today: date) -> bytes:
        reply = EmailMessage(policy=policy.SMTP)
        reply["From"] = str(mail_address(self.name, self.address))
        reply["To"] = str(came["Reply-To"] or came["From"])
        reply["Subject"] = f"回复：{came['Subject']}"
        reply["Message-ID"] = f"<{today}.{came['Message-ID'].strip('<>')}>"
        reply["In-Reply-To"] = str(came["Message-ID"])
        reply.set_content("回执请见附件。\n")
        for name, content in files:
            reply.add_attachment(
                content, maintype="application", subtype="octet-stream", filename=name
            )
        return reply.as_bytes()


COLUMNS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    "形象进度（%）": lambda said: said["percent"],
    "完成投资（万元）": lambda said: said["invested"] / Decimal(10_000),
    "是否达序时": lambda said: "是" if said["on_schedule"] else "否",
    "未达序时原因及存在问题": lambda said: said["problem"],
    "下步措施": lambda said: said["next_step"],
}


def _read(raw: bytes) -> EmailMessage:
    return BytesParser(policy=policy.default).parsebytes(raw)


def _workbooks(came: EmailMessage) -> Iterator[tuple[str, bytes]]:
    for part in came.iter_attachments():
        name = part.get_filename() or ""
        if name.endswith(FILLED):
            yield name, part.get_content()


def _table(sheet: Worksheet) -> Iterator[Mapping[str, Any]]:
    """The cells of each row that has a code, by their headings."""
    rows = list(sheet.iter_rows())
    at = next((n for n, row in enumerate(rows) if any(_head(cell) == "编码" for cell in row)), None)
    if at is None:
        return
    heads = [_head(cell) for cell in rows[at]]
    for row in rows[at + 1 :]:
        found = dict(zip(heads, row, strict=True))
        if found["编码"].value:
            yield found


def _head(cell: Any) -> str:
    return "".join(str(cell.value or "").split())
