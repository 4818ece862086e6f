"""Options that commands share, and the desk they work at."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.operations.desk import Desk


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"“{text}”不是日期，请写作 2023-06-01") from None


AsOf = Annotated[
    date | None, typer.Option("--as-of", parser=_date, metavar="日期", help="截至哪一天，默认今天")
]
OnDay = Annotated[date, typer.Option("--on", parser=_date, metavar="日期", help="实际发生的日期")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]
PlanId = Annotated[str | None, typer.Option("--plan", help="实施方案编号，默认取 XINGFU_PLAN")]
Evidence = Annotated[str, typer.Option("--evidence", help="依据：文件、编号或理由")]


def the_desk() -> Desk:
    """The desk of the settings' plan, on an initialised database."""
    from flows.operations.desk import open_desk
    from models.settings import load_settings

    return open_desk(load_settings())


def the_day(desk: Desk, as_of: date | None) -> date:
    """The day asked for, or today."""
    from flows.business_date import today

    return as_of or today(desk.settings)
