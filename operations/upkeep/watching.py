"""The independent watch: whether the work goes on, and who is told that it does not.

It needs no server, runner or flow. What it has told lies in the database, so that several watches
tell once; where the database cannot be used it lies in a file, so that it can tell of just that.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from common import files
from common.errors import UnavailableError, XingfuError
from common.words import shanghai_minute
from models.database import reading, writing
from models.settings import Settings
from models.tables import WatchRow
from models.watches import keep_watch_rows, watch_rows
from operations.upkeep.admins import Alarm, addresses, at_hand, quoted, tell_all, with_proofs
from operations.upkeep.surveying import WatchReport, survey, survey_reach
from states.doubts import SKEW
from states.watch import ServerStatus, WatchFault, ended, sentence

REMIND = timedelta(days=1)
"""Trouble that lasts is told again after so long."""
MEMORY = "watch.json"


@dataclass(frozen=True, slots=True)
class KnownFault:
    """Trouble that was seen before."""

    since: datetime
    told: datetime | None
    """When admins were told last; None: no channel has accepted it yet."""
    text: str = ""


Memory = Mapping[str, KnownFault]
"""The trouble that is known, by its key."""


@dataclass(frozen=True, slots=True)
class WatchResult:
    """What one look has found."""

    faults: tuple[WatchFault, ...]
    told: bool
    """Whether admins were told of something."""
    untold: tuple[str, ...] = ()
    """Why channels did not accept it."""
    unkept: str = ""
    """Why it could not be remembered what they were told; the next look tells it again."""


def look(settings: Settings, at: datetime, server: ServerStatus | None = None) -> WatchResult:
    """See whether all is well at an aware instant, and tell admins what they do not know yet.

    Trouble is told when it begins, once a day while it lasts, and when it is over. What no channel
    has accepted is told again by the next look. `server`: see `survey`.
    """
    memory, reached = remembered(settings)
    return _heard(settings, memory, survey(settings, at, server, memory), at, reached=reached)


def tell_of_reach(settings: Settings, at: datetime) -> tuple[str, ...]:
    """Tell admins at once, and once, whom no message reaches; why channels did not accept it.

    The watch tells of it again while it lasts, and when it is over.
    """
    memory, reached = remembered(settings)
    try:
        return _heard(settings, memory, survey_reach(settings), at, reached=reached).untold
    except (XingfuError, SQLAlchemyError) as error:  # what has been sent is sent
        return (quoted(str(error)),)


def _heard(
    settings: Settings, memory: Memory, report: WatchReport, at: datetime, *, reached: bool
) -> WatchResult:
    """Tell of a report what is news, and keep what is known from now on."""
    faults = dated(report.faults, memory, at)
    news, over = changes(memory, faults, at, report.unseen)
    untold = _tell(settings, alarm(news, over, at), faults) if news or over else ()
    told = bool(news or over) and len(untold) < len(addresses(settings))
    heard = (news, over) if told else ((), ())
    fresh = known(memory, faults, *heard, at, report.unseen)
    unkept = ""
    if fresh != memory:
        try:
            remember(settings, fresh, reached=reached)
        except UnavailableError as error:
            unkept = str(error)
    return WatchResult(faults, told, untold, unkept)


def standing(
    settings: Settings, at: datetime, server: ServerStatus | None = None
) -> tuple[WatchReport, tuple[WatchFault, ...]]:
    """What is wrong now, for whoever only asks: nobody is told, and no trouble is remembered.

    What takes long is as the last look has found it.
    """
    memory, _ = remembered(settings)
    report = survey(settings, at, server, memory, thorough=False)
    former = (recalled(key, item) for key, item in memory.items() if hidden(key, report.unseen))
    return report, (*dated(report.faults, memory, at), *former)


def known_trouble(settings: Settings) -> tuple[str, ...]:
    """What the last looks have found and is not over, in the words in which admins were told."""
    memory, _ = remembered(settings)
    return tuple(sentence(recalled(key, item)) for key, item in memory.items())


def dated(faults: Iterable[WatchFault], memory: Memory, at: datetime) -> tuple[WatchFault, ...]:
    """The faults, each with since when: what nothing else tells begins when it is seen. Pure."""
    return tuple(
        fault
        if fault.since
        else replace(fault, since=memory[fault.key].since if fault.key in memory else at)
        for fault in faults
    )


def changes(
    memory: Memory, faults: Sequence[WatchFault], at: datetime, unseen: frozenset[str] = frozenset()
) -> tuple[tuple[WatchFault, ...], tuple[str, ...]]:
    """The faults that admins are to be told of now, and the keys of what is over. Pure.

    Of what was not seen nothing is said to be over, nor of what nobody was told. What was told at
    an instant to come, by a clock that ran ahead, is told again.
    """
    keys = {fault.key for fault in faults}
    told = {key: item.told for key, item in memory.items() if item.told}
    news = tuple(f for f in faults if f.key not in told or not -SKEW <= at - told[f.key] < REMIND)
    over = sorted(key for key in told if key not in keys and not hidden(key, unseen))
    return news, tuple(over)


def known(
    memory: Memory,
    faults: Iterable[WatchFault],
    news: Sequence[WatchFault],
    over: Sequence[str],
    at: datetime,
    unseen: frozenset[str] = frozenset(),
) -> Memory:
    """What is known once admins have been told of the news, and of what is over. Pure."""
    now = {
        fault.key: KnownFault(
            since=fault.since or at,
            told=at if fault in news else memory[fault.key].told if fault.key in memory else None,
            text=fault.text,
        )
        for fault in faults
    }
    kept = {
        key: item
        for key, item in memory.items()
        if hidden(key, unseen) or (item.told and key not in over)
    }
    return {**kept, **now}


def hidden(key: str, unseen: Iterable[str]) -> bool:
    """Whether trouble with that key would not have been seen. Pure."""
    return any(f"{key} ".startswith(f"{name} ") for name in unseen)


def recalled(key: str, item: KnownFault) -> WatchFault:
    """Known trouble as it was seen last. Pure."""
    kind, _, of = key.partition(" ")
    return WatchFault(kind, item.text, of, item.since)


def alarm(news: Sequence[WatchFault], over: Sequence[str], at: datetime) -> Alarm:
    """What is told of them. Pure."""
    heading = "值守发现异常" if news else "恢复正常"
    every = int(REMIND / timedelta(hours=1))
    repeat = (f"问题未解决的，每{every}小时再次提醒；解决后另行告知。",) if news else ()
    return Alarm(
        id=f"watch {at.isoformat()} {' '.join(f.key for f in news)} {' '.join(over)}",
        heading=heading,
        lines=(
            f"时间：{shanghai_minute(at)}",
            *map(sentence, news),
            *map(ended, over),
            *repeat,
        ),
        at=at,
    )


def _tell(settings: Settings, said: Alarm, faults: Iterable[WatchFault]) -> tuple[str, ...]:
    """As `tell_all`; with proofs, unless it is known that the database cannot be read."""
    blind = any(fault.kind == "database" for fault in faults)
    return tell_all(settings, said if blind else with_proofs(settings, said))


def remembered(settings: Settings) -> tuple[Memory, bool]:
    """The trouble that is known, and whether the database could be read; without, it may be less.

    What is not remembered is told once too often.
    """
    whole, told = _in_file(settings.home / MEMORY)
    try:
        with at_hand(settings) as engine, reading(engine) as session:
            kept = {
                row.key: KnownFault(row.since, row.told_at, row.text) for row in watch_rows(session)
            }
    except (XingfuError, SQLAlchemyError, OSError):
        return told, False
    return told if whole else {**kept, **told}, True


def remember(settings: Settings, memory: Memory, *, reached: bool) -> None:
    """Keep what is known, in a file where the database was not `reached` or cannot be written.

    UnavailableError when that cannot be, either.
    """
    path = settings.home / MEMORY
    if not reached:
        _to_file(path, memory, whole=False)
        return
    rows = [
        WatchRow(key=key, since=item.since, told_at=item.told, text=item.text)
        for key, item in memory.items()
    ]
    try:
        with at_hand(settings) as engine, writing(engine) as session:
            keep_watch_rows(session, rows)
        path.unlink(missing_ok=True)
    except (XingfuError, SQLAlchemyError, OSError):
        _to_file(path, memory, whole=True)


def _in_file(path: Path) -> tuple[bool, Memory]:
    """What the file keeps, and whether in the place of the database; a damaged one nothing."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if "faults" not in stored:  # by a version that kept nothing in the database
            stored = {"whole": False, "faults": {key: _as_told(at) for key, at in stored.items()}}
        return stored["whole"] is True, {
            str(key): KnownFault(
                datetime.fromisoformat(item["since"]),
                datetime.fromisoformat(item["told"]) if item["told"] else None,
                str(item["text"]),
            )
            for key, item in stored["faults"].items()
        }
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return False, {}


def _as_told(at: str) -> Mapping[str, str]:
    return {"since": at, "told": at, "text": ""}


def _to_file(path: Path, memory: Memory, *, whole: bool) -> None:
    told = {
        key: {
            "since": item.since.isoformat(),
            "told": item.told.isoformat() if item.told else None,
            "text": item.text,
        }
        for key, item in memory.items()
    }
    text = json.dumps({"whole": whole, "faults": told}, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files.write(path, text.encode(), mode=files.OWNER_ONLY)
    except OSError as error:
        raise files.unavailable(f"值守记录无法写入 {path}，下次将重复告警", error) from None
