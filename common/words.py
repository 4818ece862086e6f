"""How days, amounts and numerals read in Chinese, and what of people's numbers is hidden. Pure.

Hidden are telephone and identity numbers in what people have typed. Amounts, areas, dates and codes
stay: they are told by their shape, their unit or the word before them. Both kinds are listed, case
by case, in `tests/cases/phones.yaml`.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from common.errors import RefusedError

SHANGHAI = ZoneInfo("Asia/Shanghai")
PRODUCT = "幸福"
"""The product's own name: where it speaks for no plan (decision 40)."""
NUMERALS = "一二三四五六七八九十"
CENT = Decimal("0.01")
TEN_THOUSAND = Decimal(10000)
"""元 in a 万元."""
NONE, NOT_STATED = "无。", "—"


NOT_IN_FILE_NAMES = frozenset('<>:"/\\|?*')
"""Signs that the name of a file or folder cannot have on every system."""
UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Signs that nobody sees: they steer a terminal, turn text round, or make two names look alike."""
_RADICALS = (
    "⺀厂乛乚乙亻冂⺇刀刂卜㔾小尐兀尣尢⺑巳幺彑彐忄心扌攵⺚旡日月歺母民氵氺灬爫爬丬牛"
    "犭王⺪目示礻⺮糹纟罓罒㓁冗⺵羊⺷⺸耂肀聿肉⺽艹艺艻虎衤覀西见角⻇讠贝⻊车辶辷辸邑"
    "钅長镸长门⻕阝雨青韦页风飞食⻞飠饣⻡马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)
"""What each of Unicode's supplementary radicals stands for, from U+2E80 on; NFKC knows but two."""
COPIED = "\u2e80-\u2fdf\uf900-\ufaff\U0002f800-\U0002fa1f"
"""Signs that look like characters and are none, as a pattern has them: radicals and the like."""
_COPIED = re.compile(f"[{COPIED}]")
LINES = "\n\t"
"""Those of them that lay text out."""


def folded(text: str) -> str:
    """The text in the characters that it looks like: PDF files give ⼩ and ⺠ for 小 and 民."""
    return _COPIED.sub(_meant, text) if _COPIED.search(text) else text


def alike(text: str) -> str:
    """What is the same in all texts that look the same: also in one width, NFKC."""
    return unicodedata.normalize("NFKC", folded(text))


def shanghai_day(at: datetime) -> date:
    """The date in Shanghai at an aware instant."""
    return at.astimezone(SHANGHAI).date()


def shanghai_minute(at: datetime) -> str:
    """An instant as staff reads it, e.g. 2023-06-01 08:31（北京时间）."""
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}（北京时间）"


WEEKDAYS = "一二三四五六日"
"""From Monday on."""


def weekday(day: date) -> str:
    """``一`` for a Monday to ``日`` for a Sunday."""
    return WEEKDAYS[day.weekday()]


def month_name(period: str) -> str:
    """``2023年6月``."""
    return f"{period[:4]}年{int(period[5:])}月"


def quarter_name(quarter: str) -> str:
    """``2023年第二季度``."""
    return f"{quarter[:4]}年第{NUMERALS[int(quarter[5]) - 1]}季度"


def long_date(day: date) -> str:
    """``2023年6月30日``."""
    return f"{day.year}年{day.month}月{day.day}日"


def short_date(day: date) -> str:
    """``6月30日``."""
    return f"{day.month}月{day.day}日"


def date_beside(day: date, beside: date) -> str:
    """Without the year where it is that of the day beside it."""
    return short_date(day) if day.year == beside.year else long_date(day)


def amount(yuan: Decimal) -> str:
    """万元 with two decimals, rounded half up; without the unit."""
    return f"{(yuan / TEN_THOUSAND).quantize(CENT, ROUND_HALF_UP)}"


def percent(value: Decimal | None) -> str:
    """``95.0%``; — where there is nothing to measure against."""
    return NOT_STATED if value is None else f"{value}%"


def numeral(number: int) -> str:
    """一, 二 … 十, 十一 …, up to 99."""
    tens, ones = divmod(number, 10)
    head = f"{NUMERALS[tens - 1] if tens > 1 else ''}十" if tens else ""
    return head + (NUMERALS[ones - 1] if ones else "")


def dated(day: date) -> str:
    """``2023年5月31日（星期三）``."""
    return f"{long_date(day)}（星期{weekday(day)}）"


def cited(clause: str, what: str = "") -> str:
    """``（七(二)）``, with what it asks for; empty where neither is said."""
    return f"（{clause}{what}）" if clause or what else ""


def ended(sentence: str) -> str:
    """With a full stop, unless it has an end already."""
    return sentence if sentence.endswith(("。", "！", "？")) else f"{sentence}。"


FEWEST = 6
"""Digits of the shortest number that is looked for."""

_ODD = 0xE000  # private signs: digits that are no decimals, such as ① and 一
_WRITTEN_OUT = re.compile(r"[\ue000-\ue009](?:[-\s.·]?[\ue000-\ue009]){6,}")

# All of this is matched after folding: signs are half-width, every dash is "-".
_GAP = r"[-\s.·\ue001]{0,3}"
_UNIT = r"\s?(?:[百千万亿]*元(?!旦)|万(?![一-鿿])|亿|m2|平方|平米|米|公里|公斤|吨|亩|公顷|立方|%)"
_COUNT = r"\s?(?:人(?!员)|户(?!主|籍)|个(?!人)|床|套)"
_DATE = r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_BORN = rf"\d{{6}}{_DATE}\d{{3}}[\dXx]"
_CARRIER = r"1[3-9]\d"
_COUNTRY = rf"(?:\+?(?:00)?86{_GAP})?"
_NO_PHONE = rf"(?!{_CARRIER}\d{{8}}(?!\d|\.\d\d(?!\d))|0\d|{_BORN})"
_MONEY = (
    "投资|金额|资金|补助|补贴|合计|共计|总计|造价|概算|预算|支出|到账|拨付|下达|配套|结存"
    "|已付|实拨|应拨|自筹|贷款|剩余"
)
_NUMBERED = "(?:编|证|案|文|批|单|流水|记录|序|合同|消息|登记)号|编码|代码|校验码|第"
_SAID = (
    "(?:电话|手机|座机|热线|联系(?:方式|人)?|致电|拨打|来电|传真|微信|短信|号码"
    "|(?i:tel|phone|mobile|fax))(?:号码|号)?"
)

LEFT = (
    rf"(?<!\d)\d+(?:\.\d+)?{_UNIT}",
    rf"(?:{_MONEY}|[¥$])(?:总?额|[约为是共达计:\s]){{0,4}}{_NO_PHONE}\d+(?:\.\d+)?",
    rf"(?:{_NUMBERED})[:为是\s]{{0,3}}{_NO_PHONE}[0-9A-Za-z][0-9A-Za-z-]*",
    r"〔\d{4}〕\d+号",
    r"(?<![0-9A-Za-z])[A-Za-z]{1,8}(?:19|20)\d\d-\d{6}-\d{1,4}(?!\d)",
    # 统一社会信用代码: with a letter, or beginning as no identity number does.
    r"(?<![0-9A-Za-z])(?:(?=[0-9A-Z]{1,16}[A-Z][0-9A-Z])[0-9A-Z]{2}\d{6}[0-9A-Z]{10}"
    r"|9[1-3]\d{15}[0-9X])(?![0-9A-Za-z])",
    # Ids of runs, fingerprints, and what a returned workbook's name ends in.
    r"(?<![0-9A-Za-z])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9A-Za-z])",
    r"(?<![0-9A-Za-z])(?=(?:\d*[a-f]){3})[0-9a-f]{16,}(?![0-9A-Za-z])",
    r"(?<=-)[0-9a-f]{8}(?=-需修改)",
)
"""What looks like a number of a person and is none: amounts, codes, ids, 文号."""

NUMBERS = (
    rf"{_COUNTRY}{_CARRIER}{_GAP}\d{{4}}{_GAP}\d{{4}}(?!\d)",
    # Mobile numbers in groups that are seldom seen.
    rf"(?<![0-9A-Za-z])(?<![0-9A-Za-z]-)(?:{_CARRIER}(?:\d[-\s.·]?\d{{3}}[-\s.·]?\d{{4}}"
    r"|[-\s.·]\d{3}[-\s.·]\d{5}|[-\s.·]\d{5}[-\s.·]\d{3}|\d(?P<gap>[-\s.·])\d{4}(?P=gap)\d{3}"
    r"|\d\d[-\s.·]\d{6}|\d{3}\s\d{5}|(?:[-\s.·]\d\d){4})"
    r"|1[3-9](?:[-\s.·]\d{3}){3}|1[-\s.·][3-9](?:[-\s.·]\d){9})(?!\d)",
    rf"{_COUNTRY}[(]?(?!0086)0\d{{2,3}}[)]?{_GAP}(?:\d{{7,8}}|\d{{3,4}}{_GAP}\d{{4}})(?!\d)",
    rf"(?:\+|00)86{_GAP}[1-9]\d{{1,2}}{_GAP}\d{{7,8}}(?!\d)",
    rf"[48]00{_GAP}(?:\d{{3}}{_GAP}\d{{4}}|\d{{4}}{_GAP}\d{{3}})(?!\d|{_UNIT}|{_COUNT})",
    r"(?:\d{17}|\d{6}\s\d{8}\s\d{3})[\dXx](?![0-9A-Za-z])",
    r"62\d\d(?:\s\d{4}){3}(?:\s\d{1,3})?(?!\d)",
    rf"(?<![0-9A-Za-z])(?!{_DATE}(?!\d))[2-9]\d{{6,7}}(?![0-9A-Za-z]|\.\d|{_COUNT})",
    rf"(?<![0-9A-Za-z])(?!{_DATE}\d{{0,6}}(?!\d))\d{{10,}}[Xx]?(?![0-9A-Za-z]|\.\d|{_COUNT})",
)
"""Mobile, landline, 400 and 800 numbers, identity and account numbers."""

_TOLD = rf"(?!{_DATE}(?!\d))(?:\d{{6,}}|\d{{3,4}}[-\s]\d{{3,4}})(?!\d|-\d|\.\d|{_UNIT}|{_COUNT})"
_NUMBER = "|".join(NUMBERS)
_FIRST = "".join({word[0] for word in re.findall("[一-鿿]+", f"{_SAID} {_MONEY} {_NUMBERED}")})
PERSONAL = re.compile(
    rf"(?=[0-9A-Za-z+(¥$〔{_FIRST}])(?:"  # elsewhere nothing begins: most signs are passed quickly
    rf"{_SAID}[:为是\s.]{{0,3}}(?P<said>{_NUMBER}|{_TOLD})|{'|'.join(LEFT)}"
    rf"|(?<!\d)(?<!(?<!\d)0\.)(?P<number>{_NUMBER.replace('gap', 'gap2')}))"
)
ANY = re.compile(r"(?P<number>\d(?:[-\s]?\d)*)")


def without_numbers(text: str, instead: str | None = None) -> str:
    """Free text with telephone and identity numbers hidden, and everything else as it was.

    Full-width digits, those of other scripts, and signs in between that nobody sees make no
    difference. Of each number the ends stay, as `masked_phone` leaves them, or stands `instead`.
    """
    if sum(map(str.isnumeric, text)) < FEWEST:
        return text
    return _hidden(text, PERSONAL, instead)


def unseen_sign(text: str) -> str:
    """Which sign of a text nobody sees, where, and how to mend it; empty where there is none."""
    found = UNSEEN.search(text)
    if found is None:
        return ""
    code = ord(found[0])
    named = {"\n": "换行", "\r": "换行", "\t": "制表符"}.get(found[0], "看不见的控制符号")
    return (
        f"第{found.start() + 1}个字是{named}（U+{code:04X}），"
        "多因从网页、聊天软件或终端复制带入；请删去后重新填写"
    )


def require_seen(said: Mapping[str, str]) -> None:
    """RefusedError where a text, by its field's name, holds a sign that nobody sees."""
    for field, text in said.items():
        if fault := unseen_sign(text):
            raise RefusedError(f"{field}“{visible(text)}”有误：{fault}")


def visible(text: str) -> str:
    """A text in which every sign is seen: no terminal does what it says. Lines stay lines."""
    return UNSEEN.sub(lambda found: _picture(found[0]), text)


def for_paper(text: str) -> str:
    """Free text as a paper tells it: on one line, and no telephone or identity number."""
    return without_numbers(" ".join(text.split()), "（号码略）")


def masked_phone(phone: str) -> str:
    """The number with its middle hidden: its first three and last four digits stay, or fewer."""
    return _hidden(phone, ANY, None)


def _hidden(text: str, pattern: re.Pattern[str], instead: str | None) -> str:
    plain, places = _fold(text)
    told, end = [], 0
    for start, stop in _spans(plain, pattern):
        told += [text[end : places[start]], instead or _hide(plain[start:stop])]
        end = places[stop - 1] + 1
    return "".join((*told, text[end:]))


def _spans(plain: str, pattern: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    for found in pattern.finditer(plain):
        for name in ("said", "number"):
            if found.groupdict().get(name):
                yield found.span(name)


def _fold(text: str) -> tuple[str, Sequence[int]]:
    """The text as it is looked through, and for each of its signs where that stands in `text`."""
    plain = text.translate(_FOLDED)
    places: Sequence[int] = range(len(text))
    if not _FOLDED.uneven.isdisjoint(text):
        folded = [(sign, place) for place, char in enumerate(text) for sign in _plain(char)]
        plain, places = "".join(sign for sign, _ in folded), [place for _, place in folded]
    return _WRITTEN_OUT.sub(_digits, plain), places


def _meant(found: re.Match[str]) -> str:
    place = ord(found[0]) - 0x2E80
    if place < len(_RADICALS):
        return _RADICALS[place]
    return unicodedata.normalize("NFKC", found[0])


def _picture(sign: str) -> str:
    code = ord(sign)
    if sign in LINES:
        return sign
    if code < 0x20:
        return chr(0x2400 + code)  # Unicode has a picture of each
    return "\u2421" if code == 0x7F else f"<U+{code:04X}>"


def _plain(char: str) -> str:
    """A sign's half-width form; none for a sign that is not seen."""
    category = unicodedata.category(char)
    if category == "Nd":
        return str(unicodedata.decimal(char))
    value = unicodedata.numeric(char, -1)
    if value in range(10):
        return chr(_ODD + int(value))
    if category in ("Cf", "Mn", "Me"):
        return ""
    if category == "Pd" or char in "\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}~～":
        return "-"
    return alike(char)


class _Folded(dict[int, str]):
    """The half-width form of each sign that was met."""

    def __init__(self) -> None:
        self.uneven = set[str]()
        """Those that fold to more signs than one, or to none."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain(chr(code))
        if len(plain) != 1:
            self.uneven.add(chr(code))
        return plain


_FOLDED = _Folded()


def _digits(found: re.Match[str]) -> str:
    return "".join(
        str(ord(sign) - _ODD) if "\ue000" <= sign <= "\ue009" else sign for sign in found[0]
    )


def _hide(number: str) -> str:
    digits = "".join(sign for sign in number if sign.isalnum() or sign == "+")
    if len(digits) < len("1234567"):
        return "****"
    return f"{digits[:3]}****{digits[-(4 if len(digits) >= len('13912345678') else 2) :]}"
