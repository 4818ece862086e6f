"""Cuts a message into parts that a chat takes, between lines and never within one. Pure."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from notifications.chat_lines import Group, Line, groups, masked, opening
from notifications.message import Key, Message
from notifications.sending import Part

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


def _pages(said: tuple[Group, ...], room: int) -> list[_Page]:
    pages = [_Page()]
    for group in said:
        begun = False
        for line in group.lines:
            _place(pages, group, line, room, begun=begun)
            begun = True
    return pages


def _place(pages: list[_Page], group: Group, line: Line, room: int, *, begun: bool) -> None:
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


def _whole(group: Group, line: Line, *, begun: bool) -> str:
    return line.versions[0] if begun else _under(group.heads[0], line.versions[0])


def _shorter(heads: tuple[str, str, str], line: Line) -> Iterator[str]:
    """First without the notice's words; the bare head only where nothing else helps."""
    yield _under(heads[0], line.versions[0])
    for head, version in product(heads[1:], line.versions):
        yield _under(head, version)


def _under(head: str, text: str) -> str:
    return f"{head}\n{text}" if head else text


def _size(text: str) -> int:
    """In bytes, with the line break that goes before it."""
    return len(text.encode()) + 1
