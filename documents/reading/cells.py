"""Forgiving readers for what people type into cells: a cell's value in, a clean value out.

A blank cell gives None (`yes`: False). What cannot be read raises `CellError`, whose message is the
Chinese reason and how to mend it; the caller adds file, sheet and cell.
"""

import re
import unicodedata
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TypeVar

from common.errors import RefusedError
from common.words import CENT, COPIED, alike, folded

T = TypeVar("T")


class CellError(RefusedError):
    """单元格内容有误，请核对后改正。"""


WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F) if chr(code - 0xFEE0).isalnum()}
"""Full-width letters and digits. Full-width punctuation is correct Chinese and stays."""
UNLIKE = re.compile(f"[{COPIED}{''.join(map(chr, WIDE))}]")
"""What is written in other signs than it is kept in."""

YES = frozenset({"是", "有", "对", "√", "✓", "✔", "☑", "TRUE", "Y", "YES"})
NO = frozenset({"", "否", "无", "没有", "×", "✗", "✘", "X", "☐", "□", "FALSE", "N", "NO"})
MERGED = "数字合并在几行之间，无法判断每行是多少；请取消合并，逐行填写"
NO_RESULT = "#公式无结果"
"""What stands for a formula that was never calculated."""
MERGED_NUMBER = "#合并的数字"
"""What stands for a number that is merged over several rows, in all but the first of them."""
EXCEL_ERRORS = ("#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A", NO_RESULT)
NUMBER = "请填写数字，如 850.50"
WHOLE = "请填写整数，如 12"
PERCENT = "请填写0至100的整数，如 35"
POINTS = "请填写分数，最多一位小数，如 18.5"
UNITS = re.compile("元|万|亩|公顷|平方|平米")
"""What a remark about a unit holds."""
LONGEST_UNIT = 3
TICKS = "√✓✔☑☒■●"
YEAR = "请写明年、月、日，如 2023-02-10"
SERIALS = range(36526, 73051)
"""Excel's day numbers of this century."""
DAY_ZERO = date(1899, 12, 30)
STEERING = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f]")
"""Signs that steer a terminal; others that nobody sees are left out in silence."""

# Excel keeps 15 significant digits; what a stored double shows behind them is binary noise.
FIFTEEN = Context(prec=15)


def text(value: object) -> str | None:
    """Text without outer blanks, inner blanks made single, full-width digits made plain."""
    visible = value if isinstance(value, str) else _shown(value)
    if UNLIKE.search(visible):
        visible = folded(visible).translate(WIDE)
    if not visible.isprintable():
        if found := STEERING.search(visible):
            raise CellError(
                f"第{found.start() + 1}个字是看不见的控制符号（U+{ord(found[0]):04X}）；"
                "请删去后重新填写"
            )
        visible = "".join(filter(_is_seen, visible))
    words = " ".join(visible.split())
    if words.startswith("#"):
        _refuse_error(words)
    return words or None


def _refuse_error(words: str) -> None:
    if words == MERGED_NUMBER:
        raise CellError(MERGED)
    if words in EXCEL_ERRORS:
        raise CellError("公式出错；请改为填写实际内容")


def _bare(value: object) -> str:
    """A cell's words in one width, without blanks and signs that nobody sees."""
    words = re.sub(r"\s", "", alike(_shown(value)))
    return words if words.isprintable() else "".join(filter(_is_seen, words))


def _is_seen(char: str) -> bool:
    """Whether a person sees the character, be it as a blank."""
    return char.isspace() or unicodedata.category(char) not in ("Cf", "Cc")


def name(value: object) -> str | None:
    """As `text`, without any blanks: people space out names to align them."""
    words = text(value)
    return words.replace(" ", "") if words else None


def square_metres(value: object) -> Decimal | None:
    """建筑面积 in ㎡, two decimals at most; ``850.5``, ``850.5㎡``, ``８５０平方米``."""
    number, unit = _measured(value)
    if number is None:
        return None
    if unit not in ("", "m2", "平方米", "平米", "平方"):
        raise CellError(f"单位“{unit}”不是平方米；请以平方米为单位填写数字，如 850.50")
    return _exact(number, digits=9, says="建筑面积", unit="平方米")


def ten_thousand_yuan(value: object) -> Decimal | None:
    """Money in 元, exact to the 分, from a cell in 万元; a cell may also say ``1200000元``."""
    return _money(value, "万元")


def yuan(value: object) -> Decimal | None:
    """Money in 元, exact to the 分, from a cell in 元; a cell may also say ``120万元``."""
    return _money(value, "元")


def number(value: object, unit: str = "") -> Decimal | None:
    """A number from 0 on, two decimals at most, in `unit`, which may stand behind it."""
    number, written = _measured(value)
    if number is None:
        return None
    if written not in ("", unit):
        told = f"以{unit}为单位" if unit else ""
        raise CellError(f"单位“{written}”有误；请{told}填写数字，如 12.50")
    return _exact(number, digits=13, says="数值", unit=unit or "填报单位")


def integer(value: object, unit: str = "") -> int | None:
    """A whole number from 0 on; ``12``, ``12张``, ``620户``; `unit` may stand behind it, too."""
    number, written = _measured(value, WHOLE)
    if number is None:
        return None
    if written not in ("", "张", "床", "户", "个", "人", unit):
        raise CellError(f"不是整数；{WHOLE}")
    if number != number.to_integral_value() or number >= 10**9:
        raise CellError(f"不是整数；{WHOLE}")
    return int(number)


def percent(value: object) -> int | None:
    """A whole percentage from 0 to 100; ``35``, ``35%``, or 0.35 as a percent cell holds it.

    Others are rounded, but none to 100: see `percent_word`.
    """
    found = _percentage(value)
    if found is None:
        return None
    whole = found.quantize(Decimal(1), ROUND_HALF_UP)
    return int(whole) if whole < 100 or found == 100 else 99


def percent_word(value: object) -> str:
    """How a percentage was taken that is not written as it is stored; empty where it is."""
    taken, found = percent(value), _percentage(value)
    written = f"{plain(found)}%" if found is not None else ""
    if found is not None and found != found.to_integral_value():
        return f"“{written}”已取整，登记为{taken}%；如有不符，请改为整数后重新报送"
    if found is not None and isinstance(value, int | float) and found != Decimal(str(value)):
        return f"“{value}”按{taken}%登记；如有不符，请写明“{value}%”后重新报送"
    return ""


def _percentage(value: object) -> Decimal | None:
    """A percentage from 0 to 100 as it is written."""
    number, unit = _measured(value, PERCENT)
    if number is None:
        return None
    if unit not in ("", "%"):
        raise CellError(f"不是百分比；{PERCENT}")
    if not unit and number == 1:
        raise CellError("无法判断是1%还是100%；请写明“1%”或“100%”")
    found = number * 100 if not unit and 0 < number < 1 else number
    if found > 100:
        raise CellError(f"不是0至100的整数；{PERCENT}")
    return found


def points(value: object) -> Decimal | None:
    """Points with one decimal at most; ``18``, ``18.5``, ``18.5分``."""
    number, unit = _measured(value, POINTS)
    if number is None:
        return None
    if unit not in ("", "分"):
        raise CellError(f"不是分数；{POINTS}")
    if number >= 10**6 or number != number.quantize(Decimal("0.1")):
        raise CellError(f"不是最多一位小数的分数；{POINTS}")
    return number.quantize(Decimal("0.1"))


def day(value: object) -> date | None:
    """A date of this century; date cells, their day numbers, ``2023-02-10``, ``2023年2月10日``."""
    found = any_day(value)
    if found is not None and not 2000 <= found.year <= 2099:
        raise CellError(f"年份{found.year}不合理；请核对日期，如 2023-02-10")
    return found


def day_of(year: int, last: date) -> Callable[[object], date | None]:
    """Reads a day as `day` does; one without its year is of that year, and no later than `last`."""

    def read(value: object) -> date | None:
        found = _yearless(value)
        if found is None:
            return day(value)
        on = _date(year, *found)
        if on > last:
            raise CellError(f"没有写明年份，{year}年的这一天在本表所报的月份之后；{YEAR}")
        return on

    return read


def year_word(value: object, taken: date | None) -> str:
    """That a day came without its year; empty where it has one."""
    if taken is None or _yearless(value) is None:
        return ""
    return f"“{value}”没有写明年份，按{taken.isoformat()}登记；如有不符，请写明年份后重新报送"


def yes(value: object) -> bool:
    """是, √, ☑ or 有 is True; 否, ×, ☐ or blank is False."""
    word = alike(name(value) or "").upper()
    if word in YES:
        return True
    if word in NO:
        return False
    raise CellError("既不是“是”也不是“否”；请填写“是”或“否”")


def required(what: str, parse: Callable[[object], T | None]) -> Callable[[object], T]:
    """`parse`, for a cell that must say something; `what` it says, in Chinese."""

    def read(value: object) -> T:
        found = parse(value)
        if found is None:
            raise CellError(f"未填写{what}；请填写{what}")
        return found

    return read


def plain(number: Decimal | int) -> str:
    """A number without an exponent or needless zeros."""
    shown = f"{Decimal(number):f}"
    return shown.rstrip("0").rstrip(".") if "." in shown else shown


def yes_or_no(value: object) -> bool | None:
    """As `yes`, but a blank cell states nothing."""
    return None if is_blank(value) else yes(value)


def is_blank(value: object) -> bool:
    """Whether a cell holds nothing a reader would see."""
    return value is None or value == "" or (isinstance(value, str) and not value.strip())


def _shown(value: object) -> str:
    """The value as a person sees it in the cell; a whole number has no ``.0``."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.date().isoformat()
    return str(value)


def _measured(value: object, mend: str = NUMBER) -> tuple[Decimal | None, str]:
    """A cell's number and the unit written behind it; `mend` says what would be right."""
    if is_blank(value):
        return None, ""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _checked(Decimal(str(value)), mend), ""
    if value == MERGED_NUMBER:
        raise CellError(MERGED)
    if isinstance(value, date | time | timedelta):  # what is typed there next reads as a day again
        raise CellError(f"单元格为日期格式，不是数字；请将单元格格式改为“数值”，{mend}")
    plain = _bare(value)
    found = re.fullmatch(r"([-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)((?:\D.*)?)", plain)
    if not found:
        raise CellError(f"不是数字；{mend}")
    return _checked(Decimal(found[1].replace(",", "")), mend), _unit(found[2])


def _unit(written: str) -> str:
    """The unit behind a number, also in brackets; a longer remark there is passed over."""
    found = re.fullmatch(r"([^()]*)\(([^()]*)\)", written)
    if found is None:
        return written
    if found[1]:
        return found[1]
    if len(found[2]) <= LONGEST_UNIT or UNITS.search(found[2]):
        return found[2]
    return ""


def _checked(number: Decimal, mend: str) -> Decimal:
    if not number.is_finite():
        raise CellError(f"不是数字；{mend}")
    if number < 0:
        raise CellError("不能为负数；请核对后填写")
    return FIFTEEN.plus(number)


def _money(value: object, unit: str) -> Decimal | None:
    number, written = _measured(value)
    if number is None:
        return None
    if (written or unit) not in ("万元", "万", "元"):
        raise CellError(f"单位“{written}”不是{unit}；请以{unit}为单位填写数字，如 120.50")
    factor = 1 if (written or unit) == "元" else 10000
    return _exact(number * factor, digits=15, says="金额", unit="元")


def _exact(number: Decimal, digits: int, says: str, unit: str) -> Decimal:
    """`number` with two decimals; refused when it has more, or more than `digits` in all."""
    if number >= Decimal(10) ** (digits - 2):
        raise CellError(f"{says}过大；请核对数字和单位")
    fixed = number.quantize(CENT)
    if fixed != number:
        raise CellError(f"{says}折合{unit}后超过两位小数；请保留两位小数")
    return fixed


def any_day(value: object) -> date | None:
    """A date of any century, written as for `day`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date) or value is None:
        return value
    plain = _bare(value)
    if not plain:
        return None
    if plain.isdecimal() and int(plain) in SERIALS:
        return DAY_ZERO + timedelta(int(plain))
    found = re.fullmatch(r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(00:00:00)?", plain)
    found = found or re.fullmatch(r"(\d{4})(\d{2})(\d{2})", plain)
    if found:
        return _date(int(found[1]), int(found[2]), int(found[3]))
    if _yearless(value):
        raise CellError(f"没有写明年份；{YEAR}")
    raise CellError("不是日期；请填写日期，如 2023-02-10")


def _date(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise CellError("没有这一天；请核对日期，如 2023-02-10") from None


def _yearless(value: object) -> tuple[int, int] | None:
    """Month and day of a text that names no year: ``6月5日``, ``6-5``."""
    if not isinstance(value, str):
        return None
    plain = _bare(value)
    found = re.fullmatch(r"(\d{1,2})(?:月(\d{1,2})[日号]?|[-/.](\d{1,2}))", plain)
    return (int(found[1]), int(found[2] or found[3])) if found else None
