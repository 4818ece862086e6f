"""Options that commands share, and the desk they work at."""

from __future__ import annotations

import re
from contextlib import ExitStack
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from common.errors import UsageError
from common.words import alike
from deployments.commands.console import complain

if TYPE_CHECKING:
    from collections.abc import Callable

    from models.settings import Settings
    from operations.cases.desk import Desk
    from operations.cases.evidence import Exhibit
    from policy.schema import Plan
    from policy.vocabulary import Source, Word

W = TypeVar("W", bound="Word")
MONTH = re.compile(r"(\d{4})(?:[-./]|年)?(0?[1-9]|1[0-2])月?(?:份)?", re.ASCII)
QUARTER = re.compile(r"(?i)(\d{4})(?:[-./]|年)?第?q?([1-4一二三四])(?:季度)?", re.ASCII)
NUMERALS = dict(zip("一二三四", "1234", strict=True))
AT_END = ExitStack()
"""What is closed when the command ends, however it ends."""


def as_date(text: str) -> date:
    """A day as typed; else a usage error. Another way to write it than ours is said."""
    from documents.reading.typed import day_of

    try:
        found = day_of(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from None
    if text != str(found):
        complain(f"“{text}”按“{found}”理解")
    return found


def as_month(text: str) -> str:
    """A month as typed, ``2023-5`` or ``2023年5月`` too, which is said; anything else as it is."""
    return _read(text, MONTH, lambda year, month: f"{year}-{int(month):02}")


def as_quarter(text: str) -> str:
    """A quarter as typed, ``2023q2`` or ``2023年二季度`` too; as `as_month`."""
    return _read(text, QUARTER, lambda year, n: f"{year}Q{NUMERALS.get(n, n)}")


def _read(text: str, written: re.Pattern[str], how: Callable[[str, str], str]) -> str:
    found = written.fullmatch("".join(alike(text).split()))
    read = how(*found.groups()) if found else text
    if read != text:
        complain(f"“{text}”按“{read}”理解")
    return read


def day_option(option: str, help: str) -> Any:
    """An option that is a day."""
    return typer.Option(option, parser=as_date, metavar="日期", help=help)


AsOf = Annotated[date | None, day_option("--as-of", "截至哪一天，默认今天")]
Known = Annotated[
    bool,
    typer.Option("--known", help="只看该日当时已在册的记录；不写则按现在掌握的情况"),
]
OnDay = Annotated[date, day_option("--on", "实际发生的日期")]
FromDay = Annotated[date, day_option("--from", "从哪一天")]
ToDay = Annotated[date, day_option("--to", "到哪一天")]
Expected = Annotated[date, day_option("--expected", "预计哪一天完成")]
Until = Annotated[date, day_option("--until", "延期至哪一天")]
AboutDay = Annotated[date | None, day_option("--on", "该日为何提醒，或为何没有提醒")]
Json = Annotated[bool, typer.Option("--json", help="输出 JSON")]
PlanId = Annotated[str | None, typer.Option("--plan", help="实施方案编号，默认取 XINGFU_PLAN")]
Evidence = Annotated[str, typer.Option("--evidence", help="依据：文件、编号或理由")]
WHO = "作出决定的单位全称，后面可加处室和姓名，如“××厅 ××处 张某”"
Actor = Annotated[str, typer.Option("--actor", help=WHO)]
Why = Annotated[str, typer.Option("--evidence", help="批准或更正的文件、理由")]
Seen = Annotated[
    int | None,
    typer.Option("--seen", metavar="记录号", help="您查看时的记录号；其后另有变化的不予办理"),
]
Files = Annotated[
    list[Path] | None,
    typer.Option(
        "--file", metavar="文件", help="佐证文件（扫描件、照片、PDF），可多次；随记录保存"
    ),
]
Code = Annotated[str, typer.Argument(metavar="项目编码")]


def _amount(text: str) -> Decimal:
    """元 as typed; a usage error as forms tell it, and when there is none."""
    from documents.reading.typed import amount_of

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


def purse_meant(plan: Plan, text: str) -> tuple[Source, str]:
    """Whose money `text` names, by id or name, and of which fund; a usage error when none."""
    for purse in plan.purses:
        if text in (purse, plan.purse_name(purse)):
            return plan.source_of(purse)
    listed = "、".join(f"{purse}（{plan.purse_name(purse)}）" for purse in plan.purses)
    raise typer.BadParameter(f"“{text}”不在可选范围：{listed}")


def the_desk() -> Desk:
    """The desk of the settings' plan, on an initialised database, as `own_settings`.

    Its connections are closed when the command ends.
    """
    from operations.cases.desk import open_desk

    desk = open_desk(own_settings())
    AT_END.callback(desk.engine.dispose)
    return desk.entered_by(local_user())


def own_settings() -> Settings:
    """The settings, where no other machine serves from their database; else RefusedError."""
    from deployments.server.lock import require_same_machine
    from models.settings import load_settings

    settings = load_settings()
    require_same_machine(settings)
    return settings


def exhibits(desk: Desk, named: list[Path] | None) -> tuple[Exhibit, ...]:
    """The files that are to prove what is recorded."""
    from operations.cases.evidence import read_exhibit

    return tuple(read_exhibit(path, desk.settings) for path in named or ())


def local_user() -> str:
    """Who sits at the machine, and enters what offices decide."""
    import getpass
    import os

    try:
        return f"本机用户 {getpass.getuser()}"
    except (KeyError, OSError):  # no name: as in a container
        return f"本机用户 {os.getuid()}"


def the_day(desk: Desk, as_of: date | None) -> date:
    """The day asked for, or today."""
    from common.clock import today

    return as_of or today(desk.settings.business_date)
