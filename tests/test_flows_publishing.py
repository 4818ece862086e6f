"""The scheduled flows on a real Prefect server: what they publish, when, and what they say."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from datetime import date, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import Artifact, State
from prefect.client.schemas.sorting import ArtifactSort
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import text

from common.clock import now
from common.errors import RefusedError, UnavailableError
from deployments.server.entrance import add_entrance
from flows.deliver_outbox import deliver_outbox
from flows.enforce_deadlines import enforce_deadlines
from flows.fulfil_duty import fulfil_duty
from flows.pages.entrance import WaitingRun
from flows.pages.markdown import Page
from flows.publishing import progress_of, publish_waiting, put
from flows.read_inbox import read_inbox
from models.settings import ENTRANCE_PAGE, load_settings
from operations.cases.desk import Desk, open_desk
from operations.daily.confirmation import Confirmation
from operations.daily.enforcement import enforce_in_earnest, is_finished
from operations.duties.year import fulfil
from operations.views.outbox import outbox_counts
from policy.vocabulary import DeliveryStatus, Product
from states.contacts import Post
from tests.conftest import AT
from tests.support.delivering import DAY, MAILS, OWING, OWING_TAIYUAN, TAIYUAN, know
from tests.support.handing_in import GOOD
from tests.support.handing_in import put as hand_in
from tests.support.mail_server import free_port
from tests.support.prefect_database import harness
from tests.support.province import morning
from tests.support.stores import Snapshot, Stores

pytestmark = pytest.mark.heavy
MAIN = {
    "province-board",
    "overdue",
    "due-this-week",
    "outbox",
    "funds",
    "data-quality",
    "run-changes",
    "replies",
}
PLAN = "shanxi-2023"
DEAD = "mailto://canary:canary@127.0.0.1:1/?from=a@canary.example&to=b@canary.example"


@pytest.fixture(scope="module", autouse=True)
def server(prefect_database: Path) -> Iterator[None]:
    with harness(prefect_database):
        yield


@pytest.fixture
def working(
    stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Snapshot], Desk]]:
    """Opens a desk at a home of its own; offices are open, the day is pinned."""
    with ExitStack() as opened:

        def work(state: Snapshot) -> Desk:
            settings = opened.enter_context(stores.copy(None, state, tmp_path / "home"))
            monkeypatch.setenv("XINGFU_HOME", str(settings.home))
            on(DAY, monkeypatch)
            desk = open_desk(load_settings())
            opened.callback(desk.engine.dispose)
            return desk

        yield work


@pytest.fixture
def province(working: Callable[[Snapshot], Desk]) -> Desk:
    """A hundred projects, of which all are overdue."""
    return working(OWING)


@pytest.fixture
def desk(working: Callable[[Snapshot], Desk]) -> Desk:
    """One city's, so that there are few pages."""
    return working(OWING_TAIYUAN)


def on(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINGFU_BUSINESS_DATE", day.isoformat())


def run(ran: Any, **parameters: Any) -> State[Any]:
    state: State[Any] = ran(**parameters, return_state=True)
    return state


def name_of(state: State[Any]) -> str:
    """What the run that ended so is called."""
    with get_client(sync_client=True) as client:
        return client.read_flow_run(state.state_details.flow_run_id).name  # type: ignore[arg-type]  # it ran


def published(*names: str) -> list[Artifact]:
    """Every version of these pages, of all pages when none is named, the newest first."""
    keys = [f"{PLAN}-{name}" for name in names] or None
    found: list[Artifact] = []
    with get_client(sync_client=True) as client:
        while page := client.read_artifacts(
            artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=keys)),
            sort=ArtifactSort.CREATED_DESC,
            limit=200,
            offset=len(found),
        ):
            found += page
    return found


def latest() -> Mapping[str, Artifact]:
    """The newest version of each page, by name."""
    return {(item.key or "").removeprefix(f"{PLAN}-"): item for item in reversed(published())}


def got(app: FastAPI, path: str) -> Response:
    async def asked() -> Response:
        async with AsyncClient(transport=ASGITransport(app), base_url="http://x") as client:
            return await client.get(path)

    return asyncio.run(asked())


def links(text: object) -> set[str]:
    return set(re.findall(r"\]\(/artifacts/artifact/([^)]+)\)", str(text)))


def test_a_day_is_enforced_published_and_finished_once(
    province: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The 22nd was missed; what is linked to is there; the hourly job finds nothing to do."""
    thursday = date(2023, 2, 23)
    on(thursday, monkeypatch)
    assert not is_finished(province, thursday)
    state = run(enforce_deadlines)
    assert state.is_completed()
    assert "补作漏做的1天：2023年2月22日（星期三）" in str(state.message)
    # All is late since the 21st; each city and the province get one digest.
    assert "新认定逾期或超过建议时限0项，发送12份" in str(state.message)
    assert name_of(state) == "2023年2月23日核对：新认定逾期或超过建议时限0项、发送12份"
    assert is_finished(province, thursday)
    pages = latest()
    cities = {f"city-{city.code}" for city in province.plan.cities}
    explained = {name for name in pages if name.startswith("explain-")}
    assert set(pages) - explained == {*MAIN, *cities, "progress"}
    assert len(explained) == 112  # all projects, all cities and the province
    there = {str(item.id) for item in pages.values()}
    for name in {*MAIN, *cities} - {"outbox", "due-this-week", "data-quality"}:
        assert "截至 **2023-02-23**" in str(pages[name].data)
        assert links(pages[name].data) <= there
        assert name in ("funds", "run-changes", "replies") or links(pages[name].data), name
    assert len(links(pages["overdue"].data)) == 100  # a city stands for itself in none of them
    assert "补作此前未核对的1天：2023年2月22日（星期三）。" in str(pages["run-changes"].data)
    assert pages["progress"].data == 100

    versions = len(published())
    again = run(enforce_deadlines, only_if_missed=True)
    assert (again.is_completed(), again.message) == (True, "今日已核对，无需补做")
    assert len(published()) == versions
    assert run(enforce_deadlines).is_completed()
    assert "本次运行没有改变任何事项。" in str(latest()["run-changes"].data)
    told_anew = {str(item.key) for item in published()[:-versions]}
    assert told_anew == {f"{PLAN}-{name}" for name in ("province-board", "run-changes", "progress")}
    assert len(published("province-board")) == 2

    app = FastAPI()
    add_entrance(app)
    (newest, _) = published("province-board")
    for path in (f"/xingfu/{PLAN}", "/xingfu"):
        led = got(app, path)
        assert led.headers["location"] == f"/artifacts/artifact/{newest.id}"
    assert got(app, "/xingfu/another").status_code == 404

    @flow
    def tell(*names: str) -> None:
        for name in names or ("",):
            publish_waiting(province, WaitingRun(name, "1", AT) if name else None)

    before = str(newest.data)
    tell("督办函：太原市")
    told = str(latest()["province-board"].data)
    assert "- [督办函：太原市](/runs/flow-run/1)" in told
    tell()
    assert latest()["province-board"].data == before
    versions = len(published("province-board"))
    tell()
    assert len(published("province-board")) == versions
    back = f"[返回今日情况](/xingfu/{PLAN})"
    assert {name for name in MAIN if back not in str(pages[name].data)} == {"province-board"}


@MAILS
def test_a_day_that_lies_behind_is_refused_and_nothing_is_published(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(enforce_deadlines).is_completed()
    before = {item.id for item in published()}
    state = run(enforce_deadlines, as_of=DAY - timedelta(days=1))
    assert state.name == "未办理"
    assert f"数据已到{DAY}" in str(state.message)
    assert {item.key for item in published() if item.id not in before} <= {None}
    assert not is_finished(desk, DAY - timedelta(days=1))


def test_a_day_with_a_dead_target_is_finished_and_fails(desk: Desk) -> None:
    know(desk, Post(TAIYUAN, "示例甲", "科员", "", channels=(DEAD,)))
    state = run(enforce_deadlines)
    assert state.is_failed()
    assert "1人的消息未能送达" in str(state.message)
    assert is_finished(desk, DAY)
    page = latest()["outbox"].data
    assert f"| {TAIYUAN} |" in str(page)
    assert "未能发出的原因" in str(page)
    everything = [*map(str, (item.data for item in published())), str(state.message)]
    assert not [text for text in everything if "canary" in text]


def test_the_outbox_is_published_only_when_something_was_sent(desk: Desk) -> None:
    before = len(published("outbox"))
    assert run(deliver_outbox).is_completed()
    assert len(published("outbox")) == before + 1
    assert outbox_counts(desk)[DeliveryStatus.PENDING] == 0
    assert run(deliver_outbox).is_completed()
    assert len(published("outbox")) == before + 1


def test_the_inbox_is_published_only_when_a_file_was_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XINGFU_INBOX_SETTLE_SECONDS", "1")
    before = len(published("inbox"))
    assert run(read_inbox).is_completed()
    assert len(published("inbox")) == before
    hand_in(desk, b"no workbook", "a|b.xlsx")
    hand_in(desk, GOOD)
    sleep(1.5)
    state = run(read_inbox)
    assert state.is_completed()
    assert name_of(state) == "读取收件：登记1份、退回1份"
    (page, *older) = published("inbox")
    assert len(older) == before
    assert "## 已退回：1份" in str(page.data)
    assert "a_b.xlsx" in str(page.data)
    assert "## 已登记：1份" in str(page.data)


def test_a_plan_that_has_changed_is_said_where_data_quality_stands(desk: Desk) -> None:
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE plan SET digest = 'another'"))
    state = run(enforce_deadlines)
    assert state.is_failed()
    assert "请先运行 xingfu init" in str(state.message)
    assert "未能核对时限" in str(latest()["data-quality"].data)
    assert not is_finished(desk, DAY)


def test_a_page_that_cannot_be_published_is_worth_another_try(desk: Desk) -> None:
    @task
    def work() -> None:
        with nowhere(), pytest.raises(UnavailableError, match="Prefect"):
            put(desk, [Page("x", "试", "试", "试")])

    @flow
    def publishing() -> None:
        work()

    publishing()
    assert published("x") == []


def test_work_goes_on_where_its_progress_cannot_be_shown(desk: Desk) -> None:
    before = published("progress")
    # Outside a run, since a run keeps the client that it began with.
    with nowhere(), pytest.warns(FutureWarning, match="outside of a flow"):
        progress_of(desk, "试（步）")(1, 2)
    assert published("progress") == before


def nowhere() -> AbstractContextManager[Any]:
    """No Prefect server at the address."""
    return temporary_settings({PREFECT_API_URL: f"http://127.0.0.1:{free_port()}/api"})


def test_duties_are_made_when_due_with_what_was_missed_and_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    @flow
    def enter() -> None:
        put(desk, [Page(ENTRANCE_PAGE, "试", "试", "# 试\n")])

    enter()
    stand_for(desk, date(2023, 7, 3), monkeypatch)
    state = run(fulfil_duty, duties=[Product.BULLETIN, Product.FEEDBACK])
    assert state.is_completed()
    assert "2023年6月份山西省月通报" in str(state.message)
    assert name_of(state) == "2023年7月3日编制月通报、季度反馈函：21项"
    kept = versions(f"{PLAN}-bulletin")
    assert [item.description for item in kept] == [
        f"2023年{month}月份月通报（截至 {day}）"
        for month, day in (
            (3, "2023-03-31"),
            (4, "2023-04-28"),
            (5, "2023-05-31"),
            (6, "2023-06-30"),
        )
    ]
    assert "草稿" in str(kept[-1].data)
    leads = f"- 文稿：[2023年6月份月通报](/artifacts/artifact/{kept[-1].id})"
    assert leads in str(latest()[ENTRANCE_PAGE].data)
    assert len(versions(f"{PLAN}-feedback-140100")) == 1
    made = desk.settings.outgoing / "duties" / PLAN / "2023-06-30"
    assert len(list(made.glob("*.docx"))) == 1 + len(desk.plan.cities)
    again = run(fulfil_duty, duties=[Product.BULLETIN, Product.FEEDBACK])
    assert "无到期应编制的内容" in str(again.message)
    assert len(versions(f"{PLAN}-bulletin")) == 4


def test_of_curves_that_come_due_at_once_a_city_has_the_newest(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand_for(desk, date(2023, 5, 4), monkeypatch)
    run(fulfil_duty, duties=[Product.CURVES])
    months = [item.description for item in versions(f"{PLAN}-curves")]
    assert len(months) == 4
    assert [it.description for it in versions(f"{PLAN}-curves-140100")] == [
        "2023年4月份太原市数据曲线（截至 2023-04-28）"
    ]


def test_what_a_run_that_died_has_made_is_published_by_the_next(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(date(2023, 3, 31), monkeypatch)
    before = len(versions(f"{PLAN}-bulletin"))
    for _, made in fulfil(desk, [Product.BULLETIN], date(2023, 3, 31), now()):
        assert not isinstance(made, RefusedError)
    run(fulfil_duty, duties=[Product.BULLETIN])
    assert len(versions(f"{PLAN}-bulletin")) == before + 1
    assert list((desk.settings.outgoing / "duties" / PLAN / "2023-03-31").glob("*.docx"))


def test_a_duty_that_cannot_be_fulfilled_says_why(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is known who could accept: no contacts."""
    stand_for(desk, date(2023, 11, 30), monkeypatch)
    state = run(fulfil_duty, duties=[Product.SCHEDULE])
    assert (state.is_failed(), state.name) == (True, "Failed"), "admins are told"
    assert "人" in str(state.message)
    [told] = versions(f"{PLAN}-duties-refused")
    assert "人" in str(told.data)


def stand_for(desk: Desk, day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that day, months after the last one, and somebody says that this is right."""
    on(day, monkeypatch)
    enforce_in_earnest(desk, day, morning(day), Confirmation("山西省民政厅 示例·甲", "示例原因"))


def versions(key: str) -> list[Artifact]:
    """Every version of an artifact, oldest first."""
    with get_client(sync_client=True) as client:
        wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
        return client.read_artifacts(artifact_filter=wanted, sort=ArtifactSort.UPDATED_DESC)[::-1]


def test_a_plan_whose_time_is_over_ends_in_peace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last days were missed: the last one is made up for; then no job fails or does anything.

    What is owed still goes out.
    """
    stand_for(desk, date(2024, 3, 28), monkeypatch)
    on(date(2024, 4, 2), monkeypatch)
    last = run(enforce_deadlines)
    assert last.is_completed()
    assert "截至2024-03-31已核对" in str(last.message)
    assert is_finished(desk, date(2024, 3, 31))
    on(date(2024, 7, 1), monkeypatch)
    before = len(published())
    for parameters in ({}, {"only_if_missed": True}):
        over = run(enforce_deadlines, **parameters)
        assert over.is_completed()
        assert "实施方案期间已结束" in str(over.message)
    assert len(published()) == before
    assert "已发送" in str(run(deliver_outbox).message)
    assert run(fulfil_duty, duties=[Product.BULLETIN]).is_completed()
    asked = run(enforce_deadlines, as_of=date(2024, 7, 1))
    assert asked.is_failed(), "who asks for a day has to stand for it"


def test_a_doubted_day_is_refused_until_the_form_confirms_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(enforce_deadlines).is_completed()
    on(DAY + timedelta(days=46), monkeypatch)
    refused = run(enforce_deadlines)
    assert refused.is_failed()
    assert str(refused.message).startswith("2023-")  # in our words alone
    assert "超过45天" in str(refused.message)
    assert "超过45天" in str(latest()["data-quality"].data)
    entrance = str(latest()["province-board"].data)
    assert "待核日期" in entrance
    assert "超过45天" in entrance
    assert "确认日期无误" in entrance
    (before,) = links(entrance)
    run(enforce_deadlines)  # as in each hour
    assert links(latest()["province-board"].data) == {before}
    assert "各市进度" in str(next(p.data for p in published() if str(p.id) == before))
    assert "未发送消息" in str(run(deliver_outbox).message)
    unsigned = run(enforce_deadlines, confirm=True)
    assert (unsigned.name, unsigned.is_cancelled()) == ("未办理", True)
    assert "请填写“确认的单位和姓名”" in str(unsigned.message)
    assert run(
        enforce_deadlines, confirm=True, actor="山西省民政厅 示例·王某", evidence="示例：恢复使用"
    ).is_completed()
    assert run(enforce_deadlines).is_completed()
