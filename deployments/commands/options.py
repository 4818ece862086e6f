"""Options that commands share, and the desk they work at."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from common.errors import UsageError

if TYPE_CHECKING:
    from operations.cases.desk import Desk
    from policy.vocabulary import Word

W = TypeVar("W", bound="Word")


def as_date(text: str) -> date:
    """A day as typed, read as a cell is, but for a sheet's day numbers; else a usage error."""
    from documents.reading.cells import SERIALS, CellError, any_day, required

    with suppress(CellError):
        if not (text.isdecimal() and int(text) in SERIALS):
            return required("日期", any_day)(text)
    raise typer.BadParameter(f"“{text}”不是日期，请写作 2023-06-01")


def day_option(option: str, help: str) -> Any:
    """An option that is a day."""
    return typer.Option(option, parser=as_date, metavar="日期", help=help)


AsOf = Annotated[date | None, day_option("--as-of", "截至哪一天，默认今天")]
OnDay = Annotated[date, day_option("--on", "实际发生的日期")]
FromDay = Annotated[date, day_option("--from", "从哪一天")]
ToDay = Annotated[date, day_option("--to", "到哪一天")]
Expected = Annotated[date, day_option("--expected", "预计哪一天完成")]
Until = Annotated[date, day_option("--until", "延期至哪一天")]
AboutDay = Annotated[date | None, day_option("--on", "该日为何提醒，或为何没有提醒")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]
PlanId = Annotated[str | None, typer.Option("--plan", help="实施方案编号，默认取 XINGFU_PLAN")]
Evidence = Annotated[str, typer.Option("--evidence", help="依据：文件、编号或理由")]
Actor = Annotated[str, typer.Option("--actor", help="经办人或经办单位")]
Why = Annotated[str, typer.Option("--evidence", help="批准或更正的文件、理由")]
Seen = Annotated[
    int | None,
    typer.Option("--seen", metavar="记录号", help="您查看时的记录号；其后另有变化的不予办理"),
]
Code = Annotated[str, typer.Argument(metavar="项目编码")]


def _amount(text: str) -> Decimal:
    """元 as typed; a usage error as forms tell it, and when there is none."""
    from flows.forms.fields import amount_of

    try:
        found = amount_of(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from None
    if found is None:
        raise typer.BadParameter("未填写金额，请以元为单位填写，如 840000.00")
    return found


Amount = Annotated[
    Decimal | None, typer.Option("--amount", parser=_amount, metavar="元", help="金额，以元为单位")
]
TheAmount = Annotated[
    Decimal, typer.Option("--amount", parser=_amount, metavar="元", help="金额，以元为单位")
]


def pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """``名称=内容`` as given several times to `option`; a usage error when one is not so."""
    found: dict[str, str] = {}
    for text in given or ():
        name, sign, words = text.partition("=")
        if not sign or not name.strip() or name.strip() in found:
            raise typer.BadParameter(f"“{text}”应写作 名称=内容，每个名称一次", param_hint=option)
        found[name.strip()] = words.strip()
    return found


def word(kind: type[W], text: str) -> W:
    """The member of `kind` that `text` names, by value or label; a usage error when none."""
    for member in kind:
        if text in (member.value, member.label):
            return member
    listed = "、".join(f"{member.value}（{member.label}）" for member in kind)
    raise typer.BadParameter(f"“{text}”不在可选范围：{listed}")


def the_desk() -> Desk:
    """The desk of the settings' plan, on an initialised database."""
    from models.settings import load_settings
    from operations.cases.desk import open_desk

    return open_desk(load_settings())


def the_day(desk: Desk, as_of: date | None) -> date:
    """The day asked for, or today."""
    from common.clock import today

    return as_of or today(desk.settings.business_date)
