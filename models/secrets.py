"""Channel addresses may hold passwords: encrypted at rest, masked wherever they are shown."""

import re
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from common import files
from common.errors import UnavailableError, UsageError
from models.settings import Settings


def cipher(settings: Settings) -> Fernet:
    """The cipher of this installation; its key file is made, for the owner only, on first use."""
    try:
        return Fernet(secret_key(settings))
    except ValueError:
        raise UsageError("XINGFU_SECRET_KEY 不是有效的 Fernet 密钥（32字节的 base64）") from None


def secret_key(settings: Settings) -> bytes:
    """The installation's Fernet key, from its settings or its file."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    return _key_file(settings.home / "secret.key")


def decrypt(box: Fernet, token: str) -> str:
    """The clear address; UnavailableError when the key is not the one it was stored with."""
    try:
        return box.decrypt(token.encode()).decode()
    except InvalidToken:
        raise UnavailableError(
            "通知地址无法解密：密钥已与保存时不同，请恢复 XINGFU_SECRET_KEY 或重新导入通讯录"
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


def _key_file(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        files.write(path, Fernet.generate_key(), mode=files.OWNER_ONLY, over=False)
    return path.read_bytes()
