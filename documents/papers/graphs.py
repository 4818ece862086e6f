"""Line graphs as pictures, for papers and pages; every text in a font that comes with the product.

Matplotlib takes half a second to import: import this module where a graph is drawn.
"""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from io import BytesIO
from math import ceil, nan
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure, FigureBase
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import MaxNLocator

from documents.writing.blocks import Graph, GraphPairs, Series

WIDTH_CM, HEIGHT_CM = 15.6, 8.6
"""As wide as the type area of a paper."""
ROW_CM = 4.2
"""How high two graphs are that stand beside one another."""
PRINT_DPI, SCREEN_DPI = 200, 96
FONT = Path(__file__).parents[1] / "fonts" / "NotoSansSC-subset.otf"
POINTS = 9.0
"""小五."""
UNKNOWN = "〓"
"""What printers set for a sign that they do not have."""
INKS = ("#000000", "#0B5394", "#B45F06", "#38761D", "#741B47", "#7F6000", "#45818E", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
"""In grey, lines are told apart by their marks."""
BAND = "#C9D6E3"
BAND_LABEL = "预计区间"
LEGEND_EMS = 44
"""So many full-width signs of 9 points stand beside one another in a graph."""
MARKS, MARKS_OF_A_PAIR = 6, 5
"""Into how many parts the height of a graph is divided at most; of one of a pair by as many less as
its legend has rows, so that the figures beside it have room."""
LONGEST = 20
"""Signs of a label; a longer one is cut."""


def png(graph: Graph, dpi: int = PRINT_DPI) -> bytes:
    """The graph as PNG, 15.6 cm wide; byte for byte the same for the same graph.

    The y axis begins at 0 and ends above the greatest value, 100 % or not. The caption is left to
    whoever shows the picture. Signs that the font lacks stand as 〓.
    """
    figure = _sheet(HEIGHT_CM, dpi)
    _draw(figure, graph, LEGEND_EMS)
    return _picture(figure)


def png_of_pairs(pairs: GraphPairs, dpi: int = PRINT_DPI) -> bytes:
    """The graphs two by two, each with its caption; as `png`."""
    return _picture(pairs_sheet(pairs, dpi))


def pairs_sheet(pairs: GraphPairs, dpi: int = PRINT_DPI) -> Figure:
    """What `png_of_pairs` makes a picture of."""
    rows = ceil(len(pairs.graphs) / 2)
    figure = _sheet(ROW_CM * rows, dpi)
    places = figure.subfigures(rows, 2, squeeze=False).flat
    for place, graph in zip(places, pairs.graphs, strict=False):
        _draw(place, graph, LEGEND_EMS // 2)
        _write(place.supxlabel(""), graph.caption)
    return figure


def _sheet(height_cm: float, dpi: int) -> Figure:
    return Figure(figsize=(WIDTH_CM / 2.54, height_cm / 2.54), dpi=dpi, layout="constrained")


def _draw(place: FigureBase, graph: Graph, ems: int) -> None:
    """`ems`: how many full-width signs stand beside one another in it."""
    axes = place.add_subplot()
    _band(axes, graph)
    for number, series in enumerate(graph.series):
        axes.add_line(_line(series, number))
    labels = _labels(graph)
    columns = _columns(labels, ems)
    rows = ceil(len(labels) / columns)
    _scale(axes, graph, MARKS if ems == LEGEND_EMS else max(MARKS_OF_A_PAIR - rows, 1))
    _frame(axes, graph, ems)
    _name(place, graph, labels, columns)


def _picture(figure: Figure) -> bytes:
    picture = BytesIO()
    # Not by `savefig`, which draws every figure twice for the sake of its layout.
    canvas: Any = FigureCanvasAgg(figure)
    canvas.print_png(picture, metadata={"Software": None})
    return picture.getvalue()


def data_uri(graph: Graph) -> str:
    """The graph as the address of an image, for pages: smaller than on paper."""
    return _uri(replace(graph, caption=""))  # which is not in the picture


@lru_cache(maxsize=64)  # a city in which nothing moves has the same graph month after month
def _uri(graph: Graph) -> str:
    return "data:image/png;base64," + b64encode(png(graph, SCREEN_DPI)).decode()


def _line(series: Series, number: int) -> Line2D:
    values = [nan if value is None else float(value) for value in series.values]
    return Line2D(
        range(len(values)),
        values,
        color=INKS[number % len(INKS)],
        marker=MARKERS[number % len(MARKERS)],
        linestyle=(0, (4, 2)) if series.dashed else "-",
        markerfacecolor="white" if series.dashed else INKS[number % len(INKS)],
        linewidth=1.3,
        markersize=4.5,
        clip_on=False,
        zorder=3,
    )


def _band(axes: Axes, graph: Graph) -> None:
    """A shaded area; where it covers one month only, a bar."""
    for start, stop in _runs([pair is not None for pair in graph.band]):
        pairs = [pair for pair in graph.band[start:stop] if pair is not None]
        low, high = ([float(value) for value in side] for side in zip(*pairs, strict=True))
        if stop - start == 1:
            axes.vlines(start, low, high, colors=BAND, linewidth=7, zorder=1)
        else:
            axes.fill_between(range(start, stop), low, high, color=BAND, linewidth=0, zorder=1)


def _runs(there: Sequence[bool]) -> Iterator[tuple[int, int]]:
    """Where unbroken runs begin and end."""
    start = None
    for place, one in enumerate([*there, False]):
        if one and start is None:
            start = place
        elif not one and start is not None:
            yield start, place
            start = None


def _scale(axes: Axes, graph: Graph, most: int) -> None:
    """`most`: into how many parts the height may be divided."""
    values = [value for series in graph.series for value in series.values if value is not None]
    values += [value for pair in graph.band if pair is not None for value in pair]
    top, bottom = float(max(values, default=0)), float(min(values, default=0))
    axes.set_ylim(min(bottom, 0) * 1.08, top * 1.08 if top > 0 else 1)
    axes.set_xlim(-0.4, max(len(graph.categories), 1) - 0.6)
    whole = all(value == value.to_integral_value() for value in values)
    steps = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10], integer=whole).tick_values(*axes.get_ylim())
    marks = [float(mark) for mark in steps if axes.get_ylim()[0] <= mark <= axes.get_ylim()[1]]
    axes.set_yticks(marks, [_figure(mark) for mark in marks], fontproperties=_font())
    if graph.unit == "%" and top >= 100:
        axes.axhline(100, color="#808080", linewidth=0.8, linestyle=":", zorder=2)
    if not values:
        _write(axes.text(0.5, 0.5, "", ha="center", transform=axes.transAxes), "暂无数据")


def _figure(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _frame(axes: Axes, graph: Graph, ems: int) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="y", color="#D9D9D9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.tick_params(length=3, width=0.6, color="#808080")
    shown = range(0, len(graph.categories), _step(graph.categories, ems))
    names = [_printable(graph.categories[place]) for place in shown]
    axes.set_xticks(shown, names, parse_math=False, fontproperties=_font())
    if graph.unit:
        above = (-0.02, 1.02)
        _write(axes.text(*above, "", transform=axes.transAxes), f"单位：{graph.unit}")


def _step(categories: Sequence[str], ems: int) -> int:
    """Every how many categories are named, so that their names do not run into one another."""
    longest = max((_ems(name) for name in categories), default=0)
    return max(1, ceil(longest * 1.2 * len(categories) / ems))


def _labels(graph: Graph) -> list[str]:
    """Of the legend: one a series, and one for the band."""
    banded = any(pair is not None for pair in graph.band)
    return [*(series.label for series in graph.series), *([BAND_LABEL] if banded else [])]


def _columns(labels: Sequence[str], ems: int) -> int:
    """How many entries of the legend stand beside one another."""
    widest = max((_ems(_printable(label)) for label in labels), default=0)
    return max(1, min(len(labels), int(ems / (widest + 4))))


def _name(place: FigureBase, graph: Graph, labels: Sequence[str], columns: int) -> None:
    """The legend above the graph."""
    handles: list[Line2D | Patch] = [_line(series, n) for n, series in enumerate(graph.series)]
    if not labels:
        return
    handles += [Patch(color=BAND)] * (len(labels) - len(handles))
    legend = place.legend(
        handles,
        ["-"] * len(handles),  # given here, one that begins with _ would be left out
        loc="outside upper center",
        ncols=columns,
        frameon=False,
        handlelength=2.8,
        prop=_font(),
    )
    for text, label in zip(legend.get_texts(), labels, strict=True):
        _write(text, label)


def _write(text: Text, words: str) -> None:
    """Set a text as it is: `$` begins no formula."""
    text.set_parse_math(False)
    text.set_fontproperties(_font())
    text.set_text(_printable(words))


def _printable(words: str) -> str:
    known = _known()
    one = " ".join(words.split())
    shown = "".join(sign if ord(sign) in known else UNKNOWN for sign in one)
    return shown if len(shown) <= LONGEST else shown[: LONGEST - 1] + "…"


def _ems(words: str) -> float:
    return sum(0.6 if sign.isascii() else 1.0 for sign in words)


@cache
def _font() -> FontProperties:
    return FontProperties(fname=FONT, size=POINTS)


@cache
def _known() -> frozenset[int]:
    return frozenset(FT2Font(str(FONT)).get_charmap())
