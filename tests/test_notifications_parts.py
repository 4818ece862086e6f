"""A message cut into the parts of a chat: nothing is lost, repeated, cut or too long."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.message import DigestLine, Message
from notifications.parts import chat_text, masked, split
from notifications.render import digest
from notifications.sending import Part
from policy.vocabulary import RungKind
from tests.support.builders import a_line

LINE = a_line(
    missing=("施工合同签订日期", "开工报告"),
    words="5月31日前全部开工建设",
    person="张某",
    phone="13912345678",
    note="已知悉，预计6月10日完成：雨季停工",
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
WECOM = 2_048


def message(
    *lines: DigestLine, notices: tuple[str, ...] = (), office: str = "太原市民政局"
) -> Message:
    return digest(
        "0f3c9a77b1d24e5f8a6b",
        office,
        date(2023, 6, 1),
        lines,
        "方案",
        (),
        datetime(2023, 6, 1, 0, 30, tzinfo=UTC),
        notices,
        "李某",
        called="幸福养老工程",
    )


def many(number: int, **changed: object) -> tuple[DigestLine, ...]:
    return tuple(
        replace(LINE, subject=f"XF2023-140121-{each:03d}", **changed)  # type: ignore[arg-type]
        for each in range(number)
    )


@st.composite
def some_lines(draw: st.DrawFn) -> list[DigestLine]:
    number = draw(st.integers(1, 30))
    return [
        replace(
            LINE,
            subject=f"XF2023-140121-{each:03d}",
            name=draw(TEXT),
            rule=draw(st.sampled_from(("D08", "D16"))),
            kind=draw(st.sampled_from(RungKind)),
            words=draw(st.sampled_from(("", "全部开工建设", "长" * 300))),
            to_do=draw(st.sampled_from(("请办理开工", "请" + "办" * 400))),
            missing=tuple(draw(st.lists(TEXT.filter(str.strip), max_size=9))),
            phone=draw(st.sampled_from(("", "13912345678", "0351-2022000"))),
            note=draw(TEXT),
        )
        for each in range(number)
    ]


@given(some_lines(), st.lists(TEXT, max_size=3), st.integers(300, 4_000))
def test_every_part_fits_and_each_key_is_in_exactly_one(
    lines: list[DigestLine], notices: list[str], limit: int
) -> None:
    made = message(*lines, notices=tuple(notices))
    parts = split(made, limit)
    assert all(len(part.text.encode()) <= limit for part in parts)
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert {part.of for part in parts} == {len(parts)}
    keys = [key for part in parts for key in part.keys]
    assert sorted(keys) == sorted(made.keys)
    for part in parts:
        assert all(subject in part.text for subject, _ in part.keys)
        assert part.text.startswith("【幸福养老工程】6月1日待办")


@given(some_lines())
def test_what_fits_is_told_whole_and_in_order(lines: list[DigestLine]) -> None:
    made = message(*[replace(line, words="全部开工", to_do="请办理") for line in lines])
    whole = chat_text(masked(made))
    told = [line for part in split(made, 8_000) for line in part.text.splitlines()[1:]]
    once = [line for line in told if re.match(r"（\d+）|XF|太原", line)]
    assert once == [line for line in whole.splitlines()[1:] if re.match(r"（\d+）|XF|太原", line)]


@given(some_lines(), st.integers(300, 4_000))
def test_no_part_shows_a_telephone_number(lines: list[DigestLine], limit: int) -> None:
    for part in split(message(*lines), limit):
        assert "13912345678" not in part.text
        assert "2022000" not in part.text


@pytest.mark.parametrize("where", ["name", "place", "responsible", "to_do", "person", "note"])
@pytest.mark.parametrize("number", ["7023456", "１３９１２３４５６７８", "139\u200b12345678"])
def test_a_number_is_hidden_wherever_it_was_typed(where: str, number: str) -> None:
    typed = replace(LINE, **{where: f"联系{number}"})  # type: ignore[arg-type]
    made = message(typed, notices=(f"请致电{number}",), office=f"某局{number}")
    for part in split(replace(made, addressee=number), WECOM):
        assert number not in part.text


def heads(part: Part) -> list[str]:
    return [line for line in part.text.splitlines() if "．【" in line]


def test_a_part_that_goes_on_with_an_entry_repeats_its_head() -> None:
    parts = split(message(*many(30)), WECOM)
    assert len(parts) > 3
    assert heads(parts[0]) == ["1—30．【催办】全部开工建设：已逾期1天"]
    for part in parts[1:]:
        assert heads(part) == ["1—30．【催办】全部开工建设（续）：已逾期1天"]
        assert "请办理：签订施工合同" in part.text
        assert "原文：“5月31日前全部开工建设”" in part.text
    assert parts[1].text.startswith(
        f"【幸福养老工程】6月1日待办（2/{len(parts)}），太原市民政局 李某：30项逾期\n"
    )


def test_one_part_is_not_counted() -> None:
    [part] = split(message(LINE, notices=("太原市小店区民政局尚无联系人",)), WECOM)
    assert part.text == (
        "【幸福养老工程】6月1日待办，太原市民政局 李某：1项逾期\n"
        "提示：\n"
        "太原市小店区民政局尚无联系人。\n"
        "1．【催办】全部开工建设：已逾期1天\n"
        "依据：晋民发〔2023〕7号 六(二)，原文：“5月31日前全部开工建设”\n"
        "时限：2023年5月31日（星期三）\n"
        "请办理：签订施工合同、组织进场并办理开工\n"
        "编号：D08\n"
        "太原市清徐县 清源街道东关社区养老幸福工程（XF2023-140121-01）；"
        "责任单位：太原市清徐县民政局；项目责任人：张某 139****5678；"
        "现状：施工合同签订日期、开工报告；"
        "反馈情况：已知悉，预计6月10日完成：雨季停工"
    )


def test_what_is_too_long_loses_whole_entries_then_its_note() -> None:
    lacking = tuple(f"{number}号材料{'材' * 60}" for number in range(20))
    [part] = split(message(replace(LINE, missing=lacking)), WECOM)
    last = part.text.splitlines()[-1]
    [shown] = re.findall(r"现状：(.*)…等20项；反馈情况：", last)
    kept = shown.split("、")
    assert 0 < len(kept) < 20
    assert tuple(kept) == lacking[: len(kept)]

    [part] = split(message(replace(LINE, missing=("材" * 900, "章"), note="注" * 20)), WECOM)
    assert "现状：共2项；反馈情况：注" in part.text
    [part] = split(message(replace(LINE, missing=("材" * 900,), note="注" * 900)), WECOM)
    assert part.text.endswith("现状：共1项")
    [part] = split(message(replace(LINE, name="名" * 900)), WECOM)
    assert part.text.endswith("XF2023-140121-01：内容过长，此处从略，请登录系统查看")
    assert part.keys == {("XF2023-140121-01", "D08")}


def test_a_long_head_loses_the_notice_s_words_first() -> None:
    [part] = split(message(replace(LINE, words="文" * 600)), WECOM)
    assert "原文" not in part.text
    assert "依据：晋民发〔2023〕7号 六(二)\n" in part.text
    [part] = split(message(replace(LINE, to_do="办" * 700)), WECOM)
    assert "1．【催办】D08\n" in part.text


def test_the_second_telling_of_a_subject_settles_it() -> None:
    urged = many(20)
    escalated = replace(urged[-1], kind=RungKind.ESCALATE)
    parts = split(message(escalated, *urged), WECOM)
    holding = [part.number for part in parts if (escalated.subject, "D08") in part.keys]
    assert escalated.subject in parts[0].text
    assert holding == [len(parts)]


def test_many_offices_leave_room_for_the_rest() -> None:
    office = "、".join(f"太原市第{number}民政局" for number in range(60))
    for part in split(message(*many(9), office=office), WECOM):
        assert part.text.split("\n")[0].endswith("：9项逾期")
        assert "第7民政局" not in part.text


def test_nobody_is_called_and_no_line_is_forged_by_a_name() -> None:
    [part] = split(message(replace(LINE, name='<at user_id="all"></at>\n2．【催办】')), WECOM)
    assert "<" not in part.text
    assert len(heads(part)) == 2
    assert sum(line.startswith("2．") for line in part.text.splitlines()) == 0


@example("")
@given(TEXT)
def test_a_message_without_lines_is_told_by_its_text(text: str) -> None:
    bare = replace(message(LINE), blocks=(), lines=(), text=f"电话13912345678\n{text}")
    parts = split(bare, 500)
    assert "电话139****5678" in parts[0].text
    assert not frozenset().union(*(part.keys for part in parts))


def test_a_limit_that_takes_nothing_is_an_error() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        split(message(LINE), 60)


def test_the_text_in_one_piece_shows_numbers() -> None:
    text = chat_text(message(*many(40)))
    assert text.count("13912345678") == 40
    assert "（续）" not in text
    assert len(text.encode()) > WECOM
