"""What Outlook packs into ``winmail.dat`` (TNEF): the text and the files. Nothing raises.

A list of attributes: where it belongs, what it is, how long, its bytes, a checksum, which some
writers get wrong and which is not looked at. A cut one gives what came before the cut.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from documents.reading.mails.characters import text_of
from documents.reading.mails.web import MailLine

SIGNATURE = bytes.fromhex("789f3e22")
CODE_PAGE, BODY = 0x00069007, 0x0002800C
NEXT_FILE, TITLE, CONTENT = 0x00069002, 0x00018010, 0x0006800F
MOST_ATTRIBUTES = 5_000
CODE_PAGES = {936: "gbk", 54936: "gb18030", 65001: "utf-8", 950: "big5", 1252: "windows-1252"}


class PackedFile(NamedTuple):
    """A file within it."""

    name: str
    content: bytes


class PackedMail(NamedTuple):
    """What was found in it."""

    lines: tuple[MailLine, ...]
    files: tuple[PackedFile, ...]
    whole: bool
    """False where it is cut short or damaged, or no such file at all."""


def unpacked(data: bytes) -> PackedMail:
    """The text and the files of a ``winmail.dat``."""
    charset, body, whole = "gbk", b"", data.startswith(SIGNATURE)
    titles: list[bytes] = []
    contents: list[bytes] = []
    for id, value in _attributes(data) if whole else ():
        if id == CODE_PAGE and len(value) >= 4:
            charset = CODE_PAGES.get(struct.unpack_from("<I", value)[0], charset)
        elif id == BODY:
            body = value
        elif id == NEXT_FILE:
            titles.append(b"")
            contents.append(b"")
        elif id == TITLE and titles:
            titles[-1] = value
        elif id == CONTENT and contents:
            contents[-1] = value
        elif id == 0:
            whole = False
    text = text_of(body.rstrip(b"\0"), charset)
    files = (
        PackedFile(text_of(title.rstrip(b"\0"), charset), content)
        for title, content in zip(titles, contents, strict=True)
    )
    lines = tuple(MailLine(line) for line in text.split("\n")) if text.strip() else ()
    return PackedMail(lines, tuple(files), whole)


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Each with its number; 0 at last where it does not end as it should."""
    at = len(SIGNATURE) + 2
    for _ in range(MOST_ATTRIBUTES):
        if at == len(data):
            return
        if at + 9 > len(data):
            break
        _, id, size = struct.unpack_from("<BII", data, at)
        if at + 11 + size > len(data):
            break
        yield id, data[at + 9 : at + 9 + size]
        at += 11 + size
    yield 0, b""
