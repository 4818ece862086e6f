"""What it does that a message came back, or that an address is refused: others are told instead.

A bounce is believed that names one of our digests, or comes from whom we have written to within
days. Whether its sender may be believed at all is for whoever reads the mail.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from documents.reading.bounces import BounceReport
from models.claims import ClaimResult
from models.contacts import legible_posts
from models.deliveries import come_back, mailed
from models.unreachable import Refusal, forget_unreachable, put_unreachable, unreachable
from notifications.mail import digests_named
from operations.cases.desk import Desk
from operations.views.reach import address_mark, mailbox_mark, reachable, stale
from policy.vocabulary import BounceKind, ChannelKind
from states.contacts import Directory, kind_of

LATELY = timedelta(days=7)
"""Within which a bounce comes that names no mail of ours: servers give up after five days."""
LASTING = (BounceKind.GONE, BounceKind.FULL)
"""What is the matter with the address, and so with the next mail as well."""


@dataclass(frozen=True, slots=True)
class BounceResult:
    """What came of a bounce."""

    person: str
    digest: str
    """The id of the digest that came back."""
    deliveries: int
    """How many messages it carried that nobody has been told of by now; 0: it was known."""
    unreachable: bool
    """Whether the address is given up, so that others are told until it is mended."""


def bounced(
    session: Session, desk: Desk, report: BounceReport, at: datetime
) -> BounceResult | None:
    """Take in that a mail came back: it counts as not delivered (退信).

    Where that lies with the address, it is not written to any more: the next delivery goes to the
    person's other addresses, else to the substitute or the office above. None, and nothing is
    done, where it is only late or about none of our mails. Known already, it changes nothing.
    """
    if not report.final:
        return None
    mailboxes = _mailboxes(session, desk)
    marks = set(map(mailbox_mark, report.recipients))
    to = {person for person, held in mailboxes.items() if marks & set(held)}
    found = _whose(session, desk, report, to, at)
    if found is None:
        return None
    person, digest = found
    held = mailboxes.get(person, {})
    hit: Mapping[str, int] = {mark: held[mark] for mark in held if mark in marks}
    if not hit and len(held) == 1:  # forwarded: its owner's server has another name for it
        hit = held
    known = {row.mark for row in unreachable(session, desk.plan.id) if row.person == person}
    if hit and hit.keys() <= known:
        return BounceResult(person, digest, 0, unreachable=True)
    lasting = report.kind in LASTING and bool(hit)
    reason = f"退信，{report.kind.label}" + (f"（{report.reason}）" if report.reason else "")
    for mark, number in hit.items() if lasting else ():
        refusal = Refusal(mark, ChannelKind.MAIL, number, reason)
        put_unreachable(session, desk.plan, person, refusal, at)
    again = lasting and _has_others(session, desk, person)
    count = come_back(session, desk.plan, person, digest, reason, again=again)
    return BounceResult(person, digest, count, lasting)


def _mailboxes(session: Session, desk: Desk) -> Mapping[str, Mapping[str, int]]:
    """By person the mail addresses, by fingerprint, with their numbers among all addresses."""
    people = Directory(desk.plan, legible_posts(session, desk.plan)).people
    urls = {
        person: dict.fromkeys(url for post in posts for url in post.channels)
        for person, posts in people.items()
    }
    return {
        person: {
            address_mark(url): number
            for number, url in enumerate(held, 1)
            if kind_of(url) is ChannelKind.MAIL
        }
        for person, held in urls.items()
    }


def _whose(
    session: Session, desk: Desk, report: BounceReport, to: Collection[str], at: datetime
) -> tuple[str, str] | None:
    """Whom a mail that came back was to, and which digest it was; empty: a test message."""
    digests = digests_named(" ".join(report.named))
    found = mailed(session, desk.plan, digests, to, at - LATELY)
    if found is None and digests and report.status and len(to) == 1:
        return next(iter(to)), ""
    return found


def heard_from(session: Session, desk: Desk, address: str) -> None:
    """Take in that a mail has come from an address: it is in use, and written to again."""
    forget_unreachable(session, desk.plan, marks=[mailbox_mark(address)])


def note_reach(session: Session, desk: Desk, outcome: ClaimResult, at: datetime) -> None:
    """Keep which of a person's addresses were refused for good."""
    for refusal in outcome.refusals:
        put_unreachable(session, desk.plan, outcome.claim.person, refusal, at)


def forget_stale(session: Session, desk: Desk) -> None:
    """Forget what is known of addresses that have been changed."""
    if rows := unreachable(session, desk.plan.id):
        directory = Directory(desk.plan, legible_posts(session, desk.plan))
        forget_unreachable(session, desk.plan, stale(directory, rows))


def _has_others(session: Session, desk: Desk, person: str) -> bool:
    """Whether somebody is reached at an address still."""
    directory = reachable(session, desk)
    return any(map(directory.is_reached, directory.people.get(person, ())))
