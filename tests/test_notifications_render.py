"""The digest: what it says, in which order, and that it loses nothing."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.words import dated
from notifications.message import Attachment, DigestLine, LaterStep, Message, Receipt
from notifications.render import digest, sections
from notifications.wording import closing, request, status, summary, term
from policy.vocabulary import IntakeResult, Origin, RungKind, SubjectKind
from tests.support.builders import a_line

AS_OF = date(2023, 6, 1)
SENT_AT = datetime(2023, 6, 1, 0, 30, tzinfo=UTC)
LINE = a_line()

WORDS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12)
DAYS = st.dates(date(2023, 5, 20), date(2023, 6, 10))
FEW = {"title": ("开工", "验收"), "rule": ("D08", "D16"), "to_do": ("请办理", "请示省政府")}


@st.composite
def some_line(draw: st.DrawFn) -> DigestLine:
    remind_by = draw(DAYS)
    literal = remind_by + timedelta(days=draw(st.integers(0, 5)))
    few: dict[str, Any] = {name: draw(st.sampled_from(values)) for name, values in FEW.items()}
    return replace(
        LINE,
        **few,
        kind=draw(st.sampled_from(RungKind)),
        subject_kind=draw(st.sampled_from(SubjectKind)),
        subject=draw(WORDS),
        name=draw(WORDS),
        place=draw(st.sampled_from(("", "太原市清徐县", "大同市"))),
        clause=draw(st.sampled_from(("六(二)", "五(八)；<六>"))),
        origin=draw(st.sampled_from(Origin)),
        due=literal,
        remind_by=remind_by,
        overdue_after=literal + timedelta(days=draw(st.integers(0, 5))),
        bound=draw(st.booleans()),
        step=draw(st.sampled_from(("", "研究确定，山西省民政厅"))),
        below=draw(st.sampled_from(((), (LaterStep("D09", "推进", date(2023, 6, 30)),)))),
        own=draw(st.booleans()),
        responsible=draw(st.sampled_from(("太原市清徐县民政局", "大同市民政局"))),
        missing=tuple(draw(st.lists(WORDS, max_size=2))),
        words=draw(st.sampled_from(("", "全部开工"))),
        person=draw(st.sampled_from(("", "张某"))),
        phone=draw(st.sampled_from(("", "0351-2022000"))),
        note=draw(st.one_of(st.just(""), WORDS)),
    )


LINES = st.lists(some_line(), min_size=1, max_size=12)


def written(*lines: DigestLine, attachments: tuple[Attachment, ...] = ()) -> Message:
    return digest(
        "0f3c9a77b1d24e5f",
        "太原市清徐县民政局",
        AS_OF,
        lines,
        "2023年城镇社区幸福养老提速工程",
        attachments,
        SENT_AT,
        called="幸福养老工程",
    )


def due(kind: RungKind, remind_by: date, overdue_after: date | None = None) -> DigestLine:
    late_after = overdue_after or remind_by
    return replace(LINE, kind=kind, due=remind_by, remind_by=remind_by, overdue_after=late_after)


def test_an_overdue_project_in_full() -> None:
    message = written(LINE)
    assert message.title == "【幸福养老工程】2023年6月1日待办：1项逾期（太原市清徐县民政局）"
    assert message.text == (
        "太原市清徐县民政局：\n"
        "\n"
        "截至2023年6月1日（星期四），“2023年城镇社区幸福养老提速工程”"
        "现有待办事项：1项逾期，请抓紧办理。\n"
        "\n"
        "一、逾期事项\n"
        "\n"
        "1．【催办】全部开工建设：已逾期1天\n"
        "    项目：太原市清徐县 清源街道东关社区养老幸福工程（XF2023-140121-01）\n"
        "    依据：晋民发〔2023〕7号 六(二)\n"
        "    时限：2023年5月31日（星期三）\n"
        "    责任单位：太原市清徐县民政局\n"
        "    请办理：签订施工合同、组织进场并办理开工\n"
        "    现状：施工合同签订日期\n"
        "    编号：D08\n"
        "\n"
        "本邮件由系统自动发出，请勿直接回复。\n"
    )


FULL = replace(
    LINE,
    words="5月31日前，“全部”开工建设",
    person="张某",
    phone="0351-2022000",
    note="已知悉，预计6月10日完成：雨季停工",
)


def test_what_is_known_of_a_line_is_all_told() -> None:
    message = digest(
        "id",
        "太原市民政局",
        AS_OF,
        [FULL],
        "方案",
        (),
        SENT_AT,
        ("太原市小店区民政局尚无联系人，涉及3个项目，请代为转达", "请核对。"),
        "张某",
        called="幸福养老工程",
    )
    assert message.text.startswith(
        "太原市民政局 张某：\n"
        "\n"
        "截至2023年6月1日（星期四），“方案”现有待办事项：1项逾期，请抓紧办理。\n"
        "\n"
        "提示\n"
        "    （1）太原市小店区民政局尚无联系人，涉及3个项目，请代为转达。\n"
        "    （2）请核对。\n"
        "\n"
        "一、逾期事项\n"
    )
    for said in (
        "    原文：“5月31日前，‘全部’开工建设”\n",
        "    项目责任人：张某 0351-2022000\n",
        "    现状：施工合同签订日期\n    反馈情况：已知悉，预计6月10日完成：雨季停工\n",
    ):
        assert said in message.text
    html = unescape(message.html)
    for said in ("提示", "2．请核对。", "太原市民政局 张某：", "张某 0351-2022000", FULL.note):
        assert said in html
    assert (message.addressee, message.recipient) == ("张某", "太原市民政局")
    assert message.keys == {("XF2023-140121-01", "D08")}
    assert message.lines == (FULL,)


def test_what_is_known_of_several_stands_beside_each() -> None:
    other = replace(FULL, subject="XF2023-140123-01", person="", phone="", note="")
    message = written(FULL, other)
    text, html = message.text, unescape(message.html)
    for said in ("张某 0351-2022000", "反馈情况：</span>已知悉，预计6月10日完成"):
        assert html.count(said) == 1
    assert (
        "（XF2023-140121-01）；项目责任人：张某 0351-2022000；反馈情况：已知悉，"
        "预计6月10日完成：雨季停工\n"
    ) in text
    assert "（XF2023-140123-01）\n" in text


def test_thirty_seven_projects_are_one_entry_that_lists_all() -> None:
    subjects = [f"XF2023-1401{number:02d}-01" for number in range(37)]
    lines = [replace(LINE, rule="D16", subject=each) for each in reversed(subjects)]
    message = written(*lines)
    assert "涉及37个项目：" in message.text
    assert message.text.count("D16") == 1
    places = [message.text.index(each) for each in subjects]
    assert places == sorted(places)
    assert message.title.count("37项逾期") == 1


def test_what_alike_lines_do_not_share_stands_beside_each() -> None:
    other = replace(LINE, subject="XF2023-140123-01", responsible="太原市娄烦县民政局", missing=())
    text = written(LINE, other).text
    assert "（XF2023-140121-01）；责任单位：太原市清徐县民政局；现状：施工合同签订日期\n" in text
    assert "（XF2023-140123-01）；责任单位：太原市娄烦县民政局\n" in text


@pytest.mark.parametrize(
    "other",
    [
        {"rule": "D09"},
        {"kind": RungKind.REMIND},
        {"remind_by": date(2023, 5, 30)},
        {"overdue_after": date(2023, 6, 1)},
        {"subject_kind": SubjectKind.CITY},
        {"title": "开工"},
        {"clause": "六(三)"},
        {"words": "应于5月底前开工"},
        {"notice_number": "晋民发〔2024〕1号"},
        {"origin": Origin.PROPOSAL},
        {"to_do": "请说明原因"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_lines_that_are_not_alike_stay_apart(other: dict[str, Any]) -> None:
    shown = sections([LINE, replace(LINE, subject="XF2023-140123-01", **other)], AS_OF)
    assert sum(len(section.entries) for section in shown) == 2


def test_nobody_is_late_on_the_last_day() -> None:
    assert summary([due(RungKind.URGE, AS_OF)], AS_OF) == "1项临期"


def test_the_most_urgent_comes_first() -> None:
    kinds = [
        due(RungKind.REMIND, date(2023, 6, 9)),
        due(RungKind.COORDINATE, date(2023, 4, 28)),
        due(RungKind.URGE, date(2023, 5, 31)),
        due(RungKind.ESCALATE, date(2023, 5, 4)),
        due(RungKind.DRAFT_LETTER, date(2023, 5, 15)),
        due(RungKind.REMIND, date(2023, 6, 2)),
        due(RungKind.URGE, date(2023, 5, 25)),
    ]
    shown = [(s.heading, [(e.kind, e.term) for e in s.entries]) for s in sections(kinds, AS_OF)]
    assert shown == [
        (
            "一、提级督办事项",
            [("拟督办", "2023年5月15日（星期一）"), ("提级", "2023年5月4日（星期四）")],
        ),
        (
            "二、逾期事项",
            [("催办", "2023年5月25日（星期四）"), ("催办", "2023年5月31日（星期三）")],
        ),
        ("三、待协调事项", [("协调", "2023年4月28日（星期五）")]),
        (
            "四、临期事项",
            [("提醒", "2023年6月2日（星期五）"), ("提醒", "2023年6月9日（星期五）")],
        ),
    ]


def test_what_the_notice_cannot_bind_is_never_called_overdue() -> None:
    finance = replace(due(RungKind.COORDINATE, date(2023, 4, 28)), responsible="省财政厅")
    # A reminder that an outage held back past the day: nobody has found the body late yet.
    held_back = replace(due(RungKind.REMIND, date(2023, 5, 30)), responsible="省财政厅")
    message = written(finance, held_back)
    assert "待协调（已超过时限34天）" in message.text
    assert "已超过时限2天" in message.text
    assert "1项待协调、1项临期" in message.title
    assert "逾期" not in message.title + message.text + message.html


def test_a_letter_is_drafted_and_left_to_people() -> None:
    message = written(due(RungKind.DRAFT_LETTER, date(2023, 5, 15)))
    assert "督办函草稿见附件，请审核后按程序签发" in message.text
    assert "督办函草稿见附件，请审核后按程序签发" in message.html


def test_who_sees_to_it_is_not_asked_to_do_it() -> None:
    """分管领导: not a word of 办理 by themselves, and no advice that repeats it in each entry."""
    urged = replace(due(RungKind.ESCALATE, date(2023, 5, 15)), own=False, to_do="责任单位抓紧开工")
    text = written(urged).text
    assert "现有1项逾期事项已提级督办，请督促责任单位抓紧办理。" in text
    assert "    请督促：责任单位抓紧开工\n" in text
    assert "请办理" not in text
    assert "说明" not in text


def test_whom_the_notice_cannot_bind_is_not_called_responsible() -> None:
    finance = replace(due(RungKind.COORDINATE, date(2023, 4, 28)), bound=False)
    message = written(replace(finance, responsible="太原市财政局"))
    assert "    协调单位：太原市财政局\n" in message.text
    assert "责任单位" not in message.text + message.html


@pytest.mark.parametrize(
    ("receipts", "says"),
    [
        ((), "本邮件由系统自动发出，请勿直接回复。"),
        ((IntakeResult.DONE,), "已登记的，不需再报。本邮件"),
        ((IntakeResult.DONE, IntakeResult.RETURNED), "退回的表格，请修改后重新报送。本邮件"),
    ],
)
def test_the_end_says_what_is_to_be_sent_again(
    receipts: tuple[IntakeResult, ...], says: str
) -> None:
    told = [Receipt(("太原市", f"receipt-{each}"), each, "甲。") for each in receipts]
    assert closing(told, None).startswith(says)


def test_a_proposal_is_never_shown_as_the_notice_s() -> None:
    """A30: in a paragraph of its own, never 逾期, and counted apart."""
    for kind in set(RungKind) - {RungKind.COORDINATE}:
        proposal = replace(LINE, kind=kind, origin=Origin.PROPOSAL)
        soon = replace(proposal, rule="D18", due=date(2023, 6, 9), remind_by=date(2023, 6, 9))
        soon = replace(soon, overdue_after=date(2023, 6, 9))
        message = written(LINE, proposal, soon)
        assert message.summary == "1项逾期、1项超过建议时限、1项建议近期完成"
        assert message.title.startswith(f"【幸福养老工程】2023年6月1日待办：{message.summary}（")
        for shown in (message.text, unescape(message.html)):
            own = shown.partition("建议时限事项（《实施方案》未明确日期）")[2]
            assert "【提醒】" in own
            assert "已超过建议时限1天" in own
            assert "建议于6月9日前完成，还有8天" in own
            assert "建议于2023年6月9日（星期五）前完成（《实施方案》未明确日期" in own
            assert "逾期" not in own
            assert "督办" not in own
    assert "建议" not in written(LINE).text


def test_a_proposed_day_is_coordinated_as_one() -> None:
    line = replace(due(RungKind.COORDINATE, date(2023, 5, 15)), origin=Origin.PROPOSAL, bound=False)
    message = written(line)
    assert message.summary == "1项待协调"
    assert "待协调（已超过建议时限17天）" in message.text
    assert "建议于2023年5月15日（星期一）前完成" in message.text


@pytest.mark.parametrize(
    ("literal", "overdue_after", "says"),
    [
        (date(2023, 6, 5), date(2023, 6, 5), "还有4天"),
        (date(2023, 6, 1), date(2023, 6, 1), "今日到期"),
        (date(2023, 6, 1), date(2023, 6, 5), "今日到期"),
        (date(2023, 5, 28), date(2023, 6, 1), "时限已到，6月1日后认定逾期"),
        (date(2022, 12, 31), date(2023, 1, 3), "已逾期149天"),
        (date(2023, 5, 24), date(2023, 5, 25), "已逾期7天"),
    ],
)
def test_days_left_and_gone(literal: date, overdue_after: date, says: str) -> None:
    assert status(replace(due(RungKind.URGE, literal, overdue_after), due=literal), AS_OF) == says


@pytest.mark.parametrize(
    ("as_of", "bound", "says"),
    [
        (
            date(2023, 4, 20),
            True,
            "2023年4月30日（星期日）；请于4月28日前办结；5月4日后仍未办结的，认定逾期",
        ),
        (date(2023, 4, 29), True, "2023年4月30日（星期日）；5月4日后仍未办结的，认定逾期"),
        (date(2023, 6, 1), True, "2023年4月30日（星期日）；当日为休息日，5月4日后计为逾期"),
        (date(2023, 6, 1), False, "2023年4月30日（星期日）；当日为休息日，顺延至5月4日"),
    ],
)
def test_the_notices_own_day_is_the_one_that_is_named(as_of: date, bound: bool, says: str) -> None:
    """A21: “4月底前” is 30 April, a Sunday; nobody is asked to be done by a day that is over."""
    line = due(RungKind.REMIND, date(2023, 4, 28), date(2023, 5, 4))
    assert term(replace(line, due=date(2023, 4, 30), bound=bound), as_of) == says


def test_one_day_is_said_once() -> None:
    line = replace(LINE, due=date(2023, 5, 31))
    assert term(line, date(2023, 5, 20)) == "2023年5月31日（星期三）"


def test_a_sunday_is_named() -> None:
    assert dated(date(2023, 12, 31)) == "2023年12月31日（星期日）"


@pytest.mark.parametrize(
    ("to_do", "asked"),
    [("请上报本月项目建设情况", "上报本月项目建设情况"), ("请示市政府", "请示市政府")],
)
def test_what_is_asked_loses_a_leading_please_only(to_do: str, asked: str) -> None:
    assert request(to_do) == asked


def test_names_are_escaped_in_html_and_plain_in_text() -> None:
    message = written(replace(LINE, name="<b>东关</b>&社区"))
    assert "&lt;b&gt;东关&lt;/b&gt;&amp;社区" in message.html
    assert "<b>" not in message.html
    assert "<b>东关</b>&社区" in message.text


def test_html_loads_nothing_from_outside() -> None:
    html = written(LINE, attachments=(Attachment("清单.xlsx", b"x"),)).html
    assert not any(word in html for word in ("http", "src=", "url(", "<link", "<script"))
    assert "清单.xlsx" in html


def test_a_line_break_in_an_office_s_name_cannot_reach_a_header() -> None:
    message = digest("id", "太原市\r\n民政局", AS_OF, [LINE], "方案", (), SENT_AT)
    assert message.title.endswith("（太原市 民政局）")


def test_nothing_to_say_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing"):
        written()


def test_an_instant_without_a_zone_is_an_error() -> None:
    with pytest.raises(ValueError, match="time zone"):
        replace(written(LINE), sent_at=SENT_AT.replace(tzinfo=None))


@given(LINES)
def test_every_line_appears_in_both_versions(lines: list[DigestLine]) -> None:
    message = written(*lines)
    html = unescape(message.html)
    for line in lines:
        told = (line.words, line.person, line.phone, line.note, *line.missing)
        for said in (line.subject, line.clause, line.name, line.responsible, *told):
            assert said in message.text
            assert said in html


def told_plainly(line: DigestLine) -> bool:
    return line.origin is Origin.NOTICE or line.kind is RungKind.COORDINATE


@given(LINES)
def test_grouping_loses_and_repeats_nothing(lines: list[DigestLine]) -> None:
    shown = [
        (
            "【提醒】" if "建议时限事项" in section.heading else f"【{entry.kind}】",
            entry.rule,
            entry.title,
            entry.term,
            entry.basis,
            entry.term.startswith("建议于"),
            entry.to_do,
            item.label,
            item.responsible,
            item.missing,
            (item.person, item.phone, item.note),
        )
        for section in sections(lines, AS_OF)
        for entry in section.entries
        for item in entry.items
    ]
    meant = [
        (
            f"【{line.kind.label}】" if told_plainly(line) else "【提醒】",
            line.rule,
            line.title,
            term(line, AS_OF),
            f"{line.notice_number} {line.clause}",
            line.origin is Origin.PROPOSAL,
            request(line.to_do),
            f"{line.place} {line.name}（{line.subject}）".strip(),
            line.responsible,
            line.missing,
            (line.person, line.phone, line.note),
        )
        for line in set(lines)
        if line.name not in (line.place, line.subject)
    ]
    assert len(shown) == len(set(lines))
    assert all(shown.count(each) >= meant.count(each) for each in meant)


@given(LINES, st.randoms())
def test_the_order_of_the_lines_does_not_matter(lines: list[DigestLine], random: object) -> None:
    shuffled = list(lines)
    getattr(random, "shuffle")(shuffled)  # noqa: B009  # hypothesis gives Random as an object
    assert written(*shuffled, *lines[:1]) == written(*lines)


@given(LINES)
def test_entries_are_numbered_and_alike_lines_meet_in_one(lines: list[DigestLine]) -> None:
    entries = [entry for section in sections(lines, AS_OF) for entry in section.entries]
    numbers = [item.number for entry in entries for item in entry.items]
    assert numbers == list(range(1, len(set(lines)) + 1))
    heads = [replace(entry, items=(), responsible="", missing=()) for entry in entries]
    assert all(one != other for one, other in pairwise(heads))


@given(LINES)
def test_the_summary_counts_every_line_once(lines: list[DigestLine]) -> None:
    counted = (int(part.split("项")[0]) for part in summary(lines, AS_OF).split("、"))
    assert sum(counted) == len(lines)


def test_rendering_needs_neither_apprise_nor_prefect() -> None:
    code = (
        "import sys, notifications.render, notifications.channel\n"
        "sys.exit(bool({'apprise', 'prefect', 'sqlmodel', 'documents', 'models'} & {*sys.modules}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
