"""Commands that keep the data safe: backup and restore."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deployments.commands.console import complain, emit, say
from deployments.commands.options import Json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from operations.upkeep.backup import BackupResult, RestoreResult


def backup(
    file: Annotated[
        Path, typer.Argument(metavar="文件", help="备份写到哪里；给出文件夹的，按时间取名")
    ],
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的同名文件")] = False,
    json: Json = False,
) -> None:
    from common.clock import now
    from models.settings import load_settings
    from operations.upkeep.backup import back_up

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
    json: Json = False,
) -> None:
    from common.clock import now
    from models.settings import load_settings
    from operations.upkeep.backup import restore as put_back

    restored = put_back(load_settings(), file, now(), replace=replace)
    if json:
        emit({**asdict(restored), "manifest": restored.manifest.model_dump(mode="json")})
    else:
        say(_restored(restored))
    for line in _to_see_to(restored):
        complain(f"注意：{line}")


def _saved(saved: BackupResult) -> str:
    rows = sum(saved.manifest.rows.values())
    plans = "、".join(saved.manifest.plans) or "无"
    return (
        f"已备份到 {saved.path}：实施方案{plans}，"
        f"数据共{rows}行，收件箱文件{len(saved.manifest.files) - 1}个"
    )


def _not_in_it(saved: BackupResult) -> str:
    key = saved.manifest.key
    mark = f"指纹 {key}" if key else "目前尚无密钥"
    told = (
        f"注意：备份中不含密钥（{mark}）。请将状态目录中的 secret.key 或 XINGFU_SECRET_KEY "
        "与备份分开妥善保存：没有密钥，备份中的通知地址无法使用"
    )
    if saved.skipped:
        told += f"\n注意：收件箱中有文件无法读取，未备份：{'、'.join(saved.skipped)}"
    return told


def _restored(restored: RestoreResult) -> str:
    from common.words import SHANGHAI

    manifest = restored.manifest
    made = f"{manifest.made_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    trail = "核验无误" if not restored.breaks else f"有{len(restored.breaks)}处核验不符"
    told = (
        f"已还原{made}的备份：实施方案{'、'.join(manifest.plans) or '无'}，"
        f"数据共{sum(manifest.rows.values())}行，其中办理记录{restored.audit_rows}条，{trail}；"
        f"收件箱文件{len(manifest.files) - 1}个"
    )
    return told if restored.former is None else f"{told}\n原有数据已备份到 {restored.former}"


def _to_see_to(restored: RestoreResult) -> Iterator[str]:
    """What an admin has to see to before the work goes on."""
    yield from (f"办理记录核验不符（备份时即已如此）：{line}" for line in restored.breaks)
    if restored.sealed or restored.manifest.key not in (None, restored.key):
        yield (
            f"现有密钥（{restored.key or '无'}）不是备份时的密钥"
            f"（{restored.manifest.key or '无'}），"
            f"{restored.sealed}名联系人的通知地址无法使用，此前发出的工作簿无法核对标识；"
            "请将备份时的密钥放回状态目录的 secret.key 或 XINGFU_SECRET_KEY，再开始工作"
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
            f"其中已归档而仍需导入的，请移回该市文件夹：{'、'.join(restored.newer)}"
        )
