"""HTML of a mail as lines of text. Deep nesting costs nothing: no tree is built."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import NamedTuple

from documents.reading.mails.characters import words

BLOCKS = words("""
    address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4
    h5 h6 header hr li main ol p pre section table tbody tfoot thead tr ul
""")
SILENT = frozenset(("head", "script", "style", "title", "template", "noscript"))
NESTING = frozenset(("blockquote", "div"))
"""What mail programs wrap a quotation in."""
SPACE = re.compile(r"[ \t\r\n\f]+")


class MailLine(NamedTuple):
    """A line of a mail's text."""

    text: str
    quoted: bool = False
    """Whether the mail's HTML says that it is quoted."""


def web_lines(markup: str) -> tuple[MailLine, ...]:
    """What HTML shows, line by line; what it says is quoted is marked so."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    reader.end_line()
    return tuple(reader.lines)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[MailLine] = []
        self._words: list[str] = []
        self._silent = 0
        self._nested: list[tuple[str, bool]] = []
        self._pre = 0

    def end_line(self) -> None:
        text = "".join(self._words).replace("\xa0", " ")
        self._words.clear()
        quoted = any(quoting for _, quoting in self._nested)
        for line in text.split("\n") if self._pre else [SPACE.sub(" ", text).strip()]:
            self.lines.append(MailLine(line.rstrip(), quoted))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in SILENT:
            self._silent += 1
        if tag == "br" or tag in BLOCKS:
            self._break(always=tag == "br")
        if tag in ("td", "th"):
            self._words.append(" ")
        if tag in NESTING:
            self._nested.append((tag, _quotes(tag, dict(attrs))))
        self._pre += tag == "pre"

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "hr"):
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self._silent = max(0, self._silent - 1)
        if tag in BLOCKS:
            self._break(always=False)
        if tag in NESTING:
            self._leave(tag)
        if tag == "pre":
            self._pre = max(0, self._pre - 1)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)

    def _break(self, *, always: bool) -> None:
        if always or "".join(self._words).strip():
            self.end_line()

    def _leave(self, tag: str) -> None:
        if any(open_tag == tag for open_tag, _ in self._nested[-50:]):
            while self._nested.pop()[0] != tag:
                pass


def _quotes(tag: str, given: dict[str, str | None]) -> bool:
    """Apple, 网易 and Gmail say what is quoted; Outlook, Foxmail and QQ mail do not."""
    kind, id = (given.get("type") or "").lower(), (given.get("id") or "").lower()
    named = (given.get("class") or "").lower().split()
    if tag == "blockquote":
        return kind == "cite" or id == "isreplycontent" or "gmail_quote" in named
    return "gmail_quote" in named


def without_entities(text: str) -> str:
    """Plain text of QQ mail, in which some of the HTML's entities were left."""
    return unescape(text).replace("\xa0", " ")
