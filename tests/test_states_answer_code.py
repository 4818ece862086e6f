"""A digest's code: typed, copied and tagged, it is found again; nothing else is taken for one."""

import hmac
from base64 import b32encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from states.answer_code import LENGTH, SIGNS, code_in, code_of, codes_in, marked, shown, tagged

KEY = b"k" * 32
ADDRESS = "xingfu+{tag}@mz.example.cn"


@given(st.binary(min_size=1), st.text())
def test_what_is_shown_and_tagged_is_found_again(key: bytes, digest: str) -> None:
    code = code_of(key, digest)
    assert len(code) == LENGTH
    assert set(code) <= set(SIGNS)
    assert list(codes_in(f"答复：待办（{marked(code)}）")) == [code]
    assert code_in(ADDRESS, tagged(ADDRESS, code)) == code


def test_a_code_is_the_digests_and_the_keys_own() -> None:
    made = {code_of(key, digest) for key in (KEY, b"o" * 32) for digest in ("a", "b")}
    assert len(made) == 4
    assert code_of(KEY, "a") == code_of(KEY, "a")


@pytest.mark.parametrize(
    "typed", ["回执码 7k3f-9q2m", "回执码：7K3F9Q2M", "回执码7K3F－9Q2M。", "回执码 7K3F—9Q2M"]
)
def test_a_code_may_be_typed_as_people_type(typed: str) -> None:
    assert list(codes_in(typed)) == ["7K3F9Q2M"]


def test_signs_that_are_misread_are_taken_for_what_is_meant() -> None:
    assert list(codes_in("回执码 IOLO-0000")) == ["10100000"]
    assert shown("10100000") == "1010-0000"


@pytest.mark.parametrize(
    "sent_to",
    [
        "xingfu@mz.example.cn",
        "xingfu+7k3f9q2@mz.example.cn",
        "xingfu+7k3f9q2m@other.cn",
        "",
        "xingfu+7k3f9q2mm@mz.example.cn",
    ],
)
def test_another_address_holds_no_code(sent_to: str) -> None:
    assert code_in(ADDRESS, sent_to) == ""


def test_an_address_without_a_place_for_the_tag_stays_as_it_is() -> None:
    assert tagged("xingfu@mz.example.cn", "7K3F9Q2M") == "xingfu@mz.example.cn"
    assert code_in("xingfu@mz.example.cn", "xingfu@mz.example.cn") == ""


@given(st.binary(min_size=1), st.text())
def test_a_code_is_forty_bits_of_the_digest_five_by_five(key: bytes, digest: str) -> None:
    """By a library's base 32, whose signs are others and whose order is the other way round."""
    made = hmac.digest(key, b"xingfu.answer.1:" + digest.encode(), "sha256")
    signs = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", SIGNS)
    assert code_of(key, digest) == b32encode(made[:5]).decode().translate(signs)[::-1]
