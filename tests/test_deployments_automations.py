"""What Prefect does by itself when a run does not end well, as the server itself reads it."""

from random import Random
from uuid import UUID

from prefect.events.schemas.automations import AutomationCore
from prefect.server.events.schemas import automations as server
from prefect.server.events.schemas.events import ReceivedEvent as ServerEvent
from prefect.types._datetime import now

from deployments.server.automations import PREFIX, KnownDeployments, automations, is_same
from deployments.server.definitions import TAG, definitions
from flows.forms.asking import REFUSED
from flows.tell_admins import tell_admins

TELLER = UUID(int=1)
KNOWN = KnownDeployments(TELLER, jobs=["enforce_deadlines"], approvals=["determine_projects"])
TELL, SILENT, UNBEGUN, DECISION, AGAIN, TOLD_AGAIN = (
    f"{PREFIX}{name}"
    for name in (
        "通知系统管理员",
        "运行无响应",
        "领取后未开始",
        "审批运行无响应",
        "中断后重新执行",
        "告警中断后重发",
    )
)
NAMELESS = ("heartbeat", "deployment")
FLOWS = ("enforce_deadlines", "read_inbox", "advance_project", "determine_projects", "tell_admins")


def interested(state: str, flow: str, *, ours: bool = True, starts: bool = False) -> set[str]:
    """Which automations an event of a run counts for, as the server itself sees it."""
    event = ServerEvent(
        occurred=now("UTC"),
        event=f"prefect.flow-run.{state}",
        resource={"prefect.resource.id": f"prefect.flow-run.{UUID(int=2)}"},
        related=[
            {
                "prefect.resource.role": role,
                "prefect.resource.id": id,
                # A heartbeat comes from the run itself, which does not say its deployment's name.
                **({} if (state, role) == NAMELESS else {"prefect.resource.name": flow}),
            }
            for role, id in (("flow", "prefect.flow.x"), ("deployment", "prefect.deployment.x"))
        ]
        + [{"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}] * ours,
        received=now("UTC"),
        id=UUID(int=3),
    )
    found = set()
    for item in automations(KNOWN):
        trigger = server.EventTrigger.model_validate(item.trigger.model_dump())
        covers = trigger.covers(event)
        if covers and (
            trigger.starts_after(event.event) if starts else trigger.expects(event.event)
        ):
            found.add(item.name)
    return found


def test_admins_are_told_of_every_run_that_did_not_end_well() -> None:
    for flow in set(FLOWS) - {"tell_admins"}:
        for state in ("Failed", "TimedOut", "Crashed"):
            assert TELL in interested(state, flow)


def test_nobody_is_told_of_what_is_no_trouble() -> None:
    for flow in FLOWS:
        for state in (REFUSED, "Completed", "Cancelled", "Suspended", "Running", "AwaitingRetry"):
            assert TELL not in interested(state, flow)


def test_nothing_is_told_of_the_telling_nor_of_what_is_not_ours() -> None:
    assert TELL not in interested("Failed", "tell_admins")
    assert not interested("Crashed", "enforce_deadlines", ours=False)


def test_only_a_scheduled_job_begins_again() -> None:
    assert AGAIN in interested("Crashed", "enforce_deadlines")
    assert AGAIN not in interested("Failed", "enforce_deadlines")
    for flow in ("advance_project", "determine_projects", "tell_admins"):
        assert AGAIN not in interested("Crashed", flow)


def test_an_alarm_that_was_cut_off_is_told_again_and_nothing_else_so() -> None:
    assert TOLD_AGAIN in interested("Crashed", "tell_admins")
    assert TOLD_AGAIN not in interested("Failed", "tell_admins"), "it has told why by then"
    for flow in set(FLOWS) - {"tell_admins"}:
        assert TOLD_AGAIN not in interested("Crashed", flow)


def test_a_run_is_expected_to_live_until_it_ends_or_waits() -> None:
    """Every state in which a run has no process; what waits for a person is not taken for dead."""
    ends = (
        "Completed",
        "Failed",
        "TimedOut",
        "Crashed",
        "Cancelled",
        "Suspended",
        "Paused",
        REFUSED,
    )
    for state in ("Running", "heartbeat"):
        assert SILENT in interested(state, "read_inbox", starts=True)
    for state in (*ends, "heartbeat"):
        assert SILENT in interested(state, "read_inbox")
    for state in ends:
        assert DECISION in interested(state, "determine_projects")
    assert SILENT not in interested("heartbeat", "determine_projects", starts=True)
    assert DECISION in interested("Running", "determine_projects", starts=True)
    assert DECISION not in interested("Running", "read_inbox", starts=True)


def test_a_run_that_is_taken_is_expected_to_begin() -> None:
    for flow in FLOWS:
        assert UNBEGUN in interested("Pending", flow, starts=True)
        assert UNBEGUN in interested("Running", flow)
        assert UNBEGUN in interested("Cancelled", flow)


def test_the_server_takes_them_as_they_are() -> None:
    for item in automations(KNOWN):
        assert server.AutomationCore.model_validate(item.model_dump(mode="json"))
        assert item.name.startswith(PREFIX)
        assert item.description


def test_in_what_order_sets_are_written_says_nothing() -> None:
    """The order changes with each process; an automation that is written anew forgets its runs."""
    for item in automations(KNOWN):
        written = item.model_dump(mode="json")
        for step in range(40):
            for name in ("after", "expect", "for_each"):
                some = sorted(written["trigger"][name])
                Random(step).shuffle(some)  # noqa: S311  # no secret
                written["trigger"][name] = some
            assert is_same(AutomationCore.model_validate(written), item)
        written["trigger"]["within"] += 1
        assert not is_same(AutomationCore.model_validate(written), item)


def test_what_is_passed_on_is_what_the_flow_takes() -> None:
    [item] = [item for item in automations(KNOWN) if item.name == TELL]
    [action] = item.actions
    assert set(getattr(action, "parameters", {})) == set(tell_admins.parameters.properties)


def test_without_jobs_and_approvals_there_is_nothing_about_them() -> None:
    names = {item.name for item in automations(KnownDeployments(TELLER))}
    assert names == {TELL, SILENT, UNBEGUN, TOLD_AGAIN}


def test_the_deployment_that_tells_is_registered_and_belongs_to_no_plan() -> None:
    [item] = [item for item in definitions() if item.name == "tell_admins"]
    assert not item.schedules
    assert "机务" in item.tags
