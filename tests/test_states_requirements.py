"""Each kind of check at its edges: what just meets it, and what just does not; credit codes
against the check character worked out by the standard's own table.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy import checks
from policy.vocabulary import EntryKind, Force, Holder, Level, Source
from states.contacts import Post, acceptors_of
from states.ledger import LedgerLine
from states.requirements import (
    Case,
    Shortfall,
    concerns,
    is_met,
    payable,
    read_measure,
    shortfalls,
    valid_uscc,
)
from tests.support.builders import a_dossier, answers, opinion, plan

ON = date(2023, 6, 1)
EVE, NEXT = date(2023, 5, 31), date(2023, 6, 2)


def a_case(*, case: dict[str, Any] | None = None, **changes: Any) -> Case:
    """A case on 1 June; `changes` of its dossier or profile, `case` of itself."""
    return replace(Case(plan(), a_dossier(**changes), ON, "会议纪要1号"), **(case or {}))


def holds(check: Any, *, case: dict[str, Any] | None = None, **changes: Any) -> bool:
    return is_met(check, a_case(case=case, **changes))


AREA = checks.WithinCheck(kind="within", field="area", least=Decimal(500), most=Decimal(2000))
LEAST = checks.WithinCheck(kind="within", field="beds", least=Decimal(10))
MOST = checks.WithinCheck(kind="within", field="beds", most=Decimal(10))
PRESENT = checks.PresentCheck(kind="present", fields=("street", "beds", "functions"))
ONE_OF = checks.OneOfCheck(kind="one_of", field="old_community", values=("是",))
NONE_OF = checks.NoneOfCheck(kind="none_of", field="tenure", values=("政府租赁",))
INCLUDES = checks.IncludesCheck(kind="includes", field="commitments", values=("按时完工", "足额"))
ENDS = checks.EndsWithCheck(kind="ends_with", field="letter_issuer", text="{city}人民政府")
REACHED = checks.ReachedCheck(kind="reached", milestones=("determined", "funds_released"))
EVIDENCED = checks.EvidencedCheck(kind="evidenced")
FREE = checks.QuotaFreeCheck(kind="quota_free")
PAIRED = checks.PairedCheck(
    kind="paired", field="building_kind", by="site_source", allowed={"A": ("改建", "其他")}
)
PAST = checks.PastCheck(kind="past", fields=("visited_on", "letter_on"))
ORDERED = checks.OrderedCheck(
    kind="ordered", groups=(("county_civil_on", "county_finance_on"), ("city_civil_on",))
)
UNTIL = checks.UntilCheck(kind="until", field="agreement_to", after=date(2023, 12, 31))
LASTS = checks.LastsCheck(kind="lasts", start="agreement_from", end="agreement_to", years=5)
AGED = checks.AgedCheck(kind="aged", field="operator_since", years=1)
CODE = checks.CreditCodeCheck(kind="credit_code", field="operator_code")
ELAPSED = checks.ElapsedCheck(kind="elapsed", since="determined", days=5)
ANSWERED = checks.AnsweredCheck(kind="answered", milestone="rectification_ordered", by="rectified")
BY_COUNTY = checks.ActedByCheck(kind="acted_by", level=Level.COUNTY)
UNSERVED = checks.UnservedFirstCheck(kind="unserved_first")
MAJORITY = checks.MajorityCheck(kind="majority", building_kind="改建")
STATED = checks.AmountStatedCheck(kind="amount_stated")
CAPPED = checks.AmountCappedCheck(kind="amount_capped")
EXACT = checks.AmountExactCheck(kind="amount_exact")
THIRD_PARTY = checks.ThirdPartyCheck(
    kind="third_party", field="operator", owner="site_owner", code="operator_code"
)
SHARES = checks.LocalShareCoveredCheck(kind="local_share_covered")
SUBSIDISED = checks.SubsidyCoveredCheck(kind="subsidy_covered")


@pytest.mark.parametrize(
    ("check", "changes", "met"),
    [
        (AREA, {"area": Decimal("499.99")}, False),
        (AREA, {"area": Decimal("500.00")}, True),
        (AREA, {"area": Decimal("2000.00")}, True),
        (AREA, {"area": Decimal("2000.01")}, False),
        (AREA, {"area": None}, False),
        # neither who owns the site, nor an organ (登记管理部门代码 11), nor a civil affairs office
        (THIRD_PARTY, {}, True),
        (THIRD_PARTY, {"site_owner": "示例养老 服务有限公司"}, False),
        (THIRD_PARTY, {"site_owner": None}, True),
        (THIRD_PARTY, {"operator": None, "site_owner": None}, True),
        (THIRD_PARTY, {"operator_code": "11140100MB1234567X"}, False),
        (THIRD_PARTY, {"operator_code": None}, True),
        (THIRD_PARTY, {"operator": "太原市民政局"}, False),
        (THIRD_PARTY, {"operator": "太原市民政局养老服务科"}, False),
        (THIRD_PARTY, {"operator": "小店区民政局"}, False),
        (THIRD_PARTY, {"operator": "附近的养老院"}, True),
        (LEAST, {"beds": 9}, False),
        (LEAST, {"beds": 9000}, True),
        (MOST, {"beds": 0}, True),
        (MOST, {"beds": 11}, False),
        (PRESENT, {"beds": 0}, True),
        (PRESENT, {"beds": None}, False),
        (PRESENT, {"street": ""}, False),
        (PRESENT, {"functions": frozenset()}, False),
        (ONE_OF, {"old_community": True}, True),
        (ONE_OF, {"old_community": False}, False),
        (ONE_OF, {"old_community": None}, False),
        (NONE_OF, {"tenure": "政府无偿提供"}, True),
        (NONE_OF, {"tenure": "政府租赁"}, False),
        (NONE_OF, {"tenure": None}, False),
        (NONE_OF, {"tenure": ""}, False),
        (INCLUDES, {"commitments": frozenset({"按时完工", "足额", "其他"})}, True),
        (INCLUDES, {"commitments": frozenset({"按时完工"})}, False),
        (ENDS, {"letter_issuer": "山西省太原市人民政府"}, True),
        (ENDS, {"letter_issuer": "大同市人民政府"}, False),
        (ENDS, {"letter_issuer": None}, False),
        (REACHED, {"milestones": {"determined": EVE, "funds_released": ON}}, True),
        (REACHED, {"milestones": {"determined": EVE, "funds_released": NEXT}}, False),
        (REACHED, {"milestones": {"funds_released": ON}}, False),
        (EVIDENCED, {}, True),
        (EVIDENCED, {"case": {"evidence": " 　"}}, False),
        (FREE, {"quota_left": 1}, True),
        (FREE, {"quota_left": 0}, False),
        (FREE, {"quota_left": -1}, False),
        (FREE, {"quota_left": None}, True),
        (PAIRED, {"site_source": "A", "building_kind": "改建"}, True),
        (PAIRED, {"site_source": "A", "building_kind": "新建"}, False),
        (PAIRED, {"site_source": "A", "building_kind": None}, False),
        (PAIRED, {"site_source": "Z", "building_kind": "新建"}, True),
        (PAIRED, {"site_source": None, "building_kind": "新建"}, True),
        (PAST, {"visited_on": ON, "letter_on": ON}, True),
        (PAST, {"visited_on": ON, "letter_on": NEXT}, False),
        (PAST, {"visited_on": None, "letter_on": ON}, False),
        (ORDERED, {"county_civil_on": ON, "county_finance_on": EVE, "city_civil_on": ON}, True),
        (ORDERED, {"county_civil_on": ON, "county_finance_on": EVE, "city_civil_on": EVE}, False),
        (ORDERED, {"county_civil_on": None, "county_finance_on": None}, True),
        (ORDERED, {"county_civil_on": None, "county_finance_on": ON, "city_civil_on": EVE}, False),
        (UNTIL, {"agreement_to": date(2024, 1, 1)}, True),
        (UNTIL, {"agreement_to": date(2023, 12, 31)}, False),
        (UNTIL, {"agreement_to": None}, False),
        (LASTS, {"agreement_from": date(2023, 3, 1), "agreement_to": date(2028, 2, 29)}, True),
        (LASTS, {"agreement_from": date(2023, 3, 1), "agreement_to": date(2028, 2, 28)}, False),
        (LASTS, {"agreement_from": date(2024, 2, 29), "agreement_to": date(2029, 2, 28)}, True),
        (LASTS, {"agreement_from": None, "agreement_to": date(2099, 1, 1)}, False),
        (LASTS, {"agreement_from": date(2023, 3, 1), "agreement_to": None}, False),
        (AGED, {"operator_since": date(2022, 6, 1)}, True),
        (AGED, {"operator_since": date(2022, 6, 2)}, False),
        (AGED, {"operator_since": None}, False),
        (CODE, {"operator_code": "91140100MA00000016"}, True),
        (CODE, {"operator_code": "91140100MA00000017"}, False),
        (CODE, {"operator_code": None}, False),
        (ELAPSED, {"milestones": {"determined": date(2023, 5, 26)}}, True),
        (ELAPSED, {"milestones": {"determined": date(2023, 5, 27)}}, False),
        (ELAPSED, {}, False),
        (ANSWERED, {}, True),
        (ANSWERED, {"milestones": {"rectification_ordered": EVE}}, False),
        (ANSWERED, {"milestones": {"rectification_ordered": EVE, "rectified": EVE}}, True),
        (ANSWERED, {"milestones": {"rectification_ordered": EVE, "rectified": ON}}, True),
        (ANSWERED, {"milestones": {"rectification_ordered": EVE, "rectified": NEXT}}, False),
        (ANSWERED, {"milestones": {"rectification_ordered": ON, "rectified": EVE}}, False),
        (BY_COUNTY, {"case": {"actor": " 太原市小店区民政局王某"}}, True),
        (BY_COUNTY, {"case": {"actor": "太原市民政局王某"}}, False),
        (UNSERVED, {"unserved": True, "unserved_open": ("清徐县",)}, True),
        (UNSERVED, {"unserved": False, "unserved_open": ()}, True),
        (UNSERVED, {"unserved": False, "unserved_open": ("清徐县",)}, False),
        (MAJORITY, {"building_kinds": {"改建": 3, "新建": 2}}, True),
        (MAJORITY, {"building_kinds": {"改建": 2, "新建": 2}}, False),
        (MAJORITY, {"building_kinds": {"新建": 1}}, False),
        (MAJORITY, {"building_kinds": {"改建": 1}}, True),
        (STATED, {"case": {"amount": Decimal("0.01")}}, True),
        (STATED, {"case": {"amount": Decimal(0)}}, False),
        (STATED, {"case": {"amount": None}}, False),
        # 1200 ㎡ in a district: 840,000 元
        (CAPPED, {"case": {"amount": Decimal(840000)}}, True),
        (CAPPED, {"case": {"amount": Decimal("840000.01")}}, False),
        (CAPPED, {"case": {"amount": None}}, True),
        (CAPPED, {"area": None, "case": {"amount": Decimal(1)}}, True),
        (EXACT, {"case": {"amount": Decimal(840000)}}, True),
        (EXACT, {"case": {"amount": Decimal("839999.99")}}, False),
        (EXACT, {"case": {"amount": Decimal("840000.01")}}, False),
        (EXACT, {"case": {"amount": None}}, True),
        (EXACT, {"area": None, "case": {"amount": Decimal(1)}}, False),
        # 1,500,000 less 840,000 leaves 660,000 元
        (SHARES, {}, True),
        (SHARES, {"city_share": Decimal("400000.01")}, True),
        (SHARES, {"city_share": Decimal("399999.99")}, False),
        (SHARES, {"county_share": Decimal("259999.99")}, False),
        (SHARES, {"city_share": None}, False),
        (SHARES, {"county_share": None}, False),
        (SHARES, {"investment": None, "county_share": None}, True),
        (SHARES, {"area": None, "county_share": None}, True),
        (SUBSIDISED, {"investment": Decimal(840000)}, True),
        (SUBSIDISED, {"investment": Decimal("839999.99")}, False),
        (SUBSIDISED, {"investment": None}, True),
        (SUBSIDISED, {"area": None, "investment": Decimal(1)}, True),
    ],
)
def test_each_check_at_its_edge(check: Any, changes: dict[str, Any], *, met: bool) -> None:
    assert holds(check, **changes) is met


# --- review ---------------------------------------------------------------------------------------

ENOUGH = checks.EnoughOpinionsCheck(kind="enough_opinions")
AGREED = checks.AgreedCheck(kind="agreed", discussed="review_discussed")
SCORED = checks.ScoredCheck(kind="scored")
UNREVIEWED = plan().model_copy(update={"review": None})


def rated(*points: int, on: date = EVE) -> dict[str, Any]:
    return {"opinions": tuple(opinion(f"专家{n}", each, on) for n, each in enumerate(points))}


@pytest.mark.parametrize(
    ("check", "changes", "met"),
    [
        (ENOUGH, rated(80, 80, 80, on=ON), True),
        (ENOUGH, rated(80, 80), False),
        (ENOUGH, rated(80, 80, 80, on=NEXT), False),
        (AGREED, rated(60, 80), True),
        (AGREED, rated(60, 81), False),
        (AGREED, rated(), True),
        (AGREED, {**rated(60, 81), "milestones": {"review_discussed": EVE}}, True),
        (AGREED, {**rated(60, 81), "milestones": {"review_discussed": ON}}, True),
        (AGREED, {**rated(60, 81), "milestones": {"review_discussed": NEXT}}, False),
        (AGREED, {**rated(60, 81, on=ON), "milestones": {"review_discussed": EVE}}, False),
        (SCORED, rated(60, 60), True),
        (SCORED, rated(60, 59), False),
        (SCORED, rated(), False),
    ],
)
def test_reviews_at_their_edge(check: Any, changes: dict[str, Any], *, met: bool) -> None:
    assert holds(check, **changes) is met


def test_without_a_rule_of_review_nothing_is_enough_and_nobody_disagrees() -> None:
    without = {"plan": UNREVIEWED}
    assert [holds(check, case=without, **rated(0, 100, 90)) for check in (ENOUGH, SCORED)] == [
        False,
        False,
    ]
    assert holds(AGREED, case=without, **rated(0, 100, 90))


# --- matching funds, checklist, acceptors ---------------------------------------------------------


@pytest.mark.parametrize(
    ("promised", "came", "on", "met"),
    [
        ("400.00", "400.00", ON, True),
        ("400.00", "399.99", ON, False),
        ("400.00", "400.00", NEXT, False),
        ("0", None, ON, True),
        (None, "400.00", ON, False),
    ],
)
def test_matching_funds_are_whole_by_the_day(
    promised: str | None, came: str | None, on: date, *, met: bool
) -> None:
    lines = [
        LedgerLine(1, EntryKind.RECEIPT, on, source, Holder.PROJECT, Decimal(came), "凭证")
        for source in (Source.CITY,)
        if came
    ]
    shares: dict[str, Any] = {
        "city_share": Decimal(promised) if promised else None,
        "county_share": Decimal(7),
    }
    assert (
        holds(checks.MatchedCheck(kind="matched", source=Source.CITY), lines=lines, **shares) is met
    )
    assert not holds(
        checks.MatchedCheck(kind="matched", source=Source.COUNTY), lines=lines, **shares
    )


@pytest.mark.parametrize(
    ("changes", "answered", "passed"),
    [
        ({}, True, True),
        ({"area": "900"}, True, True),
        ({"fire": "否"}, True, False),
        ({"fire": " 是 "}, True, True),
        ({"fire": " "}, False, False),
        ({"beds": ""}, False, False),
    ],
)
def test_a_checklist_is_answered_or_passed(
    changes: dict[str, str], *, answered: bool, passed: bool
) -> None:
    judged = next(item.id for item in plan().checklist if item.judged)
    told = answers(**{judged if name == "fire" else name: word for name, word in changes.items()})
    found = [
        holds(checks.ChecklistCheck(kind="checklist", passed=strict), case={"checks": told})
        for strict in (False, True)
    ]
    assert found == [answered, passed]


@pytest.mark.parametrize(
    ("people", "met"),
    [
        ("大同市民政局王某、大同市民政局李某", True),
        ("大同市民政局王某，朔州市民政局李某", True),
        ("大同市民政局王某", False),
        ("大同市民政局王某、大同市民政局王某", False),
        ("大同市民政局王某、大同市民政局李某、太原市民政局赵某", False),
        ("大同市民政局王某、大同市民政局 王某", False),
        ("大同市民政局王某、大同市民政局", False),
        ("大同市民政局王某、大同市民政局分管领导李某", True),
        ("大同市民政局王某、大同市财政局李某", False),
        ("大同市民政局王某、示例大学李某", False),
        ("", False),
    ],
)
def test_acceptors_are_several_and_from_elsewhere(people: str, *, met: bool) -> None:
    crossed = checks.CrossedCheck(kind="crossed", item="acceptors", least=2)
    assert holds(crossed, case={"checks": {"acceptors": people}}) is met


def test_acceptors_are_leaders_or_heads_in_the_contacts() -> None:
    crossed = checks.CrossedCheck(kind="crossed", item="acceptors", least=2)
    known = acceptors_of(
        plan(),
        [
            Post("大同市民政局分管领导", "王某", "副局长"),
            Post("大同市民政局", "李某", "养老服务科科长"),
            Post("大同市民政局", "赵某", "养老服务科副科长"),
            Post("太原市小店区民政局", "钱某", "养老服务科科长"),
            Post("山西省民政厅", "孙某", "处长"),
        ],
    )
    assert known == {"大同市民政局": frozenset({"王某", "李某"})}
    for people, met in (
        ("大同市民政局王某、大同市民政局李某", True),
        ("大同市民政局王某、大同市民政局赵某", False),
        ("大同市民政局王某、大同市民政局吴某", False),
        ("大同市民政局王某、朔州市民政局吴某", True),  # nobody of that bureau is known
    ):
        case = {"checks": {"acceptors": people}, "acceptors": known}
        assert holds(crossed, case=case) is met, people


# --- what a shortfall says ------------------------------------------------------------------------

RULE = plan().requirements[0]


@pytest.mark.parametrize(
    ("force", "reasoned", "reason", "refuses", "end"),
    [
        (Force.HARD, False, "", True, "；请补正"),
        (Force.SOFT, False, "", False, "；请补正"),
        (Force.SOFT, True, "", True, "；请补正；须附书面说明（R99）"),
        (Force.SOFT, True, "面积受限", False, "；请补正；已说明：面积受限"),
        (Force.HARD, True, "", True, "；请补正"),
    ],
)
def test_a_shortfall_refuses_unless_it_is_soft_and_explained(
    force: Force, reason: str, end: str, *, reasoned: bool, refuses: bool
) -> None:
    changes = {"force": force, "reasoned": reasoned, "id": "R99", "mend": "请补正"}
    found = Shortfall(RULE.model_copy(update=changes), reason)
    assert found.hard is (force is Force.HARD)
    assert found.refuses is refuses
    assert str(found) == f"{RULE.says}（{RULE.clause}）{end}"


def the_plan(*rules: dict[str, Any]) -> Any:
    made = [RULE.model_copy(update={"before": ("hold",), "when": {}, **rule}) for rule in rules]
    return plan().model_copy(update={"requirements": tuple(made)})


def lacking(*rules: dict[str, Any], **changes: Any) -> list[str]:
    case = replace(a_case(**changes), plan=the_plan(*rules))
    return [found.requirement.id for found in shortfalls(case, "hold")]


def test_shortfalls_come_hard_first_and_only_those_of_the_act_and_the_project() -> None:
    soft = {"id": "soft", "force": Force.SOFT, "check": FREE}
    hard = {"id": "hard", "force": Force.HARD, "check": FREE}
    other = {"id": "other", "before": ("resume",), "check": FREE}
    young = {"id": "young", "check": FREE, "when": {"old_community": ("否",)}}
    assert lacking(soft, hard, other, young, quota_left=0) == ["hard", "soft"]
    assert lacking(soft, hard, other, quota_left=1) == []
    assert lacking(young, quota_left=0, old_community=False) == ["young"]
    assert lacking(young, quota_left=0, old_community=None) == []


@pytest.mark.parametrize(
    ("given", "explanation", "told"),
    [({"soft": " 甲 "}, "乙", "甲"), ({"soft": " "}, " 乙 ", "乙"), ({}, None, "")],
)
def test_a_reason_is_given_for_the_condition_or_for_all(
    given: dict[str, str], explanation: str | None, told: str
) -> None:
    rule = {"id": "soft", "force": Force.SOFT, "check": FREE, "reasoned": True}
    case = a_case(case={"reasons": given}, quota_left=0, explanation=explanation)
    (found,) = shortfalls(replace(case, plan=the_plan(rule)), "hold")
    assert found.reason == told
    plain = the_plan({**rule, "reasoned": False})
    (found,) = shortfalls(replace(case, plan=plain), "hold")
    assert found.reason == ""


def test_an_action_pays_its_share_rounded_to_the_fen() -> None:
    """700 元 times 1200.01 ㎡ is 840,007 元, of which 0.335 is 281,402.345."""
    case = a_case(area=Decimal("1200.01"))
    half = plan().actions[0].model_copy(update={"id": "pay", "pays": Decimal("0.335")})
    sharing = plan().model_copy(update={"actions": (half,)})
    assert str(payable(case)) == "840007.00"
    assert str(payable(replace(case, plan=sharing, act="pay"))) == "281402.35"
    assert str(payable(replace(case, plan=sharing, act="other"))) == "840007.00"
    assert payable(a_case(area=None)) is None


def test_the_last_share_is_what_is_left() -> None:
    """Thirds of 840,000.01 元, rounded, would come to a 分 too much; and nothing is paid twice."""
    case = a_case(area=Decimal("1200.00"))
    third = plan().actions[0].model_copy(update={"id": "pay", "pays": Decimal("0.335")})
    sharing = replace(case, plan=plan().model_copy(update={"actions": (third,)}), act="pay")
    for released, left in (
        ("0.00", "281400.00"),
        ("562800.00", "277200.00"),
        ("840000.00", "0.00"),
    ):
        dossier = replace(case.dossier, released=Decimal(released))
        assert payable(replace(sharing, dossier=dossier)) == Decimal(left)


def test_what_was_released_makes_no_condition_of_an_application_easier() -> None:
    """The investment must cover the whole subsidy, however much of it is out already."""
    rule = {
        "id": "covered",
        "before": ("hold",),
        "check": checks.SubsidyCoveredCheck(kind="subsidy_covered"),
    }
    case = replace(a_case(investment=Decimal("839999.99")), plan=the_plan(rule))
    half_out = replace(case.dossier, released=Decimal("420000.00"))
    assert len(shortfalls(replace(case, dossier=half_out), "hold")) == 1


def test_what_acceptance_measured_anew_is_what_is_judged() -> None:
    """1200 ㎡ were applied for; the checklist of an acceptance says 400."""
    rule = {"id": "size", "before": ("pass_acceptance", "hold"), "check": AREA}
    told = {"checks": answers(area="400.00")}
    case = replace(a_case(case=told), plan=the_plan(rule))
    assert len(shortfalls(case, "pass_acceptance")) == 1
    assert shortfalls(case, "hold") == ()
    blank = replace(case, checks=answers(area=" "))
    assert shortfalls(blank, "pass_acceptance") == ()


def test_a_measure_is_read_as_its_field() -> None:
    assert read_measure(plan(), "area", " 900.5 ") == Decimal("900.50")
    assert read_measure(plan(), "beds", "12") == 12
    assert read_measure(plan(), "functions", "老人餐厅， 日间照料、") == frozenset(
        {"老人餐厅", "日间照料"}
    )
    with pytest.raises(ValueError, match="九百"):
        read_measure(plan(), "area", "九百")


@pytest.mark.parametrize(
    ("check", "fields"),
    [
        (SUBSIDISED, ("investment", "area")),
        (SHARES, ("city_share", "county_share")),
        (UNSERVED, ("community",)),
        (MAJORITY, ("building_kind",)),
        (AREA, ("area",)),
        (PAST, ("visited_on", "letter_on")),
        (ORDERED, ("county_civil_on", "county_finance_on", "city_civil_on")),
        (LASTS, ("agreement_from", "agreement_to")),
        (FREE, ()),
    ],
)
def test_a_check_names_the_fields_it_is_about(check: Any, fields: tuple[str, ...]) -> None:
    assert concerns(check) == fields
    assert set(fields) <= set(plan().field)


# --- 统一社会信用代码 ------------------------------------------------------------------------

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015, table 1: no I, O, S, V, Z


def check_character(first: str) -> str:
    """GB 32100-2015, annex A: weights are 3 to the power of the place, modulo 31."""
    total = sum(SIGNS.index(sign) * pow(3, place, 31) for place, sign in enumerate(first))
    return SIGNS[-total % 31]


@given(st.text(SIGNS[:10], min_size=6, max_size=6), st.text(SIGNS, min_size=9, max_size=9))
def test_one_check_character_of_all_is_right(where: str, body: str) -> None:
    first = f"91{where}{body}"
    assert [sign for sign in SIGNS if valid_uscc(first + sign)] == [check_character(first)]


@pytest.mark.parametrize("code", ["", "9114", "91140100MA0000001", "91140100MA00000016 X"])
def test_what_is_no_code_is_not_valid(code: str) -> None:
    assert valid_uscc(code) is False
