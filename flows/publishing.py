"""Publishes pages as artifacts, each under the key ``<plan>-<name>``; Prefect keeps every version.

A page that says what its newest version says is not published again.

Pages link to the artifact itself: the page of a key only lists its versions. So what is linked to
is published first.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from uuid import UUID

import httpx
from prefect.artifacts import (
    MarkdownArtifact,
    create_markdown_artifact,
    create_progress_artifact,
    update_progress_artifact,
)
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactCollectionFilter, ArtifactCollectionFilterKey
from prefect.client.schemas.objects import ArtifactCollection

from common.clock import today
from common.errors import UnavailableError
from flows.offering import TROUBLE, daily_form, newest_entrance, offered, waiting_runs
from flows.pages.board import board_page
from flows.pages.changes import changes_page, inbox_page
from flows.pages.city import city_page
from flows.pages.entrance import (
    WaitingRun,
    former_page,
    offered_lines,
    refused_page,
    with_offered,
    with_waiting,
)
from flows.pages.explain import MOST, explain_pages
from flows.pages.fitting import fitted
from flows.pages.lists import due_page, overdue_page
from flows.pages.markdown import Links, Page
from flows.pages.money import funds_page
from flows.pages.outbox import outbox_page
from flows.pages.quality import quality_page
from flows.pages.replies import replies_page
from operations.cases.desk import Desk
from operations.daily.changes import Changes
from operations.mails.verifying import waiting_replies
from operations.upkeep.watching import known_trouble
from operations.views.census import Census
from operations.views.explain import explain_all
from operations.views.funds import MoneyOverview, money
from operations.views.outbox import outbox_counts, outbox_health
from operations.views.published import (
    city_day,
    items_due,
    late_items,
    province_day,
    taken_of,
    targets_of,
    to_explain,
)
from operations.views.quality import DataQuality, quality
from operations.views.scenes import require_newest
from operations.workbooks.inbox import InboxResult
from states.targets import TargetFigure

SIDE_BY_SIDE = 8  # pages on their way to the server at once
STEP = 50  # pages after which progress is told
Report = Callable[[int, int], None]


def publish_day(desk: Desk, as_of: date, changes: Changes) -> int:
    """Publish all pages of a day, and what this run changed; how many there are.

    RefusedError for a day that lies behind: artifacts are the newest state, see `require_newest`.
    """
    require_newest(desk, as_of)
    found, targets = taken_of(desk, as_of), targets_of(desk)
    pressing, codes = to_explain(found, MOST)
    links, left_out = _explained(desk, codes, as_of), pressing - len(codes)
    funds = money(desk)
    cities = _publish_cities(desk, found, targets, funds, links)
    pages = (
        overdue_page(desk.plan, as_of, *late_items(desk, found), links, left_out),
        due_page(desk.plan, as_of, items_due(desk, found), links, left_out),
        outbox_page(desk.plan, outbox_health(desk), as_of),
        *([funds_page(desk.plan, funds, as_of, {**links, **cities})] if desk.plan.pays else []),
        quality_page(desk.plan, quality(desk, as_of), as_of, links),
        changes_page(desk.plan, changes, as_of, links),
        replies_page(desk.plan, waiting_replies(desk), as_of),
    )
    others = dict(zip(put(desk, pages), pages, strict=True))
    counts, broken = outbox_counts(desk), known_trouble(desk.settings)
    further = offered_lines(offered(desk), desk.settings.desk_url)
    leads = {**links, **cities}
    runs = waiting_runs(desk)
    board = province_day(desk, found)
    put(desk, [board_page(desk.plan, board, targets, counts, leads, others, broken, runs, further)])
    return len(links) + len(cities) + len(pages) + 1


def publish_refusal(desk: Desk, as_of: date, reason: str) -> None:
    """Publish why the day cannot be looked at, where the day stands and what its data lack."""
    newest = newest_entrance(desk)
    former = former_page(str(newest.data), _target(newest.latest_id)) if newest else None
    put(
        desk,
        [
            quality_page(desk.plan, DataQuality(plan=reason), as_of, {}),
            refused_page(desk.plan, as_of, reason, daily_form(desk), former),
        ],
    )


def publish_waiting(desk: Desk, own: WaitingRun | None = None) -> None:
    """Tell on the page of the day which decisions wait now, `own` among them.

    Nothing is published where there is no such page, or it says so already.
    """
    newest = newest_entrance(desk)
    if newest is None:
        return
    before = str(newest.data)
    text = with_waiting(before, [*waiting_runs(desk), *([own] if own else [])])
    if text != before:
        # Its tables are fitted already.
        create_markdown_artifact(text, newest.key, newest.description)


def publish_offered(desk: Desk) -> None:
    """Tell on the page of the day what is offered now: deployments were registered, papers made.

    As `publish_waiting`: a page that was made before would not lead there all day.
    """
    newest = newest_entrance(desk)
    if newest is None:
        return
    text = with_offered(str(newest.data), offered_lines(offered(desk), desk.settings.desk_url))
    if text != newest.data:
        made = ArtifactCreate(
            key=newest.key, type=newest.type, description=newest.description, data=text
        )
        with get_client(sync_client=True) as client:  # it belongs to no run
            client.create_artifact(made)


def publish_outbox(desk: Desk, as_of: date) -> None:
    """Publish how the outbox is."""
    put(desk, [outbox_page(desk.plan, outbox_health(desk), as_of)])


def publish_replies(desk: Desk) -> None:
    """Publish which mails wait for a person."""
    put(desk, [replies_page(desk.plan, waiting_replies(desk), today(desk.settings.business_date))])


def publish_inbox(desk: Desk, read: InboxResult, changes: Changes, as_of: date) -> None:
    """Publish what a round of the inbox read."""
    put(desk, [inbox_page(desk.plan, read, changes, as_of)])


def put(desk: Desk, pages: Sequence[Page], report: Report | None = None) -> tuple[str, ...]:
    """Publish what pages have changed, and give back where each is to be seen, in order.

    UnavailableError when Prefect cannot be reached or fails.
    """
    try:
        ids = asyncio.run(_put(desk, pages, report))
    except httpx.HTTPStatusError as error:
        if not error.response.is_server_error:
            raise
        raise UnavailableError(TROUBLE) from error
    except httpx.TransportError as error:
        raise UnavailableError(TROUBLE) from error
    return tuple(map(_target, ids))


def _target(id: UUID) -> str:
    return f"/artifacts/artifact/{id}"


def progress_of(desk: Desk, what: str) -> Report:
    """Shows how far long work has come; nothing is shown of work that is done in one step.

    `what` is the work in Chinese, with what is counted: ``发送消息（人）``. The work goes on where
    its progress cannot be shown.
    """
    shown: list[UUID] = []

    def report(done: int, of: int) -> None:
        words, percent = f"{what}：{done}／{of}", 100 * done / of
        with suppress(httpx.HTTPError):
            if shown:
                update_progress_artifact(shown[0], percent, words)
            elif done < of:
                shown.append(_begun(desk, percent, words))

    return report


def _begun(desk: Desk, percent: float, words: str) -> UUID:
    created = create_progress_artifact(percent, key=f"{desk.plan.id}-progress", description=words)
    assert isinstance(created, UUID)  # noqa: S101  # in a synchronous run it is no coroutine
    return created


def _explained(desk: Desk, codes: Sequence[str], as_of: date) -> Links:
    explained = explain_all(desk, codes, as_of)
    report = progress_of(desk, "发布时限说明（页）")
    targets = put(desk, explain_pages(desk.plan, explained), report)
    return dict(zip((each.subject for each in explained), targets, strict=True))


def _publish_cities(
    desk: Desk,
    found: Sequence[Census],
    targets: Sequence[TargetFigure],
    funds: MoneyOverview,
    links: Links,
) -> Links:
    own = {each.city: each for each in found}
    pages = [
        city_page(desk.plan, city, city_day(desk, own[city.name]), targets, row, links)
        for city, row in zip(desk.plan.cities, funds.cities, strict=True)
    ]
    return dict(zip((city.name for city in desk.plan.cities), put(desk, pages), strict=True))


async def _put(desk: Desk, pages: Sequence[Page], report: Report | None) -> list[UUID]:
    ids: list[UUID] = []
    turn = asyncio.Semaphore(SIDE_BY_SIDE)
    async with get_client() as client:
        for start in range(0, len(pages), STEP):
            some = pages[start : start + STEP]
            before = await _newest(desk, some, client)
            ids += await asyncio.gather(
                *(_create(desk, page, client, turn, before) for page in some)
            )
            if report:
                await asyncio.to_thread(report, len(ids), len(pages))
    return ids


async def _newest(
    desk: Desk, pages: Sequence[Page], client: PrefectClient
) -> Mapping[str, ArtifactCollection]:
    """The newest version of each page that has one, by its key."""
    keys = ArtifactCollectionFilterKey(any_=[_key(desk, page) for page in pages])
    found = await client.read_latest_artifacts(artifact_filter=ArtifactCollectionFilter(key=keys))
    return {item.key: item for item in found}


async def _create(
    desk: Desk,
    page: Page,
    client: PrefectClient,
    turn: asyncio.Semaphore,
    before: Mapping[str, ArtifactCollection],
) -> UUID:
    """A version more, unless the newest says the same."""
    key, text = _key(desk, page), fitted(page.text)
    newest = before.get(key)
    if newest is not None and (newest.data, newest.description) == (text, page.description):
        return newest.latest_id
    async with turn:
        artifact = MarkdownArtifact(key=key, description=page.description, markdown=text)
        return (await artifact.acreate(client)).id


def _key(desk: Desk, page: Page) -> str:
    return f"{desk.plan.id}-{page.name}"
