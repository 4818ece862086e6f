"""Makes the database and installs the plan."""

from datetime import datetime

from flows.operations.desk import Desk, desk_for
from flows.operations.fulfilment import refresh_all
from models.database import migrate, writing
from models.plans import install_plan
from models.settings import Settings


def initialise(settings: Settings, plan_id: str | None, at: datetime) -> Desk:
    """Make or update the database and install the plan as it now reads; safe to repeat."""
    desk = desk_for(settings, plan_id)
    migrate(desk.engine)
    with writing(desk.engine) as session:
        if install_plan(session, desk.plan, desk.calendar, at):
            refresh_all(session, desk)
    return desk
