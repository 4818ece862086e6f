"""Which project, city or province somebody means who types a name in another way than the plan."""

from sqlmodel import Session

from models.projects import names, subjects
from policy.schema import Plan
from states.naming import fold, meant


def subject_meant(session: Session, plan: Plan, typed: str) -> str:
    """The code of a project, city or province by its code, its name, or a city's without 市.

    RefusedError where there is none, or several are called so.
    """
    if subjects(session, plan, [typed]):
        return typed
    known = names(session, plan)
    places = {code: name[:-1] for code, name in known.items() if code == name}
    short = {code: name for code, name in places.items() if fold(name) == fold(typed)}
    return meant(typed, {**known, **short}, plan.said("项目、市或省"))
