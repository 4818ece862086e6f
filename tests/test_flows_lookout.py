"""The lookout: a call for what has come, none for what has not, and again when nobody heard."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from common.clock import now
from models.settings import Settings
from operations.mails.lookout import AGAIN, READ_INBOX, RECEIVE_MAILS, Call, Lookout
from states.watch import listening_faults, sentence
from tests.support.imap_server import ImapServer, imap_server

PLAN, OTHER = "shanxi-2023", "shanxi-2024"
INBOX, MAILS = Call(READ_INBOX, PLAN), Call(RECEIVE_MAILS)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


@pytest.fixture
def lookout(settings: Settings) -> Iterator[Lookout]:
    made = Lookout(settings, (PLAN, OTHER))
    yield made
    made.close()


def put(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def settled(minutes: int = 2) -> datetime:
    """An instant at which what was just put there is quiet."""
    return now() + minutes * MINUTE


def test_nothing_is_called_where_nothing_lies(lookout: Lookout, settings: Settings) -> None:
    assert lookout.look(settled()) == ()
    put(settings.inbox / "太原市" / "已登记" / "旧.xlsx")
    put(settings.inbox / "太原市" / "desktop.ini")
    put(settings.incoming / "已登记" / "旧.eml")
    put(settings.incoming / "说明.txt")
    assert lookout.look(settled()) == ()


def test_each_thing_that_has_come_calls_its_job_once(lookout: Lookout, settings: Settings) -> None:
    put(settings.inbox / "太原市" / "表.xlsx")
    assert lookout.look(settled()) == (INBOX,)
    assert lookout.look(settled()) == ()
    put(settings.incoming / "信.eml")
    assert lookout.look(settled()) == (MAILS,)
    put(settings.inbox / OTHER / "大同市" / "表.xlsx")
    assert lookout.look(settled()) == (Call(READ_INBOX, OTHER),)
    put(settings.inbox / "大同市" / "表.xlsx")
    assert lookout.look(settled()) == (INBOX,)


def test_what_is_still_being_written_or_open_calls_nobody(
    lookout: Lookout, settings: Settings
) -> None:
    put(settings.inbox / "太原市" / "表.xlsx")
    assert lookout.look(now()) == ()
    put(settings.inbox / "太原市" / "~$表.xlsx")
    assert lookout.look(settled()) == ()


def test_it_is_called_again_for_what_still_lies_there(lookout: Lookout, settings: Settings) -> None:
    path = put(settings.inbox / "太原市" / "表.xlsx")
    first = settled()
    assert lookout.look(first) == (INBOX,)
    assert lookout.look(first + AGAIN - MINUTE) == ()
    assert lookout.look(first + AGAIN) == (INBOX,)
    path.unlink()
    assert lookout.look(first + 3 * AGAIN) == ()


def test_a_call_that_nobody_heard_is_made_again(lookout: Lookout, settings: Settings) -> None:
    put(settings.incoming / "信.eml")
    at = settled()
    assert lookout.look(at) == (MAILS,)
    lookout.forget(MAILS)
    assert lookout.look(at) == (MAILS,)


def test_a_folder_that_cannot_be_looked_at_is_told(lookout: Lookout, settings: Settings) -> None:
    put(settings.inbox)
    put(settings.incoming / "信.eml")
    assert lookout.look(settled()) == (MAILS,), "the other places are looked at"
    assert "核对权限" in lookout.troubles[0]


def test_the_watch_tells_of_a_lookout_that_stands_still() -> None:
    at = now()
    assert list(listening_faults(None, at)) == []
    assert list(listening_faults(at - 14 * MINUTE, at)) == []
    [fault] = listening_faults(at - 16 * MINUTE, at)
    assert (fault.kind, fault.since) == ("listening", at - 16 * MINUTE)
    assert "每小时读取一次" in sentence(fault)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ImapServer]:
    with imap_server(tmp_path_factory.mktemp("imap")) as running:
        yield running


@pytest.mark.heavy
def test_a_mailbox_is_looked_at_in_one_session_and_reached_again_when_that_is_over(
    settings: Settings, server: ImapServer
) -> None:
    named = settings.model_copy(update={"mailbox": SecretStr(server.url)})
    lookout = Lookout(named, (PLAN,))
    at = settled()
    assert lookout.look(at) == ()
    server.put(b"Subject: x\r\n\r\nx")
    assert lookout.look(at) == (MAILS,)
    assert lookout.look(at) == ()
    server.put(b"Subject: y\r\n\r\ny")
    assert lookout.look(at) == (MAILS,)
    assert lookout._mailbox is not None
    lookout._mailbox._client.shutdown()  # as when the server closes it
    put(settings.inbox / "太原市" / "表.xlsx")
    assert lookout.look(at) == (INBOX,), "a mailbox that is gone keeps no file from being read"
    assert "没有响应" in lookout.troubles[0]
    server.put(b"Subject: z\r\n\r\nz")
    assert lookout.look(at) == (MAILS,)
    lookout.close()
