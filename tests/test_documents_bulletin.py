"""What bulletins (通报) and feedback letters (函) say, and what they never say."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from common.errors import RefusedError
from common.words import amount, for_paper, numeral, quarter_name, short_date
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.papers.progress_words import month_after
from documents.writing.blocks import Graph, GraphPairs, Heading, PaperTable, PaperText
from policy.load import plan_path
from policy.schema import Plan
from policy.validate import faults
from policy.vocabulary import Disposition, Source, Standing
from states.progress import Progress
from states.snapshot import DeadlineShot, ProjectShot, Snapshot
from tests.support.builders import plan
from tests.support.shots import a_deadline, a_project, a_snapshot, said

ONE, TWO = "XF2023-140105-01", "XF2023-140212-01"
NOTICE = plan_path("shanxi-2023").with_name("notice.txt").read_text(encoding="utf-8")
COMMANDS = (
    "必须",
    "务必",
    "责令",
    "限期",
    "应当",
    "不得",
    "严禁",
    "立即",
    "督办",
    "问责",
    "要求贵",
)
PHONE = "13912345678"


def sections(letter: PaperText) -> dict[str, list[str]]:
    """The texts under each heading of the first level; headings below are texts."""
    found: dict[str, list[str]] = {"": []}
    for block in letter.paragraphs:
        if isinstance(block, Heading) and block.level == 1:
            found[block.heading] = []
        else:
            text = block.heading if isinstance(block, Heading) else block
            found[list(found)[-1]].append(text if isinstance(text, str) else text.caption)
    return found


def wording(letter: PaperText) -> str:
    """All that it says, tables and annexes included."""
    return repr(letter)


def drawn_in(letter: PaperText) -> list[Graph]:
    pairs = (block for block in letter.paragraphs if isinstance(block, GraphPairs))
    return [graph for pair in pairs for graph in pair.graphs]


def month(*, now: Snapshot, before: Snapshot | None = None) -> PaperText:
    return bulletin(plan(), (before, now) if before else (now,))


def of_quarter(city: str, *shots: Snapshot) -> PaperText:
    return feedback(plan(), city, shots)


@pytest.fixture
def quiet() -> Snapshot:
    return a_snapshot((a_project(), a_project(TWO, "大同市", county="新荣区")))


@pytest.fixture
def troubled() -> Snapshot:
    """Of everything that can be wrong, something."""
    stuck = said(10, "100000.00", on_schedule=False, problem=f"材料未到，电话{PHONE}\n联系张某")
    return a_snapshot(
        (
            a_project(milestones={}, progress=(stuck,), responsible=f"张某 {PHONE}"),
            a_project(TWO, "大同市", county="新荣区"),
            a_project("XF2023-140602-01", "朔州市", disposition=Disposition.HELD),
        ),
        (
            a_deadline("D08"),
            a_deadline("D07", TWO, city="大同市"),
            a_deadline("D05", TWO, Standing.COORDINATING, "大同市"),
            a_deadline("D04"),
            a_deadline("D20", TWO, city="大同市"),
            a_deadline("D10-06", "忻州市", city="忻州市"),
            a_deadline("D10-06", "太原市", Standing.MET_LATE, fulfilled_on=date(2023, 6, 27)),
            a_deadline("D14", ONE, Standing.ON_TRACK, days=(date(2023, 7, 31),) * 2),
            a_deadline("D13", "太原市", Standing.ON_TRACK, days=(date(2023, 7, 31),) * 2),
        ),
    )


# --- the bulletin ---------------------------------------------------------------------------------


def test_a_bulletin_has_its_parts_in_order(quiet: Snapshot) -> None:
    letter = month(now=quiet)
    assert letter.title == "山西省民政厅关于2023年6月份城镇社区幸福养老提速工程进展情况的通报"
    assert (letter.addressee, letter.sender) == ("各市民政局", "山西省民政厅")
    heads = ["", "一、总体进展", "二、各市情况", "三、存在问题", "四、下一步要求"]
    assert list(sections(letter)) == heads
    assert letter.annexes == (), "nobody is behind"
    (opening,) = sections(letter)[""]
    whole = "《山西省民政厅关于印发〈2023年城镇社区幸福养老提速工程实施方案〉的通知》"
    assert opening.startswith(f"按照{whole}（晋民发〔2023〕7号）要求，现将6月份")
    assert letter.paragraphs[-1] == "（公开属性由签发人审定）"
    assert letter.number == "晋民函〔2023〕　　号"


def test_a_month_without_trouble_reads_naturally(quiet: Snapshot) -> None:
    letter = month(now=quiet)
    found = sections(letter)
    assert found["三、存在问题"] == ["没有未达序时进度项目，没有需要通报的逾期事项。"]
    step, openness = found["四、下一步要求"]
    assert step == "请各市按照时间节点继续抓好各项建设任务的落实，做好项目运营。"
    assert openness == "（公开属性由签发人审定）"
    assert not [annex for annex in letter.annexes if "无。" in annex.blocks]
    assert "滞后" not in wording(letter)


def test_reports_are_said_to_have_come_where_they_have(quiet: Snapshot) -> None:
    come = (a_deadline("D10-06", "太原市", Standing.MET, fulfilled_on=date(2023, 6, 20)),)
    entered = tuple(
        replace(item, progress=(Progress("2023-06", 10, on_schedule=True),))
        for item in quiet.projects
    )
    found = sections(month(now=a_snapshot(entered, come)))
    told = "各市月报均已按时报送，没有未达序时进度项目，没有需要通报的逾期事项。"
    assert found["三、存在问题"] == [told]


def test_a_month_without_projects_can_be_told(quiet: Snapshot) -> None:
    empty = month(now=a_snapshot())
    assert empty.annexes == ()
    (told,) = sections(empty)["一、总体进展"]
    nothing = "在册项目0个。尚无项目完成选址、开工、竣工、通过验收或投入运营。"
    assert told == f"截至2023年6月30日，全省任务100个，{nothing}"
    assert "0.00" not in wording(empty)


def test_each_problem_is_told_once_and_asked_about(troubled: Snapshot) -> None:
    found = sections(month(now=troubled))
    heads = [text for text in found["三、存在问题"] if text.startswith("（")]
    assert heads == [
        "（一）月报报送不及时",
        "（二）部分项目逾期未足额落实市县配套资金",
        "（三）部分项目逾期未开工",
        "（四）部分项目进度滞后",
    ]
    told = "".join(found["三、存在问题"])
    assert "截至6月30日，忻州市未报送6月份月报。" in told
    assert "太原市于6月27日报送6月份月报，晚于规定时间。" in told
    assert "大同市1个（新荣区示例140212-01社区养老幸福工程），共尚差20.00万元。" in told
    heads = [text for text in found["四、下一步要求"] if re.match("（[一二三四五六七八]）", text)]
    assert [head[3:] for head in heads] == [
        "按时报送月报",
        "抓紧补办逾期事项",
        "推动暂停项目恢复建设",
        "推进建议时限内的工作",
        "配合做好省级工作",
        "做好资金衔接",
    ]
    told = "".join(found["四、下一步要求"])
    assert "建议于7月31日前竣工（尚有1个项目未竣工）" in told
    assert "我厅拟于6—7月开展年中督查，请各市做好配合。" in told


def test_what_is_told_alone_has_no_number(quiet: Snapshot) -> None:
    late = a_deadline("D10-06", "太原市", Standing.MET_LATE, fulfilled_on=date(2023, 6, 27))
    entered = tuple(
        replace(item, progress=(Progress("2023-06", 10, on_schedule=True),))
        for item in quiet.projects
    )
    found = sections(month(now=a_snapshot(entered, (late,))))
    assert found["三、存在问题"] == ["太原市于6月27日报送6月份月报，晚于规定时间。"]
    assert found["四、下一步要求"][0] == "请各市于每月25日前报送当月月报。"


def test_a_report_on_paper_is_in_but_not_entered_and_earns_no_praise(quiet: Snapshot) -> None:
    on_paper = a_deadline("D10-06", "太原市", Standing.MET, fulfilled_on=date(2023, 6, 21))
    found = sections(month(now=a_snapshot(quiet.projects, (on_paper,))))
    assert found["三、存在问题"] == [
        "太原市6月份月报已书面报送，内容尚未录入，其项目当月进度和投资未计入本通报。"
    ]
    assert found["四、下一步要求"][0].startswith("请太原市尽快补录书面报送的月报内容。")
    assert not [text for text in found["二、各市情况"] if "按时报送" in text and "太原市" in text]
    letter = sections(of_quarter("太原市", a_snapshot(quiet.projects, (on_paper,))))
    assert letter["二、存在问题"] == ["贵市6月份月报已书面报送，截至当月末内容尚未录入。"]


def test_provincial_finance_is_never_blamed(troubled: Snapshot) -> None:
    found = sections(month(now=troubled))
    problems = "".join(found["三、存在问题"])
    assert "下达省级" not in problems
    assert "省财政厅" not in problems
    told = "有1个项目尚待省财政厅下达省级补助资金，我厅正与省财政厅衔接。"
    assert told in found["四、下一步要求"]
    letter = sections(of_quarter("大同市", troubled))
    assert told in letter["三、意见建议"], "a city's government is asked for nothing there"


def test_the_annex_holds_nothing_against_a_city_that_is_the_provinces_or_only_proposed(
    troubled: Snapshot,
) -> None:
    slow, *_ = month(now=troubled).annexes
    (table,) = [block for block in slow.blocks if isinstance(block, PaperTable)]
    why = {row[3]: row[table.heads.index("滞后事项及原因")] for row in table.rows}
    problem = "月报反映：材料未到，电话（号码略） 联系张某"
    first = f"应于5月31日前开工，尚未开工；{problem}"
    assert why["示例140105-01社区养老幸福工程"] == first
    second = "应于5月31日前足额落实市县配套资金，尚未完成"
    assert why["示例140212-01社区养老幸福工程"] == second
    problems = "".join(sections(month(now=troubled))["三、存在问题"])
    assert "研究确定" not in problems
    assert "补正" not in problems


def test_no_telephone_number_gets_out(troubled: Snapshot) -> None:
    for letter in (month(now=troubled), of_quarter("太原市", troubled)):
        assert PHONE not in wording(letter)
        assert "材料未到，电话（号码略） 联系张某" in wording(letter)


def test_a_project_on_hold_is_named_apart(troubled: Snapshot) -> None:
    letter = month(now=troubled)
    name = "示例140602-01社区养老幸福工程"
    assert f"暂停的项目为朔州市小店区{name}。" in "".join(sections(letter)["一、总体进展"])
    assert all(name not in repr(annex) for annex in letter.annexes)


def test_many_projects_are_counted_by_city_and_named_in_the_annex() -> None:
    projects = tuple(a_project(f"XF2023-140105-{n:02d}") for n in range(1, 12))
    late = tuple(a_deadline("D08", project.code) for project in projects)
    letter = month(now=a_snapshot(projects, late))
    told = "".join(sections(letter)["三、存在问题"])
    assert "仍有11个项目未开工：太原市11个。" in told
    assert "示例140105-01" not in told
    assert "示例140105-01" in repr(letter.annexes[0])


def test_what_it_adds_to_the_month_before_is_told(quiet: Snapshot) -> None:
    begun = a_project(progress=(said(10, "123456.00", "2023-05"),), milestones={})
    before = a_snapshot((begun,), (), "2023-05", date(2023, 5, 31))
    went_on = a_project(
        progress=(said(10, "123456.00", "2023-05"), said(30, "323456.00")),
        received={Source.PROVINCE: Decimal("600000.00")},
    )
    long_ago = a_snapshot((), (), "2023-04", date(2023, 4, 28))
    letter = bulletin(plan(), (long_ago, before, a_snapshot((went_on,))))
    told = "".join(sections(letter)["一、总体进展"])
    assert "开工1个，占任务数的1.0%，较5月末增加1个" in told
    assert "累计完成投资32.35万元，占投资总额的32.3%，较5月末增加20.00万元" in told
    assert "到位60.00万元，到位率85.7%，较5月末减少10.00万元" in told
    assert "较" not in "".join(sections(month(now=quiet))["一、总体进展"])


def test_the_curves_of_every_month_so_far_are_drawn(quiet: Snapshot) -> None:
    before = a_snapshot((), (), "2023-05", date(2023, 5, 31))
    graph, funds, *_ = drawn_in(month(now=quiet, before=before))
    assert funds.caption == "山西省资金到位情况"
    assert (graph.categories, graph.unit) == (("5月", "6月"), "%")
    told = {series.label: series.values for series in graph.series}
    assert told["开工"] == (Decimal("0.0"), Decimal("2.0"))
    assert list(told) == ["选址", "开工"], "what has not begun is said in words"


def test_plan_actual_and_forecast_with_its_band_are_drawn_for_money_and_counts() -> None:
    """Two months, one project more in each: at that pace three by July."""
    told = (said(5, "100000.00", "2023-05"), said(9, "300000.00", "2023-06"))
    late = (a_deadline("D08"), a_deadline("D14", days=(date(2023, 11, 30),) * 2))
    idle = [a_project(f"XF2023-140105-{n:02d}", milestones={}) for n in range(2, 9)]
    before = a_snapshot((a_project(progress=told[:1]), *idle), (), "2023-05", date(2023, 5, 31))
    two = a_project("XF2023-140105-02")
    now = a_snapshot((a_project(progress=told), two, *idle[1:]), late)
    letter = month(now=now, before=before)
    drawn = {graph.caption: graph for graph in drawn_in(letter)}
    assert list(drawn)[1:3] == ["山西省资金到位情况", "山西省完成投资情况"]
    money = drawn["山西省完成投资情况"]
    lines = {series.label: series.values for series in money.series}
    assert list(lines) == ["计划", "实际", "预测"]
    assert lines["预测"][5:8] == (Decimal(30), Decimal(50), Decimal(70))
    assert money.band[6] == (Decimal(50), Decimal(50))
    assert list(drawn)[3:] == [f"山西省{x}项目数" for x in ("选址", "开工")]
    works = {series.label: series.values for series in drawn["山西省开工项目数"].series}
    assert works["计划"][3:5] == (Decimal(0), Decimal(1))
    assert works["预测"][5:8] == (Decimal(2), Decimal(3), Decimal(4))


def test_nobody_is_behind_by_what_the_province_owes_or_by_a_proposed_day() -> None:
    shot = a_snapshot(
        (a_project(), a_project(TWO, "大同市", county="新荣区")),
        (
            *(a_deadline(rule) for rule in ("D04", "D15", "D16", "D14")),
            a_deadline("D08", TWO, city="大同市"),
        ),
    )
    told = sections(month(now=shot))
    lagging = "未达序时进度项目占本市在册项目的比例由高到低为：大同市1个（占100.0%）。"
    assert lagging in told["二、各市情况"]
    assert "太原市" not in "".join(told["三、存在问题"])
    assert "达到序时进度的项目1个，未达到的0个" in "".join(
        sections(of_quarter("太原市", shot))["一、进展情况"]
    )


def test_reports_of_earlier_months_that_are_missing_are_told_and_not_praised() -> None:
    """阳泉市's of March and April never came, its June report did."""
    projects = tuple(
        a_project(f"XF2023-1403{n:02d}-01", city) for n, city in enumerate(("阳泉市", "长治市"))
    )
    owed = tuple(a_deadline(f"D10-{n}", "阳泉市", city="阳泉市") for n in ("04", "03"))
    shot = a_snapshot(projects, owed)
    told = sections(month(now=shot))
    assert told["二、各市情况"][0] == "长治市项目均达到序时进度，没有逾期事项。"
    assert "阳泉市3月份、4月份月报至今未报送。" in "".join(told["三、存在问题"])
    assert told["四、下一步要求"][0].startswith("请阳泉市尽快补报月报。")
    letter = sections(of_quarter("阳泉市", shot))["二、存在问题"]
    assert letter == ["截至6月30日，贵市3月份、4月份月报仍未报送。"]
    assert "月报" not in "".join(sections(of_quarter("长治市", shot))["二、存在问题"])


def test_papers_print_the_day_of_the_notice_and_not_the_lenient_one() -> None:
    """30 April 2023 is a Sunday and the days after it are holidays: late only after 4 May."""
    days, by = (date(2023, 4, 28), date(2023, 5, 4)), date(2023, 4, 30)
    late = a_deadline("D06", days=days, due=by)
    letter = month(now=a_snapshot((a_project(),), (late,)))
    told = "应于4月30日前确定第三方专业运营机构"
    assert told in "".join(sections(letter)["三、存在问题"])
    assert told in repr(letter.annexes[0])
    assert "5月4日" not in wording(letter)
    open_ = a_deadline("D06", standing=Standing.DUE_SOON, days=days, due=by)
    shot = a_snapshot((a_project(),), (open_,), "2023-04", days[0])
    told = "于4月30日前确定第三方专业运营机构（尚有1个项目未完成）。"
    assert told in "".join(sections(month(now=shot))["四、下一步要求"])


def test_what_the_undone_lack_first_is_told_where_it_is_more_than_the_act_itself() -> None:
    """4 were 未建成并投入运营 beside a table with all but 2 in operation; 1 could not begin."""
    days = (date(2023, 12, 31), date(2023, 12, 31))
    codes = [f"XF2023-140105-0{number}" for number in range(1, 4)]
    steps = ("accepted", "opened", "opened")
    owed = [
        a_deadline("D17", code, Standing.DUE_SOON, days=days, step=step)
        for code, step in zip(codes, steps, strict=True)
    ]
    owed += [
        a_deadline("D08", code, Standing.DUE_SOON, days=days, step=step)
        for code, step in zip(codes, ("work_started", "determined", ""), strict=True)
    ]
    projects = tuple(a_project(code=code) for code in codes)
    shot = a_snapshot(projects, tuple(owed), "2023-11", date(2023, 11, 30))
    told = "".join(sections(month(now=shot))["四、下一步要求"])
    assert "建成并投入运营（尚有3个项目未完成，1个待验收通过、2个待开业运营）" in told
    assert "开工（尚有3个项目未开工，其中1个待研究确定）" in told


def test_nothing_is_asked_for_by_a_day_that_has_passed_when_it_can_be_signed() -> None:
    """Drafted on Friday 28 April, signed on 4 May at the earliest, after the holidays."""
    days, by = (date(2023, 4, 28), date(2023, 5, 4)), date(2023, 4, 30)
    open_ = a_deadline("D06", standing=Standing.DUE_SOON, days=days, due=by)
    ours = a_deadline("D23", "太原市", Standing.DUE_SOON, days=(by, days[1]), due=by)
    shot = a_snapshot((a_project(),), (open_, ours), "2023-04", days[0])
    letter = bulletin(plan(), (shot,), signed=days[1])
    (step, _) = sections(letter)["四、下一步要求"]
    assert step == (
        "4月30日前应确定第三方专业运营机构，尚有1个项目未完成，请有关市、县（市、区）抓紧办理。"
    )
    assert "没有逾期事项。" not in "".join(sections(letter)["二、各市情况"]), "overdue on 5 May"
    assert sections(letter)["三、存在问题"] == ["没有未达序时进度项目，没有需要通报的逾期事项。"]
    told = "".join(sections(feedback(plan(), "太原市", (shot,), days[1]))["三、意见建议"])
    assert "4月30日前应确定第三方专业运营机构，尚有1个项目未完成，建议贵市支持抓紧办理。" in told


def test_what_is_due_on_the_papers_own_day_is_not_done_in_it() -> None:
    """31 May: the next morning the first two are overdue; nobody asks for it by yesterday."""
    own = date(2023, 5, 31)
    projects = (
        a_project(milestones={}),
        a_project(TWO, "大同市", county="新荣区"),
        a_project("XF2023-140602-01", "朔州市"),
    )
    due = (
        a_deadline("D08", standing=Standing.DUE_SOON),
        a_deadline("D07", TWO, Standing.DUE_SOON, "大同市"),
        a_deadline("D08", TWO, Standing.MET, "大同市"),
    )
    letter = month(now=a_snapshot(projects, due, "2023-05", own))
    found = sections(letter)
    assert found["二、各市情况"][0] == "朔州市项目均达到序时进度，没有逾期事项。"
    problems = "".join(found["三、存在问题"])
    assert (
        "（二）部分项目未按时开工按要求应于5月31日前开工，截至5月31日仍有1个项目未开工" in problems
    )
    assert "（一）部分项目未按时足额落实市县配套资金" in problems
    assert "5月31日" not in "".join(found["四、下一步要求"])
    assert "达到序时进度的项目1个，未达到的2个" in "".join(found["一、总体进展"])
    counts = next(b for b in letter.paragraphs if isinstance(b, PaperTable))
    slow = counts.heads.index("未达序时")
    assert [row[slow] for row in counts.rows][:3] == ["1", "1", "0"]


# --- the letter -----------------------------------------------------------------------------------


def test_a_letter_has_the_three_parts_of_the_notice(quiet: Snapshot) -> None:
    letter = of_quarter("太原市", quiet)
    what = "太原市2023年第二季度城镇社区幸福养老提速工程进展情况"
    assert letter.title == f"山西省民政厅关于反馈{what}的函"
    assert (letter.addressee, letter.sender) == ("太原市人民政府", "山西省民政厅")
    heads = [b.heading for b in letter.paragraphs if isinstance(b, Heading) and b.level == 1]
    assert heads == ["一、进展情况", "二、存在问题", "三、意见建议"]
    assert letter.paragraphs[-2:] == ("以上意见建议，请研究并予以支持。", "特此函告。")
    (annex,) = letter.annexes
    assert annex.title == "太原市项目进展情况"
    assert "公开" not in wording(letter)


def test_a_letter_asks_and_does_not_command(troubled: Snapshot) -> None:
    for city in ("太原市", "大同市", "朔州市", "忻州市", "吕梁市"):
        letter = of_quarter(city, troubled)
        assert not [word for word in COMMANDS if word in wording(letter)], city
        asked = [text for text in sections(letter)["三、意见建议"] if not text.startswith("（")]
        told = ("建议", "请", "我厅正与", "特此函告。")
        assert all(any(word in text for word in told) for text in asked)


def test_a_letter_compares_with_the_end_of_the_quarter_before() -> None:
    march = a_snapshot((a_project(milestones={}),), (), "2023-03", date(2023, 3, 31))
    may = a_snapshot((a_project(),), (), "2023-05", date(2023, 5, 31))
    june = a_snapshot((a_project(), a_project("XF2023-140105-02")))
    told = sections(of_quarter("太原市", march, may, june))["一、进展情况"][0]
    assert "开工2个，占任务数的20.0%，较一季度末增加2个" in told


def test_a_letter_tells_the_reports_of_its_quarter() -> None:
    march = (a_deadline("D10-03", "太原市"),)
    april = (a_deadline("D10-04", "太原市"),)
    may = (a_deadline("D10-05", "太原市", Standing.MET_LATE, fulfilled_on=date(2023, 5, 29)),)
    letter = of_quarter(
        "太原市",
        a_snapshot((), march, "2023-03", date(2023, 3, 31)),
        a_snapshot((), april, "2023-04", date(2023, 4, 28)),
        a_snapshot((), may, "2023-05", date(2023, 5, 31)),
        a_snapshot(),
    )
    assert sections(letter)["二、存在问题"] == [
        "截至4月28日，贵市4月份月报尚未报送。贵市5月份月报于5月29日报送，晚于规定时间。"
    ]


cities = st.sampled_from([city.name for city in plan().cities])


@given(st.data())
def test_a_letter_is_of_its_own_city_alone(data: st.DataObject) -> None:
    """Whatever there is elsewhere changes not a word of it."""
    mine = data.draw(cities)
    projects: list[ProjectShot] = []
    late: list[DeadlineShot] = []
    for number in range(data.draw(st.integers(1, 8))):
        place = data.draw(cities)
        project = a_project(
            f"XF2023-1401{number:02d}-01",
            place,
            county=f"{place[:-1]}县",
            progress=(said(data.draw(st.integers(0, 100)), "1.00", on_schedule=number % 2 == 0),),
        )
        projects.append(project)
        rules = data.draw(st.sets(st.sampled_from(["D01", "D07", "D08", "D14"])))
        late += [a_deadline(rule, project.code, city=place) for rule in sorted(rules)]
        late.append(a_deadline("D10-06", place, city=place))
    letter = of_quarter(mine, a_snapshot(tuple(projects), tuple(late)))
    others = [project for project in projects if project.city != mine]
    said_ = wording(letter)
    for other in others:
        assert not any(word in said_ for word in (other.city, other.name, other.county))
    own = [item for item in late if item.city == mine]
    alone = a_snapshot(tuple(p for p in projects if p.city == mine), tuple(own))
    assert of_quarter(mine, alone) == letter


# --- both -----------------------------------------------------------------------------------------


def test_what_is_kept_as_json_is_the_same_letter(troubled: Snapshot) -> None:
    kind = TypeAdapter(PaperText)
    for letter in (month(now=troubled), of_quarter("太原市", troubled)):
        assert kind.validate_python(kind.dump_python(letter, mode="json")) == letter


def test_every_row_of_a_table_is_as_long_as_its_heads(troubled: Snapshot) -> None:
    for letter in (month(now=troubled), of_quarter("太原市", troubled)):
        blocks = [*letter.paragraphs, *(b for annex in letter.annexes for b in annex.blocks)]
        for table in (block for block in blocks if isinstance(block, PaperTable)):
            assert {len(row) for row in table.rows} == {len(table.heads)}
            assert len(table.widths) in (0, len(table.heads))


def test_a_plan_without_them_has_none(quiet: Snapshot) -> None:
    bare = plan().model_copy(update={"bulletin": None, "feedback": None})
    with pytest.raises(RefusedError, match="没有规定逐月通报"):
        bulletin(bare, (quiet,))
    with pytest.raises(RefusedError, match="没有规定季度反馈"):
        feedback(bare, "太原市", (quiet,))


@pytest.mark.parametrize(
    ("said_", "told"),
    [
        (f"请致电{PHONE}", "请致电（号码略）"),
        (f"电话：{PHONE}。", "电话：（号码略）。"),
        ("电话0351-2022000转8", "电话（号码略）转8"),
        ("电话2022000", "电话（号码略）"),
        ("示例 000-0000-0001", "示例 （号码略）"),
        ("+86 139-1234-5678", "（号码略）"),
        ("身份证14010519900101123X", "身份证（号码略）"),
        ("完成投资1234567.89元、12345678元", "完成投资1234567.89元、12345678元"),
        ("2023-06-30前完成，2023年7月再报", "2023-06-30前完成，2023年7月再报"),
        ("晋民发〔2023〕7号\n第2项", "晋民发〔2023〕7号 第2项"),
    ],
)
def test_numbers_of_people_are_left_out_of_free_text(said_: str, told: str) -> None:
    assert for_paper(said_) == told


@pytest.mark.parametrize(
    ("yuan", "told"),
    [("0.00", "0.00"), ("49.99", "0.00"), ("50.00", "0.01"), ("12345650.00", "1234.57")],
)
def test_amounts_are_in_ten_thousands_rounded_half_up(yuan: str, told: str) -> None:
    assert amount(Decimal(yuan)) == told


def test_days_and_numbers_in_words() -> None:
    assert [numeral(n) for n in (1, 10, 11, 20, 21, 99)] == [
        *("一", "十", "十一", "二十", "二十一", "九十九")
    ]
    assert quarter_name("2023Q4") == "2023年第四季度"
    assert short_date(date(2023, 6, 3)) == "6月3日"
    ends = [month_after(date(2023, n, 15)) for n in (1, 10, 11, 12)]
    assert ends == [*(date(2023, 2, 28), date(2023, 11, 30), date(2023, 12, 31), date(2024, 1, 31))]


# --- the plan -------------------------------------------------------------------------------------


def not_by_quarter() -> Plan:
    """The plan with feedback twice a year."""
    halves = [
        duty.model_copy(update={"occasions": {"H1": duty.occasions["Q2"]}})
        if duty.id == "D12"
        else duty
        for duty in plan().duties
    ]
    return plan().model_copy(update={"duties": tuple(halves)})


def changed(section: str, **to: Any) -> Plan:
    """The plan with another section."""
    return plan().model_copy(update={section: getattr(plan(), section).model_copy(update=to)})


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (changed("bulletin", duty="D12"), "未知的省级每月任务“D12”"),
        (changed("bulletin", duty="D10"), "未知的省级每月任务“D10”"),
        (changed("bulletin", letter="feedback_letter"), "未知的省的留痕事项“feedback_letter”"),
        (changed("feedback", duty="D11"), "未知的各市每季任务“D11”"),
        (not_by_quarter(), "未知的各市每季任务“D12”"),
        (changed("feedback", duty="D26"), "未知的各市每季任务“D26”"),
        (
            changed("feedback", letter="determination_declined"),
            "未知的市的留痕事项“determination_declined”",
        ),
        (plan().model_copy(update={"curves": None}), "按月末数据编制，须有 curves"),
    ],
)
def test_a_plan_that_names_the_wrong_duty_or_record_is_refused(broken: Plan, says: str) -> None:
    found = [fault for fault in faults(broken, NOTICE) if fault.loc[0] in ("bulletin", "feedback")]
    assert any(says in fault.says for fault in found)


def test_the_shipped_plan_is_sound() -> None:
    assert not [f for f in faults(plan(), NOTICE) if f.loc[0] in ("bulletin", "feedback")]
