"""数据曲线 as a workbook with charts, as graphs for papers and pages, and in words.

Tables give 元 to the 分; charts and graphs 万元 with two decimals, since axes hold no more.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from common.words import CENT, TEN_THOUSAND
from documents.writing.blocks import Graph, Series
from documents.writing.columns import Column
from documents.writing.layout import Chart, Leaf, TableSheet
from documents.writing.rows import Value
from policy.schema import Plan
from states.series import (
    FROM_PROVINCE,
    INVESTED,
    MATCHING,
    PROJECTS,
    RECEIVED,
    Course,
    PlaceCourses,
    YearCourses,
)

PLANNED, ACTUAL = "计划", "实际"
FORECAST = ("预测", "预测下限", "预测上限")
ARITHMETIC = (
    "计划按各项目时限（含批准的延期）逐月累计；预测按近{months}个月平均速度推算，"
    "上、下限按其中最快、最慢一个月推算；超过100%的如实列出。"
)
Shown = Callable[[Decimal | None], Decimal | None]
Line = tuple[str, tuple[Decimal | None, ...]]
"""What a row says, and its numbers by month."""


def curve_leaves(plan: Plan, made: YearCourses) -> tuple[Leaf, ...]:
    """The province's charts, one for each quantity, and the tables of all places."""
    title = f"{plan.name}数据曲线（截至{made.as_of}）"
    own = made.of(plan.province)
    return (
        *_charts(made, own, f"数据曲线　截至{made.as_of}"),
        _table("完成数", f"{title}——完成数", "单位：个", "0", list(_counts(made)), plan, made),
        _table("完成率", f"{title}——完成率", "单位：%", "0.0", list(_rates(made)), plan, made),
        _table("金额", f"{title}——金额", "单位：元", "#,##0.00", list(_sums(made)), plan, made),
    )


def graphs(plan: Plan, content: YearCourses, place: str) -> tuple[Graph, ...]:
    """完成情况, 资金到位 and 完成投资 of a place; one without any number yet is left out."""
    reached = _reached(content, content.of(place))
    return (*_drawable(reached), *money_graphs(content, place))


def money_graphs(content: YearCourses, place: str) -> tuple[Graph, ...]:
    """资金到位 and 完成投资 of a place with plan, forecast and band; see `graphs`."""
    own = content.of(place)
    return _drawable(_funds(content, own), _investment(content, own))


def counted_graphs(content: YearCourses, place: str) -> tuple[Graph, ...]:
    """Each count of a place with plan, forecast and band, in projects."""
    own = content.of(place)
    counted = [course for course in own.courses if course.unit == PROJECTS]
    return _drawable(
        *(_graph(content, item, f"{place}{item.label}项目数", ACTUAL, "个") for item in counted)
    )


def _drawable(*found: Graph) -> tuple[Graph, ...]:
    """Those that have any number yet."""
    return tuple(graph for graph in found if any(map(_known, graph.series)))


def outlook(content: YearCourses, course: Course) -> str:
    """What the year's end may bring, in one sentence; or why nothing is expected."""
    now, last = course.actual[content.latest], course.expected[-1]
    if now is None:
        return f"{course.label}尚无上报数据，暂不预测。"
    if content.latest == len(content.months) - 1:
        return f"截至{content.as_of}，{course.label}{amount(course, now)}{_of(course, now)}。"
    if _complete(content, course):
        done = "已全部完成" if course.unit == PROJECTS else "已足额"
        return f"{course.label}{done}（{amount(course, now)}）。"
    if last is None:
        return f"{course.label}{'只有一个月的数据' if now else '尚未开始'}，暂不预测。"
    return (
        f"按近{course.paced}个月的速度，预计年底{course.label}"
        f"{amount(course, last.middle)}{_of(course, last.middle)}"
        f"（区间{amount(course, last.low)}至{amount(course, last.high)}）。"
    )


def amount(course: Course, value: Decimal | None) -> str:
    """A number with its unit: 95个, 8,419.54万元; 未上报 where there is none."""
    if value is None:
        return "未上报"
    return f"{value:.0f}个" if course.unit == PROJECTS else f"{_wan(value):,.2f}万元"


def month_label(made: YearCourses, month: str) -> str:
    """6月; with its year where the plan runs over several."""
    alone = made.months[0][:4] == made.months[-1][:4]
    return f"{int(month[5:])}月" if alone else f"{month[:4]}年{int(month[5:])}月"


def _of(course: Course, value: Decimal) -> str:
    if not course.whole:
        return ""
    rate = (100 * value / course.whole).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return f"，占{amount(course, course.whole)}的{rate}%"


def _charts(made: YearCourses, own: PlaceCourses, footer: str) -> Iterator[Chart]:
    labels = [month_label(made, month) for month in made.months]
    counted = [course for course in own.courses if course.unit == PROJECTS]
    heads = ("月份", *(course.label for course in counted))
    rates = zip(labels, *(course.rates for course in counted), strict=True)
    yield Chart("完成情况", f"{own.place}完成情况（%）", "line", heads, list(rates), footer)
    for course in own.courses:
        lines = list(_lines(made, course, _scale(course), joined=True))
        rows = list(zip(labels, *(numbers for _, numbers in lines), strict=True))
        title = f"{own.place}{course.label}（{'个' if course.unit == PROJECTS else '万元'}）"
        heads = ("月份", *(name for name, _ in lines))
        yield Chart(course.label, title, "line", heads, rows, footer)


def _scale(course: Course) -> Shown:
    if course.unit == PROJECTS:
        return lambda value: value
    return lambda value: None if value is None else _wan(value)


def _wan(value: Decimal) -> Decimal:
    return (value / TEN_THOUSAND).quantize(CENT, ROUND_HALF_UP)


def _lines(
    made: YearCourses, course: Course, shown: Shown, *, joined: bool = False
) -> Iterator[Line]:
    """Planned, actual and expected, those that there are; `joined`: drawn on from the actual."""
    if course.planned:
        yield PLANNED, tuple(map(shown, course.planned))
    yield ACTUAL, tuple(map(shown, course.actual))
    if any(course.expected):
        parts = zip(FORECAST, ("middle", "low", "high"), strict=True)
        for name, part in parts:
            numbers = [None if it is None else getattr(it, part) for it in course.expected]
            if joined:
                numbers[made.latest] = course.actual[made.latest]
            yield name, tuple(map(shown, numbers))


def _counts(made: YearCourses) -> Iterator[tuple[Value, ...]]:
    yield from _rows(made, lambda course: course.unit == PROJECTS)


def _sums(made: YearCourses) -> Iterator[tuple[Value, ...]]:
    yield from _rows(made, lambda course: course.unit != PROJECTS)


def _rows(made: YearCourses, wanted: Callable[[Course], bool]) -> Iterator[tuple[Value, ...]]:
    for own in made.places:
        for course in filter(wanted, own.courses):
            for name, numbers in _lines(made, course, lambda value: value):
                yield own.place, course.label, name, *numbers


def _rates(made: YearCourses) -> Iterator[tuple[Value, ...]]:
    for own in made.places:
        for course in own.courses:
            yield own.place, course.label, ACTUAL, *course.rates


def _table(
    sheet: str,
    title: str,
    unit: str,
    format: str,
    rows: Sequence[Sequence[Value]],
    plan: Plan,
    made: YearCourses,
) -> TableSheet:
    width = 15 if "," in format else 8
    columns = [
        Column(month, month_label(made, month), month, width, format, centred=width <= 8)
        for month in made.months
    ]
    heads = (("place", "地区"), ("label", "指标"), ("line", "口径"))
    first = [Column(key, head, head, 13, centred=True) for key, head in heads]
    assert plan.curves is not None  # noqa: S101  # what is laid out was made from them
    return TableSheet(
        sheet,
        title,
        (*first, *columns),
        rows,
        note=ARITHMETIC.format(months=plan.curves.pace_months),
        unit=unit,
        size=9,
        filters=True,
        footer=f"数据曲线　截至{made.as_of}",
    )


def _reached(made: YearCourses, own: PlaceCourses) -> Graph:
    counted = [course for course in own.courses if course.unit == PROJECTS]
    series = tuple(Series(course.label, course.rates) for course in counted)
    return Graph(f"{own.place}项目完成情况", _categories(made), series, "%")


def _funds(made: YearCourses, own: PlaceCourses) -> Graph:
    """The whole with its plan and forecast, and its two parts."""
    whole = _graph(made, own.course(RECEIVED), f"{own.place}资金到位情况", "到位合计", "万元")
    parts = tuple(
        Series(course.label.removesuffix("到位"), _drawn(course.actual))
        for course in (own.course(FROM_PROVINCE), own.course(MATCHING))
    )
    after = sum(series.label != FORECAST[0] for series in whole.series)
    return replace(whole, series=(*whole.series[:after], *parts, *whole.series[after:]))


def _investment(made: YearCourses, own: PlaceCourses) -> Graph:
    return _graph(made, own.course(INVESTED), f"{own.place}完成投资情况", ACTUAL, "万元")


def _graph(made: YearCourses, course: Course, caption: str, actual: str, unit: str) -> Graph:
    """Plan, actual and forecast with its band; of what is complete nothing is forecast."""
    lines = dict(_lines(made, course, _scale(course), joined=True))
    if _complete(made, course):
        lines = {name: lines[name] for name in lines if name not in FORECAST}
    series = tuple(
        Series(actual if name == ACTUAL else name, lines[name], dashed=name != ACTUAL)
        for name in (PLANNED, ACTUAL, FORECAST[0])
        if name in lines
    )
    band = zip(*(lines[name] for name in FORECAST[1:]), strict=True) if FORECAST[1] in lines else ()
    pairs = (None if low is None or high is None else (low, high) for low, high in band)
    return Graph(caption, _categories(made), series, unit, tuple(pairs))


def _complete(made: YearCourses, course: Course) -> bool:
    """Whether nothing is left to come; investment has no end."""
    now = course.actual[made.latest]
    bound = course.key != INVESTED and course.whole and not course.unstated
    return bool(bound) and now is not None and now >= course.whole


def _categories(made: YearCourses) -> tuple[str, ...]:
    return tuple(month_label(made, month) for month in made.months)


def _drawn(numbers: Sequence[Decimal | None]) -> tuple[Decimal | None, ...]:
    return tuple(None if value is None else _wan(value) for value in numbers)


def _known(series: Series) -> bool:
    """Whether it says what is there, and not only what should be."""
    return not series.dashed and any(value is not None for value in series.values)
