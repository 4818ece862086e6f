"""Makes a flow that a person starts by a form; it answers so that the person can read it."""

from collections.abc import Callable
from datetime import date, datetime
from functools import update_wrapper
from inspect import signature
from typing import Any, Protocol, TypeVar, get_type_hints

from httpx import HTTPError
from prefect import Flow, flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.states import Cancelled, Completed
from pydantic import ValidationError

from common.clock import now, today
from common.errors import RefusedError, UnavailableError, UsageError
from common.words import without_numbers
from flows.emitting import emit_events
from flows.forms.choosing import as_meant
from flows.forms.fields import RequestForm, called, faults, user_of
from flows.forms.telling import refused
from flows.pages.fitting import fitted
from flows.steps import in_words
from models.settings import entrance, load_settings
from operations.cases.desk import Desk, open_desk

REFUSED = "未办理"
"""The name of the state of a run whose request was refused: no trouble of the machinery."""
DONE, TRIED = "已办理", "试办，未写入"
LONGEST = 1000
"""Characters of a refusal that the state itself tells; the artifact tells all."""
TIMEOUT = 600
"""Seconds after which a form's run is given up."""

F = TypeVar("F", bound=RequestForm, contravariant=True)
H = TypeVar("H", bound=RequestForm)


class Operation(Protocol[F]):
    """Does what a form asks for, and tells of it."""

    def __call__(self, desk: Desk, form: F, *, today: date, at: datetime) -> str:
        """What was done, as Markdown. RefusedError or UsageError with every reason."""


def request_flow(
    description: str, *fields: str, then: Callable[[Desk], object] | None = None
) -> Callable[[Operation[F]], Flow[..., State[Any]]]:
    """Makes the flow of an operation; it takes the form, and a plan other than the settings' own.

    A run is named by those `fields` of the form that are filled in. What came of it is published as
    the artifact ``<plan>-<flow>``. A refusal ends the run in the state `REFUSED`, with every reason
    in the artifact; any other error is left to fail the run. `then` is done afterwards, unless the
    form is only tried. The operation itself is the flow's ``fn.__wrapped__``.
    """

    def made(operation: Operation[F]) -> Flow[..., State[Any]]:
        def run(form: F, plan: str | None = None) -> State[Any]:
            return _answer(open_desk(load_settings(), plan), operation, asked, form, then)

        # Prefect makes the form that people fill in from this.
        asked: type[F] = get_type_hints(operation)["form"]
        run.__annotations__["form"] = asked
        run.__signature__ = signature(run)  # type: ignore[attr-defined]  # as inspect asks for it
        update_wrapper(run, operation, ("__module__", "__name__", "__qualname__", "__doc__"))
        title = str(asked.model_config["title"])
        options = flow(
            name=run.__name__,
            description=description,
            flow_run_name=run_name(title, *fields),
            timeout_seconds=TIMEOUT,
            validate_parameters=False,  # its own words for what is amiss are no words for staff
        )
        return options(run)

    return made


def _answer(
    desk: Desk,
    operation: Operation[F],
    asked: type[F],
    filled: object,
    then: Callable[[Desk], object] | None,
) -> State[Any]:
    name = runtime.flow_run.flow_name.replace("_", "-")
    title = str(asked.model_config["title"])
    try:
        form = as_meant(desk, filled_in(asked, filled))
        desk = desk.entered_by(user_of(form))
        text = operation(desk, form, today=today(desk.settings.business_date), at=now())
    except (RefusedError, UsageError) as refusal:
        heading = f"{title}：{REFUSED}"
        _publish(desk, name, heading, refused(refusal))
        return refusal_state(refusal)
    tried = getattr(form, "dry_run", False)
    heading = f"{title}：{TRIED if tried else DONE}"
    afterwards(lambda desk: _publish(desk, name, heading, text), desk)
    afterwards(emit_events, desk)
    if then and not tried:
        afterwards(then, desk)
    return Completed(message=heading)


def filled_in(asked: type[H], filled: object) -> H:
    """The form as it was handed in. UsageError with every field that does not fit."""
    try:
        return asked.model_validate(filled)
    except ValidationError as wrong:
        raise faults(asked, wrong) from None


def refusal_state(refusal: RefusedError | UsageError) -> State[Any]:
    """How a run ends whose request was refused: told apart from trouble by name and colour."""
    told = without_numbers(str(refusal))
    get_run_logger().warning("%s：%s", REFUSED, told)
    return in_words(Cancelled(name=REFUSED, message=shortened(told)))


def afterwards(work: Callable[[Desk], object], desk: Desk) -> None:
    """Do what is caught up with later where it cannot be done now: what was asked for is done."""
    try:
        work(desk)
    except (UnavailableError, HTTPError) as trouble:
        get_run_logger().warning("已办理；后续工作稍后由定时任务补做：%s", trouble)


def run_name(title: str, *fields: str) -> Callable[[], str]:
    """Names a run by what it does and what those fields of its form say, as far as they do."""

    def name() -> str:
        form = runtime.flow_run.parameters.get("form") or {}
        said = form if isinstance(form, dict) else form.model_dump(mode="json")
        parts = [called(str(said[field])) for field in fields if said.get(field)]
        return f"{title}：{'、'.join(parts)}" if parts else title

    return name


def shortened(text: str) -> str:
    """A text that a state can carry; a longer one is cut and says so."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}……（全文见本次运行的结果）"


def _publish(desk: Desk, name: str, heading: str, text: str) -> None:
    key = f"{desk.plan.id}-{name}"
    create_markdown_artifact(answer_page(desk, heading, text), key=key, description=heading)


def answer_page(desk: Desk, heading: str, text: str) -> str:
    """What came of a form, with the way back to the page of the day."""
    return fitted(f"# {heading}\n\n[返回今日情况]({entrance(desk.plan.id)})\n\n{text}")
