"""What came of cross acceptance (验收结果), told to the cities' governments and bureaus (五(八)).

A government hears of its own city only, in a letter (函) that asks and suggests; the bureaus hear
of all cities (通报). Drafts: people number and sign them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from common.errors import RefusedError
from common.words import NOT_STATED, for_paper, long_date, numeral, short_date
from documents.forms.acceptance import verdicts
from documents.papers.letters import OPENNESS
from documents.papers.progress_words import draft_number, everywhere, notice, own
from documents.writing.blocks import Annex, Heading, PaperBlock, PaperTable, PaperText
from policy.duties import CrossAcceptance
from policy.schema import Plan
from policy.vocabulary import Level

MENDED, NOT_YET = "整改后通过", "未验收"
"""Passed after rectification, whatever the first conclusion was; nobody has been there."""
NO_PROBLEM = "验收中没有发现需要整改的问题。"
HEADS = ("序号", "县（市、区）", "项目名称", "验收日期", "验收结果", "问题和整改情况")
WIDTHS = (0.6, 1.1, 2.4, 1.5, 1.4, 3)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one project by the day of the notice."""

    city: str
    county: str
    name: str
    result: str
    """A conclusion of the plan, `MENDED` or `NOT_YET`."""
    visited: date | None
    """The first visit."""
    accepted: date | None
    problems: str
    """What was found, as it was put on record; empty where nothing had to be put right."""
    due: date | None
    """By when it is to be put right."""
    mended: date | None
    """When it was."""
    why_not: str
    """Of a project that nobody has been to: what it waits for; may be empty."""

    @property
    def open(self) -> bool:
        """Whether acceptance is not concluded."""
        return self.accepted is None


def accepting(plan: Plan) -> CrossAcceptance:
    """The plan's rule; RefusedError when it has none."""
    if plan.cross_acceptance is None:
        raise RefusedError(f"“{plan.name}”没有规定交叉验收")
    return plan.cross_acceptance


def to_government(plan: Plan, city: str, outcomes: Sequence[Outcome], as_of: date) -> PaperText:
    """The letter to a city's government; `outcomes` are those of its own projects."""
    accepting(plan)
    return PaperText(
        title=f"{plan.office(Level.PROVINCE)}关于{city}{plan.name}交叉验收结果的函",
        addressee=f"{city}人民政府",
        paragraphs=(
            f"按照{notice(plan)}要求，{own(plan)}组织{plan.said('各市')}{plan.trade}部门"
            f"对{plan.said('贵市')}{plan.programme}项目进行了交叉验收。现将验收结果函告如下。",
            Heading("一、验收结果"),
            f"截至{long_date(as_of)}，{plan.said('贵市')}{_told(plan, outcomes)}"
            "各项目验收结果见附件。",
            Heading("二、存在问题和整改情况"),
            *_problems(outcomes, as_of),
            Heading("三、有关建议"),
            *_suggestions(plan, outcomes),
            "以上意见建议，请研究并予以支持。",
            "特此函告。",
        ),
        sender=plan.office(Level.PROVINCE),
        annexes=(Annex(f"{city}项目交叉验收结果", (_projects(plan, outcomes, as_of),)),),
        copies=plan.office(Level.CITY, city),
        number=draft_number(plan, as_of),
    )


def to_bureaus(plan: Plan, outcomes: Sequence[Outcome], as_of: date) -> PaperText:
    """The notice to all cities' bureaus, on every project; by city in the plan's order."""
    return PaperText(
        title=f"{plan.office(Level.PROVINCE)}关于{plan.name}交叉验收结果的通报",
        addressee=plan.office(Level.CITY, plan.said("各市")),
        paragraphs=(
            f"按照{notice(plan)}要求，{own(plan)}抽调各{plan.city_bureau}"
            f"{_roles(plan)}，对{everywhere(plan)}{plan.programme}项目进行了交叉验收。现将验收结果通报如下。",
            Heading("一、总体情况"),
            f"截至{long_date(as_of)}，{everywhere(plan)}{_told(plan, outcomes)}",
            Heading(plan.said("二、各市情况")),
            _cities(plan, outcomes),
            Heading("三、存在问题和整改情况"),
            *_problems(outcomes, as_of, whole=True),
            Heading("四、工作要求"),
            *_demands(plan, outcomes),
            OPENNESS,
        ),
        sender=plan.office(Level.PROVINCE),
        annexes=(
            Annex(
                plan.said("各市项目交叉验收结果"), (_projects(plan, outcomes, as_of, whole=True),)
            ),
        ),
        number=draft_number(plan, as_of),
    )


def _roles(plan: Plan) -> str:
    return "和".join(role.label for role in accepting(plan).roles)


def _told(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """How many projects there are, when they were visited, and what came of it."""
    if not outcomes:
        return "没有列入验收的项目。"
    return f"项目{len(outcomes)}个{_days(outcomes)}，其中{_counts(plan, outcomes)}。"


def _days(outcomes: Sequence[Outcome]) -> str:
    """When the first and the last project were visited."""
    days = [item.visited for item in outcomes if item.visited]
    if not days:
        return ""
    first, last = min(days), max(days)
    end = f"{last.day}日" if last.month == first.month else short_date(last)
    until = f"至{end}" if last > first else ""
    return f"，验收组于{short_date(first)}{until}到场验收{len(days)}个"


def _labels(plan: Plan) -> tuple[str, ...]:
    """All results, in the order in which they are counted."""
    return tuple(dict.fromkeys((*verdicts(plan), MENDED, NOT_YET)))


def _counts(plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """How many came to what; what none came to is left out."""
    told = []
    for label in _labels(plan):
        mine = [item for item in outcomes if item.result == label]
        waiting = sum(item.open for item in mine) if label == MENDED else 0
        more = f"（{waiting}个尚未复验通过）" if waiting else ""
        told += [f"{label}{len(mine)}个{more}"] if mine else []
    return "、".join(told)


def _cities(plan: Plan, outcomes: Sequence[Outcome]) -> PaperBlock:
    labels = _labels(plan)

    def row(name: str, mine: Sequence[Outcome]) -> tuple[str, ...]:
        counts = [sum(item.result == label for item in mine) for label in labels]
        return (name, str(len(mine)), *map(str, counts))

    cities = dict.fromkeys(item.city for item in outcomes)
    rows = [row(city, [item for item in outcomes if item.city == city]) for city in cities]
    return PaperTable((plan.said("市"), "项目数", *labels), (*rows, row("合计", outcomes)))


def _problems(
    outcomes: Sequence[Outcome], as_of: date, *, whole: bool = False
) -> Iterator[PaperBlock]:
    """Projects with something to put right, then those that nobody has been to.

    `whole`: it speaks of several cities, which are then named.
    """
    told = [item for item in outcomes if item.problems or (item.open and item.visited)]
    yield from (
        f"{number}．{_where(item, whole)}：{_state(item, as_of)}。"
        for number, item in enumerate(told, 1)
    )
    if not told:
        yield NO_PROBLEM
    if waiting := [item for item in outcomes if item.result == NOT_YET]:
        names = "；".join(_where(item, whole) + _because(item) for item in waiting)
        yield f"尚未验收的项目{len(waiting)}个：{names}。"


def _where(item: Outcome, whole: bool) -> str:
    return f"{item.city if whole else ''}{item.county}{item.name}"


def _because(item: Outcome) -> str:
    return f"（{item.why_not}）" if item.why_not else ""


def _state(item: Outcome, as_of: date) -> str:
    """What was found, and what has become of it."""
    found = for_paper(item.problems).rstrip("。；")
    return "；".join(filter(None, (found, _mending(item, as_of))))


def _mending(item: Outcome, as_of: date) -> str:
    if item.mended and item.accepted:
        return f"已于{short_date(item.mended)}完成整改，{short_date(item.accepted)}复验通过"
    if item.accepted:
        return f"{short_date(item.accepted)}复验通过"
    if item.mended:
        return f"已于{short_date(item.mended)}完成整改，待复验"
    if item.due is None:
        return "尚未完成整改"
    if item.due < as_of:
        return f"整改期限为{short_date(item.due)}，尚未完成整改"
    return f"正在整改，期限为{short_date(item.due)}"


def _suggestions(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[PaperBlock]:
    """What the government is asked for; no more than there is reason for."""
    number = 0
    for reason, text in _asked(plan, outcomes, own(plan)):
        if reason:
            number += 1
            yield f"（{numeral(number)}）{text}"
    if not number:
        serving = f"为{plan.serves}提供优质服务" if plan.serves else "提供优质服务"
        yield f"{plan.said('建议贵市')}继续关心支持项目运营，巩固建设成果，{serving}。"


def _asked(plan: Plan, outcomes: Sequence[Outcome], office: str) -> Iterator[tuple[bool, str]]:
    yield (
        any(item.open and item.visited and not item.mended for item in outcomes),
        f"{plan.said('建议贵市督促有关县（市、区）')}和单位在期限内完成整改，整改完成后由{office}组织复验。",
    )
    yield (
        any(item.open and item.mended for item in outcomes),
        f"已完成整改的项目，由{office}尽快组织复验，{plan.said('请贵市')}予以配合。",
    )
    yield (
        any(item.result == NOT_YET for item in outcomes),
        f"尚未验收的项目，{plan.said('建议贵市')}支持加快收尾，具备条件后由{office}组织验收，"
        "确保当年建成并投入运营。",
    )


def _demands(plan: Plan, outcomes: Sequence[Outcome]) -> Iterator[PaperBlock]:
    bureau, serving = plan.city_bureau, f"，切实为{plan.serves}提供服务" if plan.serves else ""
    asked = (
        (
            any(item.open and item.visited for item in outcomes),
            f"需要整改的项目，有关{bureau}要明确责任人和完成时限，逐项整改到位，完成后及时报请复验。",
        ),
        (
            any(item.result == NOT_YET for item in outcomes),
            f"尚未验收的项目，有关{bureau}要抓紧收尾，具备条件后及时报请验收。",
        ),
        (True, f"各{bureau}要做好项目运营，确保当年建成并投入运营{serving}。"),
    )
    texts = [text for reason, text in asked if reason]
    if len(texts) == 1:
        yield texts[0]
    else:
        yield from (f"（{numeral(number)}）{text}" for number, text in enumerate(texts, 1))


def _projects(
    plan: Plan, outcomes: Sequence[Outcome], as_of: date, *, whole: bool = False
) -> PaperBlock:
    """Each project in one line; with its city where there are several."""
    if not outcomes:
        return "没有项目。"
    rows = tuple(
        (str(number), *([item.city] if whole else []), *_line(item, as_of))
        for number, item in enumerate(outcomes, 1)
    )
    if not whole:
        return PaperTable(tuple(map(plan.said, HEADS)), rows, widths=WIDTHS)
    heads = tuple(map(plan.said, (HEADS[0], "市", *HEADS[1:])))
    return PaperTable(heads, rows, widths=(WIDTHS[0], 1, *WIDTHS[1:]))


def _line(item: Outcome, as_of: date) -> tuple[str, ...]:
    day = short_date(item.visited) if item.visited else NOT_STATED
    told = item.why_not if item.result == NOT_YET else ""
    if item.problems or (item.open and item.visited):
        told = _state(item, as_of)
    return (item.county, item.name, day, item.result, told or NOT_STATED)
