"""Which reminder a mail answers, and whether it comes from the person to whom that went."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from sqlmodel import Session

from documents.reading.mails.mail import IncomingMail
from models.asked import Enquiry, ReplyMarks, asking_of
from models.contacts import legible_posts
from notifications.mail import digests_named
from operations.cases.desk import Desk
from operations.views.reach import address_mark, mailbox_mark
from operations.workbooks.answers import Respondent
from operations.workbooks.inbox import Sender
from states.answer_code import code_in, codes_in
from states.contacts import Directory

NONE = "未能对应到任何一次提醒"
SEVERAL = "所引用的提醒前后不一，无法确定答复的是哪一次"
MOST_CODES = 20
"""Of a text that are looked up."""


@dataclass(frozen=True, slots=True)
class ReminderMatch:
    """The reminder that a mail answers, and the desk of its plan."""

    desk: Desk
    enquiry: Enquiry | None
    why: str = ""
    """Why there is none."""


def matched(session: Session, desks: Sequence[Desk], mail: IncomingMail) -> ReminderMatch:
    """What the mail's signs lead to; signs that disagree lead to none.

    `desks` are those of all plans that one database runs, the installation's own first.
    """
    found = {
        enquiry.digest: ReminderMatch(desk, enquiry)
        for marks in _signs(desks[0].settings.reply_to, mail)
        for desk in desks
        if (enquiry := asking_of(session, desk.plan, marks))
    }
    if len(found) == 1:
        return next(iter(found.values()))
    return ReminderMatch(desks[0], None, SEVERAL if found else NONE)


def _signs(reply_to: str, mail: IncomingMail) -> Iterator[ReplyMarks]:
    """Each way of telling by itself: the address's tag, the headers, the subject; else the text."""
    tags = [code for address in mail.to if (code := code_in(reply_to, address))]
    named = digests_in(mail.in_reply_to) or digests_in(mail.references)
    subject = list(codes_in(mail.subject))
    yield ReplyMarks(codes=tags)
    yield ReplyMarks(digests=named)
    yield ReplyMarks(codes=subject)
    if not (tags or named or subject):
        for code in islice(dict.fromkeys(codes_in(mail.text)), MOST_CODES):
            yield ReplyMarks(codes=[code])


def digests_in(identifiers: Iterable[str]) -> tuple[str, ...]:
    """The ids of our messages that Message-IDs name, with or without their angle brackets."""
    return digests_named(" ".join(f"<{each.strip('<>')}>" for each in identifiers))


def own_mail(session: Session, desks: Sequence[Desk], mail: IncomingMail) -> bool:
    """Whether it is one that went out from here."""
    marks = ReplyMarks(digests=digests_in([mail.message_id]))
    return any(asking_of(session, desk.plan, marks) for desk in desks)


def sender_of(
    session: Session, desk: Desk, mail: IncomingMail, person: str, today: date
) -> Sender | None:
    """The person to whom a reminder went, where the mail is theirs; None where that is not sure."""
    directory = Directory(desk.plan, legible_posts(session, desk.plan))
    posts = directory.people.get(person, ())
    theirs = {address_mark(url) for post in posts for url in post.channels}
    if mailbox_mark(mail.sender.address) not in theirs:
        return None
    if desk.settings.mailbox_authority and not mail.vouched:
        return None
    return Sender(person, Respondent(directory.acting_for(person, today), posts[0].name))
