"""The board (进度) and the lists behind its numbers, for the province or a city."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import chain
from urllib.parse import urlencode

from starlette.responses import Response

from operations.cases.desk import Desk
from operations.duties.assessments import CURVES
from operations.duties.products import all_kept
from operations.views.funds import TOTAL, CityFunds, FundsView, funds_view, total
from operations.views.overview import CityBoard, DeadlineView, Survey, county_boards
from operations.views.tables import all_places
from operations.views.worklist import OutOfReachError, is_seen
from operations.workbooks.listings import make_funds, make_overdue, make_projects
from operations.workbooks.outgoing import WorkbookOrder
from policy.schema import Plan
from policy.vocabulary import Listing, Standing
from states.contacts import Place
from states.dossier import GOING_ON, Dossier
from states.reporting import finished_on
from states.series import YearCourses
from states.targets import figures
from web.drawing import bars, curve
from web.errand import XLSX, Errand, Handler, attached, page
from web.shelf import shelved

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
    "provincial": "省级单位逾期事项",
    "pressing": "全部未结事项",
}
"""Of items, by how they stand."""
MOST_ROWS = 300


@dataclass(frozen=True, slots=True)
class Scope:
    """What of the plan a board or a list speaks of; empty: as far as the reader sees."""

    city: str = ""
    county: str = ""

    def covers(self, item: DeadlineView | Dossier) -> bool:
        """Whether an item or a project lies in it."""
        return self.city in ("", item.city) and self.county in ("", item.county)


def show_board(errand: Errand) -> Response:
    """The province's board, or a city's."""
    scope, desk = _scope(errand), errand.desk
    if not _listings(errand, scope):
        raise OutOfReachError("进度页供省、市查看；本县（市、区）的项目请看“项目”")
    known = shelved(desk, errand.as_of)
    seen = known.survey
    rows = county_boards(desk, seen, scope.city) if scope.city else seen.board
    views = [view for view in known.pressing if scope.covers(view)]
    stages = [stage.label for stage in desk.plan.stages]
    return page(
        errand,
        "board.html",
        scope=scope,
        as_of=seen.as_of,
        basis=seen.basis.said,
        rows=rows,
        lamps={row.city: _lamp(row) for row in rows},
        sums=_sums(desk.plan, seen.board, scope.city),
        targets=() if scope.city else figures(desk.plan, seen.projects),
        stages=list(desk.plan.stages),
        bars=bars(rows, stages),
        curves=_curves(desk, scope.city or desk.plan.province, errand.as_of),
        money=_money(desk, [it for it in seen.projects if scope.covers(it)], scope),
        provincial=sum(_stands(view, "provincial") for view in views),
        hanging=_hanging(views),
        link=_linker("/list", scope, errand),
        board_link=_linker("/board", Scope(), errand),
        download_link=lambda kind: _linker(f"/download/{kind}", scope, errand)(),
        listings=_listings(errand, scope),
        whole=_sees_all(errand, scope),
    )


def show_list(errand: Errand) -> Response:
    """The projects or items behind a number."""
    scope, known, fields = _scope(errand), shelved(errand.desk, errand.as_of), errand.fields
    seen = known.survey
    standing, step = fields.get("standing", ""), fields.get("step", "")
    if standing or step:
        items = [
            view
            for view in known.pressing
            if scope.covers(view)
            and is_seen(errand.desk, errand.who, view)
            and _stands(view, standing or "pressing")
            and (not step or _step(view) == step)
        ]
        items.sort(key=lambda view: (view.overdue_after or date.max, view.rule, view.subject))
        title = step or KINDS.get(standing, KINDS["pressing"])
        return _list_page(errand, scope, seen, title, items=items)
    stage = next((it for it in errand.desk.plan.stages if it.id == fields.get("stage")), None)
    projects = [
        project
        for project in seen.projects
        if scope.covers(project)
        and errand.who.reach.touches(Place(project.city, project.county))
        and (stage is None or (project.stage == stage.id and project.disposition in GOING_ON))
        and (not fields.get("finished") or finished_on(errand.desk.plan, project))
    ]
    title = stage.label if stage else "已办结项目" if fields.get("finished") else "项目"
    return _list_page(errand, scope, seen, title, projects=projects)


def _list_page(
    errand: Errand,
    scope: Scope,
    seen: Survey,
    title: str,
    items: Sequence[DeadlineView] = (),
    projects: Sequence[Dossier] = (),
) -> Response:
    late = {it.subject for it in seen.views if it.is_overdue and not it.provincial}
    return page(
        errand,
        "list.html",
        scope=scope,
        title=title,
        as_of=seen.as_of,
        basis=seen.basis.said,
        items=items[:MOST_ROWS],
        projects=projects[:MOST_ROWS],
        count=len(items) or len(projects),
        most=MOST_ROWS,
        late=late,
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


def _sums(plan: Plan, board: Sequence[CityBoard], city: str) -> CityBoard:
    """All of a city, its own items included, or of the province."""
    rows = [row for row in board if city in ("", row.city)]
    return CityBoard(
        city=TOTAL,
        quota=None if city else all_places(plan, rows),
        projects=sum(row.projects for row in rows),
        by_stage=tuple(map(sum, zip(*(row.by_stage for row in rows), strict=True))),
        finished=sum(row.finished for row in rows),
        due_soon=sum(row.due_soon for row in rows),
        overdue=sum(row.overdue for row in rows),
        beyond_proposal=sum(row.beyond_proposal for row in rows),
    )


def _hanging(views: Iterable[DeadlineView]) -> list[tuple[str, int, int]]:
    """What most items hang on: the step, how many are late for it, and how many press at all."""
    late = Counter(_step(view) for view in views if view.standing is not Standing.DUE_SOON)
    every = Counter(_step(view) for view in views)
    return [(step, late[step], count) for step, count in every.most_common(12)]


def _step(view: DeadlineView) -> str:
    return view.step or view.title


def _stands(view: DeadlineView, kind: str) -> bool:
    match kind:
        case "overdue":
            return view.is_overdue and not view.provincial
        case "due_soon":
            return view.standing is Standing.DUE_SOON and not view.provincial
        case "beyond":
            return view.is_beyond_proposal and not view.provincial
        case "provincial":
            return view.is_overdue and view.provincial
        case "coordinating":
            return view.standing is Standing.COORDINATING
        case _:
            return True


def _money(desk: Desk, projects: Iterable[Dossier], scope: Scope) -> list[CityFunds]:
    """The money by city, or within one by county, and its sum."""
    found: dict[str, list[FundsView]] = {}
    for each in (funds_view(desk, project) for project in projects):
        found.setdefault(each.county or each.city if scope.city else each.city, []).append(each)
    rows = [total(place, views) for place, views in found.items()]
    return [*rows, total(TOTAL, [*chain.from_iterable(found.values())])]


def _curves(desk: Desk, place: str, as_of: date) -> list[object]:
    """The newest curves of a place by a day, as pictures: what is counted, and the money."""
    with desk.reading() as session:
        made = [it for it in all_kept(session, desk, CURVES) if it.occasion.on <= as_of]
    if not made:
        return []
    content: YearCourses = made[-1].content
    own = next((each for each in content.places if each.place == place), None)
    return [curve(course, content.months) for course in own.courses] if own else []


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
