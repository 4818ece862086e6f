"""Whether somebody may, asked before anything is written; what is doubted of them is kept.

A person whom the contacts do not know at an office that they know is no reason to lose a record:
it is written, and says so (存疑). Who only enters it for the office is kept beside it, as the
desk's engine has it: see `models.audits`.
"""

from sqlmodel import Session

from common.errors import RefusedError
from models.audits import doubt_actor, doubts_of
from models.contacts import people_at
from models.projects import PLACE
from models.rows import ask
from operations.cases.desk import Desk
from policy.schema import Plan
from policy.vocabulary import Level
from states.authority import Actor, Matter, actor_of, bar, entitled, matter
from states.contacts import Place


def authorise(session: Session, desk: Desk, asked: Matter, place: Place, words: str) -> None:
    """RefusedError, with the offices that may, where whom `words` name may not (八(四))."""
    if said := bar(desk.plan, asked, place, words):
        raise RefusedError(said)
    actor = actor_of(desk.plan, words)
    if actor is not None and (doubt := _doubt(session, desk.plan, actor)):
        doubt_actor(session, words, doubt)


def doubts_told(session: Session) -> tuple[str, ...]:
    """What is doubted of those whom a session has let act, as staff are told of it."""
    mend = "已照办，并在记录中注明存疑；确有其人的请更新通讯录（xingfu contacts set 单位 姓名）"
    return tuple(f"{doubt}，{mend}" for doubt in doubts_of(session))


def place_of(session: Session, plan: Plan, code: str) -> Place | None:
    """Where a subject lies, the province nowhere; None where there is none of that code."""
    found = ask(session, PLACE, plan=plan.id, code=code)
    return Place(*found[0]) if found else None


def own_office(session: Session, desk: Desk, code: str, name: str) -> str:
    """Whose a fact is, for who enters it without saying so; empty for what somebody rules on.

    What is put on record (留痕), such as a violation, and what is unknown is nobody's by default.
    """
    if any(rule.id == name for rule in desk.plan.evidence):
        return ""
    return first_office(session, desk, code, matter(desk.plan, name))


def first_office(session: Session, desk: Desk, code: str, asked: Matter | None) -> str:
    """Whose a matter of a subject is; empty where nothing is known of that name."""
    place = place_of(session, desk.plan, code)
    those = entitled(desk.plan, asked, place) if asked and place else ()
    return those[0].name if those else ""


def _doubt(session: Session, plan: Plan, actor: Actor) -> str:
    """What is doubted of a person: nothing where the contacts know nobody of the office."""
    if not actor.person:
        return ""
    seat = actor.seat
    offices = [seat.name]
    if seat.body == Level.CITY:
        offices.append(plan.office(Level.CITY_LEADER, seat.city))
    known = {post.name for post in people_at(session, plan, offices) if post.name}
    if not known or actor.person in known:
        return ""
    return f"通讯录中{seat.name}没有“{actor.person}”"
