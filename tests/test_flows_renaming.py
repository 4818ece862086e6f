"""A city, a county and offices go by another name from a day on, and all that is theirs goes along.

Held against a twin that keeps the names: said under the new ones, both are the same, row by row.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from common import clock
from common.errors import RefusedError
from models.database import reading, writing
from models.projects import find_subject
from models.rows import insert_missing
from models.tables import OfficeRow
from operations.cases.casework import Act
from operations.cases.casework import record as record_act
from operations.cases.corrections import Reversal, reverse
from operations.cases.desk import Desk, inbox_of
from operations.cases.extensions import Extension, extend
from operations.daily.enforcement import enforce_in_earnest, finish
from operations.duties.month_ends import MONTH_ENDS, snapshots, taken
from operations.duties.products import JobOccasion, make
from operations.upkeep.rebuilding import compare
from operations.upkeep.rules import Approval, PlanChange, adopt, change_lines, foresee
from operations.upkeep.scenario import happen
from operations.upkeep.setup import check_trail
from operations.views.explain import explain
from operations.views.project_record import project_record
from operations.views.scenes import scene
from operations.views.snapshots import snapshot
from operations.workbooks.inbox import read_inbox
from tests.conftest import POSTGRESQL, DeskIn
from tests.support.province import by_day, days, morning, on_paper
from tests.support.tape import Tape
from tests.test_flows_rewind import JUNE, TAIYUAN, office, ours, send, twin_of
from tests.test_flows_rules import reads

pytestmark = pytest.mark.heavy
TODAY, ON = date(2023, 6, 1), datetime(2023, 6, 1, 7, 0, tzinfo=UTC)
BY = Approval("山西省民政厅", "晋民函〔2023〕99号（示例）")
OLD, NEW, OLD_COUNTY, NEW_COUNTY = "太原市", "并州市", "小店区", "晋阳区"
ON_BOTH = pytest.mark.parametrize(
    "server", ["sqlite", pytest.param("postgresql", marks=POSTGRESQL)], indirect=True
)
UNLIKE = ("audit", "plan", "plan_version", "sweep", "event", "enforced", "alembic_version")
"""What tells of the change itself."""


def renamed(desk: Desk) -> Desk:
    city = desk.plan.cities[0]
    assert (city.name, city.counties[0].name) == (OLD, OLD_COUNTY)
    return reads(desk, {"cities.0.name": NEW, "cities.0.counties.0.name": NEW_COUNTY})


def same_rules(desk: Desk) -> Desk:
    """Installed anew as well, so that ladders begin again."""
    return reads(desk, {"office_hours.reading": "示例"})


def said_anew(words: str) -> str:
    """But for what a city wrote into its forms."""
    anew = words.replace(OLD, NEW).replace(OLD_COUNTY, NEW_COUNTY)
    return anew.replace(f"{NEW}人民政府", f"{OLD}人民政府")


def every_row(desk: Desk, told: Callable[[str], str] = str) -> dict[str, list[list[str]]]:
    """Every row of every table that does not tell of the change, as text.

    But for the digests of messages and the codes made of them, which cover the names.
    """
    with desk.engine.connect() as connection:
        return {
            name: sorted(
                [told(plain(value)) for column, value in row.items() if column not in covering]
                for row in connection.execute(text(f'SELECT * FROM "{name}"')).mappings()  # noqa: S608
                if not row.get("renamed_to")
            )
            for name in inspect(connection).get_table_names()
            if name not in UNLIKE
            for covering in (("digest", "code") if name == "asked_item" else ("digest",),)
        }


def plain(value: Any) -> str:
    """A value as text; what JSON has escaped is read."""
    is_json = isinstance(value, str) and value[:1] in ("[", "{")
    return repr(json.loads(value) if is_json else value)


def same(desk: Desk, twin: Desk) -> None:
    ours, theirs = every_row(desk), every_row(twin, said_anew)
    for name, rows in theirs.items():
        assert ours[name] == sorted(rows), name


def go_on(desk: Desk, until: date, told: Callable[[str], str], tape: Tape) -> None:
    """Every day as it would run, then what offices record on it."""
    events = by_day()
    for day in days(TODAY + timedelta(days=1), until):
        enforce_in_earnest(desk, day, morning(day))
        send(desk, day, tape)
        finish(desk, day, office(day))
        found = [event for event in events.get(day, []) if ours(event.subject, TAIYUAN)]
        with writing(desk.engine) as session:
            for event in found:
                event = on_paper(event)
                event = replace(event, subject=told(event.subject), actor=told(event.actor))
                happen(session, desk, event, today=day, at=office(day) + timedelta(hours=3))


@pytest.fixture
def june(desk_in: DeskIn) -> Desk:
    return desk_in(JUNE)


@pytest.fixture
def pair(june: Desk, tmp_path: Path) -> Iterator[tuple[Desk, Desk]]:
    """A desk whose city has been renamed, and its twin."""
    with twin_of(june, tmp_path / "twin") as twin:
        after, still = renamed(june), same_rules(twin)
        adopt(after, BY, TODAY, ON)
        adopt(still, BY, TODAY, ON)
        yield after, still


def test_it_is_shown_as_a_change_of_names_alone(june: Desk) -> None:
    change: PlanChange | None = foresee(renamed(june), TODAY, ON)
    assert change is not None
    assert (change.shifts, change.gained, change.lost, change.legal) == ((), (), (), False)
    assert change.renamed[:2] == (f"{OLD} → {NEW}", f"{OLD}{OLD_COUNTY} → {NEW}{NEW_COUNTY}")
    assert f"{OLD}{OLD_COUNTY}民政局 → {NEW}{NEW_COUNTY}民政局" in change.renamed
    still = foresee(same_rules(june), TODAY, ON)
    assert still is not None
    assert change.reminders.keys() == still.reminders.keys() == set(), "nobody is told anew"
    told = "\n".join(change_lines(renamed(june), change))
    assert "更名的（" in told
    assert f"{OLD} → {NEW}" in told


def test_all_goes_on_as_that_of_a_twin_that_keeps_its_name(pair: tuple[Desk, Desk]) -> None:
    after, twin = pair
    same(after, twin)
    one, other = Tape(), Tape()
    go_on(after, date(2023, 6, 9), said_anew, one)
    go_on(twin, date(2023, 6, 9), str, other)
    same(after, twin)
    assert len(one.sent) == len(other.sent) > 0
    assert check_trail(after).breaks == ()


def test_the_trail_and_days_that_lie_behind_go_by_the_new_name(pair: tuple[Desk, Desk]) -> None:
    after, twin = pair
    for known in (False, True):
        with after.reading() as ours, twin.reading() as theirs:
            now = scene(ours, after, date(2023, 5, 20), known=known)
            then = scene(theirs, twin, date(2023, 5, 20), known=known)
        assert [str(p) for p in now.projects] == [said_anew(str(p)) for p in then.projects]
        assert now.facts == {said_anew(code): facts for code, facts in then.facts.items()}
        assert [(d.subject.code, d.rule, d.standing) for d in now.deadlines] == sorted(
            ((said_anew(d.subject.code), d.rule, d.standing) for d in then.deadlines),
            key=lambda item: [(d.subject.code, d.rule) for d in now.deadlines].index(item[:2]),
        )
    with after.reading() as ours, twin.reading() as theirs:
        may = date(2023, 5, 31)
        shot, other = snapshot(ours, after, "2023-05", may), snapshot(theirs, twin, "2023-05", may)
    assert shot.projects
    assert repr(shot.projects) == said_anew(repr(other.projects))
    assert {(d.city, d.rule, d.standing) for d in shot.deadlines} == {
        (said_anew(d.city), d.rule, d.standing) for d in other.deadlines
    }
    early = [d for d in explain(after, NEW, None, TODAY).deadlines if d.rule.startswith("D10")]
    assert early


def test_month_ends_that_were_kept_count_under_the_new_name(june: Desk) -> None:
    """Curves, bulletins and a quarter's scores are made of them: none forgets the city's months."""
    may = JobOccasion("2023-05", june.plan.province, date(2023, 5, 31))
    make(june, MONTH_ENDS, may, morning(TODAY))
    after = renamed(june)
    adopt(after, BY, TODAY, ON)
    with after.reading() as session:
        (kept,) = snapshots(session, after, "2023-05")
        assert kept == taken(session, after, "2023-05")
        anew = snapshot(session, after, "2023-05", may.on)
    assert kept.of_city(NEW).projects == anew.of_city(NEW).projects != ()
    assert {(it.subject, it.rule) for it in kept.deadlines} == {
        (it.subject, it.rule) for it in anew.deadlines
    }


@ON_BOTH
def test_what_was_recorded_before_is_taken_back_after(june: Desk) -> None:
    """An extension and a report of the city, under its former name."""
    reported = "SELECT \"on\" FROM fact WHERE subject = :at AND name = 'D10-04'"
    before = query(june, reported, OLD)
    with writing(june.engine) as session:
        asked = Extension(
            OLD, "D10-06", date(2023, 7, 20), TODAY, "山西省民政厅", "晋民函〔2023〕1号"
        )
        extend(session, june, asked, today=TODAY, at=ON)
        record_act(
            session, june, Act(OLD, "D10-04", TODAY, "太原市民政局", "报送"), today=TODAY, at=ON
        )
    rows = query(june, "SELECT id FROM audit WHERE subject = :at ORDER BY id DESC LIMIT 2", OLD)
    assert query(june, reported, OLD) != before
    after = renamed(june)
    adopt(after, BY, TODAY, ON)
    for (id,) in rows:
        with after.writing() as session:
            wrong = Reversal(id, TODAY, "山西省民政厅", "示例更正单")
            assert reverse(session, after, wrong, today=TODAY, at=ON)[0] == NEW
    (row,) = query(
        after,
        "SELECT extended_to, overdue_after FROM deadline WHERE subject = :at AND rule = 'D10-06'",
        NEW,
    )
    assert row[0] is None
    assert query(after, reported, NEW) == before
    found = compare(after)
    assert (found.differences, found.unknown) == ((), {})


def test_the_tables_are_rebuilt_across_the_change(pair: tuple[Desk, Desk]) -> None:
    after, _ = pair
    go_on(after, date(2023, 6, 5), said_anew, Tape())
    found = compare(after)
    assert (found.differences, found.unknown) == ((), {})
    only = compare(after, [NEW])
    assert only.rows > len(query(after, "SELECT 1 FROM audit WHERE subject = :at", NEW))
    assert (only.differences, only.unknown) == ((), {})


def test_a_former_name_is_answered_with_the_present_one(pair: tuple[Desk, Desk]) -> None:
    after, _ = pair
    with after.reading() as session, pytest.raises(RefusedError, match=f"已更名为“{NEW}”"):
        find_subject(session, after.plan, OLD)
    record = project_record(after, query(after, "SELECT min(code) FROM project", "")[0][0], TODAY)
    assert (record.city, record.county) == (NEW, NEW_COUNTY)


@ON_BOTH
def test_names_may_change_again_but_never_to_one_that_was(pair: tuple[Desk, Desk]) -> None:
    after, _ = pair
    again = reads(after, {"cities.0.name": "龙城市"})
    adopt(again, BY, TODAY, ON + timedelta(minutes=1))
    with again.reading() as session, pytest.raises(RefusedError, match="已更名为“龙城市”"):
        find_subject(session, again.plan, OLD)
    assert compare(again).differences == ()
    back = reads(again, {"cities.0.name": OLD})
    with pytest.raises(RefusedError, match="已有记录"):
        foresee(back, TODAY, ON)


@pytest.mark.parametrize(
    ("changes", "mend", "place"),
    [
        (
            {"cities.0.name": NEW, "cities.0.code": "149900"},
            {"cities.0.renamed_from": OLD},
            f"{OLD}{OLD_COUNTY}",
        ),
        (
            {"cities.0.counties.0.name": "新", "cities.0.counties.0.code": "140199"},
            {"cities.0.counties.0.renamed_from": OLD_COUNTY},
            OLD_COUNTY,
        ),
    ],
)
def test_a_place_that_vanishes_under_its_projects_is_refused(
    june: Desk, changes: dict[str, Any], mend: dict[str, Any], place: str
) -> None:
    after = reads(june, changes)
    change = foresee(after, TODAY, ON)
    assert change is not None
    assert any(place in told and "renamed_from" in told for told in change.obstacles)
    with pytest.raises(RefusedError, match="renamed_from"):
        adopt(after, BY, TODAY, ON)
    mended = foresee(reads(june, {**changes, **mend}), TODAY, ON)
    assert mended is not None
    assert mended.obstacles == ()


def test_a_city_without_projects_may_go_and_come_back(june: Desk) -> None:
    last = june.plan.cities[-1]
    without = reads(june, {"cities": june.plan.cities[:-1], "quota.goal": 89})
    adopt(without, BY, TODAY, ON)
    open_still = "SELECT 1 FROM deadline WHERE subject = :at AND next_look_on IS NOT NULL"
    assert not query(without, open_still, last.name)
    adopt(june, BY, TODAY, ON + timedelta(minutes=1))
    assert query(june, open_still, last.name)
    assert compare(june).differences == ()


def test_files_put_into_the_folder_of_the_former_name_are_read(pair: tuple[Desk, Desk]) -> None:
    after, _ = pair
    home = inbox_of(after)
    (home / OLD).mkdir(parents=True)
    (home / OLD / "说明.txt").write_text("示例", encoding="utf-8")
    late = clock.now() + timedelta(hours=2)
    first = read_inbox(after, today=TODAY, at=late)
    assert any(line.startswith(f"{NEW}/说明.txt") for line in first.returned)
    assert not (home / OLD).exists()
    (home / OLD).mkdir()
    (home / OLD / "再报.txt").write_text("另一示例", encoding="utf-8")
    again = read_inbox(after, today=TODAY, at=late)
    assert any(line.startswith(f"{NEW}/再报.txt") for line in again.returned)


def test_no_insert_passes_over_a_conflict_that_it_does_not_expect(june: Desk) -> None:
    """Another office of a name that is there: not dropped in silence."""
    row = {"plan": june.plan.id, "level": "county", "city": "阳泉市", "county": "新区"}
    with june.writing() as session:
        adding = insert_missing(OfficeRow)
        with pytest.raises(IntegrityError):
            session.execute(adding, [{**row, "name": "太原市民政局"}])


def query(desk: Desk, words: str, at: str) -> list[Any]:
    with reading(desk.engine) as session:
        return [
            tuple(row)
            for row in session.connection().execute(text(words), {"at": at} if at else {})
        ]
