"""资金台账: a city's receipts, payments and expenses in one table, in and out. All in 元."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any, TypeVar

from common.words import alike
from documents.forms.application_fields import sure
from documents.reading import cells
from documents.reading.cells import CellError, required
from documents.reading.grid import Book
from documents.reading.placed import KnownProjects, project_of, require_names
from documents.reading.table import (
    FormTable,
    TableRow,
    duplicates,
    find_table,
    money_reader,
    no_table,
)
from documents.writing.columns import COUNTY, DAY, NUMBER, TWO_DECIMALS, Column, in_words
from documents.writing.layout import TableSheet
from documents.writing.rows import Value
from policy.levels import LevelWords
from policy.schema import Plan
from policy.subsidies import Category
from policy.vocabulary import EntryKind, Holder, Source, Word
from states.dossier import Dossier
from states.ledger import BOOKKEEPING, FundMoney, LedgerLine

W = TypeVar("W", bound=Word)
N = TypeVar("N", bound=str)

FIELDS = (
    *("on", "entry", "source", "holder", "to_holder", "amount"),
    *("voucher", "category", "payee"),
)
"""The fields of a line, in the order of their columns."""

LEDGER_SHEET = "资金台账"
PROJECTS_SHEET = "项目清单"
NOTE = (
    "一张凭证登记一行。拨付须填写拨付对象；支出须填写支出类别和收款单位。"
    "灰色各行已经登记，有误的请办理更正，勿在本表改动；新增的请填在其下空行"
)
PLAUSIBLE = 3
"""How many times 投资总额 one line may come to before it is asked about."""
NOTHING_SAID = frozenset({"/", "-", "—", "——", "无", "\\"})
"""What people write into a cell that does not apply."""
WORDS: Mapping[str, tuple[str, ...]] = {
    "到账": ("收入", "收到", "入账", "收款", "到位"),
    "拨付": ("拨款", "下拨", "拨出", "转拨"),
    "支出": ("付款", "支付", "开支", "使用"),
    "省级补助": ("省补", "省补助", "省级", "省补资金", "省级补助资金", "省级资金"),
    "市级配套": ("市配套", "市配", "市级", "市级配套资金", "市级资金"),
    "县级配套": (
        *("县配套", "县配", "县级", "县级配套资金", "县级资金"),
        *("区配套", "区级配套", "县(区)级配套", "县(市、区)级配套"),
    ),
    "其他资金": ("其他", "其它", "其它资金", "自筹", "自筹资金", "社会资金"),
    "市财政": ("市级财政", "市财政局", "市级财政局"),
    "县财政": (
        *("县级财政", "县财政局", "县级财政局", "区财政", "区级财政", "区财政局"),
        *("县(区)财政", "县(市、区)财政", "县(市、区)财政局"),
    ),
    "项目单位": ("项目", "项目单位账户", "建设单位", "项目建设单位", "项目实施单位"),
}
"""What people write for each word besides its label."""


APPLIES: Mapping[str, EntryKind] = {
    "to_holder": EntryKind.TRANSFER,
    "category": EntryKind.EXPENSE,
    "payee": EntryKind.EXPENSE,
}
"""Per column that not every line fills in: which does."""


@dataclass(frozen=True, slots=True)
class LedgerFormRow:
    """One row of a workbook."""

    row: TableRow
    project: Dossier | None
    """None where that is not certain, for which a fault is noted; so for `line`."""
    voucher: str | None
    line: LedgerLine | None
    purpose: str


@dataclass(frozen=True, slots=True)
class LedgerProject:
    """One project of 项目清单; amounts in 元."""

    code: str
    county: str
    name: str
    due: Decimal | None
    released: Decimal | None
    city_promised: Decimal | None
    county_promised: Decimal | None
    received: Decimal
    spent: Decimal
    at_city: Decimal
    at_county: Decimal
    at_project: Decimal
    funds: tuple[FundMoney, ...] = ()
    """The subsidy by fund, where it is made up of several."""

    @property
    def cells(self) -> tuple[Value, ...]:
        """What its row shows, from the first column to the last."""
        sums = (sum for each in self.funds for sum in (each.due, each.released, each.received))
        return (*(getattr(self, column.key) for column in LOOK_UP), *sums)


def ledger_columns(plan: Plan) -> tuple[Column, ...]:
    """The columns of 资金台账, with the plan's categories of expenses to choose from."""
    categories = tuple(item.label for item in _categories(plan))
    columns = (
        NUMBER,
        _column("county", "县（市、区）", COUNTY, 9, optional=True),
        _column("project", "项目名称", r"项目名称", 22, optional=True, centred=False),
        _column("code", "编码", r"^(项目)?编码", 17, optional=True),
        _column("on", "日期", r"^(发生|记账|入账|登记|收付)?日期", 11.5, format=DAY),
        _column("entry", "类别\n（到账、\n拨付、\n支出）", r"^(收支)?类别", 9, EntryKind),
        replace(
            _column("source", "资金来源", r"^资金(来源|性质)", 9.5),
            choices=tuple(map(plan.purse_name, plan.purses)),
        ),
        _column("holder", "资金所在", r"^资金所在", 9.5, Holder),
        _column("to_holder", "拨付对象", r"^拨付(对象|单位)", 9.5, Holder, optional=True),
        _column("amount", "金额\n（元）", r"^金额", 14.5, format=TWO_DECIMALS, centred=False),
        _column("voucher", "凭证号", r"^(凭证|单据)(编)?号", 13, centred=False),
        replace(
            _column("category", "支出类别", r"^支出(类别|用途)", 14.5, optional=True),
            choices=categories,
        ),
        _column("payee", "收款单位", r"^收款(单位|人|方)", 14, optional=True, centred=False),
        _column("purpose", "用途说明", r"^(用途|摘要)", 16, optional=True, centred=False),
    )
    return in_words(plan, columns)


def ledger_table(book: Book, plan: Plan) -> FormTable:
    """The table of 资金台账; RefusedError where the workbook has none, or not all its columns."""
    table = find_table(book, ledger_columns(plan), [])
    if table is None:
        raise no_table(book, ledger_columns(plan), LEDGER_SHEET, LEDGER_SHEET)
    require_names(table)
    return table


def money_rows(table: FormTable, plan: Plan, projects: KnownProjects) -> tuple[LedgerFormRow, ...]:
    """All rows; what is wrong with their cells is noted in the table's faults."""
    money = money_reader(table, "amount")
    found = tuple(_row(row, plan, projects, money) for row in table.rows)
    vouchers = [(each.row, each.voucher) for each in found if each.voucher]
    for row, first in duplicates(vouchers):
        row.refuse("voucher", f"与第{first.number}行重复；请删除本行，确为另一笔的请改填其凭证号")
    return found


def question(plan: Plan, amount: Decimal, investment: Decimal | None) -> str | None:
    """What to ask about an amount far above the project's 投资总额, both in 元.

    None where it is plausible, or where 投资总额 is not stated.
    """
    if investment is None or amount <= PLAUSIBLE * investment:
        return None
    return (
        f"{cells.plain(amount)}元超过投资总额{cells.plain(investment)}元的三倍，"
        f"可能混淆了元与万元；{sure(plan)}"
    )


def ledger_pages(
    plan: Plan,
    city: str,
    booked: Sequence[tuple[Dossier, LedgerLine, str]],
    projects: Sequence[LedgerProject],
    *,
    footer: str = "",
    spare: int = 0,
) -> tuple[TableSheet, TableSheet]:
    """What is booked, line by line with its project and purpose, and the projects to look up."""
    kind = plan.programme
    title = f"{city}{plan.years_said}{kind}资金台账"
    shared: dict[str, Any] = {"unit": "单位：元", "footer": footer, "protected": True}
    lines = [
        _shown(plan, number, project, line, purpose)
        for number, (project, line, purpose) in enumerate(booked, 1)
    ]
    columns, listed = ledger_columns(plan), [project.cells for project in projects]
    return (
        TableSheet(
            LEDGER_SHEET, title, columns, lines, note=NOTE, spare=spare, example=True, **shared
        ),
        TableSheet(
            PROJECTS_SHEET,
            f"{title}（{PROJECTS_SHEET}）",
            (*in_words(plan, LOOK_UP), *_of_funds(plan)),
            listed,
            **shared,
        ),
    )


def category_label(plan: Plan, category: str | None) -> str | None:
    """What the form shows of a category of expenses."""
    return next((item.label for item in _categories(plan) if item.id == category), category)


def category_id(plan: Plan, written: str) -> str:
    """The id of the plan's category that is named by its id or label; other words as they are."""
    known = (item.id for item in _categories(plan) if written in (item.id, item.label))
    return next(known, written)


def voucher(value: object) -> str | None:
    """A voucher's number as the ledger compares it."""
    return cells.text(value)


def _column(
    key: str,
    heading: str,
    known_by: str,
    width: float,
    words: type[Word] | None = None,
    *,
    format: str = "@",
    centred: bool = True,
    optional: bool = False,
) -> Column:
    choices = tuple(word.label for word in words or ())
    return Column(key, heading, known_by, width, format, choices, centred, optional, locked=True)


def _sum(key: str, heading: str) -> Column:
    return Column(key, heading, f"^{re.escape(heading)}$", 14, TWO_DECIMALS, locked=True)


LOOK_UP = (
    # No 序号: with it this sheet would look like one of the forms.
    _column("code", "编码", r"^编码", 17),
    _column("county", "县（市、区）", COUNTY, 11),
    _column("name", "项目名称", r"项目名称", 32, centred=False),
    _sum("due", "应补助"),
    _sum("released", "已下达"),
    _sum("city_promised", "市级承诺配套"),
    _sum("county_promised", "县级承诺配套"),
    _sum("received", "到账合计"),
    _sum("spent", "支出合计"),
    _sum("at_city", "市财政结存"),
    _sum("at_county", "县财政结存"),
    _sum("at_project", "项目单位结存"),
)


def _of_funds(plan: Plan) -> Iterator[Column]:
    for fund in plan.funds:
        for key, what in (("due", "应补助"), ("released", "已下达"), ("received", "到账")):
            yield _sum(f"{fund.id}_{key}", f"{fund.label}{what}")


def _categories(plan: Plan) -> tuple[Category, ...]:
    return plan.money.categories if plan.money else ()


def _row(
    row: TableRow, plan: Plan, projects: KnownProjects, money: Callable[[object], Decimal | None]
) -> LedgerFormRow:
    project = project_of(row, projects)
    number = row.take("voucher", required("凭证号", voucher))
    entry = row.take("entry", required("类别", word_reader(EntryKind, plan.levels)))
    needed = {
        "entry": entry,
        "on": row.take("on", required("日期", cells.day)),
        "purse": row.take("source", required("资金来源", purse_reader(plan))),
        "holder": row.take("holder", required("资金所在", word_reader(Holder, plan.levels))),
        "amount": row.take("amount", required("金额", money)),
        "voucher": number,
    }
    stated = {
        "to_holder": row.take("to_holder", _if_any(word_reader(Holder, plan.levels))),
        "category": row.take("category", _if_any(lambda value: _category(value, plan))),
        "payee": row.take("payee", _if_any(cells.text)),
    }
    sound = _fits(row, entry, plan) and None not in needed.values()
    purpose = row.take("purpose", _if_any(cells.text)) or ""
    line = _line(plan, {**needed, **stated}) if sound else None
    if line and _needs_purpose(plan, line) and not purpose:
        row.refuse("purpose", "此类支出须说明具体用途；请填写用途说明", clause=plan.money_clause)
    return LedgerFormRow(row, project, number, line, purpose)


def _line(plan: Plan, said: Mapping[str, Any]) -> LedgerLine:
    source, fund = plan.source_of(said["purse"])
    its = {name: value for name, value in said.items() if name != "purse"}
    return LedgerLine(audit_id=0, source=source, fund=fund, **its)


def _fits(row: TableRow, entry: EntryKind | None, plan: Plan) -> bool:
    """Whether a line fills in what its kind asks for and nothing else."""
    if entry is None:
        return False
    fits = True
    clauses = {"category": plan.money_clause, "payee": plan.clause_of(BOOKKEEPING)}
    for key, only in APPLIES.items():
        label = row.table.columns[key].heading
        filled = _applies(row.value(key))
        if filled and entry is not only:
            row.refuse(key, f"“{entry.label}”不填写{label}；请清空此格，或核对类别")
        elif not filled and entry is only:
            reason = f"未填写{label}；{entry.label}须写明，请填写{label}"
            row.refuse(key, reason, clause=clauses.get(key, ""))
        else:
            continue
        fits = False
    return fits


def _needs_purpose(plan: Plan, line: LedgerLine) -> bool:
    return line.source is Source.PROVINCE and any(
        item.needs_reason for item in _categories(plan) if item.id == line.category
    )


def _applies(value: object) -> bool:
    written = alike("" if value is None else str(value)).strip()
    return bool(written) and written not in NOTHING_SAID


def _if_any(parse: Callable[[object], Any]) -> Callable[[object], Any]:
    """`parse`, for a cell that need not apply."""
    return lambda value: parse(value) if _applies(value) else None


@cache
def word_reader(words: type[W], levels: LevelWords) -> Callable[[object], W | None]:
    """Reads one of a closed list of words, as its label or as people write it for short."""
    return _reader(_names(words, levels), [levels.said(word.label) for word in words])


@lru_cache(maxsize=32)
def purse_reader(plan: Plan) -> Callable[[object], str | None]:
    """The same of whose money it is: of several funds, the one that is named."""
    names: dict[str, str] = dict(_names(Source, plan.levels))
    known = {name: purse for name, purse in names.items() if purse in plan.purses}
    known |= {alike(fund.label): fund.id for fund in plan.funds}
    return _reader(known, [plan.purse_name(purse) for purse in plan.purses])


def _names(words: Iterable[W], levels: LevelWords) -> dict[str, W]:
    names = {name: word for word in words for name in (*WORDS[word.label], word.label)}
    return {levels.said(name): word for name, word in names.items()}


def _reader(known: Mapping[str, N], listed: Sequence[str]) -> Callable[[object], N | None]:
    def read(value: object) -> N | None:
        written = cells.name(value)
        if written is None:
            return None
        found = known.get(alike(written).replace(",", "、"))
        if found is None:
            raise CellError(f"“{written}”无法识别；请填写{'、'.join(listed)}之一")
        return found

    return read


def _category(value: object, plan: Plan) -> str | None:
    written = cells.name(value)
    return None if written is None else category_id(plan, written)


def _shown(
    plan: Plan, number: int, project: Dossier, line: LedgerLine, purpose: str
) -> tuple[Value, ...]:
    return (
        number,
        project.county,
        project.name,
        project.code,
        *(shown(plan, line, key) for key in FIELDS),
        purpose or None,
    )


def canonical(plan: Plan, line: LedgerLine, field: str) -> object:
    """A field of a line as two lines are compared, however each was entered."""
    value = line.purse if field == "source" else getattr(line, field)
    if field == "category" and value is not None:
        return _category(value, plan)
    return cells.text(value) if isinstance(value, str) and not isinstance(value, Word) else value


def shown(plan: Plan, line: LedgerLine, field: str) -> Value:
    """What a column shows of a line."""
    if field == "source":
        return plan.purse_name(line.purse)
    value: Value | Word = getattr(line, field)
    if field == "category":
        return category_label(plan, line.category)
    return plan.said(value.label) if isinstance(value, Word) else value
