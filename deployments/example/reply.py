"""A reply as a mail program would write it, to one of the example's digests that went out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from email.message import EmailMessage
from email.policy import SMTP
from hashlib import sha256
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError
from common.files import write
from common.words import SHANGHAI
from models.asked import sent_items
from models.database import trying
from models.tables import AskedItem
from notifications.mail import DOMAIN
from operations.cases.answering import Answer, answer
from operations.cases.authority import place_of
from operations.cases.desk import Desk
from operations.views.held import SIGNS
from states.answer_code import marked
from states.authority import acknowledgement, actor_of, entitled

SENDER = "reply@county.example"
"""The example's contacts have no address: whoever writes has to be verified by a person."""


@dataclass(frozen=True, slots=True)
class SampleReply:
    """A reply that lies ready to be copied to where replies are read."""

    path: Path
    number: str
    """By which people name the mail once it has been read."""
    office: str
    """The office that may take it over."""
    line: str
    """What it says."""


def lay_out(desk: Desk, as_of: date, at: datetime) -> SampleReply | None:
    """Write a reply to a digest of the day; None where none asks for what an answer can date.

    It says that the first item is done that may be recorded as done on that day.
    """
    with trying(desk.engine) as session:
        found = next(_answerable(session, desk, as_of, at), None)
        if found is None:
            return None
        item, office = found
        line = f"{item.number} 已办结 {as_of}"
        raw = _mail(item, line, as_of).as_bytes()
    path = desk.settings.home / "example" / "reply.eml"
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path, raw)
    return SampleReply(path, sha256(raw).hexdigest()[:SIGNS], office, line)


def _answerable(
    session: Session, desk: Desk, as_of: date, at: datetime
) -> Iterator[tuple[AskedItem, str]]:
    """The items of counties and cities that can be done by that day, with who may say so above."""
    for item in sent_items(session, desk.plan, as_of):
        asked = actor_of(desk.plan, item.person)
        place, matter = (
            place_of(session, desk.plan, item.subject),
            acknowledgement(desk.plan, item.rule),
        )
        if not (item.fact and asked and asked.seat.county and place and matter):
            continue
        office = entitled(desk.plan, matter, place)[-1].name
        said = Answer(item.subject, item.rule, office, done=as_of, evidence="示例")
        try:
            with session.begin_nested():
                answer(session, desk, said, today=as_of, at=at)
        except RefusedError:
            continue
        yield item, office


def _mail(item: AskedItem, line: str, as_of: date) -> EmailMessage:
    made = EmailMessage(policy=SMTP.clone(max_line_length=200))  # no identifier is cut
    made["From"] = f"{item.person.rpartition(' ')[2]} <{SENDER}>"
    made["To"] = "duban@xingfu.example"
    made["Subject"] = f"回复：待办{marked(item.code)}"
    made["Date"] = datetime.combine(as_of, time(15, 0), SHANGHAI)
    made["Message-ID"] = f"<reply.{item.digest[:16]}@county.example>"
    made["In-Reply-To"] = f"<{item.digest}@{DOMAIN}>"
    made.set_content(f"{line}\n")
    return made
