"""Issues a paper that was drafted by a duty. Thin: see `flows.requests`."""

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State

from flows.asking import TIMEOUT, answer, run_name
from flows.operations.desk import open_desk
from flows.requests import issuing
from models.settings import load_settings


@flow(
    name="issue_paper",
    description="签发文稿：登记文号、签发人和日期，生成正式文件；所完成的事项一并登记。",
    flow_run_name=run_name("draft"),
    timeout_seconds=TIMEOUT,
)
def issue_paper(form: issuing.IssueForm, plan: str | None = None) -> State[Any]:
    """Issue the paper, or say every reason against it."""
    desk = open_desk(load_settings(), plan)
    return answer(desk, "issue-paper", "签发文稿", issuing.issue_draft, form)
