"""Other notices run from their plan alone: no line of the product knows these two."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from openpyxl import load_workbook
from sqlalchemy import select, update

from common.errors import PolicyError, RefusedError
from deployments.commands.console import emit
from deployments.server.definitions import definitions_for, offered
from documents.forms.application_form import application_sheet, asked_fields, read_application
from documents.forms.summary import SummaryRow, pages, read_applications
from documents.lists.overviews import project_columns
from documents.papers.bulletin import bulletin
from documents.reading.grid import open_book
from documents.writing.blocks import PaperText
from documents.writing.layout import save
from flows.forms.choosing import choices
from models.database import open_engine, writing
from models.plans import install_plan, installed_digest
from models.projects import dossier
from models.rows import columns
from models.seals import keyed
from models.settings import Settings
from models.tables import PlanRow, PlanVersion, Project
from models.versions import versions, workdays_of
from notifications.channel import RecordingChannel
from operations.cases.casework import Act, advance, record
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.duties.year import fulfil
from operations.upkeep.rebuilding import compare
from operations.upkeep.rules import foresee
from operations.upkeep.setup import check_trail, install
from operations.views.overview import deadline_views, projects, survey
from operations.views.project_record import project_record, project_text
from operations.views.snapshots import snapshot
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.differences import ONCE_BUILT_IN
from policy.load import canonical, from_canonical, load_plan, meaning
from policy.schema import Plan
from policy.vocabulary import Form, Level, Listing, Product, Standing
from states.contacts import Post
from states.deadlines import deadlines
from states.dossier import Profile, stated
from states.machine import diagram
from tests.conftest import AT
from tests.support.builders import calendar, plan
from tests.support.delivering import know
from tests.support.province import morning
from tests.support.visiting import at, knock, link_of, pinned
from tests.support.written import read_yaml

pytestmark = pytest.mark.heavy

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


@pytest.fixture
def least(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "least-2025")


def act(desk: Desk, code: str, name: str, on: str, **more: object) -> None:
    who = desk.plan.office(Level.PROVINCE)
    asked = Act(code, name, date.fromisoformat(on), who, "示例文件", **more)  # type: ignore[arg-type]  # fields of an act
    take = advance if name in {action.id for action in desk.plan.actions} else record
    with writing(desk.engine) as session:
        take(session, desk, asked, today=date(desk.plan.year, 12, 31), at=AT)


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
    assert survey(sites, END).board[0].quota is None
    history = project_record(sites, found[0].code, END).history
    assert [(line.actor, line.evidence) for line in history] == [
        ("示例市民政局", "示例民函〔2024〕2号")
    ]
    assert check_trail(sites).breaks == ()


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


def test_the_least_plan_lives_a_year(least: Desk, tmp_path: Path) -> None:
    """One project on time, one that never begins: reminded, late, escalated, told of the year."""
    path, end = tmp_path / "丁市.xlsx", date(2025, 12, 31)
    rows = tuple(
        SummaryRow("东区", stated(Profile(street="示例街道", community=f"示例{n}社区")))
        for n in (1, 2)
    )
    save(path, pages(least.plan, "丁市", rows))
    import_workbook(least, path, today=end, at=AT)
    first, second = (project.code for project in projects(least))
    assert first == "LEAST2025-970102-01"
    for name, on in (("choose", "2025-03-03"), ("start", "2025-05-06"), ("finish", "2025-11-03")):
        act(least, first, name, on)
    channel = RecordingChannel()
    day = date(2025, 1, 13)
    while day <= end:
        if least.calendar.is_workday(day):
            now = morning(day)
            enforce(least, day, now)
            deliver(least, lambda now=now: now, lambda _: channel)  # type: ignore[misc]  # a clock
        day += timedelta(days=1)
    standings = {
        (view.subject, view.rule): view.standing for view in deadline_views(least, end, first)
    }
    assert standings[first, "D03"] is Standing.MET
    late = {view.rule: view.standing for view in deadline_views(least, end, second)}
    assert set(late.values()) == {Standing.OVERDUE}
    assert set(late) == {"D01", "D02", "D03"}
    assert {message.recipient for message in channel.sent} == {
        "丁市东区民政局",
        "丁市民政局",
        "丁市民政局分管领导",
        "示例省民政厅",
    }
    assert project_record(least, first, end).finished_on == date(2025, 11, 3)
    assert check_trail(least).breaks == ()


def told_by(desk: Desk, period: str, as_of: date) -> PaperText:
    """The bulletin that a plan would have, drafted from what its database says."""
    told = desk.plan.model_copy(update={"bulletin": plan().bulletin})
    with desk.reading() as session:
        return bulletin(told, (snapshot(session, desk, period, as_of),))


def test_a_bulletin_looks_at_every_recurring_duty_of_a_plan_without_monthly_reports(
    beds: Desk, tmp_path: Path
) -> None:
    """Five Fridays of March, two cities; 29 March is the last: due on the paper's own day."""
    applied(beds, tmp_path, STATION, HOME)
    act(beds, "甲市", "W01-2024w09", "2024-03-01")
    told = "\n".join(told_by(beds, "2024-03", date(2024, 3, 29)).words)
    late = "按要求应按期完成“周报”，截至3月29日仍有2个市未完成：甲市4期、乙市5期。"
    assert late in told
    assert "月报" not in told
    assert "没有需要通报的逾期事项" not in told
    assert "项目均达到序时进度，没有逾期事项" not in told
    assert "请有关市督促责任单位尽快完成“周报”。" in told


def test_where_every_week_was_reported_nothing_is_late(beds: Desk, tmp_path: Path) -> None:
    applied(beds, tmp_path, STATION, HOME)
    for city in ("甲市", "乙市"):
        for week, day in ((9, 1), (10, 8), (11, 15), (12, 22), (13, 29)):
            act(beds, city, f"W01-2024w{week:02d}", f"2024-03-{day:02d}")
    told = "\n".join(told_by(beds, "2024-03", date(2024, 3, 29)).words)
    assert "没有未达序时进度项目，没有需要通报的逾期事项。" in told
    assert "周报" not in told
    assert "月报" not in told


def test_what_the_notice_does_not_state_is_no_amount_of_nothing_in_a_paper(sites: Desk) -> None:
    """Neither a subsidy, nor 市县配套, nor 任务数, nor an investment that anybody has stated."""
    paper = told_by(sites, "2024-03", date(2024, 3, 29))
    told = repr(paper)
    assert "省级补助标准通知未定" in told
    assert "0.00" not in told
    assert "配套" not in told
    assert "按标准核算" not in told
    assert "任务数" not in told
    assert "截至2024年3月29日，全市在册项目3个。" in told
    act(sites, projects(sites)[0].code, "accept", "2024-08-01")
    reasons = {"K1": "示例市财政局另行通知"}
    code = projects(sites)[0].code
    act(sites, code, "pay", "2024-09-02", amount=Decimal("80000.00"), reasons=reasons)
    told = "\n".join(told_by(sites, "2024-09", date(2024, 9, 30)).words)
    assert "省级补助标准通知未定，已下达8.00万元" in told


def test_an_update_that_takes_words_out_of_the_code_asks_nobody(settings: Settings) -> None:
    """A database that the program before installed: its plan did not say what the code said."""
    said = dict.fromkeys(name for name in ONCE_BUILT_IN if name in Plan.model_fields)
    plain = tuple(each.model_copy(update={"gist": None}) for each in plan().requirements)
    before = plan().model_copy(update={**said, "annexes": {}, "requirements": plain})
    before = from_canonical(canonical(before))
    assert before.digest != plan().digest
    engine = open_engine(settings.sqlalchemy_url)
    with writing(keyed(engine, settings)) as session:
        install_plan(session, before, calendar(), AT, None)
        kept = PlanVersion(
            plan=before.id,
            number=1,
            digest=installed_digest(before, calendar()),
            content=without(canonical(before), ONCE_BUILT_IN),
            workdays=workdays_of(before, calendar()),
            since=before.notice.issued_on,
            installed_at=AT,
        )
        session.add(kept)
    updated = Desk(settings, plan(), calendar(), engine)
    assert foresee(updated, date(2023, 6, 1), AT) is None
    install(updated, AT)
    enforce(updated, date(2023, 2, 21), morning(date(2023, 2, 21)))
    engine.dispose()


def test_what_a_plan_lacks_is_not_there(sites: Desk) -> None:
    """No reports, review, inspection, acceptance, papers: no job, form or product of theirs."""
    made = {item.name for item in offered(definitions_for(sites.plan.id, []), plans(sites))}
    assert made == {
        *("enforce_deadlines", "deliver_outbox", "read_inbox", "receive_mails", "tell_admins"),
        *("advance_project", "record_milestone", "extend_deadline", "retry_dead_letters"),
        *("verify_reply", "import_workbook", "export_workbook"),
    }
    assert list(fulfil(sites, Product, END, AT)) == []
    assert set(choices(sites)["workbook"]) == {
        *("项目台账", "逾期清单", "资金一览", "项目申报表", "项目汇总表"),
        *("资金台账", "办理回执", "通讯录"),
    }
    for form in (Form.REPORT, Form.OPINIONS, Form.INSPECTION):
        with pytest.raises(RefusedError):
            export_workbook(sites, WorkbookOrder(form, "丙市"), sites.settings.home, END)


def test_money_that_a_plan_does_not_release_has_no_page_and_no_ledger(sites: Desk) -> None:
    unpaid = sites.plan.model_copy(
        update={"actions": tuple(each for each in sites.plan.actions if not each.pays)}
    )
    assert not {Form.LEDGER, Listing.FUNDS} & {*unpaid.workbooks}


def test_the_shipped_plan_has_all_that_there_is() -> None:
    every = definitions_for("shanxi-2023", [])
    assert tuple(offered(every, {"shanxi-2023": plan()})) == every
    assert set(plan().workbooks) == {*Form, *Listing}
    assert all(map(plan().makes, Product))


def without(content: Any, names: Collection[str]) -> Any:
    """Content in which nobody ever heard of these."""
    if isinstance(content, list):
        return [without(item, names) for item in content]
    if not isinstance(content, dict):
        return content
    return {key: without(value, names) for key, value in content.items() if key not in names}


def plans(desk: Desk) -> dict[str, Plan]:
    return {desk.plan.id: desk.plan}


@pytest.mark.parametrize("id", ["beds-2024", "sites-2024"])
def test_views_of_another_plan(id: str, capsys: pytest.CaptureFixture[str]) -> None:
    plan = load_plan(PLANS / id / "plan.yaml")
    assert all(stage.label in diagram(plan) for stage in plan.stages)
    emit(plan.model_dump(mode="json", by_alias=True))
    assert plan.notice.number in capsys.readouterr().out


# --- a plan that asks for other things -----------------------------------------------------------

CANTEEN: dict[str, Any] = {"kind": "canteen", "dining_area": Decimal("150.00"), "meals": 80}
POINT: dict[str, Any] = {"kind": "point", "dining_area": Decimal("25.50"), "diners": 30}
SITTINGS = frozenset({"午餐", "晚餐"})


@pytest.fixture
def canteens(settings: Settings) -> Iterator[Desk]:
    yield from opened(settings, "canteens-2024")


def handed_in(desk: Desk, path: Path, number: int, values: dict[str, Any]) -> Path:
    """甲市's workbook with one project and what it says of it."""
    place = {"street": "示例街道", "community": f"示例{number}社区"}
    save(path, pages(desk.plan, "甲市", (SummaryRow("东区", {**place, **values}),)))
    return path


def fields_of(desk: Desk, code: str) -> dict[str, Any]:
    with desk.reading() as session:
        return {**dossier(session, desk.plan, code).profile.further}


def test_only_what_a_plan_declares_is_asked(canteens: Desk, tmp_path: Path) -> None:
    """Sheet by sheet, by the words of the notice alone (R69)."""
    book = load_workbook(handed_in(canteens, tmp_path / "甲市.xlsx", 0, CANTEEN))
    heads = {
        sheet.title: ["".join(str(c.value).split()) for c in sheet[3] if c.value] for sheet in book
    }
    heads = {title: found[3:] for title, found in heads.items() if found[:1] == ["序号"]}
    assert heads == {
        "汇总表": ["类别", "每餐供餐能力（餐）"],
        "补充信息表": [
            *("就餐面积（平方米）", "每日就餐老年人（人）", "供餐层级", "早餐", "午餐", "晚餐"),
            *("餐均价格（元）", "是否送餐", "食品经营许可证编号", "发证日期"),
        ],
    }
    listed = [column.heading for column in project_columns(canteens.plan)]
    assert "每餐供餐能力\n（餐）" in listed
    assert not {"床位", "运行主体", "配建性质"} & {*listed}


def test_what_a_plan_asks_goes_from_its_workbook_to_its_conditions(
    canteens: Desk, tmp_path: Path
) -> None:
    path = tmp_path / "甲市.xlsx"
    import_workbook(canteens, handed_in(canteens, path, 0, CANTEEN), today=END, at=AT)
    import_workbook(canteens, handed_in(canteens, path, 1, POINT), today=END, at=AT)
    canteen, point = (project.code for project in projects(canteens))
    with pytest.raises(RefusedError, match=r"没有填写每日就餐老年人.*须附书面说明（diners）"):
        act(canteens, canteen, "choose", "2024-02-01")
    act(canteens, point, "choose", "2024-02-01")  # nothing is said of meals at a point
    few = {"meals": 40, "diners": 60, "sittings": SITTINGS, "price": Decimal("12.50")}
    again = handed_in(canteens, path, 0, few)
    told = import_workbook(canteens, again, today=END, at=AT, dry_run=True)
    assert {(d.what, d.old, d.new) for d in told.taken.differences} == {
        ("每餐供餐能力", "80", "40"),
        ("每日就餐老年人", "空", "60"),
        ("供餐餐次", "空", "午餐、晚餐"),
        ("餐均价格", "空", "12.50"),
    }
    assert any("每餐供餐能力低于50餐，申报时将不予受理" in w.reason for w in told.taken.warnings)
    assert fields_of(canteens, canteen) == {"dining_area": Decimal("150.00"), "meals": 80}
    import_workbook(canteens, again, today=END, at=AT)
    with pytest.raises(RefusedError, match="每餐供餐能力低于50餐（二）"):
        act(canteens, canteen, "choose", "2024-02-01")
    good = handed_in(canteens, path, 0, {"meals": 50, "delivers": True})
    import_workbook(canteens, good, today=END, at=AT)
    act(canteens, canteen, "choose", "2024-02-01")
    with pytest.raises(RefusedError, match=r"(?s)没有填写食品经营许可证编号（四）.*发证日期"):
        act(canteens, canteen, "open", "2024-03-01")
    licence = {"licence": "JY0000001", "licensed_on": date(2024, 2, 20)}
    import_workbook(canteens, handed_in(canteens, path, 0, licence), today=END, at=AT)
    with pytest.raises(RefusedError, match="申报已报送，每餐供餐能力不得再以本表由“50”改为“90”"):
        import_workbook(canteens, handed_in(canteens, path, 0, {"meals": 90}), today=END, at=AT)
    act(canteens, canteen, "open", "2024-03-01")
    assert fields_of(canteens, canteen) == {
        "meals": 50,
        "dining_area": Decimal("150.00"),
        "diners": 60,
        "delivers": True,
        "sittings": SITTINGS,
        "price": Decimal("12.50"),
        **licence,
    }
    shown = project_text(canteens, project_record(canteens, canteen, END))
    assert "  供餐餐次：午餐、晚餐" in shown
    assert "  每餐供餐能力：50餐" in shown
    assert "投资总额" not in shown.partition("资金：")[0]
    page = page_of(canteens, canteen)
    for words in ("每餐供餐能力", "50餐", "午餐、晚餐", "12.50元", "2024年2月20日"):
        assert words in page
    assert "配建性质" not in page
    assert_kept(canteens, canteen)


def page_of(desk: Desk, code: str) -> str:
    """A project at the staff desk, as its city's bureau sees it."""
    phone = "000-0000-0199"
    know(desk, Post("甲市民政局", "示例·王某", "科长", phone))
    there = pinned(desk, business_date=END)
    browser = at(there)
    link = link_of(knock(browser, there, phone))
    browser.get(link)
    browser.follow(browser.post(link))
    return browser.get(f"/project/{code}").text


def assert_kept(desk: Desk, code: str) -> None:
    """The trail accounts for all of it, and what was taken in last can be taken back."""
    assert check_trail(desk).breaks == ()
    found = compare(desk)
    assert (found.differences, found.unknown) == ((), {})
    with desk.engine.begin() as connection:
        its = columns(Project)
        kept = connection.execute(select(its.further).where(its.code == code)).scalar_one()
        spoilt = {**kept, "meals": 500}
        connection.execute(update(its.code.table).where(its.code == code).values(further=spoilt))
    (only,) = compare(desk).differences
    assert (only.field, only.stored, only.rebuilt) == ("每餐供餐能力", "500", "50")


def test_the_application_asks_what_the_plan_has_asked_there(canteens: Desk, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    said = {"meals": 80, "dining_area": Decimal("150.00"), "diners": 60, "delivers": True}
    place = {"street": "示例街道", "community": "示例0社区"}
    save(path, [application_sheet(canteens.plan, {**place, **said})])
    read = read_application(open_book(path), canteens.plan)
    assert (read.name, read.stated) == ("示例0社区", said)
    words = {
        str(cell.value)
        for sheet in load_workbook(path)
        for row in sheet
        for cell in row
        if cell.value
    }
    assert not {word for word in words if "配建" in word or "运行主体" in word or "意见" in word}
    none = canteens.plan.model_copy(update={"fields": ()})
    assert asked_fields(none) == ()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"id": "stage"}, "另有所指，不能作为档案项的编号"),
        ({"id": "beds", "kind": "text"}, "kind 应为 count"),
        ({"kind": "choice"}, "须在 choices 中列出各选项"),
        ({"kind": "text"}, "每餐供餐能力不是数值，不能写 least、most"),
        ({"measured_in": "餐", "kind": "day"}, "才写计量单位"),
        ({"asked": [{"sheet": "summary"}] * 2}, "每张表只能有一处"),
        ({"asked": [{"sheet": "summary", "known_by": "("}]}, "不是有效的正则表达式"),
        ({"id": "meal"}, "项目档案没有“meals”这一项；请在 fields 中登记"),
    ],
)
def test_a_field_that_cannot_be_is_told_with_its_line(
    change: dict[str, Any], says: str, tmp_path: Path
) -> None:
    whole = read_yaml(PLANS / "canteens-2024" / "plan.yaml")
    meals = whole["fields"][1]
    assert meals["id"] == "meals"
    meals.update(change)
    (tmp_path / "notice.txt").write_bytes((PLANS / "canteens-2024" / "notice.txt").read_bytes())
    (tmp_path / "plan.yaml").write_text(
        yaml.safe_dump(whole, allow_unicode=True, sort_keys=False), encoding="utf-8"
    )
    with pytest.raises(PolicyError, match=rf"plan\.yaml:\d+: .*{says}"):
        load_plan(tmp_path / "plan.yaml")


def test_a_plan_that_declares_no_fields_asks_the_customary_ones() -> None:
    """As all plans did before they could, also in versions that databases keep."""
    beds = load_plan(PLANS / "beds-2024" / "plan.yaml")
    assert beds.fields == plan().fields
    kept = canonical(plan())
    former = {name: value for name, value in kept.items() if name != "fields"}
    assert from_canonical(former) == from_canonical(kept) == plan()
    assert from_canonical(former).digest == plan().digest
    more = plan().model_copy(update={"fields": plan().fields[:-1]})
    assert meaning(more) != plan().digest


LATER = ("ends_on", "county_types", "street_endings", "community_endings")
"""Of a plan, what earlier programs did not know."""


def test_what_a_later_program_adds_by_default_is_no_change_of_the_plan(beds: Desk) -> None:
    """An installation that is upgraded is asked for nobody's decision."""
    with writing(beds.engine) as session:
        (version,) = versions(session, beds.plan)
        content = {key: value for key, value in (version.content or {}).items() if key not in LATER}
        later = ("yearly", "half_yearly")
        duties = [{k: v for k, v in duty.items() if k not in later} for duty in content["duties"]]
        told = version.model_dump(exclude={"id", "number", "content"})
        session.add(PlanVersion(**told, number=2, content={**content, "duties": duties}))
        row = session.get(PlanRow, beds.plan.id)
        assert row is not None
        row.digest = "0" * 64
        session.add(row)
    assert foresee(beds, END, AT) is None
    install(beds, AT)
    with beds.reading() as session:
        assert len(versions(session, beds.plan)) == 2
