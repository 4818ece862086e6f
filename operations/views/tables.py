"""The board, deadlines and money as tables: which columns they have, wherever they are printed."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from common.table import DataColumn, DataTable, Datum
from operations.views.burden import OfficeBurden
from operations.views.funds import TOTAL, CityFunds, FundsView, PlaceFunds, local
from operations.views.overview import CityBoard, DeadlineView
from policy.schema import Plan
from policy.vocabulary import Basis, Origin, Source, Standing
from states.ledger import FundMoney
from states.targets import TargetFigure

CITY = DataColumn("市", width=9)
COUNTY = DataColumn("县（市、区）", width=11)
DEADLINES = (
    DataColumn("状态", width=10),
    DataColumn("超期天数", "count", 9),
    DataColumn("项目或单位", width=32),
    DataColumn("市", width=9, blank="全省"),
    COUNTY,
    DataColumn("事项", width=28),
    DataColumn("时限", "date", 12, "—"),
    DataColumn("提前办结日", "date", 12, "—"),
    DataColumn("逾期认定日", "date", 12, "—"),
    DataColumn("依据", width=14),
    DataColumn("责任单位", width=24),
    DataColumn("卡在", width=14),
    DataColumn("请办理", width=36),
    DataColumn("此后各项", width=36),
    DataColumn("编码", width=18),
    DataColumn("办结日期", "date", 12),
)
PRESSING = tuple(DataColumn(title) for title in ("项目或单位", "请办理", "状态", "尚缺"))
"""What pages show of deadlines: they give each column what its cells need."""
SUMS = (
    DataColumn("应补助", "money", 15, "未明确"),
    DataColumn("已下达", "money", 15, "未下达"),
    DataColumn("省补到账", "money", 15),
    DataColumn("市县承诺配套", "money", 15, "未明确"),
    DataColumn("市县配套到账", "money", 15),
    DataColumn("市级承诺", "money", 15, "未明确"),
    DataColumn("市级到账", "money", 15),
    DataColumn("县级承诺", "money", 15, "未明确"),
    DataColumn("县级到账", "money", 15),
    DataColumn("其他资金到账", "money", 15),
    DataColumn("支出", "money", 15),
    DataColumn("结存", "money", 15),
    DataColumn("按实测面积差额", "money", 16, "—"),
)
FUNDS = (CITY, COUNTY, DataColumn("项目编码", width=18), DataColumn("项目名称", width=32), *SUMS)
CITY_FUNDS = (CITY, DataColumn("项目数", "count", 8), *SUMS)
FUND_SUMS = (
    DataColumn("资金渠道", width=20),
    DataColumn("应补助", "money", 15, "未明确"),
    DataColumn("已下达", "money", 15, "未下达"),
    DataColumn("到账", "money", 15),
    DataColumn("已下达未到账", "money", 15, "—"),
)
BURDEN = (
    DataColumn("月份", width=9),
    DataColumn("单位", width=28),
    *(DataColumn(title, "count", 10) for title in ("消息", "事项", "表格", "待填单元格")),
)
TARGETS = (
    DataColumn("目标", width=20),
    DataColumn("现状", width=28),
    DataColumn("要求", width=14),
    DataColumn("完成情况", width=36),
    DataColumn("依据", width=14),
)
NAME = 2
"""The column of `DEADLINES` with the name of what a row is about."""


def in_words(plan: Plan, table: DataTable) -> DataTable:
    """A table of the product's own columns in the plan's words for its levels.

    For the terminal and pages; the columns of sheets are put into words where these are laid out.
    """
    columns = (
        replace(column, title=plan.said(column.title), blank=plan.said(column.blank))
        for column in table.columns
    )
    return replace(table, columns=tuple(columns))


def board_table(
    plan: Plan, board: Sequence[CityBoard], as_of: date, basis: Basis = Basis.NEWEST
) -> DataTable:
    """Per city its quota, its projects in each stage, and what is due soon and overdue."""
    columns = (
        DataColumn(plan.said(CITY.title), width=CITY.width),
        DataColumn("任务数", "count", 8, "未明确"),
        *(DataColumn(title, "count", 8) for title in ("项目", *(s.label for s in plan.stages))),
        *(DataColumn(title, "count", 8) for title in ("办结", "临期", "逾期", "超建议时限")),
    )
    rows = [_counts(row) for row in board]
    regions = _regions(plan, board)
    total = (TOTAL, all_places(plan, board), *_added(plan, board))
    title = f"{plan.said('全省进度')}（截至 {as_of}{basis.said}）"
    subjects = [*(row.city for row in board), *("" for _ in regions)]
    return DataTable(title, columns, [*rows, *regions], total, subjects)


def _counts(row: CityBoard) -> tuple[Datum, ...]:
    return (row.city, row.quota, row.projects, *row.by_stage, row.finished, *_pressing(row))


def _added(plan: Plan, board: Sequence[CityBoard]) -> tuple[int, ...]:
    """What rows count, added up: all but their quotas."""
    counted = [(row.projects, *row.by_stage, row.finished, *_pressing(row)) for row in board]
    none = (0,) * (len(plan.stages) + 5)
    return tuple(map(sum, zip(none, *counted, strict=True)))


def _regions(plan: Plan, board: Sequence[CityBoard]) -> list[tuple[Datum, ...]]:
    """A row for each level above the cities that the plan names, by its cities."""
    rows = {row.city: row for row in board}
    found: dict[str, list[CityBoard]] = {}
    for city in plan.cities:
        if city.region and city.name in rows:
            found.setdefault(city.region, []).append(rows[city.name])
    return [(f"{name}小计", _stated(own), *_added(plan, own)) for name, own in found.items()]


def _stated(board: Sequence[CityBoard]) -> int | None:
    """What their quotas add up to; None where one is not stated."""
    stated = [row.quota for row in board if row.quota is not None]
    return sum(stated) if stated and len(stated) == len(board) else None


def all_places(plan: Plan, board: Sequence[CityBoard]) -> int | None:
    """任务数 in all: of cities whose quotas are stated; else the notice's own, if it has one.

    Of a region's cities alone the notice's total says nothing.
    """
    stated = _stated(board)
    return plan.quota.total if stated is None and len(board) == len(plan.cities) else stated


def targets_table(plan: Plan, found: Sequence[TargetFigure]) -> DataTable:
    """What the programme is to reach, kind by kind and target by target."""
    rows = [(it.label, it.done, it.wanted, it.standing or "—", it.clause) for it in found]
    return DataTable("目标完成情况", TARGETS, rows)


def _pressing(row: CityBoard) -> tuple[int, ...]:
    return (row.due_soon, row.overdue, row.beyond_proposal)


def deadline_table(title: str, views: Iterable[DeadlineView], as_of: date) -> DataTable:
    """Deadlines in the order given: how each stands, what it waits for, whose turn it is."""
    shown = list(views)
    rows = [_deadline(view, as_of) for view in shown]
    return DataTable(title, DEADLINES, rows, None, [view.subject for view in shown], NAME)


def pressing_table(views: Iterable[DeadlineView], as_of: date) -> DataTable:
    """What presses, in the order given: who must do what, since when, and what is missing."""
    shown = list(views)
    rows = [_pressing_row(view, as_of) for view in shown]
    return DataTable("", PRESSING, rows, None, [view.subject for view in shown])


def funds_table(title: str, views: Sequence[FundsView]) -> DataTable:
    """How the money of each project stands."""
    rows = [(view.city, view.county, view.code, view.name, *_sums(view)) for view in views]
    return DataTable(title, FUNDS, rows, None, [view.code for view in views], 3)


def city_funds_table(title: str, cities: Sequence[CityFunds], total: CityFunds) -> DataTable:
    """How the money of each city's projects stands, and of all."""
    rows = [(row.place, row.projects, *_sums(row)) for row in (*cities, total)]
    return DataTable(title, CITY_FUNDS, rows[:-1], rows[-1], [row.place for row in cities])


def fund_table(plan: Plan, title: str, places: Sequence[PlaceFunds]) -> DataTable:
    """How each fund of the subsidy stands at each place; those of the last are all together."""
    rows = [(row.place, *_fund(plan, each)) for row in places for each in row.funds]
    return DataTable(title, (CITY, *FUND_SUMS), rows)


def _fund(plan: Plan, money: FundMoney) -> tuple[Datum, ...]:
    left = None if money.released is None else money.released - money.received
    return (plan.purse_name(money.fund), money.due, money.released, money.received, left)


def burden_table(title: str, rows: Iterable[OfficeBurden]) -> DataTable:
    """What each office was asked for by month."""
    told = ((it.month, it.office, it.messages, it.items, it.forms, it.cells) for it in rows)
    return DataTable(title, BURDEN, tuple(told))


def _pressing_row(view: DeadlineView, as_of: date) -> tuple[Datum, ...]:
    place = f"（{view.city}{view.county}）" if view.county else ""
    late = _days_late(view, as_of)
    since = f"{late}天" if late else ""
    early = f"，提前办结日{view.remind_by}" if late is None and view.remind_by else ""
    waiting = [line.split()[0] for line in view.below]
    after = f"；其后{len(waiting)}项：{'、'.join(waiting)}" if waiting else ""
    return (
        f"{view.name}{place}",
        f"{view.responsible}：{view.to_do}",
        f"{view.rule} {view.state}{since}，时限{view.due or '—'}{early}",
        f"{view.step or view.title}{after}",
    )


def _days_late(view: DeadlineView, as_of: date) -> int | None:
    late = view.standing in (Standing.OVERDUE, Standing.COORDINATING)
    return (as_of - view.overdue_after).days if late and view.overdue_after else None


def _deadline(view: DeadlineView, as_of: date) -> tuple[Datum, ...]:
    return (
        view.state,
        _days_late(view, as_of),
        view.name,
        view.city or None,
        view.county,
        f"{view.rule} {view.title}",
        view.due,
        view.remind_by,
        view.overdue_after,
        view.clause if view.origin is Origin.NOTICE else f"{view.clause}（建议）",
        view.responsible,
        view.step,
        view.to_do,
        "；".join(view.below),
        view.subject,
        view.fulfilled_on,
    )


def _sums(money: FundsView | CityFunds) -> tuple[Datum, ...]:
    promised, received = money.promised, money.received
    return (
        money.subsidy,
        money.released,
        received[Source.PROVINCE],
        local(promised),
        local(received),
        promised[Source.CITY],
        received[Source.CITY],
        promised[Source.COUNTY],
        received[Source.COUNTY],
        received[Source.OTHER],
        money.spent,
        money.balance,
        money.as_built,
    )
