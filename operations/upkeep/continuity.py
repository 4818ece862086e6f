"""Whether the trails go on from where the watch last saw them: that lies beside the database.

A database can go back by itself: its log (``xingfu.db-wal``) is deleted or not copied with it after
a crash, or somebody puts an older file in its place. What is left is whole and proves itself, so
only what lies elsewhere can tell.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress

from sqlmodel import Session

from common import files
from models.audits import ChainBreak, row_hash, trail_end
from models.settings import Settings

MEMORY = "trail.json"
"""In the state folder: of each plan how many rows its trail had, and the hash of the last."""
Ends = Mapping[str, tuple[int, str]]


def kept_ends(settings: Settings) -> Ends:
    """What is remembered; nothing where that is not there or cannot be read."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        stored = json.loads((settings.home / MEMORY).read_text(encoding="utf-8"))
        return {str(plan): (int(rows), str(hash)) for plan, (rows, hash) in stored.items()}
    return {}


def discontinuity(
    session: Session, settings: Settings, kept: Ends, plan: str
) -> Iterator[ChainBreak]:
    """What of a plan's trail is gone, or another, since the watch saw it last.

    `kept`: read before the session began, so that it is no younger than what the session sees.
    """
    rows, hash = kept.get(plan, (0, ""))
    now, _ = trail_end(session, plan)
    if now < rows:
        yield ChainBreak(
            None,
            f"值守上次查看时有{rows}条记录，现只有{now}条，其后写入的已经丢失："
            "数据库的日志文件（-wal）可能被删除或没有一并复制，或数据库换成了较早的。"
            f"{_advice(settings)}",
        )
    elif rows and row_hash(session, plan, rows) != hash:
        yield ChainBreak(
            None, f"前{rows}条记录与值守上次查看时不同，数据库可能已被替换。{_advice(settings)}"
        )


def keep_end(session: Session, settings: Settings, plan: str) -> None:
    """Remember where a plan's trail ends; where that cannot be, what was remembered stays."""
    kept = kept_ends(settings)
    end = trail_end(session, plan)
    if kept.get(plan) != end:
        _keep(settings, {**kept, plan: end})


def forget_ends(settings: Settings) -> None:
    """The database was rightly replaced by an older one: its trails begin to be seen anew."""
    (settings.home / MEMORY).unlink(missing_ok=True)


def _advice(settings: Settings) -> str:
    return (
        "请勿继续办理，原样保存状态目录，用最近的备份核对；"
        f"确系有意换回的，删除 {settings.home / MEMORY} 即不再提示"
    )


def _keep(settings: Settings, ends: Ends) -> None:
    with suppress(OSError):
        files.write(settings.home / MEMORY, json.dumps(ends).encode())
