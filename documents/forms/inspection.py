"""督查表: what the mid-year inspection finds at one project; in and out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from common.errors import RefusedError
from common.words import TEN_THOUSAND
from documents.forms.checked import (
    SEAL,
    CheckedItem,
    Pairs,
    asked_for,
    find_checked,
    findings,
    known_lines,
    the_day,
    under,
    yes_or_no,
)
from documents.reading import cells
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, headings, resemblance
from documents.writing.columns import DAY, YES_NO, Column
from documents.writing.layout import FormSheet
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import Look
from policy.duties import InspectionItem, InspectionRules
from policy.schema import Plan
from policy.vocabulary import Origin

SHEET = "督查表"
ASKED = frozenset({"item", "result", "problem", "project", "on", "inspectors"})
"""The columns and labels that the inspection itself asks for."""
WIDTHS = (23.0, 31.0, 13.0, 25.0)
COLUMNS = (
    Column("item", "督查项", r"^(督查|检查)(项|内容|事项)", WIDTHS[0]),
    Column("standard", "要求", r"^(督查|检查)?(要求|标准)", WIDTHS[1], optional=True),
    Column("result", "核验结果", r"^(核验|督查|检查)?(结果|情况)", WIDTHS[2]),
    Column("problem", "问题", r"^(存在|发现)?(的)?问题", WIDTHS[3]),
)
LABELS = (
    Label("code", "项目编码", (r"(项目)?编码",), optional=True),
    Label("project", "项目名称", (r"项目名称",)),
    Label("place", "所在地", (r"所在(地|县)",), optional=True),
    Label("on", "督查日期", (r"督查(日期|时间)",)),
    Label("inspectors", "督查人\n（单位、姓名）", (r"督查(人|组|人员)(\(|签|$)",)),
    Label("opinion", "督查意见", (r"督查意见",), optional=True),
    Label("owner", "被督查单位\n签字", (r"被督查(单位|项目)(负责人)?签[字名]",), optional=True),
)
HEAD = headings(LABELS)


@dataclass(frozen=True, slots=True)
class InspectedProject:
    """What is known of a project as of a day; money in 元. None: not stated."""

    as_of: date
    code: str
    name: str
    city: str
    county: str
    stage: str
    """As staff call it."""
    started: date | None
    percent: int | None
    """形象进度, as reported last …"""
    reported: str
    """… for this month; empty where nothing was."""
    investment: Decimal | None
    invested: Decimal | None
    subsidy: Decimal | None
    released: Decimal | None
    received: Decimal
    """省级补助 that has come in."""
    promised: Decimal | None
    """市县配套."""
    matched: Decimal
    """市县配套 that has come in."""
    responsible: str
    late: tuple[str, ...]
    """Titles of what is overdue."""


NONE = InspectedProject(
    as_of=date.min,
    code="",
    name="",
    city="",
    county="",
    stage="",
    started=None,
    percent=None,
    reported="",
    investment=None,
    invested=None,
    subsidy=None,
    released=None,
    received=Decimal(0),
    promised=None,
    matched=Decimal(0),
    responsible="",
    late=(),
)
"""No project, as a form has it that is not made out yet."""


@dataclass(frozen=True, slots=True)
class InspectionForm:
    """A form as it was filled in. What could not be read is in the faults of `form`."""

    form: LabelledForm
    findings: Mapping[str, CheckedItem[InspectionItem]]
    """By item; those that the form does not list are missing."""
    on: date | None
    inspectors: str
    opinion: str

    @property
    def problems(self) -> Mapping[str, str]:
        """The problems that are written, by item."""
        return {id: found.problem for id, found in self.findings.items() if found.problem}

    def spot(self, item: str) -> Spot:
        """The cell that answers an item; that of the day where there is none."""
        found = self.findings.get(item)
        return found.row.spot("result") if found else self.form.spot("on")


def inspection_rule(plan: Plan) -> InspectionRules:
    """What the plan says of the mid-year inspection; RefusedError when it has none."""
    if plan.inspection is None:
        raise RefusedError(f"“{plan.name}”没有规定年中督查，不设督查表")
    return plan.inspection


def likeness(book: Book) -> float:
    """How much a workbook is like 督查表, from 0 to 1."""
    return resemblance(book, LABELS)


def read_inspection(book: Book, plan: Plan) -> InspectionForm:
    """The form: every item answered, and a problem written wherever the answer is 否.

    RefusedError when the plan has none, when it is not to be recognised, or labels or columns are
    missing.
    """
    rule = inspection_rule(plan)
    items, labels = rule.items, under(rule.clause, LABELS, ASKED)
    faults: list[CellFault] = []
    columns = under(rule.clause, COLUMNS, ASKED)
    form, rows = find_checked(book, labels, columns, faults, inspection_sheet(plan, NONE).lines)
    found = findings(rows, items, lambda _: yes_or_no)
    read = InspectionForm(
        form=form,
        findings=found,
        on=form.take("on", the_day(HEAD["on"], "2023-06-15")),
        inspectors=form.take("inspectors", cells.required("督查人", cells.text)) or "",
        opinion=form.take("opinion", lambda value: cells.text(value) or "") or "",
    )
    for spot, reason, clause in _unanswered(items, read):
        form.refuse_at(spot, "on", reason, clause=clause)
    return read


def inspection_sheet(
    plan: Plan, about: InspectedProject, *, footer: str = "", protected: bool = False
) -> FormSheet:
    """The form with what is known of the project; the answers are left to those who visit it.

    RefusedError when the plan has none.
    """
    rule = inspection_rule(plan)
    title = f"{plan.years_said}{plan.programme}年中督查表"
    lines = (
        FormLine((FormCell(title, Look.TITLE, across=len(WIDTHS)),), 34),
        *known_lines(_basics(plan, about), 1, len(WIDTHS)),
        FormLine((FormCell("逾期事项", Look.LABEL), FormCell(_late(about), Look.LOCKED, across=3))),
        FormLine(tuple(FormCell(column.heading, Look.HEAD) for column in COLUMNS)),
        *map(_item_line, rule.items),
        *_conclusion(),
        FormLine((FormCell(_note(plan, rule), Look.NOTE, across=len(WIDTHS)),)),
    )
    return FormSheet(SHEET, WIDTHS, lines, footer, protected=protected)


def _unanswered(
    items: Sequence[InspectionItem], read: InspectionForm
) -> Iterator[tuple[Spot, str, str]]:
    """The cells in which something is missing, with the reason and the clause that asks for it."""
    unread = {fault.spot.cell for fault in read.form.faults}
    for item in items:
        found = read.findings.get(item.id)
        if found is None or (not found.answer and read.spot(item.id).cell not in unread):
            yield read.spot(item.id), f"未填写“{item.label}”的核验结果；请填写是或否", item.clause
        elif found.answer == YES_NO[1] and not found.problem:
            yield found.row.spot("problem"), "核验结果为“否”，未写明问题；请写明问题", item.clause


def _basics(plan: Plan, about: InspectedProject) -> Pairs:
    """项目基本情况, as of the day."""
    shares = plan.said("市县承诺配套\n（万元）")
    percent = "尚无月报" if about.percent is None else f"{about.percent}%（{about.reported}月报）"
    return (
        (HEAD["project"], about.name, HEAD["code"], about.code),
        (HEAD["place"], f"{about.city}{about.county}", "所处阶段", about.stage),
        ("责任人", about.responsible or "未填报", "开工日期", str(about.started or "尚未开工")),
        ("形象进度", percent, "数据截至", str(about.as_of)),
        ("投资总额\n（万元）", _wan(about.investment), "累计完成\n（万元）", _wan(about.invested)),
        (plan.said("省级补助\n（万元）"), _subsidy(about), "其中\n已到位", _wan(about.received)),
        (
            shares,
            _wan(about.promised),
            "其中\n已到位",
            _wan(about.matched),
        ),
    )


def _subsidy(about: InspectedProject) -> str:
    released = "尚未下达" if about.released is None else f"已下达{_wan(about.released)}"
    return f"应补助{_wan(about.subsidy)}，{released}"


def _wan(amount: Decimal | None) -> str:
    """With two decimals, as everywhere, and exact: with more where they are needed."""
    if amount is None:
        return "未填报"
    wan = amount / TEN_THOUSAND
    return f"{wan:.2f}" if wan == round(wan, 2) else cells.plain(wan)


def _late(about: InspectedProject) -> str:
    return "；".join(about.late) or "无"


def _item_line(item: InspectionItem) -> FormLine:
    return FormLine(
        (
            FormCell(item.label, Look.LABEL),
            FormCell(asked_for(item), Look.LOCKED),
            FormCell(None, Look.CENTRED, choices=YES_NO),
            FormCell(None, Look.OPEN),
        )
    )


def _conclusion() -> tuple[FormLine, ...]:
    return (
        FormLine(
            (
                FormCell(HEAD["on"], Look.LABEL),
                FormCell(None, Look.CENTRED, format=DAY),
                FormCell(HEAD["inspectors"], Look.LABEL),
                FormCell(None, Look.OPEN),
            ),
            40,
        ),
        FormLine((FormCell(HEAD["opinion"], Look.LABEL), FormCell(None, Look.OPEN, across=3)), 90),
        FormLine((FormCell(HEAD["owner"], Look.LABEL), FormCell(SEAL, Look.SIGN, across=3)), 70),
    )


def _note(plan: Plan, rule: InspectionRules) -> str:
    asked = next(item for item in plan.deadlines if item.id == rule.rectify)
    length = asked.follows.length if asked.follows else ""
    source = "《实施方案》未明确，为建议" if asked.origin is Origin.PROPOSAL else asked.clause
    told = f"自督查之日起{length}内整改（{source}）"
    return f"注：逐项填写“是”或“否”；发现问题的须写明，{told}。"
