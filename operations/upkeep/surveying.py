"""Looks at everything that may stand still unseen. Each check is made for itself.

A check that fails is a finding, and stops no other. What it would have seen is unseen: nothing of
that is said to be over.
"""

import shutil
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from common.errors import BusyError, XingfuError
from common.words import shanghai_day
from models.audits import examine, examine_end
from models.database import plain_errors, reading, writing
from models.plans import plan_ids
from models.projects import dossiers_in
from models.seals import find_key, key_trouble
from models.settings import Settings
from models.tables import PlanRow
from models.unreachable import unreachable
from models.watches import (
    BACKUP,
    LISTENING,
    WATCH,
    damage,
    installed_at,
    last_round,
    put_round,
    work_status,
)
from operations.cases.desk import Desk, desk_for
from operations.upkeep.admins import at_hand, quoted
from operations.upkeep.continuity import discontinuity, keep_end, kept_ends
from operations.upkeep.rebuilding import compare, told
from operations.views.evidence import evidence_faults
from policy.load import calendar_days
from states.watch import (
    KINDS,
    ServerStatus,
    WatchFault,
    WorkStatus,
    backup_faults,
    calendar_faults,
    disk_faults,
    listening_faults,
    night_of,
    pinned_faults,
    server_faults,
    waiting_faults,
    work_faults,
    write_faults,
)
from states.workdays import Calendar

MB = 1_000_000
FEW = 5
"""How many differences are told."""
OF_SERVER = frozenset({"server", "deployments", "runs"})


@dataclass(frozen=True, slots=True)
class WatchReport:
    """What one look has seen."""

    faults: tuple[WatchFault, ...] = ()
    unseen: frozenset[str] = frozenset()
    """Kinds, or kinds and what of them, that could not be looked at, or were not."""
    works: tuple[WorkStatus, ...] = ()
    """How the work for each plan stands, as far as it could be seen."""
    backup_at: datetime | None = None
    free_mb: int | None = None


@dataclass(frozen=True, slots=True)
class WatchScope:
    """What checks work with."""

    settings: Settings
    at: datetime
    known: frozenset[str]
    """The keys of the trouble that is known already."""
    calendar: Calendar
    """The workdays as far as they can be read; whether they can is a check of its own."""

    def of(self, kind: str, plan: str) -> list[str]:
        """What of a plan is known to have trouble of a kind."""
        return [
            key.removeprefix(f"{kind} {plan} ") for key in self.known if f"{kind} {plan} " in key
        ]


Check = Callable[[], WatchReport]


def survey(
    settings: Settings,
    at: datetime,
    server: ServerStatus | None = None,
    known: Collection[str] = (),
    *,
    thorough: bool = True,
) -> WatchReport:
    """What is wrong at an aware instant.

    `server`: what Prefect has answered; None: nobody has asked. `known`: keys of the trouble that
    is known already, which is looked at anew. Not `thorough`: whatever takes as long as there is
    data is left unseen.
    """
    scope = WatchScope(settings, at, frozenset(known), _readable_calendar(settings))
    return _joined(
        [
            _checked(("pinned",), "", partial(_found, pinned_faults, settings.business_date)),
            _checked(("calendar",), "", partial(_calendar, settings, at)),
            _checked(("disk",), "", partial(_disk, scope)),
            _of_server(server, at),
            _of_database(scope, thorough=thorough),
        ]
    )


def _joined(reports: Iterable[WatchReport]) -> WatchReport:
    found = list(reports)
    times = [each.backup_at for each in found if each.backup_at is not None]
    free = [each.free_mb for each in found if each.free_mb is not None]
    return WatchReport(
        faults=tuple(chain.from_iterable(each.faults for each in found)),
        unseen=frozenset().union(*(each.unseen for each in found)),
        works=tuple(chain.from_iterable(each.works for each in found)),
        backup_at=max(times, default=None),
        free_mb=min(free, default=None),
    )


def _found(rule: Callable[..., Iterable[WatchFault]], *seen: object) -> WatchReport:
    return WatchReport(tuple(rule(*seen)))


def _checked(kinds: tuple[str, ...], plan: str, check: Check) -> WatchReport:
    """What a check reports; that it could not be made, where it fails."""
    try:
        return check()
    except Exception as error:  # of whatever kind: it must not stop the others
        label = f"“{KINDS[kinds[0]].label}”"
        of = f"{label}（方案{plan}）" if plan else label
        fault = WatchFault("check", f"检查项{of}未能完成（{_why(error)}）。", of)
        return WatchReport((fault,), frozenset(f"{kind} {plan}".strip() for kind in kinds))


def _why(error: Exception) -> str:
    """An error for admins. Our own words are fit to be told; others may quote data."""
    return quoted(str(error)) if isinstance(error, XingfuError) else type(error).__name__


def _readable_calendar(settings: Settings) -> Calendar:
    try:
        return Calendar(calendar_days(settings.plan, settings.plans))
    except (XingfuError, OSError):
        return Calendar()


def _calendar(settings: Settings, at: datetime) -> WatchReport:
    known = Calendar(calendar_days(settings.plan, settings.plans))
    return _found(calendar_faults, known, shanghai_day(at))


def _disk(scope: WatchScope) -> WatchReport:
    home = scope.settings.home.absolute()
    there = next(path for path in (home, *home.parents) if path.exists())
    free = shutil.disk_usage(there).free // MB
    return WatchReport(tuple(disk_faults(free, scope.settings.watch_disk_mb)), free_mb=free)


def _of_server(seen: ServerStatus | None, at: datetime) -> WatchReport:
    if seen is None:
        return WatchReport(unseen=OF_SERVER)
    unseen = OF_SERVER - {"server"} if seen.problem else frozenset[str]()
    return WatchReport(tuple(server_faults(seen, at)), unseen)


def _of_database(scope: WatchScope, *, thorough: bool) -> WatchReport:
    try:
        with at_hand(scope.settings) as engine:
            with reading(engine) as session:
                plans = plan_ids(session)
            found = [
                *_of_all(scope, engine, thorough),
                *(each for plan in plans for each in _of_plan(scope, engine, plan, thorough)),
            ]
    except (XingfuError, SQLAlchemyError, OSError) as error:
        fault = WatchFault("database", f"数据库无法使用：{_why(error)}。")
        inside = KINDS.keys() - OF_SERVER - {"pinned", "calendar", "disk", "database"}
        return WatchReport((fault,), frozenset(inside))
    report = _joined(found)
    if any(fault.kind == "damaged" for fault in report.faults):  # whatever fails, fails of that
        rest = tuple(fault for fault in report.faults if fault.kind != "check")
        report = replace(report, faults=rest, unseen=report.unseen | {"check"})
    return report


def _of_all(scope: WatchScope, engine: Engine, thorough: bool) -> Iterator[WatchReport]:
    if thorough:
        yield _checked(("damaged",), "", partial(_damage, engine))
    else:
        yield WatchReport(unseen=frozenset({"damaged"}))
    yield _checked(("write",), "", partial(_write, scope, engine))
    yield _checked(("backup",), "", partial(_backup, scope, engine))
    yield _checked(("listening",), "", partial(_listening, scope, engine))


def _damage(engine: Engine) -> WatchReport:
    try:
        with plain_errors(engine), engine.connect() as connection:
            lines = list(damage(connection))
    except (XingfuError, SQLAlchemyError) as error:
        lines = [_why(error)]
    if not lines:
        return WatchReport()
    return WatchReport((WatchFault("damaged", f"数据库检查出损坏：{'；'.join(lines)}。"),))


def _write(scope: WatchScope, engine: Engine) -> WatchReport:
    """Try a write that lasts."""
    refused, busy = "", False
    with reading(engine) as session:
        last = last_round(session, WATCH)
    try:
        with writing(engine) as session:
            put_round(session, WATCH, scope.at)
    except (XingfuError, SQLAlchemyError) as error:
        refused, busy = _why(error), isinstance(error, BusyError)
    return _found(write_faults, refused, busy, last, scope.at)


def _listening(scope: WatchScope, engine: Engine) -> WatchReport:
    with reading(engine) as session:
        last = last_round(session, LISTENING)
    return WatchReport(tuple(listening_faults(last, scope.at)))


def _backup(scope: WatchScope, engine: Engine) -> WatchReport:
    with reading(engine) as session:
        last, begun = last_round(session, BACKUP), installed_at(session)
    days = scope.settings.watch_backup_days
    return WatchReport(tuple(backup_faults(last, begun, scope.at, days)), backup_at=last)


def _of_plan(scope: WatchScope, engine: Engine, plan: str, thorough: bool) -> Iterator[WatchReport]:
    kinds = ("late", "day", "future", "ahead", "dead", "inbox", "waiting")
    yield _checked(kinds, plan, partial(_work, scope, engine, plan))
    yield _checked(("key",), plan, partial(_key, engine, plan))
    yield _checked(("unreachable",), plan, partial(_unreachable, engine, plan))
    if not thorough:
        slow = ("trail", "tables", "evidence")
        yield WatchReport(unseen=frozenset(f"{kind} {plan}" for kind in slow))
        return
    yield _checked(("trail",), plan, partial(_trail, scope, engine, plan))
    yield _checked(("tables",), plan, partial(_tables, scope, engine, plan))
    yield _checked(("evidence",), plan, partial(_evidence, scope, engine, plan))


def _work(scope: WatchScope, engine: Engine, plan: str) -> WatchReport:
    with reading(engine) as session:
        item = work_status(session, plan, shanghai_day(scope.at))
    faults = (*work_faults(item, scope.at), *waiting_faults(item, scope.calendar, scope.at))
    return WatchReport(faults, works=(item,))


def survey_reach(settings: Settings) -> WatchReport:
    """Only whether people can be reached; all else is left unseen."""
    with at_hand(settings) as engine:
        with reading(engine) as session:
            plans = plan_ids(session)
        found = _joined([_unreachable(engine, plan) for plan in plans])
    return replace(found, unseen=frozenset(KINDS.keys() - {"unreachable"}))


def _unreachable(engine: Engine, plan: str) -> WatchReport:
    """Each address by itself: of another one admins hear at once."""
    with reading(engine) as session:
        rows = unreachable(session, plan)
    return WatchReport(
        tuple(
            WatchFault(
                "unreachable",
                f"{row.person}的{row.reason}。",
                f"{plan} {row.person.partition(' ')[0]} {row.mark[:8]}",
                row.since,
            )
            for row in rows
        )
    )


def _key(engine: Engine, plan: str) -> WatchReport:
    with reading(engine) as session:
        wrong = _wrong_key(session, plan)
    return WatchReport((WatchFault("key", f"方案{plan}：{wrong}。", plan),) if wrong else ())


def _wrong_key(session: Session, plan: str) -> str:
    """What is wrong with the installation's key, by what the plan's trail goes on with."""
    mark = session.get_one(PlanRow, plan).key
    return key_trouble(session, mark, find_key(session, mark))


def _trail(scope: WatchScope, engine: Engine, plan: str) -> WatchReport:
    """The end of the trail; all of it once a night, and as long as something is wrong with it.

    Without its key it cannot be proved, which is told by itself.
    """
    name, kept = f"trail {plan}", kept_ends(scope.settings)
    with reading(engine) as session:
        if _wrong_key(session, plan):
            return WatchReport(unseen=frozenset({name}))
        whole = name in scope.known or _is_due(scope, last_round(session, name))
        breaks = (
            *(examine(session, plan).breaks if whole else examine_end(session, plan)),
            *discontinuity(session, scope.settings, kept, plan),
        )
        if not breaks:
            keep_end(session, scope.settings, plan)
    if whole:
        _note(scope, engine, name)
    if not breaks:
        return WatchReport()
    few = "；".join(
        found.says if found.row is None else f"记录{found.row}{found.says}"
        for found in breaks[:FEW]
    )
    more = f"等{len(breaks)}处" if len(breaks) > FEW else ""
    return WatchReport((WatchFault("trail", f"方案{plan}的办理记录核验不符：{few}{more}。", plan),))


def _tables(scope: WatchScope, engine: Engine, plan: str) -> WatchReport:
    """Another city's tables each night, and those known to be wrong, against the trail."""
    name = f"tables {plan}"
    with reading(engine) as session:
        due = _is_due(scope, last_round(session, name))
    known = scope.of("tables", plan)
    if not due and not known:
        return WatchReport()
    desk = desk_for(scope.settings, plan)
    try:
        cities = [city.name for city in desk.plan.cities]
        tonight = [cities[night_of(scope.at).toordinal() % len(cities)]] if due else []
        wanted = [city for city in cities if city in {*tonight, *known}]
        faults = tuple(chain.from_iterable(_rebuilt(desk, city) for city in wanted))
    finally:
        desk.engine.dispose()
    if due:
        _note(scope, engine, name)
    return WatchReport(faults)


def _rebuilt(desk: Desk, city: str) -> Iterator[WatchFault]:
    with desk.reading() as session:
        codes = {city, *(project.code for project in dossiers_in(session, desk.plan, city))}
    lines = list(told(compare(desk, codes)))
    if lines:
        more = f"等{len(lines)}处" if len(lines) > FEW else ""
        text = f"方案{desk.plan.id}中{city}的数据与办理记录不符：{'；'.join(lines[:FEW])}{more}。"
        yield WatchFault("tables", text, f"{desk.plan.id} {city}")


def _evidence(scope: WatchScope, engine: Engine, plan: str) -> WatchReport:
    """The files on record, each night and as long as something is wrong with one: all are read."""
    name = f"evidence {plan}"
    if not scope.settings.evidence.is_dir():  # a watch elsewhere; a backup tells that it is gone
        return WatchReport(unseen=frozenset({name}))
    with reading(engine) as session:
        if name not in scope.known and not _is_due(scope, last_round(session, name)):
            return WatchReport()
        lines = list(evidence_faults(session, scope.settings, plan))
    _note(scope, engine, name)
    if not lines:
        return WatchReport()
    more = f"等{len(lines)}处" if len(lines) > FEW else ""
    text = f"方案{plan}的佐证文件核验不符：{'；'.join(lines[:FEW])}{more}。"
    return WatchReport((WatchFault("evidence", text, plan),))


def _is_due(scope: WatchScope, last: datetime | None) -> bool:
    """Whether the nightly look has not been made this night; a clock ran ahead where it will be."""
    return last is None or not night_of(scope.at) <= last <= scope.at


def _note(scope: WatchScope, engine: Engine, name: str) -> None:
    """Record a nightly look; where nothing can be written, which is told, the next look is one."""
    with suppress(XingfuError, SQLAlchemyError), writing(engine) as session:
        put_round(session, name, scope.at)
