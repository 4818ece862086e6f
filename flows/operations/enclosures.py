"""What goes with a digest: a list of what is to be done, and monthly reports filled in (R69)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from documents.task_list import TaskRow, task_list
from flows.operations.desk import Desk
from flows.operations.forms.making import Made
from flows.operations.forms.report import filled_in
from flows.operations.forms.report_values import reported_months
from flows.operations.lines import Key, Known
from flows.operations.overview import responsible
from models.tables import Outbox
from notifications.message import Attachment, DigestLine
from notifications.wording import status
from policy.errors import RefusedError

TABLE_FROM = 9  # lines; a shorter digest says it all without a workbook


def prefilled(session: Session, desk: Desk, rows: Iterable[Outbox]) -> Mapping[Key, Made]:
    """Each monthly report that the rows are about, made once.

    One with a text that no workbook can hold is left out: its reminder goes without it.
    """
    months = reported_months(desk.plan)
    made: dict[Key, Made] = {}
    for city, rule in sorted({(row.subject, row.rule) for row in rows if row.rule in months}):
        try:
            made[city, rule] = filled_in(session, desk, city, months[rule])
        except RefusedError:
            continue
    return made


def own_reports(
    desk: Desk, known: Known, reports: Mapping[Key, Made], rows: Iterable[Outbox]
) -> Iterator[Made]:
    """The reports that the office itself owes; who is only told of its lateness gets none."""
    for row in rows:
        made = reports.get((row.subject, row.rule))
        if made is not None:
            body = desk.deadlines[row.rule].rule.responsible
            if row.recipient == responsible(desk, body, known.subjects[row.subject]):
                yield made


def told_of(made: Made) -> str:
    """What a digest says of a report that goes with it."""
    return f"随附预填月报（{made.name}），请核对补充后报送"


def task_lists(offices: str, lines: Sequence[DigestLine], as_of: date) -> Iterator[Attachment]:
    """The lines as a workbook, where there are many."""
    if len(lines) >= TABLE_FROM:
        title = f"{offices.split('、')[0]} {as_of:%Y-%m-%d} 待办事项"
        table = task_list(title, [_task(line, as_of) for line in lines])
        yield Attachment(f"{title}.xlsx", table)


def _task(line: DigestLine, as_of: date) -> TaskRow:
    return TaskRow(
        kind=line.kind.label,
        place=line.place,
        subject=line.name,
        title=line.title,
        clause=f"{line.notice_number}{line.clause}",
        remind_by=line.remind_by,
        overdue_after=line.overdue_after,
        state=status(line, as_of),
        to_do=line.to_do,
        missing="；".join(line.missing),
    )
