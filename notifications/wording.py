"""How dates, days and counts read in Chinese. Pure."""

import re
from collections.abc import Sequence
from datetime import date, timedelta
from urllib.parse import quote, urlencode

from common.words import date_beside, dated, short_date
from notifications.message import DigestLine, Receipt, WaysToAnswer
from policy.vocabulary import IntakeResult, Origin, RungKind, Standing
from states.answer_code import marked, tagged

A_WHILE = timedelta(days=10)
"""How much later than its day a digest's example expects an item."""
MOST_PREPARED = 10
BLANK = "年-月-日"
LATER = f"预计 {BLANK} 完成，原因：……"
PREPARED = f"（请填上日期；一时不能办结的，改为“序号 {LATER}”；不答复的项请删去整行）"
"""What the text of a prepared reply begins with; `BLANK` stands for a day."""
INNER = {ord("“"): "\N{LEFT SINGLE QUOTATION MARK}", ord("”"): "\N{RIGHT SINGLE QUOTATION MARK}"}

TO_VERIFY = "来信待核实"
SOON_PROPOSED = "建议近期完成"
URGED_ON = (RungKind.ESCALATE, RungKind.DRAFT_LETTER)
COUNTED = (
    Standing.OVERDUE.label,
    Standing.COORDINATING.label,
    Standing.DUE_SOON.label,
    Standing.OVERDUE.said(Origin.PROPOSAL),
    SOON_PROPOSED,
)
"""What one line counts as, in the order in which a summary names it."""


def standing(line: DigestLine, as_of: date) -> Standing:
    """逾期, 待协调 or 临期: what a line counts as.

    Only a rung that follows lateness makes a line 逾期. A plain reminder that goes out late does
    not: the body may be one that the notice cannot bind, which is never called 逾期. How a day is
    told that is only proposed says `summary`.
    """
    if line.kind is RungKind.COORDINATE:
        return Standing.COORDINATING
    found_late = line.kind is not RungKind.REMIND or is_proposed(line)
    late = as_of > line.overdue_after and found_late
    return Standing.OVERDUE if late else Standing.DUE_SOON


def summary(lines: Sequence[DigestLine], as_of: date) -> str:
    """``3项逾期、2项临期``; what there is none of is left out.

    Dates that are only proposed are counted apart, and never as 逾期 (A30).
    """
    found = [_counted_as(line, as_of) for line in lines]
    counts = ((found.count(each), each) for each in COUNTED)
    return "、".join(f"{count}项{label}" for count, label in counts if count)


def asked(lines: Sequence[DigestLine], due: str, as_of: date) -> str:
    """What the whole asks for: ``现有待办事项：3项逾期，请抓紧办理``.

    Who has but to see to it, such as 分管领导, is not asked to do it.
    """
    if lines and all(line.kind in URGED_ON and not is_proposed(line) for line in lines):
        return f"现有{due}事项已提级督办，请督促责任单位抓紧办理"
    late = any(as_of > line.overdue_after for line in lines)
    return f"现有待办事项：{due}，请{'抓紧' if late else '按时'}办理"


def closing(receipts: Sequence[Receipt], ways: WaysToAnswer | None) -> str:
    """What ends a mail: whether something is to be sent in again, and where answers go."""
    said = "本邮件由系统自动发出，请勿直接回复。"
    if ways and ways.reply_to:
        said = f"本邮件由系统自动发出，可直接回复，请勿改动主题（{marked(ways.code)}）。"
    if not any(receipt.outcome for receipt in receipts):
        return said
    returned = any(receipt.outcome is IntakeResult.RETURNED for receipt in receipts)
    return f"{'退回的表格，请修改后重新报送。' if returned else '已登记的，不需再报。'}{said}"


def ways_to_answer(ways: WaysToAnswer, lines: Sequence[DigestLine], day: date) -> tuple[str, ...]:
    """Each way to answer a digest of a day, as a sentence that says what to do."""
    forms = "和".join(ways.forms)
    said = []
    if any(line.link for line in lines):
        said.append("打开各事项后的工作台链接，登录后直接填写办结日期或预计完成日期")
    if ways.reply_to and forms:
        said.append(f"直接回复本邮件，附上填好的{forms}")
    if ways.reply_to:
        dated = next((number for number, line in enumerate(lines, 1) if line.fact), 0)
        done = f"“{dated} 已办结 {day}”，或" if dated else ""
        later = f"“{dated or 1} 预计 {day + A_WHILE} 完成，原因：正在招标”"
        said.append(f"直接回复本邮件，每项写一行，如{done}{later}（开头为事项序号）")
    if forms:
        said.append(f"将填好的{forms}{ways.handed_in}")
    return tuple(said)


def chat_answer(enquiries: str) -> str:
    """How a chat, which takes no answers, is answered."""
    return (
        "怎样答复：办结的，请将事项序号、办结日期和文件名称，一时不能办结的，"
        f"请将预计完成日期和原因，报{enquiries}"
    )


def reply_link(ways: WaysToAnswer, lines: Sequence[DigestLine]) -> str:
    """A ``mailto:`` link that opens a reply with a line an item; empty without an address.

    What no answer dates can only be expected. Of many items only the first are prepared: mail
    programs cut long links off.
    """
    if not ways.reply_to:
        return ""
    prepared = (
        f"{number} {f'已办结 {BLANK}' if line.fact else LATER}"
        for number, line in enumerate(lines[:MOST_PREPARED], 1)
    )
    body = "\r\n".join((PREPARED, *prepared))
    said = {"subject": f"答复（{marked(ways.code)}）", "body": body}
    return (
        f"mailto:{quote(tagged(ways.reply_to, ways.code), '@+')}?{urlencode(said, quote_via=quote)}"
    )


def is_proposed(line: DigestLine) -> bool:
    """Whether its date is only a proposal (A30): it reminds, and makes nobody 逾期."""
    return line.origin is Origin.PROPOSAL


def _counted_as(line: DigestLine, as_of: date) -> str:
    found = standing(line, as_of)
    if is_proposed(line) and found is Standing.DUE_SOON:
        return SOON_PROPOSED
    return found.said(line.origin)


def receipt_summary(receipts: Sequence[Receipt]) -> str:
    """``月报已登记``; of several ``1份已登记、2份已退回``."""
    outcomes = [receipt.outcome for receipt in receipts]
    if len(receipts) == 1 and receipts[0].what and outcomes[0]:
        return f"{receipts[0].what}{outcomes[0].label}"
    counts = ((outcomes.count(each), each.label) for each in IntakeResult)
    told = [f"{count}份{label}" for count, label in counts if count]
    return "、".join([*told, *([TO_VERIFY] if None in outcomes else [])])


def term(line: DigestLine, as_of: date) -> str:
    """The notice's own day (A21); beside it what its day of rest, or another reading, asks for.

    A day that is only proposed is never called a 时限 of the notice (A30).
    """
    if is_proposed(line):
        return f"建议于{dated(line.due)}前完成（《实施方案》未明确日期，所列为建议时限）"
    said = [dated(line.due)]
    if as_of <= line.remind_by < line.due:
        said.append(f"请于{date_beside(line.remind_by, line.due)}前办结")
    if line.overdue_after > line.due:
        after = date_beside(line.overdue_after, line.due)
        if line.since:
            said.append(f"前一环节{line.since}办结，其后仍未办结的认定逾期")
        elif not line.bound:
            said.append(f"当日为休息日，顺延至{after}")
        elif as_of > line.overdue_after:
            said.append(f"当日为休息日，{after}后计为逾期")
        else:
            said.append(f"{after}后仍未办结的，认定逾期")
    return "；".join(said)


def moved(line: DigestLine) -> str:
    """``（当日为休息日，顺延至5月4日）``; empty where lateness counts from the day itself."""
    if line.overdue_after == line.due:
        return ""
    if line.since:
        return f"（前一环节{line.since}办结，其后仍未办结的认定逾期）"
    return f"（当日为休息日，顺延至{date_beside(line.overdue_after, line.due)}）"


def status(line: DigestLine, as_of: date) -> str:
    """How many natural days are left or gone, e.g. ``已逾期3天``."""
    if as_of > line.overdue_after:
        return _gone(line, as_of)
    if is_proposed(line):
        return _proposed(line, as_of)
    if as_of > line.due:
        after = date_beside(line.overdue_after, line.due)
        return f"时限已到，{after}后认定逾期" if line.bound else f"时限已到，顺延至{after}"
    return _left(line.due, as_of)


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
    beyond = f"已超过{'建议' if is_proposed(line) else ''}时限{days}天"
    match standing(line, as_of):
        case Standing.COORDINATING:
            return f"待协调（{beyond}）"
        case Standing.OVERDUE if not is_proposed(line):
            return f"已逾期{days}天"
        case _:
            return beyond


def _proposed(line: DigestLine, as_of: date) -> str:
    """What is said of a proposed day that has not passed."""
    if as_of >= line.due:
        return "建议今日完成" if as_of == line.due else "建议时限已到"
    return f"建议于{short_date(line.due)}前完成，{_left(line.due, as_of)}"


def _left(day: date, as_of: date) -> str:
    days = (day - as_of).days
    return f"还有{days}天" if days else "今日到期"
