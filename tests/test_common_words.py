"""Telephone numbers are hidden however they are written; amounts, dates and codes stay."""

import unicodedata
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from common.words import folded, for_paper, masked_phone, without_numbers

CASES = yaml.load(  # as texts, whatever they look like
    (Path(__file__).parent / "cases" / "phones.yaml").read_text(encoding="utf-8"),
    yaml.BaseLoader,  # noqa: S506  # makes nothing but texts
)
DIGITS = (
    "0123456789",
    "０１２３４５６７８９",
    "٠١٢٣٤٥٦٧٨٩",
    "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗",
    "〇一二三四五六七八九",
    "⓪①②③④⑤⑥⑦⑧⑨",
)
GAPS = ("", " ", "-", "　", "－", "—", "\u2011", ".", "\u200b", "\u00ad", "\ufeff")
NEAR = st.sampled_from(("", "，", "请联系", "张某", "（", "）", "：", "。", "\n", "元旦"))


@pytest.mark.parametrize(("said", "told"), CASES["hidden"].items())
def test_a_number_of_a_person_is_hidden(said: str, told: str) -> None:
    assert without_numbers(said) == told
    assert without_numbers(told) == told


@pytest.mark.parametrize("said", CASES["kept"])
def test_what_is_no_number_of_a_person_is_kept(said: str) -> None:
    assert without_numbers(said) == said
    assert for_paper(said) == said


@pytest.mark.parametrize(
    ("clear", "masked"),
    [
        ("13912345678", "139****5678"),
        ("0351-2022000", "035****2000"),
        ("0351 2022000转801", "035****2000转****"),
        ("13912345678、2022000", "139****5678、202****00"),
        ("１３９　１２３４　５６７８", "139****5678"),
        ("110", "****"),
        ("", ""),
        ("无", "无"),
    ],
)
def test_a_masked_number_keeps_its_ends(clear: str, masked: str) -> None:
    assert masked_phone(clear) == masked


def digits(number: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=number, max_size=number)


def joined(*groups: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.tuples(*groups)


CARRIERS = st.sampled_from([f"1{second}{third}" for second in range(3, 10) for third in range(10)])
AREAS = st.sampled_from(("010", "021", "0351", "0355", "0999"))
PHONES = st.one_of(
    joined(CARRIERS, digits(4), digits(4)),
    joined(st.sampled_from(("86", "+86", "0086")), CARRIERS, digits(4), digits(4)),
    joined(AREAS, st.builds(str.__add__, st.sampled_from("23456789"), digits(6))),
    joined(AREAS, digits(8)),
    joined(st.sampled_from(("400", "800")), digits(3), digits(4)),
)


def _digits_of(text: str) -> str:
    """All digits of a text in a row, however they are written."""
    return "".join(
        str(int(unicodedata.numeric(char)))
        for char in text
        if unicodedata.numeric(char, -1) in range(10)
    )


@given(PHONES, st.sampled_from(DIGITS), st.sampled_from(GAPS), st.one_of(NEAR, st.just("2.")), NEAR)
def test_no_phone_is_told_however_it_is_written(
    groups: tuple[str, ...], script: str, gap: str, before: str, behind: str
) -> None:
    phone = gap.join(groups).translate(str.maketrans("0123456789", script))
    said = f"{before}{phone}{behind}"
    number = "".join(groups).lstrip("+")
    assert number in _digits_of(said)
    for told in (without_numbers(said), for_paper(said)):
        assert number[-8:] not in _digits_of(told)
        assert told.endswith(behind.strip())


MONEY = st.decimals(0, 10**12, places=2)
CODES = st.one_of(
    st.builds("{:.2f}元".format, MONEY),
    st.builds("{:,.2f}元".format, MONEY),
    st.builds("{:.0f}元".format, MONEY),
    st.builds("{:.4f}万元".format, MONEY),
    st.builds("{:.2f}㎡".format, MONEY),
    st.builds("投资{:.2f}".format, MONEY),
    st.builds(str, st.dates(date(1990, 1, 1), date(2099, 12, 31))),
    st.builds("{:%Y%m%d}".format, st.dates(date(1990, 1, 1), date(2099, 12, 31))),
    st.builds("{0.year}年{0.month}月{0.day}日".format, st.dates()),
    st.builds("XF{}-{}-{:02d}".format, st.integers(2020, 2099), digits(6), st.integers(0, 999)),
    st.builds("晋民发〔{}〕{}号".format, st.integers(2000, 2099), st.integers(1, 10**6)),
    st.builds(str, st.uuids()),
    st.builds("{}{}{}".format, st.sampled_from(("91", "52")), digits(6), st.just("MA0K8X3W5H")),
)
WORDS = st.sampled_from(("，", "；", "于", "已完成", "。", "\n", "（", "）", "：", " "))


@given(st.lists(st.tuples(CODES, WORDS), min_size=1, max_size=6))
def test_amounts_dates_and_codes_stay(said: list[tuple[str, str]]) -> None:
    text = "".join(f"{code}{word}" for code, word in said)
    assert without_numbers(text) == text


@given(st.text())
def test_text_stays_but_for_numbers(text: str) -> None:
    told = without_numbers(text)
    assert without_numbers(told) == told
    if told != text:
        assert "****" in told
        assert len(_digits_of(text)) >= 6


def test_signs_copied_from_a_pdf_are_the_characters_that_they_look_like() -> None:
    assert folded("⼩店区⺠政局⻔卫⻓⻛（甲）：①㎡") == "小店区民政局门卫长风（甲）：①㎡"
    assert folded("\uf9dc\u2e9f\u2ef3") == "隆母龟"
    for code in range(0x2E80, 0x2FE0):
        assert len(folded(chr(code))) == 1
