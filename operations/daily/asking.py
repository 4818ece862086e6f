"""What a deadline asks of whoever reads of it: only what that office can do, and how to answer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from notifications.message import DigestLine, WaysToAnswer
from notifications.wording import request
from operations.cases.answering import asked_fact
from policy.schema import Plan
from policy.vocabulary import Level, RungKind, SubjectKind
from states.chains import Turn
from states.contacts import Directory, Place, Post
from states.deadlines import Deadline
from states.dossier import Dossier
from states.money_due import money_due

BOOKED: Mapping[Level, str] = {
    Level.COUNTY: "到账后在《办理回执》填写日期、凭证号和金额",
    Level.CITY: "到账后在《办理回执》填写日期、凭证号和金额，或在资金台账登记，不另报",
    Level.PROVINCE: "办结后在资金台账登记",
}
"""How money comes to be registered; 分管领导 registers nothing."""


def asked_of(
    plan: Plan,
    deadline: Deadline,
    turn: Turn,
    line: DigestLine,
    project: Dossier | None,
    facts: Mapping[str, date],
    level: Level,
) -> DigestLine:
    """The line as an office at `level` reads it: what to do, or 督促, and what an answer dates.

    Where it waits for an earlier step, that step is what is asked.
    """
    waiting: tuple[str, ...] = (turn.step,) if turn.step else ()
    if not line.step:
        waiting = _waiting(deadline, line.subject_kind, project, facts)
    own = _own(plan, turn.body, line, waiting, level)
    to_do = line.to_do if own else f"责任单位{request(line.to_do)}"
    how = BOOKED.get(level, "") if _books(plan, waiting, project, level) else ""
    if how and (own or level is Level.CITY):  # a city registers for its counties
        to_do = f"{to_do}。{how}"
    fact = asked_fact(plan, deadline, line.subject_kind, facts, turn)
    return replace(line, to_do=to_do, own=own, fact=fact)


def ways_for(
    plan: Plan, level: Level, city: str, code: str, reply_to: str, forms: Sequence[str]
) -> WaysToAnswer:
    """How an office at a level answers: by mail where mails are read, else as its forms go."""
    handed_in = {
        Level.COUNTY: f"报{plan.office(Level.CITY, city)}，由其放入收件文件夹",
        Level.REGION: "交系统管理员登记",
        Level.PROVINCE: "交系统管理员登记",
    }
    own = plan.said("放入本市收件文件夹")
    return WaysToAnswer(code, reply_to, tuple(forms), handed_in.get(level, own))


def level_of(plan: Plan, office: str, posts: Sequence[Post]) -> Level:
    """At which level a person reads of what is for an office: the own one, or the first of his."""
    held = [post.office for post in posts] or [office]
    name = office if office in held else held[0]
    known = plan.contact_office.get(name)
    return known.level if known else Level.PROVINCE


def salutation(plan: Plan, posts: Sequence[Post], otherwise: str) -> str:
    """``太原市民政局 李某同志``: a leader goes by the bureau, not by a role of the address book."""
    if not posts:
        return otherwise
    names = []
    for post in posts:
        office = plan.contact_office.get(post.office)
        leads = office is not None and office.level is Level.CITY_LEADER
        names.append(plan.office(Level.CITY, office.city) if office and leads else post.office)
    return f"{'、'.join(dict.fromkeys(names))} {posts[0].name}同志"


def enquiries(plan: Plan, people: Directory, posts: Sequence[Post], office: str, day: date) -> str:
    """Whom to ask: who looks after the place at the level above, with a number where it is known.

    Empty for the province itself.
    """
    own = plan.contact_office.get(posts[0].office if posts else office)
    if own is None or own.level is Level.PROVINCE:
        return ""
    above = _above(plan, own.level)
    asked = plan.office(above, own.city)
    told = people.told(above, Place(own.city, own.county), day)
    found = [post for each in told for post in people.people.get(each.person, ())]
    post = next((each for each in found if each.office == asked), None)
    if post is None:
        return asked
    return f"{asked}{post.name}（{post.phone}）" if post.phone else f"{asked}{post.name}"


def _above(plan: Plan, level: Level) -> Level:
    """Whom to ask: a county its city's bureau, a bureau the region's where there is one."""
    if level is Level.COUNTY:
        return Level.CITY
    asks_region = plan.regions and level is not Level.REGION
    return Level.REGION if asks_region else Level.PROVINCE


def _waiting(
    deadline: Deadline, kind: SubjectKind, project: Dossier | None, facts: Mapping[str, date]
) -> tuple[str, ...]:
    needed = deadline.facts(kind)
    if project is not None:
        return project.missing_milestones(needed)
    return tuple(name for name in needed if name not in facts)


def _books(plan: Plan, waiting: tuple[str, ...], project: Dossier | None, level: Level) -> bool:
    """Whether all that is missing is money, and the office at the level may book some of it."""
    if project is None or not waiting or not all(plan.milestone(it).ledger for it in waiting):
        return False
    office = plan.office(level, project.city, project.county)
    return bool(money_due(plan, project, waiting, [office]))


def _own(plan: Plan, body: str, line: DigestLine, waiting: Iterable[str], level: Level) -> bool:
    """Whether the office itself has something to do: for the deadline, or one of its facts."""
    if line.kind in (RungKind.COORDINATE, RungKind.REMIND) and not line.bound:
        return True  # it is asked to coordinate
    bodies = {body}
    if line.subject_kind is SubjectKind.PROJECT:
        bodies |= {plan.milestone(name).responsible for name in waiting}
    return level in {plan.bodies[body].reached_at for body in bodies}
