"""Whom a city reports: the table of who is determined, held, standing by or ended."""

from datetime import date
from typing import NamedTuple

import pytest

from policy.vocabulary import Disposition, SubjectKind
from states.dossier import Dossier
from states.progress import Progress
from states.reporting import (
    city_facts,
    expected,
    finished_on,
    is_echo,
    is_unentered,
    lacking,
    left_out,
    left_to_apply,
    month_to_report,
    projects_finished,
    quota_submitted,
    stuck_first,
    takes_place,
    to_report,
    without_echoes,
)
from tests.support.builders import a_dossier, plan

DETERMINED = {"determined": date(2023, 3, 20)}


def project(code: str, disposition: Disposition = Disposition.ACTIVE, *, taken: bool) -> Dossier:
    return a_dossier(code=code, disposition=disposition, milestones=DETERMINED if taken else {})


@pytest.mark.parametrize(
    ("disposition", "reported"),
    [
        (Disposition.ACTIVE, True),
        (Disposition.HELD, True),
        (Disposition.RESERVE, False),
        (Disposition.REJECTED, False),
        (Disposition.WITHDRAWN, False),
    ],
)
@pytest.mark.parametrize("taken", [False, True])
def test_only_what_goes_on_is_reported_and_answered_for(
    disposition: Disposition, *, reported: bool, taken: bool
) -> None:
    one, other = project("P1", disposition, taken=taken), project("P2", taken=True)
    assert list(expected(plan(), [one])) == ([one] if reported else [])
    assert list(to_report(plan(), [one, other], "2023-06")) == [one, other][not reported :]


@pytest.mark.parametrize(
    ("accepted", "opened", "months"),
    [
        (None, None, ["2023-06", "2023-07", "2023-08"]),
        (date(2023, 7, 3), None, ["2023-06", "2023-07", "2023-08"]),
        (date(2023, 6, 3), date(2023, 7, 31), ["2023-06", "2023-07"]),
        (date(2023, 6, 30), date(2023, 6, 1), ["2023-06"]),
        (date(2023, 5, 31), date(2023, 5, 2), []),
    ],
)
def test_what_is_accepted_and_open_is_reported_no_more_from_the_next_month(
    accepted: date | None, opened: date | None, months: list[str]
) -> None:
    days = {"accepted": accepted, "opened": opened}
    held = {name: day for name, day in days.items() if day}
    one = a_dossier(milestones={**DETERMINED, **held})
    asked = ("2023-06", "2023-07", "2023-08")
    assert [month for month in asked if to_report(plan(), [one], month)] == months


def test_a_report_is_unentered_while_nothing_of_it_is_on_record() -> None:
    june = (Progress("2023-05", 10), Progress("2023-06", 20))
    told = a_dossier(code="P1", progress=june)
    untold = a_dossier(code="P2", progress=june[:1])
    gone = a_dossier(code="P3", disposition=Disposition.WITHDRAWN)
    assert list(left_out(plan(), [told, untold, gone], "2023-06")) == [untold]
    assert not is_unentered(plan(), [told, untold, gone], "2023-06")
    assert is_unentered(plan(), [untold, gone], "2023-06")
    assert not is_unentered(plan(), [told], "2023-06")
    assert not is_unentered(plan(), [gone], "2023-06")  # there is nothing to report


def test_the_stuck_ones_come_first() -> None:
    """Late ones by the oldest, one on hold, one that says it is behind; the others as they are."""
    behind = Progress("2023-05", 10, on_schedule=False, problem="示例原因")
    caught_up = (behind, Progress("2023-06", 60, on_schedule=True))
    projects = [
        a_dossier(code="P1"),
        a_dossier(code="P2", progress=caught_up),
        a_dossier(code="P3", progress=(behind,)),
        a_dossier(code="P4", disposition=Disposition.HELD),
        a_dossier(code="P5"),
        a_dossier(code="P6"),
    ]
    late = {"P5": date(2023, 5, 31), "P6": date(2023, 2, 20)}
    order = [item.code for item in stuck_first(projects, late)]
    assert order == ["P6", "P5", "P4", "P3", "P1", "P2"]


def test_once_one_is_determined_the_city_answers_for_the_determined_alone() -> None:
    applying, taken = project("P1", taken=False), project("P2", taken=True)
    ended = project("P3", Disposition.WITHDRAWN, taken=True)
    assert list(expected(plan(), [applying, ended])) == [applying]
    assert list(expected(plan(), [applying, taken, ended])) == [taken]
    assert list(expected(plan(), [])) == []


# --- when the last of them has ended --------------------------------------------------------------

MAY, JULY, NOVEMBER = date(2023, 5, 10), date(2023, 7, 10), date(2023, 11, 15)


def ended(
    code: str,
    finished: date | None = None,
    gone: date | None = None,
    how: Disposition = Disposition.WITHDRAWN,
    *,
    taken: bool = True,
) -> Dossier:
    milestones = DETERMINED if taken else {}
    if finished:
        milestones = milestones | dict.fromkeys(plan().finished_by, finished)
    disposition = how if gone else Disposition.ACTIVE
    return a_dossier(code=code, milestones=milestones, disposition=disposition, last_on=gone)


@pytest.mark.parametrize(
    ("projects", "day"),
    [
        ([], None),
        ([ended("P1")], None),
        ([ended("P1", MAY)], MAY),
        ([ended("P1", MAY), ended("P2")], None),
        ([ended("P1", MAY), ended("P2", JULY)], JULY),
        ([ended("P1", MAY), ended("P2", gone=NOVEMBER)], NOVEMBER),
        ([ended("P1", JULY), ended("P2", gone=MAY)], JULY),
        ([ended("P1", MAY), ended("P2", JULY, NOVEMBER)], JULY),  # finished before it was withdrawn
        ([ended("P1", gone=MAY), ended("P2", gone=JULY)], JULY),
        ([ended("P1", MAY), ended("P2", gone=NOVEMBER, taken=False)], MAY),  # a mere candidate
        ([ended("P1", gone=NOVEMBER, taken=False)], None),
        ([ended("P1", MAY), ended("P2", None, JULY, Disposition.REJECTED)], JULY),
    ],
)
def test_the_last_end_of_any_kind_ends_the_duty(projects: list[Dossier], day: date | None) -> None:
    assert projects_finished(plan(), projects) == day
    assert projects_finished(plan(), projects[::-1]) == day


def test_on_hold_a_project_has_not_ended() -> None:
    held = a_dossier(
        code="P1", milestones=DETERMINED, disposition=Disposition.HELD, last_on=NOVEMBER
    )
    assert projects_finished(plan(), [ended("P2", MAY), held]) is None


def test_a_quota_is_submitted_with_the_application_that_fills_it() -> None:
    city = plan().city("太原市")
    assert city
    assert city.places
    submitted = [{"application_submitted": date(2023, 2, day + 1)} for day in range(city.places)]
    projects = [a_dossier(code=f"P{n}", milestones=held) for n, held in enumerate(submitted)]
    assert quota_submitted(plan(), "太原市", projects[1:]) is None
    assert quota_submitted(plan(), "太原市", projects[::-1]) == date(2023, 2, city.places)
    assert quota_submitted(plan(), "某市", projects) is None


class Item(NamedTuple):
    subject_kind: SubjectKind
    subject: str
    rule: str


@pytest.mark.parametrize(
    ("named", "lacks", "kept"),
    [(1, 1, False), (2, 1, False), (1, 2, True), (0, 1, True), (1, 0, True)],
)
def test_a_city_is_named_only_if_it_lacks_more_than_its_listed_projects(
    named: int, lacks: int, kept: bool
) -> None:
    city = Item(SubjectKind.CITY, "太原市", "D01")
    report = Item(SubjectKind.CITY, "太原市", "D10-03")
    own = [Item(SubjectKind.PROJECT, f"太原市{number}", "D01") for number in range(named)]
    other = Item(SubjectKind.PROJECT, "大同市1", "D01"), Item(SubjectKind.PROJECT, "太原市1", "D03")
    found = without_echoes(
        [city, report, *own, *other], lambda it: it.subject[:3], {"太原市": lacks}
    )
    assert found == [*([city] if kept else []), report, *own, *other]


@pytest.mark.parametrize(
    ("later", "today", "month"),
    [
        (0, date(2023, 6, 30), "2023-06"),
        (0, date(2023, 1, 1), "2023-01"),
        (0, date(2023, 12, 31), "2023-12"),
        (1, date(2023, 6, 5), "2023-05"),
        (1, date(2024, 1, 5), "2023-12"),
        (2, date(2024, 2, 5), "2023-12"),
    ],
)
def test_the_report_of_a_month_may_come_later(later: int, today: date, month: str) -> None:
    duties = tuple(
        duty.model_copy(update={"monthly": duty.monthly.model_copy(update={"month": later})})
        if duty.id == "D10" and duty.monthly
        else duty
        for duty in plan().duties
    )
    assert month_to_report(plan().model_copy(update={"duties": duties}), today) == month
    bare = plan().model_copy(update={"duties": duties, "report": None})
    assert month_to_report(bare, today) == f"{today:%Y-%m}"


@pytest.mark.parametrize(
    ("made", "left"),
    [({}, 10), ({"太原市": 1}, 9), ({"太原市": 10}, 0), ({"太原市": 11}, -1), ({"大同市": 3}, 10)],
)
def test_a_city_has_so_many_applications_left_to_make(made: dict[str, int], left: int) -> None:
    """附件1: ten of 太原市; a city without a quota is not among them."""
    first, second, *_ = plan().cities
    cities = (first, second.model_copy(update={"quota": 0}))
    small = plan().model_copy(update={"cities": cities})
    assert left_to_apply(small, made) == {"太原市": left}
    submitted = {"application_submitted": date(2023, 2, 8)}
    projects = [
        a_dossier(code=f"{city}{n}", city=city, milestones=held)
        for city, count in made.items()
        for n in range(count)
        for held in (submitted, {})
    ]
    assert lacking(small, projects) == {"太原市": left}


@pytest.mark.parametrize(
    ("lacks", "listed", "echo"),
    [(0, 0, False), (0, 1, False), (1, 0, False), (1, 1, True), (1, 2, True), (2, 1, False)],
)
def test_a_city_is_an_echo_of_all_that_it_lacks(lacks: int, listed: int, *, echo: bool) -> None:
    assert is_echo(lacks, listed) is echo


@pytest.mark.parametrize(
    ("accepted", "opened", "day"),
    [
        (None, None, None),
        (MAY, None, None),
        (None, MAY, None),
        (MAY, JULY, JULY),
        (JULY, MAY, JULY),
    ],
)
def test_what_finishes_a_project_is_the_last_of_all(
    accepted: date | None, opened: date | None, day: date | None
) -> None:
    days = {"accepted": accepted, "opened": opened}
    one = a_dossier(milestones={name: on for name, on in days.items() if on})
    assert finished_on(plan(), one) == day
    assert finished_on(plan().model_copy(update={"finished_by": ()}), one) is None


def test_the_facts_of_a_city_follow_from_its_projects() -> None:
    city = plan().cities[0].model_copy(update={"quota": 1})
    small = plan().model_copy(update={"cities": (city,)})
    submitted = {"application_submitted": date(2023, 2, 8), **DETERMINED}
    whole = {**submitted, "accepted": MAY, "opened": JULY}
    for held, finished in ((submitted, None), (whole, JULY)):
        found = city_facts(small, city.name, [a_dossier(milestones=held)])
        assert found["quota_submitted"] == date(2023, 2, 8)
        assert found["projects_finished"] == finished
    assert takes_place(small, a_dossier(milestones=submitted))
    assert not takes_place(small, a_dossier(milestones={}))
    gone = a_dossier(milestones=submitted, disposition=Disposition.WITHDRAWN)
    assert not takes_place(small, gone)


def test_a_city_of_which_nothing_is_known_to_lack_keeps_its_own() -> None:
    city = Item(SubjectKind.CITY, "太原市", "D01")
    own = Item(SubjectKind.PROJECT, "太原市1", "D01")
    assert without_echoes([city, own], lambda it: it.subject[:3], {}) == [city, own]
