"""A year drawn from a seed: acts of every kind, early, late and back-dated, and missed runs.

Every act goes through the product. What it accepts the oracle is told in words of the plan's file;
what it refuses has not happened.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from sqlalchemy import text

from common.errors import XingfuError
from models.audits import find_audit
from models.database import writing
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.casework import Act, advance, amend, record
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, extend
from operations.cases.money import Booking, book
from operations.cases.review import OpinionStatement, give_opinion
from operations.daily.enforcement import enforce
from operations.upkeep.rules import Approval, adopt
from policy.load import meaning
from policy.vocabulary import EntryKind, Holder, Source
from states.workdays import Calendar
from tests.support.builders import answers, opinion
from tests.support.deciding import BUREAU, whose
from tests.support.province import morning
from tests.support.steps import accepting_early
from tests.support.year_oracle import PROVINCE, Entry, Line, Project, YearOracle, notice
from tests.test_policy_validate import put, where

START, END = date(2023, 1, 17), date(2023, 12, 31)
DAY = timedelta(days=1)
TEN_THOUSAND = 10_000
CHAIN = (  # a step, what it dates, and from when somebody may think of it
    ("confirm_site", "site_confirmed", date(2023, 1, 25)),
    ("submit_application", "application_submitted", date(2023, 2, 7)),
    ("pass_review", "review_passed", date(2023, 3, 1)),
    ("determine", "determined", date(2023, 3, 10)),
    ("release_funds", "funds_released", date(2023, 4, 1)),
    ("break_ground", "work_started", date(2023, 4, 20)),
    ("complete_construction", "construction_finished", date(2023, 8, 1)),
    ("check_completion", "completion_accepted", date(2023, 8, 20)),
    ("pass_acceptance", "accepted", date(2023, 9, 1)),
    ("open_operation", "opened", date(2023, 9, 10)),
)
ACTIONS = {action["id"]: action for action in notice()["actions"]}
LEDGER = {item["id"] for item in notice()["milestones"] if "ledger" in item}
MILESTONES = [item["id"] for item in notice()["milestones"] if item["id"] not in LEDGER]


@dataclass
class RandomYear:
    """The product and the oracle, side by side."""

    desk: Desk
    oracle: YearOracle
    random: Random
    today: date = START
    vouchers: int = 0

    @property
    def at(self) -> datetime:
        return datetime(self.today.year, self.today.month, self.today.day, 8, tzinfo=UTC)

    # --- days ---

    def live(self, compare: Callable[["RandomYear"], None]) -> None:
        """Every day of the year; compared after every run."""
        first = self.random.choice([START, START, START, date(2023, 6, 15)])
        missing = self.random.choice([0.0, 0.2, 0.7])
        changes = self.random.random() < 0.5
        while self.today <= END:
            if changes and self.today == date(2023, 5, 16):
                self.change_rules()
            if self.today >= first and self.random.random() >= missing:
                enforce(self.desk, self.today, morning(self.today))
                self.oracle.run(self.today)
                compare(self)
            if self.oracle.works(self.today):
                for _ in range(self.random.choice([0, 1, 3, 5])):
                    self.something()
            self.today += DAY

    def something(self) -> None:
        acts = (
            (self.step, 40),
            (self.duty, 12),
            (self.money, 25),
            (self.milestone, 8),
            (self.turn, 8),
            (self.change_day, 6),
            (self.take_back, 10),
            (self.put_off, 10),
            (self.hush, 5),
        )
        (chosen,) = self.random.choices([act for act, _ in acts], [weight for _, weight in acts])
        with suppress(XingfuError):
            chosen()

    def change_rules(self) -> None:
        """Two dates of the plan move, and a workday becomes a day of rest."""
        rule, due = self.random.choice(["D08", "D09", "D14"]), date(2023, 6, 5)
        due += DAY * self.random.randrange(-12, 60)
        rest = date(2023, 5, 22) + DAY * self.random.randrange(5)
        plan = self.desk.plan
        for name in ("remind", "due"):
            plan = put(plan, f"{where('deadlines', rule)}.{name}", due)
        plan = plan.model_copy(update={"digest": meaning(plan)})
        self.desk = Desk(
            self.desk.settings, plan, Calendar({2023: {rest: False}}), self.desk.engine
        )
        adopt(self.desk, Approval(BUREAU, "示例批复"), self.today, self.at)
        self.oracle.install({rule: {"remind": due, "due": due}}, {rest: False})

    # --- acts ---

    def some_day(self) -> date:
        return self.today - DAY * self.random.choice([0, 0, 0, 0, 1, 3, 10, 30])

    def project(self) -> str:
        return self.random.choice(list(self.oracle.projects))

    def step(self) -> None:
        """The next step of a project, if it is thought of."""
        code = self.project()
        facts = self.oracle.facts(code)
        step = next((item for item in CHAIN if item[1] not in facts), None)
        if step is None or self.today < step[2]:
            return
        name = step[0]
        if name == "pass_review":
            self.judge(code)
        if name == "determine" and self.random.random() < 0.2:
            name = self.random.choice(["reserve", "replace", "reject"])
        if name == "pass_acceptance":
            name = self.random.choice(
                ["pass_acceptance", "fail_acceptance", "finish_rectification"]
            )
        self.act(code, name)

    def turn(self) -> None:
        """What interrupts."""
        names = ["hold", "resume", "resume", "return_for_correction", "withdraw", "replace"]
        names += ["order_inspection_rectification", "finish_inspection_rectification"] * 2
        self.act(self.project(), self.random.choice(names))

    def judge(self, code: str) -> None:
        for number in range(3):
            given = opinion(f"示例·专家{number}", 80 + number, self.today)
            with suppress(XingfuError), writing(self.desk.engine) as session:
                said = OpinionStatement(
                    code, given.expert, given.organisation, given.scores, self.today, BUREAU
                )
                give_opinion(session, self.desk, said, today=self.today, at=self.at)

    def act(self, code: str, name: str) -> None:
        rule, facts = ACTIONS[name], self.oracle.facts(code)
        said: dict[str, Any] = {}
        if "pays" in rule:
            said["amount"] = Decimal(self.subsidy(code))
        if rule.get("checklist"):
            said["checks"] = answers()
        asked = Act(code, name, self.some_day(), whose(code, name), "示例文件", **said)
        number = self.recorded(lambda session: advance(session, self.desk, asked, **self.now))
        undated = [fact for fact in rule.get("records", ()) if fact not in facts]
        dated = dict.fromkeys([*undated, *rule.get("redates", ())], asked.on)
        revoked = tuple(rule.get("revokes", ()))
        self.note(Entry(number, code, asked.on, dated, revoked, rule.get("sets")))

    def subsidy(self, code: str) -> str:
        with self.desk.engine.connect() as connection:
            query = text("SELECT area, county_type FROM project WHERE code = :code")
            area, type_ = connection.execute(query, {"code": code}).one()
        cap = {"市辖区": 2000, "县级市": 1500, "县": 1500}[type_]
        return f"{min(Decimal(area) / 100, Decimal(cap)) * 700:.2f}"

    def milestone(self) -> None:
        self.say(self.project(), self.random.choice(["operator_confirmed", *MILESTONES]), record)

    def change_day(self) -> None:
        code = self.project()
        known = [name for name in self.oracle.facts(code) if name not in LEDGER]
        if known:
            self.say(code, self.random.choice(known), amend)

    def duty(self) -> None:
        subject = self.random.choice([*list(self.oracle.quotas)[:2], PROVINCE])
        near = [row.id for row in self.oracle.rows if row.subject == subject and self.is_near(row)]
        if near:
            self.say(subject, self.random.choice(near), record)

    def is_near(self, row: Any) -> bool:
        return row.due is not None and abs((row.due - self.today).days) < 40

    def say(self, subject: str, name: str, operation: Callable[..., Any]) -> None:
        asked = Act(subject, name, self.some_day(), whose(subject, name), "示例文件")
        number = self.recorded(lambda session: operation(session, self.desk, asked, **self.now))
        self.note(Entry(number, subject, asked.on, {name: asked.on}))

    def money(self) -> None:
        """Something comes in, or what lies somewhere is passed on or spent."""
        code, pick = self.project(), self.random.choice
        entry, source, holder = pick(list(EntryKind)), pick(list(Source)), pick(list(Holder))
        units = pick([1, 2, 5, 10, 40])
        if entry is not EntryKind.RECEIPT:
            lying = [pot for pot in self.oracle.pots(code).items() if pot[1] > 0]
            if not lying:
                return
            (whose, where_), there = pick(lying)
            source, holder, units = Source(whose), Holder(where_), pick([there, units])
        to = pick([Holder.COUNTY, Holder.PROJECT]) if entry is EntryKind.TRANSFER else None
        spent = entry is EntryKind.EXPENSE
        self.vouchers += 1
        asked = Booking(
            subject=code,
            entry=entry,
            on=self.some_day(),
            source=source,
            holder=holder,
            amount=Decimal(units * TEN_THOUSAND),
            voucher=f"示例凭证{self.vouchers}",
            actor=f"{BUREAU} 示例·会计",
            to_holder=to,
            category="construction" if spent else None,
            payee="示例施工单位" if spent else None,
            evidence="示例用途",
        )
        number = self.recorded(lambda session: book(session, self.desk, asked, **self.now))
        line = Line(entry, asked.on, source, holder, units, to)
        self.note(Entry(number, code, asked.on, line=line))

    def take_back(self) -> None:
        """One of what was recorded last, of any subject."""
        if self.oracle.entries:
            granted = [entry for entry in self.oracle.entries if entry.extended or entry.line]
            few = (
                granted[-4:]
                if granted and self.random.random() < 0.3
                else self.oracle.entries[-15:]
            )
            wrong = self.random.choice(few).row
            with writing(self.desk.engine) as session:
                row = find_audit(session, self.desk.plan, wrong)
                who = whose(row.subject, row.action) if row else BUREAU
                asked = Reversal(wrong, self.today, who, "示例更正单")
                reverse(session, self.desk, asked, **self.now)
            self.oracle.take_back(wrong)

    def put_off(self) -> None:
        row = self.random.choice([row for row in self.oracle.rows if row.open_from])
        if not self.is_near(row):
            return
        assert row.due
        until = max(self.today, row.due) + DAY * self.random.randrange(-20, 60)
        asked = Extension(row.subject, row.id, until, self.today, BUREAU, "示例批复")
        number = self.recorded(lambda session: extend(session, self.desk, asked, **self.now))
        self.note(Entry(number, row.subject, asked.on, extended=(row.id, until)))

    def hush(self) -> None:
        late = [
            row for row in self.oracle.rows if row.open_from and row.due and row.due < self.today
        ]
        if not late:
            return
        row, expected = self.random.choice(late), self.today + DAY * self.random.randrange(40)
        asked = Acknowledgement(row.subject, row.id, expected, self.today, BUREAU, "示例原因")
        number = self.recorded(lambda session: acknowledge(session, self.desk, asked, **self.now))
        quiet = (row.id, expected, row.visit)
        self.note(Entry(number, row.subject, asked.on, quiet=quiet))

    # --- both sides ---

    @property
    def now(self) -> dict[str, Any]:
        return {"today": self.today, "at": self.at}

    def recorded(self, operation: Callable[[Any], object]) -> int:
        """The number of the row that came of it; 0: none, since it was known."""
        with writing(self.desk.engine) as session:
            before = newest(session)
            operation(session)
            after = newest(session)
        return after if after > before else 0

    def note(self, entry: Entry) -> None:
        if entry.row:
            self.oracle.accept(entry)


def newest(session: Any) -> int:
    session.flush()
    found = session.connection().execute(text("SELECT coalesce(max(id), 0) FROM audit"))
    return int(found.scalar_one())


def begin(desk: Desk, seed: int) -> RandomYear:
    """A year on a desk on which projects have been imported, and nothing else happened."""
    return unlived(accepting_early(desk), seed)  # so that more follows on acceptance


def unlived(desk: Desk, seed: int) -> RandomYear:
    """As `begin`, by the plan as it is."""
    with desk.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT p.code, s.city, s.county, p.city_share, p.county_share"
                " FROM project p JOIN subject s ON s.code = p.code ORDER BY p.code"
            )
        ).all()
    unit = TEN_THOUSAND * 100
    projects = {
        row.code: Project(
            row.city,
            row.county,
            {
                "city": Decimal(row.city_share or 0) / unit,
                "county": Decimal(row.county_share or 0) / unit,
            },
        )
        for row in found
    }
    quotas = {city["name"]: city["quota"] for city in notice()["cities"]}
    oracle = YearOracle(projects, quotas)
    oracle.install({}, {})
    return RandomYear(desk, oracle, Random(seed))  # noqa: S311  # no secret


def differences(year: RandomYear, since: date) -> Iterator[str]:
    """What the product has otherwise than the oracle; the product's side is read by SQL.

    Of messages those that were owed first as of `since` or later, and how many there are of all.
    """
    oracle = year.oracle
    with year.desk.engine.connect() as connection:
        read = (connection.execute(text(query), {"since": since}).all() for query in STORED)
        rows, owed, counts, marks = ([as_words(row) for row in found] for found in read)
    stood = {row[:2]: row[2:] for row in rows}
    for row in oracle.rows:
        said = row.standing, row.visit, row.remind, row.due, row.fulfilled, row.quiet
        if (ours := as_words(said)) != (theirs := stood[row.subject, row.id]):
            yield f"{row.subject} {row.id}: {theirs}, worked out {ours}"
    states = {key: (on, STATE[still]) for key, (on, still) in oracle.messages.items()}
    recent = {as_words((*key, *state)) for key, state in states.items() if state[0] >= since}
    yield from (f"owed: {each}" for each in sorted(set(owed) - recent))
    yield from (f"not owed: {each}" for each in sorted(recent - set(owed)))
    total = Counter(state for _, state in states.values())
    if sorted(counts) != sorted(map(as_words, total.items())):
        yield f"messages: {counts}, worked out {total}"
    if sorted(marks) != sorted(map(as_words, oracle.marks)):
        yield f"marks: {len(marks)}, worked out {len(oracle.marks)}"


STATE = {True: "pending", False: "cancelled"}
STORED = (
    "SELECT subject, rule, standing, visit, remind_by, overdue_after, fulfilled_on, quiet_until"
    " FROM deadline",
    "SELECT subject, rule, visit, due, rung, recipient, as_of, status FROM outbox"
    " WHERE as_of >= :since",
    "SELECT status, count(*) FROM outbox GROUP BY status",
    "SELECT subject, action, effective_on FROM audit WHERE kind = 'overdue'",
)


def as_words(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(map(str, values))
