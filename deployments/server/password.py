"""The password of UI and API: given by the settings, or made by the first `serve` and kept."""

import os
import secrets
from ipaddress import ip_address

from common.errors import RefusedError
from common.files import OWNER_ONLY, write
from models.settings import Settings, is_plain

ADMIN = "admin"
"""The one user of the UI: Prefect's server knows a single credential and no roles."""
SERVER_AUTH, CLIENT_AUTH = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
FILE = "admin.password"
"""Where it is kept in the state folder; who owns that folder may read it, and nobody else."""
RANDOM_BYTES = 16
SHORTEST = 12
"""Signs that a password has where others can try theirs."""


def credential(settings: Settings) -> str | None:
    """User and password for the server and whoever asks it; Prefect's own setting comes first.

    None when there is none. RefusedError when the file that keeps it cannot be used.
    """
    if own := os.environ.get(SERVER_AUTH):
        return own
    given = settings.admin_password
    password = _kept(settings) if given is None else given.get_secret_value()
    return f"{ADMIN}:{password}" if password else None


def make_credential(settings: Settings) -> str | None:
    """Make a password and keep it, where there is none yet; it is given back this once."""
    if credential(settings):
        return None
    password = secrets.token_hex(RANDOM_BYTES)
    settings.home.mkdir(parents=True, exist_ok=True)
    write(settings.home / FILE, f"{password}\n".encode(), mode=OWNER_ONLY, over=False)
    return password


def require_guard(settings: Settings) -> None:
    """RefusedError when others could reach the server and no good password guards it."""
    if not settings.site and is_loopback(settings.host):
        return
    found = credential(settings)
    if not found:
        raise RefusedError(
            f"界面（{settings.site or settings.host}）可从其他机器访问，"
            "须先用 XINGFU_ADMIN_PASSWORD 设置管理员密码；"
            "或不设 XINGFU_HOST 和 XINGFU_SITE，仅供本机使用"
        )
    if len(found.partition(":")[2]) < SHORTEST:
        raise RefusedError(
            f"界面可从其他机器访问，管理员密码不得少于{SHORTEST}个字符："
            "请用 XINGFU_ADMIN_PASSWORD 另设；不设的，xingfu serve 自动生成"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches who listens there."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _kept(settings: Settings) -> str | None:
    path = settings.home / FILE
    try:
        password = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        password = ""
    if not is_plain(password):
        raise RefusedError(
            f"管理员密码文件 {path} 无法使用：应只有一行英文字母、数字或半角符号，且本用户可读；"
            "请改正，或删除后重新运行 xingfu serve，另行生成"
        )
    return password
