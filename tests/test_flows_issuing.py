"""A person's word makes a paper of a draft, once and with its number, and fulfils its duty."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from inspect import unwrap

import pytest
from docx import Document

from common.errors import RefusedError
from documents.writing.blocks import PaperTable
from flows.forms import issue_paper as by_form
from flows.forms.issue_paper import IssueRequestForm
from models.audits import examine, paper_rows
from models.database import reading, writing
from models.projects import facts
from operations.cases.casework import Act, record
from operations.cases.desk import Desk
from operations.duties import progress_letters
from operations.duties.issuing import (
    draft_papers,
    find_draft,
    issue_paper,
    named_draft,
    occasion_id,
)
from operations.duties.papers import Paper, Signature, file_of, lay_out
from operations.duties.year import fulfil
from policy.vocabulary import Product
from tests.conftest import AT, INSTALLED, DeskIn
from tests.support.steps import undo
from tests.support.stores import Snapshot
from tests.support.yearly import YEAR

JUNE, JULY = date(2023, 6, 30), date(2023, 7, 20)
PROVINCE = "山西省"
SIGNED = Signature("晋民函〔2023〕45号", JULY, "张三", "山西省民政厅养老服务处 李四")


def draft_all(desk: Desk) -> None:
    for _, made in fulfil(desk, [Product.BULLETIN, Product.FEEDBACK], JUNE, AT):
        assert not isinstance(made, RefusedError)


DRAFTED = Snapshot("drafted", draft_all, INSTALLED)


@pytest.fixture
def desk(desk_in: DeskIn) -> Desk:
    return desk_in(DRAFTED)


def held(desk: Desk, subject: str) -> Mapping[str, date]:
    with reading(desk.engine) as session:
        return facts(session, desk.plan, [subject]).get(subject, {})


def issue(desk: Desk, kind: Product, period: str, subject: str, signed: Signature) -> Paper:
    draft = find_draft(desk, kind, period, subject)
    with writing(desk.engine) as session:
        return issue_paper(session, desk, draft, signed, today=JULY, at=AT)


def test_an_issued_bulletin_is_that_months_and_nobody_enters_it_again(desk: Desk) -> None:
    paper = issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    assert held(desk, PROVINCE)["D11-06"] == JULY
    assert "D11-05" not in held(desk, PROVINCE)
    assert (paper.number, paper.signer, paper.on) == ("晋民函〔2023〕45号", "张三", JULY)
    issued = [draft for draft in draft_papers(desk) if draft.issued]
    assert [draft.name for draft in issued] == ["bulletin:2023-06:山西省"]
    with reading(desk.engine) as session:
        assert examine(session, desk.plan.id).breaks == ()


def test_an_issued_letter_is_that_citys_alone(desk: Desk) -> None:
    issue(desk, Product.FEEDBACK, "2023Q2", "太原市", SIGNED)
    assert held(desk, "太原市")["D12-Q2"] == JULY
    assert "D12-Q2" not in held(desk, "大同市")


def test_the_same_again_writes_nothing_and_another_number_is_refused(desk: Desk) -> None:
    first = issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    assert issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED) == first
    other = replace(SIGNED, number="晋民函〔2023〕46号")
    with pytest.raises(RefusedError, match="同一公文已于2023-07-20以晋民函〔2023〕45号签发"):
        issue(desk, Product.BULLETIN, "2023-06", PROVINCE, other)
    with pytest.raises(RefusedError, match="文号晋民函〔2023〕45号已用于"):
        issue(desk, Product.FEEDBACK, "2023Q2", "太原市", SIGNED)
    assert "D12-Q2" not in held(desk, "太原市"), "what is refused records nothing"


def test_a_paper_that_is_taken_back_is_void_and_its_number_stays_used(desk: Desk) -> None:
    issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    with reading(desk.engine) as session:
        (row,) = (row for row, _ in paper_rows(session, desk.plan))
    assert row.id
    undo(desk, row.id)
    assert "D11-06" not in held(desk, PROVINCE)
    assert not any(draft.issued for draft in draft_papers(desk))
    with pytest.raises(RefusedError, match="该件已作废，文号不再使用"):
        issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    issue(desk, Product.BULLETIN, "2023-06", PROVINCE, replace(SIGNED, number="晋民函〔2023〕46号"))
    assert held(desk, PROVINCE)["D11-06"] == JULY


@pytest.mark.parametrize(
    ("signed", "reason"),
    [
        (replace(SIGNED, number=""), "不是文号"),
        (replace(SIGNED, on=date(2023, 6, 29)), "早于公文核对日期2023-06-30"),
        (replace(SIGNED, signer=" "), "没有写明签发人"),
        (replace(SIGNED, actor="太原市民政局 王五"), "由山西省民政厅办理"),
        (replace(SIGNED, on=date(2023, 7, 21)), "尚未到来"),
    ],
)
def test_what_is_not_signed_properly_is_refused(desk: Desk, signed: Signature, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        issue(desk, Product.BULLETIN, "2023-06", PROVINCE, signed)
    assert "D11-06" not in held(desk, PROVINCE)


def test_a_duty_that_is_recorded_already_keeps_its_day(desk: Desk) -> None:
    act = Act(PROVINCE, "D11-06", date(2023, 7, 3), "山西省民政厅", "已通报")
    with writing(desk.engine) as session:
        record(session, desk, act, today=JULY, at=AT)
    issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    assert held(desk, PROVINCE)["D11-06"] == date(2023, 7, 3)


def test_only_issuing_puts_a_paper_on_record(desk: Desk) -> None:
    act = Act(PROVINCE, "progress_bulletin", JULY, "山西省民政厅", "自称已签发")
    with writing(desk.engine) as session, pytest.raises(RefusedError, match="在作出决定时登记"):
        record(session, desk, act, today=JULY, at=AT)


def test_the_form_issues_and_lays_the_final_paper_out(desk: Desk) -> None:
    form = IssueRequestForm(
        draft="关于……的函　feedback:2023Q2:太原市",
        number=" 晋民函(2023)45号",
        on=JULY,
        signer="张三",
        actor=SIGNED.actor,
    )
    told = unwrap(by_form.issue_paper.fn)(desk, form, today=JULY, at=AT)
    assert "晋民函〔2023〕45号" in told
    draft = named_draft(desk, "feedback:2023Q2:太原市")
    assert draft.issued is not None
    path = file_of(desk, draft.issued)
    words = "\n".join(line.text for line in Document(str(path)).paragraphs)
    assert "晋民函〔2023〕45号" in words
    assert "2023年7月20日" in words
    assert "草　稿" not in words
    assert lay_out(desk, draft.issued) == path


def test_what_is_no_draft_is_told(desk: Desk) -> None:
    for name in ("", "bulletin", "bulletin:2023-09:山西省", "curves:2023-06:山西省", "x:y:z"):
        with pytest.raises(RefusedError, match=r"没有“|尚未起草"):
            named_draft(desk, name)


def test_occasions_are_known_by_the_plans_ids(desk: Desk) -> None:
    assert occasion_id(desk, "D11", "2023-06") == "D11-06"
    assert occasion_id(desk, "D12", "2023Q4") == "D12-Q4"
    assert occasion_id(desk, "D12", "2023Q1") is None


def test_there_is_one_draft_each(desk: Desk) -> None:
    names = [draft.name for draft in draft_papers(desk)]
    months = [f"bulletin:2023-{month:02d}:山西省" for month in range(3, 7)]
    letters = [f"feedback:2023Q2:{city.name}" for city in desk.plan.cities]
    assert sorted(names) == sorted([*months, *letters])
    assert progress_letters.BULLETINS.kind is Product.BULLETIN
    assert progress_letters.FEEDBACKS.kind is Product.FEEDBACK


@pytest.mark.heavy
def test_a_real_bulletin_with_its_tables_is_issued_and_read_back(desk_in: DeskIn) -> None:
    """The trail refuses floats: the widths of tables once came as such."""
    desk = desk_in(YEAR)
    for _, made in fulfil(desk, [Product.BULLETIN], JUNE, AT):
        assert not isinstance(made, RefusedError)
    paper = issue(desk, Product.BULLETIN, "2023-06", PROVINCE, SIGNED)
    draft = find_draft(desk, Product.BULLETIN, "2023-06", PROVINCE)
    assert draft.issued == paper
    assert paper.letter == draft.made.content
    blocks = [block for annex in paper.letter.annexes for block in annex.blocks]
    assert any(block.widths for block in blocks if isinstance(block, PaperTable))
    assert lay_out(desk, paper).exists()


def test_a_crowd_that_issues_at_once_issues_one(desk: Desk) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def attempt(number: int) -> str:
        try:
            signed = replace(SIGNED, number=f"晋民函〔2023〕{number}号")
            return issue(desk, Product.BULLETIN, "2023-06", PROVINCE, signed).number
        except RefusedError as refusal:
            return str(refusal)

    with ThreadPoolExecutor(4) as crowd:
        done = list(crowd.map(attempt, range(50, 54)))
    assert sum(words.endswith("号") and "\n" not in words for words in done) == 1
