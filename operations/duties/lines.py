"""What is told of a deadline, in a digest and in a letter: one line, with what it still lacks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from common.words import long_date
from models.audits import acknowledgements
from models.deadlines import deadline_rows
from models.projects import dossiers, facts, subjects
from models.tables import Audit, DeadlineRow, Subject
from notifications.message import DigestLine
from operations.cases.desk import Desk
from operations.views.explain import missing
from operations.views.overview import responsible
from policy.vocabulary import RungKind, SubjectKind
from states.dossier import Dossier

Key = tuple[str, str]
"""A subject and one of its deadlines."""


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What lines about some subjects need to know, read once."""

    subjects: Mapping[str, Subject]
    projects: Mapping[str, Dossier]
    facts: Mapping[str, Mapping[str, date]]
    deadlines: Mapping[Key, DeadlineRow]
    acknowledged: Mapping[Key, Audit]


def known_of(session: Session, desk: Desk, codes: list[str]) -> DigestFacts:
    """What there is to know of some subjects and their deadlines."""
    rows = {(row.subject, row.rule): row for row, _ in deadline_rows(session, desk.plan, codes)}
    quiet = [code for (code, _), row in rows.items() if row.quiet_until is not None]
    return DigestFacts(
        subjects=subjects(session, desk.plan, codes),
        projects={item.code: item for item in dossiers(session, desk.plan, codes)},
        facts=facts(session, desk.plan, codes),
        deadlines=rows,
        acknowledged=acknowledgements(session, desk.plan, quiet) if quiet else {},
    )


def line_about(
    desk: Desk, known: DigestFacts, key: Key, rung: RungKind, due: date, as_of: date
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


def _acknowledged(known: DigestFacts, stored: DeadlineRow) -> str:
    said = known.acknowledged.get((stored.subject, stored.rule))
    if stored.quiet_until is None or said is None:
        return ""
    return f"已知悉，预计{long_date(stored.quiet_until)}完成：{said.evidence}"
