"""Files that prove what is recorded (佐证文件): kept with what they prove, or by themselves."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from sqlmodel import Session

from common.errors import RefusedError, with_reasons
from common.files import safe_name, unavailable
from documents.reading.gate import MEGABYTE
from documents.reading.media import require_media
from models.audits import NewRow, add_audit
from models.evidence import EvidenceFile, keep_file, named_files, naming
from models.projects import find_subject
from models.settings import Settings
from operations.cases.desk import Desk
from operations.cases.effects import EVIDENCE_FILE, begin, labels
from policy.vocabulary import AuditKind
from states.authority import proof

ABOUT = "about"
"""What holds in such a row's detail what the files are about."""
MOST_FILES = 20
"""With one act."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """A file as it was handed in."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class ExhibitStatement:
    """Who hands in files, when, and what of a subject they are about."""

    subject: str
    exhibits: tuple[Exhibit, ...]
    on: date
    actor: str
    about: str = ""
    """An action, a milestone, a kind of evidence or a deadline; empty: the subject as such."""
    evidence: str = ""
    """What is said of them."""
    seen: int | None = None


@contextmanager
def proven(
    session: Session, desk: Desk, exhibits: Sequence[Exhibit]
) -> Iterator[tuple[EvidenceFile, ...]]:
    """Keep files, and have whatever is recorded meanwhile name them.

    RefusedError with every reason where one is of no kind that is kept, or too large, and where
    nothing was recorded; UnavailableError where they cannot be written.
    """
    kept = _keep(desk.settings, exhibits)
    with naming(session, kept):
        yield kept


def keep_evidence(
    session: Session, desk: Desk, asked: ExhibitStatement, *, today: date, at: datetime
) -> tuple[EvidenceFile, ...]:
    """Put files on record that prove something of a subject, without recording anything else.

    Any office that works on the subject may. What is on record already for the same is not entered
    again. RefusedError and UnavailableError as `proven`.
    """
    begin(session, desk, asked.subject, proof(desk.plan), asked, today, asked.seen)
    find_subject(session, desk.plan, asked.subject)
    _require_known(desk, asked.about)
    if not asked.exhibits:
        raise RefusedError("没有佐证文件，请写明文件")
    kept = _keep(desk.settings, asked.exhibits)
    fresh = [each for each in kept if each.sha256 not in _on_record(session, desk, asked)]
    if fresh:
        with naming(session, fresh):
            add_audit(session, desk.plan, _row(desk, asked, fresh, at))
    return kept


def read_exhibit(path: Path, settings: Settings) -> Exhibit:
    """A file that somebody names; not more of it than may be kept is read. RefusedError."""
    try:
        if not path.is_file():
            raise RefusedError(f"没有这个文件：{path}")
        with path.open("rb") as file:
            content = file.read(_most(settings) + 1)
    except OSError as error:
        raise unavailable(f"{path} 无法读取", error) from None
    return Exhibit(path.name, content)


def _most(settings: Settings) -> int:
    return settings.most_evidence_mb * MEGABYTE


def _keep(settings: Settings, exhibits: Sequence[Exhibit]) -> tuple[EvidenceFile, ...]:
    """The files, each once, in the order given: all are looked at before one is written."""
    if len(exhibits) > MOST_FILES:
        raise RefusedError(f"一次最多报送{MOST_FILES}个佐证文件，请分次报送")
    reasons, found = [], []
    for each in exhibits:
        name = safe_name(each.name)
        try:
            if len(each.content) > _most(settings):
                raise RefusedError(
                    f"“{name}”超过{settings.most_evidence_mb}MB；请压缩图片或分成几个文件后再报送"
                )
            found.append((each, require_media(name, each.content)))
        except RefusedError as reason:
            reasons.append(str(reason))
    if reasons:
        raise RefusedError(with_reasons("佐证文件不能收存，本次未登记：", reasons))
    kept = [keep_file(settings.evidence, it.name, it.content, media) for it, media in found]
    return tuple({each.sha256: each for each in kept}.values())


def _require_known(desk: Desk, about: str) -> None:
    known = {*labels(desk), *desk.deadlines} - {EVIDENCE_FILE}
    if about and about not in known:
        raise RefusedError(f"没有“{about}”这一事项，请写动作、节点、留痕事项或时限编号，或不写")


def _on_record(session: Session, desk: Desk, asked: ExhibitStatement) -> frozenset[str]:
    return frozenset(
        each.file.sha256
        for each in named_files(session, desk.plan.id, [asked.subject])
        if (each.row.action, each.row.detail.get(ABOUT, "")) == (EVIDENCE_FILE, asked.about)
    )


def _row(desk: Desk, asked: ExhibitStatement, kept: Sequence[EvidenceFile], at: datetime) -> NewRow:
    return NewRow(
        subject=asked.subject,
        kind=AuditKind.EVIDENCE,
        action=EVIDENCE_FILE,
        actor=asked.actor,
        on=asked.on,
        at=at,
        clause=proof(desk.plan).clause,
        evidence=asked.evidence,
        detail={ABOUT: asked.about} if asked.about else {},
    )
