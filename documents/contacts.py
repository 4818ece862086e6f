"""The contacts workbook (通讯录), in and out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit

from documents import cells
from documents.cells import CellError
from documents.forms import CONTACTS, CONTACTS_SHEET
from documents.layout import Page, save
from documents.table import Row, duplicates, find_table, raise_faults
from documents.workbook import open_workbook
from policy.errors import RefusedError
from policy.schema import Plan
from policy.vocabulary import Level

SCHEMES = ("mailto", "mailtos")
ADDRESS = (
    "通知地址须为空，或为 mailto:// 或 mailtos:// 开头的邮件地址；"
    "请改正（地址可能含密码，故不在此显示）"
)


@dataclass(frozen=True)
class ContactRow:
    """One person at one office."""

    office: str
    """One of the plan's offices, by its full name."""
    name: str
    duty: str
    phone: str
    address: str | None
    """A ``mailto://`` or ``mailtos://`` URL, which may hold a password; None: none."""


def read_contacts(path: Path, plan: Plan) -> tuple[ContactRow, ...]:
    """Everyone in the workbook, or nobody: RefusedError lists every fault, one a line."""
    faults: list[str] = []
    table = find_table(open_workbook(path), path.name, CONTACTS, faults)
    if table is None:
        raise RefusedError(f"{path.name}：没有找到通讯录；请核对表头文字是否与样表一致")
    known = frozenset(offices(plan))
    rows = [(row, _contact(row, known)) for row in table.rows]
    for row, first in duplicates([(row, (found.office, found.name)) for row, found in rows]):
        row.refuse("name", f"与第{first.number}行重复；请删除一行")
    raise_faults(faults)
    return tuple(found for _, found in rows)


def write_contacts(path: Path, rows: Sequence[ContactRow]) -> None:
    """Write a workbook that `read_contacts` reads back. UnavailableError when it cannot."""
    lines = [(row.office, row.name, row.duty, row.phone, row.address) for row in rows]
    save(path, (Page(CONTACTS_SHEET, "通讯录", CONTACTS, lines, size=11),))


def offices(plan: Plan) -> Iterator[str]:
    """Every office of the plan: the province, then each city, its leader and its counties."""
    yield plan.office(Level.PROVINCE)
    for city in plan.cities:
        yield plan.office(Level.CITY, city.name)
        yield plan.office(Level.CITY_LEADER, city.name)
        for county in city.counties:
            yield plan.office(Level.COUNTY, city.name, county.name)


def _contact(row: Row, known: frozenset[str]) -> ContactRow:
    """What a row says; where a cell cannot be read a fault is noted and the text left empty."""
    return ContactRow(
        office=row.take("office", lambda value: _office(value, known)) or "",
        name=row.take("name", _person) or "",
        duty=row.take("duty", _text) or "",
        phone=row.take("phone", _text) or "",
        address=_address(row),
    )


def _office(value: object, known: frozenset[str]) -> str:
    written = cells.name(value)
    if written is None:
        raise CellError("未填写机构；请填写机构全称")
    if written in known:
        return written
    close = get_close_matches(written, sorted(known), n=3, cutoff=0.6)
    hint = (
        f"是否为{'、'.join(close)}？请核对后改正" if close else "请填写全称，如太原市小店区民政局"
    )
    raise CellError(f"“{written}”不是本方案的机构，{hint}")


def _person(value: object) -> str:
    written = cells.name(value)
    if written is None:
        raise CellError("未填写姓名；请填写姓名")
    return written


def _text(value: object) -> str:
    return cells.text(value) or ""


def _address(row: Row) -> str | None:
    written = str(row.cells["address"][1] or "").strip()
    if written and not _is_mail(written):
        row.refuse("address", ADDRESS, secret=True)
    return written or None


def _is_mail(written: str) -> bool:
    try:
        parts = urlsplit(written)
        return parts.scheme in SCHEMES and bool(parts.hostname) and not set(written) & set(" \n\t")
    except ValueError:
        return False
