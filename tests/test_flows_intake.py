"""Workbooks in, on both databases: whole or not at all, and never twice."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.forms.contacts import contacts_page
from documents.forms.summary import SummaryRow, pages, read_applications
from documents.reading.grid import open_book
from documents.writing.layout import save
from models.contacts import posts
from models.database import reading, writing
from operations.cases.casework import Act, advance
from operations.cases.desk import Desk
from operations.views.project_record import project_record
from operations.workbooks.incoming import WorkbookChanges
from operations.workbooks.intake import import_workbook
from states.contacts import Post
from states.dossier import profile_of
from tests.conftest import AT
from tests.support.deciding import whose
from tests.support.province import END

pytestmark = pytest.mark.heavy

TAIYUAN = EXAMPLE / "workbooks" / "01-太原市.xlsx"
ONE = "XF2023-140105-01"


def take(desk: Desk, path: Path) -> WorkbookChanges:
    return import_workbook(desk, path, today=END, at=AT).taken


def rows(desk: Desk) -> tuple[SummaryRow, ...]:
    return read_applications(open_book(TAIYUAN), desk.plan).rows


def edited(desk: Desk, tmp_path: Path, **changes: object) -> Path:
    """太原市's workbook with changes in its first project."""
    first, *others = rows(desk)
    said = {**first.stated, **changes}
    changed = replace(first, stated={name: value for name, value in said.items() if value})
    path = tmp_path / "太原市.xlsx"
    save(path, pages(desk.plan, "太原市", (changed, *others)))
    return path


def submit(desk: Desk) -> None:
    """Take the first project into review."""
    for name, on in (("confirm_site", date(2023, 2, 6)), ("submit_application", date(2023, 2, 9))):
        with writing(desk.engine) as session:
            advance(session, desk, Act(ONE, name, on, whose(ONE, name)), today=END, at=AT)


def test_what_the_workbook_says_is_what_is_stored(desk: Desk) -> None:
    done = take(desk, TAIYUAN)
    assert (done.subject, done.added, done.changed, done.unchanged) == ("太原市", 10, 0, 0)
    first = rows(desk)[0]
    stored = project_record(desk, ONE, END)
    assert stored.profile == profile_of(first.stated)
    assert (stored.stage, stored.county) == ("siting", first.county)


def test_the_same_workbook_twice_changes_nothing(desk: Desk) -> None:
    take(desk, TAIYUAN)
    history = project_record(desk, ONE, END).history
    done = take(desk, TAIYUAN)
    assert (done.added, done.changed, done.unchanged) == (0, 0, 10)
    assert project_record(desk, ONE, END).history == history


def test_a_changed_cell_is_taken_over_and_recorded(desk: Desk, tmp_path: Path) -> None:
    take(desk, TAIYUAN)
    done = take(desk, edited(desk, tmp_path, area=Decimal("1234.50")))
    assert (done.added, done.changed, done.unchanged) == (0, 1, 9)
    stored = project_record(desk, ONE, END)
    assert stored.profile.area == Decimal("1234.50")
    assert len([line for line in stored.history if line.action == "import"]) == 2


def test_an_empty_cell_takes_nothing_back(desk: Desk, tmp_path: Path) -> None:
    take(desk, TAIYUAN)
    before = project_record(desk, ONE, END).profile
    done = take(desk, edited(desk, tmp_path, operator=None, beds=None))
    assert (done.changed, project_record(desk, ONE, END).profile) == (0, before)


@pytest.mark.heavy
def test_what_was_submitted_is_not_changed_by_a_workbook(desk: Desk, tmp_path: Path) -> None:
    take(desk, TAIYUAN)
    submit(desk)
    before = project_record(desk, ONE, END).profile
    path = edited(desk, tmp_path, area=Decimal("1999.00"), responsible_person="示例·李某")
    with pytest.raises(RefusedError, match=f"建筑面积.*{ONE}"):
        take(desk, path)
    assert project_record(desk, ONE, END).profile == before


def test_what_is_not_reviewed_may_still_change(desk: Desk, tmp_path: Path) -> None:
    take(desk, TAIYUAN)
    submit(desk)
    assert take(desk, edited(desk, tmp_path, operator="示例养老服务中心（新）")).changed == 1


def test_a_new_project_has_its_deadlines_at_once(desk: Desk) -> None:
    take(desk, TAIYUAN)
    query = text("SELECT count(*) FROM deadline WHERE subject = :code")
    with desk.engine.connect() as connection:
        expected = sum("project" in item.rule.fulfilled_by for item in desk.deadlines.values())
        assert connection.execute(query, {"code": ONE}).scalar_one() == expected


def test_a_contacts_workbook_is_recognised_and_imported(desk: Desk, tmp_path: Path) -> None:
    """What it may say and how it is stored: test_flows_contacts."""
    path, address = tmp_path / "通讯录.xlsx", "mailtos://u:geheim@smtp.example.com?to=a@b.cn"
    first = Post("太原市民政局", "示例·张某", "科长", "000-0000-0000", channels=(address,))
    save(path, [contacts_page([first, Post("大同市民政局", "示例·王某")])])
    done = take(desk, path)
    assert (done.added, done.changed, done.unchanged) == (2, 0, 0)
    save(path, [contacts_page([replace(first, role="处长"), Post("太原市民政局", "示例·李某")])])
    done = take(desk, path)
    assert (done.added, done.changed, done.unchanged) == (1, 1, 0)
    with reading(desk.engine) as session:
        held = posts(session, desk.plan)
    assert sorted((post.name, post.channels) for post in held) == [
        ("示例·张某", (address,)),
        ("示例·李某", ()),
        ("示例·王某", ()),
    ]
