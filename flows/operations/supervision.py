"""Supervision letters (督办函): the draft to a city as of a day, and its issue (八(四))."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import takewhile

from sqlmodel import Session

from documents.blocks import Letter
from flows.operations.desk import Desk
from flows.operations.fingerprint import fingerprint
from flows.operations.letters import Reply, letter_to
from flows.operations.lines import known_of, line_about
from flows.operations.papers import Asked, Paper, Signature, issue, papers
from models.database import reading
from models.deadlines import deadline_rows
from models.plans import require_plan
from models.tables import DeadlineRow
from notifications.message import DigestLine
from policy.errors import ConflictError, RefusedError
from policy.schema import EvidenceRule, Plan
from policy.vocabulary import Level, RungKind, Standing
from states.decide import Situation, steps
from states.workdays import UnknownYearError

CHANGED = "应督办的事项在您查看之后已有变化，本次未签发；请重新核对后再签发"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a letter to a city would say as of a day."""

    city: str
    as_of: date
    lines: tuple[DigestLine, ...]
    letter: Letter
    issued: Paper | None
    """This very letter, when it has been issued."""
    earlier: tuple[Paper, ...]
    """Other letters to the city that speak of some of the same, the newest last."""

    @property
    def digest(self) -> str:
        """What the letter is known by."""
        return fingerprint((self.city, self.as_of, self.letter))

    @property
    def fingerprint(self) -> str:
        """What all that is shown is known by."""
        return fingerprint((self.digest, [paper.number for paper in self.earlier]))


def draft_of(desk: Desk, city: str, as_of: date) -> Draft | None:
    """The letter that is due to a city; None when nothing there has come so far.

    It speaks of every deadline that is open now and has reached the ladder's rung for a letter by
    `as_of`, whatever the daily job has sent; what the province itself owes aside. RefusedError for
    an unknown city and for a plan that has no such letters.
    """
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        return _draft(session, desk, city, as_of)


def issue_letter(
    session: Session,
    desk: Desk,
    draft: Draft,
    signed: Signature,
    reply: Reply,
    *,
    today: date,
    at: datetime,
) -> Paper:
    """Issue the letter that was shown as `draft`: see `papers.issue`.

    ConflictError, and nothing written, when there is another draft by now. RefusedError without a
    day, a name and a telephone number for the reply.
    """
    require_plan(session, desk.plan, desk.calendar, lock=True)
    found = _draft(session, desk, draft.city, draft.as_of)
    if found is None or found.digest != draft.digest:
        raise ConflictError(CHANGED)
    if reasons := list(_unanswerable(signed, reply)):
        head = f"不能签发“{draft.letter.title}”"
        raise RefusedError("\n".join([head, *(f"  · {reason}" for reason in reasons)]))
    asked = Asked(
        rule=letter_rule(desk.plan),
        subject=draft.city,
        digest=draft.digest,
        letter=letter_to(desk, draft.city, found.lines, draft.as_of, reply),
        since=draft.as_of,
        about=about(found.lines),
    )
    return issue(session, desk, asked, signed, today=today, at=at)


def decided_on(desk: Desk, paper: Paper) -> str:
    """The fingerprint of the draft that was shown when the paper was issued."""
    with reading(desk.engine) as session:
        known = papers(session, desk)
    before = known[: known.index(paper)]
    numbers = [item.number for item in _others(before, paper.subject, paper.digest, paper.about)]
    return fingerprint((paper.digest, numbers))


def letter_rule(plan: Plan) -> EvidenceRule:
    """The kind of evidence that a letter is; RefusedError when the plan has none."""
    rule = next((item for item in plan.evidence if item.id == plan.ladder.letter), None)
    if rule is None:
        raise RefusedError(f"实施方案 {plan.id} 没有规定督办函")
    return rule


def about(lines: Sequence[DigestLine]) -> tuple[tuple[str, ...], ...]:
    """What a letter speaks of: subject, deadline and the day after which it is overdue."""
    found = {(line.subject, line.rule, line.overdue_after.isoformat()) for line in lines}
    return tuple(sorted(found))


def _draft(session: Session, desk: Desk, city: str, as_of: date) -> Draft | None:
    letter_rule(desk.plan)
    if desk.plan.city(city) is None:
        known = "、".join(item.name for item in desk.plan.cities)
        raise RefusedError(f"没有“{city}”，可选：{known}")
    lines = _lines(session, desk, city, as_of)
    if not lines:
        return None
    draft = Draft(city, as_of, lines, letter_to(desk, city, lines, as_of), None, ())
    out = papers(session, desk)
    same = (item for item in out if (item.subject, item.digest) == (city, draft.digest))
    others = _others(out, city, draft.digest, about(lines))
    return replace(draft, issued=next(same, None), earlier=others)


def _others(
    known: Sequence[Paper], city: str, digest: str, told: Sequence[tuple[str, ...]]
) -> tuple[Paper, ...]:
    """Other letters to the city that speak of some of the same."""
    return tuple(
        item
        for item in known
        if item.subject == city and item.digest != digest and set(told) & set(item.about)
    )


def _lines(session: Session, desk: Desk, city: str, as_of: date) -> tuple[DigestLine, ...]:
    late = [
        row
        for row, subject in deadline_rows(session, desk.plan)
        if subject.city == city and _has_come_so_far(desk, row, as_of)
    ]
    known = known_of(session, desk, sorted({row.subject for row in late}))
    return tuple(
        line_about(desk, known, (row.subject, row.rule), RungKind.DRAFT_LETTER, due, as_of)
        for row in late
        if (due := row.overdue_after)
    )


def _has_come_so_far(desk: Desk, row: DeadlineRow, as_of: date) -> bool:
    deadline, due = desk.deadlines.get(row.rule), row.overdue_after
    is_open = row.next_look_on is not None and row.remind_by is not None
    if deadline is None or due is None or due >= as_of or not is_open:
        return False
    body = desk.plan.bodies[deadline.rule.responsible]
    if not body.bound or body.reached_at is Level.PROVINCE:
        return False
    return any(_letters_due(desk, row, due, as_of))


def _letters_due(desk: Desk, row: DeadlineRow, due: date, as_of: date) -> Iterator[bool]:
    """For each rung of the ladder that is behind a deadline, whether it is that for a letter."""
    assert row.remind_by is not None  # noqa: S101  # open rows are dated, by a constraint
    situation = Situation(row.rule, row.remind_by, due, 0, Standing.OVERDUE)
    body = desk.plan.bodies[desk.deadlines[row.rule].rule.responsible]
    ladder = steps(situation, desk.plan.ladder, body, desk.calendar)
    try:
        for step in takewhile(lambda step: step.fires_on <= as_of and not step.repeats, ladder):
            yield step.kind is RungKind.DRAFT_LETTER
    except UnknownYearError:
        return  # the ladder reaches into a year whose holidays are not known yet


def _unanswerable(signed: Signature, reply: Reply) -> Iterator[str]:
    if reply.by is None or reply.by <= signed.on:
        yield f"没有写明反馈期限，或不晚于签发日期{signed.on}"
    if not reply.contact.strip() or not reply.phone.strip():
        yield "没有写明联系人或联系电话"
