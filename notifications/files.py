"""The channels that need no network: mail files, and lists of texts that somebody passes on."""

import json
import re
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from common import files
from common.words import SHANGHAI
from notifications.mail import DOMAIN, mail, mail_address, token
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
        sender = mail_address(message.sender, f"noreply@{DOMAIN}")
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
        _keep(home / files.safe_name(attachment.name), attachment.content)


def read_list(folder: Path) -> tuple[tuple[ListEntry, ...], tuple[str, ...]]:
    """What lies in a 文本清单 folder, by office and name, and the files that cannot be read."""
    found = {path.name: _entry(path) for path in sorted(folder.glob("*.json"))}
    entries = [entry for entry in found.values() if entry is not None]
    entries.sort(key=lambda entry: (entry.office, entry.addressee, entry.number))
    return tuple(entries), tuple(name for name, entry in found.items() if entry is None)


def day_folder(folder: Path, message: Message) -> Path:
    """Where a message's files lie: one folder a day in Shanghai."""
    return folder / message.sent_at.astimezone(SHANGHAI).date().isoformat()


def file_name(message: Message, suffix: str) -> str:
    """The name of a message's file, safe on every system: no path, no reserved sign."""
    office = re.sub(r"[\x00-\x1f\x7f\\/:*?\"<>|\s]+", "_", message.recipient).strip("._")
    return f"{office[:LONGEST_NAME]}-{token(message.id)[:12]}.{suffix}"


def _entry(path: Path) -> ListEntry | None:
    try:
        return ListEntry(**json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def _keep(path: Path, content: bytes) -> None:
    if reason := _written(path, content):
        raise DeliveryError(f"无法写入发件文件夹：{reason}")


def _written(path: Path, content: bytes) -> str:
    """Write the file whole or not at all; the reason in Chinese when it could not be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, content)
    except OSError as error:
        return files.reason(error)
    return ""
