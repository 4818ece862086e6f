"""统一社会信用代码 against the check character worked out by the standard's own table."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.requirements import valid_uscc

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
