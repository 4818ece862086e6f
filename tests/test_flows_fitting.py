"""Tables of pages are as wide as Prefect's UI shows them, and say what they said."""

import re

from hypothesis import given
from hypothesis import strategies as st

from common.table import DataColumn, DataTable, room
from flows.pages.fitting import CHARACTER, LINE, MARGINS, WIDEST, fitted
from flows.pages.markdown import printed

WORDS = st.text(st.sampled_from("选址建设资金，。（）、 A7-"), max_size=90)
COUNTS = st.integers(0, 10**7)


@given(st.lists(st.tuples(WORDS, *[WORDS | COUNTS] * 7), min_size=1, max_size=4), st.booleans())
def test_what_is_fitted_says_the_same_and_is_cut_nowhere(
    rows: list[tuple[str | int, ...]], led: bool
) -> None:
    columns = tuple(DataColumn(f"第{number}列") for number in range(8))
    made = DataTable("", columns, rows, None, ["XF-1"] * len(rows))
    text = "\n".join(("前文", "", *printed(made, {"XF-1": "/a/1"} if led else {}), "后文"))
    shown = fitted(text)
    assert _whole(shown) == _whole(text)
    for part in _tables(shown):
        widths = [max(map(_wide, column)) for column in zip(*part, strict=True)]
        assert sum(widths) + MARGINS * len(widths) <= WIDEST or len(widths) == 2


def test_a_long_name_is_broken_within_its_link_and_a_total_stays_bold() -> None:
    made = DataTable(
        "", (DataColumn("项目"),), [("示例三街道示例乙社区养老幸福工程",)], ("合计",), ["X"]
    )
    shown = fitted("\n".join(printed(made, {"X": "/a/1"})))
    assert "| [示例三街道示例乙](/a/1)<br>[社区养老幸福工程](/a/1) |" in shown
    assert "| **合计** |" in shown


def test_no_line_begins_with_what_ends_a_phrase_nor_breaks_a_number() -> None:
    said = "项目资金到位情况等，须于2023-05-31前办结；逾期62天（六(二)），D07、D08其后办理。"
    shown = fitted("\n".join(printed(DataTable("", (DataColumn("事项"),), [(said,)]), {})))
    lines = shown.split("\n")[2].strip("| ").split("<br>")
    assert "".join(lines) == said
    assert len(lines) == 5
    assert min(map(room, lines)) >= LINE / 2
    assert not any(line[0] in "，。；：、）" for line in lines)
    assert any("2023-05-31" in line for line in lines)


def _tables(text: str) -> list[list[list[str]]]:
    """Each table's cells, without the ruler below its head."""
    found = re.findall(r"(?:^\| .*\n)+", f"{text}\n", re.MULTILINE)
    split = [[line[2:-2].split(" | ") for line in table.splitlines()] for table in found]
    return [[table[0], *table[2:]] for table in split]


def _wide(cell: str) -> int:
    lines = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", cell).replace("*", "").split("<br>")
    assert all(room(line) <= LINE or " " not in line for line in lines)
    return CHARACTER * max(map(room, lines))


def _whole(text: str) -> list[list[str]]:
    """The rows with all their columns; blanks, at which a line may break, left out."""
    first, *others = _tables(text)
    joined = [sum((part[at][1:] for part in others), row) for at, row in enumerate(first)]
    return [[re.sub(r"\]\(/a/1\)<br>\[|<br>| ", "", cell) for cell in row] for row in joined]
