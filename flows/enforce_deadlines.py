"""The daily job: decide, write, deliver, publish. Thin: the work is in `flows.operations`."""

from datetime import date
from typing import Any

from prefect import flow, get_run_logger, runtime, task
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.cache_policies import NO_CACHE

from flows.artifacts import board_markdown, overdue_rows
from flows.business_date import now, today
from flows.deliver_outbox import deliver
from flows.operations import enforcement
from flows.operations.desk import Desk, open_desk
from flows.operations.outbox_views import outbox_counts
from flows.operations.overview import board, deadline_views
from models.settings import load_settings


def _run_name() -> str:
    """Runs are named by the day they enforce."""
    day = runtime.flow_run.parameters.get("as_of") or today(load_settings())
    return f"enforce_deadlines-{day}"


@flow(
    name="enforce_deadlines",
    description="每日核对时限：作出提醒、提级和逾期认定，发送消息，发布全省进度和逾期清单。",
    flow_run_name=_run_name,
)
def enforce_deadlines(as_of: date | None = None, plan: str | None = None) -> None:
    """Enforce `plan` as of a day (today in Shanghai by default); missed days are caught up.

    Fails when a message could not be delivered, after everything else was done.
    """
    desk = open_desk(load_settings(), plan)
    day = as_of or today(desk.settings)
    decide(desk, day)
    failed = deliver(desk)
    publish(desk, day)
    if failed:
        raise RuntimeError(f"{len(failed)}人的消息未能送达：{'；'.join(failed)}")


@task(name="decide", task_run_name="decide-{as_of}", cache_policy=NO_CACHE)
def decide(desk: Desk, as_of: date) -> None:
    """Write the day's decisions in one transaction."""
    done = enforcement.enforce(desk, as_of, now())
    log = get_run_logger()
    log.info(
        "截至 %s：新增待发消息 %d 条，新认定逾期 %d 项", as_of, done.messages, done.marked_overdue
    )
    for note in done.notes:
        log.warning(note)


@task(name="publish", task_run_name="publish-{as_of}", cache_policy=NO_CACHE)
def publish(desk: Desk, as_of: date) -> None:
    """Publish the province board and the overdue list as artifacts."""
    views = deadline_views(desk, as_of)
    text = board_markdown(desk.plan, board(desk, views), views, outbox_counts(desk), as_of)
    create_markdown_artifact(text, key="province-board", description=f"全省进度（截至 {as_of}）")
    rows: list[dict[str, Any]] = [dict(row) for row in overdue_rows(views, as_of)]
    create_table_artifact(
        rows, key="overdue-list", description=f"逾期清单（截至 {as_of}，共{len(rows)}项）"
    )
