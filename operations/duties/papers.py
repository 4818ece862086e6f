"""Issuing a paper (公文): its number is taken once, and its words are kept in the trail.

For any kind of letter: the caller says which kind of evidence it is and about whom.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.files import safe_name, unavailable
from common.words import alike
from documents.papers.letters import final
from documents.papers.office_template import NAME, the_template
from documents.writing.blocks import PaperText
from documents.writing.saving import write_once
from models.audits import PAPER, NewRow, add_audit, paper_rows
from models.database import reading
from models.tables import Audit
from operations.cases.desk import Desk
from operations.cases.effects import begin
from policy.actions import EvidenceRule
from policy.schema import Plan
from policy.vocabulary import AuditKind
from states.authority import matter


def template(desk: Desk) -> bytes | None:
    """The office's own, in ``XINGFU_HOME/templates``; None where the shipped one holds.

    RefusedError with everything that is wrong with it.
    """
    return the_template(desk.settings.home / "templates" / NAME)


OPENING = str.maketrans("[【(〖〈", "〔〔〔〔〔")
CLOSING = str.maketrans("]】)〗〉", "〕〕〕〕〕")
LETTER = TypeAdapter(PaperText)
NUMBER = re.compile(r"[一-鿿]{1,20}〔\d{4}〕\d{1,5}号")


@dataclass(frozen=True, slots=True)
class Signature:
    """What a person decides when a paper is issued."""

    number: str
    """文号, e.g. 晋民函〔2023〕45号, as typed."""
    on: date
    """签发日期."""
    signer: str
    """签发人."""
    actor: str
    """Who records it: begins with the name of the office that issues it."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper that was issued."""

    kind: str
    """The kind of evidence that it is in the plan."""
    subject: str
    """Whom it is about."""
    number: str
    on: date
    signer: str
    actor: str
    digest: str
    """What was shown when it was decided on: `fingerprint` of the draft."""
    letter: PaperText
    about: tuple[tuple[str, ...], ...]
    """What it speaks of, each by what identifies it."""


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """A paper that is to be issued."""

    rule: EvidenceRule
    subject: str
    digest: str
    letter: PaperText
    since: date
    """The day as of which it speaks: it is not signed before."""
    about: tuple[tuple[str, ...], ...] = ()


def issue(
    session: Session, desk: Desk, asked: IssueOrder, signed: Signature, *, today: date, at: datetime
) -> Paper:
    """Record that a paper was issued; the very same one again writes nothing.

    RefusedError with every reason: a number that was used in the plan or is none, a day to come or
    before `asked.since`, no signer, another office, or the same draft issued under another number.
    """
    begin(session, desk, asked.subject, matter(desk.plan, asked.rule.id), signed, today)
    number = paper_number(signed.number)
    known = papers(session, desk)
    void = tuple(_read(row) for row, gone in paper_rows(session, desk.plan) if gone)
    paper = _paper(asked, signed, number)
    if paper in known:
        return paper
    if reasons := list(_against(desk.plan, asked, signed, number, known, void)):
        raise RefusedError(with_reasons(f"不能签发“{asked.letter.title}”", reasons))
    add_audit(session, desk.plan, _row(asked, signed, paper, at))
    return paper


def papers(session: Session, desk: Desk) -> tuple[Paper, ...]:
    """Every paper of the plan that holds, oldest first."""
    return tuple(_read(row) for row, void in paper_rows(session, desk.plan) if not void)


def find_paper(desk: Desk, number: str) -> Paper | None:
    """The paper of that number, as typed."""
    wanted = paper_number(number)
    with reading(desk.engine) as session:
        return next((item for item in papers(session, desk) if item.number == wanted), None)


def paper_number(typed: str) -> str:
    """文号 as it is written: without blanks, the year in 〔〕; what is none is given back so."""
    return re.sub(r"\s", "", alike(typed)).translate({**OPENING, **CLOSING})


def file_of(desk: Desk, paper: Paper) -> Path:
    """Where the paper is laid out to be printed."""
    home = desk.settings.outgoing / "letters" / desk.plan.id
    return home / safe_name(f"{paper.number} {paper.subject}.docx")


def lay_out(desk: Desk, paper: Paper) -> Path:
    """Write the paper as .docx, unless the file is there: somebody may have worked on it.

    UnavailableError when it cannot be written: the record stands, and it may be tried again.
    """
    path = file_of(desk, paper)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(f"无法建立文件夹 {path.parent}", error) from None
    if not path.exists():
        write_once(path, final(paper.letter, paper.number, paper.on, template(desk)))
    return path


def _paper(asked: IssueOrder, signed: Signature, number: str) -> Paper:
    return Paper(
        kind=asked.rule.id,
        subject=asked.subject,
        number=number,
        on=signed.on,
        signer=signed.signer.strip(),
        actor=signed.actor,
        digest=asked.digest,
        letter=asked.letter,
        about=asked.about,
    )


def _against(
    plan: Plan,
    asked: IssueOrder,
    signed: Signature,
    number: str,
    known: Sequence[Paper],
    void: Sequence[Paper],
) -> Iterator[str]:
    if not NUMBER.fullmatch(number):
        yield f"“{signed.number}”不是文号，请写作 {plan.paper_code or '××函'}〔{plan.year}〕45号"
    yield from _used(asked, number, known, void)
    if signed.on < asked.since:
        yield f"签发日期{signed.on}早于公文核对日期{asked.since}"
    if not signed.signer.strip():
        yield "没有写明签发人"


def _used(
    asked: IssueOrder, number: str, known: Sequence[Paper], void: Sequence[Paper]
) -> Iterator[str]:
    """A number is used once and for ever; a draft is issued once, unless that paper is void."""
    for paper in (*known, *void):
        gone = "，该件已作废，文号不再使用" if paper in void else ""
        if paper.number == number:
            yield f"文号{number}已用于{paper.on}签发的“{paper.letter.title}”{gone}"
        elif not gone and paper.digest == asked.digest:
            yield f"同一公文已于{paper.on}以{paper.number}签发，请勿重复签发"


def _row(asked: IssueOrder, signed: Signature, paper: Paper, at: datetime) -> NewRow:
    told = f"{paper.number} {paper.letter.title}，签发人：{paper.signer}"
    kept = asdict(paper)
    said = {name: kept[name] for name in ("number", "signer", "digest", "about")}
    # The trail keeps no floats: widths become text, which is read back as numbers.
    said["letter"] = json.loads(LETTER.dump_json(paper.letter), parse_float=str)
    return NewRow(
        subject=asked.subject,
        kind=AuditKind.EVIDENCE,
        action=asked.rule.id,
        actor=signed.actor,
        on=signed.on,
        at=at,
        clause=asked.rule.clause,
        evidence=f"{told}；{signed.remark.strip()}" if signed.remark.strip() else told,
        detail={PAPER: said},
    )


def _read(row: Audit) -> Paper:
    said: Mapping[str, Any] = row.detail[PAPER]
    return Paper(
        kind=row.action,
        subject=row.subject,
        number=said["number"],
        on=row.effective_on,
        signer=said["signer"],
        actor=row.actor,
        digest=said["digest"],
        letter=LETTER.validate_python(said["letter"]),
        about=tuple(tuple(item) for item in said["about"]),
    )
