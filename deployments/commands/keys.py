"""Commands about the installation's key. Imports are inside them: each starts with only its own."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from deployments.commands.console import complain, emit, say
from deployments.commands.options import Actor, Json, Why, day_option, local_user, the_desk


def check(json: Json = False) -> None:
    from operations.upkeep.keys import look_at_key

    found = look_at_key(the_desk())
    if json:
        emit(found)
        return
    say(f"密钥可用，是本系统的密钥（指纹 {found.mark}）")
    for mark, until in found.former:
        say(f"  旧密钥 {mark}：此前的记录仍可核验；用它发出的表格接收至{until}")
    for mark in found.unused:
        say(f"  另有密钥 {mark}：本数据库未使用，可能属于某份备份")
    for fault in found.faults:
        complain(f"注意：{fault}")


def rotate(
    actor: Actor,
    evidence: Why,
    until: Annotated[
        date | None, day_option("--until", "用旧密钥发出的表格接收至哪一天，默认90天后")
    ] = None,
    json: Json = False,
) -> None:
    from common.clock import now, today
    from operations.upkeep.keys import KeyRotation
    from operations.upkeep.keys import rotate as change

    desk = the_desk().entered_by(local_user())
    day = today(desk.settings.business_date)
    done = change(desk, KeyRotation(actor, evidence, until), today=day, at=now())
    if json:
        emit(done)
        return
    say(f"已更换密钥：{done.former} → {done.mark}，现存于 {done.where}")
    say(f"  此前的记录和校验码仍可核验；此前发出的表格接收至{done.until}（含当日）")
    if done.unopened:
        complain(f"注意：{done.unopened}名联系人的通知地址旧密钥也打不开，请重新导入通讯录")
    complain(
        "注意：请将新密钥与备份分开妥善保存，并立即做一份新备份；"
        f"此前的备份要用旧密钥（指纹 {done.former}）还原，旧密钥请保存到这些备份不再需要为止"
    )
    if done.todo:
        complain(f"注意：{done.todo}")
