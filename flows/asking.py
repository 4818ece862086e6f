"""What flows that a person starts by a form have in common: an answer that the person can read."""

from collections.abc import Callable
from typing import Any

from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.emitting import emit_events
from flows.operations.desk import Desk
from policy.errors import RefusedError, UsageError

REFUSED = "未办理"
"""The name of the state of a run whose request was refused: no trouble of the machinery."""


def answered(desk: Desk, name: str, title: str, work: Callable[[], str]) -> State[Any]:
    """Do what a form asks for, and publish what came of it as the artifact ``<plan>-<name>``.

    `work` gives back what was done, as Markdown. A refusal ends the run in the state `REFUSED`,
    with every reason in the artifact; any other error is left to fail the run.
    """
    try:
        text = work()
    except (RefusedError, UsageError) as refusal:
        _publish(
            desk, name, f"# {title}：{REFUSED}\n\n{_lines(str(refusal))}", f"{title}：{REFUSED}"
        )
        return Failed(name=REFUSED, message=str(refusal))
    _publish(desk, name, f"# {title}\n\n{text}", title)
    emit_events(desk)
    return Completed(message=f"{title}：已办理")


def _publish(desk: Desk, name: str, text: str, description: str) -> None:
    key = f"{desk.plan.id}-{name}"
    create_markdown_artifact(text, key=key, description=description)


def _lines(text: str) -> str:
    """Sentences and points that stay on lines of their own in Markdown."""
    return "\n".join(
        line.replace("  · ", "- ", 1) if "  · " in line else f"{line}\n"
        for line in text.splitlines()
    )
