"""What is told of a deadline, in a digest and in a letter: one line, with what it still lacks."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session

from common.words import long_date, short_date
from models.audits import acknowledgements
from models.deadlines import PlainDeadlineRow, deadline_rows
from models.projects import dossiers, facts, subjects
from models.tables import Audit, Subject
from notifications.message import DigestLine, LaterStep
from operations.cases.desk import Desk
from operations.cases.fulfilment import turn_at
from operations.views.explain import Places, missing, places_of
from operations.views.overview import responsible, to_do_first
from policy.vocabulary import Origin, RungKind, SubjectKind
from states.chains import Turn, matter_of
from states.deadlines import DeadlineDates
from states.dossier import Dossier
from states.reporting import without_echoes

Key = tuple[str, str]
"""A subject and one of its deadlines."""
SEVERITY = tuple(RungKind)
"""The severest last."""


@dataclass(frozen=True, slots=True)
class DigestFacts:
    """What lines about some subjects need to know, read once."""

    subjects: Mapping[str, Subject]
    projects: Mapping[str, Dossier]
    facts: Mapping[str, Mapping[str, date]]
    deadlines: Mapping[Key, PlainDeadlineRow]
    acknowledged: Mapping[Key, Audit]
    places: Mapping[str, Places]


def known_of(session: Session, desk: Desk, codes: list[str], as_of: date) -> DigestFacts:
    """What there is to know of some subjects and their deadlines as of a day."""
    rows = {(row.subject, row.rule): row for row, _ in deadline_rows(session, desk.plan, codes)}
    held = facts(session, desk.plan, codes)
    quiet = [code for (code, _), row in rows.items() if row.quiet_until is not None]
    return DigestFacts(
        subjects=subjects(session, desk.plan, codes),
        projects={item.code: item for item in dossiers(session, desk.plan, codes, held)},
        facts=held,
        deadlines=rows,
        acknowledged=acknowledgements(session, desk.plan, quiet) if quiet else {},
        places=places_of(session, desk, codes, as_of),
    )


def line_about(
    desk: Desk, known: DigestFacts, key: Key, rung: RungKind, late_after: date, as_of: date
) -> DigestLine:
    """What is told of one subject's deadline, which is overdue after a day, as of another."""
    deadline = desk.deadlines[key[1]]
    rule, subject = deadline.rule, known.subjects[key[0]]
    kind, project = SubjectKind(subject.kind), known.projects.get(subject.code)
    stored = known.deadlines[key]
    held = known.facts.get(subject.code, {})
    dates, turn = turn_in(desk, known, stored)
    waits = turn.label if turn.step not in deadline.facts(kind) else ""
    whose = responsible(desk, turn.body, subject)
    places = known.places.get(subject.code)
    lacks = missing(desk, deadline, kind, held, project, as_of, places)
    return DigestLine(
        kind=rung,
        subject_kind=kind,
        levels=desk.plan.levels,
        subject=subject.code,
        name=subject.name,
        place=f"{subject.city}{subject.county}" or desk.plan.province,
        rule=deadline.id,
        title=rule.title,
        clause=rule.clause,
        words=rule.words,
        notice_number=desk.plan.notice.number,
        origin=rule.origin,
        due=dates.literal.due if dates else late_after,
        remind_by=stored.remind_by or late_after,
        overdue_after=late_after,
        responsible=whose,
        person=(project and project.profile.responsible_person) or "",
        phone=(project and project.profile.responsible_phone) or "",
        to_do=to_do_first(desk, deadline.id, turn),
        missing=tuple(lack.said for lack in lacks),
        bound=desk.plan.bodies[turn.body].bound and (dates is None or dates.fits),
        note=_acknowledged(known, stored),
        step=f"{waits}，{whose}" if waits else "",
        since=short_date(dates.turn_on) if dates and dates.turn_on else "",
    )


def in_chains(
    desk: Desk, known: DigestFacts, lines: Sequence[DigestLine], as_of: date
) -> tuple[DigestLine, ...]:
    """The lines, each chain of a project as one: the first step that is missing, and what waits.

    With what is late in a chain by `as_of`, whether or not it has a line today, so that a chain
    reads the same every day. Without what is asked of a city if its projects' lines stand for it.
    """
    chains = _chains(desk, known, lines)
    late: dict[Key, list[PlainDeadlineRow]] = {key: [] for key in chains}
    projects = {it.subject for it in lines if it.subject_kind is SubjectKind.PROJECT}
    every = (known.deadlines.get((code, id)) for code in projects for id in desk.deadlines)
    for row in every:
        if row and row.next_look_on and row.overdue_after and row.overdue_after < as_of:
            late.get(_chain(desk, known, row), []).append(row)
    heads = [
        _whole(desk, known, chain, late[key], as_of) if len(late[key]) > 1 else folded(chain)
        for key, chain in chains.items()
    ]
    return tuple(_without_echoes(known, heads))


def _without_echoes(known: DigestFacts, lines: Sequence[DigestLine]) -> Iterator[DigestLine]:
    """The lines, and in place of what is asked of a city if its projects stand for it: theirs."""

    def city_of(line: DigestLine) -> str:
        return known.subjects[line.subject].city

    lacks = {city: places.quota - places.applied for city, places in known.places.items()}
    kept = without_echoes(lines, city_of, lacks)
    echoes = {(it.subject, it.rule) for it in lines} - {(it.subject, it.rule) for it in kept}
    for line in kept:
        key = (city_of(line), line.rule)
        yield replace(line, stands_for=(*line.stands_for, key)) if key in echoes else line
        echoes.discard(key)


def once_each(
    desk: Desk, known: DigestFacts, lines: Sequence[DigestLine]
) -> tuple[DigestLine, ...]:
    """The lines alone, of each chain of a project the first, and below it the others."""
    return tuple(map(folded, _chains(desk, known, lines).values()))


def folded(chain: Sequence[DigestLine], *, late: bool = False) -> DigestLine:
    """One line for all: that of the missing step itself if there is one, else the earliest.

    Where all are late, and in a letter, first what the notice itself dates: as in the lists.
    """
    kind = max((it.kind for it in chain), key=SEVERITY.index)

    def rank(line: DigestLine) -> tuple[object, ...]:
        dated = late or kind is RungKind.DRAFT_LETTER
        no_ground = dated and line.origin is Origin.PROPOSAL
        return no_ground, bool(line.step), line.overdue_after, line.rule

    first, *others = sorted(chain, key=rank)
    notes = dict.fromkeys(it.note for it in (first, *others) if it.note)
    return _heading(replace(first, kind=kind, note="；".join(notes)), others)


def _whole(
    desk: Desk,
    known: DigestFacts,
    lines: Sequence[DigestLine],
    late: Sequence[PlainDeadlineRow],
    as_of: date,
) -> DigestLine:
    kind = max((it.kind for it in lines), key=SEVERITY.index)
    held = [
        line_about(desk, known, (row.subject, row.rule), kind, row.overdue_after or as_of, as_of)
        for row in late
    ]
    head = folded(held, late=True)
    if kind is RungKind.REMIND:  # of a later step; what it waits for is late
        head = replace(head, kind=RungKind.URGE if head.bound else RungKind.COORDINATE)
    every = {it.rule: it for it in (*lines, *held) if it.rule != head.rule}
    return _heading(head, every.values())


def _heading(head: DigestLine, others: Iterable[DigestLine]) -> DigestLine:
    """The line with the others below it, in the order of their dates.

    The missing step's own one comes after nothing: the line names it, and stands for it.
    """
    own, below = [], []
    for it in sorted(others, key=lambda it: (it.due, it.rule)):
        if it.step or not head.step:
            below.append(LaterStep(it.rule, it.title, it.due))
        else:
            own.append((it.subject, it.rule))
    return replace(head, below=tuple(below), stands_for=tuple(own))


def _chains(
    desk: Desk, known: DigestFacts, lines: Sequence[DigestLine]
) -> Mapping[Key, list[DigestLine]]:
    chains: dict[Key, list[DigestLine]] = {}
    for line in lines:
        row = known.deadlines[line.subject, line.rule]
        chains.setdefault(_chain(desk, known, row), []).append(line)
    return chains


def _chain(desk: Desk, known: DigestFacts, row: PlainDeadlineRow) -> Key:
    """What is one matter: all that waits for the same first step of a project."""
    if row.rule not in desk.deadlines:
        return row.subject, row.rule
    _, turn = turn_in(desk, known, row)
    return row.subject, matter_of(turn, row.rule)


def turn_in(
    desk: Desk, known: DigestFacts, row: PlainDeadlineRow
) -> tuple[DeadlineDates | None, Turn]:
    """As `turn_at`, of a deadline whose subject is known."""
    kind = SubjectKind(known.subjects[row.subject].kind)
    return turn_at(desk, row, kind, known.facts.get(row.subject, {}))


def _acknowledged(known: DigestFacts, stored: PlainDeadlineRow) -> str:
    said = known.acknowledged.get((stored.subject, stored.rule))
    if stored.quiet_until is None or said is None:
        return ""
    return f"已知悉，预计{long_date(stored.quiet_until)}完成：{said.evidence}"
