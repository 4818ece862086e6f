"""Other notices run from their plan alone: no line of the product knows these two."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import RefusedError
from deployments.commands.console import emit
from documents.forms.summary import SummaryRow, pages, read_applications
from documents.reading.grid import open_book
from documents.writing.layout import save
from models.database import open_engine, writing
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import install, verify_trail
from operations.views.overview import board, deadline_views, projects
from operations.views.project_record import project_record
from operations.workbooks.intake import import_workbook
from policy.load import load_plan
from policy.vocabulary import Standing
from states.deadlines import deadlines
from states.dossier import Profile, stated
from states.machine import diagram
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.province import morning

PLANS = Path(__file__).parent / "plans"
END = date(2024, 12, 31)


@pytest.fixture
def beds(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "beds-2024")


@pytest.fixture
def sites(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "sites-2024")


def opened(settings: Settings, id: str) -> Iterator[Desk]:
    plan = load_plan(PLANS / id / "plan.yaml")
    desk = Desk(settings, plan, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    install(desk, AT)
    yield desk
    desk.engine.dispose()


def act(desk: Desk, code: str, name: str, on: str, **more: object) -> None:
    asked = Act(code, name, date.fromisoformat(on), "示例·经办", "示例文件", **more)  # type: ignore[arg-type]  # fields of an act
    take = advance if name in {action.id for action in desk.plan.actions} else record
    with writing(desk.engine) as session:
        take(session, desk, asked, today=END, at=AT)


def applied(desk: Desk, folder: Path, *profiles: Profile) -> list[str]:
    """Import 甲市's workbook with these projects; their codes."""
    named = (
        replace(each, street="示例街道", community=f"示例{n}社区")
        for n, each in enumerate(profiles)
    )
    rows = tuple(SummaryRow("东区", stated(each)) for each in named)
    path = folder / "甲市.xlsx"
    save(path, pages(desk.plan, "甲市", rows))
    assert read_applications(open_book(path), desk.plan).rows == rows
    import_workbook(desk, path, today=END, at=AT)
    return [project.code for project in projects(desk)]


STATION = Profile(kind="station", beds=25)
HOME = Profile(kind="home", beds=1)


def test_two_kinds_each_with_quota_and_subsidy(beds: Desk, tmp_path: Path) -> None:
    station, home, second = applied(beds, tmp_path, STATION, HOME, HOME)
    assert project_record(beds, station, END).funds.subsidy == Decimal("240000.00")
    assert project_record(beds, home, END).funds.subsidy == Decimal("50000.00")
    for code in (station, home, second):
        act(beds, code, "publish", "2024-02-19")
    with pytest.raises(RefusedError, match="公示未满5日"):
        act(beds, station, "choose", "2024-02-24")
    act(beds, station, "choose", "2024-02-25")
    act(beds, home, "choose", "2024-02-26")
    with pytest.raises(RefusedError, match="该类名额已满"):
        act(beds, second, "choose", "2024-02-26")


def test_money_before_work_three_layers_and_spans(beds: Desk, tmp_path: Path) -> None:
    code, _ = applied(beds, tmp_path, STATION, HOME)
    act(beds, code, "publish", "2024-02-19")
    act(beds, code, "choose", "2024-02-26")
    views = {view.rule: view for view in deadline_views(beds, date(2024, 3, 1), code)}
    assert str(views["T01"].overdue_after) == "2024-03-25"  # twenty workdays
    assert views["T02"].standing is Standing.WAITING
    with pytest.raises(RefusedError, match="资金未下达"):
        act(beds, code, "begin", "2024-03-11")
    with pytest.raises(RefusedError, match="金额高于标准"):
        act(beds, code, "pay", "2024-03-11", amount=Decimal("240000.01"))
    act(beds, code, "pay", "2024-03-11", amount=Decimal("240000.00"))
    act(beds, code, "begin", "2024-03-11")
    views = {view.rule: view for view in deadline_views(beds, date(2024, 3, 12), code)}
    # Ninety days after 11 March: Sunday 9 June, a holiday until the 10th.
    assert str(views["T02"].overdue_after) == "2024-06-11"
    for name, on in (
        ("finish", "2024-06-03"),
        ("pass_county", "2024-06-12"),
        ("pass_city", "2024-06-19"),
        ("pass_province", "2024-06-26"),
    ):
        act(beds, code, name, on)
    done = project_record(beds, code, END)
    assert (done.stage, done.finished_on) == ("running", date(2024, 6, 26))


def test_a_home_has_no_building_deadline_and_needs_no_beds(beds: Desk, tmp_path: Path) -> None:
    station, home = applied(beds, tmp_path, replace(STATION, beds=None), HOME)
    assert {view.rule for view in deadline_views(beds, END, home)} >= {"T01"}
    mine = {v.rule for v in deadline_views(beds, END, home) if v.subject == home}
    assert mine == {"T01"}
    assert project_record(beds, station, END).funds.subsidy is None  # not stated, not nothing
    with pytest.raises(RefusedError, match="驿站没有填写床位数"):
        act(beds, station, "publish", "2024-02-19")
    act(beds, home, "publish", "2024-02-19")


def test_weekly_duties_are_reminded(beds: Desk) -> None:
    ids = [item.id for item in deadlines(beds.plan, beds.calendar) if item.id.startswith("W01")]
    assert ids == ["W01-2024w09", "W01-2024w10", "W01-2024w11", "W01-2024w12", "W01-2024w13"]
    channel = RecordingChannel()
    enforce(beds, date(2024, 3, 7), morning(date(2024, 3, 7)))
    deliver(beds, lambda: morning(date(2024, 3, 7)), lambda _: channel)
    told = {message.recipient: message.text for message in channel.sent}
    assert set(told) == {"甲市民政局", "乙市民政局"}
    assert "周报" in told["甲市民政局"]


def test_named_sites_are_there_from_the_start(sites: Desk) -> None:
    found = projects(sites)
    assert [item.name for item in found] == [
        "示例一街道示例甲社区社区食堂",
        "示例一街道示例乙社区社区食堂",
        "示例二镇示例丙社区社区食堂",
    ]
    assert board(sites, [])[0].quota is None
    history = project_record(sites, found[0].code, END).history
    assert [(line.actor, line.evidence) for line in history] == [
        ("示例市民政局", "示例民函〔2024〕2号")
    ]
    assert verify_trail(sites)[1] == ()


def test_what_the_notice_does_not_state_is_never_taken_for_nothing(sites: Desk) -> None:
    code = projects(sites)[0].code
    assert "T01" not in {item.id for item in deadlines(sites.plan, sites.calendar)}
    assert {v.rule for v in deadline_views(sites, END, code) if v.subject == code} == set()
    assert project_record(sites, code, END).funds.subsidy is None
    act(sites, code, "accept", "2024-08-01")
    with pytest.raises(RefusedError, match="补助标准未明确"):
        act(sites, code, "pay", "2024-09-02", amount=Decimal("80000.00"))
    reasons = {"K1": "示例市财政局另行通知"}
    act(sites, code, "pay", "2024-09-02", amount=Decimal("80000.00"), reasons=reasons)
    done = project_record(sites, code, END)
    assert (done.funds.released, done.finished_on) == (Decimal("80000.00"), date(2024, 8, 1))


def test_quarterly_duties_and_the_year_without_a_failure(sites: Desk) -> None:
    act(sites, "丙市", "Q01-2024Q1", "2024-04-09")
    for month in range(2, 13):
        enforce(sites, date(2024, month, 20), morning(date(2024, month, 20)))
    standings = {v.rule: v.standing for v in deadline_views(sites, END, "丙市")}
    assert standings == {
        "Q01-2024Q1": Standing.MET,
        "Q01-2024Q2": Standing.OVERDUE,
        "Q01-2024Q3": Standing.OVERDUE,
    }


@pytest.mark.parametrize("id", ["beds-2024", "sites-2024"])
def test_views_of_another_plan(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = load_plan(PLANS / id / "plan.yaml")
    assert all(stage.label in diagram(plan) for stage in plan.stages)
    emit(plan.model_dump(mode="json", by_alias=True))
    assert plan.notice.number in capsys.readouterr().out
