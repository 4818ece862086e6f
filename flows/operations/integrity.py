"""Whether the audit trail is as it was written."""

from flows.operations.desk import Desk
from models.audits import Break, verify
from models.database import reading
from models.plans import require_plan


def verify_trail(desk: Desk) -> tuple[int, tuple[Break, ...]]:
    """How many rows there are, and every place where their chain does not hold."""
    with reading(desk.engine) as session:
        require_plan(session, desk.plan, desk.calendar)
        return verify(session, desk.plan)
