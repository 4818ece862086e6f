"""What every operation needs at hand: settings, the plan, its calendar and the database."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlmodel import Session

from models.audits import entered_by
from models.database import open_engine, reading, require_schema, writing
from models.plans import require_plan
from models.seals import keyed
from models.settings import Settings
from models.versions import rules_of
from policy.load import calendar_days, named_plan
from policy.schema import Plan
from policy.vocabulary import Product
from states.deadlines import Deadline, deadlines
from states.decide import first_look
from states.workdays import Calendar


class Desk:
    """Opened once per run by `open_desk`.

    Not a dataclass: Prefect would walk through every field of one each time it is handed to a task.
    """

    def __init__(self, settings: Settings, plan: Plan, calendar: Calendar, engine: Engine) -> None:
        self.settings = settings
        self.plan = plan
        self.calendar = calendar
        self.engine = keyed(engine, settings)
        self.kept: dict[tuple[Product, str, str, int], Any] = {}  # what was made and has been read

    def entered_by(self, user: str) -> "Desk":
        """The same desk, at which `user` enters what offices have decided."""
        desk = Desk(self.settings, self.plan, self.calendar, entered_by(self.engine, user))
        desk.kept = self.kept
        return desk

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that reads. RefusedError where the database holds another plan, or none."""
        with reading(self.engine) as session:
            require_plan(session, self.plan, self.calendar)
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that no other writer's comes between. RefusedError as `reading`."""
        with writing(self.engine) as session:
            require_plan(session, self.plan, self.calendar, lock=True)
            yield session

    @cached_property
    def deadlines(self) -> Mapping[str, Deadline]:
        """The plan's deadlines by id."""
        return {item.id: item for item in deadlines(self.plan, self.calendar)}

    def due_soon_from(self, remind_by: date | None) -> date | None:
        """The day from which a deadline is 临期; None while it has no date."""
        return remind_by and self._first_look(remind_by)

    @cached_property
    def _first_look(self) -> Callable[[date], date]:
        return cache(lambda remind_by: first_look(remind_by, self.plan.ladder, self.calendar))


def desk_of(session: Session, desk: Desk, day: date) -> Desk:
    """The desk as of a day: with plan and calendar as they were in force on it.

    For what is made late of a month that lies behind. It reads by the session that is at hand: the
    database runs the plan as it is now. PolicyError as `models.versions.rules_of`.
    """
    plan, calendar = rules_of(session, desk.plan, desk.calendar, day)
    if plan is desk.plan:
        return desk
    then = Desk(desk.settings, plan, calendar, desk.engine)
    then.kept = desk.kept
    return then


def inbox_of(desk: Desk) -> Path:
    """The folder of the plan's cities; a plan that is not the settings' own has one within."""
    home = desk.settings.inbox
    return home if desk.plan.id == desk.settings.plan else home / desk.plan.id


def open_desk(settings: Settings, plan_id: str | None = None) -> Desk:
    """A desk for the plan of that id, by default the settings' own, on an initialised database.

    Raises PolicyError for a faulty plan, RefusedError when the database is not initialised.
    """
    desk = desk_for(settings, plan_id)
    try:
        require_schema(desk.engine)
    except Exception:
        desk.engine.dispose()  # an open connection would keep `xingfu init` from the database
        raise
    return desk


def desk_for(settings: Settings, plan_id: str | None) -> Desk:
    """A desk on a database that need not be initialised; PolicyError for a faulty plan."""
    plan = named_plan(plan_id or settings.plan, settings.plans)
    calendar = Calendar(calendar_days(plan.id, settings.plans))
    return Desk(settings, plan, calendar, open_engine(settings.sqlalchemy_url))
