"""Cuts a message into parts that a chat takes, between lines and never within one. Pure."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from common.words import masked_phone, without_numbers
from notifications.message import Block, BlockItem, Correction, Key, Message, Receipt
from notifications.sending import Part
from notifications.wording import chat_answer, contact
from policy.vocabulary import RungKind

SHOWN = ("recipient", "addressee", "title", "text", "headline", "summary", "enquiries")
COUNT = "（9999/9999）"  # room for the longest count that a part can carry
SHARE = 4  # the first line takes a quarter of a part at most, where it can be shorter


@dataclass(slots=True)
class _Page:
    """A part in the making."""

    texts: list[str] = field(default_factory=list)
    size: int = 0
    keys: set[Key] = field(default_factory=set)

    def add(self, text: str) -> None:
        self.texts.append(text)
        self.size += _size(text)


def split(message: Message, limit: int) -> tuple[Part, ...]:
    """The message for a group chat: parts of at most `limit` bytes in UTF-8, numbers masked.

    Each key is in exactly one part, the last that tells of it. A part that goes on with an entry
    repeats the entry's head. ValueError when not even the shortest version of a line fits.
    """
    return tuple(_parts(masked(message), limit))


def chat_text(message: Message) -> str:
    """The same text in one piece, with telephone numbers in clear."""
    [part] = _parts(message, sys.maxsize)
    return part.text


def _parts(message: Message, limit: int) -> Iterator[Part]:
    head = min(_size(_opening(message, COUNT, limit)), limit)
    pages = _pages(groups(message), limit - head)
    # A subject may be told of twice; it has been told once the last of it is out.
    last = {key: number for number, page in enumerate(pages, start=1) for key in page.keys}
    for number, page in enumerate(pages, start=1):
        count = f"（{number}/{len(pages)}）" if len(pages) > 1 else ""
        text = "\n".join([_opening(message, count, limit), *page.texts])
        keys = frozenset(key for key in page.keys if last[key] == number)
        yield Part(message, text, keys, number, len(pages))


def _opening(message: Message, count: str, limit: int) -> str:
    # Chosen with the longest count, so that every part begins alike.
    fitting = [_size(text) * SHARE <= limit for text in opening(message, COUNT)]
    return list(opening(message, count))[fitting.index(True) if True in fitting else -1]


@dataclass(frozen=True, slots=True)
class ChatLine:
    """One line of a chat; `key` is what it tells, if anything. Versions: the fullest first."""

    versions: tuple[str, ...]
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class LineGroup:
    """Lines under a head, which has three versions: full, without the notice's words, bare."""

    heads: tuple[str, str, str]
    again: tuple[str, str, str]
    """The head where a later part goes on with the group."""
    lines: tuple[ChatLine, ...]


def _pages(said: tuple[LineGroup, ...], room: int) -> list[_Page]:
    pages = [_Page()]
    for group in said:
        begun = False
        for line in group.lines:
            _place(pages, group, line, room, begun=begun)
            begun = True
    return pages


def _place(pages: list[_Page], group: LineGroup, line: ChatLine, room: int, *, begun: bool) -> None:
    """Add a line to the last page whole, or begin another page with its head."""
    page = pages[-1]
    text = _whole(group, line, begun=begun)
    if page.size + _size(text) > room:
        if page.texts:
            pages.append(page := _Page())
        heads = group.again if begun else group.heads
        text = next((each for each in _shorter(heads, line) if _size(each) <= room), "")
        if not text:
            raise ValueError("a line does not fit into a part")
    page.add(text)
    if line.key is not None:
        page.keys.add(line.key)


def _whole(group: LineGroup, line: ChatLine, *, begun: bool) -> str:
    return line.versions[0] if begun else _under(group.heads[0], line.versions[0])


def _shorter(heads: tuple[str, str, str], line: ChatLine) -> Iterator[str]:
    """First without the notice's words; the bare head only where nothing else helps."""
    yield _under(heads[0], line.versions[0])
    for head, version in product(heads[1:], line.versions):
        yield _under(head, version)


def _under(head: str, text: str) -> str:
    return f"{head}\n{text}" if head else text


def _size(text: str) -> int:
    """In bytes, with the line break that goes before it."""
    return len(text.encode()) + 1


LEFT_OUT = "内容过长，此处从略，请登录系统查看"


def groups(message: Message) -> tuple[LineGroup, ...]:
    """All that the message says."""
    said = [
        *map(_correction, message.corrections),
        *map(_receipt, message.receipts),
        *map(_group, message.blocks),
    ]
    if not said:
        said = [_plain(message.text.splitlines(), "")]
    if message.ways and message.enquiries:
        said.append(_plain((chat_answer(message.enquiries),), ""))
    return (_plain(message.notices, "提示："), *said) if message.notices else tuple(said)


def masked(message: Message) -> Message:
    """The message without a telephone number that could be read, whoever wrote it into whatever."""
    return replace(
        message,
        **_hidden(message, *SHOWN),
        notices=tuple(map(without_numbers, message.notices)),
        blocks=tuple(map(_masked_block, message.blocks)),
        receipts=tuple(
            replace(
                each, **_hidden(each, "head"), details=tuple(map(without_numbers, each.details))
            )
            for each in message.receipts
        ),
        corrections=tuple(
            replace(
                each, **_hidden(each, "head"), details=tuple(map(without_numbers, each.details))
            )
            for each in message.corrections
        ),
    )


def opening(message: Message, count: str) -> Iterator[str]:
    """The line that a part begins with, e.g. 【幸福养老工程】6月1日待办（2/3）…; versions."""
    begin = f"{message.headline or message.title}{count}"
    yield f"{begin}，{_one_line(message.greeting)}：{message.summary}".rstrip("：")
    yield f"{begin}：{message.summary}".rstrip("：")
    yield begin


def _group(block: Block) -> LineGroup:
    return LineGroup(
        heads=_heads(block, ""),
        again=_heads(block, "（续）"),
        lines=tuple(ChatLine(tuple(_versions(block, item)), item.key) for item in block.items),
    )


def _receipt(receipt: Receipt) -> LineGroup:
    return _marked(RungKind.RECEIPT, receipt)


def _correction(correction: Correction) -> LineGroup:
    return _marked(RungKind.CORRECTION, correction)


def _marked(kind: RungKind, said: Receipt | Correction) -> LineGroup:
    mark = f"【{kind.label}】"
    told = _plain((f"{mark}{said.head}", *said.details), "", said.key)
    again = f"（续）{mark}"
    return replace(told, again=(again, again, again))


def _plain(lines: Sequence[str], head: str, key: Key | None = None) -> LineGroup:
    again = head and f"（续）{head}"
    told = tuple(ChatLine((_one_line(line), f"（{LEFT_OUT}）"), key) for line in lines)
    return LineGroup((head, head, head), (again, again, again), told)


def _heads(block: Block, continued: str) -> tuple[str, str, str]:
    title = f"{block.number}．【{block.kind}】{block.title}{continued}"
    words = f"，原文：{block.words}" if block.words else ""
    rest = [f"时限：{block.term}", f"{block.asks}：{block.to_do}"]
    if _shares(block):
        rest.append(f"{block.whose}：{block.responsible}")
    if block.advice:
        rest.append(f"说明：{block.advice}")
    rest.append(f"编号：{block.rule}")
    first = f"{title}：{block.status}"
    full, shorter = ([first, f"依据：{block.basis}{more}", *rest] for more in (words, ""))
    bare = f"{block.number}．【{block.kind}】{block.rule}{continued}"
    return (_lines(full), _lines(shorter), _one_line(bare))


def _shares(block: Block) -> bool:
    return bool(block.responsible) and len(block.items) > 1


def _versions(block: Block, item: BlockItem) -> Iterator[str]:
    """Without the last 现状 entries first, then without the note, then only its code."""
    number = f"（{item.number}）" if len(block.items) > 1 else ""
    label = f"{number}{item.label}"
    responsible = "" if _shares(block) else f"{block.whose}：{item.responsible}"
    named, note = _named(item), f"反馈情况：{item.note}" if item.note else ""
    for left in range(len(item.missing), -1, -1):
        yield _joined(label, responsible, *_chained(item), named, _missing(item, left), note)
    none_left = _missing(item, 0)
    yield _joined(label, responsible, *_chained(item), named, none_left)
    yield _one_line(f"{number}{item.key[0]}：{LEFT_OUT}")


def _chained(item: BlockItem) -> Iterator[str]:
    """What it waits for, and what waits with it."""
    if item.step:
        yield f"卡在：{item.step}"
    if item.below:
        yield f"此后各项：{'、'.join(item.below)}"


def _named(item: BlockItem) -> str:
    known = contact(item.person, item.phone)
    return f"项目责任人：{known}" if known else ""


def _missing(item: BlockItem, left: int) -> str:
    entries, total = item.missing, len(item.missing)
    if not total:
        return ""
    listed = "、".join(entries[:left])
    if left < total:
        listed = f"{listed}…等{total}项" if left else f"共{total}项"
    return f"现状：{listed}"


def _masked_block(block: Block) -> Block:
    head = _hidden(block, "title", "basis", "words", "status", "advice", "to_do", "responsible")
    items = (
        replace(
            item,
            **_hidden(item, "label", "responsible", "person", "note", "step"),
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
