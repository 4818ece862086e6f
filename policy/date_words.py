"""The days that a clause's own words speak of: “5月份”, “5月底前”, “每月25日前”, “2月中旬前” …

Pure: words in, days out. What is read here is what a date may be without a reason of its own; where
a plan takes another one, its rule says why (`TimedRule.date_reading`).
"""

import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

from common.words import WEEKDAYS

DIGITS = {sign: value for value, sign in enumerate("〇一二三四五六七八九")}
NUMBER = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
DASH = r"[-—–~～至到]{1,2}"
PARTS: Mapping[str, tuple[int, int | None]] = {
    "上旬": (1, 10),
    "中旬": (11, 20),
    "下旬": (21, None),
    "初": (1, 10),
    "底": (1, None),
    "末": (1, None),
    "": (1, None),
}
"""The days of a part of a month; None: its last one. 月初 is read as 上旬 (A4)."""
HALVES = {"上半年": (1, 6), "下半年": (7, 12), "年底": (1, 12), "年末": (1, 12), "年内": (1, 12)}
BEFORE = r"(?P<before>以前|之前|前)?"
MONTHS = re.compile(
    rf"(?P<since>自|从)?(?:(?P<year>\d{{4}})年|(?P<next>次年|明年))?"
    rf"(?:(?P<from>{NUMBER})月?{DASH})?(?P<month>{NUMBER})月份?"
    rf"(?:(?P<day>{NUMBER})[日号]|(?P<part>上旬|中旬|下旬|初|底|末))?"
    rf"{BEFORE}(?P<on>起|开始)?"
)
QUARTERS = re.compile(
    rf"(?P<since>自|从)?(?:(?P<year>\d{{4}})年)?第?(?P<quarter>[一二三四1234])季度[末底]?"
    rf"{BEFORE}(?P<on>起|开始)?"
)
SPANS = re.compile(rf"(?:(?P<year>\d{{4}})年)?(?P<span>{'|'.join(HALVES)}|当年|全年){BEFORE}")
DAYS = re.compile(rf"(?P<since>自|从)?(?:每月)?(?P<day>{NUMBER})[日号]{BEFORE}(?P<on>起|开始)?")
ENDS = re.compile(
    r"(?:每月|当月|每个月)(?:月?[底末]|最后一日)|(?:^|[^\d一二三四五六七八九十])月[底末]"
)


WEEKLY = re.compile(rf"(?:每周|每星期|逢周)([{WEEKDAYS}天])")
SHORT = re.compile(r"(\d+)个?(工作日|天|日|月)(?:之|以)?内")


def written_weekday(words: str) -> int | None:
    """The day of each week that the words name, Monday 1; None: none, or several."""
    found = (sign.replace("天", "日") for sign in WEEKLY.findall(words))
    named = {WEEKDAYS.index(sign) + 1 for sign in found}
    return named.pop() if len(named) == 1 else None


def written_span(words: str) -> tuple[int, str] | None:
    """How long the words give, as (15, 日), (20, 工作日) or (6, 月); None: not said, or twice."""
    named = {(int(number), unit.replace("天", "日")) for number, unit in SHORT.findall(words)}
    return named.pop() if len(named) == 1 else None


class WrittenDays(NamedTuple):
    """Days that a clause names: whoever acts by `last` is in time, who is reminded is from `first`.

    “5月底前” counts 5月31日 in; “25日前” may be read as the 24th or the 25th, “2月中旬前” as the
    10th or the 20th (A1, A20).
    """

    words: str
    first: date
    last: date


class WrittenDay(NamedTuple):
    """A day of whichever month: “每月25日前” is 25, “每月底” is 31."""

    words: str
    first: int
    last: int


def written_days(text: str, year: int) -> tuple[WrittenDays, ...]:
    """The days of the year (or one that is named) that `text` speaks of, in its order.

    What only begins on a day (“自二季度”, “从3月份开始”) says nothing of a date.
    """
    bare = re.sub(r"\s", "", text)
    found: list[tuple[int, WrittenDays]] = []
    for pattern, read in ((MONTHS, _month), (QUARTERS, _quarter), (SPANS, _span)):
        for match in pattern.finditer(bare):
            said = match.groupdict()
            if not (said.get("since") or said.get("on")):
                found += [(match.start(), each) for each in read(match, year)]
    return tuple(each for _, each in sorted(found))


def written_day(text: str) -> WrittenDay | None:
    """The day of a month that `text` names without the month; None where it names none."""
    bare = re.sub(r"\s", "", text)
    for match in DAYS.finditer(MONTHS.sub("◇", bare)):
        day = _number(match["day"])
        if match["before"] and not match["since"] and 1 <= day <= 31:  # “30日内” is a span, no date
            return WrittenDay(match.group(), max(1, day - 1), day)
    end = ENDS.search(bare)
    return WrittenDay(end.group(), 1, 31) if end else None


def _month(match: re.Match[str], year: int) -> Iterator[WrittenDays]:
    year = int(match["year"] or year) + bool(match["next"])
    month = _number(match["month"])
    begin = _number(match["from"]) if match["from"] else month
    if not (1 <= begin <= 12 and 1 <= month <= 12):
        return
    end = monthrange(year, month)[1]
    if match["day"]:
        day = _number(match["day"])
        if 1 <= day <= end:
            early = max(1, day - 1) if match["before"] else day
            yield WrittenDays(match.group(), date(year, month, early), date(year, month, day))
        return
    part = match["part"] or ""
    first, last = PARTS[part]
    if match["before"] and part in ("中旬", "下旬"):
        first -= 1
    yield WrittenDays(match.group(), date(year, begin, first), date(year, month, last or end))


def _quarter(match: re.Match[str], year: int) -> Iterator[WrittenDays]:
    number = int(match["quarter"]) if match["quarter"].isdigit() else DIGITS[match["quarter"]]
    yield _months(match.group(), int(match["year"] or year), 3 * number - 2, 3 * number)


def _span(match: re.Match[str], year: int) -> Iterator[WrittenDays]:
    first, last = HALVES.get(match["span"], (1, 12))
    yield _months(match.group(), int(match["year"] or year), first, last)


def _months(words: str, year: int, first: int, last: int) -> WrittenDays:
    return WrittenDays(words, date(year, first, 1), date(year, last, monthrange(year, last)[1]))


def _number(text: str) -> int:
    """A number up to 99, in digits or in Chinese; 0 for what is none."""
    if text.isdigit():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    if not ten:
        return DIGITS.get(text, 0)
    return 10 * DIGITS.get(tens, 1 if not tens else 0) + DIGITS.get(ones, 0)
