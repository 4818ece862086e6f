"""How the blocks of a message read in a chat, in versions from the fullest to the shortest. Pure.

A chat takes so many bytes at once. What does not fit is told in a shorter version, and never cut.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from common.words import masked_phone, without_numbers
from notifications.message import Block, Item, Key, Message, Receipt
from notifications.wording import contact
from policy.vocabulary import RungKind

LEFT_OUT = "内容过长，此处从略，请登录系统查看"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chat; `key` is what it tells, if anything. Versions: the fullest first."""

    versions: tuple[str, ...]
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Lines under a head, which has three versions: full, without the notice's words, bare."""

    heads: tuple[str, str, str]
    again: tuple[str, str, str]
    """The head where a later part goes on with the group."""
    lines: tuple[Line, ...]


def groups(message: Message) -> tuple[Group, ...]:
    """All that the message says."""
    said = [*map(_receipt, message.receipts), *map(_group, message.blocks)]
    if not said:
        said = [_plain(message.text.splitlines(), "")]
    return (_plain(message.notices, "提示："), *said) if message.notices else tuple(said)


def masked(message: Message) -> Message:
    """The message without a telephone number that could be read, whoever wrote it into whatever."""
    return replace(
        message,
        **_hidden(message, "recipient", "addressee", "title", "text", "headline", "summary"),
        notices=tuple(map(without_numbers, message.notices)),
        blocks=tuple(map(_masked_block, message.blocks)),
        receipts=tuple(
            replace(
                each, **_hidden(each, "head"), details=tuple(map(without_numbers, each.details))
            )
            for each in message.receipts
        ),
    )


def opening(message: Message, count: str) -> Iterator[str]:
    """The line that a part begins with, e.g. 【幸福养老工程】6月1日待办（2/3）…; versions."""
    begin = f"{message.headline or message.title}{count}"
    yield f"{begin}，{_one_line(message.greeting)}：{message.summary}".rstrip("：")
    yield f"{begin}：{message.summary}".rstrip("：")
    yield begin


def _group(block: Block) -> Group:
    return Group(
        heads=_heads(block, ""),
        again=_heads(block, "（续）"),
        lines=tuple(
            Line(tuple(_versions(block, index, item)), item.key)
            for index, item in enumerate(block.items, start=1)
        ),
    )


def _receipt(receipt: Receipt) -> Group:
    mark = f"【{RungKind.RECEIPT.label}】"
    told = _plain((f"{mark}{receipt.head}", *receipt.details), "", receipt.key)
    again = f"（续）{mark}"
    return replace(told, again=(again, again, again))


def _plain(lines: Sequence[str], head: str, key: Key | None = None) -> Group:
    again = head and f"（续）{head}"
    told = tuple(Line((_one_line(line), f"（{LEFT_OUT}）"), key) for line in lines)
    return Group((head, head, head), (again, again, again), told)


def _heads(block: Block, continued: str) -> tuple[str, str, str]:
    title = f"{block.number}．【{block.kind}】{block.title}（{block.rule}）{continued}"
    words = f"，原文：{block.words}" if block.words else ""
    rest = [f"时限：{block.term}", f"请办理：{block.to_do}"]
    if _shares(block):
        rest.append(f"责任单位：{block.responsible}")
    if block.advice:
        rest.append(f"说明：{block.advice}")
    first = f"{title}：{block.status}"
    full, shorter = ([first, f"依据：{block.basis}{more}", *rest] for more in (words, ""))
    bare = f"{block.number}．【{block.kind}】{block.rule}{continued}"
    return (_lines(full), _lines(shorter), _one_line(bare))


def _shares(block: Block) -> bool:
    return bool(block.responsible) and len(block.items) > 1


def _versions(block: Block, index: int, item: Item) -> Iterator[str]:
    """Without the last 尚缺 entries first, then without the note, then only its code."""
    number = f"（{index}）" if len(block.items) > 1 else ""
    label = f"{number}{item.label}"
    responsible = "" if _shares(block) else f"责任单位：{item.responsible}"
    named, note = _named(item), f"反馈情况：{item.note}" if item.note else ""
    for left in range(len(item.missing), -1, -1):
        yield _joined(label, responsible, named, _missing(item, left), note)
    none_left = _missing(item, 0)
    yield _joined(label, responsible, named, none_left)
    yield _one_line(f"{number}{item.key[0]}：{LEFT_OUT}")


def _named(item: Item) -> str:
    known = contact(item.person, item.phone)
    return f"责任人：{known}" if known else ""


def _missing(item: Item, left: int) -> str:
    entries, total = item.missing, len(item.missing)
    if not total:
        return ""
    listed = "、".join(entries[:left])
    if left < total:
        listed = f"{listed}…等{total}项" if left else f"共{total}项"
    return f"尚缺：{listed}"


def _masked_block(block: Block) -> Block:
    head = _hidden(block, "title", "basis", "words", "status", "advice", "to_do", "responsible")
    items = (
        replace(
            item,
            **_hidden(item, "label", "responsible", "person", "note"),
            phone=masked_phone(item.phone),
            missing=tuple(map(without_numbers, item.missing)),
        )
        for item in block.items
    )
    return replace(block, **head, items=tuple(items))


def _hidden(of: object, *names: str) -> dict[str, Any]:
    return {name: without_numbers(getattr(of, name)) for name in names}


def _joined(*parts: str) -> str:
    return _one_line("；".join(part for part in parts if part))


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(_one_line(line) for line in lines)


def _one_line(text: str) -> str:
    """On one line, and without what Feishu would read as a tag that calls everybody."""
    return " ".join(text.split()).replace("<", "\N{FULLWIDTH LESS-THAN SIGN}")
