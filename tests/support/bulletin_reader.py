"""Reads a bulletin as a person does, and holds each figure against the raw rows of the trail."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from documents.writing.blocks import Graph, GraphPairs, Heading, PaperTable, PaperText
from tests.support.ledger_of_trail import (
    COUNTED,
    Late,
    Month,
    Project,
    Sums,
    Trail,
    answers_for,
    forecast,
    next_workday,
    plan,
    planned_counts,
    planned_investment,
    planned_receipts,
    share,
    wan,
)

CENT = Decimal("0.01")
NAMED = ("D01", "D03", "D06", "D07", "D08", "D17")
"""What the notice itself dates and cities and counties have to do, read off it by hand."""
ASKED = (*NAMED[:5], "D14", "D15", "D16", "D17", "D20", "D21", "D22", "D13", "D18", "D23", "D04")
"""What a bulletin may ask for; D09 is met by what meets D08."""
SUGGESTED = ("D14", "D18", "D20", "D21", "D27")
"""What cities and counties have to do by a day that is only proposed."""
OF_PROVINCE = ("D04", "D15", "D16", "D22", "D13", "D23")
FINANCE = ("D05", "M01", "M02")
RULES = {rule["id"]: rule for rule in plan()["deadlines"]}


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


def _more(reader: Reader, now: Decimal | int, before: Decimal | int) -> str:
    since = f"{int(reader.before.period[5:])}月末"
    if now == before:
        return f"，与{since}持平"
    gap = abs(now - before)
    told = wan(gap) + "万元" if isinstance(gap, Decimal) else f"{gap}个"
    return f"，较{since}{'增加' if now > before else '减少'}{told}"


def _day(day: date) -> str:
    return f"{day.month}月{day.day}日"


def _opening(reader: Reader, found: re.Match[str]) -> None:
    notice = plan()["notice"]
    assert found["number"] == notice["number"]
    assert found["title"] == notice["title"].replace("《", "〈").replace("》", "〉")
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
    known = (now, share(now, 100), _more(reader, now, before))
    reader.same(found["word"], said, known)


VERBS = {"完成选址": "选址", "通过验收": "验收", "投入运营": "运营"}


def _none_reached(reader: Reader, found: re.Match[str]) -> None:
    for verb in re.split("[、或]", found["words"]):
        word = VERBS.get(verb, verb)
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
    assert found["more"] == ("" if before is None else _more(reader, now.invested, before))


def _of_the_province(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all, reader.before.of("全省")
    reader.same("subsidy", found["whole"], wan(now.subsidy))
    reader.same("released", found["released"] or "0.00", wan(now.released))
    reader.same("received", found["part"] or "0.00", wan(now.received))
    if now.received:
        assert found["rate"] == share(now.received, now.subsidy)
        assert found["more"] == _more(reader, now.received, before.received)


def _local(reader: Reader, found: re.Match[str]) -> None:
    now, before = reader.all, reader.before.of("全省")
    reader.same("promised", found["whole"], wan(now.promised))
    reader.same("matched", found["part"] or "0.00", wan(now.matched))
    if now.matched:
        assert found["rate"] == share(now.matched, now.promised)
        assert found["more"] == _more(reader, now.matched, before.matched)


def _spent(reader: Reader, found: re.Match[str]) -> None:
    reader.same("spent", found["part"], wan(reader.all.spent))
    assert found["more"] == _more(reader, reader.all.spent, reader.before.of("全省").spent)


def _none_spent(reader: Reader, found: re.Match[str]) -> None:
    reader.same("spent", reader.all.spent, 0)


def _schedule(reader: Reader, found: re.Match[str]) -> None:
    now = reader.all
    reader.same("on schedule", int(found["good"]), len(now.on_schedule))
    reader.same("behind", int(found["slow"]), len(now.behind))
    assert int(found["held"] or 0) == len(now.held)


def _shares(reader: Reader, found: re.Match[str]) -> None:
    told = re.findall(r"(..市)(\d+)个（占([\d.]+)%）", found["who"])
    sums = [reader.now.of(city) for city, _, _ in told]
    known = [(s.place, str(len(s.behind)), share(len(s.behind), len(s.projects))) for s in sums]
    reader.same("lagging", told, known)
    assert {s.place for s in sums} == {p.city for p in reader.all.behind}
    parts = [len(s.behind) / len(s.projects) for s in sums]
    assert parts == sorted(parts, reverse=True)


def _good(reader: Reader, found: re.Match[str]) -> None:
    reader.note("good")
    signed = next_workday(reader.now.as_of)
    soon = [i for i in reader.now.open if i.by < signed and answers_for(i, reader.now.projects)]
    others = (*OF_PROVINCE, *FINANCE)
    late = {item.city for item in (*reader.now.overdue, *soon) if item.rule not in others}
    late |= {p.city for p in (*reader.all.behind, *reader.all.held)}
    late |= {*reader.now.unreported, *reader.now.late_reports, *reader.now.missing}
    late |= {*reader.now.unentered}
    there = {p.city for p in reader.all.projects}
    assert set(found["who"].split("、")) == there - late
    assert bool(found["reports"]) == bool(reader.now.reported)


def _unreported(reader: Reader, found: re.Match[str]) -> None:
    assert found["day"] == _day(reader.now.as_of)
    reader.same("unreported", found["who"].split("、"), reader.now.unreported)


def _unentered(reader: Reader, found: re.Match[str]) -> None:
    assert int(found["month"]) == int(reader.now.period[5:])
    reader.same("unentered", found["who"].split("、"), reader.now.unentered)


def _missing(reader: Reader, found: re.Match[str]) -> None:
    told = re.findall(r"(..市)([\d月份、]+)", found["who"])
    known = [
        (city, "、".join(f"{n}月份" for n in each)) for city, each in reader.now.missing.items()
    ]
    reader.same("missing", told, known)


def _reported_late(reader: Reader, found: re.Match[str]) -> None:
    told = dict(re.findall(r"(..市)于(\d+月\d+日)", found["who"]))
    known = {city: _day(on) for city, on in reader.now.late_reports.items()}
    reader.same("reported late", told, known)


def _late(reader: Reader, found: re.Match[str]) -> None:
    days = found["days"].split("、")
    undone = [i for i in reader.now.undone if i.rule in NAMED and _day(i.by) in days]
    rule = _only({i.rule for i in undone} & _rules_of(found["what"]))
    found_late = [item for item in reader.now.undone if item.rule == rule]
    late = [item for item in found_late if item.subject != item.city]
    of_cities = {item.city for item in found_late} - {item.city for item in late}
    assert set(filter(None, (found["names"] or "").split("、"))) == of_cities
    assert int(found["cities"] or 0) == len(of_cities)
    assert found["day"] == _day(reader.now.as_of)
    assert days == [_day(day) for day in sorted({item.by for item in found_late})]
    reader.same(f"late {rule}", int(found["count"] or 0), len(late))
    projects = {item.code: item for item in reader.all.projects}
    known = {
        city: {f"{projects[i.subject].county}{projects[i.subject].name}" for i in items}
        for city, items in _by_city(late)
    }
    told = re.findall(r"(..市)(\d+)个（([^）]+)）", found["who"] or "")
    if len(late) > 1:
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
    reader.same("all behind", int(found["count"]), len(reader.all.behind))


def _only(found: set[str]) -> str:
    assert len(found) == 1, found
    return next(iter(found))


def _rules_of(brief: str) -> set[str]:
    return {id for id, rule in RULES.items() if rule.get("brief") == brief}


def _ahead(reader: Reader, found: re.Match[str]) -> None:
    """What cities and projects still have to do: by the notice, or only suggested."""
    assert min(item.by for item in _asked_by(reader, found)) >= next_workday(reader.now.as_of)


def _passing(reader: Reader, found: re.Match[str]) -> None:
    """What is due before the paper can be signed, or was only suggested by a day that is over."""
    assert max(item.by for item in _asked_by(reader, found)) < next_workday(reader.now.as_of)


def _asked_by(reader: Reader, found: re.Match[str]) -> list[Late]:
    """What is asked for by a day, of as many as it says, and suggested only where it says so."""
    rule = _only(_rules_of(found["what"]) & {*ASKED} - {*OF_PROVINCE})
    pool = [*reader.now.open, *(reader.now.overdue if _proposed(rule) else ())]
    mine = [item for item in pool if item.rule == rule and _day(item.by) == found["day"]]
    if found["unit"] == "项目":
        mine = [item for item in mine if item.subject != item.city]
    reader.same(f"ahead {rule} {found['day']}", int(found["count"]), len(mine))
    assert bool(found["mark"]) == _proposed(rule)
    _waits(reader, rule, found["first"], {item.subject for item in mine})
    return mine


def _waits(reader: Reader, rule: str, said: str, codes: set[str]) -> None:
    """What the undone lack first: no more than lack it; of all of them where it takes several."""
    lacking = [each.facts for each in reader.now.projects if each.code in codes]
    counts = {label: int(number or len(codes)) for number, label in re.findall(FIRST, said)}
    for label, number in counts.items():
        fact = next(item["id"] for item in plan()["milestones"] if item["label"] == label)
        assert 0 < number <= sum(fact not in facts for facts in lacking), (rule, label)
    wanted = RULES[rule]["fulfilled_by"].get("project", ())
    if len(wanted) > 1 and not LEDGER & {*wanted}:  # money comes in any order
        assert sum(counts.values()) == len(codes), (rule, said)
    assert ("其中" in said) == (0 < sum(counts.values()) < len(codes))


def _proposed(rule: str) -> bool:
    return bool(RULES[rule].get("origin") == "proposal")


WINDOWS = {"D13": "6—7月", "D15": "12月1日至10日"}
"""Read off the notice: 6-7月, 12月初."""


def _own(reader: Reader, found: re.Match[str]) -> None:
    """What the province will do itself, by days to come."""
    signed = next_workday(reader.now.as_of)
    until = (reader.now.as_of.month + 1, 31)
    mine = [
        item
        for item in reader.now.open
        if item.rule in OF_PROVINCE and item.by >= signed and (item.by.month, item.by.day) <= until
    ]
    told = {f"{WINDOWS.get(i.rule) or f'{_day(i.by)}前'}{RULES[i.rule]['brief']}" for i in mine}
    assert set(found["what"].split("，")) == told
    for key in {f"ahead {item.rule} {_day(item.by)}" for item in mine}:
        reader.note(key)


def _waiting(reader: Reader, found: re.Match[str]) -> None:
    rule = _only({id for id in FINANCE if _body(id) == found["body"]} & _rules_of(found["what"]))
    known = sum(item.rule == rule for item in reader.now.waiting)
    reader.same(f"waiting {rule}", int(found["count"]), known)


def _body(rule: str) -> str:
    return str(plan()["bodies"][RULES[rule]["responsible"]]["name"])


def _rest(reader: Reader, found: re.Match[str]) -> None:
    reader.same("rest", int(found["count"]), len(reader.all.on_schedule))


def _quoted(reader: Reader, found: re.Match[str]) -> None:
    """The notice's own 每月25日, and the annex."""


MORE = r"(?P<more>，较\d+月末[^，；。]+|，与\d+月末持平|)"
LEDGER = {item["id"] for item in plan()["milestones"] if "ledger" in item}
FIRST = r"(?:(\d+)个)?待([^、，。；）]+)"
LEFT = (
    r"尚有(?P<count>\d+)个(?P<unit>项目|市)未[^，；。）]+"
    rf"(?P<first>(，(其中)?({FIRST}、?)+)?)"
)
SAYINGS: tuple[tuple[str, Callable[[Reader, re.Match[str]], None]], ...] = (
    (
        r"^按照《(?P<title>[^》]+)》（(?P<number>[^）]+)）要求，现将(?P<month>\d+)月份.*情况通报如下。$",
        _opening,
    ),
    (
        r"^截至(?P<day>\d+年\d+月\d+日)，全省任务(?P<quota>\d+)个，在册项目(?P<projects>\d+)个"
        r"(（其中暂停(?P<held>\d+)个）)?。",
        _projects,
    ),
    (
        rf"(完成|通过|投入)?(?P<word>{'|'.join(COUNTED)})(?P<count>\d+)个，"
        rf"占任务数的(?P<rate>[\d.]+)%{MORE}",
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
        r"达到序时进度的项目(?P<good>\d+)个，未达到的(?P<slow>\d+)个"
        r"(；暂停(?P<held>\d+)个，不列入序时进度统计)?",
        _schedule,
    ),
    (r"^(?P<who>[^\d]+)(?P<month>\d+)月份月报已书面报送，内容尚未录入", _unentered),
    (r"^未达序时进度项目占本市在册项目的比例由高到低为：(?P<who>.+)。$", _shares),
    (
        r"^(?P<who>(..市、)*..市)项目均达到序时进度，没有逾期事项(?P<reports>，月报按时报送)?。$",
        _good,
    ),
    (r"截至(?P<day>[\d月]+日)，(?P<who>[^。，]+)未报送\d+月份月报。", _unreported),
    (r"(?P<who>..市[^。]+)月报至今未报送。", _missing),
    (r"(?P<who>..市于[^。]+)报送\d+月份月报，晚于规定时间。", _reported_late),
    (
        r"按要求应于(?P<days>[\d月日、]+)前(?P<what>[^，]+)，"
        r"截至(?P<day>[\d月]+日)仍有((?P<count>\d+)个项目未[^：]+：(?P<who>[^。]+?))?(；另有)?"
        r"((?P<cities>\d+)个市未[^：]+：(?P<names>[^。]+?))?(，共尚差(?P<short>[\d.]+)万元)?。",
        _late,
    ),
    (r"未达序时进度项目共(?P<count>\d+)个，名单和原因见附件。", _behind),
    (
        rf"(?P<mark>建议)?于(?P<day>\d+月\d+日)前(?P<what>[^（，；。]+)（{LEFT}）",
        _ahead,
    ),
    (rf"(?P<mark>)(?P<day>\d+月\d+日)前应(?P<what>[^，]+)，{LEFT}", _passing),
    (rf"(?P<mark>建议)时限为(?P<day>\d+月\d+日)的(?P<what>[^，]+)，{LEFT}", _passing),
    (r"我厅拟于(?P<what>[^。]+?)，请各市做好配合。", _own),
    (
        r"有(?P<count>\d+)个项目尚待(?P<body>..?财政局|省财政厅|..?.?.?财政局|县（市、区）财政局)(?P<what>[^，]+)，",
        _waiting,
    ),
    (r"其余(?P<count>\d+)个项目达到序时进度", _rest),
    (r"于每月25日前|见附件1|见正文表1", _quoted),
)


def _expected(reader: Reader) -> Iterator[str]:
    """What a bulletin of the month must not leave out."""
    yield from ("month", "as_of", "quota", "projects", "held", *COUNTED, "investment", "invested")
    yield from ("subsidy", "released", "received", "promised", "matched", "spent")
    yield from ("on schedule", "behind")
    yield from (f"山西省{word}项目数" for word in COUNTED if _drawn(reader, word))
    yield from ["全省项目进展曲线（占任务数的比例）"] if any(map(_begun(reader), COUNTED)) else []
    yield "山西省资金到位情况"
    stated = any(m.of("全省").invested is not None for m in reader.months)
    yield from ["山西省完成投资情况"] if stated else []
    now = reader.now
    yield from (f"late {rule}" for rule in NAMED if any(i.rule == rule for i in now.undone))
    yield from (f"waiting {rule}" for rule in FINANCE if any(i.rule == rule for i in now.waiting))
    yield from _expected_ahead(now)
    yield from ["unreported"] if now.unreported else []
    yield from ["unentered"] if now.unentered else []
    yield from ["missing"] if now.missing else []
    yield from ["reported late"] if now.late_reports else []
    yield from ["lagging", "all behind", "rest"] if reader.all.behind else []


def _begun(reader: Reader) -> Callable[[str], bool]:
    return lambda word: any(m.of("全省").reached(word) for m in reader.months)


def _drawn(reader: Reader, word: str) -> bool:
    """Whether anything has come about, or should have, by now."""
    planned = planned_counts(reader.all, word)[: len(reader.months)]
    return _begun(reader)(word) or any(planned)


def _expected_ahead(now: Month) -> Iterator[str]:
    """What is ahead, and what was only suggested and is not done; the province's as it can be."""
    until = (now.as_of.month % 12 + 1, 31) if now.as_of.month < 12 else (13, 31)
    signed = next_workday(now.as_of)
    asked = {i for i in now.open if i.rule in ASKED and i.by > now.as_of}
    asked |= {i for i in (*now.open, *now.overdue) if i.rule in SUGGESTED}
    found = {
        f"ahead {i.rule} {_day(i.by)}"
        for i in asked
        if (i.by.month, i.by.day) <= until and (i.rule not in OF_PROVINCE or i.by >= signed)
    }
    yield from sorted(found)


def _stated(sums: Sums, amount: Decimal) -> str:
    """Where there is no project, nothing is stated."""
    return wan(amount) if sums.projects else "—"


Cells = Mapping[str, Callable[[Sums], str]]
COUNTS: Cells = {
    "任务数": lambda sums: str(sums.quota),
    "项目数": lambda sums: str(len(sums.projects)),
    "达到序时": lambda sums: str(len(sums.on_schedule)),
    "未达序时": lambda sums: str(len(sums.behind)),
    "暂停": lambda sums: str(len(sums.held)),
    "投资总额": lambda sums: _stated(sums, sums.investment),
    "完成投资": lambda sums: wan(sums.invested),
    "省补核算": lambda sums: _stated(sums, sums.subsidy),
    "省补到位": lambda sums: wan(sums.received),
    "配套承诺": lambda sums: _stated(sums, sums.promised),
    "配套到位": lambda sums: wan(sums.matched),
    "支出": lambda sums: wan(sums.spent),
    **{word: lambda sums, word=word: str(sums.reached(word)) for word in COUNTED},  # type: ignore[misc]
}


NOTHING = {"—", "0", "0.0", "0.00"}
COLUMNS = {
    "各市项目进展情况": ("任务数", "项目数", *COUNTED, "达到序时", "未达序时", "暂停"),
    "各市投资和资金情况": (
        *("投资总额", "完成投资", "省补核算", "省补到位"),
        *("配套承诺", "配套到位", "支出"),
    ),
}


def _check_table(reader: Reader, table: PaperTable) -> None:
    places = [row[0] for row in table.rows]
    assert places == [*(city["name"] for city in plan()["cities"]), "全省"]
    heads = next(heads for caption, heads in COLUMNS.items() if caption in table.caption)
    for head in heads:
        if head not in table.heads:
            said = {COUNTS[head](reader.now.of(place)) for place in places}
            assert said <= NOTHING, f"{head} has been left out"
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
    assert [series.label for series in graph.series] == [*filter(_begun(reader), COUNTED)]


def _check_list(reader: Reader, table: PaperTable, projects: list[Project]) -> None:
    """An annex: its projects, numbered, with what was last reported and why they are behind."""
    known = {(p.city, p.county, p.name): p for p in projects}
    assert len(known) == len(projects) == len(table.rows)
    for number, cells in enumerate(table.rows, 1):
        row = dict(zip(table.heads, cells, strict=True))
        project = known.pop((row["市"], row["县（市、区）"], row["项目名称"]))
        assert row["序号"] == str(number)
        _check_cell(row, "形象进度", _percent(reader, project))
        _check_cell(row, "完成投资（万元）", wan(project.invested))
        assert row["责任人"] == project.profile["responsible_person"]
        _check_reason(reader, project, row["滞后事项及原因"])


def _check_cell(row: Mapping[str, str], head: str, said: str) -> None:
    """A column is left out only where it would say nothing."""
    assert row[head] == said if head in row else said in NOTHING


def _percent(reader: Reader, project: Project) -> str:
    if not project.reports:
        return "—"
    month, said = max(project.reports.items())
    earlier = "" if month == reader.now.period else f"（{int(month[5:])}月）"
    return f"{said['percent']}%{earlier}"


def _check_reason(reader: Reader, project: Project, said: str) -> None:
    """What the notice itself dates and the project has not done; nothing of the province's."""
    late = [i for i in reader.now.undone if i.subject == project.code and i.rule in NAMED]
    pattern = r"应于((?:\d+月\d+日前[^，；、]+、?)+)，(尚未[^，；]+|均未完成)"
    found = re.search(pattern, said)
    told = re.findall(r"(\d+月\d+日)前([^、]+)", found[1]) if found else []
    assert sorted(told) == sorted((_day(item.by), RULES[item.rule]["brief"]) for item in late)
    report = project.reports.get(reader.now.period, {})
    rest = re.sub(pattern, "", said).strip("；")
    if report.get("on_schedule") is False:
        assert rest == f"月报反映：{report['problem'].replace('13912345678', '（号码略）')}"
    else:
        assert not rest


def _annexed(reader: Reader, letter: PaperText) -> Iterator[str]:
    """Those behind are named in full, and checked here; no annex says 无. A note is left."""
    known = {annex.title: annex.blocks for annex in letter.annexes}
    assert [*known] == (["未达序时进度项目"] if reader.all.behind else [])
    if reader.all.behind:
        note, table = known["未达序时进度项目"]
        assert isinstance(table, PaperTable)
        _check_list(reader, table, reader.all.behind)
        assert isinstance(note, str)
        yield note


PROOF = "（记录核验："


def without_proof(letter: PaperText) -> PaperText:
    """A bulletin but for the code of the trail, which follows from the moment and the key."""
    kept = (b for b in letter.paragraphs if not (isinstance(b, str) and b.startswith(PROOF)))
    return replace(letter, paragraphs=tuple(kept))


def read_bulletin(trail: Trail, letter: PaperText, month: str) -> tuple[set[str], set[str]]:
    """The kinds of statement that a bulletin makes, and those that it has to.

    AssertionError where a figure, a name or a day is not what the trail gives.
    """
    letter = without_proof(letter)
    number = int(month[5:])
    months = [trail.month(f"2023-{each:02d}") for each in range(1, number + 1)]
    reader = Reader(months[-1], months[-2], months)
    assert (
        letter.title == f"山西省民政厅关于2023年{number}月份城镇社区幸福养老提速工程进展情况的通报"
    )
    for block in (*letter.paragraphs, *_annexed(reader, letter)):
        match block:
            case str():
                reader.paragraph(block)
            case Heading():
                assert not re.search(r"\d", block.heading)
            case PaperTable():
                _check_table(reader, block)
            case GraphPairs():
                for graph in block.graphs:
                    _check_graph(reader, graph)
    return reader.told, set(_expected(reader))
