"""From what people are owed to the digests that they read: one each, across projects and rules."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlmodel import Session

from documents.task_list import TaskRow, task_list
from flows.operations.desk import Desk
from flows.operations.forms.making import Made
from flows.operations.lacking import missing
from flows.operations.letters import drafts
from flows.operations.overview import responsible
from flows.operations.prefilled import prefilled, told_of
from flows.operations.receipts import Answer, answers, is_receipt, told
from models import outbox
from models.audits import acknowledgements
from models.claims import Claim
from models.deadlines import deadline_rows
from models.projects import dossiers, facts, subjects
from models.tables import Audit, DeadlineRow, Outbox, Subject
from notifications.message import Attachment, DigestLine, Message
from notifications.render import digest
from notifications.wording import long_date, status
from policy.vocabulary import Because, RungKind, SubjectKind
from states.contacts import Directory, Post
from states.dossier import Dossier

TABLE_FROM = 9  # lines; a shorter digest says it all without a workbook
SEVERITY = tuple(RungKind)
WORDS = {
    Because.VACANT: "{}尚无联系人或无人分管，请代为转达，并补充通讯录",
    Because.SUBSTITUTE: "以下含您代为接收的待办事项：{}",
}
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Known:
    """What the digests of a batch of claims need to know, read once."""

    subjects: Mapping[str, Subject]
    projects: Mapping[str, Dossier]
    facts: Mapping[str, Mapping[str, date]]
    deadlines: Mapping[Key, DeadlineRow]
    acknowledged: Mapping[Key, Audit]
    answers: Mapping[Key, Answer]
    """The receipts, by the file that each is about."""
    reports: Mapping[Key, Made]
    """The monthly reports that are asked for, filled in beforehand."""


def gather(session: Session, desk: Desk, claims: Iterable[Claim]) -> Known:
    """Everything that the digests of these claims speak of."""
    owed = [row for claim in claims for _, row in claim.rows]
    return replace(
        known_of(session, desk, sorted({row.subject for row in owed})),
        answers=answers(session, desk, owed),
        reports=prefilled(session, desk, owed),
    )


def known_of(session: Session, desk: Desk, codes: list[str]) -> Known:
    """What there is to know of some subjects, files apart."""
    rows = {(row.subject, row.rule): row for row, _ in deadline_rows(session, desk.plan, codes)}
    quiet = [code for (code, _), row in rows.items() if row.quiet_until is not None]
    return Known(
        subjects=subjects(session, desk.plan, codes),
        projects={item.code: item for item in dossiers(session, desk.plan, codes)},
        facts=facts(session, desk.plan, codes),
        deadlines=rows,
        acknowledged=acknowledgements(session, desk.plan, quiet) if quiet else {},
        answers={},
        reports={},
    )


def message(
    desk: Desk, known: Known, people: Directory, claim: Claim, today: date, at: datetime
) -> Message:
    """All that one person is owed, as of the day it is sent: the severest rung of each deadline."""
    as_of = max([today, *(row.as_of for _, row in claim.rows)])
    posts = people.people.get(claim.person, ())
    offices = "、".join(post.office for post in posts) or claim.person
    owed = severest(row for _, row in claim.rows)
    lines = [_line(desk, known, row, as_of) for row in owed.values() if not is_receipt(row)]
    reports = list(_own_reports(desk, known, owed.values()))
    receipts, copies = told([known.answers[key] for key, row in owed.items() if is_receipt(row)])
    return digest(
        id=digest_id(claim),
        recipient=offices,
        addressee=posts[0].name if posts else "",
        as_of=as_of,
        lines=lines,
        notices=(*_notices(claim, posts), *map(told_of, reports)),
        receipts=receipts,
        plan_name=desk.plan.name,
        attachments=(
            *_task_list(offices, lines, as_of),
            *drafts(desk, known.subjects, lines, as_of),
            *copies,
            *(Attachment(made.name, made.content) for made in reports),
        ),
        sent_at=at,
    )


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


def _own_reports(desk: Desk, known: Known, rows: Iterable[Outbox]) -> Iterator[Made]:
    """The reports that the office itself owes; who is only told of its lateness gets none."""
    for row in rows:
        made = known.reports.get((row.subject, row.rule))
        if made is not None:
            body = desk.deadlines[row.rule].rule.responsible
            if row.recipient == responsible(desk, body, known.subjects[row.subject]):
                yield made


def _line(desk: Desk, known: Known, row: Outbox, as_of: date) -> DigestLine:
    told = (row.subject, row.rule), RungKind(row.rung_kind), row.due
    return line_about(desk, known, *told, as_of)


def line_about(
    desk: Desk, known: Known, key: Key, rung: RungKind, due: date, as_of: date
) -> DigestLine:
    """What is told of one subject's deadline, which is overdue after `due`, as of a day."""
    deadline = desk.deadlines[key[1]]
    rule, subject = deadline.rule, known.subjects[key[0]]
    kind, project = SubjectKind(subject.kind), known.projects.get(subject.code)
    stored = known.deadlines[key]
    held = known.facts.get(subject.code, {})
    return DigestLine(
        kind=rung,
        subject_kind=kind,
        subject=subject.code,
        name=subject.name,
        place=f"{subject.city}{subject.county}" or desk.plan.province,
        rule=deadline.id,
        title=rule.title,
        clause=rule.clause,
        words=rule.words,
        notice_number=desk.plan.notice.number,
        origin=rule.origin,
        remind_by=stored.remind_by or due,
        overdue_after=due,
        responsible=responsible(desk, rule.responsible, subject),
        person=(project and project.profile.responsible_person) or "",
        phone=(project and project.profile.responsible_phone) or "",
        to_do=rule.to_do,
        missing=missing(desk, deadline, kind, held, project, as_of),
        note=_acknowledged(known, stored),
    )


def _acknowledged(known: Known, stored: DeadlineRow) -> str:
    said = known.acknowledged.get((stored.subject, stored.rule))
    if stored.quiet_until is None or said is None:
        return ""
    return f"已知悉，预计{long_date(stored.quiet_until)}完成：{said.evidence}"


def _notices(claim: Claim, posts: Sequence[Post]) -> Iterable[str]:
    """Why the person is told of what concerns other offices: a stand-in, or nobody there."""
    own = {post.office for post in posts}
    about: dict[tuple[Because, str], set[str]] = {}
    for delivery, row in claim.rows:
        if row.recipient not in own or delivery.because is not Because.POST:
            about.setdefault((Because(delivery.because), row.recipient), set()).add(row.subject)
    for because, words in WORDS.items():
        concerned = {office: codes for (why, office), codes in about.items() if why is because}
        if concerned:
            counted = (f"{office}（{len(codes)}个对象）" for office, codes in concerned.items())
            yield words.format("、".join(sorted(counted)))


def _task_list(offices: str, lines: Sequence[DigestLine], as_of: date) -> Iterable[Attachment]:
    if len(lines) >= TABLE_FROM:
        title = f"{offices.split('、')[0]} {as_of:%Y-%m-%d} 待办事项"
        table = task_list(title, [_task(line, as_of) for line in lines])
        yield Attachment(f"{title}.xlsx", table)


def _task(line: DigestLine, as_of: date) -> TaskRow:
    return TaskRow(
        kind=line.kind.label,
        place=line.place,
        subject=line.name,
        title=line.title,
        clause=f"{line.notice_number}{line.clause}",
        remind_by=line.remind_by,
        overdue_after=line.overdue_after,
        state=status(line, as_of),
        to_do=line.to_do,
        missing="；".join(line.missing),
    )
