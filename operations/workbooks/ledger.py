"""资金台账 in: new lines are booked, and those that are booked stay as they are; and out."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.ledger import (
    FIELDS,
    LedgerFormRow,
    LedgerProject,
    canonical,
    ledger_pages,
    ledger_table,
    money_rows,
    question,
    shown,
    voucher,
)
from documents.forms.summary import city_named, city_of
from documents.reading import cells
from documents.reading.faults import raise_faults
from documents.reading.placed import known
from documents.reading.table import FormTable
from models.projects import dossiers_in
from operations.cases.desk import Desk
from operations.cases.effects import Casebook
from operations.cases.money import Booking, book
from operations.views.funds import funds_view
from operations.workbooks.incoming import (
    Difference,
    IncomingWorkbook,
    WorkbookChanges,
    note_refusal,
    row_of,
)
from operations.workbooks.outgoing import (
    OutgoingWorkbook,
    WorkbookOrder,
    identity,
    signed,
    the_city,
)
from operations.workbooks.versions import Trace, traces, with_source
from policy.cities import City
from policy.schema import Plan
from policy.vocabulary import EntryKind, Form, Holder, Level
from states.authority import actor_of
from states.dossier import Dossier
from states.ledger import BOOKKEEPING, LedgerLine, held_by, total

SPARE = 30
"""Empty rows below the last."""
CELLS = (
    ("凭证", "voucher"),
    ("余额不足|下达", "amount"),
    ("运行经费|用途之内", "category"),
    ("逐级下拨", "to_holder"),
    ("只拨付，不直接支出", "holder"),
    ("^日期", "on"),
    ("没有资金可登记", "code"),
)
"""Which reason of `operations.cases.money.book` concerns which column."""
Placed = tuple[str, LedgerLine]
"""A line with the code of its project."""


@dataclass(frozen=True, slots=True)
class LedgerLookup:
    """What a workbook's rows are compared with."""

    plan: Plan
    booked: Mapping[str | None, Placed]
    """What is booked at the place, by voucher; of vouchers elsewhere `book` tells."""
    words: Mapping[int, str]
    """Per line, what it is said to be for, by the number of the row that booked it."""
    filled_in: Sequence[Placed]
    """What was filled in when the workbook was made out, in its order."""
    present: frozenset[str | None]
    """The vouchers of the workbook."""

    @property
    def before(self) -> Mapping[str | None, Placed]:
        """`filled_in` by voucher."""
        return _by_voucher(self.filled_in)


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Book the lines of a workbook that are not booked yet. WorkbookError with every fault.

    It is a city's, or a county's: then, and where somebody of a county hands it in, nothing of
    another county is looked at. Nothing is deleted or changed: a line that is booked otherwise is a
    fault. Amounts that are not plausible are asked about, unless the sender has confirmed them.
    """
    _require_money(desk.plan)
    table = ledger_table(paper.book, desk.plan)
    city, county = _scope(desk.plan, paper, table)
    projects = _projects(session, desk, city, county)
    rows = money_rows(table, desk.plan, known(projects, desk.plan.levels))
    shelf = _shelf(session, desk, projects, rows, paper.version)
    new = [each for each in rows if _is_new(each, shelf)]
    if not paper.asked.confirmed:
        _ask(desk.plan, new)
    casebook = Casebook(session, desk, projects)
    _book(session, desk, casebook, city, paper, _bookable(table, rows, new))
    raise_faults(paper.book.file, sorted(table.faults, key=row_of))
    return WorkbookChanges(
        city.name,
        added=len(new),
        unchanged=sum(each.voucher in shelf.booked for each in rows),
        differences=tuple(_difference(desk.plan, each) for each in new),
        notes=tuple(_notes(shelf)),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """资金台账 of a city or county: what is booked, rows to add, and its projects to look up."""
    _require_money(desk.plan)
    city, county = _county_named(desk.plan, request.subject) or (_whole_city(desk, request), "")
    place, projects = f"{city.name}{county}", _projects(session, desk, city, county)
    told = traces(session, desk, projects, None)
    about = identity(session, desk, Form.LEDGER, place)
    booked = [
        (project, line, told[project.code].words.get(line.audit_id, ""))
        for project in projects
        for line in project.lines
    ]
    if request.empty:
        about, booked = replace(about, version=0), []
    listed = [_look_up(desk, project) for project in projects]
    return signed(
        desk,
        about,
        lambda footer: ledger_pages(desk.plan, place, booked, listed, footer=footer, spare=SPARE),
        f"{place} {Form.LEDGER.label}",
    )


def _whole_city(desk: Desk, request: WorkbookOrder) -> City:
    try:
        return the_city(desk, request)
    except RefusedError as refusal:
        one = desk.plan.said("只要一个县（市、区）的，请写明市、县全称")
        raise RefusedError(f"{refusal}；{one}") from None


def _projects(session: Session, desk: Desk, city: City, county: str) -> Sequence[Dossier]:
    found = dossiers_in(session, desk.plan, city.name)
    return [project for project in found if county in ("", project.county)]


def _county_named(plan: Plan, place: str | None) -> tuple[City, str] | None:
    """City and county of ``太原市小店区`` or ``小店区``; None for what names none, or two."""
    named = [(city, county.name) for city in plan.cities for county in city.counties]
    whole = [it for it in named if f"{it[0].name}{it[1]}" == place]
    found = whole or [it for it in named if it[1] == place]
    return found[0] if len(found) == 1 else None


def _scope(plan: Plan, paper: IncomingWorkbook, table: FormTable) -> tuple[City, str]:
    """The city and county that a workbook speaks of; without county all of the city."""
    signed, asked = paper.identity.subject if paper.identity else None, paper.asked
    actor = actor_of(plan, asked.actor) if asked.actor else None
    theirs = actor.seat.county if actor else ""
    if (found := _county_named(plan, signed)) is None:
        return city_of(plan, paper.city(), table.above, paper.book.file), theirs
    city, county = found
    if asked.city is not None and city_named(plan, asked.city) != city:
        paper.city()  # says so
    if theirs not in ("", county):
        raise RefusedError(
            f"{paper.book.file}：是{signed}的表，不能由{asked.actor}报送；请核对后报送正确的文件"
        )
    return found


def _require_money(plan: Plan) -> None:
    if plan.money is None:
        raise RefusedError(f"实施方案 {plan.id} 没有规定资金用途，不设资金台账")


def _shelf(
    session: Session,
    desk: Desk,
    projects: Sequence[Dossier],
    rows: Sequence[LedgerFormRow],
    version: int | None,
) -> LedgerLookup:
    told = traces(session, desk, projects, version)
    return LedgerLookup(
        plan=desk.plan,
        booked=_by_voucher([(item.code, line) for item in projects for line in item.lines]),
        words={id: words for each in told.values() for id, words in each.words.items()},
        filled_in=[(code, line) for code, each in told.items() for line in _in_order(each)],
        present=frozenset(each.voucher for each in rows),
    )


def _in_order(told: Trace) -> Sequence[LedgerLine]:
    """As `Dossier.lines` has them."""
    return sorted(told.then.lines.values(), key=lambda line: (line.on, line.audit_id))


def _by_voucher(lines: Sequence[Placed]) -> Mapping[str | None, Placed]:
    return {voucher(line.voucher): (code, line) for code, line in lines}


def _is_new(each: LedgerFormRow, shelf: LedgerLookup) -> bool:
    """Whether a row is to be booked; notes what is wrong with one that is booked already."""
    if each.line is None or each.project is None:
        return False
    if held := shelf.booked.get(each.voucher):
        _compare(each, held, shelf)
        return False
    if was := shelf.before.get(each.voucher):
        if was[0] != each.project.code or list(_differing(each, was[1], shelf)):
            mend = f"请向{shelf.plan.head_bureau}索取最新表格后填写"
            each.row.refuse("voucher", f"该凭证在本表发出后已办理更正；{mend}")
        return False
    return not _renumbered(each, shelf)


def _ask(plan: Plan, new: Sequence[LedgerFormRow]) -> None:
    """Note the amounts that are not plausible; those that are booked have been looked at."""
    for each in new:
        assert each.line is not None  # noqa: S101  # only lines that could be read are new
        assert each.project is not None  # noqa: S101  # and only of a certain project
        if doubt := question(plan, each.line.amount, each.project.profile.investment):
            each.row.refuse("amount", doubt)


def _compare(each: LedgerFormRow, held: Placed, shelf: LedgerLookup) -> None:
    code, line = held
    assert each.project is not None  # noqa: S101  # the caller has looked
    if code != each.project.code:
        reason = f"该凭证已登记在{code}，不得重复入账或跨项目使用；请核对凭证号"
        each.row.refuse("voucher", reason, clause=shelf.plan.clause_of(BOOKKEEPING))
        return
    for key, words in _differing(each, line, shelf):
        each.row.refuse(key, f"该凭证已登记为“{words}”；有误的请办理更正")


def _differing(
    each: LedgerFormRow, line: LedgerLine, shelf: LedgerLookup
) -> Iterator[tuple[str, str]]:
    """The columns in which a row differs from what is booked, with what that is."""
    assert each.line is not None  # noqa: S101  # the caller has looked
    for key in FIELDS:
        if canonical(shelf.plan, each.line, key) != canonical(shelf.plan, line, key):
            yield key, _words(shown(shelf.plan, line, key))
    purpose = cells.text(shelf.words.get(line.audit_id))
    if each.purpose and each.purpose != purpose:
        yield "purpose", purpose or "空"


def _renumbered(each: LedgerFormRow, shelf: LedgerLookup) -> bool:
    """Whether a row is one that was filled in, under another voucher; that is noted."""
    number = str(each.row.value("number")).removesuffix(".0")
    position = int(number) if re.fullmatch("[0-9]{1,6}", number) else 0
    if not 0 < position <= len(shelf.filled_in):
        return False
    was = shelf.filled_in[position - 1][1].voucher
    if voucher(was) in shelf.present or voucher(was) not in shelf.booked:
        return False
    reason = f"凭证号是受保护的内容，本表发出时为“{was}”；请恢复原样，新增的请填在空行，不填序号"
    each.row.refuse("voucher", reason)
    return True


def _bookable(
    table: FormTable, rows: Sequence[LedgerFormRow], new: Sequence[LedgerFormRow]
) -> Sequence[LedgerFormRow]:
    """The new lines of projects that have no fault so far, in the order in which money moves.

    None while it is not certain which project a line belongs to: it might be what the others spend.
    """
    if any(each.project is None for each in rows):
        return ()
    wrong = set(map(row_of, table.faults))
    stopped = {_code(each) for each in rows if each.row.number in wrong}
    return sorted((each for each in new if _code(each) not in stopped), key=_turn)


def _turn(each: LedgerFormRow) -> tuple[Any, ...]:
    """By day; on one day first what comes in, then what is passed on, from the top down."""
    line = each.line
    assert line is not None  # noqa: S101  # only lines that could be read are new
    ranks = list(EntryKind).index(line.entry), list(Holder).index(line.holder)
    return line.on, *ranks, each.row.number


def _book(
    session: Session,
    desk: Desk,
    casebook: Casebook,
    city: City,
    paper: IncomingWorkbook,
    lines: Sequence[LedgerFormRow],
) -> None:
    """Book the lines; after a refusal, which is noted, nothing more of that project."""
    actor = paper.asked.actor or desk.plan.office(Level.CITY, city.name)
    stopped = set()
    for each in lines:
        if _code(each) in stopped:
            continue
        try:
            booking = _booking(each, paper, actor)
            book(session, desk, booking, today=paper.today, at=paper.at, casebook=casebook)
        except RefusedError as error:
            note_refusal(each.row, error, CELLS, "amount")
            stopped.add(_code(each))


def _booking(each: LedgerFormRow, paper: IncomingWorkbook, actor: str) -> Booking:
    said = {key: getattr(each.line, key) for key in (*FIELDS, "fund")}
    evidence = with_source(each.purpose, Form.LEDGER, paper.evidence)
    return Booking(subject=_code(each), actor=actor, evidence=evidence, **said)


def _difference(plan: Plan, each: LedgerFormRow) -> Difference:
    line = each.line
    assert line is not None  # noqa: S101  # only lines that could be read are new
    parts = (_words(shown(plan, line, key)) for key in FIELDS if getattr(line, key) is not None)
    return Difference(
        each.row.spot("amount"), _code(each), f"登记{line.entry.label}", "", " ".join(parts)
    )


def _notes(shelf: LedgerLookup) -> Iterator[str]:
    before = shelf.before
    left = [name for name in before if name in shelf.booked and name not in shelf.present]
    gone = [name for name in before if name not in shelf.booked and name in shelf.present]
    if left:
        listed = "、".join(map(str, left))
        yield f"已登记的{len(left)}行本表未列，仍然有效（凭证{listed}）；有误的请办理更正"
    if gone:
        listed = "、".join(map(str, gone))
        yield f"本表发出后已更正的{len(gone)}行不再登记（凭证{listed}）"


def _look_up(desk: Desk, project: Dossier) -> LedgerProject:
    funds = funds_view(desk, project)
    held = held_by(project.lines)
    return LedgerProject(
        code=project.code,
        county=project.county,
        name=project.name,
        due=funds.subsidy,
        released=funds.released,
        city_promised=project.profile.city_share,
        county_promised=project.profile.county_share,
        received=total(funds.received.values()),
        spent=funds.spent,
        at_city=held[Holder.CITY],
        at_county=held[Holder.COUNTY],
        at_project=held[Holder.PROJECT],
        funds=funds.funds,
    )


def _code(each: LedgerFormRow) -> str:
    return each.project.code if each.project else ""


def _words(value: object) -> str:
    if value is None:
        return "空"
    return f"{value:,.2f}元" if isinstance(value, Decimal) else str(value)
