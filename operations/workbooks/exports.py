"""Workbooks out: made from what is stored, signed, and written."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from sqlmodel import Session

from documents.writing.saving import write
from operations.cases.desk import Desk
from operations.workbooks import (
    acceptance,
    application,
    contacts,
    inspection,
    ledger,
    listings,
    opinions,
    report,
    summary,
)
from operations.workbooks.outgoing import OutgoingWorkbook, WorkbookOrder
from policy.vocabulary import Form, Listing

MAKERS: Mapping[
    Form | Listing, Callable[[Session, Desk, WorkbookOrder, date], OutgoingWorkbook]
] = {
    Form.APPLICATION: application.make,
    Form.SUMMARY: summary.make,
    Form.CONTACTS: contacts.make,
    Form.REPORT: report.make,
    Form.LEDGER: ledger.make,
    Form.OPINIONS: opinions.make,
    Form.ACCEPTANCE: acceptance.make,
    Form.INSPECTION: inspection.make,
    Listing.PROJECTS: listings.make_projects,
    Listing.OVERDUE: listings.make_overdue,
    Listing.FUNDS: listings.make_funds,
}


def export_workbook(desk: Desk, request: WorkbookOrder, path: Path, today: date) -> Path:
    """Write the workbook to `path`, or into that folder, and say where it is.

    RefusedError when the request names no subject of the plan, UnavailableError when the file
    cannot be written.
    """
    with desk.reading() as session:
        made = MAKERS[request.kind](session, desk, request, today)
    target = path / made.name if path.is_dir() else path
    write(target, made.content)
    return target
