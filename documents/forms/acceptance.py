"""验收表: what an acceptance group found at one project, and its conclusion; in and out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from documents.forms.application_fields import asked, reader
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
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, headings, resemblance
from documents.writing.columns import DAY, YES_NO, Column
from documents.writing.layout import FormSheet
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import Look
from policy.actions import ChecklistItem
from policy.schema import Plan
from states.dossier import Dossier, to_words

SHEET = "验收表"
ASKED = frozenset({"item", "result", "problem", "project", "verdict", "on"})
"""The columns and labels that the acceptance itself asks for."""
WIDTHS = (19.0, 25.0, 17.0, 14.0, 17.0)
COLUMNS = (
    Column("item", "核验项", r"^(核验|验收)(项|内容|事项)", WIDTHS[0]),
    Column("standard", "标准", r"^(核验|验收)?标准", WIDTHS[1], optional=True),
    Column("result", "核验结果", r"^(核验|验收)?(结果|情况)", WIDTHS[2]),
    Column("problem", "问题", r"^(存在)?(的)?问题", WIDTHS[3], optional=True),
    Column("until", "整改期限", r"^整改(完成)?(期限|时限|日期)", WIDTHS[4], DAY, optional=True),
)
LABELS = (
    Label("code", "项目编码", (r"(项目)?编码",), optional=True),
    Label("project", "项目名称", (r"项目名称",)),
    Label("place", "所在地", (r"所在(地|县)",), optional=True),
    Label("verdict", "结论", (r"(验收)?结论",)),
    Label("on", "验收日期", (r"验收(日期|时间)",)),
    Label("group", "验收组签字\n（单位、职务）", (r"验收组(成员)?签[字名]",), optional=True),
    Label("owner", "被验收单位\n签字", (r"被验收(单位|项目)(负责人)?签[字名]",), optional=True),
)
HEAD = headings(LABELS)
DECISIVE = ("area",)
"""What the province has approved and paid by; the rest is what was applied for."""
DATED = the_day(HEAD["on"], "2023-12-05")
NONE = Dossier("", "", "", "", "", "")
"""No project, as a form has it that is not made out yet."""
SEPARATORS = str.maketrans(dict.fromkeys("，,;；\n\r", "、"))


@dataclass(frozen=True, slots=True)
class AcceptanceForm:
    """A form as it was filled in. What could not be read is in the faults of `form`."""

    form: LabelledForm
    findings: Mapping[str, CheckedItem[ChecklistItem]]
    """By item of the checklist; those that the form does not list are missing."""
    verdict: str | None
    """As the plan's actions name it."""
    on: date | None

    @property
    def checks(self) -> Mapping[str, str]:
        """The answers by item."""
        return {id: found.answer for id, found in self.findings.items()}

    def spot(self, item: str) -> Spot:
        """The cell that answers an item; that of the conclusion where there is none."""
        found = self.findings.get(item)
        return found.row.spot("result") if found else self.form.spot("verdict")

    def refuse(self, item: str, reason: str, *, clause: str = "") -> None:
        """Note what is wrong with an answer."""
        self.form.refuse_at(self.spot(item), "verdict", reason, clause=clause)


def likeness(book: Book) -> float:
    """How much a workbook is like 验收表, from 0 to 1."""
    return resemblance(book, LABELS)


def read_acceptance(book: Book, plan: Plan, *, confirmed: bool = False) -> AcceptanceForm:
    """The form. Figures that are not plausible are asked about, unless `confirmed`.

    RefusedError when it is not to be recognised, or labels or columns are missing.
    """
    faults: list[CellFault] = []
    labels = under(plan.acceptance_clause, LABELS, ASKED)
    columns = under(plan.acceptance_clause, COLUMNS, ASKED)
    form, rows = find_checked(book, labels, columns, faults, acceptance_sheet(plan, NONE).lines)
    found = findings(rows, plan.checklist, lambda item: _answer(item, plan, confirmed=confirmed))
    return AcceptanceForm(form, found, form.take("verdict", _verdict(plan)), form.take("on", DATED))


HINT = (
    "注：逐项填写核验结果，可选的从下拉列表中选取；不合格的须写明问题和整改期限，"
    "日期如2023-12-05；结论和验收日期必填。"
)


def acceptance_sheet(
    plan: Plan, project: Dossier, *, footer: str = "", protected: bool = False
) -> FormSheet:
    """The form with what is known of the project; the answers are left to the acceptance group."""
    about = plan.programme
    title = f"{plan.years_said}{about}验收表"
    lines = (
        FormLine((FormCell(title, Look.TITLE, across=len(WIDTHS)),), 34),
        *_basics(project),
        FormLine(tuple(FormCell(column.heading, Look.HEAD) for column in COLUMNS)),
        *(_item_line(plan, item, project) for item in plan.checklist),
        *_conclusion(plan),
        FormLine((FormCell(HINT, Look.NOTE, across=len(WIDTHS)),)),
    )
    return FormSheet(SHEET, WIDTHS, lines, footer, protected=protected)


def verdicts(plan: Plan) -> Mapping[str, str]:
    """The actions to which the conclusions lead, by conclusion."""
    return {action.verdict: action.id for action in plan.actions if action.verdict}


def _answer(item: ChecklistItem, plan: Plan, *, confirmed: bool) -> Callable[[object], str]:
    """Reads an answer into the text that the conditions of the acceptance read."""
    if item.judged:
        return yes_or_no
    if item.measures is None or plan.field[item.measures].kind == "words":
        return _listed
    return _measure(item.measures, plan, confirmed=confirmed)


def _measure(measured: str, plan: Plan, *, confirmed: bool) -> Callable[[object], str]:
    """Reads what was measured of a field of the profile."""
    read = asked(measured, reader(measured, plan), plan, confirmed=confirmed)
    return lambda value: "" if (found := read(value)) is None else str(found)


def _listed(value: object) -> str:
    """Names, however they are set apart."""
    if value is None:
        return ""
    words = (cells.name(each) for each in str(value).translate(SEPARATORS).split("、"))
    return "、".join(word for word in words if word)


def _verdict(plan: Plan) -> Callable[[object], str]:
    listed = "、".join(verdicts(plan))
    known = {action.label: action.verdict for action in plan.actions if action.verdict}
    known |= {verdict: verdict for verdict in verdicts(plan)}

    def read(value: object) -> str:
        written = (cells.name(value) or "").strip(cells.TICKS + "。.")
        if not written:
            raise CellError(f"未填写结论；请填写{listed}之一")
        if written not in known:
            raise CellError(f"结论须为{listed}之一；请从中选填一项")
        return known[written]

    return read


def _basics(project: Dossier) -> tuple[FormLine, ...]:
    """项目基本情况, all of it known."""
    profile = project.profile
    money = profile.investment
    pairs: Pairs = (
        (HEAD["project"], project.name, HEAD["code"], project.code),
        (HEAD["place"], f"{project.city}{project.county}", "配建性质", profile.building_kind),
        ("项目地址", profile.address, "投资总额\n（万元）", money and f"{money / 10000:f}"),
        ("运行主体", profile.operator, "负责人", profile.operator_manager),
    )
    return known_lines(pairs, 2, len(WIDTHS))


def _item_line(plan: Plan, item: ChecklistItem, project: Dossier) -> FormLine:
    choices = YES_NO if item.judged else ()
    return FormLine(
        (
            FormCell(item.label, Look.LABEL),
            FormCell(_standard(plan, item, project), Look.LOCKED),
            FormCell(None, Look.CENTRED, choices=choices),
            FormCell(None, Look.OPEN),
            FormCell(None, Look.CENTRED, format=DAY),
        )
    )


def _standard(plan: Plan, item: ChecklistItem, project: Dossier) -> str:
    """What is asked for, with its clause; for what is measured also what was approved."""
    said = asked_for(item)
    if item.measures is None:
        return said
    held = to_words(project.profile.value(item.measures))
    known = "核定" if item.measures in DECISIVE else "申报"
    return f"{known}{plan.label_of(item.measures)}：{held}\n{said}"


def _conclusion(plan: Plan) -> tuple[FormLine, ...]:
    offered = tuple(verdicts(plan))
    return (
        FormLine(
            (
                FormCell(HEAD["verdict"], Look.LABEL),
                FormCell(None, Look.CENTRED, across=2, choices=offered),
                FormCell(HEAD["on"], Look.LABEL),
                FormCell(None, Look.CENTRED, format=DAY),
            ),
            30,
        ),
        FormLine((FormCell(HEAD["group"], Look.LABEL), FormCell(None, Look.OPEN, across=4)), 70),
        FormLine((FormCell(HEAD["owner"], Look.LABEL), FormCell(SEAL, Look.SIGN, across=4)), 70),
    )
