"""What an admin reads in the Prefect UI, as pure pages."""

import re
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from flows.pages.board import board_page
from flows.pages.changes import changes_page, inbox_page
from flows.pages.explain import explain_pages, slug
from flows.pages.lists import due_page, lamp, overdue_page
from flows.pages.markdown import Links, Page, link, plain, private, table
from flows.pages.outbox import outbox_page
from flows.pages.quality import quality_page
from operations.daily.changes import Changes, LateDeadline
from operations.daily.delivery import DeliveryResult
from operations.views.census import Agenda, Census, CountedProject, first_date
from operations.views.contact_gaps import Gap
from operations.views.explain import Explanation
from operations.views.outbox import Health, OutboxHealth
from operations.views.overview import CityBoard, DeadlineView, Survey
from operations.views.project_record import NextAction
from operations.views.published import LONGEST, to_explain
from operations.views.quality import DataQuality
from operations.workbooks.inbox import InboxResult
from policy.vocabulary import (
    AuditKind,
    Basis,
    DeliveryStatus,
    Disposition,
    Level,
    Origin,
    RungKind,
    Standing,
    SubjectKind,
)
from tests.support.builders import plan
from tests.support.surveyed import due_of, late_of, province_of

JUNE = date(2023, 6, 1)
ALL = MarkdownIt("commonmark").enable(["table", "strikethrough"])
HOSTILE = (
    "示例|一 [点我](http://x) **粗** <img src=x onerror=alert(1)> `x` ~~删~~",
    "第一行\n# 第二行\r\n| a | b |\n---",
    "# 标题",
    "1. 一",
    "- - 二",
    "+ 三",
    "===",
    "www.example.com 和 https://example.com 和 a@example.com",
    "&lt;b&gt; &#124; \\| \\",
    "\u202e反过来\u200b",
    "![图](http://x/y.png)",
    "结尾 ##",
    "    四个空格",
)
NONE_SENT = dict.fromkeys(DeliveryStatus, 0)
HEALTHY = Health("合计", 0, 0, 0, 0, 0, 0, None)


NAMED = "示例街道示例社区养老幸福工程（太原市小店区）"


def a_view(**changes: Any) -> DeadlineView:
    view = DeadlineView(
        subject_kind=SubjectKind.PROJECT,
        subject="XF2023-140105-01",
        name="示例街道示例社区养老幸福工程",
        city="太原市",
        county="小店区",
        rule="D08",
        title="全部开工建设",
        clause="六(二)",
        text="确保项目5月份全部开工建设",
        origin=Origin.NOTICE,
        due=date(2023, 5, 31),
        remind_by=date(2023, 5, 31),
        overdue_after=date(2023, 5, 31),
        standing=Standing.OVERDUE,
        fulfilled_on=None,
        responsible="小店区民政局",
        to_do="请签订施工合同",
    )
    return replace(view, **changes)


def surveyed(*views: DeadlineView, board: tuple[CityBoard, ...] = ()) -> Survey:
    return Survey(JUNE, views, (), board)


def board_of(seen: Survey, links: Links, *more: Any) -> Page:
    return board_page(plan(), province_of(seen), (), NONE_SENT, links, *more)


def overdue_of(seen: Survey, links: Links, unexplained: int = 0) -> Page:
    return overdue_page(plan(), JUNE, *late_of(seen, LONGEST), links, unexplained)


def cells(text: str) -> list[list[str]]:
    return [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]


def tokens(text: str) -> list[Token]:
    """Everything that a Markdown parser finds, but for what only holds other things."""
    flat = [each for token in ALL.parse(text) for each in (token.children or [token])]
    return [each for each in flat if each.type not in ("inline", "softbreak")]


# --- what people typed stays text -----------------------------------------------------------------


def assert_text(said: str) -> None:
    """Nothing but text, as paragraph, list item, heading, cell and text of a link."""
    for before, after in (("", ""), ("- ", ""), ("## ", ""), ("| 表 |\n| --- |\n| ", " |")):
        found = [
            each for each in tokens(f"{before}{said}{after}") if each.content not in ("", "表")
        ]
        assert [each.type for each in found] == (["text"] if said else []), (before, said)
        assert "".join(each.content for each in found) == said
    if said:
        found = tokens(link(said, "/artifacts/artifact/1"))
        kinds = [each.type for each in found if each.type not in ("paragraph_open",)]
        assert kinds[:3] == ["link_open", "text", "link_close"]
        assert found[kinds.index("text") + len(found) - len(kinds)].content == said
    assert not re.search(r"://|(?i:\bwww\.)|@", said)  # the UI makes links of addresses


@example("0 #")
@given(st.text() | st.text("|[]()<>*_`~#\\&!-+=1.:/@w \n\r\t㈠一", max_size=40))
def test_no_text_is_read_as_markdown(text: str) -> None:
    assert_text(plain(text))
    assert plain(plain(text)) == plain(text)


def test_hostile_names_stay_names() -> None:
    for text in HOSTILE:
        assert_text(plain(text))
        assert_text(private(text))
    assert plain(HOSTILE[-4]) == "反过来"


def test_a_name_can_still_be_read() -> None:
    assert plain(" 示例街道\n示例社区（一期）") == "示例街道 示例社区（一期）"
    assert plain("晋民发〔2023〕7号 六(二) D10-03") == "晋民发〔2023〕7号 六(二) D10-03"
    assert plain("A|B _粗_ 太原_a_b.xlsx") == "A｜B ＿粗＿ 太原_a_b.xlsx"


def test_telephone_numbers_and_addresses_are_hidden() -> None:
    said = private(
        "请联系13912345678或0351-2022000，zhang.san@example.gov.cn，"
        "mailto://user:pass@smtp.example.com/?to=x"
    )
    for secret in ("13912345678", "2022000", "zhang", "example", "pass"):
        assert secret not in said


def test_tables_stand_apart_from_what_follows() -> None:
    lines = list(table({"市": "---", "数": "---:"}, [["太原市", 1]]))
    assert lines == ["| 市 | 数 |", "| --- | ---: |", "| 太原市 | 1 |", ""]


# --- the pages ------------------------------------------------------------------------------------


def test_every_figure_of_the_board_stands_under_its_heading() -> None:
    stages = tuple(range(21, 29))
    row = CityBoard("太原市", 10, 11, stages, 31, due_soon=32, overdue=33, beyond_proposal=34)
    links = {"太原市": "/artifacts/artifact/7"}
    made = board_of(surveyed(board=(row,)), links)
    assert "截至 **2023-06-01**" in made.text
    head, ruler, taiyuan, total = cells(made.text)
    assert {len(head), len(ruler), len(taiyuan), len(total)} == {15}
    shown = dict(zip(head, taiyuan, strict=True))
    assert shown["市"] == "[太原市](/artifacts/artifact/7)"
    assert (shown["任务数"], shown["项目"]) == ("10", "11")
    assert (shown["选址"], shown["运营"]) == ("21", "28")
    lamps = (shown["办结"], shown["临期"], shown["逾期"], shown["超建议时限"])
    assert lamps == ("31", "32", "33", "34")


def test_the_board_leads_on_and_says_first_what_waits_and_what_is_broken() -> None:
    late = overdue_of(surveyed(), {})
    waiting = replace(late, title="来信核实", waits="待核实的来信3封")
    others = {"/a/8": late, "/a/9": waiting}
    broken = ["备份已超过两天，admin@example.gov.cn。请运行 xingfu backup"]
    made = board_of(surveyed(), {}, others, broken)
    onward, waits, board = re.split("(?=^## )", made.text, flags=re.MULTILINE)[:3]
    assert "另见：[逾期清单（共0项）](/a/8)　[来信核实](/a/9)" in onward
    assert waits.splitlines()[2:4] == [
        "- 值守发现异常：备份已超过两天，＊＊＊＊。请运行 xingfu backup",
        "- [来信核实](/a/9)：待核实的来信3封",
    ]
    assert board.startswith("## 各市进度")
    calm = board_of(surveyed(), {}, {"/a/8": late})
    assert "待处理" not in calm.text


def test_what_the_province_has_to_do_stands_in_no_citys_line() -> None:
    """Its own delay is told beside the cities; proposed days are counted apart (A30).

    What waits for one missing step counts once, as in the list that it stands in.
    """
    other = "XF2023-140105-02"
    own = a_view(provincial=True, responsible="山西省民政厅", subject=other, step="研究确定")
    below = replace(own, rule="D05")
    proposed = a_view(origin=Origin.PROPOSAL, provincial=True, subject="XF2023-140105-03")
    seen = surveyed(a_view(), own, below, proposed)
    made = board_of(seen, {})
    assert "逾期清单（共2项）" in overdue_of(seen, {}).text
    said = "另有省级办理事项（不计入各市）：临期0项，逾期1项，超过建议时限1项。"
    assert said in made.text
    assert lamp([own, a_view(standing=Standing.DUE_SOON)]) == "黄（临期）"
    assert lamp([a_view(origin=Origin.PROPOSAL)]) == "黄（超过建议时限）"
    assert lamp([own]) == "—"


def test_a_day_that_is_only_proposed_is_listed_apart() -> None:
    proposed = a_view(origin=Origin.PROPOSAL, rule="D14", title="竣工并完成设备购置")
    made = overdue_of(surveyed(a_view(), proposed), {})
    assert made.title == "逾期清单（共1项）"
    late, _, beyond = made.text.partition("## 超过建议时限：1项")
    assert "D14" not in late
    assert "D08" not in beyond
    assert [row[0] for row in cells(beyond)] == ["项目或单位", "---", NAMED]
    assert "不作逾期认定" in beyond


def test_the_overdue_list_is_longest_first_and_links_to_explanations() -> None:
    late = a_view(overdue_after=date(2023, 5, 4), subject="XF2023-140106-01", name="甲")
    met = a_view(standing=Standing.MET)
    made = overdue_of(surveyed(a_view(), late, met), {"XF2023-140106-01": "/a/1"}, 3)
    head, _, first, second = cells(made.text)
    shown = dict(zip(head, first, strict=True))
    assert shown["项目或单位"] == "[甲（太原市小店区）](/a/1)"
    assert shown["请办理"] == "小店区民政局：请签订施工合同"
    assert shown["状态"].startswith("D08 逾期28天，时限2023-05-")
    assert second[0] == NAMED
    assert second[2].startswith("D08 逾期1天")
    assert made.title == "逾期清单（共2项）"
    assert "另有3个项目（单位）" in made.text


def test_a_list_that_is_too_long_says_what_it_leaves_out() -> None:
    views = [a_view(subject=f"XF2023-140105-{n:03d}") for n in range(LONGEST + 7)]
    made = overdue_of(surveyed(*views), {})
    assert len(cells(made.text)) == LONGEST + 2
    assert f"共{LONGEST + 7}项" in made.text
    assert "另有7项" in made.text


def test_nothing_late_and_nothing_due_are_said() -> None:
    assert "没有逾期事项。" in overdue_of(surveyed(), {}).text
    assert "没有到期事项。" in due_page(plan(), JUNE, due_of(surveyed()), {}).text


def due(days: int, **changes: Any) -> DeadlineView:
    day = JUNE + timedelta(days=days)
    dated = {"remind_by": day, "overdue_after": day, "standing": Standing.DUE_SOON, **changes}
    return a_view(**dated)


def test_a_week_has_seven_days_and_both_dates_count() -> None:
    long_after = JUNE + timedelta(days=60)
    reminded_first = due(
        5, due=long_after, overdue_after=long_after, standing=Standing.ON_TRACK, rule="D12"
    )
    ends_soon = due(-9, overdue_after=JUNE, rule="D13")
    out = (due(7), due(-1), due(3, standing=Standing.MET), due(3, standing=Standing.OVERDUE))
    seen = surveyed(due(0), due(6), reminded_first, ends_soon, *out)
    made = due_page(plan(), JUNE, due_of(seen), {})
    assert made.title == "七日内到期（共4项）"
    heads = [line for line in made.text.splitlines() if line.startswith("## ")]
    assert heads == [
        "## 2023年6月1日（星期四）：2项",
        "## 2023年6月6日（星期二）：1项",
        "## 2023年6月7日（星期三）：1项",
    ]
    assert str(long_after) in made.text


def test_what_is_due_links_to_explanations_and_has_a_bound() -> None:
    first = due(0, subject="XF2023-140105-02", name="甲")
    found = surveyed(*[due(3)] * LONGEST, first)
    made = due_page(plan(), JUNE, due_of(found, LONGEST), {"XF2023-140105-02": "/a/1"})
    (row,) = (row for row in cells(made.text) if row[0] == "[甲（太原市小店区）](/a/1)")
    assert row[2].startswith("D08 临期，时限")
    assert row[2].endswith(f"，提前办结日{JUNE}")
    assert f"共{LONGEST + 1}项" in made.text
    assert "另有1项" in made.text


def test_a_week_is_told_by_the_first_of_both_dates() -> None:
    def first(remind: int | None, last: int | None) -> int | None:
        days = (None if n is None else JUNE + timedelta(days=n) for n in (remind, last))
        found = first_date(JUNE, *days)
        return None if found is None else (found - JUNE).days

    assert (first(0, 0), first(6, 6), first(5, 60), first(-9, 0), first(2, 4)) == (0, 6, 5, 0, 2)
    assert {first(7, 7), first(-1, -1), first(-1, 7), first(None, None)} == {None}


def test_explanations_are_for_the_most_pressing_first() -> None:
    def agenda(rule: str, day: date | None) -> Agenda:
        return Agenda(False, (), (), (day, rule) if day else None)

    def counted(stage: str, does: Agenda) -> CountedProject:
        return CountedProject("小店区", stage, Disposition.ACTIVE, False, does)

    may, june = date(2023, 5, 31), date(2023, 6, 4)
    projects = {
        counted("siting", agenda("D08", may)): ("B", "D"),
        counted("review", agenda("D08", may)): ("C",),
        counted("siting", agenda("D07", may)): ("E",),
        counted("siting", agenda("D01", june)): ("A",),
        counted("siting", agenda("", None)): ("F",),
    }
    own = agenda("D02", date(2023, 2, 20))
    city = Census("太原市", JUNE, Basis.NEWEST, (0, ""), projects, "太原市", own, {})
    every = ("太原市", "E", "B", "C", "D", "A")
    assert to_explain([city], 9) == (6, every)
    assert to_explain([city], 3) == (6, every[:3])


def test_keys_are_what_prefect_takes() -> None:
    for code in ("XF2023-140105-01", "太原市", "山西省", "P_7/甲 9"):
        assert re.fullmatch(r"[a-z0-9-]+", slug(plan(), code))
    assert slug(plan(), "太原市") == "140100"
    assert slug(plan(), "山西省") == "140000"


def test_an_explanation_is_headed_by_its_subject_and_hostile_words_stay_words() -> None:
    heading = "XF2023-140105-01 示例|[甲](http://x)（太原市小店区，选址，推进中）"
    each = Explanation("XF2023-140105-01", heading, JUNE, (), ())
    (made,) = explain_pages(plan(), [each])
    assert made.name == "explain-xf2023-140105-01"
    assert "**XF2023-140105-01 示例｜［甲］(＊＊＊＊（太原市小店区，选址，推进中）**" in made.text


def test_an_explanation_reads_as_a_page() -> None:
    """Headings are headings, lists are lists, and nobody is shown what only commands take."""
    may = NextAction("hold", "暂停", "五(三)", (), ("未写明依据",), ("山西省民政厅",))
    lacks = NextAction("break_ground", "开工", "六(二)", ("尚未研究确定",), (), ("甲县民政局",))
    later = ("D20 申报材料补正（自“补正通知”起）", "M01 市级拨付")
    each = Explanation("XF2023-140105-01", "甲", JUNE, (), (may, lacks), later)
    (made,) = explain_pages(plan(), [each])
    _, _, told = made.text.partition("**甲**")
    assert told.split("\n") == [
        "",
        "",
        "## 有关情况发生后才起算的时限",
        "",
        "- D20 申报材料补正（自“补正通知”起）",
        "- M01 市级拨付",
        "",
        "## 可以办理",
        "",
        "- 暂停（五(三)，由山西省民政厅办理）",
        "  - 注意：未写明依据",
        "",
        "## 暂不能办理",
        "",
        "- 开工（六(二)，由甲县民政局办理）",
        "  - 尚缺：尚未研究确定",
        "",
    ]
    assert "  hold（暂停，五(三)，由山西省民政厅办理）" in str(each)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1152.28", "1152.28"),
        ("3.", "3．"),
        ("3. 甲", "3． 甲"),
        ("3) 甲", "3） 甲"),
        ("(3)甲", "(3)甲"),
    ],
)
def test_a_number_is_no_list(typed: str, shown: str) -> None:
    """Sums of a paper keep their point; what Markdown would number does not."""
    assert plain(typed) == shown


def test_the_outbox_page_says_how_to_retry() -> None:
    dead = replace(HEALTHY, dead=2, pending=3, failed=1)
    health = OutboxHealth(dead, (), (replace(dead, name="太原市民政局"),), (("拒收 a@b.cn", 2),))
    made = outbox_page(plan(), health, JUNE)
    assert "xingfu retry" in made.text
    assert "a@b" not in made.text
    office = next(row for row in cells(made.text) if row[0] == "太原市民政局")
    assert office[1:5] == ["3", "1", "0", "2"]
    assert "没有待发、发送失败或未送达的消息。" not in made.text
    assert (
        "没有待发、发送失败或未送达的消息。"
        in outbox_page(plan(), replace(health, total=HEALTHY), JUNE).text
    )


def test_the_quality_page_tells_of_offices_and_not_of_people() -> None:
    gap = Gap("大同市民政局", Level.CITY, False, ("平城区", "云冈区"), 4, ("山西省民政厅 张三",))
    made = quality_page(plan(), DataQuality(contacts=(gap,), waiting=("D20",)), JUNE, {})
    assert "平城区、云冈区无人分管" in made.text
    assert "张三" not in made.text
    assert "D20：请在 XINGFU_PLANS" in made.text
    assert "calendars/ 下增加该年文件" in made.text


def test_a_plan_that_cannot_be_run_is_all_that_is_said() -> None:
    made = quality_page(plan(), DataQuality(plan="实施方案已更改，请先运行 xingfu init"), JUNE, {})
    assert "未能核对时限：实施方案已更改，请先运行 xingfu init" in made.text
    assert "没有联系人" not in made.text


NOTHING = Changes((), 0, (), {}, {}, {}, DeliveryResult())


def test_a_run_that_changed_nothing_says_so() -> None:
    assert NOTHING.none
    assert "本次运行没有改变任何事项。" in changes_page(plan(), NOTHING, JUNE, {}).text


def test_what_a_run_changed() -> None:
    changed = Changes(
        missed=(date(2023, 5, 30), date(2023, 5, 31)),
        overdue=5,
        late=(LateDeadline("XF2023-140105-01", "甲", "太原市", "D08", "全部开工建设", "六(二)"),),
        owed={RungKind.URGE: 7, RungKind.ESCALATE: 2},
        withdrawn={RungKind.REMIND: 1},
        recorded={AuditKind.TRANSITION: 3},
        delivered=DeliveryResult(digests=4, sent=8, failed=1, errors=("某局 甲：拒收 x@y.cn",)),
        notes=("缺2024年",),
    )
    text = changes_page(plan(), changed, JUNE, {"XF2023-140105-01": "/a/1"}).text
    for said in (
        "补作此前未核对的2天：2023年5月30日（星期二）至2023年5月31日（星期三）。",
        "新认定逾期：5项",
        "9条（催办7条，提级2条）",
        "1条（提醒1条）",
        "4份，含消息8条；失败1条",
        "[甲](/a/1)",
        "另有4项未列出。",
        "办理3条",
        "缺2024年",
    ):
        assert said in text
    assert "x@y" not in text
    assert "没有改变" not in text


def test_a_round_of_the_inbox_lists_every_file() -> None:
    read = InboxResult(done=("太原市/a|b.xlsx：已导入",), returned=("大同市/c.xlsx：已退回",))
    text = inbox_page(plan(), read, replace(NOTHING, recorded={AuditKind.IMPORT: 1}), JUNE).text
    assert "- 太原市/a｜b.xlsx：已导入" in text
    assert "## 已退回：1份" in text
    assert "导入1条" in text
