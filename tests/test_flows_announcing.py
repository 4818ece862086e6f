"""What is to be emitted as events: everything that was recorded, once, in order, with no secret."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from models.claims import MOST_ATTEMPTS
from models.database import writing
from models.events import DEAD, IMPORTED, REFUSED_DAY
from operations.cases.acknowledgement import Acknowledgement, acknowledge
from operations.cases.desk import Desk
from operations.daily.announcing import NAMES, Announcement, mark, pending
from operations.daily.confirmation import Confirmation
from operations.daily.enforcement import enforce, enforce_in_earnest
from operations.upkeep.rebuilding import Repairer, repair
from operations.upkeep.rehearsal import rehearse
from operations.upkeep.rewind import Rewind, rewind
from operations.upkeep.rules import Approval, adopt
from operations.upkeep.scenario import Scenario
from operations.views.outbox import retry
from operations.workbooks.intake import import_workbook
from policy.load import meaning
from policy.vocabulary import AuditKind, EntryKind, Holder, Origin, Source
from states.contacts import Post
from tests.conftest import AT, DeskIn
from tests.support.delivering import CANARY, DOWN, OWING, PROVINCE, TAIYUAN, at, know, send
from tests.support.oracle import EXAMPLE
from tests.support.province import END, morning
from tests.support.steps import ONE, act, change_day, money, put_off, report, stored, undo, walk
from tests.support.steps import TAIYUAN as CITY
from tests.support.stores import Snapshot
from tests.support.tape import Tape

pytestmark = pytest.mark.heavy

ALL = 100_000
WORKBOOK = EXAMPLE / "workbooks" / "01-太原市.xlsx"
LATE = date(2023, 6, 1)


def do_all(desk: Desk) -> None:
    """One of each kind of row, by the operations that write it."""
    right = date(2023, 1, 17)
    enforce(desk, right, AT)
    enforce_in_earnest(desk, LATE, AT, Confirmation("山西省民政厅 示例·甲", "示例原因"))
    rewind(desk, Rewind(right, "山西省民政厅 示例·甲", "示例更正单"), today=LATE, at=AT)
    walk(desk, "operator_confirmed")
    money(desk, EntryKind.RECEIPT, Source.PROVINCE, Holder.CITY, "100000.00", "2023-05-04")
    undo(desk, stored(desk).lines[-1].audit_id)
    put_off(desk, "D08", "2023-06-30")
    act(desk, "break_ground", "2023-05-10")
    act(desk, "community_need", "2023-05-11")
    change_day(desk, "work_started", "2023-05-12")
    report(desk, "2023-05", 5)
    said = Acknowledgement(ONE, "D14", date(2023, 7, 1), LATE, "山西省民政厅 示例·甲", "示例原因")
    with writing(desk.engine) as session:
        acknowledge(session, desk, said, today=END, at=AT)
    enforce(desk, LATE, morning(LATE))
    changed = desk.plan.model_copy(update={"name": "示例名称"})
    later = Desk(
        desk.settings,
        changed.model_copy(update={"digest": meaning(changed)}),
        desk.calendar,
        desk.engine,
    )
    adopt(later, Approval("山西省民政厅 示例·甲", "示例文件"), LATE, morning(LATE))
    back = Desk(desk.settings, desk.plan, desk.calendar, desk.engine)
    adopt(back, Approval("山西省民政厅 示例·甲", "示例文件"), LATE, morning(LATE))
    with desk.engine.begin() as connection:
        connection.execute(text("UPDATE deadline SET fired = 9 WHERE rule = 'D14'"))
    repair(back, Repairer(LATE, "山西省民政厅 示例·甲", "示例原因"), at=AT)


EVERYTHING = Snapshot("everything", do_all, CITY)


@pytest.fixture
def full(desk_in: DeskIn) -> Desk:
    """A desk whose trail has a row of every kind."""
    return desk_in(EVERYTHING)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    return desk_in(OWING)


def trail(desk: Desk) -> list[Any]:
    """The audit rows, by a query of our own."""
    with desk.engine.connect() as connection:
        query = "SELECT id, subject, kind, action, effective_on, actor, clause FROM audit"
        return list(connection.execute(text(f"{query} ORDER BY id")))


def of_rows(events: Sequence[Announcement]) -> list[Announcement]:
    return [event for event in events if event.audit_id is not None]


def drained(desk: Desk, limit: int) -> list[tuple[Announcement, ...]]:
    """All batches, each marked before the next."""
    batches = []
    while batch := pending(desk, limit):
        mark(desk, batch)
        batches.append(batch)
    return batches


# --- what becomes an event ------------------------------------------------------------------------


def test_every_kind_of_row_has_a_name_of_its_own() -> None:
    assert set(NAMES) == set(AuditKind)
    assert len(set(NAMES.values())) == len(AuditKind)


def test_the_page_on_events_names_them_all() -> None:
    page = (Path(__file__).parent.parent / "docs" / "reference" / "events.md").read_text("utf-8")
    listed = [line.split("`")[1] for line in page.splitlines() if line.startswith("| `xingfu.")]
    assert sorted(listed) == sorted(
        f"xingfu.{name}" for name in (*NAMES.values(), DEAD, IMPORTED, REFUSED_DAY)
    )


@pytest.mark.heavy
def test_every_row_is_told_once_and_in_its_order(full: Desk) -> None:
    rows = trail(full)
    assert {row.kind for row in rows} == {kind.value for kind in AuditKind}
    told = of_rows(pending(full, ALL))
    assert [event.payload["row"] for event in told] == [row.id for row in rows]
    assert [event.name for event in told] == [f"xingfu.{NAMES[AuditKind(r.kind)]}" for r in rows]
    said = [
        tuple(event.payload[name] for name in ("subject", "action", "on", "actor", "clause"))
        for event in told
    ]
    assert said == [(r.subject, r.action, str(r.effective_on), r.actor, r.clause) for r in rows]
    assert len({event.id for event in told}) == len(rows)


def test_a_transition_says_where_from_and_where_to(full: Desk) -> None:
    event = next(e for e in pending(full, ALL) if e.payload.get("action") == "determine")
    assert event.name == "xingfu.project.advanced"
    assert event.occurred == AT
    assert event.occurred.tzinfo == UTC
    name = stored(full).name
    assert event.resource == {
        "prefect.resource.id": f"xingfu.shanxi-2023.{ONE}",
        "prefect.resource.name": name,
        "xingfu.plan": "shanxi-2023",
        "xingfu.kind": "project",
        "xingfu.city": "太原市",
        "xingfu.county": "小店区",
    }
    roles = {each["prefect.resource.role"]: each["prefect.resource.id"] for each in event.related}
    assert roles == {"plan": "xingfu.shanxi-2023", "city": "xingfu.shanxi-2023.太原市"}
    rest = {name: value for name, value in event.payload.items() if name not in ("row", "clause")}
    assert rest == {
        "plan": "shanxi-2023",
        "subject": ONE,
        "kind": "办理",
        "action": "determine",
        "label": "研究确定",
        "from_stage": "review",
        "from_label": "评审",
        "to_stage": "funding",
        "to_label": "资金下达",
        "on": "2023-03-28",
        "actor": "山西省民政厅养老服务处",
        "evidence": "示例文件",
    }


def test_past_a_day_that_is_only_proposed_nobody_is_called_late(full: Desk) -> None:
    found = [e.payload for e in pending(full, ALL) if e.name == "xingfu.deadline.overdue"]
    said = {(each["kind"], full.deadlines[each["action"]].rule.origin) for each in found}
    assert said == {("逾期认定", Origin.NOTICE), ("超过建议时限", Origin.PROPOSAL)}


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("deadline.overdue", {"actor": "系统", "on": "2023-06-01"}),
        ("deadline.extended", {"action": "D08", "until": "2023-06-30"}),
        ("deadline.acknowledged", {"action": "D14", "expected": "2023-07-01"}),
        ("ledger.booked", {"action": "receipt", "label": "到账"}),
        ("progress.reported", {"action": "2023-05"}),
        ("project.imported", {"label": "导入", "evidence": "01-太原市.xlsx（无标识）"}),
        ("record.reversed", {"kind": "更正", "evidence": "示例更正单"}),
        ("milestone.amended", {"action": "work_started", "on": "2023-05-12"}),
        ("evidence.recorded", {"action": "community_need"}),
    ],
)
def test_each_kind_says_what_it_is_about(full: Desk, name: str, wanted: dict[str, str]) -> None:
    found = [event.payload for event in pending(full, ALL) if event.name == f"xingfu.{name}"]
    assert found
    for payload in found:
        assert {key: payload.get(key) for key in wanted} == wanted
        assert payload["label"]
        assert "from_stage" not in payload or name in ("record.reversed", "project.advanced")


def test_lateness_says_what_was_due_and_a_correction_what_it_corrects(full: Desk) -> None:
    events = pending(full, ALL)
    late = [e.payload for e in events if e.name == "xingfu.deadline.overdue"]
    assert len(late) == sum(row.kind == "overdue" for row in trail(full)) > 10
    titles = {id: deadline.rule.title for id, deadline in full.deadlines.items()}
    for payload in late:
        assert payload["label"] == titles[payload["action"]]
        assert payload["overdue_after"] < payload["on"]
    booked = next(e.payload["row"] for e in events if e.name == "xingfu.ledger.booked")
    undone = [e.payload["reverses"] for e in events if e.name == "xingfu.record.reversed"]
    assert undone.count(booked) == 1
    assert {*undone} - {booked} < {payload["row"] for payload in late}


def test_the_city_and_the_province_are_resources_too(full: Desk) -> None:
    late = [e for e in pending(full, ALL) if e.name == "xingfu.deadline.overdue"]
    city = next(e for e in late if e.resource["xingfu.kind"] == "city")
    assert city.resource["prefect.resource.id"] == f"xingfu.shanxi-2023.{city.payload['subject']}"
    assert [each["prefect.resource.role"] for each in city.related] == ["plan"]
    province = next(e for e in late if e.resource["xingfu.kind"] == "province")
    assert "" not in province.resource.values()
    assert "xingfu.city" not in province.resource


def test_everything_can_be_written_as_json(full: Desk) -> None:
    for event in pending(full, ALL):
        said = [dict(event.resource), [dict(each) for each in event.related], dict(event.payload)]
        assert json.loads(json.dumps(said)) == said


def test_a_very_long_text_is_cut(sqlite_desk: Desk) -> None:
    import_workbook(sqlite_desk, WORKBOOK, today=END, at=AT)
    act(sqlite_desk, "community_need", "2023-02-11", evidence="长" * 3000)
    assert pending(sqlite_desk, ALL)[-2].payload["evidence"] == "长" * 2000 + "……"


# --- once -----------------------------------------------------------------------------------------


@pytest.mark.heavy
@pytest.mark.parametrize("limit", [1, 7, 10_000])
def test_batches_are_disjoint_and_complete(full: Desk, limit: int) -> None:
    whole = pending(full, ALL)
    batches = drained(full, limit)
    assert all(0 < len(batch) <= limit for batch in batches)
    assert [event.id for batch in batches for event in batch] == [event.id for event in whole]
    assert pending(full, limit) == ()


@pytest.mark.heavy
def test_what_has_no_row_comes_in_batches_too(owing: Desk) -> None:
    die(owing)
    whole = pending(owing, ALL)
    batches = drained(owing, 50)
    assert {len(batch) for batch in batches[:-1]} == {50}
    assert [event.id for batch in batches for event in batch] == [event.id for event in whole]
    assert len(of_rows(whole)) < len(whole) - 50


def test_what_is_not_marked_is_told_again_the_same(full: Desk) -> None:
    assert pending(full, 5) == pending(full, 5)
    mark(full, pending(full, 3))
    assert [event.payload["row"] for event in pending(full, 2)] == [4, 5]


def test_marking_late_or_twice_takes_nothing_back(full: Desk) -> None:
    """Two emitters at once: the slower one must not let rows be told again, or skip any."""
    slow, fast = pending(full, 3), pending(full, 5)
    mark(full, fast)
    left = pending(full, ALL)
    mark(full, slow)
    mark(full, fast)
    mark(full, ())
    assert pending(full, ALL) == left


def test_what_is_recorded_meanwhile_is_not_marked(full: Desk) -> None:
    batch = pending(full, ALL)
    act(full, "D10-03", "2023-03-24", "太原市")
    mark(full, batch)
    [event] = pending(full, ALL)
    assert (event.name, event.payload["action"]) == ("xingfu.milestone.recorded", "D10-03")


def test_what_is_refused_or_rolled_back_is_not_told(desk: Desk) -> None:
    import_workbook(desk, WORKBOOK, today=END, at=AT, dry_run=True)
    with pytest.raises(RefusedError):
        act(desk, "community_need", "2023-02-11")
    assert pending(desk, ALL) == ()


def test_a_row_that_took_a_number_again_is_another_event(sqlite_desk: Desk) -> None:
    """As after a backup was put back: the same number, and something else was recorded."""
    file = sqlite_desk.settings.home / "xingfu.db"
    sqlite_desk.engine.dispose()
    backup = file.read_bytes()
    found = []
    for evidence in ("示例甲", "示例乙", "示例甲"):
        act(sqlite_desk, "D10-03", "2023-03-24", "太原市", evidence)
        [event] = pending(sqlite_desk, ALL)
        found.append((event.audit_id, event.id))
        sqlite_desk.engine.dispose()
        for part in file.parent.glob("xingfu.db*"):
            part.unlink()
        file.write_bytes(backup)
    first, second, third = found
    assert first == third
    assert (first[0] == second[0], first[1] == second[1]) == (True, False)


def test_another_plans_rows_are_not_ours(full: Desk) -> None:
    drained(full, ALL)
    with full.engine.begin() as connection:
        values = {"at": "2023-01-16 01:00:00"}
        for statement in (
            "INSERT INTO plan (id, digest, installed_at, head, emitted)"
            " VALUES ('other', '', :at, '', 0)",
            "INSERT INTO subject (plan, code, kind, name, city, county)"
            " VALUES ('other', 's', 'city', 's', 's', '')",
            "INSERT INTO audit (plan, subject, kind, action, actor, effective_on, recorded_at,"
            " clause, evidence, detail, previous, hash) VALUES ('other', 's', 'record', 'x', 'x',"
            " '2023-01-16', :at, '', '', '{}', '', 'x')",
            "INSERT INTO event VALUES ('5a1ab0ab-1dd3-4f5e-9df5-3a1f5a1ab0ab', 'other',"
            " 'message.dead', 's', :at, '{}')",
        ):
            connection.execute(text(statement), values)
    assert pending(full, ALL) == ()
    with full.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM event")).scalar_one() == 1


@pytest.mark.heavy
def test_a_rehearsal_tells_nothing(full: Desk) -> None:
    drained(full, ALL)
    day = date(2023, 2, 21)
    seen = rehearse(full, day, day, Scenario())
    assert seen.sends
    assert pending(full, ALL) == ()


# --- imports --------------------------------------------------------------------------------------


def test_an_import_is_one_event_whatever_it_changes(desk: Desk) -> None:
    import_workbook(desk, WORKBOOK, today=END, at=AT)
    drained(desk, ALL)
    import_workbook(desk, WORKBOOK, today=END, at=AT)
    [event] = pending(desk, ALL)
    assert (event.name, event.occurred) == ("xingfu.workbook.imported", AT)
    assert event.resource["prefect.resource.id"] == "xingfu.shanxi-2023.太原市"
    assert event.payload == {
        "plan": "shanxi-2023",
        "subject": "太原市",
        "file": "01-太原市.xlsx",
        "form": "summary",
        "form_label": "项目汇总表（附件3）",
        "signed": False,
        "period": "",
        "added": 0,
        "changed": 0,
        "unchanged": 10,
    }


def test_an_import_tells_what_it_added_beside_the_rows(desk: Desk) -> None:
    import_workbook(desk, WORKBOOK, today=END, at=AT)
    events = pending(desk, ALL)
    names = Counter(event.name for event in events)
    assert names["xingfu.workbook.imported"] == 1
    assert names["xingfu.project.imported"] == 10
    assert events[-1].payload["added"] == 10


def test_a_returned_workbook_is_no_import(desk: Desk, tmp_path: Path) -> None:
    spoilt = tmp_path / "坏.xlsx"
    spoilt.write_bytes(WORKBOOK.read_bytes()[:-4000])
    with pytest.raises(RefusedError):
        import_workbook(desk, spoilt, today=END, at=AT)
    assert pending(desk, ALL) == ()


# --- dead letters ---------------------------------------------------------------------------------


def die(desk: Desk) -> None:
    """Let all be tried in vain, and then for the last time."""
    fail(desk, MOST_ATTEMPTS - 1)
    send(desk, Tape(DOWN), at(), insist=True)


def fail(desk: Desk, attempts: int) -> None:
    """Leave everything as it is after so many failures."""
    send(desk, Tape(DOWN), at(), insist=True)
    with desk.engine.begin() as connection:
        statement = "UPDATE delivery SET attempts = :count WHERE status = 'pending'"
        connection.execute(text(statement), {"count": attempts})


def dead(desk: Desk) -> list[Announcement]:
    return [event for event in pending(desk, ALL) if event.name == "xingfu.message.dead"]


@pytest.mark.heavy
def test_a_dead_letter_is_told_with_its_office_and_nobodys_address(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "张某", phone="13800000000", channels=(f"mailto://u:{CANARY}@x",)))
    die(owing)
    told = dead(owing)
    with owing.engine.connect() as connection:
        query = "SELECT outbox_id, recipient, outbox.subject FROM delivery JOIN outbox"
        rows = connection.execute(text(f"{query} ON outbox.id = outbox_id")).all()
    assert Counter(e.payload["message"] for e in told) == Counter(row[0] for row in rows)
    offices = {row[0]: tuple(row) for row in rows}
    for event in told:
        payload = event.payload
        assert offices[payload["message"]][1:] == (payload["office"], payload["subject"])
        assert event.resource["prefect.resource.id"].endswith(payload["subject"])
        assert (payload["attempts"], event.occurred) == (MOST_ATTEMPTS, at())
    said = json.dumps([[dict(e.resource), dict(e.payload)] for e in told], ensure_ascii=False)
    for secret in ("张某", "13800000000", CANARY, "mailto", "信道已断"):
        assert secret not in said
    assert {TAIYUAN, PROVINCE} < {event.payload["office"] for event in told}


@pytest.mark.heavy
def test_a_letter_that_dies_again_is_another_event(owing: Desk) -> None:
    die(owing)
    first = dead(owing)
    assert retry(owing) == len(first)
    assert dead(owing) == first, "a retry takes back nothing that has happened"
    drained(owing, ALL)
    assert dead(owing) == []
    die(owing)
    again = dead(owing)
    assert Counter(e.payload["message"] for e in again) == Counter(
        e.payload["message"] for e in first
    )
    assert not {e.id for e in again} & {e.id for e in first}


@pytest.mark.heavy
def test_a_letter_that_dies_twice_before_it_is_told_is_told_twice(owing: Desk) -> None:
    die(owing)
    once = len(dead(owing))
    retry(owing)
    die(owing)
    assert len(dead(owing)) == len({event.id for event in dead(owing)}) == 2 * once > 0


@pytest.mark.heavy
def test_what_only_failed_or_rests_is_not_dead(owing: Desk) -> None:
    fail(owing, MOST_ATTEMPTS - 2)
    send(owing, Tape(DOWN), at(), insist=True)
    assert dead(owing) == []
