"""The channels that need no network: mail files, and lists of texts that somebody passes on."""

import errno
import json
import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from common import files
from common.errors import UnavailableError
from common.words import SHANGHAI
from notifications.mail import DOMAIN, SENDER, mail, mail_address, token
from notifications.message import Message
from notifications.parts import chat_text
from notifications.sending import DeliveryError, Part, whole
from policy.vocabulary import ChannelKind

LONGEST_NAME = 50  # characters; with the rest of a file name under 255 bytes on every system
LIST_FOLDER = "文本清单"


@dataclass(frozen=True, slots=True)
class FolderChannel:
    """Writes each message as a mail file, for offices whose network has no way out."""

    folder: Path
    kind: ChannelKind = ChannelKind.FOLDER
    pace: str | None = None
    spacing: timedelta = timedelta()

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The message whole."""
        return whole(message)

    def send(self, part: Part) -> None:
        """Write ``<day in Shanghai>/<recipient>-<id>.eml``; a repeat replaces it.

        DeliveryError when the file cannot be written; then nothing half-written stays.
        """
        message = part.message
        sender = mail_address(SENDER, f"noreply@{DOMAIN}")
        made = mail(message, sender, [mail_address(message.recipient, f"office@{DOMAIN}")])
        _keep(day_folder(self.folder, message) / file_name(message, "eml"), made.as_bytes())


@dataclass(frozen=True, slots=True)
class ListEntry:
    """One text that is to be passed on by other means, e.g. the unit's SMS platform."""

    addressee: str
    office: str
    number: str
    """The telephone number, or the account on the other platform."""
    text: str


@dataclass(frozen=True, slots=True)
class ListChannel:
    """Keeps texts for somebody to pass on: there is no sender for them here."""

    folder: Path
    number: str
    kind: ChannelKind = ChannelKind.LIST
    pace: str | None = None
    spacing: timedelta = timedelta()

    def parts(self, message: Message) -> tuple[Part, ...]:
        """The text that chats show in one piece, with telephone numbers in clear."""
        return (Part(message, chat_text(message), message.keys, 1, 1),)

    def send(self, part: Part) -> None:
        """Write ``<day in Shanghai>/文本清单/<recipient>-<id>.json``; a repeat replaces it.

        DeliveryError when the file cannot be written; then nothing half-written stays.
        """
        message = part.message
        entry = ListEntry(message.addressee, message.recipient, self.number, part.text)
        path = day_folder(self.folder, message) / LIST_FOLDER / file_name(message, "json")
        _keep(path, json.dumps(asdict(entry), ensure_ascii=False, indent=1).encode())


def keep_attachments(folder: Path, message: Message) -> None:
    """Write what a chat or a text cannot carry to ``<day>/附件/<recipient>-<id>/``.

    DeliveryError when a file cannot be written.
    """
    home = day_folder(folder, message) / "附件" / file_name(message, "").rstrip(".")
    for attachment in message.attachments:
        _keep(home / Path(attachment.name).name, attachment.content)


def read_list(folder: Path) -> tuple[ListEntry, ...]:
    """What lies in a 文本清单 folder, by office and name; nothing when there is no such folder.

    UnavailableError, with the file's name, when a file cannot be read.
    """
    entries = (_entry(path) for path in folder.glob("*.json"))
    return tuple(sorted(entries, key=lambda entry: (entry.office, entry.addressee, entry.number)))


def day_folder(folder: Path, message: Message) -> Path:
    """Where a message's files lie: one folder a day in Shanghai."""
    return folder / message.sent_at.astimezone(SHANGHAI).date().isoformat()


def file_name(message: Message, suffix: str) -> str:
    """The name of a message's file, safe on every system: no path, no reserved sign."""
    office = re.sub(r"[\x00-\x1f\x7f\\/:*?\"<>|\s]+", "_", message.recipient).strip("._")
    return f"{office[:LONGEST_NAME]}-{token(message.id)[:12]}.{suffix}"


def _entry(path: Path) -> ListEntry:
    try:
        return ListEntry(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        raise UnavailableError(f"文本清单中的文件无法读取：{path.name}") from None


def _keep(path: Path, content: bytes) -> None:
    if reason := _written(path, content):
        raise DeliveryError(f"无法写入发件文件夹：{reason}")


def _written(path: Path, content: bytes) -> str:
    """Write the file whole or not at all; the reason in Chinese when it could not be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content)
    except OSError as error:
        return _why(error)
    return ""


def _why(error: OSError) -> str:
    known = {errno.EACCES: "没有写入权限", errno.ENOSPC: "磁盘空间不足", errno.EROFS: "磁盘为只读"}
    return known.get(error.errno or 0, f"系统错误 {error.errno}")
