"""How a year must stand, day by day, worked out apart from the product.

It is told what was accepted on which day and when the daily job ran, and says which deadlines stand
how, who is owed which message, and what is marked as late. It shares no code with the product: the
rules are read from the plan's YAML, and the workdays are those of a package that it does not use.
"""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import holidays
import yaml

PLAN = Path(__file__).parents[2] / "policy" / "plans" / "shanxi-2023" / "plan.yaml"
DAY = timedelta(days=1)
CHINA = holidays.country_holidays("CN", years=range(2022, 2025))
WORKDAYS = frozenset(
    day for day in (date(2022, 10, 1) + DAY * n for n in range(800)) if CHINA.is_working_day(day)
)
PROVINCE = "山西省"
GOING_ON = ("active", "held")
RANKS = ("county", "city", "city_leader", "province")
RUNGS = {  # 八(四) as the plan words it: workdays from the day, and whom they reach
    -7: ("own",),
    -3: ("own",),
    -1: ("own",),
    1: ("own", "city"),
    5: ("city_leader", "province"),
    10: ("province",),
}
ABOVE = (5, 10)
"""What goes on to those above: an answer silences the other rungs, and the repeats."""
EVERY, THEN = 5, ("own", "city")
BEFORE = {  # read off the notice by hand: what a step of a project cannot do without
    "site_confirmed": (),
    "application_submitted": ("site_confirmed",),
    "materials_received": ("site_confirmed",),
    "review_passed": ("application_submitted", "materials_received"),
    "determined": ("review_passed",),
    "funds_released": ("determined",),
    "operator_confirmed": ("determined",),
    "city_funds_in_place": ("determined",),
    "county_funds_in_place": ("determined",),
    "work_started": ("determined",),
    "construction_finished": ("work_started",),
    "completion_accepted": ("construction_finished",),
    "acceptance_visited": ("completion_accepted",),
    "rectification_ordered": ("completion_accepted",),
    "rectified": ("rectification_ordered",),
    "accepted": ("completion_accepted",),
    "opened": ("operator_confirmed", "work_started"),
    "inspected": (),
    "inspection_rectification_ordered": ("inspected",),
    "inspection_rectified": ("inspection_rectification_ordered",),
    "city_passed_on": (),
    "county_passed_on": (),
}
WHOSE = {  # and whose it is
    **dict.fromkeys(("site_confirmed", "application_submitted", "materials_received"), "city"),
    **dict.fromkeys(("review_passed", "determined", "acceptance_visited", "accepted"), "province"),
    **dict.fromkeys(("rectification_ordered", "inspected"), "province"),
    "inspection_rectification_ordered": "province",
    "funds_released": "provincial_finance",
    "city_funds_in_place": "city",
    **dict.fromkeys(("operator_confirmed", "county_funds_in_place", "work_started"), "county"),
    **dict.fromkeys(("construction_finished", "completion_accepted", "rectified"), "county"),
    **dict.fromkeys(("opened", "inspection_rectified"), "county"),
    "city_passed_on": "city_finance",
    "county_passed_on": "county_finance",
}
SOURCES = ("province", "city", "county", "other")


class Line(NamedTuple):
    """A line of the money ledger."""

    entry: str
    on: date
    source: str
    holder: str
    amount: int
    """In some unit of which all amounts are whole."""
    to: str | None


@dataclass
class Entry:
    """Something that was accepted, by the number of its row."""

    row: int
    subject: str
    on: date
    dated: dict[str, date] = field(default_factory=dict)
    revoked: tuple[str, ...] = ()
    sets: str | None = None
    line: Line | None = None
    extended: tuple[str, date] | None = None
    quiet: tuple[str, date, int] | None = None
    """A deadline, the day that is expected, and the visit that was meant."""


@dataclass
class Project:
    """What its forms say of a project."""

    city: str
    county: str
    promised: Mapping[str, Decimal]
    """市级 and 县级配套, in the unit of the ledger's lines."""


@dataclass
class Row:
    """One deadline of one subject."""

    subject: str
    id: str
    remind: date | None = None
    due: date | None = None
    extended: date | None = None
    visit: int = 1
    fired: int = 0
    standing: str = "on_track"
    fulfilled: date | None = None
    open_from: date | None = None
    """None: closed."""
    quiet: date | None = None
    whose: str = ""
    """Who has to act first."""
    unset: bool = False
    """The province has yet to say when."""
    waited: bool = False
    """It was due before anybody could do it."""
    marked: set[tuple[int, date]] = field(default_factory=set)


class Message(NamedTuple):
    """What an office is owed, once."""

    subject: str
    rule: str
    visit: int
    due: date
    rung: str
    office: str


@cache
def notice() -> dict[str, Any]:
    """The plan's file."""
    said: dict[str, Any] = yaml.load(PLAN.read_text(encoding="utf-8"), yaml.CSafeLoader)
    return said


class YearOracle:
    """The whole programme as far as it is known by now."""

    def __init__(self, projects: Mapping[str, Project], quotas: Mapping[str, int]) -> None:
        self.projects, self.quotas = projects, quotas
        self.rules = {
            rule["id"]: dict(rule) for rule in (*notice()["deadlines"], *notice()["duties"])
        }
        self.overrides: dict[date, bool] = {}
        self.entries: list[Entry] = []
        self.messages: dict[Message, tuple[date, bool]] = {}
        """As of which day it was owed first, and whether it still is."""
        self.marks: list[tuple[str, str, date]] = []
        self.rows = [Row(subject, id) for subject in self.subjects() for id in self.ids(subject)]
        for row in self.rows:
            row.remind, row.due = self.dates(row, {}) or (None, None)
            row.whose = self.turn(row, {})[1]
            row.standing = "on_track" if row.due else "waiting"
            row.open_from = self.first_look(row)

    # --- who and when ---

    def subjects(self) -> tuple[str, ...]:
        return (*self.projects, *self.quotas, PROVINCE)

    def kind(self, subject: str) -> str:
        if subject in self.projects:
            return "project"
        return "city" if subject in self.quotas else "province"

    def ids(self, subject: str) -> Iterator[str]:
        for rule in self.rules.values():
            if self.kind(subject) in rule["fulfilled_by"]:
                yield from self.occasions(rule)

    def rule(self, id: str) -> dict[str, Any]:
        return self.rules[id.split("-")[0]]

    def occasions(self, rule: dict[str, Any]) -> dict[str, tuple[date, date] | None]:
        """Per id of the rule, when to remind and when it is due, by its words."""
        if "monthly" in rule:
            said = rule["monthly"]
            return {
                f"{rule['id']}-{month:02d}": (
                    in_month(month, said["remind_day"]),
                    in_month(month, said["due_day"]),
                )
                for month in range(int(said["first"][-2:]), int(said["last"][-2:]) + 1)
            }
        if "occasions" in rule:
            return {
                f"{rule['id']}-{name}": (dates["remind"], dates["due"])
                for name, dates in rule["occasions"].items()
            }
        return {rule["id"]: (rule["remind"], rule["due"]) if "due" in rule else None}

    def works(self, day: date) -> bool:
        return self.overrides.get(day, day in WORKDAYS)

    def away(self, day: date, workdays: int) -> date:
        step = DAY if workdays > 0 else -DAY
        for _ in range(abs(workdays)):
            day += step
            while not self.works(day):
                day += step
        return day

    def literal(self, row: Row, facts: Mapping[str, date]) -> tuple[date, date] | None:
        if row.extended:
            return row.extended, row.extended
        rule = self.rule(row.id)
        said = self.occasions(rule)[row.id]
        span: dict[str, Any] = rule.get("follows") or rule.get("later_of") or {}
        since = facts.get(span.get("after", ""))
        if since is None:
            return said
        if self.is_unset(row, facts):
            return since, date(2023, 12, 31)
        end = (
            self.away(since, span["workdays"]) if "workdays" in span else since + DAY * span["days"]
        )
        if rule.get("within_year"):
            end = min(end, date(since.year, 12, 31))
        return (end, end) if said is None or end > said[1] else said

    def dates(self, row: Row, facts: Mapping[str, date]) -> tuple[date, date] | None:
        """When to remind and after which day it is late: nobody before his turn has come."""
        found, since = self.moved(row, facts), self.turn(row, facts)[2]
        row.waited = bool(found and since and since > found[1])
        if not found or not since or since <= found[1]:
            return found[:2] if found else None
        while since < found[2] and not self.works(since):
            since += DAY
        return found[0], max(found[1], min(since, found[2]))

    def moved(self, row: Row, facts: Mapping[str, date]) -> tuple[date, date, date] | None:
        """Both days moved off days of rest, and the last day there is."""
        said = self.literal(row, facts)
        if said is None:
            return None
        remind, due = said
        while not self.works(remind):
            remind -= DAY
        rule = self.rule(row.id)
        late = rule.get("later_of", {}).get("after") in facts or rule.get("within_year")
        last = date(due.year, 12, 31) if late else date.max
        while due < last and not self.works(due):
            due += DAY
        return min(remind, due), due, last

    def is_unset(self, row: Row, facts: Mapping[str, date]) -> bool:
        """A replacement's span that runs into the next year, as long as nobody has said when."""
        span = self.rule(row.id).get("later_of", {})
        since = facts.get(span.get("after", ""))
        return bool(since and not row.extended and since + DAY * span["days"] > date(2023, 12, 31))

    def turn(self, row: Row, facts: Mapping[str, date]) -> tuple[str, str, date | None]:
        """The first step that is missing, whose it is, and since when it could be taken."""
        own = self.rule(row.id)["responsible"]
        if row.subject not in self.projects:
            return "", own, None
        if self.is_unset(row, facts):
            return "-", "province", None
        wanted = self.rule(row.id)["fulfilled_by"]["project"]
        missing = [step for step in wanted if step not in facts]
        every = {each for step in missing for each in hindering(step, facts)}
        first = [step for step in BEFORE if step in every and not every & before(step, facts)]
        whose = {step: own if wanted == [step] else WHOSE[step] for step in first}
        at = next((step for step in first if whose[step] == own), first[0] if first else "")
        body, steps = whose.get(at, own), [at] if at else wanted
        days = [
            facts[step]
            for each in steps
            for step in ancestors(each, facts)
            if step in facts and WHOSE[step] != body
        ]
        return at, body, max(days, default=None)

    def first_look(self, row: Row) -> date | None:
        return self.away(row.remind, -7) if row.remind else None

    # --- what holds ---

    def facts(self, subject: str) -> dict[str, date]:
        if subject in self.quotas:
            return {**self.recorded(subject), **self.of_city(subject)}
        return {**self.recorded(subject), **self.of_ledger(subject)}

    def recorded(self, subject: str) -> dict[str, date]:
        found: dict[str, date] = {}
        for entry in self.entries:
            if entry.subject == subject:
                found = {n: on for n, on in found.items() if n not in entry.revoked} | entry.dated
        return found

    def of_city(self, city: str) -> dict[str, date]:
        """The day of its quota's last application, and the day on which its last project ended."""
        own = {code: self.recorded(code) for code, p in self.projects.items() if p.city == city}
        told: dict[str, date] = {}
        applied = sorted(
            facts["application_submitted"]
            for facts in own.values()
            if "application_submitted" in facts
        )
        if len(applied) >= self.quotas[city]:
            told["quota_submitted"] = applied[self.quotas[city] - 1]
        going = [code for code in own if self.how(code)[0] in GOING_ON]
        going = [code for code in going if "determined" in own[code]] or going
        ends = [self.finished(own[code]) for code in going]
        for code, facts in own.items():
            how, since = self.how(code)
            if how not in GOING_ON and "determined" in facts and since:
                ends.append(min(since, self.finished(facts) or since))
        if ends and all(ends):
            told["projects_finished"] = max(day for day in ends if day)
        return told

    @staticmethod
    def finished(facts: Mapping[str, date]) -> date | None:
        days = [facts.get("accepted"), facts.get("opened")]
        return max(day for day in days if day) if all(days) else None

    def how(self, code: str) -> tuple[str, date | None]:
        """Whether a project goes on, and since when it stands so."""
        moves = [entry for entry in self.entries if entry.subject == code and entry.sets]
        return (moves[-1].sets or "", moves[-1].on) if moves else ("active", None)

    def of_ledger(self, code: str) -> dict[str, date]:
        """What the ledger tells of a project: 到账, 拨付完毕, 配套到位."""
        if code not in self.projects:
            return {}
        lines = [entry.line for entry in self.entries if entry.subject == code and entry.line]
        told: dict[str, date] = {}
        for holder in ("city", "county"):
            since, gone = rest(lines, holder)
            told |= {f"{holder}_received": since} if since else {}
            told |= {f"{holder}_passed_on": gone} if gone else {}
        for source in ("city", "county"):
            sum_, promised = 0, self.projects[code].promised[source]
            for line in sorted(lines, key=lambda line: line.on):
                if (line.entry, line.source) == ("receipt", source):
                    sum_ += line.amount
                    if promised and sum_ >= promised:
                        told[f"{source}_funds_in_place"] = line.on
                        break
        return told

    def pots(self, code: str) -> dict[tuple[str, str], int]:
        """What of a project's money lies where, by source and holder."""
        held: dict[tuple[str, str], int] = defaultdict(int)
        for line in (entry.line for entry in self.entries if entry.subject == code and entry.line):
            sign = 1 if line.entry == "receipt" else -1
            held[line.source, line.holder] += sign * line.amount
            if line.to:
                held[line.source, line.to] += line.amount
        return held

    # --- what changes ---

    def accept(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.extended:
            rule, until = entry.extended
            self.put_off(entry.subject, rule, until)
        if entry.quiet:
            rule, until, _ = entry.quiet
            self.hush(self.row(entry.subject, rule), until)
        self.settle(entry.subject)

    def take_back(self, number: int) -> None:
        """What a row said counts no longer."""
        gone = next(entry for entry in self.entries if entry.row == number)
        self.entries.remove(gone)
        same = [entry for entry in self.entries if entry.subject == gone.subject]
        if gone.extended:
            rule = gone.extended[0]
            before = [e.extended[1] for e in same if e.extended and e.extended[0] == rule]
            self.put_off(gone.subject, rule, before[-1] if before else None)
        if gone.quiet:
            row = self.row(gone.subject, gone.quiet[0])
            earlier = [e.quiet for e in same if e.quiet and e.quiet[0] == gone.quiet[0]]
            holds = bool(earlier) and earlier[-1][2] == row.visit
            self.hush(row, earlier[-1][1] if holds else None)
        self.settle(gone.subject)

    def row(self, subject: str, id: str) -> Row:
        return next(row for row in self.rows if (row.subject, row.id) == (subject, id))

    def put_off(self, subject: str, id: str, until: date | None) -> None:
        row = self.row(subject, id)
        row.extended = until
        self.refresh(row, self.facts(subject))
        self.owe(row, "", owed=False)

    def hush(self, row: Row, until: date | None) -> None:
        row.quiet = until
        if row.open_from:
            self.owe(row, "", owed=True)
        if until:
            self.owe(row, "repeats", owed=False)

    def settle(self, subject: str) -> None:
        """Bring a subject, and the city of a project, in line with what holds now."""
        project = self.projects.get(subject)
        facts = {each: self.facts(each) for each in {subject, project.city if project else subject}}
        for row in (row for row in self.rows if row.subject in facts):
            was_open, visit = row.open_from, row.visit
            self.refresh(row, facts[row.subject])
            if was_open and (not row.open_from or row.visit != visit):
                self.owe(row, "", owed=False)
            elif not was_open and row.open_from:
                self.owe(row, "same visit", owed=True)
                if (row.visit, row.due) in row.marked:
                    row.standing = "overdue"

    def refresh(self, row: Row, facts: Mapping[str, date]) -> None:
        """What facts make of a deadline; another date, or a step begun again, is another visit."""
        was_met, before = row.fulfilled, (row.remind, row.due)
        row.remind, row.due = self.dates(row, facts) or (None, None)
        moved = before != (None, None) and before != (row.remind, row.due)
        moved = self.pass_on(row, facts) or moved
        row.fulfilled = self.met(row, facts) if row.due else None
        still = self.rests(row, facts)
        if still:
            row.standing, row.open_from = still, None
        if not still and (row.open_from is None or moved):
            row.standing, row.open_from = "on_track", self.opened(row, facts)
            if row.unset:
                row.standing = "coordinating"
        if moved or (was_met and not still):
            row.visit, row.fired, row.quiet = row.visit + 1, 0, None

    def pass_on(self, row: Row, facts: Mapping[str, date]) -> bool:
        """Whether somebody else has to act first now, after another one was told to."""
        at, whose, _ = self.turn(row, facts)
        was, row.unset = (row.unset, row.whose), self.is_unset(row, facts)
        if at:
            row.whose = whose
        told = row.fired > 0 or row.standing in ("due_soon", "overdue", "coordinating")
        return was[0] != row.unset or (was[1] != row.whose and told)

    def opened(self, row: Row, facts: Mapping[str, date]) -> date | None:
        """The ladder's first day, or the first workday after the newest fact."""
        look, newest = self.first_look(row), max(facts.values(), default=None)
        if look is None or newest is None or newest < look:
            return look
        day = newest + DAY
        while not self.works(day):
            day += DAY
        return day

    def met(self, row: Row, facts: Mapping[str, date]) -> date | None:
        rule = self.rule(row.id)
        names = rule["fulfilled_by"][self.kind(row.subject)]
        days = [facts.get(row.id if name == "recorded" else name) for name in names]
        since = facts.get(rule["follows"]["after"]) if "follows" in rule else date.min
        if since is None or any(day is None or day < since for day in days):
            return None
        return max(day for day in days if day)

    def rests(self, row: Row, facts: Mapping[str, date]) -> str | None:
        bound = notice()["bodies"][self.rule(row.id)["responsible"]]["bound"]
        if row.fulfilled and row.due:
            return "met_late" if bound and row.fulfilled > row.due else "met"
        how = self.how(row.subject)[0] if row.subject in self.projects else "active"
        if how not in GOING_ON or self.is_over(row, facts):
            return "void"
        if row.due is None:
            return "waiting"
        return "suspended" if how == "held" else None

    def is_over(self, row: Row, facts: Mapping[str, date]) -> bool:
        """A month that began when all of a city's projects had ended (五(五))."""
        rule, ended = self.rule(row.id), facts.get("projects_finished")
        said = self.occasions(rule)[row.id]
        return bool(rule.get("ends_with") and ended and said and ended < said[1].replace(day=1))

    def body(self, row: Row) -> dict[str, Any]:
        found: dict[str, Any] = notice()["bodies"][row.whose]
        return found

    def owe(self, row: Row, what: str, *, owed: bool) -> None:
        """Withdraw what is owed about a deadline, or owe it again."""
        for message, (day, _) in list(self.messages.items()):
            if (message.subject, message.rule) != (row.subject, row.id):
                continue
            same = (message.visit, message.due) == (row.visit, row.due)
            repeats = int(message.rung[1:]) not in ABOVE
            if (not owed and (what != "repeats" or repeats)) or (owed and same):
                self.messages[message] = day, owed

    def install(
        self, rules: Mapping[str, Mapping[str, Any]], overrides: Mapping[date, bool]
    ) -> None:
        """New rules, or days of rest: ladders begin anew."""
        self.overrides |= overrides
        for id, changes in rules.items():
            self.rules[id] |= changes
        for row in self.rows:
            rule, facts = self.rule(row.id), self.facts(row.subject)
            put_off = "later_of" in rule and rule["later_of"]["after"] in facts
            if "follows" in rule or row.extended or put_off or row.waited:
                if row.open_from:
                    row.fired, row.open_from = 0, self.first_look(row)
                continue
            before = row.remind, row.due
            row.remind, row.due = self.dates(row, {}) or (None, None)
            row.fired = 0
            if row.open_from:
                row.open_from = self.first_look(row)
                row.standing = "on_track" if before[1] != row.due else row.standing
                if before != (row.remind, row.due):
                    row.visit, row.quiet = row.visit + 1, None
        for subject in self.subjects():
            self.settle(subject)

    # --- what a day asks ---

    def run(self, day: date) -> None:
        for row in self.rows:
            if row.open_from and row.open_from <= day:
                self.look(row, day)

    def look(self, row: Row, day: date) -> None:
        assert row.due
        bound, late = self.body(row)["bound"], day > row.due
        steps = list(self.steps(row, day))[row.fired :]
        row.fired += len(steps)
        near = "due_soon" if row.fired else "on_track"
        standing = ("overdue" if bound else "coordinating") if late else near
        standing = "coordinating" if row.unset else standing
        if standing == "overdue" != row.standing:
            self.marks.append((row.subject, row.id, day))
            row.marked.add((row.visit, row.due))
        row.standing = standing
        heard = [step for step in steps if step[0] in ABOVE or not row.quiet or step[1] > row.quiet]
        for level in RANKS:
            said = [number for number, _, whom in heard if level in self.levels(row, whom)]
            if said and (office := self.office(row.subject, level)):
                key = Message(row.subject, row.id, row.visit, row.due, f"T{said[-1]:+d}", office)
                self.messages.setdefault(key, (day, True))

    def steps(self, row: Row, until: date) -> Iterator[tuple[int, date, tuple[str, ...]]]:
        assert row.due
        assert row.remind
        day = date.min
        for number, whom in RUNGS.items():
            day = max(day, self.away(row.remind if number < 0 else row.due, number))
            if day > until:
                return
            yield number, day, whom
        while (day := self.away(day, EVERY)) <= until:
            number += EVERY
            yield number, day, THEN

    def levels(self, row: Row, whom: tuple[str, ...]) -> set[str]:
        own = self.body(row)["reached_at"]
        named = {own if name == "own" else name for name in whom}
        return {name for name in named if RANKS.index(name) >= RANKS.index(own)}

    def office(self, subject: str, level: str) -> str | None:
        project = self.projects.get(subject)
        city = project.city if project else subject if subject in self.quotas else ""
        if level == "province":
            return "山西省民政厅"
        if level == "county":
            return f"{city}{project.county}民政局" if project else None
        leader = "分管领导" if level == "city_leader" else ""
        return f"{city}民政局{leader}" if city else None


def before(step: str, facts: Mapping[str, date]) -> set[str]:
    """What comes right before a step; once put right is ordered, what answers it, too."""
    answered = step in ("accepted", "acceptance_visited") and "rectification_ordered" in facts
    return {*BEFORE[step], *(["rectified"] if answered else [])}


def hindering(step: str, facts: Mapping[str, date]) -> set[str]:
    """The step and what is not done on the way to it; what is done hinders by nothing before it."""
    ahead = (each for each in before(step, facts) if not is_done(each, facts))
    return {step} | {each for one in ahead for each in hindering(one, facts)}


def ancestors(step: str, facts: Mapping[str, date]) -> set[str]:
    """All that comes before a step."""
    found = before(step, facts)
    return found | {each for one in found for each in ancestors(one, facts)}


def is_done(step: str, facts: Mapping[str, date]) -> bool:
    if step == "rectified" and step in facts:
        return facts[step] >= facts.get("rectification_ordered", date.min)
    return step in facts


def in_month(month: int, day: int | str) -> date:
    return date(2023, month, monthrange(2023, month)[1] if day == "last" else int(day))


def rest(lines: list[Line], holder: str) -> tuple[date | None, date | None]:
    """Since when money lies with a holder, and when the last of it left; each source by itself."""
    found = [rest_of([line for line in lines if line.source == each], holder) for each in SOURCES]
    still = [since for since, gone in found if since and not gone]
    if still:
        return min(still), None
    days = [(since, gone) for since, gone in found if since and gone]
    return (max(s for s, _ in days), max(g for _, g in days)) if days else (None, None)


def rest_of(lines: list[Line], holder: str) -> tuple[date | None, date | None]:
    """The same of one source: every yuan leaves in the order in which it came."""
    came: list[date] = []
    left: list[date] = []
    for line in sorted(lines, key=lambda line: line.on):
        if line.to == holder or (line.entry == "receipt" and line.holder == holder):
            came += [line.on] * line.amount
        elif line.holder == holder:
            left += [line.on] * line.amount
    if len(left) < len(came):
        return came[len(left)], None
    return (came[-1], left[-1]) if came else (None, None)
