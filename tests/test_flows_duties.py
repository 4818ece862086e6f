"""What the year's duties make is made once, when it is due, and kept for ever as it was made."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from common.errors import PolicyError, RefusedError, UnavailableError, XingfuError
from models.database import reading
from operations.cases.desk import Desk
from operations.duties import month_ends, year
from operations.duties.products import (
    Job,
    JobOccasion,
    KeptProduct,
    ProductFile,
    due,
    kept,
    lay_out,
    make,
    occasion,
    published,
    unpublished,
)
from policy.vocabulary import Product
from tests.conftest import AT
from tests.support.yearly import make_due

JUNE = date(2023, 6, 30)
DAYS = (date(2023, 6, 5), date(2023, 6, 12), date(2023, 6, 19))


@dataclass(frozen=True)
class Note:
    """A product of these tests."""

    words: str
    amount: Decimal
    days: tuple[date, ...]


def _occasions(desk: Desk) -> Iterator[JobOccasion]:
    for day in DAYS:
        yield JobOccasion(day.isoformat(), desk.plan.province, day)


def _note(session: Session, desk: Desk, asked: JobOccasion) -> Note:
    return Note(f"{desk.plan.name}", Decimal("0.10"), (asked.on,))


def _files(desk: Desk, made: KeptProduct[Note]) -> Iterator[ProductFile]:
    yield ProductFile(f"{made.occasion.period}.txt", made.content.words.encode())


JOB = Job(Product.RISKS, Note, _occasions, _note, _files)


def test_what_is_due_is_made_once_and_missed_days_are_made_up_for(desk: Desk) -> None:
    assert make_due(desk, JOB, DAYS[0] - timedelta(days=1), AT) == ()
    (first,) = make_due(desk, JOB, DAYS[0], AT)
    assert first.content == Note(desk.plan.name, Decimal("0.10"), (DAYS[0],))
    later = make_due(desk, JOB, date(2024, 1, 5), AT)
    assert [made.occasion.on for made in later] == [*DAYS[1:]]
    assert make_due(desk, JOB, date(2024, 1, 5), AT) == ()


def test_of_some_only_the_latest_is_made_up_for(desk: Desk) -> None:
    job = replace(JOB, only_latest=True)
    assert [item.on for item in due(desk, job, DAYS[1])] == [DAYS[1]]
    make_due(desk, job, DAYS[2], AT)
    assert due(desk, job, date(2024, 1, 5)) == ()


def test_what_plans_days_to_come_is_made_as_of_today_while_days_are_left(desk: Desk) -> None:
    """Planned late, nothing falls on days that have passed; planned too late, it is not due."""
    last = date(2023, 6, 30)
    job = replace(
        JOB, occasions=lambda desk: [JobOccasion("2023", desk.plan.province, DAYS[0], last)]
    )
    for day, wanted in (
        (DAYS[0], [DAYS[0]]),
        (DAYS[1], [DAYS[1]]),
        (last, []),
        (DAYS[2], [DAYS[2]]),
    ):
        assert [item.on for item in due(desk, job, day)] == wanted
    assert occasion(desk, job, None, desk.plan.province, DAYS[1]).on == DAYS[1]
    (made,) = make_due(desk, job, DAYS[1], AT)
    assert made.occasion.on == DAYS[1]
    assert due(desk, job, DAYS[2]) == (), "it was made"


def test_made_again_it_is_what_was_kept_unless_it_is_wanted_anew(desk: Desk) -> None:
    asked = occasion(desk, JOB, "2023-06-05", desk.plan.province, JUNE)
    first = make(desk, JOB, asked, AT)
    changed = replace(JOB, make=lambda session, desk, asked: Note("别的", Decimal(1), ()))
    assert make(desk, changed, asked, AT) == first
    second = make(desk, changed, asked, AT, anew=True)
    assert (second.version, second.content.words) == (2, "别的")
    with reading(desk.engine) as session:
        assert kept(session, desk, JOB, "2023-06-05", desk.plan.province) == second
    places = [lay_out(desk, JOB, made)[0].parent.name for made in (first, second)]
    assert places == ["2023-06-05", "2023-06-05 第2版"]


def test_nobody_can_change_or_remove_a_product(desk: Desk) -> None:
    make_due(desk, JOB, DAYS[0], AT)
    for statement in ("UPDATE product SET content = '{}'", "DELETE FROM product"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            desk.engine.begin() as connection,
        ):
            connection.execute(text(statement))


def test_what_is_asked_for_is_refused_plainly(desk: Desk) -> None:
    province = desk.plan.province
    for period, as_of, words in (
        ("2023-06-06", JUNE, "没有“2023-06-06”的风险清单，可选：2023-06-05"),
        ("2023-06-19", DAYS[0], "于2023-06-19编制，尚未到时间"),
        (None, date(2023, 6, 1), "最早于2023-06-05编制"),
    ):
        with pytest.raises(RefusedError, match=words):
            occasion(desk, JOB, period, province, as_of)
    with pytest.raises(RefusedError, match="没有这一事项"):
        occasion(desk, JOB, None, "太原市", JUNE)
    assert occasion(desk, JOB, None, province, DAYS[1]).on == DAYS[1]


@pytest.mark.heavy
def test_two_that_make_the_same_at_once_make_one(desk: Desk) -> None:
    with ThreadPoolExecutor(4) as crowd:
        done = list(crowd.map(lambda _: make_due(desk, month_ends.MONTH_ENDS, JUNE, AT), range(4)))
    made = {(item.occasion.period, item.version) for some in done for item in some}
    assert made == {(f"2023-{month:02d}", 1) for month in range(1, 7)}


@pytest.mark.parametrize("error", [RefusedError, PolicyError])
def test_one_that_cannot_be_made_does_not_stop_the_others(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, error: type[XingfuError]
) -> None:
    """Nor does a year without a calendar, or a version of the plan that cannot be read any more."""

    def refuse_first(session: Session, desk: Desk, asked: JobOccasion) -> Note:
        if asked.on == DAYS[0]:
            raise error("缺少资料")
        return _note(session, desk, asked)

    needing = replace(JOB, make=refuse_first, needs=(Product.SNAPSHOT,))
    monkeypatch.setattr(year, "JOBS", (month_ends.MONTH_ENDS, needing))
    found = list(year.fulfil(desk, [Product.RISKS], JUNE, AT))
    kinds = [job.kind for job, _ in found]
    assert kinds == [Product.SNAPSHOT] * 6 + [Product.RISKS] * 3, "what it needs comes first"
    refused = [made for _, made in found if isinstance(made, RefusedError)]
    assert list(map(str, refused)) == ["缺少资料"]
    assert [item.on for item in due(desk, needing, JUNE)] == [DAYS[0]], "it stays due"


def test_files_are_laid_out_once_and_what_somebody_changed_stays(desk: Desk) -> None:
    (made,) = make_due(desk, JOB, DAYS[0], AT)
    (path,) = lay_out(desk, JOB, made)
    assert path.relative_to(desk.settings.outgoing).parts[:3] == (
        "duties",
        desk.plan.id,
        "2023-06-05",
    )
    path.write_text("改过的", encoding="utf-8")
    lay_out(desk, JOB, made)
    assert path.read_text(encoding="utf-8") == "改过的"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_crowd_that_lays_the_same_out_at_once_writes_it(desk: Desk) -> None:
    big = replace(
        JOB, files=lambda desk, made: [ProductFile(f"{n}.txt", b"x" * 99999) for n in range(20)]
    )
    (made,) = make_due(desk, JOB, DAYS[0], AT)
    with ThreadPoolExecutor(8) as crowd:
        written = list(crowd.map(lambda _: lay_out(desk, big, made), range(16)))
    assert {path.stat().st_size for paths in written for path in paths} == {99999}
    assert len(list(written[0][0].parent.iterdir())) == 20


def test_making_lets_others_write_meanwhile(desk: Desk) -> None:
    """A solver may take half a minute."""

    def slowly(session: Session, inner: Desk, asked: JobOccasion) -> Note:
        make_due(inner, month_ends.MONTH_ENDS, date(2023, 1, 31), AT)
        return _note(session, inner, asked)

    assert len(make_due(desk, replace(JOB, make=slowly), DAYS[0], AT)) == 1


def test_what_was_made_and_not_published_is_published_by_a_later_run(desk: Desk) -> None:
    first, second = make_due(desk, JOB, DAYS[1], AT)
    assert list(unpublished(desk, JOB)) == [first, second]
    published(desk, JOB, first)
    assert list(unpublished(desk, JOB)) == [second]
    published(desk, JOB, second)
    assert list(unpublished(desk, JOB)) == []


def test_trouble_with_the_folder_is_told_and_loses_nothing(desk: Desk) -> None:
    (made,) = make_due(desk, JOB, DAYS[0], AT)
    desk.settings.outgoing.mkdir(parents=True, exist_ok=True)
    (desk.settings.outgoing / "duties").write_bytes(b"")
    with pytest.raises(UnavailableError, match="无法建立文件夹"):
        lay_out(desk, JOB, made)
    assert list(unpublished(desk, JOB)) == [made]
