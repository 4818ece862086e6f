"""A plan that reaches into a year whose holidays are not announced yet."""

from datetime import date

import pytest

from common.errors import RefusedError
from models.database import writing
from models.plans import require_plan
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.daily.enforcement import enforce
from operations.upkeep.rules import Approval, adopt
from operations.views.overview import deadline_views
from policy.vocabulary import Standing
from states.workdays import Calendar
from tests.conftest import AT
from tests.support.province import morning
from tests.support.steps import ONE, PROVINCE, act, load, walk

pytestmark = pytest.mark.heavy
LAST = date(2026, 12, 31)
KNOWN = Calendar({2027: {date(2027, 1, 1): False}})


def standing(desk: Desk, rule: str, as_of: date) -> tuple[Standing, date | None]:
    (view,) = [v for v in deadline_views(desk, as_of, ONE) if (v.subject, v.rule) == (ONE, rule)]
    return view.standing, view.remind_by


def test_what_cannot_be_dated_waits_is_told_of_and_starts_once_it_can(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sent back at the end of 2026, an application has ten workdays, which end in January."""
    monkeypatch.setattr("tests.support.steps.END", LAST)
    load(desk)
    walk(desk, "submit_application")
    act(desk, "return_for_correction", "2026-12-28")
    assert standing(desk, "D20", LAST)[0] is Standing.WAITING
    (note,) = enforce(desk, LAST, morning(LAST)).notes
    assert "D20" in note
    assert "calendars/ 下增加该年文件" in note
    later = Desk(desk.settings, desk.plan, KNOWN, desk.engine)
    with pytest.raises(RefusedError, match="xingfu init"), writing(desk.engine) as session:
        require_plan(session, later.plan, later.calendar)
    adopt(later, Approval(PROVINCE, "国务院办公厅通知（示例）"), LAST, AT)
    # 29 to 31 December, then from Monday the 4th on: the 1st is a holiday, then comes a weekend.
    assert standing(later, "D20", LAST) == (Standing.DUE_SOON, date(2027, 1, 12))


def test_what_may_not_leave_its_year_needs_no_other(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.support.steps.END", LAST)
    load(desk)
    walk(desk, "check_completion")
    act(desk, "fail_acceptance", "2026-12-28")
    act(desk, "finish_rectification", "2026-12-29")  # D22: five workdays, 当年
    assert standing(desk, "D22", LAST) == (Standing.DUE_SOON, LAST)
    assert enforce(desk, LAST, morning(LAST)).notes == ()


def test_an_extension_into_an_unknown_year_names_the_file(desk: Desk) -> None:
    load(desk)
    asked = Extension(ONE, "D09", date(2027, 2, 1), date(2023, 5, 2), PROVINCE, "示例批复")
    with pytest.raises(RefusedError, match=r"2027\.json"), writing(desk.engine) as session:
        extend(session, desk, asked, today=LAST, at=AT)
