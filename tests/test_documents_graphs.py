"""Graphs as pictures: looked at point by point, with the font that comes with the product."""

from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from documents.papers.graphs import FONT, data_uri, pairs_sheet, png
from documents.writing.blocks import Graph, GraphPairs, Series
from tests.support.builders import plan

pytestmark = pytest.mark.heavy

ROOT = Path(__file__).parents[1]
BLACK, BLUE, ORANGE = (0, 0, 0), (11, 83, 148), (180, 95, 6)
"""The inks of the first three lines."""
SHADE = (201, 214, 227)
PNG = b"\x89PNG\r\n"


CATEGORIES = tuple(f"{month}月" for month in range(1, 13))


def line(label: str, *values: float | None, dashed: bool = False) -> Series:
    told = (None if value is None else Decimal(str(value)) for value in values)
    return Series(label, tuple(told), dashed)


def seen(graph: Graph) -> Image.Image:
    return Image.open(BytesIO(png(graph))).convert("RGB")


def places(picture: Image.Image, ink: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Where an ink stands below the legend, which takes an eighth of the height."""
    width, height = picture.size
    pixels = picture.load()
    assert pixels is not None
    below = range(height // 8, height)
    return [(x, y) for y in below for x in range(width) if pixels[x, y] == ink]


def level(picture: Image.Image, ink: tuple[int, int, int]) -> float:
    """The height at which a level line runs."""
    rows = [y for _, y in places(picture, ink)]
    return (min(rows) + max(rows)) / 2


LEVELS = Graph(
    "", ("3月", "4月", "5月"), (line("", None, None, None), line("", 0, 0, 0), line("", 60, 60, 60))
)


def test_a_picture_is_as_wide_as_the_type_area_at_200_dots_an_inch() -> None:
    picture = seen(LEVELS)
    assert picture.width == round(15.6 / 2.54 * 200)
    assert Image.open(BytesIO(png(LEVELS))).info["dpi"][0] == pytest.approx(200, abs=0.1)


@pytest.mark.heavy
@pytest.mark.parametrize("top", [90, 100, 130, 260])
def test_heights_are_in_proportion_from_nought_and_nothing_is_clipped(top: float) -> None:
    """Rates above 100 %, too: 60 lies where it has to between 0 and the highest."""
    nought, sixty, high = (line("", value, value, value) for value in (0, 60, top))
    blank = line("", None, None, None)
    picture = seen(replace(LEVELS, series=(blank, nought, high), unit="%"))
    bottom, ceiling = level(picture, BLUE), level(picture, ORANGE)
    middle = level(seen(replace(LEVELS, series=(blank, sixty, high), unit="%")), BLUE)
    assert (bottom - middle) / (bottom - ceiling) == pytest.approx(60 / top, abs=0.01)
    assert picture.height / 8 < ceiling
    # The axis, a black line at the left, ends at nought.
    across = Counter(x for x, _ in places(picture, BLACK))
    axis, _ = across.most_common(1)[0]
    assert max(y for x, y in places(picture, BLACK) if x == axis) == pytest.approx(bottom, abs=4)


def test_a_gap_stays_a_gap() -> None:
    whole = line("", 5, 5, 5, 5, 5)
    torn = replace(whole, values=(*whole.values[:2], None, *whole.values[3:]))
    blank = line("", *[None] * 5)
    months = tuple("12345")

    def columns(series: Series) -> set[int]:
        picture = seen(Graph("", months, (blank, series)))
        return {x for x, _ in places(picture, BLUE)}

    full, gapped = columns(whole), columns(torn)
    reach = max(full) - min(full)
    assert len(full) == reach + 1
    assert gapped < full
    assert len(full - gapped) == pytest.approx(reach / 2, rel=0.1), "both pieces at the gap"


def test_planned_lines_are_dashed_and_hollow() -> None:
    blank = line("", None, None, None)
    drawn = [
        len(places(seen(replace(LEVELS, series=(blank, line("", 5, 6, 7, dashed=way)))), BLUE))
        for way in (True, False)
    ]
    assert drawn[0] < 0.8 * drawn[1]


@pytest.mark.heavy
def test_a_band_is_shaded_between_its_bounds() -> None:
    bounds = (line("", None, None, None), line("", 20, 20, 20), line("", 60, 60, 60))
    graph = replace(LEVELS, series=bounds)
    assert not places(seen(graph), SHADE)
    picture = seen(replace(graph, band=((Decimal(20), Decimal(60)),) * 3))
    rows = [y for _, y in places(picture, SHADE)]
    # The bounds themselves are drawn over the rim of the shade.
    assert min(rows) == pytest.approx(level(picture, ORANGE), abs=8)
    assert max(rows) == pytest.approx(level(picture, BLUE), abs=8)


def test_the_band_of_a_single_month_is_seen() -> None:
    graph = replace(LEVELS, band=(None, None, (Decimal(20), Decimal(40))))
    assert places(seen(graph), SHADE)


@pytest.mark.heavy
@pytest.mark.parametrize("count", [1, 8])
def test_lines_are_told_apart_without_colours(count: int) -> None:
    """In grey, each line alone has another shape: its marks differ."""
    shapes = set()
    for number in range(count):
        blank = [line("", None)] * number
        picture = seen(Graph("", ("3月",), (*blank, line("", 1)))).convert("L")
        dark = picture.point([255 if shade < 190 else 0 for shade in range(256)])
        box = dark.crop((300, 100, picture.width - 300, 200))
        shapes.add(box.tobytes())
    assert len(shapes) == count


def test_equal_graphs_are_equal_bytes_without_a_date_or_a_program_in_them() -> None:
    assert png(LEVELS) == png(replace(LEVELS))
    assert png(LEVELS) != png(replace(LEVELS, unit="个"))
    assert set(Image.open(BytesIO(png(LEVELS))).info) <= {"dpi"}


def test_a_page_gets_a_smaller_picture() -> None:
    head, _, code = data_uri(LEVELS).partition(",")
    assert head == "data:image/png;base64"
    picture = Image.open(BytesIO(b64decode(code)))
    assert 500 < picture.width < 700


def test_small_graphs_have_room_for_their_figures() -> None:
    """Two by two on a page, with a legend of one, two and three rows above them."""
    year = [float(1077 * month) for month in range(1, 13)]
    band = tuple((Decimal(1), Decimal(2)) for _ in year)
    graphs = [
        Graph(f"图{n}", CATEGORIES, tuple(line(f"示例{k}", *year) for k in range(n)), "万元", band)
        for n in (1, 2, 3, 5)
    ]
    sheet = pairs_sheet(GraphPairs("甲", tuple(graphs)))
    canvas: Any = FigureCanvasAgg(sheet)
    canvas.draw()
    for place in sheet.subfigs:
        boxes = [label.get_window_extent() for label in place.axes[0].get_yticklabels()]
        assert len(boxes) > 1
        assert all(low.y1 <= high.y0 for low, high in pairwise(boxes))


def test_nothing_to_show_is_said() -> None:
    empty = Graph("", (), ())
    assert png(empty) != png(Graph("", ("3月",), (line("", 1),)))
    png(Graph("", ("3月",), (line("开工", None),), "%", (None,)))


# --- texts ----------------------------------------------------------------------------------------


def labelled(label: str) -> bytes:
    return png(Graph("", ("3月",), (line(label, 1),)))


@pytest.mark.parametrize("sign", ["𠮷", "\x00", "\x07", "😀", "ༀ", "\u200b", "\ufeff", "\ue000"])
def test_a_sign_that_the_font_lacks_is_shown_as_a_printers_blank(sign: str) -> None:
    assert labelled(f"示例{sign}某") == labelled("示例〓某")
    assert labelled("示例〓某") != labelled("示例某")


@pytest.mark.parametrize(
    "label", ["_开工", "$x$", r"$\frac{$", "$", "\\", "%", "{0}", "甲\n乙", ""]
)
def test_a_label_is_shown_as_it_is(label: str) -> None:
    """Matplotlib leaves `_` out of legends and takes what stands between two `$` for a formula."""
    assert labelled(label) != labelled("另一个")
    png(Graph(label, (label, label), (line(label, 1, 2),), label))


@pytest.mark.heavy
@settings(max_examples=20, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=12))
def test_no_text_makes_a_graph_fail(label: str, category: str, unit: str) -> None:
    drawn = png(Graph(label, (category,), (line(label, 1),), unit), dpi=50)
    assert drawn.startswith(PNG)


VALUES = st.none() | st.decimals(0, 10**9, places=2)


@pytest.mark.heavy
@settings(max_examples=20, deadline=None)
@given(st.lists(st.lists(VALUES, min_size=3, max_size=3), max_size=9))
def test_no_figures_make_a_graph_fail(rows: Sequence[Sequence[Decimal | None]]) -> None:
    series = tuple(Series(f"甲{n}", tuple(row)) for n, row in enumerate(rows))
    assert png(Graph("", ("3月", "4月", "5月"), series), dpi=50).startswith(PNG)


def test_the_font_is_small_and_knows_gb_2312_and_the_names_of_the_plan() -> None:
    known = set(map(chr, TTFont(FONT).getBestCmap()))
    assert FONT.stat().st_size < 4_000_000
    assert "OPEN FONT LICENSE" in FONT.with_name("OFL.txt").read_text(encoding="utf-8")
    hanzi = [bytes((0xB0 + n // 94, 0xA1 + n % 94)) for n in range(72 * 94)]
    level_2 = {pair.decode("gb2312", errors="ignore") for pair in hanzi} - {""}
    assert len(level_2) == 6763
    assert level_2 <= known
    notice = (ROOT / "policy/plans/shanxi-2023/notice.txt").read_text(encoding="utf-8")
    cities = plan().cities
    names = [city.name + "".join(county.name for county in city.counties) for city in cities]
    assert set("".join("".join([notice, plan().name, *names]).split())) <= known
