"""Supervision letters (督办函): the draft to a city as of a day, and its issue (八(四))."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count, groupby, takewhile
from operator import attrgetter

from sqlmodel import Session

from common.errors import ConflictError, RefusedError, with_reasons
from common.fingerprint import fingerprint
from common.words import NUMERALS, dated, for_paper, long_date
from documents.papers.letters import draft
from documents.writing.blocks import PaperText
from models.database import reading
from models.deadlines import deadline_rows
from models.plans import require_plan
from models.tables import DeadlineRow, Subject
from notifications.message import Attachment, DigestLine
from notifications.wording import request, status
from operations.cases.desk import Desk
from operations.duties.lines import known_of, line_about
from operations.duties.papers import IssueOrder, Paper, Signature, issue, papers, template
from policy.schema import EvidenceRule, Plan
from policy.vocabulary import Level, RungKind, Standing
from states.decide import Situation, steps
from states.workdays import UnknownYearError

CHANGED = "应督办的事项在您查看之后已有变化，本次未签发；请重新核对后再签发"


@dataclass(frozen=True, slots=True)
class LetterDraft:
    """What a letter to a city would say as of a day."""

    city: str
    as_of: date
    lines: tuple[DigestLine, ...]
    letter: PaperText
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


def draft_of(desk: Desk, city: str, as_of: date) -> LetterDraft | None:
    """The letter that is due to a city; None when nothing there has come so far.

    It speaks of every deadline that is open now and has reached the ladder's rung for a letter by
    `as_of`, whatever the daily job has sent; what the province itself owes aside. RefusedError for
    an unknown city and for a plan that has no such letters.
    """
    with desk.reading() as session:
        return _draft(session, desk, city, as_of)


@dataclass(frozen=True, slots=True)
class ReplyTerms:
    """By when, and to whom, a city answers."""

    by: date | None
    """None: not stated, which a letter that is issued has to."""
    contact: str
    phone: str


def issue_letter(
    session: Session,
    desk: Desk,
    draft: LetterDraft,
    signed: Signature,
    reply: ReplyTerms,
    *,
    today: date,
    at: datetime,
) -> Paper:
    """Issue the letter that was shown as `draft`: see `operations.duties.papers.issue`.

    ConflictError, and nothing written, when there is another draft by now. RefusedError without a
    day, a name and a telephone number for the reply.
    """
    require_plan(session, desk.plan, desk.calendar, lock=True)
    found = _draft(session, desk, draft.city, draft.as_of)
    if found is None or found.digest != draft.digest:
        raise ConflictError(CHANGED)
    if reasons := list(_unanswerable(signed, reply)):
        raise RefusedError(with_reasons(f"不能签发“{draft.letter.title}”", reasons))
    asked = IssueOrder(
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


def _draft(session: Session, desk: Desk, city: str, as_of: date) -> LetterDraft | None:
    letter_rule(desk.plan)
    if desk.plan.city(city) is None:
        known = "、".join(item.name for item in desk.plan.cities)
        raise RefusedError(f"没有“{city}”，可选：{known}")
    lines = _lines(session, desk, city, as_of)
    if not lines:
        return None
    draft = LetterDraft(city, as_of, lines, letter_to(desk, city, lines, as_of), None, ())
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


def _unanswerable(signed: Signature, reply: ReplyTerms) -> Iterator[str]:
    if reply.by is None or reply.by <= signed.on:
        yield f"没有写明反馈期限，或不晚于签发日期{signed.on}"
    if not reply.contact.strip() or not reply.phone.strip():
        yield "没有写明联系人或联系电话"


STEP = attrgetter("overdue_after", "rule")
"""What is late in the same step is told together."""


def drafts(
    desk: Desk, subjects: Mapping[str, Subject], lines: Sequence[DigestLine], as_of: date
) -> Iterator[Attachment]:
    """A Word draft a city; what the province itself owes, it writes to nobody."""
    by_city: dict[str, list[DigestLine]] = {}
    for line in lines:
        city = subjects[line.subject].city
        body = desk.plan.bodies[desk.deadlines[line.rule].rule.responsible]
        if line.kind is RungKind.DRAFT_LETTER and city and body.reached_at is not Level.PROVINCE:
            by_city.setdefault(city, []).append(line)
    for city, theirs in sorted(by_city.items()):
        letter = letter_to(desk, city, theirs, as_of)
        yield Attachment(f"督办函草稿 {city} {as_of:%Y-%m-%d}.docx", draft(letter, template(desk)))


def letter_to(
    desk: Desk, city: str, lines: Sequence[DigestLine], as_of: date, reply: ReplyTerms | None = None
) -> PaperText:
    """The letter to a city about what is late as of a day; without `reply` that is left blank."""
    plan = desk.plan
    steps = dict.fromkeys(line.title for line in lines)
    what = f"“{next(iter(steps))}”" if len(steps) == 1 else "有关事项"
    ordered = sorted(lines, key=lambda line: (line.overdue_after, line.rule, line.subject))
    return PaperText(
        title=f"关于{city}{plan.name}{what}逾期的督办函",
        addressee=plan.office(Level.CITY, city),
        paragraphs=(
            f"按照{plan.notice.title}（{plan.notice.number}）要求，经核对，"
            f"截至{long_date(as_of)}，贵市有{len(lines)}项工作已超过规定时限，现予督办。",
            *(
                _step(numeral, tuple(alike), as_of)
                for numeral, (_, alike) in zip(_numerals(), groupby(ordered, STEP), strict=False)
            ),
            *_closing(reply),
        ),
        sender=plan.office(Level.PROVINCE),
    )


def _closing(reply: ReplyTerms | None) -> tuple[str, str]:
    by = long_date(reply.by) if reply and reply.by else "　月　日"
    contact = f"{reply.contact}　　联系电话：{reply.phone}" if reply else "　　　　　联系电话："
    return (
        f"请贵局核实情况，明确整改措施、责任人和完成时限，并于{by}前书面反馈。",
        f"联系人：{contact}",
    )


def _numerals() -> Iterator[str]:
    yield from (f"{numeral}、" for numeral in NUMERALS)
    yield from (f"{number}．" for number in count(len(NUMERALS) + 1))


def _step(numeral: str, lines: Sequence[DigestLine], as_of: date) -> str:
    """One step with everything that is late in it."""
    first = lines[0]
    where = "；".join(_where(line) for line in lines)
    return (
        f"{numeral}{first.title}（{first.clause}）：应于{dated(first.overdue_after)}前完成，"
        f"{status(first, as_of)}。须{request(first.to_do)}。涉及{len(lines)}项：{where}。"
    )


def _where(line: DigestLine) -> str:
    name = line.name if line.place == line.name else f"{line.place}{line.name}"
    told = [f"责任单位：{line.responsible}", *([for_paper(line.note)] if line.note else [])]
    return f"{name}（{'，'.join(told)}）"
