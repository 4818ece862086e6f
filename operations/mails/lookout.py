"""The lookout: whether anything has come in, without reading it. It costs a listing, and no run."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from common.errors import UnavailableError
from common.files import reason
from models.settings import Settings
from notifications.mailbox import Mailbox, mailbox_address, open_mailbox
from operations.mails.incoming_folder import MOST_BYTES, files_waiting
from operations.workbooks.inbox_folder import Patience, patience, ready

READ_INBOX, RECEIVE_MAILS = "read_inbox", "receive_mails"
"""The jobs that read what has come."""
AGAIN = timedelta(minutes=3)
"""After which is called again for what still lies there: a run may have been dropped, or failed."""
SESSION = timedelta(minutes=20)
"""For how long a session with the mailbox is kept: some servers forget to say that it is over."""


@dataclass(frozen=True, slots=True)
class Call:
    """That a job has something to do."""

    job: str
    plan: str = ""
    """Empty: it belongs to no plan."""


Mark = tuple[object, ...]
"""What tells one thing that has come from another, and from another state of it."""


@dataclass(slots=True)
class Lookout:
    """Looks again and again, and remembers what has been called for."""

    settings: Settings
    plans: Sequence[str]
    troubles: list[str] = field(default_factory=list)
    """What the last look could not look at; the rest was looked at all the same."""
    _called: dict[tuple[Call, str], tuple[frozenset[Mark], datetime]] = field(default_factory=dict)
    _session: ExitStack = field(default_factory=ExitStack)
    _mailbox: Mailbox | None = None
    _opened: datetime | None = None

    def look(self, at: datetime) -> tuple[Call, ...]:
        """The jobs that something new waits for, or something that has waited long enough."""
        self.troubles = []
        news = [
            call for call, where, marks in self._places(at) if self._is_news(call, where, marks, at)
        ]
        return tuple(dict.fromkeys(news))

    def forget(self, call: Call) -> None:
        """That a call was not heard: it is made again the next time."""
        for known in [key for key in self._called if key[0] == call]:
            del self._called[known]

    def close(self) -> None:
        """Take leave of the mailbox."""
        self._mailbox = None
        self._session.close()

    def _places(self, at: datetime) -> Iterator[tuple[Call, str, Iterable[Mark]]]:
        """Every place where something comes in, and whose job that is.

        Every folder of the inbox counts, under whatever name: a city may have been renamed.
        """
        waiting = patience(self.settings, MOST_BYTES)
        for plan in self.plans:
            inbox = self.settings.inbox
            home = inbox if plan == self.settings.plan else inbox / plan
            for folder in self._folders(home):
                yield Call(READ_INBOX, plan), str(folder), _ready(folder.iterdir, waiting, at)
        mails, incoming = Call(RECEIVE_MAILS), self.settings.incoming
        yield mails, str(incoming), _ready(lambda: files_waiting(incoming), waiting, at)
        yield mails, "", self._in_mailbox(at)

    def _folders(self, home: Path) -> list[Path]:
        try:
            return [path for path in home.iterdir() if path.is_dir()]
        except FileNotFoundError:
            return []
        except OSError as error:
            self.troubles.append(_unseen(home, error))
            return []

    def _is_news(self, call: Call, where: str, marks: Iterable[Mark], at: datetime) -> bool:
        try:
            found = frozenset(marks)
        except UnavailableError as error:
            self.troubles.append(str(error))
            return False
        except OSError as error:
            self.troubles.append(_unseen(where, error))
            return False
        before, when = self._called.get((call, where), (frozenset(), at))
        if not found or (found <= before and at - when < AGAIN):
            return False
        self._called[call, where] = (found, at)
        return True

    def _in_mailbox(self, at: datetime) -> Iterator[Mark]:
        if self.settings.mailbox is None:
            return
        try:
            status = self._open(self.settings.mailbox.get_secret_value(), at).status()
        except UnavailableError:
            self.close()
            raise
        if status.mails:
            yield tuple(status)

    def _open(self, url: str, at: datetime) -> Mailbox:
        if self._opened is not None and at - self._opened >= SESSION:
            self.close()
        if self._mailbox is None:
            opened = open_mailbox(mailbox_address(url), 2 * SESSION.total_seconds())
            self._mailbox, self._opened = self._session.enter_context(opened), at
        return self._mailbox


def _ready(paths: Callable[[], Iterable[Path]], waiting: Patience, at: datetime) -> Iterator[Mark]:
    """The marks of what a round would take; nothing is listed before it is asked for."""
    yield from ready(paths(), waiting, at)


def _unseen(where: object, error: OSError) -> str:
    return f"{where} 无法查看（{reason(error)}），请核对权限"
