"""Bulletins and feedback letters of a whole year: their figures, their keeping, their print.

Every figure is told again by `tests.support.ledger_of_trail`, from the raw rows of the audit trail.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from common.errors import RefusedError
from deployments.demo import EXAMPLE
from documents.papers.bulletin import bulletin
from documents.papers.feedback import feedback
from documents.writing.blocks import PaperBlock, PaperTable, PaperText
from models.database import reading, writing
from operations.cases.casework import Act, advance
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk
from operations.cases.progress import ProgressReport, report_progress
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.duties import month_ends, progress_letters
from operations.duties.products import all_kept, due, kept, lay_out
from operations.upkeep.setup import check_trail
from operations.views.snapshots import snapshot
from operations.workbooks.intake import import_workbook
from states.contacts import Post
from states.progress import Progress
from states.snapshot import month_end
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.bulletin_reader import PROOF, read_bulletin, without_proof
from tests.support.delivering import know
from tests.support.ledger_of_trail import (
    Trail,
    next_workday,
    plan,
)
from tests.support.province import END, by_day, morning, on_paper, record
from tests.support.stores import Snapshot, Stores
from tests.support.tape import Tape
from tests.support.yearly import YEAR, make_due

pytestmark = pytest.mark.heavy
PROVINCE, ACTOR = "山西省", "山西省民政厅养老服务处"
PROVINCE_BUREAU = "山西省民政厅"
MONTHS = tuple(f"2023-{month:02d}" for month in range(3, 13))
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
        events = [on_paper(item) for item in happens.get(day, []) if _ours(item.subject, day)]
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


def is_borne_out(trail: Trail, letter: PaperText, month: str) -> bool:
    """Whether a bulletin says all that it has to, and no other figure than the trail gives.

    AssertionError where a figure is another.
    """
    told, wanted = read_bulletin(trail, letter, month)
    return wanted <= told <= wanted | {"good", "reporting"}


@pytest.fixture(scope="module")
def trail(year: Desk) -> Trail:
    return Trail(year.engine)


@pytest.mark.parametrize("month", MONTHS)
def test_every_figure_of_every_bulletin_follows_from_the_audit_trail(
    year: Desk, trail: Trail, month: str
) -> None:
    assert is_borne_out(trail, bulletin_of(year, month), month)


@pytest.mark.parametrize("month", MONTHS)
def test_so_does_every_figure_where_cities_report_and_correct_themselves(
    desk_in: DeskIn, month: str
) -> None:
    """Drafted in time, while the trail is read at the year's end."""
    lived = desk_in(IN_TIME)
    assert is_borne_out(Trail(lived.engine), bulletin_of(lived, month), month)


def test_no_figure_can_be_changed_without_being_noticed(year: Desk, trail: Trail) -> None:
    """The reader itself is tried: each number of June's texts, and many of its tables."""
    letter = without_proof(bulletin_of(year, "2023-06"))
    assert is_borne_out(trail, letter, "2023-06")
    tried = 0
    for place, block in enumerate(letter.paragraphs):
        for other in _tampered(block):
            tried += 1
            blocks = (*letter.paragraphs[:place], other, *letter.paragraphs[place + 1 :])
            with pytest.raises(AssertionError):
                assert is_borne_out(trail, replace(letter, paragraphs=blocks), "2023-06")
    assert tried > 100


def _tampered(block: PaperBlock) -> Iterator[str | PaperTable]:
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
                again = job.make(session, lived, made.occasion)
                assert without_proof(again) == without_proof(made.content)


def proof_of(letter: PaperText) -> str:
    """What a bulletin says that the trail can be held against, without the words around it."""
    [said] = [words for words in letter.words if words.startswith(PROOF)]
    return said.removeprefix(PROOF).removesuffix("）")


def test_the_trail_can_be_held_against_every_bulletin(lived: Desk) -> None:
    with reading(lived.engine) as session:
        drafted = all_kept(session, lived, progress_letters.BULLETINS)
    proofs = [proof_of(made.content) for made in drafted]
    assert len(set(proofs)) > 1
    for proof in proofs:
        assert re.fullmatch(r"第(\d+)条，校验码 \1-[0-9A-F]{4}-[0-9A-F]{4}", proof)
        assert check_trail(lived, proof).breaks == ()


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
        proof = proof_of(made.content)
        signed = next_workday(made.occasion.on)
        again = bulletin(lived.plan, known, proof, signed)
        assert again == made.content, made.occasion.period
    for made in letters:
        known = late[: int(made.occasion.period[5]) * 3]
        again = feedback(lived.plan, CITY, known, next_workday(made.occasion.on))
        assert again == made.content, made.occasion.period


def test_a_snapshot_taken_late_is_the_one_taken_in_time(lived: Desk) -> None:
    with reading(lived.engine) as session:
        for made in all_kept(session, lived, month_ends.MONTH_ENDS):
            taken = snapshot(session, lived, made.occasion.period, made.occasion.on)
            assert taken == made.content, made.occasion.period


def test_whoever_is_reminded_of_a_bulletin_gets_its_draft(lived: Desk) -> None:
    know(lived, Post(PROVINCE_BUREAU, "示例·孙某"))
    day = date(2023, 7, 3)
    enforce(lived, day, morning(day))
    tape = Tape()
    deliver(lived, lambda: morning(day), lambda _: tape)
    told = {message.recipient: message for message in tape.sent}
    drafts = {
        office: [it.name for it in message.attachments if "通报" in it.name]
        for office, message in told.items()
    }
    owed = [f"2023年{month}月通报（草稿）.docx" for month in (3, 4, 5, 6)]  # none was issued
    assert {office: names for office, names in drafts.items() if names} == {PROVINCE_BUREAU: owed}
    assert "随附2023年6月通报（草稿），请审核后按程序签发" in told[PROVINCE_BUREAU].text


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
        assert item.content.title in words.replace("\n", "")


def test_without_the_months_snapshot_there_is_no_bulletin(desk_in: DeskIn) -> None:
    desk = desk_in(INSTALLED)
    with pytest.raises(RefusedError, match="2023-03的月末数据尚未形成"):
        make_due(desk, progress_letters.BULLETINS, END, AT)
    with pytest.raises(RefusedError, match="2023-06的月末数据尚未形成"):
        make_due(desk, progress_letters.FEEDBACKS, END, AT)
