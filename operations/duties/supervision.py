"""Supervision letters (督办函): the draft to a city as of a day, and its issue (八(四))."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby, takewhile
from operator import attrgetter

from sqlmodel import Session

from common.errors import ConflictError, RefusedError, with_reasons
from common.fingerprint import fingerprint
from common.words import date_beside, for_paper, long_date, numeral
from documents.papers.letters import draft
from documents.papers.progress_words import LONGEST_ECHO, brief, draft_number, notice, own
from documents.writing.blocks import PaperText
from models.database import reading
from models.deadlines import PlainDeadlineRow, deadline_rows
from models.plans import require_plan
from models.projects import codes_in, dossiers_in
from notifications.message import Attachment, DigestLine
from notifications.wording import moved, status
from operations.cases.desk import Desk
from operations.duties.lines import DigestFacts, known_of, line_about, once_each
from operations.duties.papers import IssueOrder, Paper, Signature, issue, papers, template
from policy.actions import EvidenceRule
from policy.schema import QUOTA_SUBMITTED, Plan
from policy.timing import TimedRule
from policy.vocabulary import ABOVE_CITIES, Level, RungKind, Standing, SubjectKind
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
        letter=letter_to(session, desk, draft.city, found.lines, draft.as_of, reply),
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
    letter = letter_to(session, desk, city, lines, as_of)
    draft = LetterDraft(city, as_of, lines, letter, None, ())
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
    theirs = [city, *codes_in(session, desk.plan, [city])]
    late = [
        row
        for row, _ in deadline_rows(session, desk.plan, theirs)
        if _has_come_so_far(desk, row, as_of)
    ]
    known = known_of(session, desk, sorted({row.subject for row in late}), as_of)
    lines = [
        line_about(desk, known, (row.subject, row.rule), RungKind.DRAFT_LETTER, due, as_of)
        for row in late
        if (due := row.overdue_after)
    ]
    return once_each(desk, known, lines)


def _has_come_so_far(desk: Desk, row: PlainDeadlineRow, as_of: date) -> bool:
    deadline, due = desk.deadlines.get(row.rule), row.overdue_after
    is_open = row.next_look_on is not None and row.remind_by is not None
    if deadline is None or due is None or due >= as_of or not is_open:
        return False
    body = desk.plan.bodies[row.body or deadline.rule.responsible]
    if not (body.bound and row.fits) or body.reached_at in ABOVE_CITIES:
        return False
    return any(_letters_due(desk, row, due, as_of))


def _letters_due(desk: Desk, row: PlainDeadlineRow, due: date, as_of: date) -> Iterator[bool]:
    """For each rung of the ladder that is behind a deadline, whether it is that for a letter."""
    assert row.remind_by is not None  # noqa: S101  # open rows are dated, by a constraint
    situation = Situation(row.rule, row.remind_by, due, 0, Standing.OVERDUE, body=row.body)
    ladder = steps(situation, desk.plan, desk.deadlines[row.rule].rule, desk.calendar)
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
MOST_BUREAUS = 3
"""More bureaus than these are not named one by one."""


def drafts(
    desk: Desk, known: DigestFacts, lines: Sequence[DigestLine], as_of: date
) -> Iterator[Attachment]:
    """A Word draft a city; what the province itself owes, it writes to nobody."""
    by_city: dict[str, list[DigestLine]] = {}
    for line in once_each(desk, known, lines):
        city = known.subjects[line.subject].city
        ours = line.responsible == desk.plan.office(Level.PROVINCE)
        if line.kind is RungKind.DRAFT_LETTER and city and not ours:
            by_city.setdefault(city, []).append(line)
    for city, theirs in sorted(by_city.items()):
        with reading(desk.engine) as session:
            letter = letter_to(session, desk, city, theirs, as_of)
        yield Attachment(f"督办函草稿 {city} {as_of:%Y-%m-%d}.docx", draft(letter, template(desk)))


def letter_to(
    session: Session,
    desk: Desk,
    city: str,
    lines: Sequence[DigestLine],
    as_of: date,
    reply: ReplyTerms | None = None,
) -> PaperText:
    """The letter to a city about what is late as of a day; without `reply` that is left blank."""
    plan = desk.plan
    office = plan.office(Level.PROVINCE)
    ordered = sorted(lines, key=lambda line: (line.overdue_after, line.rule, line.subject))
    matters = list(_matters(city, ordered))
    count = sum(len(matter.told) for matter in matters)
    alone = _alone(matters)
    told = [
        _told(session, desk, matter, as_of, bool(alone), len(matters) > 1) for matter in matters
    ]
    return PaperText(
        title=f"{office}关于督促办理{plan.name}逾期事项的函",
        addressee=plan.office(Level.CITY, city),
        paragraphs=(
            f"按照{notice(plan)}要求，经核对，截至{long_date(as_of)}，"
            f"{plan.said('你市')}{alone}有{count}项工作超过规定时限，"
            f"{plan.said('影响全市任务完成')}。现函告如下：",
            *([f"{numeral(n)}、{text}" for n, text in enumerate(told, 1)] if told[1:] else told),
            *_closing(plan, reply, as_of),
        ),
        sender=office,
        number=draft_number(plan, as_of),
    )


@dataclass(frozen=True, slots=True)
class _Matter:
    """One step with everything in a city that is late in it."""

    city: str
    told: tuple[DigestLine, ...]
    own: tuple[str, ...]
    """What the city itself is late with thereby, by rule: it is no matter of its own."""

    def where(self, line: DigestLine) -> str:
        """``汾西县示例八镇…工程``; empty for the city itself."""
        if line.subject_kind is not SubjectKind.PROJECT:
            return ""
        return f"{line.place.removeprefix(self.city)}{line.name}"


def _matters(city: str, lines: Sequence[DigestLine]) -> Iterator[_Matter]:
    """Each matter once: a city is not told beside its own projects."""
    projects = [line for line in lines if line.subject_kind is SubjectKind.PROJECT]
    held = {rule for line in projects for rule in _holds(line)}
    own = [line for line in lines if line not in projects and line.rule in held]
    for _, alike in groupby((line for line in lines if line not in own), STEP):
        told = tuple(alike)
        theirs = {rule for line in told for rule in _holds(line)}
        yield _Matter(city, told, tuple(line.rule for line in own if line.rule in theirs))


def _holds(line: DigestLine) -> tuple[str, ...]:
    """The deadlines that a line speaks of: its own, and those that wait for the same step."""
    return (line.rule, *(step.rule for step in line.below))


def _alone(matters: Sequence[_Matter]) -> str:
    """The one project that all of it is about; empty where there are several."""
    places = {matter.where(line) for matter in matters for line in matter.told}
    return places.pop() if len(places) == 1 else ""


def _told(
    session: Session, desk: Desk, matter: _Matter, as_of: date, alone: bool, headed: bool
) -> str:
    """What was to be done by when, what is missing, and what is asked.

    `alone`: the one project is named already; `headed`: it is one of several.
    """
    first = matter.told[0]
    rule = desk.deadlines[first.rule].rule
    what = _what(desk.plan, first.rule, rule)
    due = date_beside(first.due, as_of)
    parts = (
        what if headed else "",
        f"应于{due}前{what}{moved(first)}，{status(first, as_of)}",
        _quota(session, desk, matter, as_of) or _places(matter, alone),
        _asked(desk, matter, what),
    )
    return "".join(f"{part}。" for part in parts if part)


def _what(plan: Plan, id: str, rule: TimedRule) -> str:
    """``开工``; of a monthly report also its month: ``报送5月份月报``."""
    month = plan.reported_months.get(id)
    return brief(rule).replace("月报", f"{int(month[5:])}月份月报") if month else brief(rule)


def _asked(desk: Desk, matter: _Matter, what: str) -> str:
    """Of whom it is asked: a city bureau does its own and presses those below."""
    said = what if len(what) <= LONGEST_ECHO else "办结"
    city = desk.plan.office(Level.CITY, matter.city)
    names = dict.fromkeys(line.responsible.removeprefix(matter.city) for line in matter.told)
    if {line.responsible for line in matter.told} == {city}:
        return f"请尽快{said}"
    who = "、".join(names) if len(names) <= MOST_BUREAUS else f"有关{desk.plan.county_bureaus}"
    return f"请督促{who}尽快{said}"


def _quota(session: Session, desk: Desk, matter: _Matter, as_of: date) -> str:
    """``你市任务数13个，已申报12个，尚缺1个``, where applications are missing."""
    of_city = (*matter.own, *(it.rule for it in matter.told if not matter.where(it)))
    rules = [desk.deadlines[id].rule for id in of_city]
    asked = [it for it in rules if QUOTA_SUBMITTED in it.fulfilled_by.get(SubjectKind.CITY, ())]
    found = desk.plan.city(matter.city)
    places = found.places if found else None
    if not asked or not places:
        return ""
    name = desk.plan.quota.submitted_when
    days = (item.milestones.get(name) for item in dossiers_in(session, desk.plan, matter.city))
    sent = sum(day is not None and day <= as_of for day in days)
    whose = desk.plan.said("你市")
    missing = f"{whose}任务数{places}个，已{brief(asked[0])}{sent}个，尚缺{places - sent}个"
    named = _named(matter)
    if len(named) == places - sent:
        return f"{missing}：{'、'.join(named)}"
    return "，".join(filter(None, (missing, _places(matter, alone=False))))


def _places(matter: _Matter, alone: bool) -> str:
    """``涉及2个项目：…``; nothing where the city itself has to do it, or it has been said."""
    named = _named(matter)
    if alone or not named:
        return "".join(_noted(line) for line in matter.told)
    return f"涉及{named[0]}" if len(named) == 1 else f"涉及{len(named)}个项目：{'、'.join(named)}"


def _named(matter: _Matter) -> list[str]:
    return [f"{matter.where(line)}{_noted(line)}" for line in matter.told if matter.where(line)]


def _noted(line: DigestLine) -> str:
    return f"（{for_paper(line.note)}）" if line.note else ""


def _closing(plan: Plan, reply: ReplyTerms | None, as_of: date) -> tuple[str, ...]:
    by = "　月　日"
    if reply and reply.by:
        by = date_beside(reply.by, as_of)
    contact, phone = (reply.contact, reply.phone) if reply else ("　　　", "　　　　　　")
    return (
        f"请你局查明原因，逐项明确整改措施、责任人和完成时限，于{by}前书面报送{own(plan)}。",
        "特此函告。",
        f"（联系人：{contact}，联系电话：{phone}）",
    )
