"""Mails that are put into a folder as files, for offices whose network reaches no mailbox."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.errors import XingfuError
from operations.workbooks.inbox_folder import (
    Arrival,
    NotReadyError,
    Patience,
    move,
    plain_stem,
    read,
    waiting,
)
from policy.vocabulary import MailState

SUFFIX = ".eml"
MOST_BYTES = 40_000_000
"""Of a mail: with files of 25 MB, which most providers let through, in base64."""
FOLDERS = {
    MailState.REGISTERED: "已登记",
    MailState.HELD: "待核实",
    MailState.FILED: "已归档",
    MailState.RETURNED: "已退回",
    MailState.UNREADABLE: "无法读取",
}
"""Where mails go that have been dealt with, in the folder and in the mailbox."""


@dataclass(frozen=True, slots=True)
class FolderMail:
    """A mail that lies in the folder."""

    arrival: Arrival
    home: Path

    @property
    def name(self) -> str:
        """The file's name, as it may be shown."""
        return self.arrival.name

    @property
    def content(self) -> bytes:
        """All of it; of one that is too large the beginning."""
        return self.arrival.content

    @property
    def digest(self) -> str:
        """SHA-256 in hex."""
        return self.arrival.digest

    @property
    def large(self) -> bool:
        """Whether it is larger than what is read."""
        return len(self.content) > MOST_BYTES

    def file(self, folder: str) -> bool:
        """Move it into a folder within; False when it is not there any more. UnavailableError."""
        target = self.home / folder
        target.mkdir(parents=True, exist_ok=True)
        return move(self.arrival, target, f"{plain_stem(self.name)}{SUFFIX}")


def folder_mails(
    home: Path, patience: Patience, at: datetime
) -> Iterator[FolderMail | tuple[str, str]]:
    """The mails that lie in a folder, the oldest first; of what is left there name and reason."""
    if not home.is_dir():
        return
    for path in waiting(home):
        if path.name in FOLDERS.values():
            continue
        try:
            yield _mail(path, home, patience, at)
        except (XingfuError, OSError) as reason:
            yield path.name, str(reason)


def _mail(path: Path, home: Path, patience: Patience, at: datetime) -> FolderMail:
    if path.suffix.lower() != SUFFIX:
        raise NotReadyError("不是 .eml 邮件文件，未读取；请将邮件另存为 .eml 后放入")
    return FolderMail(read(path, patience, at), home)


def files_waiting(home: Path) -> list[Path]:
    """What a round would look at; nothing where there is no such folder."""
    if not home.is_dir():
        return []
    return [path for path in waiting(home) if path.suffix.lower() == SUFFIX]
