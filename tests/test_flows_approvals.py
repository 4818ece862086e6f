"""What a decision records, without Prefect: a list that is agreed to or not, a letter's number."""

from dataclasses import replace
from datetime import date
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from common.errors import ConflictError, RefusedError
from common.fingerprint import fingerprint
from flows.pages.approvals import letter_page, list_page
from models.audits import examine, history, newest
from models.database import reading, writing
from models.tables import Audit
from operations.cases.desk import Desk
from operations.cases.determination import ProposedList, approve, decline, proposed
from operations.cases.review import Determination, propose
from operations.daily.enforcement import enforce
from operations.duties.papers import Paper, Signature, file_of, find_paper, lay_out, paper_number
from operations.duties.supervision import (
    LetterDraft,
    ReplyTerms,
    decided_on,
    draft_of,
    issue_letter,
)
from policy.vocabulary import AuditKind, Disposition
from tests.conftest import AT, DeskIn
from tests.support.province import END, morning
from tests.support.steps import PROVINCE, TAIYUAN, act, stored, undo
from tests.test_flows_review import codes, passed, with_places

pytestmark = pytest.mark.heavy

DAY = date(2023, 3, 28)
AGREED = Determination(DAY, PROVINCE, "示例会议纪要〔2023〕5号")
LATE = date(2023, 6, 14)  # D08 is at T+10
SIGNED = Signature("晋民函〔2023〕45号", LATE, "示例·王某", PROVINCE)
REPLY = ReplyTerms(date(2023, 6, 30), "示例·李某", "0351-0000000")


def reviewed(desk: Desk) -> Desk:
    """Three projects of 太原市 for its two places, at 70, 95 and 88 points."""
    desk = with_places(desk, 2)
    passed(desk, dict(zip(codes(desk), (70, 95, 88), strict=False)))
    return desk


@pytest.fixture
def two_places(desk_in: DeskIn) -> Desk:
    return reviewed(desk_in(TAIYUAN))


@pytest.fixture
def overdue(desk_in: DeskIn) -> Desk:
    """太原市 with all that it has not begun by the middle of June; the daily job never ran."""
    return desk_in(TAIYUAN)


def trail(desk: Desk, subject: str) -> list[Audit]:
    with reading(desk.engine) as session:
        return list(history(session, desk.plan, subject))


def count(desk: Desk) -> int:
    with reading(desk.engine) as session:
        assert examine(session, desk.plan.id).breaks == ()
        return newest(session, desk.plan)


def not_agreed(desk: Desk, decision: Determination = AGREED, seen: str | None = None) -> bool:
    with writing(desk.engine) as session:
        return decline(session, desk, decision, seen, today=END, at=AT)


def agreed(desk: Desk, found: ProposedList) -> None:
    with writing(desk.engine) as session:
        approve(session, desk, AGREED, found.fingerprint, today=END, at=AT)


def issued(
    desk: Desk,
    draft: LetterDraft,
    signed: Signature = SIGNED,
    reply: ReplyTerms = REPLY,
    today: date = END,
) -> Paper:
    with writing(desk.engine) as session:
        return issue_letter(session, desk, draft, signed, reply, today=today, at=AT)


def the_draft(desk: Desk, as_of: date = LATE, city: str = "太原市") -> LetterDraft:
    found = draft_of(desk, city, as_of)
    assert found is not None
    return found


def test_a_fingerprint_tells_equal_values_from_others() -> None:
    one = {"a": [1, date(2023, 3, 28)], "b": None}
    assert fingerprint(one) == fingerprint({"b": None, "a": (1, date(2023, 3, 28))})
    assert fingerprint(one) != fingerprint({**one, "b": ""})
    assert len(fingerprint(one)) == 64


@pytest.mark.heavy
def test_the_list_that_is_shown_is_the_list_that_is_determined(two_places: Desk) -> None:
    found = proposed(two_places)
    own = codes(two_places)
    taiyuan = next(city for city in found.cities if city.city == "太原市")
    assert [(item.code, item.rank) for item in taiyuan.listed] == [
        (own[1], 0),
        (own[2], 0),
        (own[0], 1),
    ]
    text = list_page(two_places.plan, found)
    for told in ("建议确定**2**个，替补**1**个", "| 太原市 | 2 | 0 | 2 | 1 | 0 |", "95.0", "88.0"):
        assert told in text
    agreed(two_places, found)
    determined = [code for code in own if "determined" in stored(two_places, code).milestones]
    assert sorted(determined) == sorted([own[1], own[2]])
    assert stored(two_places, own[0]).disposition is Disposition.RESERVE
    after = proposed(two_places)
    assert (after.listed, after.determined) == ((), 2)


def test_nobody_decides_on_a_list_that_was_not_shown(two_places: Desk) -> None:
    found = proposed(two_places)
    act(two_places, "return_for_correction", "2023-03-20", codes(two_places)[0])
    before = count(two_places)
    with pytest.raises(ConflictError, match="已有变化"):
        agreed(two_places, found)
    with pytest.raises(ConflictError, match="已有变化"):
        not_agreed(two_places, seen=found.fingerprint)
    assert count(two_places) == before


def test_what_the_score_of_one_expert_changes_is_another_list(two_places: Desk) -> None:
    found = proposed(two_places)
    first = found.cities[0].listed[0]
    assert first.score is not None
    other = replace(first, score=first.score + 1)
    listed = (other, *found.cities[0].listed[1:])
    changed = replace(found, cities=(replace(found.cities[0], listed=listed), *found.cities[1:]))
    assert changed.fingerprint != found.fingerprint


def test_a_list_that_was_not_agreed_to_is_on_record_once(two_places: Desk) -> None:
    found, before = proposed(two_places), propose(two_places)
    assert not_agreed(two_places, seen=found.fingerprint)
    assert not not_agreed(two_places, seen=found.fingerprint), "the very same again"
    (row,) = [row for row in trail(two_places, "山西省") if row.kind == AuditKind.EVIDENCE]
    said = (row.action, row.actor, row.effective_on, row.evidence, row.clause)
    assert said == ("determination_declined", PROVINCE, DAY, AGREED.evidence, "五(三)")
    assert row.detail == {"proposal": found.fingerprint}
    assert propose(two_places) == before
    agreed(two_places, proposed(two_places))  # the same list may be agreed to later


def test_a_refusal_is_taken_back_and_may_be_recorded_again(two_places: Desk) -> None:
    found = proposed(two_places)
    assert not_agreed(two_places, seen=found.fingerprint)
    (row,) = [row for row in trail(two_places, "山西省") if row.kind == AuditKind.EVIDENCE]
    undo(two_places, row.id or 0)
    assert propose(two_places) is not None
    assert not_agreed(two_places, seen=found.fingerprint), "what was taken back is not on record"


def test_what_is_on_record_stays_so_when_the_list_changes(two_places: Desk) -> None:
    """The run that recorded it died, and begins again after somebody else has changed the list."""
    found = proposed(two_places)
    assert not_agreed(two_places, seen=found.fingerprint)
    act(two_places, "return_for_correction", "2023-03-20", codes(two_places)[0])
    assert not not_agreed(two_places, seen=found.fingerprint)


@pytest.mark.parametrize(
    ("decision", "says"),
    [
        (replace(AGREED, actor="太原市民政局"), "由山西省民政厅办理"),
        (replace(AGREED, actor=" "), "请注明经办人"),
        (replace(AGREED, on=date(2024, 1, 1)), "尚未到来"),
        (replace(AGREED, on=date(2022, 3, 28)), "早于实施方案印发日"),
        (replace(AGREED, evidence=" "), "没有写明依据"),
    ],
)
def test_a_faulty_refusal_of_the_list_is_refused(
    two_places: Desk, decision: Determination, says: str
) -> None:
    with pytest.raises(RefusedError, match=says):
        not_agreed(two_places, decision)
    assert [row for row in trail(two_places, "山西省") if row.kind == AuditKind.EVIDENCE] == []


def test_where_nothing_is_proposed_nothing_is_refused(overdue: Desk) -> None:
    with pytest.raises(RefusedError, match="没有待研究确定的项目"):
        not_agreed(overdue)


def test_a_letter_speaks_of_what_is_at_its_rung_whatever_the_daily_job_did(overdue: Desk) -> None:
    assert draft_of(overdue, "太原市", date(2023, 2, 24)) is None
    draft = the_draft(overdue)
    late = {(line.subject, line.rule) for line in draft.lines}
    # By hand: D08 is due on 2023-05-31, ten workdays later is 06-14; D09 only on 06-30.
    chains = {step.rule for line in draft.lines for step in line.below}
    assert {rule for _, rule in late} >= {"D03", "D01"}
    assert "D08" in chains, "it waits for 选址"
    assert "D09" not in {rule for _, rule in late}
    assert ("太原市", "D01") in late
    assert not any(rule.startswith("D02") for _, rule in late), "the province writes to nobody"
    told = "\n".join(draft.letter.words)
    of_projects = {rule for subject, rule in late if subject.startswith("XF")} | chains
    twice = {("太原市", rule) for rule in of_projects} & late
    assert ("太原市", "D01") in twice, "a city and its project are one matter"
    assert f"你市有{len(late) - len(twice)}项工作超过规定时限" in told
    enforce(overdue, LATE, morning(LATE))
    assert the_draft(overdue).digest == draft.digest
    assert "D08" not in {line.rule for line in the_draft(overdue, date(2023, 6, 13)).lines}


def test_a_letter_is_issued_once_under_its_number(overdue: Desk) -> None:
    draft, before = the_draft(overdue), count(overdue)
    paper = issued(overdue, draft)
    assert issued(overdue, draft) == paper, "the very same again"
    assert count(overdue) == before + 1
    row = trail(overdue, "太原市")[-1]
    said = (row.kind, row.action, row.clause, row.effective_on, row.actor)
    assert said == (AuditKind.EVIDENCE, "supervision_letter", "八(四)", LATE, PROVINCE)
    title = "山西省民政厅关于督促办理2023年城镇社区幸福养老提速工程逾期事项的函"
    assert row.evidence.startswith(f"晋民函〔2023〕45号 {title}")
    assert row.detail["paper"]["digest"] == draft.digest
    assert the_draft(overdue).issued == paper
    assert find_paper(overdue, "晋民函(2023) 45 号") == paper


@pytest.mark.heavy
def test_a_paper_tells_what_was_shown_when_it_was_issued(overdue: Desk) -> None:
    """So an answer about another proposal is not taken for the one that issued it."""
    first = the_draft(overdue)
    paper = issued(overdue, first)
    assert decided_on(overdue, paper) == first.fingerprint
    later = the_draft(overdue, date(2023, 6, 20))
    assert later.earlier == (paper,)
    assert decided_on(overdue, paper) != later.fingerprint
    second = issued(
        overdue, later, replace(SIGNED, number="晋民函〔2023〕46号", on=date(2023, 6, 20))
    )
    assert decided_on(overdue, second) == later.fingerprint
    assert decided_on(overdue, paper) == first.fingerprint


def test_the_issued_letter_has_its_number_day_and_reply(overdue: Desk) -> None:
    paper = issued(overdue, the_draft(overdue))
    path = lay_out(overdue, paper)
    home = overdue.settings.outgoing / "letters" / "shanxi-2023"
    assert path == home / "晋民函〔2023〕45号 太原市.docx"
    told = [item.text for item in Document(BytesIO(path.read_bytes())).paragraphs]
    assert told[0] == "晋民函〔2023〕45号"
    note = "（联系人：示例·李某，联系电话：0351-0000000）"
    assert told[-4:] == ["特此函告。", "山西省民政厅", "2023年6月14日", note]
    assert "于6月30日前书面报送我厅。" in told[-5]
    assert not any("草　稿" in line for line in told)


def test_a_file_that_is_lost_is_made_again_and_one_that_is_there_is_kept(overdue: Desk) -> None:
    paper = issued(overdue, the_draft(overdue))
    path = lay_out(overdue, paper)
    first = path.read_bytes()
    path.unlink()
    known = find_paper(overdue, paper.number)
    assert known is not None
    assert lay_out(overdue, known).read_bytes() == first
    path.write_bytes(b"worked on")
    assert lay_out(overdue, paper).read_bytes() == b"worked on"
    assert [item.name for item in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("signed", "reply", "says"),
    [
        (replace(SIGNED, number="45号"), REPLY, "不是文号"),
        (replace(SIGNED, number=""), REPLY, "不是文号"),
        (replace(SIGNED, number="../〔2023〕45号"), REPLY, "不是文号"),
        (replace(SIGNED, signer=" "), REPLY, "没有写明签发人"),
        (replace(SIGNED, actor="太原市民政局"), REPLY, "由山西省民政厅办理"),
        (replace(SIGNED, on=date(2023, 6, 13)), REPLY, "早于公文核对日期"),
        (replace(SIGNED, on=date(2023, 6, 16)), REPLY, "尚未到来"),
        (SIGNED, replace(REPLY, by=LATE), "反馈期限"),
        (SIGNED, replace(REPLY, by=None), "反馈期限"),
        (SIGNED, replace(REPLY, phone=""), "联系电话"),
    ],
)
def test_a_faulty_signature_is_refused(
    overdue: Desk, signed: Signature, reply: ReplyTerms, says: str
) -> None:
    draft, before = the_draft(overdue), count(overdue)
    with pytest.raises(RefusedError, match=says):
        issued(overdue, draft, signed, reply, today=date(2023, 6, 15))
    assert count(overdue) == before


def test_a_number_is_taken_once_in_a_plan_in_whatever_spelling(overdue: Desk) -> None:
    issued(overdue, the_draft(overdue))
    other = the_draft(overdue, city="大同市")
    with pytest.raises(RefusedError, match="文号晋民函〔2023〕45号已用于2023-06-14签发的"):
        issued(overdue, other, replace(SIGNED, number="晋民函［2023］45 号"))
    assert issued(overdue, other, replace(SIGNED, number="晋民函【2023】46号")).number == (
        "晋民函〔2023〕46号"
    )


def test_the_same_letter_is_not_issued_under_two_numbers(overdue: Desk) -> None:
    draft = the_draft(overdue)
    issued(overdue, draft)
    with pytest.raises(RefusedError, match="同一公文已于2023-06-14以晋民函〔2023〕45号签发"):
        issued(overdue, draft, replace(SIGNED, number="晋民函〔2023〕47号"))
    next_day = the_draft(overdue, date(2023, 6, 15))
    assert next_day.issued is None
    assert [paper.number for paper in next_day.earlier] == ["晋民函〔2023〕45号"]
    assert "已以晋民函〔2023〕45号签发" in letter_page(next_day)
    assert next_day.fingerprint != replace(next_day, earlier=()).fingerprint


def test_nobody_issues_a_letter_about_what_has_changed(overdue: Desk) -> None:
    draft, own = the_draft(overdue), codes(overdue)[0]
    act(overdue, "withdraw", "2023-06-14", own)
    with pytest.raises(ConflictError, match="已有变化"):
        issued(overdue, draft)
    assert own not in {line.subject for line in the_draft(overdue).lines}


def test_an_unknown_city_and_a_plan_without_letters_are_told(overdue: Desk) -> None:
    with pytest.raises(RefusedError, match="没有“北京市”，可选：太原市"):
        draft_of(overdue, "北京市", LATE)
    ladder = overdue.plan.ladder.model_copy(update={"letter": None})
    plan = overdue.plan.model_copy(update={"ladder": ladder})
    other = Desk(overdue.settings, plan, overdue.calendar, overdue.engine)
    with pytest.raises(RefusedError, match="没有规定督办函"):
        draft_of(other, "太原市", LATE)


def test_what_cannot_be_written_is_not_available(overdue: Desk, tmp_path: Path) -> None:
    paper = issued(overdue, the_draft(overdue))
    overdue.settings.outgoing.parent.mkdir(exist_ok=True)
    (overdue.settings.outgoing).write_bytes(b"")  # a file in the folder's place
    with pytest.raises(Exception, match="无法建立文件夹") as caught:
        lay_out(overdue, paper)
    assert type(caught.value).__name__ == "UnavailableError"
    assert file_of(overdue, paper).name == "晋民函〔2023〕45号 太原市.docx"


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        (" 晋民函〔2023〕45号", "晋民函〔2023〕45号"),
        ("晋民函[2023]45号", "晋民函〔2023〕45号"),
        ("晋民函（２０２３）４５号", "晋民函〔2023〕45号"),
        ("并政函【2023】1 号", "并政函〔2023〕1号"),
    ],
)
def test_one_number_has_one_spelling(typed: str, number: str) -> None:
    assert paper_number(typed) == number


def test_a_letter_names_the_notices_day_and_the_one_after_which_it_is_late(overdue: Desk) -> None:
    """A21: 25 March is a Saturday; the bulletin of the same day names no other."""
    found = draft_of(overdue, "太原市", LATE)
    assert found is not None
    told = "\n".join(map(str, found.letter.paragraphs))
    day = "应于3月25日前报送3月份月报（当日为休息日，顺延至3月27日），已逾期79天"
    assert day in told
    assert "应于3月31日前选址，已逾期75天" in told
    assert told.count("3月27日") == told.count("顺延至3月27日")


def test_a_letter_reads_as_an_office_would_write_it(overdue: Desk) -> None:
    """The basis nested 《〈〉》, 你市 for a bureau in its own line, and the numbers of the city."""
    letter = the_draft(overdue).letter
    told = "\n".join(map(str, letter.paragraphs))
    whole = "《山西省民政厅关于印发〈2023年城镇社区幸福养老提速工程实施方案〉的通知》"
    assert letter.title == "山西省民政厅关于督促办理2023年城镇社区幸福养老提速工程逾期事项的函"
    assert told.startswith(f"按照{whole}（晋民发〔2023〕7号）要求，经核对，")
    assert "截至2023年6月14日，你市" in told
    assert "你市任务数10个，已申报0个，尚缺10个：" in told
    assert "贵" not in told
    assert letter.paragraphs[-2] == "特此函告。"
    assert letter.number == "晋民函〔2023〕　　号"
