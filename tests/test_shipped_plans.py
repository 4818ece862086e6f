"""The plans that ship beside the full model: whole, marked as what they are, lived a while each."""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from documents.forms.summary import SummaryRow, pages
from documents.writing.layout import save
from models.database import open_engine
from models.settings import Settings
from notifications.channel import RecordingChannel
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.upkeep.setup import check_trail, install
from operations.views.overview import deadline_views, projects
from operations.workbooks.exports import export_workbook
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.example_file import read_examples
from policy.load import HOME, named_plan, plan_ids
from policy.schema import Plan
from policy.vocabulary import Level, Listing, Origin
from states.examples import differences
from states.targets import figures
from tests.conftest import AT
from tests.support.builders import calendar
from tests.support.province import morning

FROM_NEWS = ("jinjiang-2025", "shanghai-2024", "xianyou-2024")
"""Made from what was told in public, not from a notice."""
LIVED = {
    "jinjiang-2025": ("梅岭街道", {"community": "示例社区", "kind": "new"}, date(2025, 12, 30)),
    "shanghai-2024": ("徐汇区", {"community": "示例", "street": "示例街道"}, date(2025, 12, 30)),
    "xianyou-2024": ("菜溪乡", {"community": "示例村", "kind": "city_tier"}, date(2024, 12, 30)),
}
"""Of each a project of a place, and a day on which something is due soon."""


def test_three_ship_beside_the_full_model() -> None:
    assert {*plan_ids()} == {"shanxi-2023", *FROM_NEWS}


@pytest.mark.parametrize("id", FROM_NEWS)
def test_their_examples_come_out(id: str) -> None:
    plan = named_plan(id)
    examples = read_examples(plan, HOME / "plans" / id)
    assert len(examples) >= 4
    assert {e.name: differences(plan, calendar(), e) for _, e in examples} == {
        e.name: () for _, e in examples
    }


@pytest.mark.parametrize("id", FROM_NEWS)
def test_they_say_that_they_are_no_notice_and_what_is_only_proposed(id: str) -> None:
    plan = named_plan(id)
    text = (HOME / "plans" / id / "notice.txt").read_text(encoding="utf-8")
    assert "公开信息要点" in plan.notice.title
    assert "不是" in text.splitlines()[0]
    assert "来源：" in text
    assert plan.notice.number == "文号未载明"
    timed = {rule.id: rule.origin for rule in plan.timed_rules}
    assert set(timed.values()) == {Origin.PROPOSAL}  # no source states a day that it could bind to


@pytest.fixture(params=FROM_NEWS)
def desk(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Desk]:
    plan: Plan = named_plan(request.param)
    desk = Desk(settings, plan, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    yield desk
    desk.engine.dispose()


def test_each_reminds_lists_and_tells_its_targets(desk: Desk, tmp_path: Path) -> None:
    city, said, day = LIVED[desk.plan.id]
    path = tmp_path / f"{city}.xlsx"
    save(path, pages(desk.plan, city, (SummaryRow("", {"street": "", **said}),)))
    import_workbook(desk, path, today=desk.plan.notice.issued_on, at=AT)
    channel = RecordingChannel()
    enforce(desk, day, morning(day))
    deliver(desk, lambda: morning(day), lambda _: channel)
    told = {message.recipient: message.text for message in channel.sent}
    assert desk.plan.office(Level.CITY, city) in told
    assert "建议时限事项" in told[desk.plan.office(Level.CITY, city)]
    assert not any(re.search("各市|县（市、区）|省民政厅|个省", text) for text in told.values())
    assert {view.is_overdue for view in deadline_views(desk, day)} == {False}
    kinds = {f"kind.{kind.id}" for kind in desk.plan.kinds}
    assert kinds <= {figure.id for figure in figures(desk.plan, projects(desk))}
    for kind in (Listing.PROJECTS, Listing.OVERDUE):
        assert export_workbook(desk, WorkbookOrder(kind), tmp_path, day).stat().st_size > 4000
    assert check_trail(desk).breaks == ()
