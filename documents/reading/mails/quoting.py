"""What of a reply its sender wrote, and what is quoted. Nothing of it is thrown away.

No program marks a quotation as another does. Where it is not sure that something was quoted, it
counts as written.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from common.words import alike
from documents.reading.mails.web import MailLine

RULE = re.compile(
    r"[-_—–=*─]{2,}\s*(?:原始邮件|原始信件|原邮件|回复的原邮件|回复的邮件|转发的?邮件(?:信息)?|邮件原件|"
    r"原始郵件|轉寄郵件|轉寄的郵件|Original Message|Original Appointment|Forwarded Message|"
    r"Forwarded by .{0,80}|Reply Message)\s*[-_—–=*─]{2,}",
    re.IGNORECASE,
)
"""A line below which all is quoted."""
DIVIDER = re.compile(r"[-_—–=*─]{5,}")
"""A line that programs draw above what they quote."""
FIRST_LABEL = re.compile(r"(?:发件人|寄件者|寄件人|發件人|From)\s*:", re.IGNORECASE)
LABEL = re.compile(
    r"(?:发送时间|发送日期|发件时间|发件日期|日期|时间|收件人|收件者|抄送|副本|主题|主旨|"
    r"寄件日期|傳送時間|主題|Sent|Date|To|Cc|Subject)\s*:",
    re.IGNORECASE,
)
WROTE = re.compile(r"(?:写道|寫道|编写|wrote|写到)\s*:\s*$", re.IGNORECASE)
"""How a line ends that says who wrote what follows."""
WHEN = re.compile(r"@|\d:\d\d|\d{4}\s*[-/年.]|\d{1,2}月\d{1,2}日|\b(?:19|20)\d\d\b")
PROGRAM = re.compile(
    r"(?:发自我的|从我的|发送自|来自我的|Sent from |Get Outlook for|获取 ?Outlook|从 ?Windows)"
    r".{0,60}$|.{0,30}(?:版?邮件(?:App|客户端|大师)?发送|手机邮箱发出)$",
    re.IGNORECASE,
)
"""What a telephone adds of itself."""
NEAR = 5
"""Lines within which the labels of a quoted mail's head follow one another."""
MOST_SIGNS = 500
"""Of a line that is looked at for what it is: no head of a mail is longer."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """The three parts of a reply; together they hold each of its lines once."""

    written: str
    """Above the quotation."""
    beside: str
    """Left over below or inside of it."""
    quote: str
    heads: int = 0
    """How many quoted mails say whose they are: with two it is a chain, and others speak in it."""


def parted(lines: Sequence[MailLine]) -> ReplyText:
    """A reply's text in its three parts."""
    plain = [_plain(line.text) for line in lines]
    marked = [
        line.quoted or line.text.lstrip().startswith((">", "\uff1e")) or bool(PROGRAM.match(text))
        for line, text in zip(lines, plain, strict=True)
    ]
    heads, blocks = set(_attributions(plain)), list(_label_blocks(plain))
    rules = [at for at, text in enumerate(plain) if RULE.search(text)]
    cut = min((at for at in (*rules, *blocks) if not marked[at]), default=len(lines))
    while cut and cut < len(lines) and (not plain[cut - 1] or DIVIDER.fullmatch(plain[cut - 1])):
        cut -= 1
    parts: dict[str, list[str]] = {"written": [], "beside": [], "quote": []}
    below = False
    for at, line in enumerate(lines):
        quoted = marked[at] or at in heads or at >= cut
        below = below or (quoted and not PROGRAM.match(plain[at]))
        where = "beside" if below and plain[at] else "quote" if below else "written"
        parts["quote" if quoted else where].append(line.text)
    named = {name: "\n".join(found).strip("\n") for name, found in parts.items()}
    attributed = sum(1 for at in heads if WROTE.search(plain[at]))
    return ReplyText(**named, heads=attributed + len(blocks))


def _plain(line: str) -> str:
    """A line as patterns see it: half-width, without marks of quotation and of emphasis."""
    folded = alike(line[:MOST_SIGNS])
    return folded.lstrip("> *\t\ufeff").rstrip("* ")


def _attributions(plain: Sequence[str]) -> Iterator[int]:
    """Lines such as ``在2023年6月6日，某某写道：``, which may take two."""
    for at, text in enumerate(plain):
        if not WROTE.search(text):
            continue
        if WHEN.search(text):
            yield at
        elif at and WHEN.search(plain[at - 1]):
            yield from (at - 1, at)


def _label_blocks(plain: Sequence[str]) -> Iterator[int]:
    """Where the head of a quoted mail begins: who sent it, and two more labels soon after."""
    after = -1
    for at, text in enumerate(plain):
        if at <= after or not FIRST_LABEL.match(text):
            continue
        near = [line for line in plain[at + 1 : at + 3 * NEAR] if line][:NEAR]
        if sum(1 for line in near if LABEL.match(line)) >= 2:
            after = at + NEAR
            yield at
