"""Bulletins and feedback letters of a whole year: their figures, their keeping, their print.

Every figure is told again by `tests.support.ledger_of_trail`, from the raw rows of the audit trail.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest
from docx import Document
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.blocks import Graph, Heading, PaperTable, PaperText
from models.database import reading, writing
from operations.cases.casework import Act, advance
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.progress import ProgressReport, report_progress
from operations.duties import month_ends, progress_letters
from operations.duties.products import all_kept, due, kept, lay_out
from operations.views.snapshots import snapshot
from operations.workbooks.intake import import_workbook
from states.progress import Progress
from states.snapshot import month_end
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.ledger_of_trail import (
    COUNTED,
    Late,
    Month,
    Project,
    Sums,
    Trail,
    forecast,
    plan,
    planned_counts,
    planned_investment,
    planned_receipts,
    share,
    wan,
)
from tests.support.province import END, by_day, record
from tests.support.stores import Snapshot, Stores
from tests.support.yearly import YEAR, make_due

pytestmark = pytest.mark.heavy
CENT = Decimal("0.01")
PROVINCE, ACTOR = "山西省", "山西省民政厅养老服务处"
MONTHS = tuple(f"2023-{month:02d}" for month in range(3, 13))
NAMED = ("D01", "D03", "D06", "D07", "D08", "D17")
"""What the notice itself dates and cities and counties have to do, read off it by hand."""
ASKED = (*NAMED[:5], "D14", "D15", "D16", "D17", "D20", "D21", "D22", "D13", "D18", "D23")
"""What a bulletin may ask for; D09 is met by what meets D08."""
OF_PROVINCE = ("D04", "D15", "D16", "D22", "D13", "D23")
FINANCE = ("D05", "M01", "M02")
RULES = {rule["id"]: rule for rule in plan()["deadlines"]}
CITY, OTHERS = "长治市", ("太原市", "大同市", "朔州市", "忻州市", "吕梁市")


# --- states ---------------------------------------------------------------------------------------


def papers(desk: Desk) -> None:
    """All bulletins and letters of the year."""
    make_due(desk, progress_letters.BULLETINS, END, AT)
    make_due(desk, progress_letters.FEEDBACKS, END, AT)


PAPERS = Snapshot("papers", papers, YEAR)
GIVEN_UP = "XF2023-140430-01"
"""Begun in June, given up in July."""
MISTAKEN = "XF2023-140403-01"


def in_time(desk: Desk) -> None:
    """One city's year, day by day: each month's papers are drafted on the month's own last day.

    With monthly reports, a project that is given up in July, and mistakes that are corrected.
    """
    import_workbook(desk, EXAMPLE / "workbooks" / "08-长治市.xlsx", today=END, at=AT)
    happens = by_day()
    ends = {month_end(desk.calendar, f"2023-{month:02d}"): month for month in range(1, 13)}
    reports = {date(2023, month, 24): month for month in range(3, 13)}
    for day in sorted({*happens, *ends, *reports}):
        events = [item for item in happens.get(day, []) if _ours(item.subject, day)]
        record(desk, events)
        if day in reports:
            _report(desk, reports[day])
        if day == date(2023, 7, 11):
            _give_up(desk, day)
        if day in ends:
            make_due(desk, month_ends.MONTH_ENDS, day, AT)
            make_due(desk, progress_letters.BULLETINS, day, AT)
            make_due(desk, progress_letters.FEEDBACKS, day, AT)


def _ours(subject: str, day: date) -> bool:
    ended = subject == GIVEN_UP and day >= date(2023, 7, 11)
    return (subject == CITY or subject.startswith("XF2023-1404")) and not ended


def _give_up(desk: Desk, day: date) -> None:
    with writing(desk.engine) as session:
        act = Act(GIVEN_UP, "withdraw", day, ACTOR, "示例终止决定")
        advance(session, desk, act, today=END, at=AT)


def _report(desk: Desk, month: int) -> None:
    """Every project whose works have begun; some behind, one above its investment."""
    with reading(desk.engine) as session:
        found = snapshot(session, desk, f"2023-{month:02d}", date(2023, month, 24)).going_on
    for number, project in enumerate(found):
        if "work_started" not in project.milestones or (month + number) % 5 == 0:
            continue
        assert project.investment
        percent = min(100, (month - 4) * 12 + number)
        part = Decimal(percent) / 80 if number == 1 else Decimal(percent) / 110
        cents = (project.investment * part).quantize(Decimal("0.01"))
        slow = (month, number) in ((7, 0), (8, 3), (9, 3), (12, 2))
        told = "材料未到，请致电13912345678（张某）" if slow else None
        said = Progress(f"2023-{month:02d}", percent, cents, not slow, told)
        if project.code == MISTAKEN and month in (6, 9):
            _mistake(desk, replace(said, percent=percent - 1, problem="误报"), month)
        _say(desk, project.code, said, date(2023, month, 24))


def _say(desk: Desk, code: str, said: Progress, on: date) -> None:
    with writing(desk.engine) as session:
        report_progress(session, desk, ProgressReport(code, said, on, ACTOR), today=END, at=AT)


def _mistake(desk: Desk, said: Progress, month: int) -> None:
    _say(desk, MISTAKEN, said, date(2023, month, 24))
    query = "SELECT max(id) FROM audit WHERE kind = 'progress'"
    with desk.engine.connect() as connection:
        (row,) = connection.execute(text(query)).one()
    with writing(desk.engine) as session:
        wrong = Reversal(row, date(2023, month, 24), ACTOR, "示例更正单")
        reverse(session, desk, wrong, today=END, at=AT)


IN_TIME = Snapshot("changzhi_in_time", in_time, INSTALLED)


@pytest.fixture(scope="module")
def year(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The whole province, for looking at only."""
    with stores.desk(None, PAPERS, tmp_path_factory.mktemp("year") / "home") as desk:
        yield desk


@pytest.fixture
def lived(desk_in: DeskIn) -> Desk:
    return desk_in(IN_TIME)


def bulletin_of(desk: Desk, month: str) -> PaperText:
    with reading(desk.engine) as session:
        made = kept(session, desk, progress_letters.BULLETINS, month, PROVINCE)
    assert made
    return made.content


# --- every figure ---------------------------------------------------------------------------------


@dataclass
class Reader:
    """Reads a bulletin's figures out of its texts and tables; whatever it does not know fails."""

    now: Month
    before: Month
    months: list[Month]
    told: set[str] = field(default_factory=set)
    """What has been said, to find what has been left out."""

    @property
    def all(self) -> Sums:
        return self.now.of("全省")

    def paragraph(self, said: str) -> None:
        rest = said
        for pattern, check in SAYINGS:
            for found in re.finditer(pattern, said):
                check(self, found)
            rest = re.sub(pattern, "", rest)
        assert not re.search(r"\d", rest), f"nobody knows what this counts: {rest!r} in {said!r}"

    def note(self, key: str) -> None:
        assert key not in self.told, f"said twice: {key}"
        self.told.add(key)

    def same(self, key: str, said: Any, known: Any) -> None:
        self.note(key)
        assert said == known, key


def _more(now: Decimal | int, before: Decimal | int) -> str:
    if now == before:
        return "，与上月末持平"
    gap = abs(now - before)
    told = wan(gap) + "万元" if isinstance(gap, Decimal) else f"{gap}个"
    return f"，较上月末{'增加' if now > before else '减少'}{told}"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _opening(reader: Reader, found: re.Match[str]) -> None:
    rule, notice = plan()["bulletin"], plan()["notice"]
    assert found["number"] == notice["number"]
    assert found["words"] == rule["words"].replace(" ", "")
    assert found["year"] == "2023"
    reader.same("month", int(found["month"]), int(reader.now.period[5:]))


def _projects(reader: Reader, found: re.Match[str]) -> None:
    day = reader.now.as_of
    reader.same("as_of", found["day"], f"2023年{_day(day)}")
    reader.same("quota", int(found["quota"]), 100)
    reader.same("projects", int(found["projects"]), len(reader.all.projects))
    reader.same("held", int(found["held"] or 0), len(reader.all.held))


def _reached(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all.reached(found["word"]), reader.before.of("全省").reached(found["word"])
    said = (int(found["count"]), found["rate"], found["more"])
    reader.same(found["word"], said, (now, share(now, 100), _more(now, before)))


def _none_reached(reader: Reader, found: re.Match[str]) -> None:
    for word in found["words"].split("、"):
        reader.same(word, 0, reader.all.reached(word))
        assert not reader.before.of("全省").reached(word)


def _invested(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all, reader.before.of("全省").invested
    reader.same("investment", found["whole"], wan(now.investment))
    if now.invested is None:
        reader.same("invested", found["none"], "尚无上报数据")
        return
    reader.same("invested", found["part"], wan(now.invested))
    reporting = int(found["reporting"] or len(now.projects))
    reader.same("reporting", reporting, now.reporting)
    assert found["rate"] == share(now.invested, now.investment)
    assert found["more"] == ("" if before is None else _more(now.invested, before))


def _of_the_province(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all, reader.before.of("全省")
    reader.same("subsidy", found["whole"], wan(now.subsidy))
    reader.same("released", found["released"] or "0.00", wan(now.released))
    reader.same("received", found["part"] or "0.00", wan(now.received))
    if now.received:
        assert found["rate"] == share(now.received, now.subsidy)
        assert found["more"] == _more(now.received, before.received)


def _local(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all, reader.before.of("全省")
    reader.same("promised", found["whole"], wan(now.promised))
    reader.same("matched", found["part"] or "0.00", wan(now.matched))
    if now.matched:
        assert found["rate"] == share(now.matched, now.promised)
        assert found["more"] == _more(now.matched, before.matched)


def _spent(reader: Reader, found: re.Match[str]) -> None:
    reader.same("spent", found["part"], wan(reader.all.spent))
    assert found["more"] == _more(reader.all.spent, reader.before.of("全省").spent)


def _none_spent(reader: Reader, found: re.Match[str]) -> None:
    reader.same("spent", reader.all.spent, 0)


def _schedule(reader: Reader, found: re.Match[str]) -> None:
    now = reader.all
    reader.same("on schedule", int(found["good"]), len(now.on_schedule))
    reader.same("behind", int(found["slow"]), len(now.behind))
    assert int(found["held"] or 0) == len(now.held)


def _shares(reader: Reader, found: re.Match[str]) -> None:
    told = re.findall(r"(..市)(\d+)个，占该市项目数的([\d.]+)%", found["who"])
    sums = [reader.now.of(city) for city, _, _ in told]
    known = [(s.place, str(len(s.behind)), share(len(s.behind), len(s.projects))) for s in sums]
    reader.same("lagging", told, known)
    assert {s.place for s in sums} == {p.city for p in reader.all.behind}
    parts = [len(s.behind) / len(s.projects) for s in sums]
    assert parts == sorted(parts, reverse=True)


def _good(reader: Reader, found: re.Match[str]) -> None:
    reader.note("good")
    late = {item.city for item in reader.now.overdue if item.rule not in OF_PROVINCE}
    late |= {p.city for p in (*reader.all.behind, *reader.all.held)}
    late |= {*reader.now.unreported, *reader.now.late_reports, *reader.now.missing}
    there = {p.city for p in reader.all.projects}
    assert set(found["who"].split("、")) == there - late


def _unreported(reader: Reader, found: re.Match[str]) -> None:
    assert found["day"] == _day(reader.now.as_of)
    reader.same("unreported", found["who"].split("、"), reader.now.unreported)


def _missing(reader: Reader, found: re.Match[str]) -> None:
    told = re.findall(r"(..市)（([\d月、]+)）", found["who"])
    known = [(city, "、".join(f"{n}月" for n in each)) for city, each in reader.now.missing.items()]
    reader.same("missing", told, known)


def _reported_late(reader: Reader, found: re.Match[str]) -> None:
    told = dict(re.findall(r"(..市)（(\d+月\d+日)报送）", found["who"]))
    known = {city: _day(on) for city, on in reader.now.late_reports.items()}
    reader.same("reported late", told, known)


def _late(reader: Reader, found: re.Match[str]) -> None:
    rule = next(id for id, rule in RULES.items() if rule["title"] == found["title"])
    found_late = [item for item in reader.now.overdue if item.rule == rule]
    late = [item for item in found_late if item.subject != item.city]
    of_cities = {item.city for item in found_late} - {item.city for item in late}
    assert set(filter(None, (found["names"] or "").split("、"))) == of_cities
    assert int(found["cities"] or 0) == len(of_cities)
    assert (found["clause"], found["day"]) == (RULES[rule]["clause"], _day(reader.now.as_of))
    assert found["days"] == "、".join(_day(day) for day in sorted({item.by for item in found_late}))
    reader.same(f"late {rule}", int(found["count"] or 0), len(late))
    projects = {item.code: item for item in reader.all.projects}
    known = {
        city: {f"{projects[i.subject].county}{projects[i.subject].name}" for i in items}
        for city, items in _by_city(late)
    }
    told = re.findall(r"(..市)(\d+)个（([^）]+)）", found["who"] or "")
    if len(late) > 10:
        pairs = re.findall(r"(..市)(\d+)个", found["who"])
        assert dict(pairs) == {city: str(len(names)) for city, names in known.items()}
    else:
        assert {city: set(names.split("、")) for city, _, names in told} == known
        assert all(int(number) == len(names.split("、")) for _, number, names in told)
    short = [projects[item.subject] for item in late] if rule == "D07" else []
    gap = sum(p.promised - p.receipts.get("city", 0) - p.receipts.get("county", 0) for p in short)
    assert found["short"] == (wan(Decimal(gap)) if gap else None)


def _by_city(late: list[Late]) -> Iterator[tuple[str, list[Late]]]:
    ordered = sorted(late, key=lambda item: item.city)
    for city, items in groupby(ordered, lambda item: item.city):
        yield city, list(items)


def _behind(reader: Reader, found: re.Match[str]) -> None:
    behind = reader.all.behind
    reader.same("all behind", int(found["count"]), len(behind))
    told = {city: int(n) for city, n in re.findall(r"(..市)(\d+)个", found["who"])}
    known = {city: len(reader.now.of(city).behind) for city in {p.city for p in behind}}
    assert told == known


def _ahead(reader: Reader, found: re.Match[str]) -> None:
    rule = next(id for id, rule in RULES.items() if rule["title"] == found["title"])
    mine = [item for item in reader.now.open if item.rule == rule and _day(item.by) == found["day"]]
    if found["unit"] == "项目":
        mine = [item for item in mine if item.subject != item.city]
    reader.same(f"ahead {rule} {found['day']}", int(found["count"]), len(mine))
    assert found["ask"] == ("拟于" if rule in OF_PROVINCE else "请于")
    assert bool(found["mark"]) == (RULES[rule].get("origin") == "proposal")
    assert found["clause"] == RULES[rule]["clause"]


def _waiting(reader: Reader, found: re.Match[str]) -> None:
    rule = next(id for id in FINANCE if RULES[id]["title"] == found["title"])
    known = sum(item.rule == rule for item in reader.now.waiting)
    reader.same(f"waiting {rule}", int(found["count"]), known)


def _quoted(reader: Reader, found: re.Match[str]) -> None:
    """The notice's own 每月25日, and the annex."""


MORE = r"(?P<more>，较上月末[^，；。]+|，与上月末持平|)"
SAYINGS: tuple[tuple[str, Callable[[Reader, re.Match[str]], None]], ...] = (
    (
        r"^根据《[^》]+〈2023年[^〉]+〉的通知》（(?P<number>[^）]+)）关于“(?P<words>[^”]+)”的要求，"
        r"现将(?P<year>\d+)年(?P<month>\d+)月.*情况通报如下。$",
        _opening,
    ),
    (
        r"^截至(?P<day>\d+年\d+月\d+日)，全省任务数(?P<quota>\d+)个，项目(?P<projects>\d+)个"
        r"(，其中暂停(?P<held>\d+)个)?",
        _projects,
    ),
    (
        rf"(?P<word>{'|'.join(COUNTED)})(?P<count>\d+)个，占任务数的(?P<rate>[\d.]+)%{MORE}",
        _reached,
    ),
    (r"尚无项目(?P<words>[^。；]+)", _none_reached),
    (
        r"项目投资总额(?P<whole>[\d.]+)万元，累计完成投资((?P<none>尚无上报数据)|(?P<part>[\d.]+)万元"
        rf"(（(?P<reporting>\d+)个项目有上报数据）)?，占投资总额的(?P<rate>[\d.]+)%{MORE})",
        _invested,
    ),
    (
        r"省级补助资金按标准核算(?P<whole>[\d.]+)万元，(尚未下达|已下达(?P<released>[\d.]+)万元)"
        rf"(，到位(?P<part>[\d.]+)万元，到位率(?P<rate>[\d.]+)%{MORE})?",
        _of_the_province,
    ),
    (
        r"市县配套资金承诺(?P<whole>[\d.]+)万元，(尚未到位|到位(?P<part>[\d.]+)万元，"
        rf"到位率(?P<rate>[\d.]+)%{MORE})",
        _local,
    ),
    (rf"累计支出(?P<part>[\d.]+)万元{MORE}", _spent),
    (r"尚无支出", _none_spent),
    (
        r"按序时进度项目(?P<good>\d+)个，慢序时进度项目(?P<slow>\d+)个"
        r"(；暂停(?P<held>\d+)个，不列入序时进度统计)?",
        _schedule,
    ),
    (r"^进度滞后的市（按慢序时进度项目占比排列）：(?P<who>.+)。$", _shares),
    (r"^按序时推进、没有逾期事项且按时报送月报的市：(?P<who>.+)。$", _good),
    (r"截至(?P<day>[\d月]+日)未报送当月月报的市：(?P<who>[^。]+)。", _unreported),
    (r"此前月份仍未报送月报的市：(?P<who>[^。]+)。", _missing),
    (r"逾期报送当月月报的市：(?P<who>[^。]+)。", _reported_late),
    (
        r"应于(?P<days>[\d月日、]+)前完成的“(?P<title>[^”]+)”（(?P<clause>[^（）]+)），"
        r"截至(?P<day>[\d月]+日)仍有((?P<count>\d+)个项目未完成：(?P<who>[^。]+?))?(；另有)?"
        r"((?P<cities>\d+)个市未完成：(?P<names>[^。]+))?。(尚差(?P<short>[\d.]+)万元。)?",
        _late,
    ),
    (r"慢序时进度项目共(?P<count>\d+)个：(?P<who>[^。]+)。", _behind),
    (
        r"“(?P<title>[^”]+)”（(?P<clause>[^（）]+)）尚有(?P<count>\d+)个(?P<unit>项目|市)未完成，"
        r"(?P<ask>..)(?P<day>\d+月\d+日)前完成(?P<mark>（通知未定，建议时限）)?",
        _ahead,
    ),
    (r"“(?P<title>[^”]+)”有(?P<count>\d+)个项目待协调", _waiting),
    (r"于每月25日前|见附件1", _quoted),
)


def _expected(reader: Reader) -> Iterator[str]:
    """What a bulletin of the month must not leave out."""
    yield from ("month", "as_of", "quota", "projects", "held", *COUNTED, "investment", "invested")
    yield from ("subsidy", "released", "received", "promised", "matched", "spent")
    yield from ("on schedule", "behind")
    yield from (f"山西省{word}项目数" for word in COUNTED)
    yield from ("全省项目进展曲线（占任务数的比例）", "山西省资金到位情况")
    yield from ["山西省完成投资情况"] if any(m.of("全省").invested for m in reader.months) else []
    now = reader.now
    yield from (f"late {rule}" for rule in NAMED if any(i.rule == rule for i in now.overdue))
    yield from (f"waiting {rule}" for rule in FINANCE if any(i.rule == rule for i in now.waiting))
    yield from _expected_ahead(now)
    yield from ["unreported"] if now.unreported else []
    yield from ["missing"] if now.missing else []
    yield from ["reported late"] if now.late_reports else []
    yield from ["lagging", "all behind"] if reader.all.behind else []


def _expected_ahead(now: Month) -> Iterator[str]:
    until = (now.as_of.month % 12 + 1, 31) if now.as_of.month < 12 else (13, 31)
    found = {
        f"ahead {i.rule} {_day(i.by)}"
        for i in now.open
        if i.rule in (*ASKED, "D04") and (i.by.month, i.by.day) <= until
    }
    yield from sorted(found)


Cells = Mapping[str, Callable[[Sums], str]]
COUNTS: Cells = {
    "任务数": lambda sums: str(sums.quota),
    "项目数": lambda sums: str(len(sums.projects)),
    "按序时": lambda sums: str(len(sums.on_schedule)),
    "慢序时": lambda sums: str(len(sums.behind)),
    "暂停": lambda sums: str(len(sums.held)),
    "投资完成率": lambda sums: share(sums.invested, sums.investment),
    "省补到位率": lambda sums: share(sums.received, sums.subsidy),
    "配套到位率": lambda sums: share(sums.matched, sums.promised),
    "投资总额": lambda sums: wan(sums.investment),
    "完成投资": lambda sums: wan(sums.invested),
    "省补核算": lambda sums: wan(sums.subsidy),
    "省补到位": lambda sums: wan(sums.received),
    "配套承诺": lambda sums: wan(sums.promised),
    "配套到位": lambda sums: wan(sums.matched),
    "支出": lambda sums: wan(sums.spent),
    **{word: lambda sums, word=word: str(sums.reached(word)) for word in COUNTED},  # type: ignore[misc]
    **{f"{w}率": lambda sums, w=w: share(sums.reached(w), sums.quota) for w in COUNTED},  # type: ignore[misc]
}


def _check_table(reader: Reader, table: PaperTable) -> None:
    places = [row[0] for row in table.rows]
    assert places == [*(city["name"] for city in plan()["cities"]), "全省"]
    for row in table.rows:
        sums = reader.now.of(row[0])
        for head, cell in zip(table.heads[1:], row[1:], strict=True):
            assert cell == COUNTS[head](sums), (row[0], head)


Lines = dict[str, list[Decimal | None]]


def _check_graph(reader: Reader, graph: Graph) -> None:
    reader.note(graph.caption)
    if "资金到位" in graph.caption:
        _check_receipts(reader, graph)
    elif "完成投资" in graph.caption:
        planned, sums = planned_investment(reader.all), [m.of("全省") for m in reader.months]
        _check_course(graph, planned, [s.invested for s in sums], CENT, None)
    elif "占任务数" in graph.caption:
        _check_progress(reader, graph)
    else:
        word = graph.caption.removeprefix("山西省").removesuffix("项目数")
        actual = [_there(m, Decimal(m.of("全省").reached(word))) for m in reader.months]
        planned, most = planned_counts(reader.all, word), Decimal(len(reader.all.projects))
        _check_course(graph, planned, actual, Decimal(1), most)


def _there(month: Month, value: Decimal) -> Decimal | None:
    return value if month.projects else None


def _check_receipts(reader: Reader, graph: Graph) -> None:
    sums = [month.of("全省") for month in reader.months]
    parts = {"省级补助": [s.received for s in sums], "市县配套": [s.matched for s in sums]}
    rest = tuple(series for series in graph.series if series.label not in parts)
    for series in graph.series:
        if series.label in parts:
            told = [None if value is None else str(value) for value in series.values]
            known = [wan(v) if s.projects else None for v, s in zip(parts[series.label], sums)]  # noqa: B905
            assert told == [*known, *[None] * (12 - len(known))]
    both = [_there(s.month, s.received + s.matched) for s in sums]
    most = reader.all.subsidy + reader.all.promised
    _check_course(
        replace(graph, series=rest), planned_receipts(reader.all), both, CENT, most, "到位合计"
    )


def _check_course(
    graph: Graph,
    planned: list[Decimal],
    actual: list[Decimal | None],
    unit: Decimal,
    most: Decimal | None,
    name: str = "实际",
) -> None:
    """Plan, actual, forecast and band, month by month."""
    shown = (lambda v: None if v is None else wan(v)) if unit == CENT else _plain
    left, at = (None,) * (12 - len(actual)), len(actual) - 1
    known: Lines = {"计划": [*planned], name: [*actual, *left]}
    whole = Decimal(100) if unit == 1 else most  # 任务数; the money that is due and promised
    done = whole is not None and actual[-1] is not None and actual[-1] >= whole
    ahead = [] if done else forecast(actual, unit, most)
    if ahead:
        known["预测"] = [*[None] * at, actual[-1], *(middle for middle, _, _ in ahead)]
    told = {series.label: [_plain(value) for value in series.values] for series in graph.series}
    assert told == {label: [shown(value) for value in values] for label, values in known.items()}
    assert {s.label for s in graph.series if s.dashed} == {"计划", "预测"} & {*told}
    pairs = [(shown(low), shown(high)) for _, low, high in ahead]
    band = [None if pair is None else tuple(map(str, pair)) for pair in graph.band]
    assert band == ([*[None] * at, (shown(actual[-1]),) * 2, *pairs] if ahead else [])
    assert graph.categories == tuple(f"{n}月" for n in range(1, 13))


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else str(value)


def _check_progress(reader: Reader, graph: Graph) -> None:
    assert graph.categories == tuple(f"{int(month.period[5:])}月" for month in reader.months)
    for series in graph.series:
        told = [month.of("全省").reached(series.label) for month in reader.months]
        assert [str(value) for value in series.values] == [share(count, 100) for count in told]
    assert [series.label for series in graph.series] == list(COUNTED)


def _check_list(reader: Reader, table: PaperTable, projects: list[Project]) -> None:
    """An annex: its projects, numbered, with what was last reported and why they are behind."""
    known = {(p.city, p.county, p.name): p for p in projects}
    assert len(known) == len(projects) == len(table.rows)
    for number, cells in enumerate(table.rows, 1):
        row = dict(zip(table.heads, cells, strict=True))
        project = known.pop((row["市"], row["县（市、区）"], row["项目名称"]))
        assert row["序号"] == str(number)
        assert row["形象进度"] == _percent(reader, project)
        assert row["完成投资（万元）"] == wan(project.invested)
        assert row["责任人"] == project.profile["responsible_person"]
        if "未达序时原因" in row:
            _check_reason(reader, project, row["未达序时原因"])


def _percent(reader: Reader, project: Project) -> str:
    if not project.reports:
        return "—"
    month, said = max(project.reports.items())
    earlier = "" if month == reader.now.period else f"（{int(month[5:])}月）"
    return f"{said['percent']}%{earlier}"


def _check_reason(reader: Reader, project: Project, said: str) -> None:
    late = [i for i in reader.now.overdue if i.subject == project.code and i.rule != "D09"]
    pattern = r"“([^”]+)”(（由省民政厅办理）)?应于(\d+月\d+日)前完成(（通知未定，建议时限）)?"
    told = set(re.findall(pattern, said))
    assert told == {
        (
            RULES[item.rule]["title"],
            "（由省民政厅办理）" if item.rule in OF_PROVINCE else "",
            _day(item.by),
            "（通知未定，建议时限）" if RULES[item.rule].get("origin") == "proposal" else "",
        )
        for item in late
    }
    report = project.reports.get(reader.now.period, {})
    rest = re.sub(pattern, "", said).strip("；")
    if report.get("on_schedule") is False:
        assert rest == "月报反映：材料未到，请致电（号码略）（张某）"
    else:
        assert not rest


def _annexed(reader: Reader, letter: PaperText) -> Iterator[str | Graph]:
    """The two lists are checked here; what is left are the curves and the notes."""
    slow, good, curves = letter.annexes
    for annex, projects in ((slow, reader.all.behind), (good, reader.all.on_schedule)):
        first, *notes = annex.blocks
        if isinstance(first, PaperTable):
            _check_list(reader, first, projects)
        else:
            assert (first, projects) == ("无。", [])
        yield from (note for note in notes if isinstance(note, str))
    yield from (block for block in curves.blocks if isinstance(block, str | Graph))


def check_bulletin(trail: Trail, letter: PaperText, month: str) -> None:
    """Every figure of a bulletin, and that none is missing."""
    number = int(month[5:])
    months = [trail.month(f"2023-{each:02d}") for each in range(1, number + 1)]
    reader = Reader(months[-1], months[-2], months)
    assert letter.title == f"关于2023年{number}月城镇社区幸福养老提速工程进展情况的通报"
    for block in (*letter.paragraphs, *_annexed(reader, letter)):
        match block:
            case str():
                reader.paragraph(block)
            case Heading():
                assert not re.search(r"\d", block.heading)
            case PaperTable():
                _check_table(reader, block)
            case Graph():
                _check_graph(reader, block)
    assert set(_expected(reader)) <= reader.told
    assert reader.told - set(_expected(reader)) <= {"good", "reporting"}


@pytest.fixture(scope="module")
def trail(year: Desk) -> Trail:
    return Trail(year.engine)


@pytest.mark.parametrize("month", MONTHS)
def test_every_figure_of_every_bulletin_follows_from_the_audit_trail(
    year: Desk, trail: Trail, month: str
) -> None:
    check_bulletin(trail, bulletin_of(year, month), month)


@pytest.mark.parametrize("month", MONTHS)
def test_so_does_every_figure_where_cities_report_and_correct_themselves(
    desk_in: DeskIn, month: str
) -> None:
    """Drafted in time, while the trail is read at the year's end."""
    lived = desk_in(IN_TIME)
    check_bulletin(Trail(lived.engine), bulletin_of(lived, month), month)


def test_no_figure_can_be_changed_without_being_noticed(year: Desk, trail: Trail) -> None:
    """The reader itself is tried: each number of June's texts, and many of its tables."""
    letter = bulletin_of(year, "2023-06")
    check_bulletin(trail, letter, "2023-06")
    tried = 0
    for place, block in enumerate(letter.paragraphs):
        for other in _tampered(block):
            tried += 1
            blocks = (*letter.paragraphs[:place], other, *letter.paragraphs[place + 1 :])
            with pytest.raises(AssertionError):
                check_bulletin(trail, replace(letter, paragraphs=blocks), "2023-06")
    assert tried > 100


def _tampered(block: str | Heading | PaperTable | Graph) -> Iterator[str | PaperTable]:
    """The block with one of its numbers a little higher; of a table, every seventh."""
    if isinstance(block, str):
        for found in re.finditer(r"\d+", block):
            yield f"{block[: found.start()]}{int(found[0]) + 1}{block[found.end() :]}"
    if isinstance(block, PaperTable):
        cells = [(y, x) for y, row in enumerate(block.rows) for x in range(1, len(row))]
        for y, x in cells[::7]:
            row = block.rows[y]
            other = (*row[:x], "7.77", *row[x + 1 :])
            yield replace(block, rows=(*block.rows[:y], other, *block.rows[y + 1 :]))


# --- what is kept ---------------------------------------------------------------------------------


def test_a_year_has_ten_bulletins_and_a_letter_a_quarter_to_each_city(year: Desk) -> None:
    with reading(year.engine) as session:
        found = all_kept(session, year, progress_letters.BULLETINS)
        letters = all_kept(session, year, progress_letters.FEEDBACKS)
    assert tuple(item.occasion.period for item in found) == MONTHS
    cities = [city["name"] for city in plan()["cities"]]
    quarters = ("2023Q2", "2023Q3", "2023Q4")
    told = {(item.occasion.period, item.occasion.subject) for item in letters}
    assert told == {(quarter, city) for quarter in quarters for city in cities}
    assert len(letters) == 33
    ends = {"2023Q2": date(2023, 6, 30), "2023Q3": date(2023, 9, 28), "2023Q4": date(2023, 12, 29)}
    assert all(item.occasion.on == ends[item.occasion.period] for item in letters)
    assert not due(year, progress_letters.BULLETINS, END)
    assert not due(year, progress_letters.FEEDBACKS, END)


def test_a_letter_of_the_year_names_no_other_city(year: Desk) -> None:
    with reading(year.engine) as session:
        letters = all_kept(session, year, progress_letters.FEEDBACKS)
    query = "SELECT city, name FROM subject WHERE kind = 'project'"
    with year.engine.connect() as connection:
        names = connection.execute(text(query)).all()
    for item in letters:
        own = {name for city, name in names if city == item.occasion.subject}
        said = repr(item.content)
        assert item.content.addressee == f"{item.occasion.subject}人民政府"
        assert not [city for city, _ in names if city != item.occasion.subject and city in said]
        assert not [name for _, name in names if name not in own and name in said]
        assert all(name in said for name in own)


def test_what_is_drafted_from_a_stored_snapshot_in_december_is_what_was_drafted_in_june(
    lived: Desk,
) -> None:
    """After further records, corrections and the end of a project."""
    with reading(lived.engine) as session:
        for job in (progress_letters.BULLETINS, progress_letters.FEEDBACKS):
            for made in all_kept(session, lived, job):
                assert job.make(session, lived, made.occasion) == made.content


def test_papers_from_snapshots_taken_late_are_those_that_were_drafted_in_time(
    lived: Desk,
) -> None:
    """A day late or half a year: whatever has come about since is not told."""
    with reading(lived.engine) as session:
        stored = all_kept(session, lived, month_ends.MONTH_ENDS)
        late = [snapshot(session, lived, i.occasion.period, i.occasion.on) for i in stored]
        drafted = all_kept(session, lived, progress_letters.BULLETINS)
        letters = [
            i
            for i in all_kept(session, lived, progress_letters.FEEDBACKS)
            if i.occasion.subject == CITY
        ]
    by_month = {shot.period: number for number, shot in enumerate(late, 1)}
    for made in drafted:
        known = late[: by_month[made.occasion.period]]
        assert bulletin(lived.plan, known) == made.content, made.occasion.period
    for made in letters:
        known = late[: int(made.occasion.period[5]) * 3]
        assert feedback(lived.plan, CITY, known) == made.content, made.occasion.period


def test_a_snapshot_taken_late_is_the_one_taken_in_time(lived: Desk) -> None:
    with reading(lived.engine) as session:
        for made in all_kept(session, lived, month_ends.MONTH_ENDS):
            taken = snapshot(session, lived, made.occasion.period, made.occasion.on)
            assert taken == made.content, made.occasion.period


@pytest.mark.parametrize(
    "change", ["UPDATE product SET content = '{}'", "DELETE FROM product WHERE version = 1"]
)
def test_nobody_changes_what_was_drafted(lived: Desk, change: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"), lived.engine.begin() as connection:
        connection.execute(text(change))


def test_a_draft_prints_the_same_again_and_names_its_month(lived: Desk, tmp_path: Path) -> None:
    with reading(lived.engine) as session:
        made = kept(session, lived, progress_letters.BULLETINS, "2023-06", PROVINCE)
        letter = kept(session, lived, progress_letters.FEEDBACKS, "2023Q2", CITY)
    assert made
    assert letter
    (path,) = lay_out(lived, progress_letters.BULLETINS, made)
    (other,) = lay_out(lived, progress_letters.FEEDBACKS, letter)
    assert path.name == "2023年6月通报（草稿）.docx"
    assert other.name == "长治市 2023年第二季度反馈函（草稿）.docx"
    for file, job, item in (
        (path, progress_letters.BULLETINS, made),
        (other, progress_letters.FEEDBACKS, letter),
    ):
        printed = [each.content for each in job.files(lived, item)]
        assert printed == [file.read_bytes()]
        words = "".join(each.text for each in Document(BytesIO(printed[0])).paragraphs)
        assert item.content.title in words


def test_without_the_months_snapshot_there_is_no_bulletin(desk_in: DeskIn) -> None:
    desk = desk_in(INSTALLED)
    with pytest.raises(RefusedError, match="2023-03的月末快照尚未形成"):
        make_due(desk, progress_letters.BULLETINS, END, AT)
    with pytest.raises(RefusedError, match="2023-06的月末快照尚未形成"):
        make_due(desk, progress_letters.FEEDBACKS, END, AT)
