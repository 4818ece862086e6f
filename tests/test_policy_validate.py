"""What must hold across a plan's rules: the shipped plan with one thing changed, in memory."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from policy.checks import EndsWithCheck, OneOfCheck
from policy.cities import NamedSite, ProjectKind
from policy.clauses import Clause
from policy.faults import dates, fields, places
from policy.load import plan_path
from policy.subsidies import FlatSubsidy, UnstatedSubsidy
from policy.timing import HolidayRules, OccasionDates, Quarterly, Span, Weekly
from policy.validate import faults
from policy.vocabulary import Form, Holder, HolidayRule, Level, RungKind, SubjectKind
from tests.support.builders import plan

NOTICE = (plan_path("shanxi-2023").parent / "notice.txt").read_text("utf-8")
RULES: dict[str, Any] = {f"@{rule.id}": rule for _, rule in plan().rules() if hasattr(rule, "id")}


def where(group: str, id: str) -> str:
    """The path of a rule: ``deadlines.7``."""
    return f"{group}.{[item.id for item in getattr(plan(), group)].index(id)}"


def put(held: Any, path: str, value: Any) -> Any:
    """A model with another value at a path."""
    head, _, rest = path.partition(".")
    if isinstance(held, tuple):
        changed = put(held[int(head)], rest, value) if rest else value
        return (*held[: int(head)], changed, *held[int(head) + 1 :])
    if isinstance(held, dict):
        return {**held, head: put(held[head], rest, value) if rest else value}
    changed = put(getattr(held, head), rest, value) if rest else value
    return held.model_copy(update={head: changed})


def found(changes: dict[str, Any]) -> list[tuple[str, str]]:
    changed = plan()
    for path, value in changes.items():
        changed = put(changed, path, value)
    return [(".".join(map(str, fault.loc)), fault.says) for fault in faults(changed, NOTICE)]


def test_the_shipped_plan_has_no_fault() -> None:
    assert found({}) == []


D01, D08, D10 = where("deadlines", "D01"), where("deadlines", "D08"), where("duties", "D10")
D27 = where("deadlines", "D27")
FIRST = plan().cities[0]
FREE = RULES["@D08"].model_copy(update={"remind": None, "due": None, "later_of": None})
SPAN = Span(after="determined", days=30)
WEEKLY = Weekly(first=date(2023, 1, 2), last=date(2023, 12, 25), weekday=1)
QUARTERS = Quarterly(first="2023Q1", last="2023Q4", month=1, remind_day=5, due_day=10)
ENDED = WEEKLY.model_copy(update={"first": date(2024, 1, 1)})
CROSSED = HolidayRules(remind=HolidayRule.POSTPONE, overdue=HolidayRule.UNCHANGED)
NEW = ProjectKind(id="new", label="新建")
CLAUSE = plan().subsidies[0].model_dump(include=set(Clause.model_fields))
SITE = NamedSite(city="太原市", county="小店区", street="甲街道", community="乙社区")
VISITS = plan().inspection.visits  # type: ignore[union-attr]  # the shipped plan has it
ACCEPTING = plan().cross_acceptance.visits  # type: ignore[union-attr]  # likewise
TABLE = plan().evaluation.indicators  # type: ignore[union-attr]  # likewise
LEVELS = next(n for n, item in enumerate(TABLE) if item.rule.kind == "levels")
RUNG = plan().ladder.rungs[0]

PAYING = where("actions", "release_funds")
ALSO_PAYING = where("actions", "pass_acceptance")
CONDITION = "requirements.0"
AMOUNT_OF = OneOfCheck(kind="one_of", field="investment", values=("1",))
ENDING = EndsWithCheck(kind="ends_with", field="letter_issuer", text="{city}人民政府")
FAULTY: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    # from which day
    (
        {f"{where('deadlines', 'D13')}.not_before": date(2023, 8, 1)},
        [(where("deadlines", "D13"), "not_before 不得晚于 remind")],
    ),
    (
        {f"{D10}.monthly.not_before_day": 25},
        [(f"{D10}.monthly", "not_before_day 不得晚于 remind_day")],
    ),
    (
        {f"{where('duties', 'D12')}.occasions.Q2.not_before": date(2023, 7, 11)},
        [(f"{where('duties', 'D12')}.occasions.Q2", "not_before 不得晚于 remind")],
    ),
    (
        {f"{where('deadlines', 'D23')}.not_before_first": "finished"},
        [(f"{where('deadlines', 'D23')}.not_before_first", "未知的节点“finished”")],
    ),
    # money
    (
        {f"{PAYING}.pays": Decimal("0.7"), f"{ALSO_PAYING}.pays": Decimal("0.31")},
        [(f"{ALSO_PAYING}.pays", "各次下达的比例合计1.01，超过补助的全部（1），请核对")],
    ),
    # who may
    (
        {f"{PAYING}.decided_by": ("nobody",)},
        [(f"{PAYING}.decided_by", "未知的单位“nobody”")],
    ),
    (
        {"authority.lines": (("county", "nobody"), ("city", "county"))},
        [
            ("authority.lines.0", "未知的单位“nobody”"),
            ("authority.lines", "“county”出现了2次，应当唯一"),
        ],
    ),
    (
        {"authority.holders": {Holder.CITY: ("nobody",), Holder.COUNTY: ("county",)}},
        [
            ("authority.holders.city", "未知的单位“nobody”"),
            ("authority.holders.project", "须写明由谁决定"),
        ],
    ),
    ({"authority.extensions": ()}, [("authority.extensions", "须写明由谁决定")]),
    (
        {"bodies.city_finance.office": "{place}财政局"},
        [
            (
                "bodies.city_finance.office",
                "“{place}财政局”中的占位符有误（{place}），可用：city、county",
            )
        ],
    ),
    # quotas, places, kinds
    ({"quota.goal": 101}, [("quota.goal", "各市名额合计100，与总数101不符")]),
    (
        {"cities.0.quota": {"new": FIRST.quota}},
        [("cities.0.quota", "太原市的名额须按项目类别写明：不分类别")],
    ),
    (
        {
            "kinds": (ProjectKind(id="new", label="新建"),),
            "cities": (FIRST,),
            "quota.goal": FIRST.quota,
        },
        [("cities.0.quota", "太原市的名额须按项目类别写明：新建")],
    ),
    (
        {"cities.0.unserved": (*FIRST.unserved, FIRST.unserved[0])},
        [("cities.0.unserved", f"“{FIRST.unserved[0]}”出现了2次")],
    ),
    ({"sites": (SITE, SITE)}, [("sites", "“太原市小店区甲街道乙社区”出现了2次")]),
    (
        {"sites": (SITE.model_copy(update={"county": "平城区"}),)},
        [("sites.0", "没有“太原市平城区”")],
    ),
    (
        {"sites": (SITE.model_copy(update={"city": "北京市"}),)},
        [("sites.0", "没有“北京市小店区”")],
    ),
    (
        {"sites": (SITE.model_copy(update={"kind": "new"}),)},
        [("sites.0.kind", "未知的项目类别“new”")],
    ),
    # patterns
    ({"project_name": "{street}{block}"}, [("project_name", "可用：street、community")]),
    ({"application_name": "{}"}, [("application_name", "占位符有误")]),
    ({"code_format": "XF-{county"}, [("code_format", "可用：county、number")]),
    ({"offices.county": "{town}民政局"}, [("offices.county", "可用：city、county")]),
    ({"offices.county": "{county}民政局"}, [("offices.county", "“城区民政局”是2个单位的名称")]),
    # subsidies
    ({"subsidies": ()}, [("subsidies", "“”有0条")]),
    ({"subsidies": plan().subsidies * 2}, [("subsidies", "“”有2条")]),
    (
        {"subsidies.0.kinds": ("new",)},
        [("subsidies.0", "未知的项目类别“new”"), ("subsidies", "“”有0条")],
    ),
    # review
    ({"review.criteria.0.points": Decimal(26)}, [("review.criteria", "各项分值合计101，应为100")]),
    ({"review.stage": "soon"}, [("review", "未知的阶段“soon”")]),
    ({"review.passed": "good"}, [("review", "未知的节点“good”")]),
    ({"review.determine": "take"}, [("review", "未知的办理动作“take”")]),
    ({"review.reserve": "keep"}, [("review", "未知的办理动作“keep”")]),
    # papers
    ({"bulletin.duty": "D10"}, [("bulletin.duty", "未知的省级每月任务“D10”")]),
    ({"feedback.duty": "D10"}, [("feedback.duty", "未知的各市每季任务“D10”")]),
    (
        {"curves": None, "evaluation": None},
        [(paper, "按月末数据编制，须有 curves") for paper in ("bulletin", "feedback")],
    ),
    # days of visits
    *(
        ({path: day}, [(path, f"日期{day}不在方案的年份")])
        for path, day in (
            ("inspection.visits.made_on", date(2020, 5, 31)),
            ("cross_acceptance.results_on", date(2031, 12, 25)),
        )
    ),
    # curves
    ({"curves.counted.0.milestone": "begun"}, [("curves.counted", "未知的节点“begun”")]),
    ({"curves.counted.0.by": "D10"}, [("curves", "未知的项目时限“D10”")]),
    ({"curves.invested_from": "D99"}, [("curves", "未知的项目时限“D99”")]),
    # risks
    ({"risks.steps.0.milestone": "begun"}, [("risks.steps", "未知的节点“begun”")]),
    ({"risks.steps.0.by": "D99"}, [("risks.steps", "未知的项目时限“D99”")]),
    ({"risks.gaps.of.0.lacks": "luck"}, [("risks.gaps", "未知的节点或条件“luck”")]),
    ({"risks.gaps.of.0.by": "D99"}, [("risks.gaps", "未知的时限“D99”")]),
    ({"risks.margins.0.points": 999}, [("risks.margins", "分值不得增加")]),
    ({"risks.margins.0.below": 999}, [("risks.margins", "须按天数由少到多排列")]),
    ({"risks.grades.0.points": 0}, [("risks.grades", "等级须由高到低排列")]),
    # the chain
    (
        {f"{where('actions', 'confirm_site')}.leaves": ()},
        [(where("actions", "confirm_site"), "没有写明在哪个阶段办理")],
    ),
    (
        {f"{where('actions', 'hold')}.anywhere": False},
        [(where("actions", "hold"), "没有写明在哪个阶段办理")],
    ),
    ({"finished_by": ("begun",)}, [("finished_by", "未知的节点“begun”")]),
    # deadlines
    ({f"{D01}.remind": None}, [(D01, "remind 和 due 须同时写明或同时不写")]),
    ({f"{D01}.kinds": ("new",)}, [(f"{D01}.kinds", "未知的项目类别“new”")]),
    ({f"{D08}.follows": SPAN}, [(D08, "写明 follows 的，不再写日期或 later_of")]),
    (
        {D08: FREE.model_copy(update={"follows": SPAN, "later_of": SPAN})},
        [(D08, "写明 follows 的"), (D08, "later_of 须与日期同时写明")],
    ),
    (
        {D08: FREE.model_copy(update={"later_of": SPAN})},
        [(D08, "later_of 须与日期同时写明")],
    ),
    (
        {D08: FREE.model_copy(update={"follows": Span(after="determined")})},
        [
            (
                f"{D08}.follows",
                "须写明 days（自然日）、workdays（工作日）或 months（月），且只写一种",
            )
        ],
    ),
    (
        {f"{D08}.later_of": Span(after="determined", days=1, workdays=1)},
        [(f"{D08}.later_of", "且只写一种")],
    ),
    (
        {f"{D08}.later_of": Span(after="begun", workdays=1)},
        [(f"{D08}.later_of", "未知的节点“begun”")],
    ),
    (
        {
            f"{D08}.holiday_rule": HolidayRules(
                remind=HolidayRule.POSTPONE, overdue=HolidayRule.UNCHANGED
            )
        },
        [(f"{D08}.holiday_rule", "remind 不得比 overdue 移得更晚")],
    ),
    # duties
    ({f"{D10}.weekly": WEEKLY}, [(D10, "且只写一种")]),
    (
        {
            f"{D10}.monthly": None,
            f"{D10}.weekly": WEEKLY.model_copy(update={"first": date(2024, 1, 1)}),
        },
        [
            ("report.duty", "未知的各市每月任务“D10”"),
            (f"{D10}.weekly", "first 不得晚于 last"),
            (f"{D10}.ends_with", "只有各市的每月任务可以写明 ends_with"),
        ],
    ),
    ({f"{D10}.monthly.first": "2024-01"}, [(f"{D10}.monthly", "first 不得晚于 last")]),
    (
        {f"{D10}.monthly.remind_day": "last"},
        [(f"{D10}.monthly", "remind_day 不得晚于 due_day")],
    ),
    (
        {f"{where('duties', 'D12')}.quarterly": QUARTERS, f"{where('duties', 'D12')}.occasions": {}}
        | {f"{where('duties', 'D12')}.quarterly.remind_day": 11},
        [(f"{where('duties', 'D12')}.quarterly", "remind_day 不得晚于 due_day")],
    ),
    ({"finished_by": ()}, [(f"{D10}.ends_with", "须写明 finished_by")]),
    (
        {
            f"{D10}.fulfilled_by": {
                SubjectKind.CITY: ("recorded",),
                SubjectKind.PROVINCE: ("recorded",),
            }
        },
        [
            (f"{D10}.responsible", "省一级的时限不能由市民政局负责"),
            (f"{D10}.ends_with", "只有各市的每月任务可以写明 ends_with"),
        ],
    ),
    # ladder and hours
    (
        {"ladder.rungs": (*plan().ladder.rungs, plan().ladder.rungs[-1])},
        [("ladder.rungs", "天数互不相同")],
    ),
    ({"ladder.rungs": (RUNG,)}, [("ladder.rungs", "最后一级须在逾期之后")]),
    (
        {"ladder.rungs": (RUNG, RUNG.model_copy(update={"workdays": None}))},
        [("ladder.rungs.1", "只写一种且不为0")],
    ),
    (
        {"ladder.repeat.every_days": 5, "ladder.repeat.every_workdays": 5},
        [("ladder.repeat", "且只写一种")],
    ),
    (
        {"ladder.repeat.kind": RungKind.RECEIPT},
        [("ladder.repeat.kind", "“回执”用于答复来文")],
    ),
    (
        {"office_hours.opens": time(18), "office_hours.closes": time(18)},
        [("office_hours", "opens 须早于 closes")],
    ),
    # scores
    *(
        ({f"review.{name}": value}, [(f"review.{name}", f"{value}应在0至100之间（满分100）")])
        for name in ("pass_score", "most_spread")
        for value in (Decimal("-0.1"), Decimal("100.1"))
    ),
    # the end of the works
    ({"ends_on": date(2023, 1, 15)}, [("ends_on", "2023-01-15早于印发日或方案年度（2023年）")]),
    ({"ends_on": date(2029, 1, 1)}, [("ends_on", "2029-01-01在方案年度（2023年）之后5年以上")]),
    # conditions
    (
        {f"{CONDITION}.check": AMOUNT_OF},
        [(f"{CONDITION}.check", "不能用 one_of 核对")],
    ),
    *(
        (
            {f"{CONDITION}.check": ENDING.model_copy(update={"text": text})},
            [(f"{CONDITION}.check.text", f"“{text}”中的占位符有误")],
        )
        for text in ("{town}政府", "{}政府", "{city政府", "{city.x}政府")
    ),
    # inspection
    ({"inspection.deadline": "D10"}, [("inspection.deadline", "未知的各市时限“D10”")]),
    (
        {"inspection.visits": VISITS.model_copy(update={"made_on": date(2023, 6, 1)})},
        [("inspection", "visits.made_on 须早于 first")],
    ),
    (
        {"inspection.first": date(2023, 7, 31), "inspection.last": date(2023, 7, 30)},
        [("inspection", "first 不得晚于 last")],
    ),
    (
        {"inspection.last": date(2023, 8, 1)},
        [("inspection.last", "晚于时限D13的日期2023-07-31")],
    ),
    ({"inspection.visited": "determined"}, [("inspection.visited", "未知的可登记的节点")]),
    ({"inspection.order": "hold"}, [("inspection.order", "“hold”")]),
    ({"inspection.rectify": "D08"}, [("inspection.rectify", "“D08”")]),
    ({f"{D27}.follows": SPAN}, [("inspection.rectify", "未知的自")]),
    (
        {f"{D27}.fulfilled_by": {SubjectKind.PROJECT: ("opened",)}},
        [("inspection.rectify", "未知的自")],
    ),
    # cross acceptance
    ({"cross_acceptance.deadline": "D08"}, [("cross_acceptance.deadline", "“D08”")]),
    ({"cross_acceptance.results": "D08"}, [("cross_acceptance.results", "“D08”")]),
    (
        {"cross_acceptance.visits.made_on": ACCEPTING.first},
        [("cross_acceptance.visits", "须 made_on 早于 first")],
    ),
    (
        {"cross_acceptance.results_on": ACCEPTING.last},
        [("cross_acceptance.visits", "last 早于 results_on")],
    ),
    (
        {"cross_acceptance.roles.0.level": Level.COUNTY},
        [("cross_acceptance.roles.0", "只能抽调市级的人员")],
    ),
    ({"cross_acceptance.letter": "luck"}, [("cross_acceptance.letter", "luck")] * 2),
    # evaluation
    ({"evaluation.duty": "D10"}, [("evaluation.duty", "未知的省级周期任务“D10”")]),
    (
        {"evaluation.indicators": (*TABLE, TABLE[0])},
        [
            ("evaluation.indicators", f"“{TABLE[0].id}”出现了2次，应当唯一"),
            ("evaluation.indicators", f"市的基础分合计{100 + TABLE[0].points}，应为100"),
        ],
    ),
    (
        {f"evaluation.indicators.{LEVELS}.rule.part": TABLE[LEVELS].rule.full},  # type: ignore[union-attr]  # its kind
        [(f"evaluation.indicators.{LEVELS}.rule", "（part）须小于")],
    ),
    (
        {f"evaluation.indicators.{LEVELS}.rule.part_points": TABLE[LEVELS].points},
        [(f"evaluation.indicators.{LEVELS}.rule", "（part_points）须小于")],
    ),
]


@pytest.mark.parametrize(
    ("changes", "wanted"), FAULTY, ids=lambda told: "|".join(map(str, told))[:60]
)
def test_each_fault_is_told_at_its_path_and_no_other(
    changes: dict[str, Any], wanted: list[tuple[str, str]]
) -> None:
    told = found(changes)
    assert [path for path, _ in told] == [path for path, _ in wanted], told
    for (_, says), (_, part) in zip(told, wanted, strict=True):
        assert part in says


SOUND: list[dict[str, Any]] = [
    *(
        {f"review.{name}": Decimal(end)}
        for name in ("pass_score", "most_spread")
        for end in (0, 100)
    ),
    {"ends_on": date(2023, 12, 31)},
    {"ends_on": date(2028, 12, 31)},
    {"code_standard": "GB/T 2260"},
    {"quota.goal": None},
    {"cities.0.quota": None, "quota.goal": 100 - (FIRST.places or 0)},
    {"sites": (SITE, SITE.model_copy(update={"community": "丙社区"}))},
    {"subsidies": (UnstatedSubsidy(**CLAUSE, basis="not_stated"),)},
    {"review.declined": None},
    {"risks": None},
    {"evaluation": None},
    {"inspection": None},
    {"cross_acceptance": None},
    {"inspection.last": date(2023, 6, 1)},
    {f"{D01}.remind": date(2023, 2, 20)},
    {f"{D08}.later_of": SPAN},
    {D08: FREE.model_copy(update={"follows": SPAN})},
    {f"{D10}.monthly.remind_day": 25},
    {
        f"{D10}.monthly.remind_day": "last",
        f"{D10}.monthly.due_day": "last",
        f"{D10}.date_reading": "经批准改为月底",
    },
    {f"{D10}.monthly.last": "2023-03"},
    {f"{where('deadlines', 'D13')}.not_before": date(2023, 7, 31)},
    {f"{D10}.monthly.not_before_day": 24},
    {f"{where('duties', 'D12')}.occasions.Q2.not_before": date(2023, 7, 10)},
    {f"{D08}.holiday_rule": HolidayRules(remind=HolidayRule.POSTPONE)},
    {"cross_acceptance.visits.last": ACCEPTING.first},
    {"actions.0.to": plan().stage_order[1]},
]


@pytest.mark.parametrize("changes", SOUND, ids=lambda changes: "|".join(changes))
def test_what_is_just_right_is_no_fault(changes: dict[str, Any]) -> None:
    assert found(changes) == []


def test_every_kind_of_project_has_one_subsidy_of_its_own() -> None:
    kinds = tuple(ProjectKind(id=name, label=name) for name in ("new", "old"))
    changes = {"kinds": kinds, "cities": (FIRST,), "cities.0.quota": None, "quota.goal": 0}
    flat = [
        FlatSubsidy(**CLAUSE, basis="flat", yuan=Decimal(1), kinds=(name,))
        for name in ("new", "old")
    ]
    assert found({**changes, "subsidies": tuple(flat)}) == []
    assert found({**changes, "subsidies": (flat[0],)}) == [
        ("subsidies", "每类项目须有且只有一条补助标准，“old”有0条")
    ]


@pytest.mark.parametrize(
    ("suffixes", "ok"), [(("Q2", "Q3"), True), (("2023Q2",), True), (("Q2", "July"), False)]
)
def test_letters_come_by_the_quarter(suffixes: tuple[str, ...], *, ok: bool) -> None:
    day = OccasionDates(remind=date(2023, 7, 10), due=date(2023, 7, 10))
    told = found({f"{where('duties', 'D12')}.occasions": dict.fromkeys(suffixes, day)})
    assert [path for path, _ in told] == ([] if ok else ["feedback.duty"])


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ("严把项目入口关", None),
        ("严把 项目\n入口关", None),
        ("一季度…选址", None),
        ("—", None),
        ("", ""),
        ("选址…", ""),
        ("不在通知里的话", "不在通知里的话"),
        ("选址…不在通知里的话", "不在通知里的话"),
    ],
)
def test_words_stand_in_the_notice_in_their_order(words: str, missing: str | None) -> None:
    told = found({"stages.0.words": words})
    assert told == ([] if missing is None else [("stages.0.words", f"通知原文中没有“{missing}”")])


def test_a_project_needs_a_body_at_the_county_or_above_and_a_city_one_above_it() -> None:
    told = found({f"{D10}.responsible": "county"})
    assert told == [(f"{D10}.responsible", "市一级的时限不能由县民政局负责")]
    assert found({f"{D08}.responsible": "city"}) == []
    of_province = next(d for d in plan().duties if set(d.fulfilled_by) == {SubjectKind.PROVINCE})
    path = where("duties", of_province.id)
    told = found({f"{path}.responsible": "city"})
    assert (f"{path}.responsible", "省一级的时限不能由市民政局负责") in told


@pytest.mark.parametrize(
    ("path", "value", "at", "says"),
    [
        ("annexes", {Form.SUMMARY: "附件9"}, "annexes.summary", "通知原文中没有“附件9”"),
        ("annexes", {Form.REPORT: "附件2"}, "annexes.report", "只有 application、summary 两种表"),
        (f"{where('requirements', 'R09')}.gist", "新建为主", "", "不是原文的缩写"),
        (f"{where('requirements', 'R06')}.gist", "拓展有序", "", "不是原文的缩写"),
    ],
)
def test_annexes_and_gists_are_the_notices(path: str, value: Any, at: str, says: str) -> None:
    [(loc, told)] = found({path: value})
    assert loc == (at or path)
    assert says in told


@pytest.mark.parametrize(
    ("first", "last", "meets"),
    [
        (date(2023, 1, 7), date(2023, 1, 9), True),  # from a Saturday to the Monday after it
        (date(2023, 1, 7), date(2023, 1, 8), False),
        (date(2023, 1, 9), date(2023, 1, 9), True),
        (date(2023, 1, 10), date(2023, 1, 15), False),
        (date(2023, 1, 10), date(2023, 1, 16), True),
    ],
)
def test_the_day_of_a_weekly_duty_comes_about(first: date, last: date, *, meets: bool) -> None:
    monday = Weekly(first=first, last=last, weekday=1)
    changed = put(put(plan(), f"{D10}.monthly", None), f"{D10}.weekly", monday)
    says = f"{first}至{last}之间没有星期一，请核对首末日"
    assert (says in {fault.says for fault in dates.timed_rules(changed)}) is not meets


@pytest.mark.parametrize(
    ("issued", "ends_on", "ok"),
    [
        (date(2022, 12, 20), date(2023, 1, 1), True),
        (date(2022, 12, 20), date(2022, 12, 31), False),
        (date(2023, 1, 16), date(2023, 1, 16), True),
    ],
)
def test_works_end_after_the_notice_and_in_the_year_of_the_plan(
    issued: date, ends_on: date, *, ok: bool
) -> None:
    changed = put(put(plan(), "notice.issued_on", issued), "ends_on", ends_on)
    assert (list(dates.span_of_works(changed)) == []) is ok


@pytest.mark.parametrize(
    ("code", "county", "at", "says"),
    [
        ("140100", ("140105", "小店区"), "", ""),
        ("990100", ("140105", "小店区"), "code", "没有以99开头的省级代码；请核对"),
        ("140101", ("140105", "小店区"), "code", "太原市的代码140101末两位应为00；"),
        ("14010000", ("140105", "小店区"), "code", "太原市的代码14010000末两位应为00；"),
        ("140100", ("140105001", "小店区"), "counties", "小店区的代码140105001不是六位；"),
        ("140100", ("140105", "城中区"), "counties", "城中区的代码140105在 GB/T 2260 中为“"),
        ("140100", ("140199", "小店区"), "counties", "小店区的代码140199在 GB/T 2260 中没有；"),
    ],
)
def test_codes_that_are_said_to_be_the_standards_are(
    code: str, county: tuple[str, str], at: str, says: str
) -> None:
    """GB/T 2260 has 14 for the province, 1401 for the city and 140105 for 小店区."""
    place = FIRST.counties[0].model_copy(update={"code": county[0], "name": county[1]})
    city = FIRST.model_copy(update={"code": code, "counties": (place,)})
    changed = plan().model_copy(update={"code_standard": "GB/T 2260", "cities": (city,)})
    found = list(places.standard(changed))
    assert [fault.loc for fault in found] == [("cities", 0, at)] * bool(at)
    assert all(says in fault.says for fault in found), found


COLUMN = plan().field["beds"].asked[0]


@pytest.mark.parametrize(
    ("field", "changes", "says"),
    [
        ("site_source", {}, ""),
        ("site_source", {"meanings": {"A": "甲"}}, "meanings 须逐一说明各选项"),
        (
            "site_source",
            {"choices": ("AA", "B"), "meanings": {"AA": "甲", "B": "乙"}},
            "选项均为单个字母",
        ),
        ("beds", {"asked": (COLUMN, COLUMN)}, f"“{COLUMN.sheet}”写了两次"),
        ("beds", {"asked": (COLUMN.model_copy(update={"known_by": "("}),)}, "正则表达式"),
        ("beds", {"asked": (COLUMN.model_copy(update={"known_by": "床位.*"}),)}, ""),
        ("beds", {"measured_in": "张"}, ""),
        ("tenure", {"measured_in": "张"}, "只有 kind 为 count 或 number 的才写计量单位"),
        (
            "functions",
            {"asked": (COLUMN.model_copy(update={"sheet": "application"}),)},
            "kind 为 words 的只能在补充信息表中填写",
        ),
        ("street", {"asked": (COLUMN,)}, "街道、社区由项目名称读出，不另设一栏"),
    ],
)
def test_fields_are_declared_as_they_can_be_filled_in(
    field: str, changes: dict[str, Any], says: str
) -> None:
    number = [*plan().field].index(field)
    held = plan().fields[number].model_copy(update=changes)
    changed = put(plan(), f"fields.{number}", held)
    found = list(fields.declared(changed))
    assert [fault.loc[:2] for fault in found] == [("fields", number)] * bool(says), found
    assert all(says in fault.says for fault in found), found
