"""Faults of a plan in its dates, its ladder and its words: the last taken, the first refused."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, time
from typing import Any

import pytest

from policy.faults import dates
from policy.faults.ground import PlanFault
from policy.schema import Plan
from policy.timing import (
    DeadlineRule,
    Duty,
    HalfYearly,
    HolidayRules,
    Monthly,
    OccasionDates,
    Quarterly,
    Rung,
    Span,
    Weekly,
    Yearly,
)
from policy.vocabulary import Form, HolidayRule, Level, RungKind, SubjectKind
from tests.support.builders import plan
from tests.test_policy_validate import put

D08 = next(rule for rule in plan().deadlines if rule.id == "D08")
D10 = next(duty for duty in plan().duties if duty.id == "D10")
BARE: Mapping[str, Any] = {"deadlines": (), "duties": ()}
FREE: Mapping[str, Any] = {"remind": None, "due": None, "later_of": None, "words": "按时完成"}
NO_FORM: Mapping[str, Any] = {"monthly": None, "ends_with": None, "words": "按时报送"}


def told(check: Callable[[Plan], Iterator[PlanFault]], changed: Plan) -> list[str]:
    """What is told, each with its path below ``deadlines.0`` or ``duties.0``."""
    found = [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]
    return [each.removeprefix("deadlines.0").removeprefix("duties.0") for each in found]


def once(**changes: Any) -> Plan:
    """The plan with one deadline alone."""
    rule: DeadlineRule = D08.model_copy(update={**FREE, **changes})
    return plan().model_copy(update={**BARE, "deadlines": (rule,)})


def again(**changes: Any) -> Plan:
    """The plan with one duty alone."""
    duty: Duty = D10.model_copy(update={**NO_FORM, **changes})
    return plan().model_copy(update={**BARE, "duties": (duty,)})


# --- the order of days ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("remind", "due", "not_before", "says"),
    [
        (5, 5, None, []),
        (5, 6, 5, []),
        (5, 6, 4, []),
        (6, 5, None, [": remind 不得晚于 due"]),
        (5, 6, 6, [": not_before 不得晚于 remind"]),
        (6, 5, 7, [": remind 不得晚于 due", ": not_before 不得晚于 remind"]),
        (None, None, None, []),
        (None, None, 5, []),
        (5, None, None, [": remind 和 due 须同时写明或同时不写"]),
        (None, 5, None, [": remind 和 due 须同时写明或同时不写"]),
    ],
)
def test_the_days_of_a_deadline_are_in_their_order(
    remind: int | None, due: int | None, not_before: int | None, says: list[str]
) -> None:
    """All in May."""
    named = {"remind": remind, "due": due, "not_before": not_before}
    days = {name: day and date(2023, 5, day) for name, day in named.items()}
    assert sorted(told(dates.timed_rules, once(**days))) == sorted(says)


@pytest.mark.parametrize(
    ("remind", "due", "not_before", "says"),
    [
        (5, 5, None, []),
        (5, 6, 5, []),
        (6, 5, None, ["remind 不得晚于 due"]),
        (5, 6, 6, ["not_before 不得晚于 remind"]),
    ],
)
def test_the_days_of_an_occasion_are_in_their_order(
    remind: int, due: int, not_before: int | None, says: list[str]
) -> None:
    day = OccasionDates(
        remind=date(2023, 7, remind),
        due=date(2023, 7, due),
        not_before=not_before and date(2023, 7, not_before),
    )
    found = told(dates.timed_rules, again(occasions={"Q2": day}))
    assert found == [f".occasions.Q2: {each}" for each in says]


@pytest.mark.parametrize(
    ("remind", "due", "not_before", "says"),
    [
        (5, 5, None, []),
        (5, 6, 5, []),
        (28, "last", 28, []),
        ("last", "last", 28, []),
        (6, 5, None, ["remind_day 不得晚于 due_day"]),
        ("last", 28, None, ["remind_day 不得晚于 due_day"]),
        (5, 6, 6, ["not_before_day 不得晚于 remind_day"]),
    ],
)
def test_the_days_of_a_month_are_in_their_order(
    remind: Any, due: Any, not_before: int | None, says: list[str]
) -> None:
    days = {"remind_day": remind, "due_day": due, "not_before_day": not_before}
    for name, form in (
        ("monthly", Monthly(first="2023-03", last="2023-03", **days)),
        ("quarterly", Quarterly(first="2023Q2", last="2023Q2", **days)),
        ("half_yearly", HalfYearly(first="2023H1", last="2023H1", **days)),
        ("yearly", Yearly(first=2023, last=2023, **days)),
    ):
        found = told(dates.timed_rules, again(**{name: form}))
        assert found == [f".{name}: {each}" for each in says]


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("monthly", Monthly(first="2023-04", last="2023-03", remind_day=1, due_day=1)),
        ("quarterly", Quarterly(first="2024Q1", last="2023Q4", remind_day=1, due_day=1)),
        ("yearly", Yearly(first=2024, last=2023, remind_day=1, due_day=1)),
        ("weekly", Weekly(first=date(2023, 5, 2), last=date(2023, 5, 1), weekday=1)),
    ],
)
def test_what_recurs_begins_before_it_ends(name: str, form: Any) -> None:
    assert told(dates.timed_rules, again(**{name: form})) == [f".{name}: first 不得晚于 last"]


MONTHLY = Monthly(first="2023-03", last="2023-12", remind_day=24, due_day=25)
WEEKLY = Weekly(first=date(2023, 5, 1), last=date(2023, 5, 1), weekday=1)
FORMS = ": 周期任务须写明 weekly、monthly、quarterly、half_yearly、yearly 或 occasions，且只写一种"


@pytest.mark.parametrize(
    ("forms", "says"),
    [
        ({"monthly": MONTHLY}, []),
        ({"weekly": WEEKLY}, []),
        ({}, [FORMS]),
        ({"monthly": MONTHLY, "weekly": WEEKLY}, [FORMS]),
    ],
)
def test_a_duty_recurs_in_one_form(forms: dict[str, Any], says: list[str]) -> None:
    assert told(dates.timed_rules, again(**forms)) == says


# --- spans ----------------------------------------------------------------------------------------

SPAN = Span(after="determined", days=30)
IN_YEAR = SPAN.model_copy(update={"within_year": True})
DAY = {"remind": date(2023, 5, 31), "due": date(2023, 5, 31)}
ONE_LENGTH = "须写明 days（自然日）、workdays（工作日）或 months（月），且只写一种"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"follows": SPAN}, []),
        ({**DAY, "later_of": SPAN}, []),
        ({**DAY, "later_of": IN_YEAR}, []),
        ({"follows": IN_YEAR}, [": follows 不写 within_year，须在年内的写在时限上"]),
        ({**DAY, "follows": SPAN}, [": 写明 follows 的，不再写日期或 later_of"]),
        ({"later_of": SPAN}, [": later_of 须与日期同时写明"]),
        ({"follows": Span(after="determined")}, [f".follows: {ONE_LENGTH}"]),
        ({"follows": Span(after="determined", days=1, months=1)}, [f".follows: {ONE_LENGTH}"]),
        ({"follows": Span(after="determined", workdays=1)}, []),
        ({"follows": Span(after="determined", months=1)}, []),
        (
            {
                "follows": SPAN,
                "fulfilled_by": {SubjectKind.CITY: ("recorded",)},
                "responsible": "city",
            },
            [".follows: 只有项目的时限可以自节点起算"],
        ),
    ],
)
def test_a_span_runs_from_a_fact_and_has_one_length(
    changes: dict[str, Any], says: list[str]
) -> None:
    assert told(dates.timed_rules, once(**changes)) == says


@pytest.mark.parametrize(
    ("remind", "overdue", "sound"),
    [
        (HolidayRule.ADVANCE, HolidayRule.POSTPONE, True),
        (HolidayRule.ADVANCE, HolidayRule.ADVANCE, True),
        (HolidayRule.UNCHANGED, HolidayRule.UNCHANGED, True),
        (HolidayRule.POSTPONE, HolidayRule.POSTPONE, True),
        (HolidayRule.POSTPONE, HolidayRule.ADVANCE, False),
        (HolidayRule.UNCHANGED, HolidayRule.ADVANCE, False),
    ],
)
def test_the_reminder_never_moves_beyond_the_day(
    remind: HolidayRule, overdue: HolidayRule, *, sound: bool
) -> None:
    found = told(
        dates.timed_rules, once(**DAY, holiday_rule=HolidayRules(remind=remind, overdue=overdue))
    )
    assert found == ([] if sound else [".holiday_rule: remind 不得比 overdue 移得更晚"])


@pytest.mark.parametrize(
    ("to_do", "wrong"),
    [
        ("请办理", []),
        ("请报送{period}情况", []),
        ("请报送{month}情况", ["{month}"]),
        ("请报送{period情况", ["{period情况"]),
        ("{a}和{b}", ["{a}", "{b}"]),
    ],
)
def test_what_is_asked_names_the_period_alone(to_do: str, wrong: list[str]) -> None:
    says = [f".to_do: “{each}”不是可用的占位符，只可写 {{period}}（如5月份）" for each in wrong]
    assert told(dates.timed_rules, once(**DAY, to_do=to_do)) == says


@pytest.mark.parametrize(
    ("kind", "responsible", "sound"),
    [
        (SubjectKind.PROJECT, "county", True),
        (SubjectKind.PROJECT, "province", True),
        (SubjectKind.CITY, "county", False),
        (SubjectKind.CITY, "city", True),
        (SubjectKind.PROVINCE, "city", False),
        (SubjectKind.PROVINCE, "province", True),
    ],
)
def test_who_answers_for_it_is_not_below_what_it_is_about(
    kind: SubjectKind, responsible: str, *, sound: bool
) -> None:
    facts = ("opened",) if kind is SubjectKind.PROJECT else ("recorded",)
    rule = once(**DAY, fulfilled_by={kind: facts}, responsible=responsible)
    assert (told(dates.timed_rules, rule) == []) is sound


# --- dates and the words that they are of ---------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "remind", "due", "agree"),
    [
        ("5月底前全部到位", "05-01", "05-31", True),
        ("5月底前全部到位", "05-31", "05-31", True),
        ("5月底前全部到位", "04-30", "05-31", False),
        ("5月底前全部到位", "05-31", "06-01", False),
        ("5月底前全部到位", "05-30", "05-30", False),
        ("2月中旬前", "02-10", "02-20", True),
        ("2月中旬前", "02-09", "02-20", False),
        ("2月中旬前", "02-10", "02-19", False),
        ("5月底前或6月底前", "06-01", "06-30", True),  # one of several is enough
        ("5月底前或6月底前", "05-01", "06-30", False),
        ("每月25日前", "05-24", "05-25", True),
        ("每月25日前", "05-25", "05-25", True),
        ("每月25日前", "05-23", "05-25", False),
        ("每月25日前", "05-24", "05-26", False),
        ("每月底前", "06-30", "06-30", True),  # of a month that has no 31st
        ("每月底前", "06-29", "06-29", False),
        ("按时完成", "01-01", "12-31", True),
        ("2024年3月底前", "03-31", "03-31", False),
    ],
)
def test_a_day_is_one_that_its_words_name(
    words: str, remind: str, due: str, *, agree: bool
) -> None:
    days = {
        name: date.fromisoformat(f"2023-{day}") for name, day in (("remind", remind), ("due", due))
    }
    said = [each[:4] for each in told(dates.dates_of_words, once(words=words, **days))]
    assert said == ([] if agree else [".due"])
    occasions = {"Q1": OccasionDates(**days)}
    found = told(dates.dates_of_words, again(words=words, occasions=occasions))
    assert [each.partition(":")[0] for each in found] == ([] if agree else [".occasions.Q1"])
    why = "经批准"
    assert told(dates.dates_of_words, once(words=words, **days, date_reading=why)) == []


@pytest.mark.parametrize(
    ("words", "remind", "due", "agree"),
    [
        ("每月25日前", 24, 25, True),
        ("每月25日前", 25, 25, True),
        ("每月25日前", 23, 25, False),
        ("每月25日前", 24, 26, False),
        ("每月25日前", 24, "last", False),
        ("每月底前", 1, "last", True),
        ("每月底前", 1, 28, False),
        ("按时报送", 3, 4, True),
        ("5月底前", 3, 4, True),  # of one month: nothing is said of each
    ],
)
def test_a_day_of_each_month_is_the_one_that_its_words_name(
    words: str, remind: Any, due: Any, *, agree: bool
) -> None:
    form = Monthly(first="2023-03", last="2023-12", remind_day=remind, due_day=due)
    found = told(dates.dates_of_words, again(words=words, monthly=form))
    assert [each.partition(":")[0] for each in found] == ([] if agree else [".monthly"])


@pytest.mark.parametrize(
    ("words", "weekday", "says"),
    [
        ("每周一报送", 1, ""),
        ("每周五报送", 5, ""),
        ("每周五报送", 4, "“每周五”，这里是每周四（weekday: 4）"),
        ("每周日报送", 1, "“每周日”，这里是每周一（weekday: 1）"),
        ("每周报送", 1, ""),
    ],
)
def test_a_day_of_each_week_is_the_one_that_its_words_name(
    words: str, weekday: int, says: str
) -> None:
    form = Weekly(first=date(2023, 5, 1), last=date(2023, 12, 31), weekday=weekday)
    found = told(dates.dates_of_words, again(words=words, weekly=form))
    assert [each.partition(":")[0] for each in found] == [".weekly.weekday"] * bool(says)
    assert all(says in each for each in found)


@pytest.mark.parametrize(
    ("words", "span", "says"),
    [
        ("15日内整改", {"days": 15}, ""),
        ("15日内整改", {"days": 16}, "“15日内”，这里是16日"),
        ("15日内整改", {"workdays": 15}, "“15日内”，这里是15个工作日"),
        ("20个工作日内办结", {"workdays": 20}, ""),
        ("20个工作日内办结", {"days": 20}, "“20个工作日内”，这里是20日"),
        ("6个月内完成", {"months": 6}, ""),
        ("6个月内完成", {"months": 5}, "“6个月内”，这里是5个月"),
        ("及时办结", {"days": 3}, ""),
    ],
)
def test_a_span_is_the_one_that_its_words_name(words: str, span: dict[str, int], says: str) -> None:
    rule = once(words=words, follows=Span(after="determined", **span))
    found = told(dates.dates_of_words, rule)
    assert [each.partition(":")[0] for each in found] == [".follows"] * bool(says)
    assert all(says in each for each in found)


# --- the end, the ladder, the hours ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("ends_on", "sound"),
    [
        (date(2023, 1, 16), True),
        (date(2023, 1, 15), False),
        (date(2028, 12, 31), True),
        (date(2029, 1, 1), False),
    ],
)
def test_works_end_within_five_years_of_the_plan(ends_on: date, *, sound: bool) -> None:
    found = told(dates.span_of_works, plan().model_copy(update={"ends_on": ends_on}))
    assert [each.partition(":")[0] for each in found] == ([] if sound else ["ends_on"])


def rung(workdays: int | None = None, days: int | None = None, **changes: Any) -> Rung:
    kind, audience = RungKind.REMIND, (Level.CITY,)
    held: dict[str, Any] = {"kind": kind, "audience": audience, **changes}
    return Rung(workdays=workdays, days=days, **held)


ONE_KIND = "每级须写明 workdays（工作日）或 days（自然日），只写一种且不为0"
LAST = "ladder.rungs: 最后一级须在逾期之后"
ORDER = "ladder.rungs: 各级须由早到晚排列，天数互不相同"


@pytest.mark.parametrize(
    ("rungs", "says"),
    [
        ([rung(-3), rung(1)], []),
        ([rung(days=-3), rung(days=1)], []),
        ([rung(1)], []),
        ([rung(-1)], [LAST]),
        ([rung(-3), rung(-1)], [LAST]),
        ([rung(1), rung(-3)], [ORDER]),
        ([rung(-3), rung(1), rung(1)], [ORDER]),
        ([rung(-1), rung(0)], [f"ladder.rungs.1: {ONE_KIND}"]),
        ([rung(-1), rung(1, 1)], [f"ladder.rungs.1: {ONE_KIND}"]),
        ([rung(-1), rung()], [f"ladder.rungs.1: {ONE_KIND}"]),
        (
            [rung(-1, kind=RungKind.CORRECTION), rung(1, kind=RungKind.RECEIPT)],
            [
                "ladder.rungs.0.kind: “更正”用于更正误发的消息，不能作为提醒级次",
                "ladder.rungs.1.kind: “回执”用于答复来文，不能作为提醒级次",
            ],
        ),
    ],
)
def test_rungs_go_from_early_to_late_and_end_after_the_day(
    rungs: list[Rung], says: list[str]
) -> None:
    assert told(dates.ladder, put(plan(), "ladder.rungs", tuple(rungs))) == says


@pytest.mark.parametrize(
    ("workdays", "days", "sound"),
    [(5, None, True), (None, 5, True), (5, 5, False), (None,) * 2 + (False,)],
)
def test_repeats_come_in_one_kind_of_days(
    workdays: int | None, days: int | None, *, sound: bool
) -> None:
    changed = put(
        put(plan(), "ladder.repeat.every_workdays", workdays), "ladder.repeat.every_days", days
    )
    says = "ladder.repeat: 须写明 every_workdays 或 every_days，且只写一种"
    assert told(dates.ladder, changed) == ([] if sound else [says])


@pytest.mark.parametrize(
    ("opens", "closes", "sound"),
    [(time(8), time(8, 1), True), (time(8), time(8), False), (time(8, 1), time(8), False)],
)
def test_offices_open_before_they_close(opens: time, closes: time, *, sound: bool) -> None:
    changed = put(put(plan(), "office_hours.opens", opens), "office_hours.closes", closes)
    assert told(dates.office_hours, changed) == (
        [] if sound else ["office_hours: opens 须早于 closes"]
    )


ENDS = ".ends_with: 只有各市的每月任务可以写明 ends_with"


@pytest.mark.parametrize(
    ("changes", "finished", "says"),
    [
        ({"monthly": MONTHLY, "ends_with": "finished"}, True, []),
        ({"weekly": WEEKLY, "ends_with": "finished"}, True, [ENDS]),
        (
            {
                "monthly": MONTHLY,
                "ends_with": "finished",
                "fulfilled_by": {SubjectKind.PROVINCE: ("recorded",)},
            },
            True,
            [ENDS],
        ),
        (
            {"monthly": MONTHLY, "ends_with": "finished"},
            False,
            [".ends_with: 写明 ends_with 的，须写明 finished_by"],
        ),
        ({"weekly": WEEKLY}, False, []),
    ],
)
def test_only_a_citys_months_end(
    changes: dict[str, Any], says: list[str], *, finished: bool
) -> None:
    made = again(**changes)
    if not finished:
        made = made.model_copy(update={"finished_by": ()})
    assert told(dates.endings, made) == says


# --- the words of the notice ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "notice", "missing"),
    [
        ("一二", "一二三", None),
        ("一 二", "一\n二三", None),
        ("一…三", "一二三", None),
        ("三…一", "一二三", "一"),
        ("一二…二三", "一二三", None),
        ("四", "一二三", "四"),
        ("一…", "一二三", ""),
        ("—", "一二三", None),
        ("", "一二三", ""),
    ],
)
def test_words_are_looked_for_in_their_order(words: str, notice: str, missing: str | None) -> None:
    outside = {path: "—" for path, _ in plan().rules()}
    changed = plan()
    for path in outside:
        changed = put(changed, f"{path}.words", "—")
    changed = changed.model_copy(update={"inventory": ()})
    changed = put(changed, "stages.0.words", words)
    says = [] if missing is None else [f"stages.0.words: 通知原文中没有“{missing}”"]
    assert told(lambda each: dates.words(each, notice), changed) == says


@pytest.mark.parametrize(
    ("gist", "words", "sound"),
    [
        ("新建", "新建为主", True),
        ("新主", "新建为主", True),
        ("主新", "新建为主", False),
        ("新新", "新建为主", False),
        (None, "新建为主", True),
    ],
)
def test_a_gist_is_made_of_the_words_in_their_order(
    gist: str | None, words: str, *, sound: bool
) -> None:
    rule = plan().requirements[0].model_copy(update={"gist": gist, "words": words})
    changed = plan().model_copy(update={"requirements": (rule,), "annexes": {}})
    found = told(lambda each: dates.annexes(each, ""), changed)
    assert [each.partition(":")[0] for each in found] == ([] if sound else ["requirements.0.gist"])


@pytest.mark.parametrize(
    ("form", "annex", "says"),
    [
        (Form.SUMMARY, "附件 2", []),
        (Form.APPLICATION, "附件2", []),
        (Form.SUMMARY, "附件3", ["annexes.summary: 通知原文中没有“附件3”，请照通知填写"]),
        (
            Form.REPORT,
            "附件2",
            ["annexes.report: 只有 application、summary 两种表由通知印发，请删去"],
        ),
    ],
)
def test_an_annex_is_one_of_the_notice(form: Form, annex: str, says: list[str]) -> None:
    changed = plan().model_copy(update={"requirements": (), "annexes": {form: annex}})
    assert told(lambda each: dates.annexes(each, "见附件2。"), changed) == says
