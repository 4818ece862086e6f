"""The installation's key: addresses are encrypted with it, and keys from it seal the trail.

Channel addresses may hold passwords: encrypted at rest, masked wherever they are shown.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from common import files
from common.errors import RefusedError, UnavailableError
from models.settings import Settings

KEY_FILE = "secret.key"
"""In the state folder. Others beside it, ``secret.key.<fingerprint>``, are at hand as well."""
KEY_LENGTH = 44
"""Characters of a Fernet key: 32 bytes in base64."""
LONGEST_FILE = 1000
"""Bytes of a key file that are read."""
RESTORE = (
    "请用与备份分开保存的密钥副本恢复后重试；尚未装入任何数据的，移走后重试即另行生成；"
    "副本也没有的，移走后运行 xingfu audit rekey"
)
Box = Fernet | MultiFernet


@dataclass(frozen=True, slots=True)
class KeysAtHand:
    """The keys that an installation's settings or files hold."""

    keys: tuple[bytes, ...]
    """That which is in use as far as the settings tell comes first."""
    faults: tuple[str, ...]
    """What stands in a key's place and is none, or is open to others: where, why, how to mend."""

    def find(self, mark: str) -> bytes | None:
        """The key with that fingerprint."""
        return next((key for key in self.keys if key_mark(key) == mark), None)


def keys_at_hand(settings: Settings) -> KeysAtHand:
    """Every key of the settings, else of the state folder; none is made."""
    keys: list[bytes] = []
    faults: list[str] = []
    for where, found in _places(settings):
        if isinstance(found, str):
            faults.append(found)
        elif fault := _fault(found):
            faults.append(f"{where} {fault}；{RESTORE}")
        else:
            keys.append(found.strip())
    return KeysAtHand(tuple(keys), tuple(faults))


def first_key(settings: Settings) -> bytes:
    """The key with which a new installation begins; its file is made, for the owner only.

    Of several who begin at once all get the same. RefusedError where what stands there is no key.
    """
    held = keys_at_hand(settings)
    if held.faults:
        raise RefusedError(held.faults[0])
    if held.keys:
        return held.keys[0]
    path = settings.home / KEY_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, new_key(), over=False)
    except OSError as error:
        raise files.unavailable(f"密钥文件 {path} 无法写入", error) from None
    return keys_at_hand(settings).keys[0]


def new_key() -> bytes:
    """A key that nobody has had."""
    return Fernet.generate_key()


def key_mark(key: bytes) -> str:
    """The key's fingerprint (指纹): it tells one key from another and does not give it away."""
    return hashlib.sha256(b"xingfu secret key " + key.strip()).hexdigest()[:16]


def derive(key: bytes, use: str) -> bytes:
    """The key for one use; it gives away neither the key that it follows from nor other uses'."""
    return hmac.digest(key.strip(), f"xingfu {use}".encode(), "sha256")


def sign(key: bytes, said: Any) -> str:
    """HMAC-SHA256, in hexadecimal, of what JSON can keep exactly."""
    text = json.dumps(said, ensure_ascii=False, sort_keys=True)
    return hmac.digest(key, text.encode(), "sha256").hex()


def decrypt(box: Box, token: str) -> str:
    """The clear address; UnavailableError when the key is not the one it was stored with."""
    try:
        return box.decrypt(token.encode()).decode()
    except (InvalidToken, ValueError):  # ValueError: what is no text, though the key fits
        raise UnavailableError(
            "通知地址无法解密：密钥已与保存时不同，请恢复原密钥或重新导入通讯录"
        ) from None


def masked(address: str) -> str:
    """What may be shown of an address: its kind, and for mail who gets it, e.g. ``mailto://***@x.cn``.

    Everything else may be secret: keys and tokens stand where other addresses have their host.
    """
    scheme, _, rest = address.partition("://")
    if scheme in ("mailto", "mailtos"):
        host = re.sub(r"^[^/?#]*@", "", rest)
        return f"{scheme}://***@{re.split('[/?#:]', host)[0]}"
    return f"{scheme}://***"


def key_file(settings: Settings, mark: str) -> Path:
    """Where a key lies that is not in use, or not yet."""
    return settings.home / f"{KEY_FILE}.{mark}"


def _places(settings: Settings) -> Iterator[tuple[str, bytes | str]]:
    """Where a key is expected, and what stands there: its bytes, or why they cannot be used."""
    if settings.secret_key is not None:
        yield "XINGFU_SECRET_KEY", _plain(settings.secret_key)
        if settings.other_secret_key is not None:
            yield "XINGFU_OTHER_SECRET_KEY", _plain(settings.other_secret_key)
        return
    own = settings.home / KEY_FILE
    for path in (own, *sorted(settings.home.glob(f"{KEY_FILE}.*"))):
        if (content := _content(path)) is not None:
            yield f"密钥文件 {path}", content


def _plain(secret: SecretStr) -> bytes:
    return secret.get_secret_value().encode()


def _content(path: Path) -> bytes | str | None:
    """A key file's bytes; why they are not used; None where there is no file."""
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):
            return f"密钥文件 {path} 不是普通文件，未予使用；{RESTORE}"
        if found.st_mode & 0o077:
            return (
                f"密钥文件 {path} 其他用户也能读写（权限 {found.st_mode & 0o777:o}），未予使用；"
                f"请运行 chmod 600 {path} 后重试；可能已被他人读取的，再用 xingfu key rotate 更换"
            )
        with path.open("rb") as file:
            return file.read(LONGEST_FILE)
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"密钥文件 {path} 无法读取（{files.reason(error)}），请核对权限后重试"


def _fault(key: bytes) -> str:
    """Why something is no key; empty when it is one."""
    signs = key.strip()
    if not signs:
        return "是空的，多因初次使用时中断或磁盘已满"
    if len(signs) != KEY_LENGTH:
        return f"不是有效的密钥：应为{KEY_LENGTH}个字符，现为{len(signs)}个"
    try:
        Fernet(signs)
    except ValueError:
        return "不是有效的 Fernet 密钥（32字节的 base64），可能有字符抄错"
    return ""
