"""A contacts workbook (通讯录) in."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlmodel import Session

from common.errors import RefusedError
from documents.forms.contacts import contacts_page, read_contacts
from documents.reading.identity import Identity
from documents.reading.table import TableRow
from documents.writing.columns import CONTACTS, plain
from operations.cases.desk import Desk
from operations.workbooks.addresses import checking
from operations.workbooks.directory import fingerprint, listed, take_posts
from operations.workbooks.incoming import Difference, IncomingWorkbook, WorkbookChanges
from operations.workbooks.outgoing import SPARE, OutgoingWorkbook, WorkbookOrder, signed
from policy.vocabulary import Form
from states.contacts import Post


def take(session: Session, desk: Desk, paper: IncomingWorkbook) -> WorkbookChanges:
    """Make the workbook's people the only ones of the offices that it names.

    WorkbookError with every fault. RefusedError when the contacts have changed since the workbook
    was made out: it would bring back who has left.
    """
    with checking(desk.settings) as fault_of:
        read = read_contacts(paper.book, desk.plan, fault_of)
    before = listed(session, desk)
    done = take_posts(session, desk, paper.book.file, tuple(post for _, post in read))
    if paper.identity and paper.identity.version != fingerprint(before) and done.changes:
        mend = f"请向{desk.plan.head_bureau}索取最新表格后填写"
        raise RefusedError(f"{paper.book.file}：本表发出后通讯录已有变动；{mend}")
    return WorkbookChanges(
        "",
        added=done.added,
        changed=done.changed,
        unchanged=done.unchanged,
        differences=tuple(_differences(read, {(post.office, post.name): post for post in before})),
        notes=[f"已移出{done.removed}人：所列单位的联系人以本表为准"] if done.removed else (),
    )


def make(session: Session, desk: Desk, request: WorkbookOrder, today: date) -> OutgoingWorkbook:
    """All contacts, their addresses masked."""
    known = listed(session, desk)
    about = Identity(desk.plan.id, Form.CONTACTS, desk.plan.province, version=fingerprint(known))
    found = () if request.empty else known
    return signed(
        desk,
        about,
        lambda footer: [contacts_page(found, footer=footer, spare=SPARE)],
        f"{desk.plan.province} 通讯录",
    )


def _differences(
    read: Sequence[tuple[TableRow, Post]], before: Mapping[tuple[str, str], Post]
) -> Iterator[Difference]:
    for row, post in read:
        old = before.get((post.office, post.name))
        for column in CONTACTS:
            was, now = _words(old, column.key), _words(post, column.key)
            if was != now and row.has(column.key):
                told = ("", "（不予显示）") if column.key == "channels" else (was, now)
                yield Difference(row.spot(column.key), post.office, plain(column.heading), *told)


def _words(post: Post | None, key: str) -> str:
    value = getattr(post, key) if post else None
    return "、".join(value) if isinstance(value, tuple) else str(value or "")
