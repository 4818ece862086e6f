"""Markdown in which what people typed stays text, and tells no telephone number or address."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from common.table import DataTable
from common.words import without_numbers
from models.settings import ENTRANCE_PAGE, entrance
from policy.schema import Plan

Links = Mapping[str, str]
"""Per subject's code, where its page is; who has none is named without a link."""

MARKS = "\\`*~[]<>&|@"
LOOKALIKES = {ord(mark): chr(ord(mark) + 0xFEE0) for mark in MARKS}
"""Full-width in the place of what Markdown or HTML would read. A backslash before it would be shown
in the text of links, which the UI does not read as Markdown."""
EDGE = re.compile(r"(?<![^\W_])_|_(?![^\W_])")
"""Underscores that may set words off; within a word, as in a file's name, they say nothing."""
ENDS = re.compile(r"^([#=+-]|\d+[.)](?=\s|$))|#+$")
"""What makes headings and lists at the beginning of a line, or closes a heading at its end. A sum
such as 1152.28 is no list."""
WEB = re.compile(r"(?i)(://|\bwww\.)")
ADDRESS = re.compile(r"\w+://[!-~]+|[\w.+-]+@[\w.-]+", re.ASCII)
HIDDEN = "****"


@dataclass(frozen=True, slots=True)
class Page:
    """One artifact."""

    name: str
    """Its key, without the plan's id: lower-case letters, digits and dashes."""
    title: str
    description: str
    text: str
    waits: str = ""
    """What on it waits for a person, in a few words; empty: nothing."""


def page(
    plan: Plan,
    name: str,
    title: str,
    as_of: date,
    lines: Iterable[str],
    waits: str = "",
) -> Page:
    """A page that says which plan it is about, and as of which day.

    It leads back to the page of the day.

    A line that itself ends in a line break has an empty one below it, as ends a paragraph.
    """
    head = f"# {plain(plan.name)} {title}"
    since = f"截至 **{as_of}**，依据{plain(plan.notice.number)}（方案 {plan.id}）"
    back = () if name == ENTRANCE_PAGE else (f"[返回今日情况]({entrance(plan.id)})\n",)
    text = "\n".join((head, since, "", *back, *lines))
    return Page(name, title, f"{title}（截至 {as_of}）", f"{text.rstrip()}\n", waits)


def plain(text: object) -> str:
    """A text as one line that Markdown shows as it is; its marks become full-width.

    Whatever it is, no telephone or identity number leaves in it.
    """
    line = without_numbers(_line(text)).translate(LOOKALIKES)
    for marks in (EDGE, WEB, ENDS):
        line = marks.sub(_wide, line)
    return line


def private(text: object) -> str:
    """As `plain`, with all addresses hidden, too."""
    return plain(ADDRESS.sub(HIDDEN, _line(text)))


def link(text: object, target: str | None) -> str:
    """The text, which leads somewhere where there is a target."""
    return f"[{plain(text)}]({target})" if target else plain(text)


def table(head: Mapping[str, str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """A table and an empty line. `head`: each column's heading and its ruler (``---:``: right).

    Cells must be Markdown already: see `plain`, `private` and `link`.
    """
    yield _row([*head])
    yield _row([*head.values()])
    yield from (_row(row) for row in rows)
    yield ""


def printed(shown: DataTable, links: Links, most: int | None = None) -> Iterator[str]:
    """A table without its title, at most so many of its rows, and an empty line.

    What a row is about leads to its page, where there is one.
    """
    kinds = [column.kind for column in shown.columns]
    rows = [
        [
            (plain(cell) if kind == "text" else cell) or "—"
            for kind, cell in zip(kinds, row, strict=True)
        ]
        for row in shown.texts()
    ]
    for row, subject in zip(rows, shown.subjects, strict=False):
        row[shown.named] = link(row[shown.named], links.get(subject))
    if shown.total is not None:
        rows[-1] = [f"**{cell}**" for cell in rows[-1]]
    head = {column.title: "---:" if column.right else "---" for column in shown.columns}
    yield from table(head, rows[:most])


def left_out(count: int, what: str) -> Iterator[str]:
    """What a list does not show because it would be too long."""
    if count > 0:
        yield f"另有{count}{what}未列出。\n"


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _line(text: object) -> str:
    return " ".join("".join(map(_visible, str(text))).split())


def _visible(char: str) -> str:
    category = unicodedata.category(char)
    if category in ("Cf", "Cs"):
        return ""  # marks that hide or turn round what follows
    return " " if category == "Cc" else char


def _wide(found: re.Match[str]) -> str:
    return "".join(chr(ord(c) + 0xFEE0) if not c.isalnum() else c for c in found[0])
