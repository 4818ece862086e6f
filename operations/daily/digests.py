"""From what people are owed to the digests that they read: one each, across projects and rules."""

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from sqlmodel import Session

from common.words import long_date
from models import outbox
from models.audits import newest, rewinds, witness
from models.claims import Claim
from models.rewinds import correction_rule, wrongly_told
from models.seals import require_plan_key
from models.tables import Audit, Delivery, Outbox, is_correction, is_receipt
from notifications.message import (
    Attachment,
    Correction,
    DigestLine,
    Message,
    Receipt,
    WaysToAnswer,
)
from notifications.render import digest, ordered
from operations.cases.desk import Desk
from operations.daily.asking import asked_of, enquiries, level_of, salutation, ways_for
from operations.daily.enclosures import (
    answer_form,
    bulletins,
    drafted,
    own_reports,
    prefilled,
    task_lists,
    told_of,
)
from operations.duties.lines import (
    SEVERITY,
    DigestFacts,
    Key,
    in_chains,
    known_of,
    line_about,
    turn_in,
)
from operations.duties.supervision import drafts
from operations.views.held import HeldMails, held_for
from operations.workbooks.outgoing import OutgoingWorkbook
from operations.workbooks.receipts import OutgoingReceipt, answers, told
from policy.schema import Plan
from policy.vocabulary import Level, RecipientReason, RungKind, Standing
from states.answer_code import code_of
from states.contacts import Directory, Post

SETTLED = "此前待核实的来信均已办理，无需再办"


@dataclass(frozen=True, slots=True)
class Material:
    """What the digests of a batch of claims are made of, read once."""

    known: DigestFacts
    answers: Mapping[Key, OutgoingReceipt]
    """The receipts, by the file that each is about."""
    reports: Mapping[Key, OutgoingWorkbook]
    """The monthly reports that are asked for, filled in beforehand."""
    bulletins: Mapping[str, Attachment]
    """The drafts of bulletins, by the duty's deadline."""
    proof: str
    """How many rows the trail has, and the code that it can be held against later."""
    version: int
    """The number of its newest row, which forms are made out at."""
    key: bytes = field(repr=False)
    """What the codes of digests are made with."""
    taken_back: Mapping[str, Audit]
    """The rewinds of which somebody is to be told, by the rules of their corrections."""
    wrongly: Sequence[tuple[Delivery, Outbox]]
    """What was wrongly told to whom."""
    held: Mapping[str, HeldMails]
    """The mails that wait, by the office that has to decide on them."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose digest it is."""

    person: str
    posts: tuple[Post, ...]
    """Empty for an office that nobody is known to hold."""
    offices: str
    """The names of the offices held."""
    acting: tuple[str, ...]
    """The offices for which the person may answer: those held, and where he or she stands in."""
    level: Level
    city: str


@dataclass(frozen=True, slots=True)
class Enclosures:
    """What goes with a digest, and what is said of it."""

    attachments: tuple[Attachment, ...]
    notices: tuple[str, ...]
    forms: tuple[str, ...]
    """What is to be filled in and sent back: 《办理回执》, 《月报》."""


def gather(session: Session, desk: Desk, claims: Iterable[Claim], today: date) -> Material:
    """Everything that the digests of these claims speak of."""
    owed = [row for claim in claims for _, row in claim.rows]
    mended = {row.rule for row in owed if is_correction(row)}
    people = [claim.person for claim in claims if any(is_correction(row) for _, row in claim.rows)]
    back = (
        {correction_rule(row.id or 0): row for row in rewinds(session, desk.plan)} if mended else {}
    )
    wrongly = wrongly_told(session, desk.plan, people) if people else ()
    about = {row.subject for row in owed} | {row.subject for _, row in wrongly}
    known = known_of(session, desk, sorted(about), today)
    return Material(
        known=known,
        answers=answers(session, desk, owed),
        reports=prefilled(session, desk, known, owed),
        bulletins=bulletins(session, desk, owed),
        proof=witness(session, desk.plan.id).words,
        version=newest(session, desk.plan),
        key=require_plan_key(session, desk.plan.id).secret,
        taken_back={rule: back[rule] for rule in mended},
        wrongly=wrongly,
        held=held_for(session, desk),
    )


def message(
    desk: Desk, material: Material, people: Directory, claim: Claim, today: date, at: datetime
) -> Message:
    """All that one person is owed, as of the day it is sent: the severest rung of each deadline."""
    as_of = max([today, *(row.as_of for _, row in claim.rows)])
    reader = _reader(desk.plan, people, claim.person, today)
    owed = severest(row for _, row in claim.rows)
    owing = _owing(desk, material.known, owed, as_of)
    lines = _asked_lines(desk, material.known, reader, owed, owing, as_of)
    receipts, copies = told(
        [_receipt(desk, material, reader, row) for row in owed.values() if is_receipt(row)]
    )
    enclosed = _enclosures(desk, material, reader, owed, owing, lines, as_of)
    return digest(
        id=digest_id(claim),
        recipient=reader.offices,
        addressee=reader.posts[0].name if reader.posts else "",
        as_of=as_of,
        lines=lines,
        notices=(
            *_notices(claim, reader.posts, people, material.known, desk.plan),
            *_to_verify(desk, material, reader, owed.values()),
            *enclosed.notices,
            *_proof(desk, reader, material.proof),
        ),
        receipts=receipts,
        corrections=_corrections(desk, material, claim.person, owed),
        plan_name=desk.plan.name,
        attachments=(*enclosed.attachments, *copies),
        sent_at=at,
        salutation=salutation(desk.plan, reader.posts, reader.offices),
        enquiries=enquiries(desk.plan, people, reader.posts, reader.offices, today),
        ways=_ways(desk, material, reader, claim, enclosed) if lines else None,
        called=desk.plan.called,
    )


def asked_items(desk: Desk, made: Message, person: str, on: date) -> list[dict[str, Any]]:
    """What a digest asks, by the numbers under which it does, for `models.asked.put_asked`."""
    code = made.ways.code if made.ways else ""
    return [
        {
            "plan": desk.plan.id,
            "digest": made.id,
            "number": number,
            "code": code,
            "person": person,
            "asked_on": on,
            "subject": line.subject,
            "rule": line.rule,
            "fact": line.fact,
        }
        for number, line in enumerate(made.lines, 1)
    ]


def _reader(plan: Plan, people: Directory, person: str, day: date) -> Reader:
    posts = people.people.get(person, ())
    held = [post.office for post in posts] or [person]
    own = plan.contact_office.get(held[0])
    return Reader(
        person,
        posts,
        "、".join(held),
        people.acting_for(person, day) or (person,),
        own.level if own else Level.PROVINCE,
        own.city if own else "",
    )


def _owing(
    desk: Desk, known: DigestFacts, owed: Mapping[Key, Outbox], as_of: date
) -> list[DigestLine]:
    """The deadlines that are told of, each by its line."""
    return [
        _line(desk, known, row, as_of)
        for row in owed.values()
        if not (is_receipt(row) or is_correction(row))
    ]


def _asked_lines(
    desk: Desk,
    known: DigestFacts,
    reader: Reader,
    owed: Mapping[Key, Outbox],
    owing: Sequence[DigestLine],
    as_of: date,
) -> Sequence[DigestLine]:
    """The same as their reader is asked of them, each chain as one, in the order of the digest."""
    office_of = {row.subject: row.recipient for row in owed.values()}
    posts = reader.posts
    return ordered(
        [
            _asked(desk, known, line, level_of(desk.plan, office_of[line.subject], posts))
            for line in in_chains(desk, known, owing, as_of)
        ],
        as_of,
    )


def _enclosures(
    desk: Desk,
    material: Material,
    reader: Reader,
    owed: Mapping[Key, Outbox],
    owing: Sequence[DigestLine],
    lines: Sequence[DigestLine],
    as_of: date,
) -> Enclosures:
    """The reader's forms first, then lists and drafts."""
    known = material.known
    reports = list(own_reports(desk, known, material.reports, owed.values()))
    form = answer_form(desk, known, reader.person, reader.acting, lines, as_of, material.version)
    forms = [*([form] if form else []), *reports]
    letters = [line for line in owing if line.kind is RungKind.DRAFT_LETTER]
    papers = [
        material.bulletins[row.rule] for row in owed.values() if _bulletin(desk, material, row)
    ]
    return Enclosures(
        attachments=(
            *(Attachment(made.name, made.content) for made in forms),
            *task_lists(reader.offices, lines, as_of),
            *drafts(desk, known, letters, as_of),
            *papers,
        ),
        notices=(*map(told_of, reports), *map(drafted, papers)),
        forms=(*(["《办理回执》"] if form else []), *(["《月报》"] if reports else [])),
    )


def _bulletin(desk: Desk, material: Material, row: Outbox) -> bool:
    """Whether the draft of a bulletin goes with it: to the province, which issues it."""
    province = desk.plan.office(Level.PROVINCE)
    return row.recipient == province and row.rule in material.bulletins


def _ways(
    desk: Desk, material: Material, reader: Reader, claim: Claim, enclosed: Enclosures
) -> WaysToAnswer:
    code = code_of(material.key, digest_id(claim))
    reply_to = desk.settings.reply_to
    return ways_for(desk.plan, reader.level, reader.city, code, reply_to, enclosed.forms)


def _corrections(
    desk: Desk, material: Material, person: str, owed: Mapping[Key, Outbox]
) -> list[Correction]:
    return [
        correction(desk, material, person, key) for key, row in owed.items() if is_correction(row)
    ]


def severest(rows: Iterable[Outbox]) -> dict[Key, Outbox]:
    """Of several rungs about one deadline the severest, and of those the last that came."""
    ordered = sorted(
        rows, key=lambda row: (SEVERITY.index(RungKind(row.rung_kind)), row.as_of, row.id)
    )
    return {(row.subject, row.rule): row for row in ordered}


def digest_id(claim: Claim) -> str:
    """The same intents to the same person make the same digest, so that a repeat is recognised."""
    keys = sorted(outbox.key(row) for _, row in claim.rows)
    return hashlib.sha256("\n".join([claim.person, *keys]).encode()).hexdigest()


def _line(desk: Desk, known: DigestFacts, row: Outbox, as_of: date) -> DigestLine:
    told = (row.subject, row.rule), RungKind(row.rung_kind), row.due
    return line_about(desk, known, *told, as_of)


def _asked(desk: Desk, known: DigestFacts, line: DigestLine, level: Level) -> DigestLine:
    _, turn = turn_in(desk, known, known.deadlines[line.subject, line.rule])
    project, facts = known.projects.get(line.subject), known.facts.get(line.subject, {})
    line = replace(line, link=item_link(desk, line.subject, line.rule))
    return asked_of(desk.plan, desk.deadlines[line.rule], turn, line, project, facts, level)


def item_link(desk: Desk, subject: str, rule: str) -> str:
    """Where an item stands on the desk; empty where staff have none. It signs nobody in."""
    site = desk.settings.desk_url
    return f"{site}/item/{quote(subject)}/{quote(rule)}" if site else ""


def _receipt(desk: Desk, material: Material, reader: Reader, row: Outbox) -> OutgoingReceipt:
    """What an intent without a deadline tells: what became of a file, or what mails wait."""
    key = row.subject, row.rule
    if not outbox.is_verification(row.rule):
        return material.answers[key]
    waiting = material.held.get(row.recipient)
    head = waiting.told(desk.settings.desk_url) if waiting else SETTLED
    return OutgoingReceipt(Receipt(key, None, f"{head}。"))


def _to_verify(
    desk: Desk, material: Material, reader: Reader, owed: Iterable[Outbox]
) -> Iterator[str]:
    """The mails that wait for an office in whose name the reader acts, if nothing else says so."""
    told_already = {row.recipient for row in owed if outbox.is_verification(row.rule)}
    for office in reader.acting:
        if office in material.held and office not in told_already:
            yield material.held[office].told(desk.settings.desk_url)


def _proof(desk: Desk, reader: Reader, proof: str) -> Iterable[str]:
    """What the province keeps, so that its trail can be held against it later."""
    held = [post.office for post in reader.posts] or [reader.person]
    if desk.plan.office(Level.PROVINCE) in held:
        yield f"办理记录现至{proof}，请留存，供核验记录是否被改动时使用"


def _notices(
    claim: Claim, posts: Sequence[Post], people: Directory, known: DigestFacts, plan: Plan
) -> Iterable[str]:
    """Why the person is told of what concerns other offices: a stand-in, or nobody there."""
    own = {post.office for post in posts}
    about: dict[tuple[RecipientReason, str], set[str]] = {}
    for delivery, row in claim.rows:
        if is_correction(row):
            continue
        if row.recipient not in own or delivery.because is not RecipientReason.POST:
            about.setdefault((RecipientReason(delivery.because), row.recipient), set()).add(
                row.subject
            )
    for (because, office), codes in sorted(about.items()):
        concerned = _counted(codes, known)
        if because is RecipientReason.VACANT:
            lacks, said = _lacks(plan, people, office), f"并将联系人报{plan.head_bureau}"
            mend = "并补充通讯录" if plan.office(Level.PROVINCE) in own else said
            yield f"{office}{lacks}，请转告该单位{concerned}的事项，{mend}"
        elif because is RecipientReason.SUBSTITUTE:
            absent = "、".join(_represented(people, office, claim.person))
            instead = f"{absent}同志" if absent else "该单位联系人"
            yield f"本邮件含您代{instead}接收的事项（{office}，{concerned}）"


def _lacks(plan: Plan, people: Directory, office: str) -> str:
    """Why an office is told of through the level above."""
    if not all(map(people.is_reached, people.at(office))):
        return "联系人的通知方式目前无法送达"
    return plan.said("没有人分管有关县（市、区）") if office in people.offices else "未登记联系人"


def _counted(codes: Collection[str], known: DigestFacts) -> str:
    """``3个项目``; ``本级``, where it is not about projects, and both where it is about both."""
    number = sum(code in known.projects for code in codes)
    parts = (f"{number}个项目" if number else "", "" if number == len(codes) else "本级")
    return "和".join(part for part in parts if part)


def _represented(people: Directory, office: str, person: str) -> Iterator[str]:
    """Whom the person stands in for at an office, by name."""
    for posts in people.people.values():
        for post in posts:
            other = people.find(post.office, post.substitute) if post.office == office else None
            if other is not None and people.key(other) == person:
                yield post.name


def correction(desk: Desk, material: Material, person: str, key: Key) -> Correction:
    """What a person was wrongly told and a rewind has taken back, each deadline once."""
    row = material.taken_back[key[1]]
    ids = frozenset(row.detail["intents"])
    wrong = severest(
        intent for told, intent in material.wrongly if told.person == person and intent.id in ids
    )
    head = (
        f"因系统日期有误，此前发给您的下列{len(wrong)}项提醒不实，现予作废，请勿据此办理，"
        "也不计入逾期；各事项仍按原定期限办理。给您造成不便，谨致歉意。"
    )
    ordered = sorted(wrong.values(), key=lambda intent: (intent.subject, intent.rule))
    return Correction(key, head, tuple(_mended(desk, material.known, each) for each in ordered))


def _mended(desk: Desk, known: DigestFacts, wrong: Outbox) -> str:
    """``太原市小店区某项目（XF…）开工（D08）：原“提级”作废；目前为“正常”，…前完成``."""
    subject = known.subjects[wrong.subject]
    stored = known.deadlines.get((wrong.subject, wrong.rule))
    deadline = desk.deadlines.get(wrong.rule)
    title = deadline.rule.title if deadline else ""
    code = f"（{subject.code}）" if subject.code != subject.name else ""
    place = "" if subject.code == subject.name else f"{subject.city}{subject.county}"
    kind = RungKind(wrong.rung_kind).label
    told = f"{place}{subject.name}{code}{title}（{wrong.rule}）：原“{kind}”作废"
    if stored is None or stored.remind_by is None:
        return told
    standing = Standing(stored.standing)
    if standing in (Standing.ON_TRACK, Standing.DUE_SOON):
        return f"{told}，应于{long_date(stored.remind_by)}前完成"
    return f"{told}，目前为“{standing.label}”"
