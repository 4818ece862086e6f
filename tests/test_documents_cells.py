"""What people type into cells, and what is read from it."""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from documents.reading import cells
from documents.reading.cells import CellError

Parse = Callable[[object], object]


def wide(text: str) -> str:
    """The same in full-width characters."""
    return "".join(chr(ord(char) + 0xFEE0) for char in text)


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        ("  \u3000", None),
        ("  示例  中心\n", "示例 中心"),
        ("示例１２号（甲）", "示例12号（甲）"),
        ("\u200b示例\ufeff", "示例"),
        (13800000000, "13800000000"),
        (13800000000.0, "13800000000"),
        ("=1+1", "=1+1"),
    ],
)
def test_text(value: object, read: str | None) -> None:
    assert cells.text(value) == read


def test_name_has_no_blanks() -> None:
    assert cells.name("示 例　张") == "示例张"


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (None, None),
        ("", None),
        (850, "850"),
        (850.5, "850.50"),
        (0.1 + 0.2, "0.30"),
        ("850.5", "850.5"),
        (wide("850.5"), "850.5"),
        ("1,234.56", "1234.56"),
        ("1，234.56㎡", "1234.56"),
        ("850 m²", "850"),
        ("850m2", "850"),
        ("850平方米", "850"),
        ("850.50平米", "850.5"),
    ],
)
def test_square_metres(value: object, read: str | None) -> None:
    assert cells.square_metres(value) == (None if read is None else Decimal(read))


@pytest.mark.parametrize(
    ("parse", "value", "yuan"),
    [
        (cells.ten_thousand_yuan, 120, "1200000"),
        (cells.ten_thousand_yuan, 0.07, "700"),
        (cells.ten_thousand_yuan, 123.456789, "1234567.89"),
        (cells.ten_thousand_yuan, "120.5万元", "1205000"),
        (cells.ten_thousand_yuan, wide("120.5"), "1205000"),
        (cells.ten_thousand_yuan, "1,205,000元", "1205000"),
        (cells.yuan, 1205000, "1205000"),
        (cells.yuan, "120.5万元", "1205000"),
    ],
)
def test_money_is_exact_yuan(parse: Parse, value: object, yuan: str) -> None:
    assert parse(value) == Decimal(yuan)


@pytest.mark.parametrize(
    ("value", "read"), [(None, None), (12, 12), (12.0, 12), ("１２张", 12), ("620户", 620), (0, 0)]
)
def test_integer(value: object, read: int | None) -> None:
    assert cells.integer(value) == read


@pytest.mark.parametrize(
    "value",
    [
        date(2023, 2, 10),
        datetime(2023, 2, 10, 9, 30),  # noqa: DTZ001  # as Excel stores a date cell
        "2023-02-10",
        "2023年2月10日",
        "2023/2/10",
        "2023.2.10",
        f" {wide('2023-2-10')} ",
    ],
)
def test_day(value: object) -> None:
    assert cells.day(value) == date(2023, 2, 10)


@pytest.mark.parametrize("value", ["是", "√", "☑", "有", " 是 ", True])
def test_yes(value: object) -> None:
    assert cells.yes(value) is True


@pytest.mark.parametrize("value", ["否", "×", "☐", "无", "", None, False])
def test_no(value: object) -> None:
    assert cells.yes(value) is False


@pytest.mark.parametrize(
    ("parse", "value", "reason"),
    [
        (cells.square_metres, "约850", "不是数字"),
        (cells.square_metres, True, "不是数字"),
        (cells.square_metres, "NaN", "不是数字"),
        (cells.square_metres, float("nan"), "不是数字"),
        (cells.square_metres, float("inf"), "不是数字"),
        (cells.square_metres, "Infinity", "不是数字"),
        (cells.square_metres, "1e3", "单位“e3”不是平方米"),
        (cells.square_metres, "#REF!", "不是数字"),
        (cells.square_metres, -1, "不能为负数"),
        (cells.square_metres, "－850", "不能为负数"),
        (cells.square_metres, 850.505, "超过两位小数"),
        (cells.square_metres, "1.5亩", "单位“亩”不是平方米"),
        (cells.square_metres, 10**8, "过大"),
        (cells.ten_thousand_yuan, "120.1234567", "超过两位小数"),
        (cells.ten_thousand_yuan, "120美元", "单位“美元”不是万元"),
        (cells.ten_thousand_yuan, 10**10, "过大"),
        (cells.integer, 12.5, "不是整数"),
        (cells.integer, "十二", "不是数字"),
        (cells.integer, "12.5张", "不是整数"),
        (cells.integer, -3, "不能为负数"),
        (cells.day, "2023年2月30日", "没有这一天"),
        (cells.day, "二月十日", "不是日期"),
        (cells.day, 12, "不是日期"),
        (cells.day, 202302, "不是日期"),
        (cells.day, date(1900, 1, 5), "年份1900不合理"),
        (cells.yes, "部分", "既不是“是”也不是“否”"),
        (cells.text, "#N/A", "公式出错"),
    ],
)
def test_refused_with_a_reason_and_a_mend(parse: Parse, value: object, reason: str) -> None:
    with pytest.raises(CellError, match=reason) as caught:
        parse(value)
    assert "请" in str(caught.value)


@given(st.decimals(0, 10**7 - 1, places=2))
def test_any_area_is_read_exactly_from_a_binary_number(area: Decimal) -> None:
    assert cells.square_metres(float(area)) == area


@given(st.decimals(0, 10**13 - 1, places=2))
def test_any_money_is_read_exactly_from_a_binary_number(yuan: Decimal) -> None:
    assert cells.ten_thousand_yuan(float(yuan / 10000)) == yuan


def reads_or_refuses(parse: Parse, value: object) -> bool:
    try:
        parse(value)
    except CellError as error:
        return "；" in str(error)
    return True


@given(st.one_of(st.text(max_size=20), st.floats(), st.integers(), st.booleans(), st.none()))
def test_no_cell_makes_a_parser_fall_over(value: object) -> None:
    for parse in (cells.text, cells.name, cells.square_metres, cells.integer, cells.day, cells.yes):
        assert reads_or_refuses(parse, value)


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (44967, date(2023, 2, 10)),
        (44967.0, date(2023, 2, 10)),
        ("44967", date(2023, 2, 10)),
        ("20230210", date(2023, 2, 10)),
        ("2023-02-10 00:00:00", date(2023, 2, 10)),
        ("２０２３．２．１０", date(2023, 2, 10)),
    ],
)
def test_a_day_may_be_a_day_number_or_digits(value: object, wanted: date) -> None:
    assert cells.day(value) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (35, 35),
        ("35%", 35),
        (0.35, 35),
        ("３５％", 35),
        (0, 0),
        ("100%", 100),
        ("35.5%", 36),
        ("35.4%", 35),
        ("99.6%", 99),
        (12.5, 13),
        (100, 100),
        ("", None),
    ],
)
def test_a_percentage_may_be_a_number_a_text_or_a_percent_cell(
    value: object, wanted: int | None
) -> None:
    assert cells.percent(value) == wanted


@pytest.mark.parametrize(
    ("value", "says"),
    [(1, "1%还是100%"), (101, "0至100"), (-3, "负数"), ("35元", "不是百分比")],
)
def test_a_percentage_that_is_not_certain_is_asked_about(value: object, says: str) -> None:
    with pytest.raises(CellError, match=says):
        cells.percent(value)


@pytest.mark.parametrize("written", ["850.5（以测绘为准）", "850.5㎡(含地下)", " 850.50 平方米 "])
def test_a_remark_behind_a_number_is_passed_over(written: str) -> None:
    assert cells.square_metres(written) == Decimal("850.50")


@pytest.mark.parametrize(
    ("parse", "value", "wanted"),
    [
        (cells.yuan, "120（万元）", Decimal(1_200_000)),
        (cells.ten_thousand_yuan, "1200000（元）", Decimal(1_200_000)),
        (cells.square_metres, "850.5（平方米）", Decimal("850.50")),
    ],
)
def test_a_unit_in_brackets_is_the_unit(parse: Parse, value: object, wanted: Decimal) -> None:
    assert parse(value) == wanted


@pytest.mark.parametrize(
    ("parse", "value"),
    [
        (cells.square_metres, "2（亩）"),
        (cells.yuan, "5（千元）"),
        (cells.yuan, "5（以上均为万元）"),
    ],
)
def test_an_unknown_unit_in_brackets_is_asked_about(parse: Parse, value: object) -> None:
    with pytest.raises(CellError, match="单位"):
        parse(value)


def test_control_characters_are_told_by_their_place_and_lines_become_one() -> None:
    with pytest.raises(CellError, match=r"第2个字是看不见的控制符号（U\+0001）；请删去"):
        cells.text("甲\x01乙")
    with pytest.raises(CellError, match=r"U\+009B"):
        cells.name("甲乙\x9b31m")
    assert cells.text("甲\u202e乙\n丙\t丁\r") == "甲乙 丙 丁"
