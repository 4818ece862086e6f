"""The year's duties: makes what is due, keeps it, and lays it out as files. Thin: see `duties`."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from prefect import flow, get_run_logger, runtime, task
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from common.clock import now, today
from common.errors import RefusedError
from common.words import without_numbers
from flows.forms.asking import shortened
from flows.pages.duties import product_pages, refusal_page, title_of
from flows.publishing import publish_offered, put
from flows.steps import PATIENT, day_of_work, name_run, named_by_day, opened
from operations.cases.desk import Desk
from operations.daily.confirmation import require_day
from operations.daily.enforcement import day_to_enforce
from operations.duties import year as jobs
from operations.duties.products import KeptProduct, lay_out, published, unpublished
from policy.vocabulary import Product

FEW = 2  # names of what is made, in that of a run


def _run_name() -> str:
    """Runs are named by what they make, too."""
    kinds = [Product(kind).label for kind in runtime.flow_run.parameters["duties"]]
    what = "、".join(kinds) if len(kinds) <= FEW else f"{len(kinds)}类文稿"
    return named_by_day(f"编制{what}")


@flow(
    name="fulfil_duty",
    description="周期工作：到期应编制的通报、函件、安排、评估等逐一编制存档，生成文件并发布；漏做的一并补做。",
    flow_run_name=_run_name,
    timeout_seconds=3600,
)
def fulfil_duty(
    duties: list[Product], as_of: date | None = None, plan: str | None = None
) -> State[Any]:
    """Make what is due of these kinds by a day; what was made before stays as it is.

    Fails when something could not be made, after everything else was: nobody watches it, so that
    admins have to be told.

    Args:
        duties: 编制哪几类。
        as_of: 截至哪一天；不填为今天。
        plan: 实施方案编号；不填为本机设置的方案。
    """
    desk = opened(plan)
    day = day_to_enforce(as_of, today(desk.settings.business_date))
    day = day if as_of else day_of_work(desk, day)
    admit(desk, day)
    made, refused = make(desk, duties, day)
    publish(desk, duties)
    name_run(made if len(made) <= FEW else [f"{len(made)}项"])
    if refused:
        publish_refusals(desk, refused, day)
        return Failed(message=shortened("；".join(refused)))
    told = "、".join(made)
    return Completed(message=f"截至{day}已编制：{told}" if made else f"截至{day}无到期应编制的内容")


@task(name="admit", **PATIENT)
def admit(desk: Desk, as_of: date) -> None:
    """RefusedError on a day that the daily job, too, would refuse: what is made stays for ever."""
    require_day(desk, as_of, now())


@task(name="make", task_run_name="make-{as_of}", **PATIENT)
def make(desk: Desk, kinds: Sequence[Product], as_of: date) -> tuple[list[str], list[str]]:
    """What was made, and why what else was due could not be."""
    made, refused = [], []
    for _, item in jobs.fulfil(desk, kinds, as_of, now()):
        if isinstance(item, RefusedError):
            refused.append(without_numbers(str(item)))
            get_run_logger().error(refused[-1])
        else:
            made.append(_name(item))
            get_run_logger().info("已编制：%s", made[-1])
    return made, refused


def _name(made: KeptProduct[Any]) -> str:
    return title_of(made.occasion.period, made.occasion.subject, made.kind.label)


@task(name="publish", **PATIENT)
def publish(desk: Desk, kinds: Sequence[Product]) -> None:
    """Lay out and publish what has not been: what was made now, and what a run that died left."""
    for job in map(jobs.job_of, kinds):
        waiting = list(unpublished(desk, job))
        for item in waiting:
            pages = product_pages(desk, item, lay_out(desk, job, item), item is waiting[-1])
            put(desk, pages)
            published(desk, job, item)
            get_run_logger().info("已生成文件并发布：%s", _name(item))
    publish_offered(desk)


@task(name="publish-refusals", **PATIENT)
def publish_refusals(desk: Desk, refused: Sequence[str], as_of: date) -> None:
    """Publish why something could not be made."""
    put(desk, [refusal_page(desk.plan, refused, as_of)])
