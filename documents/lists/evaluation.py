"""绩效评估 as workbooks: the province's, and one for each city's own evaluation of its counties."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from common.words import for_paper, long_date, month_name, quarter_name, short_date
from documents.writing.columns import DAY, Column
from documents.writing.layout import Leaf, TableSheet, worded
from documents.writing.rows import Value
from policy.evaluation import IndicatorStatus, Place, PointKind
from policy.schema import Plan
from states.measures import IndicatorCase
from states.scoring import (
    IndicatorScore,
    MonthEvaluation,
    MonthScore,
    Score,
    Standard,
)

POINTS = "0.00"
NONE = "—"
A_LINE = 2
"""Cases that are in order are listed so many a line: no program then breaks a line in a code."""
OF_CITY, OF_COUNTY = "市", "县（市、区）"
WHOSE: Mapping[Place, str] = {"city": "市", "county": "县"}
LEADER, LAGGARD, UNRANKED = "先进", "需改进", "不参加排名"
OF_TABLE = "评分标准为建议值，版本 {version}"
DUE = "只评已到期的指标；得分率＝得分÷可得分，最高100%，加分另列"
LEADING = "名次在前而有到期未完成事项的市，不列为先进"
QUARTER = "季度得分为季末得分，各月得分并列供参考"
FOR_CITIES = "供{bureau}本季评估使用，不另行填报"
NO_LOSS, NO_PROJECT = "没有可评的事项，不扣分", "没有项目，不得分"
TITLES = {IndicatorStatus.NOT_DUE: "尚未到期", IndicatorStatus.NOTHING: "本月没有可评的事项"}


def evaluation_leaves(plan: Plan, made: MonthEvaluation) -> tuple[Leaf, ...]:
    """A month's scores with their evidence; of a quarter's last month also the quarter's."""
    month = month_name(made.period)
    title = f"{plan.name}绩效评估（{month}）"
    leading = f"{DUE}；{plan.said(LEADING)}"
    return worded(
        plan,
        (
            _ranking("市排名", f"{title}{plan.said('——市排名')}", made, leading),
            *((_quarter(plan.name, made, made.cities),) if made.quarter else ()),
            _details("市得分明细", f"{title}{plan.said('——市得分明细')}", made, made.cities),
            _counties("县得分", f"{title}{plan.said('——县（市、区）得分')}", made, made.counties),
            _standards(plan, f"{title}——评分标准", made, ("city", "county")),
            *((_targets(title, made),) if made.targets else ()),
        ),
    )


def county_leaves(plan: Plan, made: MonthEvaluation, city: str) -> tuple[Leaf, ...]:
    """What a city needs for its own quarterly evaluation (市县绩效评估) of its counties."""
    note = FOR_CITIES.format(bureau=plan.city_bureau)
    own = tuple(score for score in made.counties if score.city == city)
    title = f"{plan.name}绩效评估（{city}，{quarter_name(made.quarter)}）"
    return worded(
        plan,
        (
            _counties("县得分", f"{title}{plan.said('——县（市、区）得分')}", made, own, note),
            _quarter(plan.name, made, own, note),
            _details("县得分明细", f"{title}——得分明细", made, own, note),
            _standards(plan, f"{title}——评分标准", made, ("county",), note),
        ),
    )


# --- sheets ---------------------------------------------------------------------------------------


def _ranking(sheet: str, title: str, made: MonthEvaluation, note: str) -> TableSheet:
    """The cities by place, who leads and who has to improve, and what would help (R32)."""
    columns = (
        PLACE,
        _column("city", OF_CITY, 9),
        *SUMS,
        _column("undone", "到期未完\n成（项）", 9, "0"),
        _column("named", "评价", 11),
        _column("advice", "改进建议", 60),
    )
    rows = [
        (
            score.place,
            score.city,
            *_sums(score),
            _or_none(score.undone),
            _named(made, score),
            _advice(score),
        )
        for score in made.cities
    ]
    return _page(sheet, title, columns, rows, made, note)


def _counties(
    sheet: str, title: str, made: MonthEvaluation, scores: Sequence[Score], note: str = DUE
) -> TableSheet:
    columns = (
        CITY,
        _column("place", "市内\n名次", 7, "0"),
        COUNTY,
        *SUMS,
        _column("advice", "改进建议", 62),
    )
    rows = [
        (score.city, score.place, score.county, *_sums(score), _advice(score)) for score in scores
    ]
    return _page(sheet, title, columns, rows, made, note)


def _details(
    sheet: str, title: str, made: MonthEvaluation, scores: Sequence[Score], note: str = DUE
) -> TableSheet:
    """Each indicator's points, and below it each thing that cost or earned some."""
    whose = COUNTY if all(score.county for score in scores) else CITY
    table = {item.indicator: item for item in made.table}
    columns = (whose, *DETAILS)
    rows = [
        (score.name, *row)
        for score in scores
        for line in score.lines
        for row in _rows(table[line.indicator], line)
    ]
    return _page(sheet, title, columns, rows, made, note, filters=True)


def _quarter(
    programme: str, made: MonthEvaluation, scores: Sequence[Score], note: str = ""
) -> TableSheet:
    """The quarter's score, which is that of its last month, beside its months' scores."""
    of_counties = all(score.county for score in scores)
    marks = {
        (month.period, mark.city, mark.county): mark
        for month in made.months
        for mark in month.marks
    }
    months = [month.period for month in made.months]
    columns = (
        PLACE,
        COUNTY if of_counties else CITY,
        _column("score", "季度\n得分", 9, POINTS),
        _column("available", "可得分", 9, POINTS),
        _column("rate", "得分率\n（%）", 10, POINTS),
        *(column for month in months for column in _monthly(month)),
    )
    rows = [
        (
            score.place,
            score.name,
            score.score,
            score.available,
            _or_none(score.rate),
            *_marks(marks.get((month, score.city, score.county)) for month in months),
        )
        for score in scores
    ]
    whose = f"{scores[0].city}，" if of_counties and scores else ""
    title = f"{programme}绩效评估（{whose}{quarter_name(made.quarter)}）——季度评价"
    return _page("季度评价", title, columns, rows, made, "；".join(filter(None, (QUARTER, note))))


def _standards(
    plan: Plan,
    title: str,
    made: MonthEvaluation,
    places: tuple[Place, ...],
    note: str = "《实施方案》未明确指标和分值",
) -> TableSheet:
    """The scoring table itself."""
    columns = (
        _column("number", "序号", 6, "0"),
        _column("kind", "类别", 9),
        _column("label", "指标", 16),
        _column("whose", "适用", 10),
        _column("reading", "评分内容", 52),
        _column("says", "评分标准", 46),
        _column("clause", "依据", 16),
    )
    found = [item for item in made.table if set(item.places) & set(places)]
    rows: list[Sequence[Value]] = [
        (
            number,
            item.kind.label,
            item.label,
            "、".join(plan.said(WHOSE[place]) for place in item.places),
            item.reading,
            item.says,
            item.clause,
        )
        for number, item in enumerate(found, 1)
    ]
    how = (len(rows) + 1, "说明", "计分办法", plan.said("市、县"), made.reading, "", "")
    return _page("评分标准", title, columns, [*rows, how], made, note)


def _page(
    sheet: str,
    title: str,
    columns: tuple[Column, ...],
    rows: Sequence[Sequence[Value]],
    made: MonthEvaluation,
    note: str,
    *,
    filters: bool = False,
) -> TableSheet:
    stated = OF_TABLE.format(version=made.version)
    return TableSheet(
        sheet,
        title,
        columns,
        rows,
        note=f"{stated}；{note}。",
        unit=f"截至{long_date(made.as_of)}",
        filters=filters,
        footer=stated,
    )


# --- columns --------------------------------------------------------------------------------------


def _targets(title: str, made: MonthEvaluation) -> TableSheet:
    """What the whole programme is to reach, and how far it has come."""
    columns = (
        _column("label", "目标", 20),
        _column("done", "现状", 30),
        _column("wanted", "要求", 14),
        _column("standing", "完成情况", 36),
        _column("clause", "依据", 14),
    )
    rows = [(it.label, it.done, it.wanted, it.standing or NONE, it.clause) for it in made.targets]
    note = "全部项目合计，不计入各地得分"
    return _page("目标完成情况", f"{title}——目标完成情况", columns, rows, made, note)


def _column(key: str, heading: str, width: float, format: str = "@") -> Column:
    return Column(key, heading, f"^{heading}$", width, format, centred=width <= 16)


PLACE = _column("place", "名次", 6, "0")
CITY = _column("city", OF_CITY, 9)
COUNTY = _column("county", OF_COUNTY, 13)
SUMS = (
    _column("projects", "项目\n数", 6, "0"),
    _column("base", "基础分", 9, POINTS),
    _column("available", "可得分", 9, POINTS),
    _column("bonus", "加分", 8, POINTS),
    _column("malus", "扣分", 8, POINTS),
    _column("score", "得分", 9, POINTS),
    _column("rate", "得分率\n（%）", 9, POINTS),
)
DETAILS = (
    _column("indicator", "指标", 15),
    _column("kind", "类别", 8),
    _column("state", "状态", 11),
    _column("available", "可得分", 9, POINTS),
    _column("points", "得分", 9, POINTS),
    _column("what", "事项（依据）", 62),
    _column("code", "编码", 19),
    _column("due", "时限", 12, DAY),
    _column("done", "完成或\n登记日期", 12, DAY),
    _column("row", "记录号", 9, "0"),
    _column("share", "该项\n得失分", 9, "+0.00;-0.00;0.00"),
)


def _monthly(month: str) -> Iterator[Column]:
    name = f"{int(month[5:])}月"
    yield _column(f"{month}-score", f"{name}\n得分", 9, POINTS)
    yield _column(f"{month}-rate", f"{name}得分率\n（%）", 11, POINTS)
    yield _column(f"{month}-place", f"{name}\n名次", 7, "0")


# --- cells ----------------------------------------------------------------------------------------


def _sums(score: Score) -> tuple[Value, ...]:
    sums = (score.base, score.available, score.bonus, score.malus, score.score)
    return (score.projects, *sums, _or_none(score.rate))


def _marks(found: Iterable[MonthScore | None]) -> Iterator[Value]:
    for mark in found:
        yield from (mark.score, _or_none(mark.rate), mark.place) if mark else (NONE, NONE, None)


def _named(made: MonthEvaluation, score: Score) -> str:
    named = ((LEADER, made.leaders), (LAGGARD, made.laggards))
    unranked = UNRANKED if score.place is None and score.available else ""
    return next((word for word, cities in named if score.city in cities), unranked)


def _advice(score: Score) -> str:
    return "\n".join(f"{number}. {text}" for number, text in enumerate(score.suggestions, 1))


def _rows(item: Standard, line: IndicatorScore) -> Iterator[tuple[Value, ...]]:
    """The indicator's own row, then one for each case that cost or earned points."""
    points = -line.points if line.kind is PointKind.MALUS else line.points
    available = line.available if line.kind is PointKind.BASE else None
    head: tuple[Value, ...] = (item.label, line.kind.label, line.state.label)
    told = [case for case in line.cases if case.points is not None or case.good is False]
    yield (*head, available, points, _summary(item, line), *(None,) * 5)
    for case in told:
        yield (*head, None, None, *_evidence(case))


def _evidence(case: IndicatorCase) -> tuple[Value, ...]:
    place = case.name if case.name != case.subject else ""
    what = "：".join(filter(None, (place, for_paper(case.what))))
    what = f"{what}（{case.note}）" if case.note else what
    return (what, case.subject, case.said or case.due, case.done, case.row, case.points)


def _summary(item: Standard, line: IndicatorScore) -> str:
    """How many cases there were, and below it those that are in order, by code and day."""
    if line.kind is not PointKind.BASE:
        return f"{item.says}；共{len(line.cases)}项"
    if line.state is not IndicatorStatus.JUDGED:
        return TITLES[line.state]
    if not line.cases:
        return f"{item.says}。{NO_LOSS if line.points else NO_PROJECT}"
    good = [case for case in line.cases if case.good]
    bad = sum(case.good is False for case in line.cases)
    rest = len(line.cases) - len(good) - bad
    counts = f"{item.says}。共{len(line.cases)}项，不符合{bad}项，符合{len(good)}项"
    listed = [_short(case) for case in good]
    lines = ["、".join(listed[at : at + A_LINE]) for at in range(0, len(listed), A_LINE)]
    return "\n".join((f"{counts}，未到期或不计{rest}项" if rest else counts, *lines))


def _short(case: IndicatorCase) -> str:
    """Who, and when: ``XF2023-140105-01（4月20日）``."""
    who = case.subject if case.subject != case.name else case.what.partition(" ")[0]
    when = short_date(case.done) if case.done else f"记录{case.row}" if case.row else ""
    told = "，".join(filter(None, (when, case.note)))
    return f"{who}（{told}）" if told else who


def _or_none(value: Decimal | int | None) -> Value:
    return NONE if value is None else value
