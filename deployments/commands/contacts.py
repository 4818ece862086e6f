"""Commands about contacts. Imports are inside them, so that each starts with only its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.console import complain, emit, say, table
from deployments.commands.options import AsOf, Json, day_option, local_user, the_day, the_desk

if TYPE_CHECKING:
    from operations.views.contact_gaps import Gap
    from operations.views.reach import UnreachableLine
    from states.contacts import Post

STDIN = "-"
HARMLESS = ("folder://", "list://")

Office = Annotated[str, typer.Argument(metavar="单位", help="单位全称，以通讯录所列为准")]
Person = Annotated[str, typer.Argument(metavar="姓名")]
From = Annotated[date | None, day_option("--from", "代理开始，含当日；不加即已开始")]
To = Annotated[date | None, day_option("--to", "代理结束，含当日；不加即不限")]


def list_(
    office: Annotated[str | None, typer.Option("--office", help="只列一个单位")] = None,
    json: Json = False,
) -> None:
    from operations.views.reach import unreachable_lines
    from operations.workbooks.directory import list_contacts

    desk = the_desk()
    found = list_contacts(desk, office)
    if json:
        emit(found)
        return
    table(
        f"通讯录（共{len(found)}人；通知方式中的密码和密钥不予显示）",
        ("单位", "姓名", "职务", "联系电话", "分管范围", "通知方式", "代理"),
        (
            (
                post.office,
                post.name,
                post.role,
                post.phone,
                "、".join(post.divisions) or "全部",
                "\n".join(post.channels) or "文件夹",
                _absence(post),
            )
            for post in found
        ),
    )
    _tell_unreachable(unreachable_lines(desk, office))


def set_(
    office: Office,
    name: Person,
    role: Annotated[str | None, typer.Option("--role", help="职务")] = None,
    phone: Annotated[str | None, typer.Option("--phone", help="联系电话")] = None,
    division: Annotated[
        list[str] | None,
        typer.Option("--division", metavar="地方", help="分管范围，可多次；空即全部"),
    ] = None,
    channel: Annotated[
        list[str] | None,
        typer.Option(
            "--channel",
            metavar="地址",
            help="通知方式，可多次，按优先次序；- 从标准输入读取，每行一个；空即存入文件夹",
        ),
    ] = None,
) -> None:
    from operations.workbooks.directory import ContactChange, set_contact

    addresses = None if channel is None else list(_addresses(channel))
    stored = set_contact(the_desk(), ContactChange(office, name, role, phone, division, addresses))
    reached = "、".join(stored.channels) or "文件夹"
    say(f"{stored.office} {stored.name} 已保存，通知方式：{reached}")


def remove(office: Office, name: Person) -> None:
    from operations.workbooks.directory import remove_contact

    left = remove_contact(the_desk(), office, name)
    say(f"{office} {name} 已删除，该单位尚有联系人{left}人")
    if not left:
        complain(f"注意：{office}已无联系人，其待办事项将由上一级代收")


def substitute(
    office: Office,
    name: Person,
    by: Annotated[
        str | None, typer.Option("--by", help="代理人姓名；其他单位的人写作“单位 姓名”")
    ] = None,
    start: From = None,
    end: To = None,
    clear: Annotated[bool, typer.Option("--clear", help="取消代理")] = False,
) -> None:
    from operations.workbooks.directory import clear_substitute, set_substitute

    if clear == (by is not None) or (clear and (start or end)):
        raise typer.BadParameter("请以 --by 指明代理人，或以 --clear 取消代理，二者择一")
    if by is None:
        stored = clear_substitute(the_desk(), office, name)
        say(f"{stored.office} {stored.name} 的代理已取消")
    else:
        stored = set_substitute(the_desk(), office, name, by, start, end)
        say(f"{stored.office} {stored.name} 由{_absence(stored)}")


def check(as_of: AsOf = None, json: Json = False) -> None:
    from operations.views.contact_gaps import gaps
    from operations.views.reach import unreachable_lines

    desk = the_desk()
    day = the_day(desk, as_of)
    found = gaps(desk, day)
    if json:
        emit(found)
        return
    if not found:
        say(f"通讯录完整（截至 {day}）：有未完成事项的单位均有联系人")
    else:
        table(
            f"通讯录缺口（截至 {day}，共{len(found)}处）",
            ("单位", "缺口", "涉及项目（单位）", "由谁代收"),
            ((gap.office, _lack(gap), gap.subjects, _instead(gap)) for gap in found),
        )
    _tell_unreachable(unreachable_lines(desk))


def _tell_unreachable(found: Sequence[UnreachableLine]) -> None:
    """Where people are not reached, and what to do; nothing where all are."""
    if not found:
        return
    table(
        f"无法送达的通知方式（共{len(found)}个）",
        ("单位", "姓名", "自何日起", "情况", "处理"),
        ((each.office, each.name, each.since, each.reason, _mend(each)) for each in found),
    )
    say("请更正后用 xingfu contacts test 试发；对方已接受，或收到该邮箱来信的，即恢复发送")


def _mend(line: UnreachableLine) -> str:
    return "已改由代理人或上级代收" if line.wholly else "已改用其他通知方式"


def contacts_test(
    office: Annotated[str | None, typer.Option("--office", help="只试一个单位")] = None,
    person: Annotated[str | None, typer.Option("--person", help="只试一人，写姓名")] = None,
    json: Json = False,
) -> None:
    from common.clock import now, today
    from common.errors import UnavailableError
    from operations.daily.trial import try_contacts

    desk = the_desk()
    day = today(desk.settings.business_date)
    found = try_contacts(desk, office, person, local_user(), today=day, at=now())
    failed = sum(not each.delivered for each in found)
    if json:
        emit(found)
    else:
        table(
            f"通知方式试发结果（共{len(found)}个，失败{failed}个）",
            ("单位", "姓名", "通知方式", "地址", "结果", "说明", "处理"),
            (
                (
                    *(each.office, each.name),
                    *(each.channel.label if each.channel else "无法识别", each.address),
                    *("已送达" if each.delivered else "失败", each.reason, each.advice),
                )
                for each in found
            ),
        )
    if failed:
        raise typer.Exit(UnavailableError.exit_code)


def _addresses(stated: list[str]) -> Iterator[str]:
    """The addresses in order. What holds a secret is read, so that no shell's history keeps it."""
    from documents.forms.contacts import MASK

    if stated.count(STDIN) > 1:
        raise typer.BadParameter("--channel - 只能写一次，其后每行输入一个地址")
    for address in stated:
        if address == STDIN:
            yield from _read()
        elif not address or address.startswith(HARMLESS) or MASK in address:
            yield address
        else:
            raise typer.BadParameter(
                "通知地址可能含密码，请勿写在命令行（会留在命令历史中）；"
                "请用 --channel - 从标准输入读取，每行一个"
            )


def _read() -> Iterator[str]:
    import sys
    from getpass import getpass

    if not sys.stdin.isatty():
        yield from sys.stdin.read().splitlines()
        return
    while address := getpass("通知地址（输入不显示，直接回车结束）：").strip():
        yield address


def _absence(post: Post) -> str:
    if not post.substitute:
        return ""
    start = f"自{post.away_from}" if post.away_from else ""
    end = f"至{post.away_to}" if post.away_to else ""
    days = f"（{start}{end}）" if start or end else "（未限日期）"
    return f"{post.substitute}代理{days}"


def _lack(gap: Gap) -> str:
    if gap.unreached:
        return "联系人无法送达"
    return "无联系人" if gap.vacant else f"无人分管：{'、'.join(gap.places)}"


def _instead(gap: Gap) -> str:
    return "、".join(gap.told) or "无人（存入文件夹）"
