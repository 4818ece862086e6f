"""How dates, days and counts read in Chinese. Pure."""

import re
from collections.abc import Sequence
from datetime import date

from common.words import dated
from notifications.message import DigestLine, Receipt
from policy.vocabulary import IntakeResult, RungKind, Standing

INNER = {ord("“"): "\N{LEFT SINGLE QUOTATION MARK}", ord("”"): "\N{RIGHT SINGLE QUOTATION MARK}"}

# What one line counts as, in the order in which a summary names it.
COUNTED = (Standing.OVERDUE, Standing.COORDINATING, Standing.DUE_SOON)


def standing(line: DigestLine, as_of: date) -> Standing:
    """逾期, 待协调 or 临期: what a line counts as.

    Only a rung that follows lateness makes a line 逾期. A plain reminder that goes out late does
    not: the body may be one that the notice cannot bind, which is never called 逾期.
    """
    if line.kind is RungKind.COORDINATE:
        return Standing.COORDINATING
    late = as_of > line.overdue_after and line.kind is not RungKind.REMIND
    return Standing.OVERDUE if late else Standing.DUE_SOON


def summary(lines: Sequence[DigestLine], as_of: date) -> str:
    """``3项逾期、2项临期``; what there is none of is left out."""
    standings = [standing(line, as_of) for line in lines]
    counts = ((standings.count(each), each.label) for each in COUNTED)
    return "、".join(f"{count}项{label}" for count, label in counts if count)


def receipt_summary(receipts: Sequence[Receipt]) -> str:
    """``1份已导入、2份已退回``."""
    outcomes = [receipt.outcome for receipt in receipts]
    counts = ((outcomes.count(each), each.label) for each in IntakeResult)
    return "、".join(f"{count}份{label}" for count, label in counts if count)


def term(line: DigestLine) -> str:
    """The date by which it is due; both dates where the notice leaves a choice."""
    if line.remind_by == line.overdue_after:
        return dated(line.remind_by)
    return f"{dated(line.remind_by)}，最迟{dated(line.overdue_after)}"


def status(line: DigestLine, as_of: date) -> str:
    """How many natural days are left or gone, e.g. ``已逾期3天``."""
    if as_of > line.overdue_after:
        return _gone(line, as_of)
    if as_of > line.remind_by:
        return f"已过提醒日，最迟{dated(line.overdue_after)}，{_left(line.overdue_after, as_of)}"
    if as_of == line.remind_by < line.overdue_after:
        return f"今日为提醒日，最迟{dated(line.overdue_after)}"
    return _left(line.remind_by, as_of)


def request(to_do: str) -> str:
    """What is asked, to follow the words 请办理: its own leading 请 goes, but 请示 stays."""
    return re.sub(r"^请(?![示求款])", "", to_do)


def quoted(words: str) -> str:
    """The notice's own words in quotation marks; marks within them become single ones."""
    said = " ".join(words.split())
    return f"“{said.translate(INNER)}”" if said else ""


def contact(person: str, phone: str) -> str:
    """``张某 0351-2022000``; whatever is not known is left out."""
    return f"{person} {phone}".strip()


def _gone(line: DigestLine, as_of: date) -> str:
    days = (as_of - line.overdue_after).days
    match standing(line, as_of):
        case Standing.COORDINATING:
            return f"待协调，已超过时限{days}天"
        case Standing.OVERDUE:
            return f"已逾期{days}天"
        case _:
            return f"已超过最迟日期{days}天"


def _left(day: date, as_of: date) -> str:
    days = (day - as_of).days
    return f"还有{days}天" if days else "今日到期"
