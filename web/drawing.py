"""Pictures as numbers for inline SVG: stacked bars and curves. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from operations.views.overview import CityBoard
from states.series import YUAN, Course

SHADES = ("#dbe7f3", "#bcd3ea", "#97bbde", "#6fa0cf", "#4a84bd", "#2f689f", "#1d4e7d", "#10385c")
"""From the first stage to the last; each has its number in it or beside it."""
DARK = 4
"""From this one on, words upon it are white."""
ROW, BAR, LEFT, WIDE = 30, 20, 90, 620
HIGH, FLOOR, EDGE, BROAD = 190, 24, 56, 520
TENTHS = Decimal(10) ** 4
MANY = 1000 * TENTHS


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a bar."""

    x: float
    y: int
    width: float
    fill: str
    ink: str
    count: int
    label: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Places as bars, each with its projects by stage."""

    height: int
    names: tuple[tuple[str, int], ...]
    segments: tuple[Segment, ...]
    legend: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class CurvePicture:
    """One course as lines over the year."""

    title: str
    desc: str
    unit: str
    actual: str
    planned: str
    expected: str
    marks: tuple[tuple[float, float], ...]
    """Where each known month is."""
    ticks: tuple[tuple[float, str], ...]
    """Months below."""
    levels: tuple[tuple[float, str], ...]
    """Amounts at the left."""
    rows: tuple[tuple[str, str, str, str], ...]
    """The same numbers as a table: month, actual, planned, expected."""


def bars(rows: Sequence[CityBoard], stages: Sequence[str]) -> Bars:
    """The stages of some places as one picture."""
    most = max((row.projects for row in rows), default=0) or 1
    shades = tuple(SHADES[n * len(SHADES) // max(len(stages), 1)] for n in range(len(stages)))

    def parts() -> Iterator[Segment]:
        for line, row in enumerate(rows):
            x = float(LEFT)
            for n, count in enumerate(row.by_stage):
                width = count * (WIDE - LEFT) / most
                ink = "#ffffff" if SHADES.index(shades[n]) >= DARK else "#1f2933"
                if count:
                    said = f"{row.city}{stages[n]}{count}个"
                    yield Segment(
                        round(x, 1), line * ROW, round(width, 1), shades[n], ink, count, said
                    )
                x += width

    names = tuple((row.city, line * ROW) for line, row in enumerate(rows))
    return Bars(len(rows) * ROW, names, tuple(parts()), tuple(zip(stages, shades, strict=True)))


def curve(course: Course, months: Sequence[str]) -> CurvePicture:
    """A course as a picture, and its numbers."""
    expected = [each.middle if each else None for each in course.expected]
    drawn = [*course.actual, *course.planned, *expected]
    top = max((each for each in drawn if each is not None), default=Decimal(0)) or Decimal(1)

    def at(month: int, value: Decimal) -> tuple[float, float]:
        x = EDGE + month * (BROAD - EDGE - 22) / max(len(months) - 1, 1)
        return round(x, 1), round(10 + float(1 - value / top) * (HIGH - FLOOR - 10), 1)

    def line(values: Sequence[Decimal | None]) -> str:
        points = (at(n, each) for n, each in enumerate(values) if each is not None)
        return " ".join(f"{x},{y}" for x, y in points)

    def said(level: Decimal) -> str:
        """Without a decimal where there is no room for it."""
        whole = course.unit == YUAN and top >= MANY
        return f"{level / TENTHS:,.0f}" if whole else _said(course, level)

    last = max((n for n, each in enumerate(course.actual) if each is not None), default=None)
    ahead: list[Decimal | None] = list(expected)
    if last is not None and last < len(ahead):
        ahead[last] = course.actual[last]  # it goes on from where things stand
    planned: Sequence[Decimal | None] = course.planned or [None] * len(months)
    return CurvePicture(
        title=course.label,
        desc=_desc(course, months, last),
        unit="万元" if course.unit == YUAN else course.unit,
        actual=line(course.actual),
        planned=line(planned),
        expected=line(ahead) if any(expected) else "",
        marks=tuple(at(n, each) for n, each in enumerate(course.actual) if each is not None),
        ticks=tuple((at(n, Decimal(0))[0], f"{int(m[5:])}月") for n, m in enumerate(months)),
        levels=tuple((at(0, each)[1], said(each)) for each in (Decimal(0), top / 2, top)),
        rows=tuple(
            (month, *(_said(course, each) for each in values))  # type: ignore[misc]  # three of them
            for month, *values in zip(months, course.actual, planned, expected, strict=True)
        ),
    )


def _desc(course: Course, months: Sequence[str], last: int | None) -> str:
    if last is None:
        return "尚无数据"
    now = f"截至{months[last]}实际{_said(course, course.actual[last])}"
    plan = f"，计划{_said(course, course.planned[last])}" if course.planned else ""
    return f"{now}{plan}"


def _said(course: Course, value: Decimal | None) -> str:
    if value is None:
        return "—"
    return f"{value / TENTHS:,.1f}" if course.unit == YUAN else f"{value:.0f}"
