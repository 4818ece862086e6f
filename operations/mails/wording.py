"""What the sender of a reply is told (回执): each item by itself, and what is still to be done."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

from common.words import SHANGHAI, ended, long_date, short_date
from models.tables import MailItem, ReceivedMail
from policy.vocabulary import AnswerKind, MailState, ReplyDecision

EXPECTED = "每项一行，写明“1 预计 2023-06-15 完成，原因……”（序号、日期、原因按实际填写）"
DONE = "已办结的，请在提醒所附办理回执中填写该项的办结日期和文件后发回，即可直接登记。"
HOW = f"如需直接登记，请再次回复提醒邮件，{EXPECTED}；{DONE}"


def receipt_text(row: ReceivedMail, items: Sequence[MailItem], today: date, at: datetime) -> str:
    """The receipt, a line for its head and one for each item."""
    moment = f"{short_date(today)}{at.astimezone(SHANGHAI):%H时%M分}"
    named = f"（“{row.subject}”）" if row.subject else ""
    if not items and row.state == MailState.REGISTERED:
        return f"您的来信{named}已于{moment}收到，随信文件已收存。\n不需再报。"
    if not items:
        return f"您的来信{named}已于{moment}收到，已转有关人员阅处。\n{HOW}"
    lines = (f"（{number}）{said}" for number, said in enumerate(map(_told, items), 1))
    return "\n".join((f"您的来信{named}已于{moment}收到，办理情况如下：", *lines, *_rest(items)))


def _told(item: MailItem) -> str:
    which = f"第{item.number}项" if item.number else "所答复事项"
    day = long_date(item.on)
    what = f"{day}办结" if item.kind == AnswerKind.DONE else f"预计{day}完成"
    if item.state == MailState.REGISTERED:
        return f"{which}{what}，已登记；此前不再重复催办，逾期认定和提级不受影响。"
    return f"{which}{what}，未登记：{ended(item.why)}"


def _rest(items: Sequence[MailItem]) -> Iterator[str]:
    held = [item.kind for item in items if item.state != MailState.REGISTERED]
    if not held:
        yield "不需再报。"
        return
    yield "未登记的，已转有关人员核实；已登记的，不需再报。"
    if AnswerKind.EXPECTED in held:
        yield f"需要更正的，请按上列说明再次回复提醒邮件，{EXPECTED}。"
    if AnswerKind.DONE in held:
        yield DONE


def verified_text(
    mail: ReceivedMail, items: Sequence[MailItem], decision: ReplyDecision, actor: str, why: str
) -> str:
    """What the writer of a mail is told that a person has decided on it."""
    named = f"（“{mail.subject}”）" if mail.subject else ""
    lines = [f"（{number}）{item.words}" for number, item in enumerate(items, 1)]
    if decision is ReplyDecision.TAKEN_OVER:
        head, rest = f"您的来信{named}经{actor}核实，下列事项已登记：", "不需再报。"
    else:
        head = f"您的来信{named}经{actor}核实，未予采纳。原因：{ended(why)}"
        rest = HOW
    return "\n".join((head, *lines, rest))
