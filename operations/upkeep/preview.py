"""A plan before it is installed, as one page for the notice's author (预览).

What the core computes is told as it is; forms and papers are made by what makes them later, of one
example project in a database that is gone afterwards. Nothing is read from or sent to elsewhere.
"""

import re
from calendar import monthrange
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from common.errors import XingfuError
from common.files import scratch_folder
from common.words import long_date, weekday
from documents.forms.summary import SummaryRow, pages
from documents.papers.acceptance_results import to_bureaus
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.blocks import Graph, GraphPairs, Heading, PaperBlock, PaperText
from documents.writing.layout import save
from models.database import migrate, open_engine
from models.settings import Settings
from notifications.message import DigestLine
from notifications.render import digest
from operations.cases.desk import Desk
from operations.upkeep.rules import install
from operations.views.overview import projects
from operations.views.snapshots import snapshot
from operations.workbooks.exports import export_workbook
from operations.workbooks.incoming import ImportOptions
from operations.workbooks.intake import import_workbook
from operations.workbooks.outgoing import WorkbookOrder
from policy.bodies import Office
from policy.date_words import written_day, written_days
from policy.schema import Plan
from policy.timing import DeadlineRule, TimedRule, rung_words
from policy.vocabulary import Form, Level, RungKind, Standing, SubjectKind
from states.deadlines import Deadline, DeadlineDates, deadlines
from states.decide import RungDate, Situation, steps
from states.dossier import Profile, stated
from states.workdays import Calendar, UnknownYearError

MOST_ROWS, MOST_COLUMNS = 30, 40
"""Of a form; what is beyond is said."""
STREET, COMMUNITY = "示例街道", "示例社区"


@dataclass(frozen=True, slots=True)
class DatePreview:
    """One deadline in the calendar, as a line of texts."""

    id: str
    title: str
    clause: str
    words: str
    whose: str
    of: str
    remind: str
    overdue: str
    literal: str
    note: str


@dataclass(frozen=True, slots=True)
class StepPreview:
    """One step of the ladder for an example deadline."""

    day: str
    when: str
    kind: str
    offices: str


@dataclass(frozen=True, slots=True)
class BodyPreview:
    """What a body will be told: its deadlines, the ladder of one of them, and example mails."""

    name: str
    office: str
    bound: bool
    rules: tuple[str, ...]
    example: str
    ladder: tuple[StepPreview, ...]
    mails: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SheetPreview:
    """One sheet of a form: rows of cells, each a text with the columns and rows that it spans."""

    title: str
    rows: tuple[tuple[tuple[str, int, int], ...], ...]
    more: str


@dataclass(frozen=True, slots=True)
class FormPreview:
    """A workbook as it will go out, or why there is none."""

    label: str
    sheets: tuple[SheetPreview, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class PaperPreview:
    """A paper as it will be drafted."""

    label: str
    clause: str
    paper: PaperText


@dataclass(frozen=True, slots=True)
class GapPreview:
    """What nobody is responsible for, or nothing in the plan stands for."""

    what: str
    clause: str
    mend: str


def preview(plan: Plan, notice: str, calendar: Calendar, at: datetime) -> str:
    """The page, whole in itself: HTML without a request to elsewhere."""
    with _example(plan, calendar, at) as (desk, code):
        forms = tuple(_forms(desk, code))
        papers = tuple(_papers(desk))
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("preview.html.j2").render(
        plan=plan,
        made_on=long_date(at.date()),
        months=tuple(_calendar(plan, calendar)),
        undated=tuple(_undated(plan, calendar)),
        bodies=tuple(_bodies(plan, calendar, at)),
        forms=forms,
        papers=papers,
        gaps=tuple(_gaps(plan)),
        unquoted=tuple(_unquoted(plan, notice)),
        offices=tuple(_offices(plan)),
        stages=tuple(_stages(plan)),
        is_text=lambda block: isinstance(block, str),
        kind_of=lambda block: type(block).__name__,
        caption=_caption,
    )


# --- time -----------------------------------------------------------------------------------------


def _calendar(plan: Plan, calendar: Calendar) -> Iterator[tuple[str, tuple[DatePreview, ...]]]:
    """Month by month of the day after which they are late."""
    dated = [item for item in deadlines(plan, calendar) if item.dates]
    dated.sort(key=lambda item: (_dates(item).overdue_after, item.id))
    months: dict[str, list[DatePreview]] = {}
    for item in dated:
        day = _dates(item).overdue_after
        months.setdefault(f"{day.year}年{day.month}月", []).append(_told(plan, item))
    for month, items in months.items():
        yield month, tuple(items)


def _dates(item: Deadline) -> DeadlineDates:
    assert item.dates is not None  # noqa: S101  # asked for before
    return item.dates


def _told(plan: Plan, item: Deadline) -> DatePreview:
    rule, dates = item.rule, _dates(item)
    literal = dates.literal
    same = literal.remind == literal.due
    return DatePreview(
        item.id,
        f"{rule.title}（{item.period}）" if item.period else rule.title,
        rule.clause,
        rule.words,
        plan.bodies[rule.responsible].name,
        "、".join(plan.said(kind.label) for kind in rule.fulfilled_by),
        _day(dates.remind_by),
        _day(dates.overdue_after),
        f"{literal.due}" if same else f"{literal.remind}—{literal.due}",
        _note(plan, rule),
    )


def _note(plan: Plan, rule: TimedRule) -> str:
    parts = [] if rule.origin.value == "notice" else [rule.origin.label]
    if not plan.bodies[rule.responsible].bound:
        parts.append("只协调，不认定逾期")
    if isinstance(rule, DeadlineRule) and rule.later_of:
        parts.append("有替补等情形的另计")
    return "；".join([*parts, *([rule.date_reading] if rule.date_reading else [])])


def _day(day: date) -> str:
    return f"{day}（周{weekday(day)}）"


def _undated(plan: Plan, calendar: Calendar) -> Iterator[tuple[str, str, str, str]]:
    """What has no day of its own: id, title, clause, and from what it runs, or why."""
    for item in deadlines(plan, calendar):
        if item.dates is None and (span := item.follows) is not None:
            since = plan.milestone(span.after).label
            yield item.id, item.rule.title, item.rule.clause, f"自“{since}”之日起{span.length}"
        elif item.dates is None:
            yield (
                item.id,
                item.rule.title,
                item.rule.clause,
                "所在年份的放假安排尚未公布，公布后推算",
            )
    for rule in plan.deadlines:
        if not rule.stated:
            yield rule.id, rule.title, rule.clause, "通知未明确时限，不提醒"


# --- who is told ----------------------------------------------------------------------------------


def _bodies(plan: Plan, calendar: Calendar, at: datetime) -> Iterator[BodyPreview]:
    """One that is two things at once, as the town of a programme of two levels, is one."""
    alike: dict[tuple[str, str], list[str]] = {}
    for id, body in plan.bodies.items():
        alike.setdefault((body.name, _office(plan, id)), []).append(id)
    for (name, office), ids in alike.items():
        rules = [item for item in plan.timed_rules if item.responsible in ids]
        dated = (item for item in deadlines(plan, calendar) if item.dates and item.rule in rules)
        example = next(dated, None)
        ladder = _ladder(plan, calendar, example) if example else []
        yield BodyPreview(
            name,
            office,
            all(plan.bodies[id].bound for id in ids),
            tuple(f"{rule.id} {rule.title}（{rule.clause}）" for rule in rules),
            f"{example.id} {example.rule.title}" if example else "",
            tuple(_step(plan, step) for step in ladder),
            tuple(_mails(plan, example, ladder, at)) if example else (),
        )


def _office(plan: Plan, id: str) -> str:
    body = plan.bodies[id]
    city = plan.cities[0]
    county = city.counties[0].name if city.counties else ""
    if body.office is None:
        return plan.office(body.reached_at, city.name, county)
    return plan.body_name(id, city.name, county, plan.region_of(city.name))


def _ladder(plan: Plan, calendar: Calendar, item: Deadline) -> list[RungDate]:
    """Every rung, and the first repeat."""
    dates = _dates(item)
    situation = Situation(item.id, dates.remind_by, dates.overdue_after, 0, Standing.ON_TRACK)
    found: list[RungDate] = []
    # A ladder may reach into a year whose holidays are not known yet: so far, it is told.
    with suppress(UnknownYearError):
        found.extend(
            islice(steps(situation, plan, item.rule, calendar), len(plan.ladder.rungs) + 1)
        )
    return found


def _step(plan: Plan, step: RungDate) -> StepPreview:
    when = rung_words(step.id) + ("，此后照此重复" if step.repeats else "")
    levels = [level for level in Level if level in step.levels]
    told = "、".join(dict.fromkeys(_level_office(plan, level) for level in levels)) or "（无人）"
    return StepPreview(_day(step.fires_on), when, step.kind.label, told)


def _level_office(plan: Plan, level: Level) -> str:
    city = plan.cities[0]
    county = city.counties[0].name if city.counties else ""
    return plan.office(level, city.name, county)


def _mails(
    plan: Plan, item: Deadline, ladder: Sequence[RungDate], at: datetime
) -> Iterator[tuple[str, str]]:
    """The first reminder, and the first word after the day has passed: title and text."""
    dates = _dates(item)
    before = [step for step in ladder if step.fires_on <= dates.overdue_after][:1]
    after = [step for step in ladder if step.fires_on > dates.overdue_after][:1]
    for step in (*before, *after):
        level = next((level for level in Level if level in step.levels), None)
        if level is None:
            continue
        office = _level_office(plan, level)
        line = _line(
            plan, item, step.kind, own=level is plan.bodies[item.rule.responsible].reached_at
        )
        made = digest("example", office, step.fires_on, (line,), plan.name, (), at)
        yield f"{_day(step.fires_on)} 发给 {office}：{made.title}", made.text


def _line(plan: Plan, item: Deadline, kind: RungKind, *, own: bool) -> DigestLine:
    rule, dates, city = item.rule, _dates(item), plan.cities[0]
    of = next(iter(rule.fulfilled_by))
    county = city.counties[0] if city.counties else None
    code = plan.code_format.format(county=county.code if county else city.code, number=1)
    names = {
        SubjectKind.PROJECT: (code, plan.name_of({"street": STREET, "community": COMMUNITY}) or ""),
        SubjectKind.CITY: (city.name, city.name),
        SubjectKind.PROVINCE: (plan.province, plan.province),
    }
    place = f"{city.name}{county.name if county and of is SubjectKind.PROJECT else ''}"
    labels = {milestone.id: milestone.label for milestone in plan.milestones}
    lacks = tuple(f"“{labels[name]}”尚未登记" for name in rule.fulfilled_by[of] if name in labels)
    return DigestLine(
        kind=kind,
        subject_kind=of,
        levels=plan.levels,
        subject=names[of][0],
        name=names[of][1],
        place=plan.province if of is SubjectKind.PROVINCE else place,
        rule=item.id,
        title=rule.title,
        clause=rule.clause,
        notice_number=plan.notice.number,
        origin=rule.origin,
        due=dates.literal.due,
        remind_by=dates.remind_by,
        overdue_after=dates.overdue_after,
        responsible=_office(plan, rule.responsible),
        to_do=item.to_do,
        missing=lacks or ("尚未登记完成",),
        words=rule.words,
        own=own,
        bound=plan.bodies[rule.responsible].bound,
    )


# --- forms and papers -----------------------------------------------------------------------------


@contextmanager
def _example(plan: Plan, calendar: Calendar, at: datetime) -> Iterator[tuple[Desk, str]]:
    """A desk on a database that is gone afterwards, with one project in it; the project's code."""
    with scratch_folder() as folder:
        settings = Settings(home=folder, database_url=None, plan=plan.id, business_date=None)
        engine = open_engine(settings.sqlalchemy_url, lasting=False)
        desk = Desk(settings, plan, calendar, engine)
        try:
            migrate(desk.engine)
            install(desk, at)
            if not projects(desk):
                _add(desk, folder, at)
            found = projects(desk)
            yield desk, found[0].code if found else ""
        finally:
            desk.engine.dispose()


def _add(desk: Desk, folder: Path, at: datetime) -> None:
    city = next((city for city in desk.plan.cities if city.counties), None)
    if city is None:
        return
    kind = desk.plan.kinds[0].id if desk.plan.kinds else None
    profile = Profile(street=STREET, community=COMMUNITY, kind=kind)
    path = folder / f"{city.name}.xlsx"
    row = SummaryRow(city.counties[0].name, stated(profile))
    save(path, pages(desk.plan, city.name, (row,)))
    asked = ImportOptions(confirmed=True)
    import_workbook(desk, path, asked, today=desk.plan.notice.issued_on, at=at)


def _forms(desk: Desk, code: str) -> Iterator[FormPreview]:
    plan = desk.plan
    for form in Form:
        if form in plan.workbooks:
            yield _form(desk, form, code)


def _form(desk: Desk, form: Form, code: str) -> FormPreview:
    plan, city = desk.plan, desk.plan.cities[0]
    subjects = (city.name, code, plan.office(Level.CITY, city.name), None)
    month = next(iter(plan.reported_months.values()), None) if form is Form.REPORT else None
    today = date(plan.year, 12, 31)
    reason = ""
    for subject in subjects:
        expert = "示例专家" if form is Form.OPINIONS else ""
        order = WorkbookOrder(
            form, subject, month, expert=expert, organisation=expert and "示例大学"
        )
        target = desk.settings.home / f"{form.value}.xlsx"
        try:
            export_workbook(desk, order, target, today, force=True)
        except XingfuError as error:
            reason = reason or str(error)
            continue
        return FormPreview(plan.form_name(form), tuple(_sheets(target)), "")
    return FormPreview(plan.form_name(form), (), reason)


def _sheets(path: Path) -> Iterator[SheetPreview]:
    book = load_workbook(path)
    for sheet in book.worksheets:
        if sheet.sheet_state == "visible":
            yield SheetPreview(sheet.title, tuple(_rows(sheet)), _more(sheet))


def _more(sheet: Worksheet) -> str:
    beyond = sheet.max_row - MOST_ROWS
    return f"以下还有{beyond}行，从略" if beyond > 0 else ""


def _rows(sheet: Worksheet) -> Iterator[tuple[tuple[str, int, int], ...]]:
    """Cells with what they span; rows that are wholly empty are left out."""
    spans, covered = {}, set()
    for area in sheet.merged_cells.ranges:
        first = (area.min_row, area.min_col)
        spans[first] = (area.max_col - area.min_col + 1, area.max_row - area.min_row + 1)
        covered |= {
            (row, column)
            for row in range(area.min_row, area.max_row + 1)
            for column in range(area.min_col, area.max_col + 1)
        } - {first}
    width = min(sheet.max_column, MOST_COLUMNS)
    for row in range(1, min(sheet.max_row, MOST_ROWS) + 1):
        cells = []
        for column in range(1, width + 1):
            if (row, column) not in covered:
                value = sheet.cell(row, column).value
                wide, high = spans.get((row, column), (1, 1))
                cells.append((_shown(value), wide, high))
        if any(text for text, _, _ in cells):
            yield tuple(cells)


def _shown(value: object) -> str:
    """A cell as its reader sees it: of a day without the time that a workbook gives it."""
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    return "" if value is None else str(value)


def _papers(desk: Desk) -> Iterator[PaperPreview]:
    plan, city = desk.plan, desk.plan.cities[0].name
    month = next(iter(plan.bulletin_months), f"{plan.year}-12")
    year, number = int(month[:4]), int(month[5:])
    day = date(year, number, monthrange(year, number)[1])
    with desk.reading() as session:
        shots = (snapshot(session, desk, month, day),) if plan.curves else ()
    made: list[tuple[str, str, Callable[[], PaperText]]] = []
    if plan.bulletin and shots:
        made.append(("月通报", plan.bulletin.clause, lambda: bulletin(plan, shots)))
    if plan.feedback and shots:
        made.append(("季度反馈函", plan.feedback.clause, lambda: feedback(plan, city, shots)))
    if plan.cross_acceptance:
        results = plan.cross_acceptance
        made.append(
            ("验收结果通报", results.clause, lambda: to_bureaus(plan, (), results.results_on))
        )
    for label, clause, draft in made:
        yield PaperPreview(label, clause, draft())


def _caption(block: PaperBlock) -> str:
    if isinstance(block, Graph | GraphPairs):
        return f"（图：{block.caption}）"
    return block.heading if isinstance(block, Heading) else ""


# --- what is missing ------------------------------------------------------------------------------


def _gaps(plan: Plan) -> Iterator[GapPreview]:
    yield from _idle(plan)
    yield from _without_deadline(plan)


def _unquoted(plan: Plan, notice: str) -> Iterator[tuple[str, bool]]:
    """Each sentence of the notice that no rule quotes, and whether it speaks of a date."""
    words = [rule.words for _, rule in plan.rules()] + [line.words for line in plan.inventory]
    words += [plan.name, plan.notice.title]
    quoted = {_bare(piece) for said in words for piece in said.split("…")} - {""}
    for sentence in _sentences(notice):
        bare = _bare(sentence)
        if not any(piece in bare or bare in piece for piece in quoted):
            yield sentence, bool(written_days(bare, plan.year) or written_day(bare))


def _bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def _idle(plan: Plan) -> Iterator[GapPreview]:
    busy = {rule.responsible for _, rule in plan.rules()}
    busy |= {id for action in plan.actions for id in action.decided_by}
    if plan.authority:
        busy |= {id for line in plan.authority.lines for id in line}
    for id, body in plan.bodies.items():
        if id not in busy:
            yield GapPreview(
                f"单位“{body.name}”没有任何时限、任务或办理动作", "", "请核对通知是否给它规定了任务"
            )
    for rule in plan.timed_rules:
        if not plan.bodies[rule.responsible].bound:
            yield GapPreview(
                f"{rule.id}“{rule.title}”由{plan.bodies[rule.responsible].name}负责，通知约束不了它",
                rule.clause,
                "超过日期只协调，不认定逾期；没有单位为此承担责任",
            )


def _without_deadline(plan: Plan) -> Iterator[GapPreview]:
    timed = {
        name for rule in plan.timed_rules for names in rule.fulfilled_by.values() for name in names
    }
    for milestone in plan.milestones:
        if milestone.id in plan.finished_by and milestone.id not in timed:
            yield GapPreview(
                f"节点“{milestone.label}”是办结的标志，却没有时限",
                milestone.clause,
                "没有人会被提醒；请核对通知是否写明日期",
            )
    for rule in plan.deadlines:
        if not rule.stated:
            yield GapPreview(
                f"{rule.id}“{rule.title}”没有日期", rule.clause, "没有人会被提醒；可请发文单位明确"
            )


def _sentences(notice: str) -> Iterable[str]:
    text = re.sub(r"[ \t　]+", "", notice)
    parts = re.split(r"[。；\n]", text)
    return [part for part in parts if len(part) > 12 and not re.fullmatch(r"[\d\W]+", part)]


def _offices(plan: Plan) -> Iterator[tuple[str, int, str]]:
    """How many offices of each level need somebody in the contacts, and what one is called."""
    every: list[Office] = list(plan.every_office())
    for level in Level:
        names = [office.name for office in every if office.level is level]
        if names:
            yield plan.level_name(level), len(names), names[0]


def _stages(plan: Plan) -> Iterator[tuple[str, str, tuple[tuple[str, str, str], ...]]]:
    """Each stage with what is done in it: label, clause, who."""
    for stage in plan.stages:
        acts = [a for a in plan.actions if stage.id in (*a.leaves, *a.stays_in)]
        told = tuple(
            (a.label, a.clause, _deciding(plan, a.responsible, a.decided_by)) for a in acts
        )
        yield stage.label, stage.clause, told


def _deciding(plan: Plan, responsible: str, decided_by: tuple[str, ...]) -> str:
    ids = decided_by or (responsible,)
    return "、".join(
        plan.bodies[id].name if id in plan.bodies else plan.level_name(Level(id)) for id in ids
    )
