"""The ways a message goes out: by mail, into a folder, or into a list."""

import errno
import os
import re
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from notifications.mail import DOMAIN, SENDER, SHANGHAI, mail, mail_address, token
from notifications.message import Message
from policy.errors import UnavailableError

MAIL_SCHEMES = ("mailto://", "mailtos://")
LONGEST_NAME = 50  # characters; with the rest of a file name under 255 bytes on every system


class DeliveryError(UnavailableError):
    """消息未能送出，请稍后重试。"""


class Channel(Protocol):
    """A way for a message to go out."""

    def send(self, message: Message) -> None:
        """Return when the message is accepted; DeliveryError with the reason when it is not."""


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """Writes each message as a mail file, for offices whose network has no way out."""

    folder: Path

    def send(self, message: Message) -> None:
        """Write ``<day in Shanghai>/<recipient>-<id>.eml``; a repeat replaces it.

        DeliveryError when the file cannot be written; then nothing half-written stays.
        """
        day = message.sent_at.astimezone(SHANGHAI).date().isoformat()
        sender = mail_address(SENDER, f"noreply@{DOMAIN}")
        made = mail(message, sender, [mail_address(message.recipient, f"office@{DOMAIN}")])
        reason = _written(self.folder / day / file_name(message), made.as_bytes())
        if reason:
            raise DeliveryError(f"无法写入发件文件夹：{reason}")


@dataclass(frozen=True, slots=True)
class AppriseChannel:
    """Sends mail through Apprise to a ``mailto://`` or ``mailtos://`` address."""

    url: str = field(repr=False)  # it holds a password

    def send(self, message: Message) -> None:
        """DeliveryError unless the mail server accepted it for every recipient of the address."""
        # Other services wait for a sender of their own: Apprise reports success when several of
        # them refuse.
        if not self.url.lower().startswith(MAIL_SCHEMES):
            raise DeliveryError("渠道地址有误：目前只支持 mailto:// 和 mailtos://")
        from notifications.smtp import submit  # Apprise takes 0.2 s and more to import

        # Raised outside every handler: no exception with a secret hangs on it as its context.
        if reason := submit(self.url, message):
            raise DeliveryError(reason)


@dataclass(slots=True)
class RecordingChannel:
    """Keeps messages in memory, for tests and rehearsals."""

    failing: str = ""
    """While it holds a reason, every message is refused with it."""
    sent: list[Message] = field(default_factory=list)

    def send(self, message: Message) -> None:
        """Append to `sent`; DeliveryError while `failing`."""
        if self.failing:
            raise DeliveryError(self.failing)
        self.sent.append(message)


def channel_for(address: str | None, folder: Path) -> Channel:
    """The channel of an office: its own address, or the folder when it has none."""
    return AppriseChannel(address.strip()) if address and address.strip() else FolderChannel(folder)


def file_name(message: Message) -> str:
    """The name of a message's mail file, safe on every system: no path, no reserved sign."""
    office = re.sub(r"[\x00-\x1f\x7f\\/:*?\"<>|\s]+", "_", message.recipient).strip("._")
    return f"{office[:LONGEST_NAME]}-{token(message.id)[:12]}.eml"


def _written(path: Path, content: bytes) -> str:
    """Write the file whole or not at all; the reason in Chinese when it could not be."""
    scratch = path.with_name(f".{token(path.name)[:12]}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(scratch, content)
        scratch.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)
        return _why(error)
    return ""


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make the new name survive a power cut, where the system lets a folder be opened."""
    with suppress(PermissionError):  # Windows does not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _why(error: OSError) -> str:
    known = {errno.EACCES: "没有写入权限", errno.ENOSPC: "磁盘空间不足", errno.EROFS: "磁盘为只读"}
    return known.get(error.errno or 0, f"系统错误 {error.errno}")
