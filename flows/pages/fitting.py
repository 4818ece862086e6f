"""Tables as wide as Prefect's UI shows them: it breaks no line in a cell, and cuts wide tables.

What a row is about stands in its first column.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby

from common.table import room

LINE = 20
"""Half-width characters of a line in a cell: two such cells are what a telephone shows."""
CHARACTER, MARGINS = 7, 24
"""Pixels of a half-width character, and beside each cell."""
WIDEST = 715
"""Pixels that the UI leaves to a page in a window of 1,024; in one of 1,440 it leaves 860."""
WORD = re.compile(r"[（《“〔]*(?:[!-~]+|[^!-~])[，。；：、！）》”〕]*")
"""What is not broken: words and numbers, with the marks that may begin or end no line."""
LINK = re.compile(r"(?P<before>\[)(?P<said>[^\]]*)(?P<after>\]\([^)]*\))")
STRONG = re.compile(r"(?P<before>\*\*)(?P<said>[^*]*)(?P<after>\*\*)")


def fitted(text: str) -> str:
    """The page with its tables' long cells broken, and with tables that are too wide in parts."""
    shown: list[str] = []
    for is_table, group in groupby(text.split("\n"), key=lambda line: line.startswith("| ")):
        lines = list(group)
        shown.extend(_parts(lines) if is_table else lines)
    return "\n".join(shown)


def _parts(lines: Sequence[str]) -> Iterator[str]:
    rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in lines]
    broken = [rows[0], rows[1], *([_broken(cell) for cell in row] for row in rows[2:])]
    widths = [
        MARGINS + CHARACTER * max(map(_room, column))
        for column in zip(*(broken[:1] + broken[2:]), strict=True)
    ]
    for number, part in enumerate(_split(widths)):
        yield from [""] * (number > 0)
        yield from (f"| {' | '.join(row[at] for at in part)} |" for row in broken)


def _split(widths: Sequence[int]) -> Iterator[list[int]]:
    """The columns of each part, of which the first is always the same."""
    part = [0]
    for at in range(1, len(widths)):
        if len(part) > 1 and sum(widths[each] for each in (*part, at)) > WIDEST:
            yield part
            part = [0]
        part.append(at)
    yield part


def _broken(cell: str) -> str:
    """In lines of about the same length; each line of a link leads where the link does."""
    marked = LINK.fullmatch(cell) or STRONG.fullmatch(cell)
    if marked is None:
        return cell if LINK.search(cell) else "<br>".join(_lines(cell))
    before, said, after = marked.groups()
    return "<br>".join(f"{before}{line}{after}" for line in _lines(said))


def _lines(text: str) -> list[str]:
    """As few as there can be, the longest as short as can be then."""
    few = _filled(text, LINE)
    tried = (_filled(text, most) for most in range(room(text) // len(few), LINE))
    return next((lines for lines in tried if len(lines) == len(few)), few)


def _filled(text: str, most: int) -> list[str]:
    lines = [""]
    for word in WORD.findall(text):
        if lines[-1] and room(lines[-1]) + room(word) > most:
            lines.append("")
        lines[-1] += word
    return [line.strip() for line in lines]


def _room(cell: str) -> int:
    """Of a cell's longest line, as it is shown."""
    shown = LINK.sub(r"\g<said>", cell).replace("**", "")
    return max(map(room, shown.split("<br>")))
