"""prefect.yaml: one word names file, flow and deployment, and every job is fit to run unwatched."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from prefect import Flow, Task
from prefect.client.schemas.objects import ConcurrencyLimitConfig
from prefect.server.schemas.schedules import CronSchedule

from deployments.server.definitions import Definition, definitions, definitions_for
from policy.vocabulary import Product

ALL = definitions()
SCHEDULED = [item for item in ALL if item.schedules]
BY_HAND = [item for item in ALL if not item.schedules]
DUTIES = [item for item in ALL if "周期工作" in item.tags]
JOBS = {"enforce_deadlines", "deliver_outbox", "read_inbox", "receive_mails"} | {
    item.name for item in DUTIES
}
OF_NO_PLAN = ("tell_admins", "receive_mails")
A_DAY = 24 * 60  # no job is due more often than each minute


OWN = tuple(
    item
    if item.name in OF_NO_PLAN
    else replace(item, parameters={**item.parameters, "plan": "shanxi-2023"})
    for item in ALL
)


def named(items: list[Definition]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("item", items, ids=[item.name for item in items])


def module_of(item: Definition) -> ModuleType:
    return import_module(item.entrypoint.rpartition(".")[0])


def flow_of(item: Definition) -> Flow[Any, Any]:
    found: Flow[Any, Any] = getattr(module_of(item), item.entrypoint.rpartition(".")[2])
    return found


def due(written: Any) -> set[datetime]:
    """When a schedule is due on one day."""
    cron = CronSchedule(cron=written["cron"], timezone=written["timezone"])
    start, end = datetime(2023, 6, 1, tzinfo=UTC), datetime(2023, 6, 2, tzinfo=UTC)
    return set(asyncio.run(cron.get_dates(A_DAY, start=start, end=end)))


@named(list(ALL))
def test_one_word_names_file_flow_and_deployment(item: Definition) -> None:
    """But for the duties of the year, which are one flow with a deployment each."""
    word = "fulfil_duty" if item in DUTIES else item.name
    home = "flows.forms" if {"表单", "审批"} & set(item.tags) else "flows"
    assert item.entrypoint == f"{home}.{word}.{word}"
    assert flow_of(item).name == word


def test_everything_that_the_year_asks_for_has_its_deployment() -> None:
    """Once; the snapshot comes with whatever needs it."""
    made = [Product(kind) for item in DUTIES for kind in item.parameters["duties"]]
    assert sorted(made) == sorted(set(Product) - {Product.SNAPSHOT})
    assert len(DUTIES) == 8


@named(list(ALL))
def test_each_says_what_it_does_and_ends_in_time(item: Definition) -> None:
    flow = flow_of(item)
    for text in (item.description, flow.description or ""):
        assert text.endswith("。")
        assert any("一" <= sign <= "鿿" for sign in text)
    assert item.tags
    # A decision that takes too long is ended by an automation: its time begins anew as it goes on.
    assert flow.timeout_seconds or "审批" in item.tags
    taken = set(flow.parameters.properties)
    for schedule in [{}, *item.schedules]:
        assert {*item.parameters, *schedule.get("parameters", {})} <= taken


def test_the_jobs_have_schedules_and_nothing_else_has() -> None:
    assert {item.name for item in SCHEDULED} == JOBS


@named(SCHEDULED)
def test_a_job_runs_once_at_a_time_and_drops_what_comes_meanwhile(item: Definition) -> None:
    limit = ConcurrencyLimitConfig(**item.limit or {})
    assert (limit.limit, str(limit.collision_strategy.value)) == (1, "CANCEL_NEW")


@named(SCHEDULED)
def test_a_job_is_due_by_the_clock_of_the_province(item: Definition) -> None:
    times = [due(written) for written in item.schedules]
    assert {written["timezone"] for written in item.schedules} == {"Asia/Shanghai"}
    assert len(set().union(*times)) == sum(map(len, times)), "two schedules coincide"


@named(SCHEDULED)
def test_what_a_job_does_is_tried_again(item: Definition) -> None:
    tasks = [found for found in vars(module_of(item)).values() if isinstance(found, Task)]
    assert tasks
    for task in tasks:
        assert task.retries, task.name
        assert task.retry_condition_fn, task.name


def test_the_daily_job_is_due_at_half_past_eight_and_made_up_for_each_hour() -> None:
    [item] = [item for item in ALL if item.name == "enforce_deadlines"]
    daily, reconcile = item.schedules
    assert due(daily) == {datetime(2023, 6, 1, 0, 30, tzinfo=UTC)}
    assert reconcile["parameters"] == {"only_if_missed": True}
    assert len(due(reconcile)) == 13


@named([item for item in SCHEDULED if item.name in ("read_inbox", "receive_mails")])
def test_what_is_read_when_it_comes_is_looked_for_each_hour_as_well(item: Definition) -> None:
    [hourly] = item.schedules
    assert len(due(hourly)) == 24


@named([item for item in BY_HAND if "审批" in item.tags])
def test_a_decision_is_never_dropped(item: Definition) -> None:
    assert (item.limit or {})["collision_strategy"] == "ENQUEUE"


@named([item for item in BY_HAND if "表单" in item.tags])
def test_people_do_not_wait_for_one_another(item: Definition) -> None:
    assert item.limit is None


def test_each_plan_has_each_job_once() -> None:
    made = definitions_for("shanxi-2023", ["hunan-2024", "shanxi-2023"])
    names = [item.name for item in made]
    assert len(names) == len(set(names))
    other = [item for item in made if item.parameters.get("plan") == "hunan-2024"]
    assert {item.name for item in other} == {
        f"{item.name}-hunan-2024" for item in ALL if item.name not in OF_NO_PLAN
    }
    assert [item for item in made if item not in other] == list(OWN)
    for item in other:
        [own] = [each for each in ALL if f"{each.name}-hunan-2024" == item.name]
        assert (item.schedules, item.limit) == (own.schedules, own.limit)
        assert "hunan-2024" in item.tags
        assert "plan" in flow_of(own).parameters.properties


def test_only_the_own_plan_is_as_it_is_written() -> None:
    """And each run says its plan: one that waits stays with it when another becomes the own."""
    assert definitions_for("shanxi-2023", ["shanxi-2023"]) == OWN
    assert definitions_for("shanxi-2023", []) == OWN
