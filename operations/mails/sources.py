"""Where mails come in: the folder, and the mailbox where there is one."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from common.files import safe_name, unavailable
from notifications.mailbox import MailboxMail, mailbox_address, open_mailbox
from operations.cases.desk import Desk
from operations.mails.incoming_folder import MOST_BYTES, folder_mails
from operations.mails.receiving import Left, WaitingMail
from operations.workbooks.inbox_folder import patience


def waiting_mails(desk: Desk, at: datetime) -> list[Iterable[WaitingMail | Left]]:
    """All that waits; nothing is opened before it is asked for. UsageError: a faulty address."""
    settings = desk.settings
    found: list[Iterable[WaitingMail | Left]] = [
        folder_mails(settings.incoming, patience(settings, MOST_BYTES), at)
    ]
    if settings.mailbox is not None:
        found.append(mailbox_mails(settings.mailbox.get_secret_value()))
    return found


def mailbox_mails(url: str) -> Iterator[MailboxMail]:
    """The mails of a mailbox, which is open while they are asked for. UnavailableError."""
    with open_mailbox(mailbox_address(url)) as mailbox:
        yield from mailbox.mails(MOST_BYTES)


@dataclass(frozen=True, slots=True)
class HandedMail:
    """A mail file that somebody names: read, and left where it is."""

    name: str
    content: bytes
    digest: str
    large: bool

    def file(self, folder: str) -> bool:
        """It is the other's file."""
        return True


def handed_mails(paths: Sequence[Path]) -> Iterator[HandedMail]:
    """The mails in these files. UnavailableError when one cannot be read."""
    for path in paths:
        try:
            with path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise unavailable(f"{path} 无法读取", error) from None
        digest = hashlib.sha256(content).hexdigest()
        yield HandedMail(safe_name(path.name), content, digest, len(content) > MOST_BYTES)
