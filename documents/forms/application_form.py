"""附件2 项目申报表: one project's application, in and out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from common.errors import RefusedError
from documents.forms.application_fields import STREET, asked, reader
from documents.forms.marks import only_one, opinion_date, ticked
from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, find_labelled, headings, resemblance
from documents.writing.columns import TWO_DECIMALS, plain
from documents.writing.layout import FormSheet
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import Look
from policy.fields import FIELDS
from policy.schema import Plan

SHEET = "附件2 项目申报表"
WIDTHS = (8.0, 22.0, 20.0, 14.0, 14.0, 14.0)
CLAUSE = "附件2"
OPINIONS = {
    "county_civil_on": "县民政局意见",
    "county_finance_on": "县财政局意见",
    "city_civil_on": "市民政局意见",
    "city_finance_on": "市财政局意见",
}
"""The field that holds each opinion's day, with its label."""
BODY, NO_PHONE = "(主体|机构|单位)", "(?!.{0,2}电话)"
SEAL = "（签字并盖章）"
BUILDING_KINDS = FIELDS["building_kind"].choices
PRINTED = ("新建", "改建", "其他")
"""The choices of 配建性质; 购置 is told under 其他 (A10)."""
EMPTY_REMARK = "_" * 10


@dataclass(frozen=True, slots=True)
class ApplicationForm:
    """What a form states. What could not be read is in the faults of `form`."""

    form: LabelledForm
    name: str | None
    """The project's name up to 社区 or 村; None where it is not filled in or not readable."""
    stated: Mapping[str, Any]
    """Per field of `states.dossier.Profile` that is filled in, its value."""
    county: str = ""
    """As the plan names it; empty until it is settled."""
    spots: Mapping[str, Spot] = field(default_factory=dict)
    """The cells of the fields that may be filled in at several."""

    def spot(self, name: str, plan: Plan) -> Spot:
        """The cell that states a field; that of the project's name where no cell does."""
        return self.spots.get(name) or self.form.spot(name if self.form.has(name) else "project")

    def placed(self, county: str, street: str, community: str) -> "ApplicationForm":
        """The same with the place that its project is at."""
        said = {**self.stated, "street": street, "community": community}
        return replace(self, county=county, stated=said)


def labels(plan: Plan) -> tuple[Label, ...]:
    """What stands beside the fields of 附件2, in its order."""
    cities = "|".join(city.name for city in plan.cities)
    levels = (("city", rf"({cities}|市级?)"), ("county", r"[^。，；]{1,12}?"))
    offices = (("civil", "民政", "民政部门"), ("finance", "财政", "财政部门"))
    opinions = {
        f"{level}_{office}_on": rf"{place}({short}局?|{long})(审核)?意见"
        for level, place in levels
        for office, short, long in offices
    }
    return (
        Label("project", "项目名称", (r"项目名称",), CLAUSE),
        Label("address", "项目地址", (r"(项目|建设|场地)?(地址|地点)",), CLAUSE),
        Label("area", "建筑面积\n（m²）", (r"(总)?建筑面积",), CLAUSE),
        Label("investment", "投资总额\n（万元）", (r"(投资总额|总投资)",), CLAUSE),
        Label("building_kind", "配建性质", (r"(配建|建设)性质",), CLAUSE),
        Label("operator", "主体名称", (rf"(运[行营])?{BODY}名称", rf"运[行营]{BODY}"), CLAUSE),
        Label("operator_manager", "负责人姓名", (rf"(运[行营])?{BODY}?负责人{NO_PHONE}",), CLAUSE),
        Label("operator_phone", "联系电话", (r"(负责人)?(联系)?电话",), CLAUSE),
        # 古交市民政局 is a county's, 太原市民政局 a city's: cities are looked for first.
        *(Label(key, OPINIONS[key], (words,), CLAUSE) for key, words in opinions.items()),
    )


def likeness(book: Book, plan: Plan) -> float:
    """How much a workbook is like 附件2, from 0 to 1."""
    return resemblance(book, labels(plan))


def read_application(book: Book, plan: Plan, *, confirmed: bool = False) -> ApplicationForm:
    """The form. Figures that are not plausible are asked about, unless `confirmed`.

    RefusedError when it is not to be recognised or its labels are missing.
    """
    faults: list[CellFault] = []
    form = find_labelled(book, labels(plan), faults)
    in_yuan = re.search("(?<!万)元", form.heading("investment"))
    money = cells.yuan if in_yuan else cells.ten_thousand_yuan
    readers: Mapping[str, Callable[[object], object]] = {
        "area": asked("area", cells.square_metres, plan, confirmed=confirmed),
        "investment": asked("investment", money, plan, confirmed=confirmed),
        **{key: reader(key, plan) for key in ("address", "operator")},
        **{key: reader(key, plan) for key in ("operator_manager", "operator_phone")},
    }
    name = form.take("project", name_reader(plan))
    said = {key: form.take(key, parse) for key, parse in readers.items()}
    spots: dict[str, Spot] = {}
    said["building_kind"] = _building_kind(form, spots)
    said |= {key: _opinion(form, key, spots) for key in OPINIONS}
    stated = {key: value for key, value in said.items() if value is not None}
    return ApplicationForm(form, name, stated, spots=spots)


def application_sheet(
    plan: Plan, stated: Mapping[str, Any], *, footer: str = "", protected: bool = False
) -> FormSheet:
    """The form as the notice prints it, on one upright A4 page; nothing stated leaves it empty."""
    return FormSheet(
        SHEET, WIDTHS, _lines(plan, stated, protected=protected), footer, protected=protected
    )


def application_name(plan: Plan, stated: Mapping[str, Any]) -> str:
    """The project's name on 附件2; RefusedError without street or community."""
    street, community = stated.get("street"), stated.get("community")
    if not street or not community:
        raise RefusedError("项目缺少街道（乡镇）或社区（村）名称，无法生成项目名称；请先补齐")
    return plan.application_name.format(street=street, community=community)


def name_reader(plan: Plan) -> Callable[[object], str | None]:
    """Reads a project's name up to 社区 or 村; the notice's forms end it in several ways."""
    known = (plan.application_name, plan.project_name)
    endings = "|".join(re.escape(name.rpartition("}")[2]) for name in known)
    form = re.compile(rf"(.+(?:社区|村))(?:{endings}|[^社村]*工程)?(?:项目)?")

    def name(value: object) -> str | None:
        written = cells.name(value)
        if written is None:
            return None
        if found := form.fullmatch(written):
            return found[1]
        pattern = plan.application_name.format(street="××街道", community="××社区（村）")
        raise CellError(f"项目名称不合格式；请按“{pattern}”填写")

    return name


def street_in(address: str, county: str) -> str | None:
    """The street, 镇 or 乡 that an address names behind the county."""
    found = re.match(STREET, address.partition(county)[2])
    return found[0] if found else None


def _building_kind(form: LabelledForm, spots: dict[str, Spot]) -> str | None:
    filled = form.across("building_kind")
    try:
        kind = read_building_kind([value for _, value in filled] or [form.value("building_kind")])
    except CellError as error:
        form.refuse("building_kind", str(error))
        return None
    words = "其他" if kind == "购置" else kind
    for place, value in filled:
        if words and words in plain(value):
            spots["building_kind"] = form.spot_at(place, value)
    return kind


def read_building_kind(written: Sequence[object]) -> str | None:
    """Which 配建性质 is ticked in these cells; a single word without a mark will do.

    None when nothing is. CellError when several are, or what is filled in is none.
    """
    text = "".join(plain(value).replace("其它", "其他") for value in written if value is not None)
    kinds = [kind for kind in BUILDING_KINDS if kind in text]
    marked = ticked([str(each).replace("其它", "其他") for each in written], BUILDING_KINDS)
    if marked is None and text and not kinds:
        raise CellError(f"配建性质须为{'、'.join(PRINTED)}之一；请勾选，其他的请注明")
    if marked is None:
        marked = tuple(kinds) if len(kinds) == 1 or kinds == ["购置", "其他"] else ()
        return marked[0] if marked else None
    kind = only_one(marked, "配建性质")
    bought = kind == "其他" and "购置" in text.partition("其他")[2]
    return "购置" if bought else kind


def _opinion(form: LabelledForm, key: str, spots: dict[str, Spot]) -> date | None:
    """The day of an opinion."""
    pieces = form.block(key)
    place = next((p for p, words in reversed(pieces) if re.search(r"\d", words)), None)
    place = place or (pieces[-1][0] if pieces else form.at[key])
    spots[key] = form.spot_at(place, "\n".join(words for _, words in pieces) or None)
    try:
        return opinion_date("".join(words for _, words in pieces), OPINIONS[key])
    except CellError as error:
        form.refuse_at(spots[key], key, str(error))
        return None


def _lines(plan: Plan, stated: Mapping[str, Any], *, protected: bool) -> tuple[FormLine, ...]:
    about = plan.name.removeprefix(f"{plan.year}年")
    shape = plan.application_name.format(street="××街道", community="××社区")
    name = application_name(plan, stated) if stated else None
    investment = stated.get("investment")
    fixed = Look.LOCKED if protected and name else Look.BODY
    head = headings(labels(plan))
    return (
        FormLine((FormCell(CLAUSE, Look.NOTE, across=6),)),
        FormLine((FormCell(f"{plan.year}年全省{about}\n项目申报表", Look.TITLE, across=6),), 60),
        FormLine(
            (
                FormCell("基本\n情况", Look.LABEL, down=7),
                FormCell(f"{head['project']}\n（{shape}）", Look.LABEL),
                FormCell(name, fixed, across=4),
            ),
            40,
        ),
        FormLine(
            (FormCell(head["address"], Look.LABEL), FormCell(stated.get("address"), across=4)), 36
        ),
        FormLine(
            (
                FormCell(head["area"], Look.LABEL),
                FormCell(stated.get("area"), Look.CENTRED, format=TWO_DECIMALS),
                FormCell(head["investment"], Look.LABEL),
                FormCell(
                    None if investment is None else Decimal(investment) / 10000,
                    Look.CENTRED,
                    across=2,
                    format=TWO_DECIMALS,
                ),
            ),
            40,
        ),
        FormLine(
            (FormCell(head["building_kind"], Look.LABEL), *_choices(stated.get("building_kind"))),
            36,
        ),
        FormLine(
            (
                FormCell("运行主体", Look.LABEL, down=3),
                FormCell(head["operator"], Look.LABEL),
                FormCell(stated.get("operator"), across=3),
            ),
            32,
        ),
        *(
            FormLine((FormCell(head[key], Look.LABEL), FormCell(stated.get(key), across=3)), 32)
            for key in ("operator_manager", "operator_phone")
        ),
        *_opinions(stated),
    )


def _choices(kind: str | None) -> tuple[FormCell, ...]:
    """配建性质 with the one that is ticked."""
    remark = kind if kind == "购置" else EMPTY_REMARK
    cells = []
    for word, remarked in (("新建", ""), ("改建", ""), ("其他", f"：{remark}")):
        mark = "☑" if kind == word or (kind == "购置" and word == "其他") else "☐"
        shown = f"{mark}{word}{remarked}"
        offered = tuple(f"{each}{word}{remarked}" for each in "☐☑")
        cells.append(FormCell(shown, Look.CENTRED, across=1 + (word == "其他"), choices=offered))
    return tuple(cells)


def _opinions(stated: Mapping[str, Any]) -> tuple[FormLine, ...]:
    """The four opinions, the county's above the city's."""
    (one, two, three, four) = OPINIONS
    side = FormCell("审核\n意见", Look.LABEL, down=4)
    return (
        FormLine((side, *_headed(one, two))),
        FormLine(_seals(stated, one, two), 160),
        FormLine(_headed(three, four)),
        FormLine(_seals(stated, three, four), 160),
    )


def _headed(left: str, right: str) -> tuple[FormCell, FormCell]:
    return FormCell(OPINIONS[left], Look.LABEL, across=2), FormCell(
        OPINIONS[right], Look.LABEL, across=3
    )


def _seals(stated: Mapping[str, Any], left: str, right: str) -> tuple[FormCell, FormCell]:
    shown = [f"{SEAL}　　\n{_written(stated.get(key))}　　" for key in (left, right)]
    return FormCell(shown[0], Look.SIGN, across=2), FormCell(shown[1], Look.SIGN, across=3)


def _written(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　　年　　月　　日"
