"""The board (进度) and the lists behind its numbers, for the province or a city."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from heapq import nsmallest
from urllib.parse import urlencode

from starlette.responses import Response

from models.projects import subjects
from models.tables import Subject
from operations.duties.assessments import newest_curves
from operations.views.census import (
    Census,
    Counted,
    CountedProject,
    added,
    boards,
    county_boards,
    earliest,
    hanging,
    pressing_views,
)
from operations.views.funds import TOTAL, money_of
from operations.views.overview import CityBoard, DeadlineView
from operations.views.published import targets_of
from operations.views.tables import all_places
from operations.views.worklist import OutOfReachError
from operations.workbooks.listings import make_funds, make_overdue, make_projects
from operations.workbooks.outgoing import WorkbookOrder
from policy.schema import Plan
from policy.vocabulary import Listing
from states.contacts import Place
from states.dossier import GOING_ON
from states.targets import of_place
from web.drawing import bars, curve
from web.errand import XLSX, Errand, Handler, attached, page
from web.shelf import DayView, shelved

MAKERS = {
    Listing.PROJECTS: make_projects,
    Listing.OVERDUE: make_overdue,
    Listing.FUNDS: make_funds,
}
KINDS = {
    "overdue": "逾期",
    "due_soon": "临期",
    "beyond": "超过建议时限",
    "coordinating": "待协调",
    "provincial": "单位逾期事项",
    "provincial_beyond": "单位超过建议时限事项",
    "pressing": "全部未结事项",
}
"""Of items, by how they stand."""
MOST_ROWS, MOST_STEPS = 300, 12


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the plan a board or a list speaks of; empty: as far as the reader sees."""

    city: str = ""
    county: str = ""


def show_board(errand: Errand) -> Response:
    """The province's board, or a city's."""
    scope, desk = _scope(errand), errand.desk
    if not _listings(errand, scope):
        raise OutOfReachError(desk.plan.said("进度页供省、市查看；本县（市、区）的项目请看“项目”"))
    known, found = _known(errand, scope)
    board = boards(desk, found)
    counts: Counter[Counted] = Counter()
    for each in found:
        counts.update({key: n for key, n in each.counts.items() if scope.county in ("", key[0])})
    kinds: Counter[str] = Counter()
    for (_, head), number in counts.items():
        kinds[head.kind] += number
    rows = county_boards(desk, found[0]) if scope.city else board
    return page(
        errand,
        "board.html",
        scope=scope,
        as_of=found[0].as_of,
        basis=found[0].basis.said,
        rows=rows,
        lamps={row.city: _lamp(row) for row in rows},
        sums=added(TOTAL, board, None if scope.city else all_places(desk.plan, board)),
        targets=of_place(targets_of(desk, known.projects), scope.city),
        stages=list(desk.plan.stages),
        bars=bars(rows, [stage.label for stage in desk.plan.stages]),
        curves=[
            curve(*it) for it in newest_curves(desk, scope.city or desk.plan.province, errand.as_of)
        ],
        money=money_of(desk, scope.city, known.projects),
        kinds=kinds,
        hanging=hanging(counts)[:MOST_STEPS],
        link=_linker("/list", scope, errand),
        board_link=_linker("/board", Scope(), errand),
        download_link=lambda kind: _linker(f"/download/{kind}", scope, errand)(),
        listings=_listings(errand, scope),
        whole=_sees_all(errand, scope),
    )


def _known(errand: Errand, scope: Scope) -> tuple[DayView, list[Census]]:
    """The day, and what of it a board or a list speaks of."""
    reach = errand.who.reach
    theirs = {place.city for place in reach.places | reach.funds}
    every = [city.name for city in errand.desk.plan.cities]
    cities = [scope.city] if scope.city else ["", *every] if "" in theirs else sorted(theirs)
    known = shelved(errand.desk, errand.as_of, cities)
    return known, [known.cities[city] for city in cities]


def _title(plan: Plan, standing: str) -> str:
    head = KINDS.get(standing, KINDS["pressing"])
    return f"{plan.upper}{head}" if standing.startswith("provincial") else head


def show_list(errand: Errand) -> Response:
    """The projects or items behind a number."""
    scope, fields, desk, reach = _scope(errand), errand.fields, errand.desk, errand.who.reach
    _, found = _known(errand, scope)
    standing, step = fields.get("standing", ""), fields.get("step", "")

    @cache
    def shows(city: str, county: str, of_money: bool) -> bool:
        here = scope.county in ("", county)
        return here and reach.sees(Place(city, county), of_money=of_money)

    if standing or step:
        count, heads = earliest(
            (
                (head.place, subjects)
                for each in found
                for county, head, subjects in each.pressing()
                if shows(each.city, county, head.of_money)
                and (head.kind == standing or standing not in KINDS or standing == "pressing")
                and (not step or head.hangs_on == step)
            ),
            MOST_ROWS,
        )
        title = step or _title(desk.plan, standing)
        items = pressing_views(
            desk, errand.as_of, [(subject, rule) for (_, rule), subject in heads]
        )
        return _list_page(errand, scope, found[0], title, count, items=items)
    stage = next((it for it in desk.plan.stages if it.id == fields.get("stage")), None)
    its = {
        code: project
        for each in found
        for project, codes in each.projects.items()
        if shows(each.city, project.county, True)
        and (stage is None or (project.stage == stage.id and project.disposition in GOING_ON))
        and (not fields.get("finished") or project.finished)
        for code in codes
    }
    shown = nsmallest(MOST_ROWS, its)
    with desk.reading() as session:
        named = subjects(session, desk.plan, shown)
    projects = [(named[code], its[code]) for code in shown]
    title = stage.label if stage else "已办结项目" if fields.get("finished") else "项目"
    return _list_page(errand, scope, found[0], title, len(its), projects=projects)


def _list_page(
    errand: Errand,
    scope: Scope,
    seen: Census,
    title: str,
    count: int,
    items: Sequence[DeadlineView] = (),
    projects: Sequence[tuple[Subject, CountedProject]] = (),
) -> Response:
    return page(
        errand,
        "list.html",
        scope=scope,
        title=title,
        as_of=seen.as_of,
        basis=seen.basis.said,
        items=items,
        projects=projects,
        count=count,
        most=MOST_ROWS,
        download_link=lambda kind: _linker(f"/download/{kind}", Scope(scope.city), errand)(),
        listings=_listings(errand, scope),
    )


def download(errand: Errand) -> Response:
    """A list as the workbook that exists."""
    scope, name = _scope(errand), errand.part("kind")
    kind = next((each for each in Listing if each.value == name), None)
    if kind not in _listings(errand, scope):
        raise OutOfReachError("没有这份清单，或不在您的办理范围内")
    order = WorkbookOrder(kind, scope.city or None)
    with errand.desk.reading() as session:
        made = MAKERS[kind](session, errand.desk, order, errand.as_of)
    return attached(made.name, made.content, XLSX)


def _scope(errand: Errand) -> Scope:
    """What was asked for, within what the reader may see whole; a city's reader sees that city."""
    reach = errand.who.reach
    city, county = errand.fields.get("city", ""), errand.fields.get("county", "")
    own = sorted({it.city for it in reach.places | reach.funds if not it.county})
    if not city and own[:1] != [""] and len(own) == 1:
        city = own[0]
    if city and not reach.touches(Place(city, county)):
        raise OutOfReachError(f"没有“{city[:20]}”，或不在您的办理范围内")
    return Scope(city, county)


def _sees_all(errand: Errand, scope: Scope) -> bool:
    """Whether the reader sees all of the province, or of the city that is asked for."""
    return errand.who.reach.covers(Place(scope.city))


def _listings(errand: Errand, scope: Scope) -> list[Listing]:
    """The lists that the reader may have whole: a finance office that of the money."""
    if _sees_all(errand, scope):
        return list(Listing)
    return [Listing.FUNDS] if errand.who.reach.touches(Place(scope.city)) else []


def _lamp(row: CityBoard) -> str:
    if row.overdue:
        return "red"
    return "amber" if row.due_soon or row.beyond_proposal else "green"


def _linker(path: str, scope: Scope, errand: Errand) -> Callable[..., str]:
    """Makes addresses that keep what the board speaks of, and its day."""
    day = "" if errand.as_of == errand.today else errand.as_of.isoformat()
    return partial(_address, path, city=scope.city, county=scope.county, as_of=day)


def _address(path: str, **said: str) -> str:
    told = {name: words for name, words in said.items() if words}
    return f"{path}?{urlencode(told)}" if told else path


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/board", "GET", show_board),
    ("/list", "GET", show_list),
    ("/download/{kind}", "GET", download),
)
