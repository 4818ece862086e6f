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
