"""Steps that tests take through the product's own operations."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update

from deployments.demo import EXAMPLE
from models.audits import find_audit
from models.database import reading, writing
from models.projects import dossier
from models.rows import columns
from models.tables import Project
from operations.cases.casework import Act, ActResult, advance, amend, record
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.extensions import Extension, ExtensionResult, extend
from operations.cases.money import Booking, book
from operations.cases.progress import ProgressReport, report_progress
from operations.cases.review import OpinionStatement, give_opinion
from operations.upkeep.rules import Approval, adopt
from operations.views.project_record import ProjectRecord, project_record
from operations.workbooks.intake import import_workbook
from policy.load import meaning
from policy.vocabulary import EntryKind, Holder, Source
from states.dossier import Dossier
from states.progress import Progress
from tests.conftest import AT, INSTALLED
from tests.support.builders import answers, opinion
from tests.support.deciding import whose
from tests.support.province import END
from tests.support.stores import Snapshot

ONE = "XF2023-140105-01"
PROVINCE = "山西省民政厅养老服务处"
CHAIN = (
    ("confirm_site", "2023-02-06"),
    ("submit_application", "2023-02-09"),
    ("pass_review", "2023-03-14"),
    ("determine", "2023-03-28"),
    ("release_funds", "2023-04-20"),
    ("operator_confirmed", "2023-04-25"),
    ("break_ground", "2023-05-10"),
    ("complete_construction", "2023-11-20"),
    ("check_completion", "2023-11-24"),
    ("pass_acceptance", "2023-12-05"),
)


def load(desk: Desk, number: str = "01-太原市") -> Desk:
    """Import a city of the example; all its projects could apply in February."""
    path = EXAMPLE / "workbooks" / f"{number}.xlsx"
    import_workbook(desk, path, today=END, at=AT)
    days = ["visited_on", "county_civil_on", "county_finance_on", "city_civil_on"]
    days += ["city_finance_on", "letter_on"]
    say(desk, dict.fromkeys(days, "2023-02-06"))  # one of them applied only in June
    return desk


def say(desk: Desk, values: Mapping[str, object], code: str | None = None) -> None:
    """Put fields beside the core into the table, of one project or of all, past every rule."""
    its = columns(Project)
    with desk.engine.begin() as connection:
        for row in connection.execute(select(its.code, its.further)).all():
            if code in (None, row.code):
                told = {n: v for n, v in {**row.further, **values}.items() if v is not None}
                change = update(its.code.table).where(its.code == row.code)
                connection.execute(change.values(further=told))


def accepting_early(desk: Desk) -> Desk:
    """The desk on a plan that, unlike the notice, does not wait for December to accept."""
    rules = (
        rule.model_copy(update={"not_before": None}) if rule.id == "D15" else rule
        for rule in desk.plan.deadlines
    )
    plan = desk.plan.model_copy(update={"deadlines": tuple(rules)})
    plan = plan.model_copy(update={"digest": meaning(plan)})
    early = Desk(desk.settings, plan, desk.calendar, desk.engine)
    adopt(early, Approval(PROVINCE, "示例批复"), date(2023, 1, 17), AT)
    return early


TAIYUAN = Snapshot("taiyuan", load, INSTALLED)


def act(
    desk: Desk,
    name: str,
    on: str,
    subject: str = ONE,
    evidence: str = "示例文件",
    **more: Any,
) -> ActResult:
    """Take an action or record a fact, with what it has to state."""
    if name == "release_funds":
        more.setdefault("amount", project_record(desk, subject, END).funds.subsidy)
    if name in ("pass_acceptance", "pass_after_rectification", "fail_acceptance"):
        more.setdefault("checks", answers())
    who = more.pop("actor", whose(subject, name, PROVINCE))
    asked = Act(subject, name, date.fromisoformat(on), who, evidence, **more)
    take = advance if name in {action.id for action in desk.plan.actions} else record
    with writing(desk.engine) as session:
        return take(session, desk, asked, today=END, at=AT)


def judge(desk: Desk, points: tuple[int, ...], subject: str = ONE, on: str = "2023-03-10") -> None:
    """Let experts give so many points each."""
    day = date.fromisoformat(on)
    for number, each in enumerate(points):
        given = opinion(f"示例·专家{number}", each, day)
        with writing(desk.engine) as session:
            asked = OpinionStatement(
                subject, given.expert, given.organisation, given.scores, day, PROVINCE
            )
            give_opinion(session, desk, asked, today=END, at=AT)


def walk(desk: Desk, until: str, subject: str = ONE) -> None:
    """Take a project through the chain up to and with an action."""
    for name, on in CHAIN:
        if name == "pass_review":
            judge(desk, (80, 82, 84), subject)
        act(desk, name, on, subject)
        if name == until:
            return


def money(
    desk: Desk,
    entry: EntryKind,
    source: Source,
    holder: Holder,
    amount: str,
    on: str,
    *,
    subject: str = ONE,
    voucher: str = "",
    **more: Any,
) -> None:
    """Book a line of the ledger."""
    booking = Booking(
        subject=subject,
        entry=entry,
        on=date.fromisoformat(on),
        source=source,
        holder=holder,
        amount=Decimal(amount),
        voucher=voucher or f"示例凭证{subject}{entry}{source}{holder}{on}{amount}",
        actor="山西省民政厅 示例·会计",
        **more,
    )
    with writing(desk.engine) as session:
        book(session, desk, booking, today=END, at=AT)


def report(
    desk: Desk, period: str, percent: int, on: str = "", subject: str = ONE, **more: Any
) -> bool:
    """Report a project for a month, on its 24th unless another day is given."""
    progress = Progress(period, percent, **more)
    asked = ProgressReport(subject, progress, date.fromisoformat(on or f"{period}-24"), PROVINCE)
    with writing(desk.engine) as session:
        return report_progress(session, desk, asked, today=END, at=AT)


def undo(desk: Desk, row: int, evidence: str = "示例更正单") -> str:
    """Reverse a row of the trail; what was undone."""
    with writing(desk.engine) as session:
        wrong = find_audit(session, desk.plan, row)
        who = whose(wrong.subject, wrong.action, PROVINCE) if wrong else PROVINCE
        asked = Reversal(row, END, who, evidence)
        return reverse(session, desk, asked, today=END, at=AT)[1]


def change_day(desk: Desk, milestone: str, on: str, subject: str = ONE) -> ActResult:
    """Have a milestone's day changed with an approval."""
    who = whose(subject, milestone, PROVINCE)
    asked = Act(subject, milestone, date.fromisoformat(on), who, "示例批复")
    with writing(desk.engine) as session:
        return amend(session, desk, asked, today=END, at=AT)


def put_off(
    desk: Desk, rule: str, until: str, subject: str = ONE, **changes: Any
) -> ExtensionResult:
    """Have a deadline extended."""
    asked = Extension(
        subject, rule, date.fromisoformat(until), date(2023, 5, 8), PROVINCE, "示例批复"
    )
    with writing(desk.engine) as session:
        return extend(session, desk, replace(asked, **changes), today=END, at=AT)


def show(desk: Desk, subject: str = ONE) -> ProjectRecord:
    """The project as `xingfu project show` has it."""
    return project_record(desk, subject, END)


def stored(desk: Desk, subject: str = ONE) -> Dossier:
    """The project as the rules see it."""
    with reading(desk.engine) as session:
        return dossier(session, desk.plan, subject)
