"""Makes the database and installs the plan."""

from datetime import datetime

from models.audits import ChainBreak, verify
from models.database import migrate, reading, writing
from models.plans import install_plan, plan_ids
from models.settings import Settings
from operations.cases.desk import Desk, desk_for, open_desk
from operations.cases.fulfilment import refresh_all
from operations.workbooks.summary import add_named_sites


def initialise(settings: Settings, plan_id: str | None, at: datetime) -> Desk:
    """Make or update the database and install the plan as it now reads; safe to repeat."""
    desk = desk_for(settings, plan_id)
    migrate(desk.engine)
    install(desk, at)
    return desk


def install(desk: Desk, at: datetime) -> None:
    """Install the desk's plan as it now reads, with the projects that it names; safe to repeat."""
    with writing(desk.engine) as session:
        if install_plan(session, desk.plan, desk.calendar, at):
            add_named_sites(session, desk, at)
            refresh_all(session, desk)


def installed_plans(settings: Settings) -> tuple[str, ...]:
    """The ids of all plans that the database runs, sorted."""
    with reading(open_desk(settings).engine) as session:
        return plan_ids(session)


def verify_trail(desk: Desk) -> tuple[int, tuple[ChainBreak, ...]]:
    """How many rows there are, and every place where their chain does not hold."""
    with desk.reading() as session:
        return verify(session, desk.plan)
