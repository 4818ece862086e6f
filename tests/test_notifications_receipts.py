"""Receipts in every channel: nothing is lost, and each is told whole in the parts of a chat."""

from datetime import UTC, date, datetime
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.message import Message, Receipt
from notifications.parts import chat_text, split
from notifications.render import digest
from policy.vocabulary import IntakeResult
from tests.support.builders import a_line

TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=300)


def message(*receipts: Receipt, lines: int = 0) -> Message:
    return digest(
        "0f3c9a77b1d24e5f8a6b",
        "太原市民政局",
        date(2023, 6, 1),
        [a_line(subject=f"XF2023-140121-{number:03d}") for number in range(lines)],
        "方案",
        (),
        datetime(2023, 6, 1, 0, 30, tzinfo=UTC),
        receipts=receipts,
        called="幸福养老工程",
    )


@st.composite
def some_receipts(draw: st.DrawFn) -> list[Receipt]:
    number = draw(st.integers(1, 4))
    return [
        Receipt(
            ("太原市", f"receipt-{each}"),
            draw(st.sampled_from(IntakeResult)),
            draw(TEXT),
            tuple(draw(st.lists(TEXT, max_size=22))),
        )
        for each in range(number)
    ]


@given(some_receipts(), st.integers(0, 12))
def test_each_receipt_is_told_in_exactly_one_part_and_none_is_too_long(
    receipts: list[Receipt], lines: int
) -> None:
    made = message(*receipts, lines=lines)
    parts = split(made, 2_048)
    assert all(len(part.text.encode()) <= 2_048 for part in parts)
    keys = [key for part in parts for key in part.keys]
    assert len(keys) == len(set(keys))
    assert set(keys) == made.keys >= {receipt.key for receipt in receipts}


@given(some_receipts())
def test_text_and_page_say_all_of_it(receipts: list[Receipt]) -> None:
    made = message(*receipts)
    page = unescape(made.html)
    for receipt in receipts:
        for words in (receipt.head, *receipt.details):
            assert words in made.text
            assert words in page


def test_what_is_to_be_done_comes_after_what_was_handed_in() -> None:
    done = Receipt(("太原市", "receipt-1"), IntakeResult.DONE, "甲已导入。")
    back = Receipt(("太原市", "receipt-2"), IntakeResult.RETURNED, "乙退回：", ("（1）F4：有误。",))
    made = message(done, back, lines=2)
    assert made.title.endswith("项逾期；回执：1份已登记、1份已退回（太原市民政局）")
    text = chat_text(made)
    assert text.index("【回执】甲已导入。\n【回执】乙退回：\n（1）F4") < text.index("1—2．【")
    assert made.text.index("甲已导入。") < made.text.index("一、")
    assert "退回的表格，请修改后重新报送。" in made.text
    assert message(back).headline == "【幸福养老工程】6月1日回执"
    assert "待办" not in message(back).html + message(back).text + message(back).title


def test_a_part_that_goes_on_with_a_receipt_says_so() -> None:
    faults = tuple(f"（{number}）F{number}：有误，请核对后填写。" for number in range(60))
    parts = split(
        message(Receipt(("太原市", "receipt-1"), IntakeResult.RETURNED, "退回：", faults)), 2_048
    )
    assert len(parts) == 2
    assert parts[1].text.splitlines()[1] == "（续）【回执】"
    assert [len(part.keys) for part in parts] == [0, 1]


def test_no_telephone_number_can_be_read_from_a_chat() -> None:
    said = Receipt(("太原市", "receipt-1"), IntakeResult.RETURNED, "退回：", ("原值“13912345678”",))
    assert "13912345678" in chat_text(message(said))
    assert all("13912345678" not in part.text for part in split(message(said), 2_048))


def test_nothing_makes_no_message() -> None:
    with pytest.raises(ValueError, match="nothing"):
        message()
