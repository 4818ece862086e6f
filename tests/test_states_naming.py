"""Names as they are typed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import RefusedError
from states.naming import meant

RULES = {"D08": "确定选址", "D10-03": "报送3月进展", "D10-12": "报送12月进展", "D18": "开工"}


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("D08", "D08"),
        ("d8", "D08"),
        ("Ｄ８", "D08"),
        (" D 08 ", "D08"),
        ("d10-3", "D10-03"),
        ("确定选址", "D08"),
        ("报送 3月进展", "D10-03"),
    ],
)
def test_it_is_known_however_it_is_typed(typed: str, key: str) -> None:
    assert meant(typed, RULES, "时限") == key


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("D80", "没有时限“D80”，是否为 D08（确定选址）"),
        ("选定选址", "是否为 D08（确定选址）"),
        ("报送5月进展", "D10-03（报送3月进展）"),
        ("完全两样的", "没有时限“完全两样的”，可选：D08、D10-03、D10-12、D18"),
    ],
)
def test_what_is_not_known_is_refused_with_what_looks_like_it(typed: str, says: str) -> None:
    with pytest.raises(RefusedError) as refused:
        meant(typed, RULES, "时限")
    assert says in str(refused.value)


def test_what_two_are_called_is_asked_about() -> None:
    with pytest.raises(RefusedError, match="是否为 a（下达资金）、b（下达资金）"):
        meant("下达资金", {"a": "下达资金", "b": "下达资金"}, "动作")


@given(st.sampled_from(sorted(RULES)), st.data())
def test_width_case_and_spaces_do_not_matter(key: str, data: st.DataObject) -> None:
    wide = "".join(chr(ord(sign) + 0xFEE0) if data.draw(st.booleans()) else sign for sign in key)
    spaced = " ".join(wide) if data.draw(st.booleans()) else wide
    assert meant(spaced.swapcase(), RULES, "时限") == key


@pytest.mark.parametrize(("count", "listed"), [(20, True), (21, False)])
def test_all_that_there_is_is_listed_where_it_is_little(count: int, *, listed: bool) -> None:
    known = {f"D{n:02d}": f"时限{n:02d}" for n in range(count)}
    with pytest.raises(RefusedError) as refused:
        meant("完全两样", known, "时限")
    assert ("，可选：D00、D01" in str(refused.value)) is listed


def test_the_three_that_look_most_like_it_are_offered() -> None:
    known = {f"D{n}": f"报送{n}月进展" for n in range(1, 6)}
    with pytest.raises(RefusedError) as refused:
        meant("报送9月进展", known, "时限")
    assert str(refused.value).count("、") == 2
