"""附件2 项目申报表: one project's application, in and out."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from documents.forms.application_fields import (
    application_shape,
    asked,
    named_by,
    reader,
    street_form,
)
from documents.forms.marks import only_one, opinion_date, ticked
from documents.reading import cells
from documents.reading.cells import CellError
from documents.reading.faults import CellFault, Spot
from documents.reading.grid import Book
from documents.reading.labelled import Label, LabelledForm, find_labelled, headings, resemblance
from documents.writing.columns import FORMATS, TEXT, TWO_DECIMALS, YES_NO, heading_of, plain
from documents.writing.layout import FormSheet
from documents.writing.lines import FormCell, FormLine
from documents.writing.looks import Look
from policy.bodies import in_general
from policy.fields import CORE, ProfileField
from policy.schema import Plan
from policy.vocabulary import Form, Level

WIDTHS = (8.0, 22.0, 20.0, 14.0, 14.0, 14.0)
OPINIONS = ("county_civil_on", "county_finance_on", "city_civil_on", "city_finance_on")
"""The fields that hold the opinions' days."""
BODY, NO_PHONE = "(主体|机构|单位)", "(?!.{0,2}电话)"
SEAL = "（签字并盖章）"
BUILDING_KINDS = CORE["building_kind"].choices
PRINTED = ("新建", "改建", "其他")
"""The choices of 配建性质; 购置 is told under 其他 (A10)."""
EMPTY_REMARK = "_" * 10
SIZE = ("area", "investment")
OPERATOR = ("operator", "operator_manager", "operator_phone")
PRINTED_FIELDS = ("address", *SIZE, "building_kind", *OPERATOR, *OPINIONS)
"""The fields that have a place of their own on the notice's form."""


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
    middle = re.escape(plan.levels.middle)
    levels = (("city", rf"({cities}|{middle}级?)"), ("county", r"[^。，；]{1,12}?"))
    offices = (
        ("civil", re.escape(plan.trade), f"{re.escape(plan.trade)}部门"),
        ("finance", "财政", "财政部门"),
    )
    opinions = {
        f"{level}_{office}_on": rf"{place}({short}局?|{long})(审核)?意见"
        for level, place in levels
        for office, short, long in offices
    }
    clause, named = plan.form_clause(Form.APPLICATION), opinion_labels(plan)
    known = (
        Label("address", "项目地址", (r"(项目|建设|场地)?(地址|地点)",), clause),
        Label("area", "建筑面积\n（m²）", (r"(总)?建筑面积",), clause),
        Label("investment", "投资总额\n（万元）", (r"(投资总额|总投资)",), clause),
        Label("building_kind", "配建性质", (r"(配建|建设)性质",), clause),
        Label("operator", "主体名称", (rf"(运[行营])?{BODY}名称", rf"运[行营]{BODY}"), clause),
        Label("operator_manager", "负责人姓名", (rf"(运[行营])?{BODY}?负责人{NO_PHONE}",), clause),
        Label("operator_phone", "联系电话", (r"(负责人)?(联系)?电话",), clause),
        # 古交市民政局 is a county's, 太原市民政局 a city's: cities are looked for first.
        *(Label(key, named[key], (words,), clause) for key, words in opinions.items()),
    )
    asked = {field.id for field in asked_fields(plan)}
    return (
        Label("project", "项目名称", (r"项目名称",), clause),
        *(label for label in known if label.key in asked),
        *(_own_label(field, clause) for field in further_fields(plan)),
    )


def asked_fields(plan: Plan) -> tuple[ProfileField, ...]:
    """The fields that the plan has asked on 附件2; none where it has no such form."""
    return tuple(field for field in plan.fields if field.column("application"))


def further_fields(plan: Plan) -> tuple[ProfileField, ...]:
    """Those of them for which the notice's form has no place of its own."""
    return tuple(field for field in asked_fields(plan) if field.id not in PRINTED_FIELDS)


def _own_label(field: ProfileField, clause: str) -> Label:
    at = field.column("application")
    assert at is not None  # noqa: S101  # see `asked_fields`
    known = at.known_by or re.escape(plain(field.label))
    return Label(field.id, heading_of(field, at), (known,), clause)


def opinion_labels(plan: Plan) -> Mapping[str, str]:
    """What each opinion is called, by its field: ``县民政局意见``."""
    found: dict[str, str] = {}
    for level in (Level.COUNTY, Level.CITY):
        finance = plan.bodies.get(f"{level.value}_finance")
        pattern = (finance.office if finance else None) or f"{{{level.value}}}财政局"
        found[f"{level.value}_civil_on"] = f"{plan.level_name(level)}意见"
        found[f"{level.value}_finance_on"] = f"{in_general(pattern, plan.levels)}意见"
    return found


def likeness(book: Book, plan: Plan) -> float:
    """How much a workbook is like 附件2, from 0 to 1."""
    return resemblance(book, labels(plan)) if asked_fields(plan) else 0


def read_application(book: Book, plan: Plan, *, confirmed: bool = False) -> ApplicationForm:
    """The form. Figures that are not plausible are asked about, unless `confirmed`.

    RefusedError when it is not to be recognised or its labels are missing.
    """
    faults: list[CellFault] = []
    form = find_labelled(book, labels(plan), faults, _lines(plan, {}, protected=False))
    name = form.take("project", name_reader(plan))
    spots: dict[str, Spot] = {}
    named = opinion_labels(plan)
    said = {
        field.id: _said(form, field, named, plan, spots, confirmed=confirmed)
        for field in asked_fields(plan)
    }
    stated = {key: value for key, value in said.items() if value is not None}
    return ApplicationForm(form, name, stated, spots=spots)


def _said(
    form: LabelledForm,
    field: ProfileField,
    named: Mapping[str, str],
    plan: Plan,
    spots: dict[str, Spot],
    *,
    confirmed: bool,
) -> object:
    """What the form says of a field; None where it does not."""
    if field.id == "building_kind":
        return _building_kind(form, spots)
    if field.id in OPINIONS:
        return _opinion(form, field.id, named[field.id], spots)
    parse = _money(form, field.id) if field.kind == "yuan" else reader(field.id, plan)
    return form.take(field.id, asked(field.id, parse, plan, confirmed=confirmed))


def _money(form: LabelledForm, key: str) -> Callable[[object], object]:
    """In 万元, unless the form's own heading says 元."""
    heading = form.heading(key) if form.has(key) else ""
    return cells.yuan if re.search("(?<!万)元", heading) else cells.ten_thousand_yuan


def application_sheet(
    plan: Plan, stated: Mapping[str, Any], *, footer: str = "", protected: bool = False
) -> FormSheet:
    """The form as the notice prints it, on one upright A4 page; nothing stated leaves it empty."""
    sheet = plan.titled(Form.APPLICATION, Form.APPLICATION.label)
    lines = _lines(plan, stated, protected=protected)
    return FormSheet(sheet, WIDTHS, lines, footer, protected=protected)


def application_name(plan: Plan, stated: Mapping[str, Any]) -> str:
    """The project's name on 附件2; RefusedError without a part of it."""
    return named_by(plan, stated, plan.application_name)


def name_reader(plan: Plan) -> Callable[[object], str | None]:
    """Reads a project's name up to 社区 or 村 and their like; forms end it in several ways."""
    known = (plan.application_name, plan.project_name)
    endings = "|".join(re.escape(name.rpartition("}")[2]) for name in known)
    last = plan.community_endings if "community" in plan.name_parts else plan.street_endings
    ends = "|".join(map(re.escape, last))
    others = "".join(re.escape(each[0]) for each in last)
    if plan.named_freely:
        form = re.compile(rf"(.+?)(?:{endings})?(?:项目)?")
    else:
        form = re.compile(rf"(.+(?:{ends}))(?:{endings}|[^{others}]*工程)?(?:项目)?")

    def name(value: object) -> str | None:
        written = cells.name(value)
        if written is None:
            return None
        if found := form.fullmatch(written):
            return found[1]
        raise CellError(f"项目名称不合格式；请按“{application_shape(plan)}”填写")

    return name


def street_in(plan: Plan, address: str, county: str) -> str | None:
    """The street, 镇 or 乡 that an address names behind the county."""
    found = re.match(street_form(plan), address.partition(county)[2])
    return found[0] if found else None


def _building_kind(form: LabelledForm, spots: dict[str, Spot]) -> str | None:
    filled = form.across("building_kind")
    try:
        kind = read_building_kind([value for _, value in filled] or [form.value("building_kind")])
    except CellError as error:
        cells = "、".join(form.spot_at(place).cell for place, _ in filled)
        form.refuse("building_kind", f"{error}（见{cells}）" if filled else str(error))
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


def _opinion(form: LabelledForm, key: str, named: str, spots: dict[str, Spot]) -> date | None:
    """The day of an opinion."""
    pieces = form.block(key)
    place = next((p for p, words in reversed(pieces) if re.search(r"\d", words)), None)
    place = place or (pieces[-1][0] if pieces else form.at[key])
    spots[key] = form.spot_at(place, "\n".join(words for _, words in pieces) or None)
    try:
        return opinion_date("".join(words for _, words in pieces), named)
    except CellError as error:
        form.refuse_at(spots[key], key, str(error))
        return None


def _lines(plan: Plan, stated: Mapping[str, Any], *, protected: bool) -> tuple[FormLine, ...]:
    head = headings(labels(plan))
    basics = (
        *_project(plan, stated, head, protected=protected),
        *_further(plan, stated, head),
        *_operator(stated, head),
    )
    side = FormCell("基本\n情况", Look.LABEL, down=len(basics))
    first, *others = basics
    return (
        *_title(plan),
        replace(first, cells=(side, *first.cells)),
        *others,
        *_opinions(opinion_labels(plan), stated, head),
    )


def _title(plan: Plan) -> tuple[FormLine, ...]:
    title = f"{plan.years_said}{plan.everywhere}{plan.programme}\n项目申报表"
    annex = plan.annexes.get(Form.APPLICATION)
    return (
        FormLine((FormCell(annex, Look.NOTE, across=6),)),
        FormLine((FormCell(title, Look.TITLE, across=6),), 60),
    )


def _project(
    plan: Plan, stated: Mapping[str, Any], head: Mapping[str, str], *, protected: bool
) -> tuple[FormLine, ...]:
    """What is to be built; the name is locked where others know the project by it."""
    names = {
        "street": f"××{plan.street_endings[0]}",
        "community": f"××{plan.community_endings[0]}",
        "name": "××",
    }
    shape = plan.application_name.format(**names)
    name = application_name(plan, stated) if stated else None
    lines = {
        "address": FormLine(
            (FormCell(head.get("address"), Look.LABEL), FormCell(stated.get("address"), across=4)),
            36,
        ),
        "size": _size(stated, head),
        "building_kind": FormLine(
            (
                FormCell(head.get("building_kind"), Look.LABEL),
                *_choices(stated.get("building_kind")),
            ),
            36,
        ),
    }
    asked = {"size" if key in SIZE else key for key in head}
    return (
        FormLine(
            (
                FormCell(f"{head['project']}\n（{shape}）", Look.LABEL),
                FormCell(name, Look.LOCKED if protected and name else Look.BODY, across=4),
            ),
            40,
        ),
        *(line for key, line in lines.items() if key in asked),
    )


def _further(
    plan: Plan, stated: Mapping[str, Any], head: Mapping[str, str]
) -> tuple[FormLine, ...]:
    """A line for each field for which the notice's form has no place of its own."""
    lines = []
    for own in further_fields(plan):
        value, centred = _written_value(plan, own, stated.get(own.id)), own.kind != "text"
        cell = FormCell(
            value,
            Look.CENTRED if centred else Look.BODY,
            across=4,
            format=FORMATS.get(own.kind, TEXT),
            choices=YES_NO if own.kind == "yes_no" else own.choices,
        )
        lines.append(FormLine((FormCell(head[own.id], Look.LABEL), cell), 36))
    return tuple(lines)


def _written_value(plan: Plan, field: ProfileField, value: Any) -> Any:
    """As the form's cell holds it; money in 万元."""
    if field.kind == "yuan" and value is not None:
        return Decimal(value) / 10000
    if field.kind == "project_kind":
        return next((kind.label for kind in plan.kinds if kind.id == value), None)
    return YES_NO[not value] if isinstance(value, bool) else value


def _size(stated: Mapping[str, Any], head: Mapping[str, str]) -> FormLine:
    """Area in ㎡, investment in 万元; one of them has the line to itself."""
    investment = stated.get("investment")
    in_wan = None if investment is None else Decimal(investment) / 10000
    values = {"area": stated.get("area"), "investment": in_wan}
    shares = {"area": 1, "investment": 2} if {*SIZE} <= {*head} else dict.fromkeys(SIZE, 4)
    cells = [
        (
            FormCell(head[key], Look.LABEL),
            FormCell(values[key], Look.CENTRED, across=shares[key], format=TWO_DECIMALS),
        )
        for key in SIZE
        if key in head
    ]
    return FormLine(tuple(cell for pair in cells for cell in pair), 40)


def _operator(stated: Mapping[str, Any], head: Mapping[str, str]) -> tuple[FormLine, ...]:
    lines = [
        (FormCell(head[key], Look.LABEL), FormCell(stated.get(key), across=3))
        for key in OPERATOR
        if key in head
    ]
    if not lines:
        return ()
    first, *others = lines
    body = FormCell("运行主体", Look.LABEL, down=len(lines))
    return FormLine((body, *first), 32), *(FormLine(cells, 32) for cells in others)


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


def _opinions(
    named: Mapping[str, str], stated: Mapping[str, Any], head: Mapping[str, str]
) -> tuple[FormLine, ...]:
    """The opinions, two beside each other, the county's above the city's."""
    county, city = OPINIONS[:2], OPINIONS[2:]
    pairs = [tuple(key for key in pair if key in head) for pair in (county, city)]
    lines = [
        line
        for pair in filter(None, pairs)
        for line in (FormLine(_headed(named, pair)), FormLine(_seals(stated, pair), 160))
    ]
    if not lines:
        return ()
    side = FormCell("审核\n意见", Look.LABEL, down=len(lines))
    return (replace(lines[0], cells=(side, *lines[0].cells)), *lines[1:])


def _headed(named: Mapping[str, str], keys: Sequence[str]) -> tuple[FormCell, ...]:
    return tuple(
        FormCell(named[key], Look.LABEL, across=across)
        for key, across in zip(keys, _widths(keys), strict=True)
    )


def _seals(stated: Mapping[str, Any], keys: Sequence[str]) -> tuple[FormCell, ...]:
    return tuple(
        FormCell(f"{SEAL}　　\n{_written(stated.get(key))}　　", Look.SIGN, across=across)
        for key, across in zip(keys, _widths(keys), strict=True)
    )


def _widths(keys: Sequence[str]) -> tuple[int, ...]:
    return (2, 3) if len(keys) == 2 else (5,)


def _written(day: date | None) -> str:
    return f"{day.year}年{day.month}月{day.day}日" if day else "　　　年　　月　　日"
