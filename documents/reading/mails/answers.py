"""What a reply says of a reminder's items: ``1 已办结 2023-06-05``, or expected by when, and why.

Only whole lines that say one of the two count; all else is for a person to read.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date

from common.errors import UsageError
from common.words import alike
from documents.reading.mails.quoting import ReplyText
from documents.reading.typed import day_of
from policy.vocabulary import AnswerKind

NUMBER = r"(?:第\s*)?(?P<number>\d{1,3})?\s*(?:项|号|[、.:)])?\s*"
DAY = r"(?:(?P<year>\d{4})\s*[-/.年]\s*)?(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?"
DONE = re.compile(
    rf"{NUMBER}(?:已|已经)?(?:办结|完成|办理完毕)\s*[:,]?\s*(?:于|日期:?)?\s*{DAY}[。.;]?"
)
DONE_ON = re.compile(rf"{NUMBER}(?:已于|于)\s*{DAY}\s*(?:办结|完成)[。.;]?")
EXPECTED = re.compile(
    rf"{NUMBER}预计\s*(?:于|在)?\s*{DAY}\s*(?:前|之前|左右)?\s*(?:完成|办结)?\s*"
    r"(?:(?:[,;。.:]\s*(?:(?:原因|理由)\s*[:是为]?|因为|因)?|(?:原因|理由)\s*[:是为]?)\s*(?P<reason>.*))?"
)
PATTERNS = (
    (DONE, AnswerKind.DONE),
    (DONE_ON, AnswerKind.DONE),
    (EXPECTED, AnswerKind.EXPECTED),
)
BULLETS = "-*·•○●▪ \t([（【"
LONGEST, MOST = 500, 200


@dataclass(frozen=True, slots=True)
class AnswerLine:
    """One line of a reply that answers an item."""

    number: int | None
    """As the reminder counts its items; None where the line names none."""
    kind: AnswerKind
    on: date
    """The day on which it was done, or is expected to be."""
    reason: str = ""
    words: str = ""
    """The line itself."""
    inside: bool = False
    """Whether it stands within the quotation."""


def answer_lines(reply: ReplyText, year: int) -> tuple[AnswerLine, ...]:
    """What was written above the quotation, then below it, then into it, line by line.

    No line of our own mails is an answer, so that one within the quotation of a single mail was
    typed into it; in a chain of mails somebody else may have. `year` is that of days which are
    written without one. A day that no calendar has is no answer.
    """
    written = [*reply.written.split("\n"), *reply.beside.split("\n")]
    quoted = reply.quote.split("\n") if reply.heads <= 1 else []
    found = [answer for line in written for answer in _answers(line, year)]
    found += [replace(it, inside=True) for line in quoted for it in _answers(line, year)]
    return tuple(dict.fromkeys(found))[:MOST]


def _answers(line: str, year: int) -> Iterator[AnswerLine]:
    plain = alike(line[:LONGEST]).lstrip(f"> {BULLETS}").rstrip()
    for pattern, kind in PATTERNS:
        if (found := pattern.fullmatch(plain)) is None:
            continue
        with suppress(UsageError):
            on = day_of(f"{found['year'] or year}-{found['month']}-{found['day']}")
            number = int(found["number"]) if found["number"] else None
            reason = (found.groupdict().get("reason") or "").strip(" 。.;")
            yield AnswerLine(number, kind, on, reason, line.strip()[:LONGEST])
            return
