"""The contacts workbook (通讯录), in and out. Addresses may hold secrets: no fault shows one."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, TypeVar
from urllib.parse import urlsplit

from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, raise_faults
from documents.reading.grid import Book
from documents.reading.table import TableRow, duplicates, find_table, no_table
from documents.writing.columns import CONTACTS, CONTACTS_SHEET
from documents.writing.layout import TableSheet
from documents.writing.rows import Value
from policy.bodies import Office
from policy.schema import Plan
from policy.vocabulary import ChannelKind, Level
from states.contacts import SCHEMES, SEALED, Post

T = TypeVar("T")
FaultOf = Callable[[str], str]
"""Why an address cannot be used, without showing it; empty when it can."""

MASK = "***"
"""What an address that is shown has in the place of its secret; read back, it means "unchanged"."""
NOTE = (
    "分管范围留空即为全部；通知方式每行一个，按优先次序填写，留空即存入文件夹；代理起止日期均含当日"
)
UNSHOWN = "请改正（地址可能含密码，故不在此显示）"
ADDRESS = (
    f"通知方式须以{'、'.join(f'{scheme}://' for scheme in SCHEMES)}开头，每行一个，中间无空格；"
    f"{UNSHOWN}"
)
MISPLACED = "此处不应填写通知方式；请移到通知方式一列（地址可能含密码，故不在此显示）"
SEPARATORS = {"divisions": "、", "channels": "\n"}
"""What stands between the words of a cell that lists several."""
BARE = (ChannelKind.LIST, ChannelKind.FOLDER)


def _no_fault(_address: str) -> str:
    return ""


def read_contacts(
    book: Book, plan: Plan, fault_of: FaultOf = _no_fault
) -> tuple[tuple[TableRow, Post], ...]:
    """Everyone in the workbook with their rows, or nobody: WorkbookError holds every fault.

    Masked addresses are handed on as they stand, others asked of `fault_of`. A substitute at an
    office that the workbook does not list is taken on trust.
    """
    faults: list[CellFault] = []
    table = find_table(book, CONTACTS, faults)
    if table is None:
        raise no_table(book, CONTACTS, CONTACTS_SHEET, CONTACTS_SHEET)
    rows = [(row, _post(row, plan, plan.contact_office, fault_of)) for row in table.rows]
    _refuse_repeats(rows)
    _refuse_unlisted_substitutes(rows)
    _refuse_different_channels(rows)
    raise_faults(book.file, faults)
    return tuple(rows)


def contacts_page(posts: Sequence[Post], *, footer: str = "", spare: int = 0) -> TableSheet:
    """The sheet that `read_contacts` reads back, with the channels exactly as given."""
    lines = [tuple(_shown(post, column.key) for column in CONTACTS) for post in posts]
    return TableSheet(
        CONTACTS_SHEET,
        "通讯录",
        CONTACTS,
        lines,
        note=NOTE,
        size=11,
        footer=footer,
        spare=spare,
        example=True,
    )


def _shown(post: Post, key: str) -> Value:
    value: Any = getattr(post, key)
    shown: Value = SEPARATORS[key].join(value) if key in SEPARATORS else value
    return shown


def known_office(value: object, offices: Mapping[str, Office]) -> Office:
    """The office of that name; CellError that suggests those with a similar name."""
    written = cells.name(value)
    if written is None:
        raise CellError("未填写单位；请填写单位全称")
    if written in offices:
        return offices[written]
    lowest = (each.name for each in offices.values() if each.level is Level.COUNTY)
    example = next(lowest, next(iter(offices), ""))
    hint = _similar(written, offices) or f"请填写全称，如{example}"
    raise CellError(f"“{written}”不是本方案的单位，{hint}")


def person(value: object) -> str:
    """A person's name; CellError when there is none."""
    written = cells.name(value)
    if written is None:
        raise CellError("未填写姓名；请填写姓名")
    return written


def role(value: object) -> str:
    """What a person does at the office; may be empty."""
    return cells.text(value) or ""


def phone(value: object) -> str:
    """A telephone number as text; CellError when a spreadsheet has cut its digits."""
    written = cells.name(value) or ""
    if re.fullmatch(r"\d(\.\d+)?[eE]\+?\d+", written):
        raise CellError("号码已被表格改为科学计数；请把该列设为文本后重新填写完整号码")
    return written


def divisions(words: Iterable[str], office: Office, plan: Plan) -> tuple[str, ...]:
    """The cities or counties that are named; CellError for one that is not the office's."""
    listed = re.split(r"[、，,；;\r\n]+", "、".join(words))
    named = tuple(dict.fromkeys(word for word in map(cells.name, listed) if word))
    if named and office.level is Level.COUNTY:
        raise CellError(f"{office.name}负责{plan.said('本县')}全部事项；请留空")
    within = _divisions_within(office, plan)
    for word in named:
        if word not in within:
            kind = _kind_within(office, plan)
            hint = _similar(word, within) or "请填写全称，多个之间用顿号隔开，留空即为全部"
            raise CellError(f"“{word}”不是{kind}，{hint}")
    return named


def _kind_within(office: Office, plan: Plan) -> str:
    if office.level is Level.PROVINCE:
        return plan.said("本省的市")
    return (
        plan.said("本片区的市") if office.region else f"{office.city}{plan.said('的县（市、区）')}"
    )


def channels(words: Iterable[str], fault_of: FaultOf = _no_fault) -> tuple[str, ...]:
    """The addresses in order; CellError, without showing it, for one that cannot be used."""
    listed = re.split(r"[；\r\n]+", "\n".join(words))
    found = [word for word in map(str.strip, listed) if word]
    if not all(map(_is_address, found)):
        raise CellError(ADDRESS)
    for number, word in enumerate(found, 1):
        if MASK not in word and (fault := fault_of(word)):
            which = f"第{number}个通知方式：" if len(found) > 1 else ""
            raise CellError(f"{which}{fault}；{UNSHOWN}")
    # Different addresses may look alike once they are masked, so those are never repeats.
    return tuple(word for n, word in enumerate(found) if MASK in word or word not in found[:n])


def substitute(value: object, office: str, offices: Iterable[str]) -> str:
    """Who stands in: a name at the same office, or ``office name``; empty when nobody does."""
    squeezed = cells.name(value) or ""
    longest = sorted(offices, key=len, reverse=True)
    where = next((name for name in longest if squeezed.startswith(name)), "")
    who = squeezed.removeprefix(where)
    if where and not who:
        raise CellError(f"只有单位，没有姓名；请写明姓名，如 {where} 张某")
    return who if where in ("", office) else f"{where} {who}"


def substitute_of(post: Post) -> tuple[str, str]:
    """Office and name of whoever stands in for a person."""
    where, _, name = post.substitute.rpartition(" ")
    return where or post.office, name


def at_odds(posts: Iterable[Post]) -> Iterator[tuple[Post, Post]]:
    """Posts of one person (same name and phone) that state other channels than one before them."""
    first: dict[tuple[str, str], Post] = {}
    for post in posts:
        if post.phone and post.channels:
            before = first.setdefault((post.name, post.phone), post)
            if before.channels != post.channels:
                yield post, before


def absence_faults(post: Post) -> Iterator[tuple[str, str]]:
    """What is wrong with a substitute and the dates, each with the field that is to be mended."""
    if post.substitute and substitute_of(post) == (post.office, post.name):
        yield "substitute", "代理人不能是本人；请填写他人或留空"
    if not post.substitute:
        for key in ("away_from", "away_to"):
            if getattr(post, key):
                yield key, "有代理日期而无代理人；请填写代理人，或清空代理日期"
    if post.away_from and post.away_to and post.away_to < post.away_from:
        yield "away_to", f"早于代理开始日期{post.away_from}；请核对"


def _post(row: TableRow, plan: Plan, offices: Mapping[str, Office], fault_of: FaultOf) -> Post:
    """What a row says; where a cell cannot be read a fault is noted and nothing taken from it."""
    office = _take(row, "office", lambda value: known_office(value, offices))
    at = office.name if office else ""
    post = Post(
        office=at,
        name=_take(row, "name", person) or "",
        role=_take(row, "role", role) or "",
        phone=_take(row, "phone", phone) or "",
        divisions=_take(row, "divisions", lambda value: _divisions(value, office, plan)) or (),
        channels=_channels(row, fault_of),
        substitute=_take(row, "substitute", lambda value: substitute(value, at, offices)) or "",
        away_from=_take(row, "away_from", cells.day),
        away_to=_take(row, "away_to", cells.day),
    )
    if post.substitute or row.value("substitute") is None:
        for key, reason in absence_faults(post):
            row.refuse(key, reason)
    return post


def _take(row: TableRow, key: str, parse: Callable[[object], T]) -> T | None:
    """The cell as `parse` reads it; None where the workbook does not have the column."""
    if "://" in str(row.value(key)):
        row.refuse(key, MISPLACED, secret=True)
        return None
    return row.take(key, parse)


def _channels(row: TableRow, fault_of: FaultOf) -> tuple[str, ...]:
    try:
        return channels([str(row.value("channels") or "")], fault_of)
    except CellError as error:
        row.refuse("channels", str(error), secret=True)
        return ()


def _divisions(value: object, office: Office | None, plan: Plan) -> tuple[str, ...]:
    return divisions([str(value or "")], office, plan) if office else ()


def _refuse_repeats(rows: Sequence[tuple[TableRow, Post]]) -> None:
    read = [(row, (post.office, post.name)) for row, post in rows if post.office and post.name]
    for row, first in duplicates(read):
        row.refuse("name", f"与第{first.number}行重复；请删除一行")


def _refuse_unlisted_substitutes(rows: Sequence[tuple[TableRow, Post]]) -> None:
    listed: dict[str, set[str]] = {}
    for _, post in rows:
        listed.setdefault(post.office, set()).add(post.name)
    for row, post in rows:
        where, name = substitute_of(post)
        if post.substitute and name not in listed.get(where, {name}):
            hint = _similar(name, listed[where]) or "请核对姓名，其他单位的人写作 单位 姓名"
            row.refuse("substitute", f"本表中“{where}”没有“{name}”，{hint}")


def _refuse_different_channels(rows: Sequence[tuple[TableRow, Post]]) -> None:
    """What is masked cannot be compared here."""
    plainly = {id(post): row for row, post in rows if MASK not in "".join(post.channels)}
    for post, before in at_odds(post for _, post in rows if id(post) in plainly):
        reason = f"与第{plainly[id(before)].number}行是同一人，通知方式却不同；请改为一致或留空"
        plainly[id(post)].refuse("channels", reason, secret=True)


def _divisions_within(office: Office, plan: Plan) -> tuple[str, ...]:
    if office.level is Level.PROVINCE:
        return tuple(city.name for city in plan.cities)
    if office.level is Level.REGION:
        return plan.cities_in(office.region)
    city = plan.city(office.city)
    return tuple(county.name for county in city.counties if county.name) if city else ()


def _is_address(written: str) -> bool:
    if written == f"{SEALED}{MASK}":
        return True
    scheme, _, rest = written.partition("://")
    kind = SCHEMES.get(scheme)
    several = re.search(rf"[,，;、]({'|'.join(SCHEMES)})://", rest)
    if kind is None or several or re.search(r"\s", written):
        return False
    return _has_host(written) if kind is ChannelKind.MAIL else bool(rest) or kind in BARE


def _has_host(written: str) -> bool:
    try:
        return bool(urlsplit(written).hostname)
    except ValueError:
        return False


def _similar(written: str, known: Iterable[str]) -> str:
    close = get_close_matches(written, sorted(known), n=3, cutoff=0.6)
    return f"是否为{'、'.join(close)}？请核对后改正" if close else ""
