"""The contacts: listed, changed, imported and exported.

Addresses leave this module masked, and no error holds one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import date
from difflib import get_close_matches
from typing import NamedTuple
from zlib import crc32

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms import contacts as book
from models.contacts import change_contacts, legible_posts
from models.deliveries import retry_dead
from models.secrets import masked
from operations.cases.desk import Desk
from operations.workbooks.addresses import checking
from policy.bodies import Office
from policy.schema import Plan
from states.contacts import SEALED, Directory, Post

Posts = tuple[Post, ...]


class ContactCounts(NamedTuple):
    """How many of the contacts that were stated are new, changed, as they were, or gone."""

    added: int
    changed: int
    unchanged: int
    removed: int

    @property
    def changes(self) -> bool:
        """Whether anything is not as it was."""
        return bool(self.added or self.changed or self.removed)


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What to store of one person at one office; None keeps what is stored."""

    office: str
    name: str
    role: str | None = None
    phone: str | None = None
    divisions: Sequence[str] | None = None
    channels: Sequence[str] | None = None
    """A masked address stands for the stored one that is shown so."""


def list_contacts(desk: Desk, office: str | None = None) -> Posts:
    """The contacts, or those of one office, in the plan's order; RefusedError if unknown."""
    where = None if office is None else book.known_office(office, desk.plan.contact_office).name
    with desk.reading() as session:
        found = listed(session, desk)
    return tuple(post for post in found if where in (None, post.office))


def listed(session: Session, desk: Desk) -> Posts:
    """All contacts in the plan's order, their addresses masked.

    ``sealed://***`` stands for what cannot be decrypted.
    """
    found = legible_posts(session, desk.plan)
    return tuple(map(_shown, _in_order(desk.plan, found)))


def fingerprint(found: Posts) -> int:
    """A number that tells the contacts as they are listed from those before any change."""
    return crc32(repr(sorted(map(astuple, found))).encode())


def take_posts(session: Session, desk: Desk, file: str, stated: Posts) -> ContactCounts:
    """Make a workbook's people the only ones of the offices it names; RefusedError with reasons.

    The caller holds the plan's lock.
    """
    offices = {post.office for post in stated}
    before = legible_posts(session, desk.plan)
    known = {(post.office, post.name): post for post in before}
    resolved = _resolved(file, stated, known)
    others = tuple(post for post in before if post.office not in offices)
    _save(session, desk, before, (*_following(others, resolved), *resolved))
    olds = [known.get((post.office, post.name)) for post in resolved]
    unchanged = sum(post == old for post, old in zip(resolved, olds, strict=True))
    added = olds.count(None)
    here = sum(post.office in offices for post in before)
    removed = here - (len(resolved) - added)
    return ContactCounts(added, len(resolved) - added - unchanged, unchanged, removed)


def set_contact(desk: Desk, change: ContactChange) -> Post:
    """Add a person to an office or change what is stored; what is stored now. RefusedError.

    Channels are a person's own: stated at one office, they hold at the others too.
    """
    office = book.known_office(change.office, desk.plan.contact_office)
    name = book.person(change.name)

    def edit(before: Posts) -> Posts:
        old = _at(before, office.name, name) or Post(office.name, name)
        new = _changed(desk, office, change, old)
        others = tuple(post for post in before if post != old)
        return (*others, new) if change.channels is None else (*_following(others, [new]), new)

    return _found(_rewrite(desk, edit), office.name, name)


def remove_contact(desk: Desk, office: str, name: str) -> int:
    """Take a person from an office; how many it has left. RefusedError if that leaves a trace."""
    where = book.known_office(office, desk.plan.contact_office).name

    def edit(before: Posts) -> Posts:
        old = _found(before, where, book.person(name))
        return tuple(post for post in before if post != old)

    return sum(post.office == where for post in _rewrite(desk, edit))


def set_substitute(
    desk: Desk, office: str, name: str, by: str, start: date | None, end: date | None
) -> Post:
    """Let somebody stand in for a person, both days included; no day: open. RefusedError."""
    offices = desk.plan.contact_office
    where = book.known_office(office, offices).name
    stands_in = book.substitute(by, where, offices)
    if not stands_in:
        raise RefusedError("未指明代理人；请写明姓名，其他单位的人写作“单位 姓名”")
    return _absence(desk, where, name, stands_in, start, end)


def clear_substitute(desk: Desk, office: str, name: str) -> Post:
    """Let nobody stand in for a person any more. RefusedError for an unknown one."""
    where = book.known_office(office, desk.plan.contact_office).name
    return _absence(desk, where, name, "", None, None)


def _rewrite(desk: Desk, edit: Callable[[Posts], Posts]) -> Posts:
    """Change the contacts in one transaction; what is stored now, masked."""
    with desk.writing() as session:
        before = legible_posts(session, desk.plan)
        after = edit(before)
        _save(session, desk, before, after)
    return tuple(map(_shown, after))


def _save(session: Session, desk: Desk, before: Posts, after: Posts) -> None:
    """Write who has changed; RefusedError when contacts contradict each other.

    What was given up because nobody could be reached is owed again to whose addresses are new.
    """
    directory, old = Directory(desk.plan, after), set(before)
    if faults := list(_contradictions(directory, after)):
        raise RefusedError("\n".join(faults))
    changed = [post for post in after if post not in old]
    if any(SEALED in post.channels for post in changed):
        raise RefusedError("联系人的通知方式无法解密，更改时请一并重新填写")
    gone = [(post.office, post.name) for post in before if post not in set(after)]
    change_contacts(session, desk.plan, gone, changed)
    reached = {(post.office, post.name): post.channels for post in before}
    mended = {
        directory.key(post)
        for post in changed
        if post.channels != reached.get((post.office, post.name))
    }
    retry_dead(session, desk.plan, mended)


def _contradictions(directory: Directory, found: Posts) -> Iterator[str]:
    for post in found:
        if post.substitute and directory.find(post.office, post.substitute) is None:
            yield (
                f"{post.office} {post.name}的代理人“{post.substitute}”不在通讯录中；"
                "请先登记该代理人，或更改、清除代理"
            )
    for post, other in book.at_odds(found):
        yield (
            f"{post.office}的{post.name}与{other.office}的{other.name}姓名、电话相同，是同一人，"
            "通知方式却不同；请改为一致，或只在一处填写"
        )


def _resolved(file: str, stated: Posts, known: dict[tuple[str, str], Post]) -> Posts:
    """The workbook's people with the stored addresses in the place of masked ones."""
    faults: list[str] = []
    resolved: list[Post] = []
    for post in stated:
        old = known.get((post.office, post.name))
        try:
            channels = _unmasked(post.channels, old.channels if old else ())
            resolved.append(replace(post, channels=channels))
        except RefusedError as error:
            faults.append(f"{file}：{post.office} {post.name}，{error}")
    if faults:
        raise RefusedError("\n".join(faults))
    return tuple(resolved)


def _unmasked(stated: Sequence[str], stored: Sequence[str]) -> tuple[str, ...]:
    """Several stored addresses may look alike once masked: they are kept together or not at all."""
    alike: dict[str, list[str]] = {}
    for address in stored:
        alike.setdefault(masked(address), []).append(address)
    for shown, times in Counter(word for word in stated if book.MASK in word).items():
        if times != len(alike.get(shown, ())):
            raise RefusedError(
                "含“***”的通知方式与已保存的不一致；未变的请照导出的原样保留，其余请填写完整地址"
            )
    kept = (alike[word].pop(0) if book.MASK in word else word for word in stated)
    return tuple(dict.fromkeys(kept))


def _following(others: Posts, stated: Sequence[Post]) -> Iterator[Post]:
    """The other posts; those of the same people follow the channels that are stated now."""
    newest = {(post.name, post.phone): post for post in stated if post.phone and post.channels}
    for post in others:
        same = newest.get((post.name, post.phone))
        yield replace(post, channels=same.channels) if same and post.channels else post


def _changed(desk: Desk, office: Office, change: ContactChange, old: Post) -> Post:
    """The post with what a change states, read as the workbook's cells are."""
    new = old
    if change.role is not None:
        new = replace(new, role=book.role(change.role))
    if change.phone is not None:
        new = replace(new, phone=book.phone(change.phone))
    if change.divisions is not None:
        new = replace(new, divisions=book.divisions(change.divisions, office, desk.plan))
    if change.channels is not None:
        with checking(desk.settings) as fault_of:
            stated = book.channels(change.channels, fault_of)
        new = replace(new, channels=_unmasked(stated, old.channels))
    return new


def _absence(
    desk: Desk, office: str, name: str, by: str, start: date | None, end: date | None
) -> Post:
    who = book.person(name)

    def edit(before: Posts) -> Posts:
        old = _found(before, office, who)
        new = replace(old, substitute=by, away_from=start, away_to=end)
        for _, reason in book.absence_faults(new):
            raise RefusedError(f"{office} {who}：{reason}")
        return tuple(new if post == old else post for post in before)

    return _found(_rewrite(desk, edit), office, who)


def _in_order(plan: Plan, found: Iterable[Post]) -> list[Post]:
    at = {name: number for number, name in enumerate(plan.contact_office)}
    return sorted(found, key=lambda post: (at.get(post.office, len(at)), post.name))


def _shown(post: Post) -> Post:
    return replace(post, channels=tuple(map(masked, post.channels)))


def _at(known: Posts, office: str, name: str) -> Post | None:
    return next((post for post in known if (post.office, post.name) == (office, name)), None)


def _found(known: Posts, office: str, name: str) -> Post:
    post = _at(known, office, name)
    if post is not None:
        return post
    there = [other.name for other in known if other.office == office]
    close = get_close_matches(name, there, n=3, cutoff=0.4)
    hint = f"，是否为{'、'.join(close)}？" if close else "；"
    raise RefusedError(f"{office}没有联系人“{name}”{hint}可用 xingfu contacts list 查看")
