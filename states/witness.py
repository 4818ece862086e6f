"""A witness of the trail: how many rows it had and a code, kept where the database is not. Pure."""

import re
import unicodedata
from dataclasses import dataclass

from common.errors import UsageError
from common.words import alike

CODE = re.compile(r"(\d{1,18})-([0-9A-F]{4})-?([0-9A-F]{4})")
DASHES = "_~\N{MINUS SIGN}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}"


@dataclass(frozen=True, slots=True)
class Witness:
    """That a plan's trail had so many rows, and a mark that only such a trail can have."""

    rows: int
    mark: str
    """Eight hexadecimal digits, in capitals."""

    @property
    def code(self) -> str:
        """E.g. ``1234-7F3A-91C2``."""
        return f"{self.rows}-{self.mark[:4]}-{self.mark[4:]}"

    @property
    def words(self) -> str:
        """E.g. 第1234条，校验码 1234-7F3A-91C2."""
        return f"第{self.rows}条，校验码 {self.code}"


def read_code(typed: str) -> Witness:
    """The witness that a code stands for, however it is typed: small, full-width, with spaces.

    UsageError when it is no code.
    """
    signs = "".join(alike(typed).upper().split())
    plain = "".join("-" if _is_dash(sign) else sign for sign in signs)
    found = CODE.fullmatch(plain.rpartition("校验码")[2].strip(":。."))
    if found is None:
        raise UsageError(f"“{typed}”不是校验码；校验码形如 1234-7F3A-91C2，请按印件照录")
    return Witness(int(found[1]), found[2] + found[3])


def _is_dash(sign: str) -> bool:
    return sign in DASHES or unicodedata.category(sign) == "Pd"
