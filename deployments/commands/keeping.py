"""Commands that keep the data safe: backup and restore."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.errors import XingfuError
from deployments.commands.console import complain, emit, say
from deployments.commands.options import Json, own_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.upkeep.archiving import Manifest
    from operations.upkeep.backup import BackupCheck, BackupResult, RestoreResult

UNSIGNED = "未核对签名（旧版备份没有签名，或密钥已遗失），不能证明备份制作后未被改动"


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="文件", help="备份写到哪里；给出文件夹的，按时间取名")
    ],
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的同名文件")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="只核验已有的备份文件：是否完整、制作后是否被改动")
    ] = False,
    json: Json = False,
) -> None:
    from common.clock import now
    from models.settings import load_settings
    from operations.upkeep.backup import back_up, check_backup

    if check:
        _tell_check(check_backup(load_settings(), file), json=json)
        return
    saved = back_up(load_settings(), file, now(), force=force)
    if json:
        emit({"path": str(saved.path), **saved.manifest.model_dump(mode="json")})
    else:
        say(_saved(saved))
    complain(_not_in_it(saved))


def restore(
    file: Annotated[Path, typer.Argument(metavar="文件", help="xingfu backup 写成的备份文件")],
    replace: Annotated[
        bool, typer.Option("--replace", help="替换现有数据；现有数据先备份到状态目录")
    ] = False,
    key_lost: Annotated[
        bool, typer.Option("--key-lost", help="备份时的密钥确已遗失：不核对签名，还原后须更换密钥")
    ] = False,
    json: Json = False,
) -> None:
    from common.clock import now
    from operations.upkeep.backup import restore as put_back

    restored = put_back(own_settings(), file, now(), replace=replace, key_lost=key_lost)
    differing = list(_differing(restored))
    if json:
        manifest = restored.manifest.model_dump(mode="json")
        emit({**asdict(restored), "manifest": manifest, "differing": differing})
    else:
        say(_restored(restored))
    for line in (*_to_see_to(restored), *differing):
        complain(f"注意：{line}")


def _differing(restored: RestoreResult) -> Iterator[str]:
    """What in the tables that were put back the trail does not account for."""
    from models.settings import load_settings
    from operations.cases.desk import open_desk
    from operations.upkeep.rebuilding import compare, told

    for plan in restored.manifest.plans:
        if plan in restored.unknown_plans:
            continue
        try:
            yield from told(compare(open_desk(load_settings(), plan)))
        except XingfuError as error:
            yield f"数据未能与办理记录核对：{error}；之后请运行 xingfu audit verify"


def _tell_check(found: BackupCheck, *, json: bool) -> None:
    if json:
        emit({**asdict(found), "manifest": found.manifest.model_dump(mode="json")})
    else:
        trail = "核验无误" if not found.breaks else f"有{len(found.breaks)}处核验不符"
        proof = "备份文件完整，制作后未被改动" if found.signed else f"备份文件完整；{UNSIGNED}"
        say(f"{proof}。办理记录{found.audit_rows}条，{trail}")
    for line in found.breaks:
        complain(f"办理记录核验不符（备份时即已如此）：{line}")
    if found.breaks:
        raise typer.Exit(1)


def _saved(saved: BackupResult) -> str:
    rows = sum(saved.manifest.rows.values())
    plans = "、".join(f"{id}（{told}）" for id, told in saved.manifest.witnesses.items()) or "无"
    return f"已备份到 {saved.path}：实施方案{plans}，数据共{rows}行，{_files(saved.manifest)}"


def _files(manifest: Manifest) -> str:
    from operations.upkeep.archiving import EVIDENCE, INBOX

    inbox, evidence = manifest.number_in(INBOX), manifest.number_in(EVIDENCE)
    return f"收件箱文件{inbox}个" + (f"，佐证文件{evidence}个" if evidence else "")


def _not_in_it(saved: BackupResult) -> str:
    key = saved.manifest.key
    mark = f"指纹 {key}" if key else "目前尚无密钥"
    told = (
        f"注意：备份中不含密钥（{mark}）。请将状态目录中的 secret.key 或 XINGFU_SECRET_KEY "
        "与备份分开妥善保存：没有密钥，备份中的通知地址无法使用"
    )
    if saved.skipped:
        told += f"\n注意：收件箱中有文件无法读取，未备份：{'、'.join(saved.skipped)}"
    if saved.lost:
        told += (
            f"\n注意：有{len(saved.lost)}个佐证文件未备份：{'、'.join(saved.lost)}；"
            "请从以前的备份还原，或请报送单位重新提供"
        )
    return told


def _restored(restored: RestoreResult) -> str:
    from common.words import SHANGHAI

    manifest = restored.manifest
    made = f"{manifest.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    trail = "核验无误" if not restored.breaks else f"有{len(restored.breaks)}处核验不符"
    told = (
        f"已还原{made}的备份：实施方案{'、'.join(manifest.plans) or '无'}，"
        f"数据共{sum(manifest.rows.values())}行，其中办理记录{restored.audit_rows}条，{trail}；"
        f"{_files(manifest)}"
    )
    return told if restored.former is None else f"{told}\n原有数据已备份到 {restored.former}"


def _to_see_to(restored: RestoreResult) -> Iterator[str]:
    """What an admin has to see to before the work goes on."""
    yield from (f"办理记录核验不符（备份时即已如此）：{line}" for line in restored.breaks)
    if not restored.signed:
        yield f"{UNSIGNED}；请与备份前印发的通报或邮件核对"
    if restored.sealed:
        yield (
            f"{restored.sealed}名联系人的通知地址不是用现有密钥（{restored.key or '无'}）保存的，"
            "无法使用；请重新导入通讯录"
        )
    if restored.unknown_plans:
        yield (
            f"本机没有实施方案{'、'.join(restored.unknown_plans)}的文件，"
            "请放回 XINGFU_PLANS 指定的文件夹"
        )
    if restored.kept:
        yield f"收件箱中已有同名而内容不同的文件，未还原：{'、'.join(restored.kept)}"
    if restored.newer:
        yield (
            f"收件箱中有{len(restored.newer)}个文件不在备份中，可能是备份之后收到的；"
            f"其中已归档而仍需导入的，请移回原文件夹：{'、'.join(restored.newer)}"
        )
