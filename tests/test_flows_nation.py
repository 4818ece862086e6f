"""31 provinces in one database: each is told of its own, in whatever order they are run.

Without storm eight of them.
"""

import random
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import PolicyError
from models.settings import Settings
from notifications.message import Message
from operations.cases.desk import Desk, desk_for
from operations.daily.delivery import deliver
from operations.daily.enforcement import EnforcementResult, enforce
from operations.upkeep.setup import check_trail, install
from operations.views.funds import money
from operations.views.outbox import message_views
from operations.views.overview import survey
from operations.views.published import (
    city_day,
    items_due,
    late_items,
    province_day,
    taken_of,
)
from operations.views.quality import quality
from policy.load import named_plan
from tests.conftest import AT
from tests.support.nation import PROVINCES, found, plan_id, province, write_plans
from tests.support.province import morning
from tests.support.tape import Tape

DAY = date(2023, 6, 1)
PROJECTS = 6
TABLES = ("subject", "project", "fact", "deadline", "outbox", "audit", "office", "delivery")


@pytest.fixture(scope="module")
def provinces(storm: bool) -> Mapping[int, Any]:
    """The plans; checking them takes a while."""
    return {number: province(number) for number in PROVINCES[:: 1 if storm else 4]}


def desks(settings: Settings, desk: Desk, provinces: Mapping[int, Any]) -> list[Desk]:
    """A desk for each province, on one database."""
    made = [Desk(settings, plan, desk.calendar, desk.engine) for plan in provinces.values()]
    for one in made:
        install(one, AT)
        found(one, PROJECTS)
    return made


@pytest.mark.heavy
def test_provinces_in_one_database_do_not_mix(desk: Desk, provinces: Mapping[int, Any]) -> None:
    nation = desks(desk.settings, desk, provinces)
    before = rows_of(desk, desk.plan.id)
    random.Random(31).shuffle(nation)  # noqa: S311
    done = {numbers(enforce(one, DAY, morning(DAY))) for one in nation}
    assert len(done) == 1, "as all have the same to do"
    told = send(nation[0])
    for one in nation:
        assert numbers(enforce(one, DAY, morning(DAY))) == (0, 0), "nobody else's is looked at"
        assert foreign(written(one), one.plan.id) == set()
        found = check_trail(one)
        count, breaks = found.rows, found.breaks
        assert (bool(count), breaks) == (True, ())
    for one in nation[:3]:
        assert foreign(spoken(one), one.plan.id) == set()
    assert told
    assert foreign("".join(message.text for message in told), nation[0].plan.id) == set()
    assert rows_of(desk, desk.plan.id) == before, "who was not run has not changed"
    assert len({tuple(rows_of(desk, one.plan.id).values()) for one in nation[1:]}) == 1
    assert rows_of(desk, nation[1].plan.id)["delivery"] == 0, "only the first has sent"


def send(desk: Desk) -> list[Message]:
    """What is sent when one of them delivers."""
    tape = Tape()
    deliver(desk, lambda: morning(DAY), lambda _: tape, pause=lambda _: None)
    return tape.sent


def numbers(done: EnforcementResult) -> tuple[int, int]:
    return done.messages, done.marked_overdue


def rows_of(desk: Desk, plan: str) -> dict[str, int]:
    with desk.engine.connect() as connection:
        return {
            table: connection.execute(
                text(f"SELECT count(*) FROM {table} WHERE plan = :plan"),  # noqa: S608
                {"plan": plan},
            ).scalar_one()
            for table in TABLES
        }


def written(desk: Desk) -> str:
    """All places of which a plan's messages and trail speak."""
    with desk.engine.connect() as connection:
        return repr(
            [
                connection.execute(text(query), {"plan": desk.plan.id}).all()
                for query in (
                    "SELECT subject, recipient FROM outbox WHERE plan = :plan",
                    "SELECT subject, actor, detail FROM audit WHERE plan = :plan",
                )
            ]
        )


def spoken(desk: Desk) -> str:
    """Everything that a plan's desk can read."""
    seen = survey(desk, DAY)
    assert sum(row.projects for row in seen.board) == len(seen.projects) == PROJECTS
    found = taken_of(desk, DAY)
    counted = (found, province_day(desk, found), late_items(desk, found), items_due(desk, found))
    cities = [city_day(desk, each) for each in found if each.city]
    others = (cities, money(desk), quality(desk, DAY))
    return repr((message_views(desk), seen.board, seen.views, seen.projects, counted, others))


def foreign(said: str, plan: str) -> set[str]:
    """Provinces, by their numbers, whose cities, counties or codes are spoken of but should not."""
    number = plan[1:3]
    places = set(re.findall(r"\d\d(?=[市县区省])", said)) | set(re.findall(r"XF2023-(\d\d)", said))
    assert number in places
    return places - {number}


# --- their plans, in a folder ---------------------------------------------------------------------


@pytest.mark.heavy
def test_a_plan_of_the_folder_is_a_plan(tmp_path: Path) -> None:
    write_plans(tmp_path / "plans", [11])
    settings = Settings(home=tmp_path / "home", plan=plan_id(11), plans=tmp_path / "plans")
    desk = desk_for(settings, None)
    assert (desk.plan.province, len(desk.plan.cities)) == ("示例11省", 11)
    assert desk.plan == province(11).model_copy(update={"digest": desk.plan.digest})
    assert named_plan("shanxi-2023", settings.plans).province == "山西省"
    desk.engine.dispose()


def test_a_plan_of_both_is_refused(tmp_path: Path) -> None:
    write_plans(tmp_path / "plans", [11])
    (tmp_path / "plans" / plan_id(11)).rename(tmp_path / "plans" / "shanxi-2023")
    settings = Settings(home=tmp_path / "home", plans=tmp_path / "plans")
    with pytest.raises(PolicyError, match=r"shanxi-2023.*系统自带"):
        desk_for(settings, None)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"XINGFU_PLANS.*nowhere"):
        desk_for(Settings(home=tmp_path, plans=tmp_path / "nowhere"), None)


def test_what_there_is_is_listed(tmp_path: Path) -> None:
    write_plans(tmp_path / "plans", [11])
    with pytest.raises(PolicyError, match=r"p12-2023.*p11-2023、.*shanxi-2023"):
        desk_for(Settings(home=tmp_path, plans=tmp_path / "plans"), plan_id(12))
