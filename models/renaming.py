"""Places and offices that are called otherwise: their rows go on under the new name.

What was recorded under a former name stays as it was recorded; whose it is today the subject's own
row of that name says.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, case, delete, func, literal, or_, select, update
from sqlmodel import Session, SQLModel

from common.errors import RefusedError
from models.rows import ask, columns, into
from models.tables import (
    Addressee,
    Contact,
    DeadlineRow,
    Delivery,
    EventRow,
    Fact,
    InboxFile,
    OfficeRow,
    Outbox,
    ProductRow,
    Project,
    Subject,
)
from policy.renaming import NameChanges
from policy.schema import Plan
from policy.vocabulary import SubjectKind

SUBJECT, CONTACT, OFFICE = columns(Subject), columns(Contact), columns(OfficeRow)
BY_SUBJECT: tuple[tuple[type[SQLModel], str], ...] = (
    (Fact, "subject"),
    (DeadlineRow, "subject"),
    (Outbox, "subject"),
    (ProductRow, "subject"),
    (EventRow, "subject"),
    (InboxFile, "place"),
)
"""Tables, and their column that names a city or the province. The trail is not among them."""
FORMER = select(SUBJECT.code, SUBJECT.renamed_to).where(
    SUBJECT.plan == bindparam("plan"),
    SUBJECT.kind.in_([SubjectKind.CITY, SubjectKind.PROVINCE]),  # no project is ever renamed
    SUBJECT.renamed_to != "",
)


def former_names(session: Session, plan: Plan) -> Mapping[str, str]:
    """By each former name of a city or the province, what it is called now."""
    return {row.code: row.renamed_to for row in ask(session, FORMER, plan=plan.id)}


def under_every_name(codes: Collection[str], former: Mapping[str, str]) -> list[str]:
    """The subjects of `codes` by each name that they have, or had before."""
    return [*codes, *(old for old, now in former.items() if now in codes)]


def rename(session: Session, plan: Plan, found: NameChanges) -> None:
    """Let all that stands under former names go on under those of `plan`.

    RefusedError for a name that another place or office has had: whose is what?
    """
    _refuse_taken(session, plan, found)
    for old, new in found.subjects.items():
        _rename_subject(session, plan, old, new)
    for (city, county), (_, new) in found.counties.items():
        here = (SUBJECT.city == found.city(city), SUBJECT.county == county)
        _set(session, Subject, plan, here, county=new)
    if found.codes:  # at once: two may have been mixed up
        code = columns(Project).county_code
        now = case(dict(found.codes), value=code, else_=code)
        _set(session, Project, plan, (), county_code=now)
    if found.subjects or found.counties or found.offices:
        _rename_offices(session, plan, found)
    for old, new in found.offices.items():
        _set(session, Outbox, plan, (columns(Outbox).recipient == old,), recipient=new)
        for table in (Delivery, Addressee):
            _set_person(session, table, plan, old, new)
    session.expire_all()


def _refuse_taken(session: Session, plan: Plan, found: NameChanges) -> None:
    taken = set(session.execute(select(SUBJECT.code).where(SUBJECT.plan == plan.id)).scalars())
    taken |= set(session.execute(select(OFFICE.name).where(OFFICE.plan == plan.id)).scalars())
    for old, new in (*found.subjects.items(), *found.offices.items()):
        if new in taken:
            raise RefusedError(f"“{old}”不能改称“{new}”：该名称已有记录，请改用未曾用过的名称")


def _rename_subject(session: Session, plan: Plan, old: str, new: str) -> None:
    row = session.get_one(Subject, (plan.id, old))
    city = new if row.city else ""
    session.add(Subject(plan=plan.id, code=new, kind=row.kind, name=new, city=city))
    session.flush()
    _set(session, Subject, plan, (SUBJECT.city == old,), city=new)
    _set(session, Subject, plan, (SUBJECT.renamed_to == old,), renamed_to=new)
    _set(session, Subject, plan, (SUBJECT.code == old,), renamed_to=new)
    for table, name in BY_SUBJECT:
        _set(session, table, plan, (columns(table)[name] == old,), **{name: new})


def _rename_offices(session: Session, plan: Plan, found: NameChanges) -> None:
    """Offices under their names and places as they are now, and with them who holds them."""
    read = session.connection().execute
    offices = read(select(*OFFICE).where(OFFICE.plan == plan.id)).mappings().all()
    posts = read(select(*CONTACT).where(CONTACT.plan == plan.id)).mappings().all()
    cities = {row["name"]: row["city"] for row in offices}
    for table in (Contact, OfficeRow):
        read(delete(table).where(columns(table).plan == plan.id))
    for table, rows in (
        (OfficeRow, [_office(dict(row), found) for row in offices]),
        (Contact, [_post(dict(row), cities[row["office"]], found) for row in posts]),
    ):
        if rows:
            read(into(table), rows)


def _office(row: Mapping[str, Any], found: NameChanges) -> dict[str, Any]:
    return {
        **row,
        "city": found.city(row["city"]),
        "county": found.county(row["city"], row["county"]),
        "name": found.offices.get(row["name"], row["name"]),
    }


def _post(row: Mapping[str, Any], city: str, found: NameChanges) -> dict[str, Any]:
    """A person's post; `city` is that of the office, whose people look after its counties."""
    look_after = [
        found.county(city, name) if city else found.city(name) for name in row["divisions"]
    ]
    return {
        **row,
        "office": found.offices.get(row["office"], row["office"]),
        "divisions": look_after,
        "substitute": found.person(row["substitute"]),
    }


def _set_person(session: Session, table: type[SQLModel], plan: Plan, old: str, new: str) -> None:
    """``office name``, or the office alone."""
    person = columns(table).person
    theirs = or_(person == old, person.startswith(f"{old} ", autoescape=True))
    renamed = literal(new).concat(func.substr(person, len(old) + 1))
    _set(session, table, plan, (theirs,), person=renamed)


def _set(
    session: Session,
    table: type[SQLModel],
    plan: Plan,
    where: Iterable[ColumnElement[bool]],
    **values: Any,
) -> None:
    its = columns(table)
    session.connection().execute(
        update(its.plan.table).where(its.plan == plan.id, *where).values(values)
    )
