"""What tests of replies share: a reminder that went out, mails that answer it, and rounds."""

from dataclasses import dataclass
from datetime import date, timedelta
from email.header import Header
from pathlib import Path
from typing import Any

from sqlalchemy import text

from common.clock import now
from operations.cases.desk import Desk
from operations.mails.receiving import ReceiveResult, receive
from operations.mails.sources import waiting_mails
from states.contacts import Post
from tests.support.delivering import DAY, OWING, know, send
from tests.support.stores import Snapshot
from tests.support.tape import Tape

PERSON, BUREAU = "示例·张某", "太原市民政局"
ADDRESS = "zhang@taiyuan.example"
URL = f"mailtos://u:p@smtp.taiyuan.example?to={ADDRESS}"
LATER = timedelta(minutes=2)
"""After which a file has settled."""


def remind(desk: Desk) -> None:
    """Let one person hold the bureau of 太原市, and be sent the day's digest."""
    know(desk, Post(BUREAU, PERSON, channels=(URL,)))
    send(desk, Tape())


REMINDED = Snapshot("reminded", remind, OWING, copied=True)


@dataclass(frozen=True, slots=True)
class Reminder:
    """What went to the person."""

    id: str
    code: str
    items: dict[int, tuple[str, str]]


def reminder(desk: Desk) -> Reminder:
    found = rows(
        desk,
        "SELECT digest, code, number, subject, rule FROM asked_item"
        " WHERE person = :person ORDER BY number",
        person=f"{BUREAU} {PERSON}",
    )
    items = {int(number): (str(subject), str(rule)) for _, _, number, subject, rule in found}
    return Reminder(str(found[0][0]), str(found[0][1]), items)


def reply(id: str, body: str, charset: str = "utf-8", **headers: str) -> bytes:
    """A plain reply to a digest, as a mail program would write it."""
    given = {
        "From": f"{Header(PERSON, 'utf-8').encode()} <{ADDRESS}>",
        "To": "duban@xingfu.example",
        "Subject": Header("回复：待办", "utf-8").encode(),
        "Date": "Wed, 22 Feb 2023 10:11:32 +0800",
        "Message-ID": "<one@taiyuan.example>",
        "In-Reply-To": f"<{id}@xingfu.invalid>",
        "MIME-Version": "1.0",
        "Content-Type": f"text/plain; charset={charset}",
        "Content-Transfer-Encoding": "8bit",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return head.encode() + b"\r\n" + body.encode(charset)


def put(desk: Desk, content: bytes, name: str = "回复.eml") -> Path:
    """Lay a mail into the folder."""
    path = desk.settings.incoming / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def go(desk: Desk, later: timedelta = LATER, today: date = DAY) -> ReceiveResult:
    """A round over the folder, a while after whatever was put there."""
    at = now() + later
    return receive(desk, waiting_mails(desk, at), today=today, at=at)


def rows(desk: Desk, query: str, **values: object) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query), values)]


def mails(desk: Desk, columns: str = "kind, state, agreed") -> list[tuple[Any, ...]]:
    return rows(desk, f"SELECT {columns} FROM mail ORDER BY source")  # noqa: S608


def items(desk: Desk) -> list[tuple[Any, ...]]:
    return rows(
        desk, 'SELECT number, kind, "on", state, why FROM mail_item ORDER BY mail, position'
    )


def receipts(desk: Desk) -> list[str]:
    return [str(row[0]) for row in rows(desk, "SELECT reply FROM inbox ORDER BY received_at")]


def lying(desk: Desk) -> dict[str, list[str]]:
    """The files of the folder, by the folder within it."""
    home = desk.settings.incoming
    found: dict[str, list[str]] = {}
    for path in sorted(home.rglob("*")):
        if path.is_file():
            found.setdefault(str(path.parent.relative_to(home)), []).append(path.name)
    return found


def acknowledged(desk: Desk) -> list[tuple[Any, ...]]:
    return rows(
        desk, "SELECT subject, action, actor, evidence FROM audit WHERE kind = 'acknowledgement'"
    )
