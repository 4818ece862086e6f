"""Files that prove what is recorded, as people look for them, open them, and have them checked."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlmodel import Session

from common import files
from common.errors import RefusedError, UnavailableError, with_reasons
from models.evidence import EvidenceFile, NamedFile, file_fault, files_said, named_files, rows_with
from models.settings import Settings
from operations.cases.desk import Desk
from operations.cases.effects import EVIDENCE_FILE, action_label
from operations.cases.evidence import ABOUT
from policy.vocabulary import AuditKind, MediaKind

MEND = "请从备份还原（xingfu restore），或请原报送单位重新提供后用 xingfu evidence add 登记"


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """A file and what it proves."""

    mark: str
    """What it is asked for by."""
    name: str
    media: MediaKind
    size: int
    """Bytes."""
    subject: str
    row: int
    """The row of the trail that names it."""
    label: str
    """What is recorded there."""
    on: date
    actor: str


def evidence_lines(desk: Desk, subject: str | None = None) -> tuple[EvidenceLine, ...]:
    """Every file that is on record, or those of a subject, in the order of the trail."""
    with desk.reading() as session:
        found = named_files(session, desk.plan.id, None if subject is None else [subject])
    return tuple(_line(desk, each) for each in found)


def kept_evidence(desk: Desk, mark: str) -> tuple[EvidenceFile, Path]:
    """The file that is called so, and where it lies, just as it was handed in.

    RefusedError where no file or several begin so; UnavailableError where it is gone or altered.
    """
    with desk.reading() as session:
        found = named_files(session, desk.plan.id, mark=mark.strip().lower() or "-")
    known = {each.file.sha256: each.file for each in found}
    if not known:
        raise RefusedError(f"没有编号为“{mark}”的佐证文件，请用 xingfu evidence list 查看编号")
    if len(known) > 1:
        listed = (f"{each.mark} {each.name}" for each in known.values())
        raise RefusedError(with_reasons(f"编号以“{mark}”开头的佐证文件不止一个：", listed))
    (file,) = known.values()
    if fault := file_fault(desk.settings.evidence, file):
        raise UnavailableError(f"佐证文件“{file.name}”（{file.mark}）{fault}；{MEND}")
    return file, (desk.settings.evidence / file.stored).absolute()


def copy_evidence(desk: Desk, mark: str, target: Path, *, force: bool = False) -> Path:
    """Write a copy of a file, into a folder under its own name; where the copy is.

    RefusedError where a file stands there already, unless by `force`; else as `kept_evidence`.
    """
    file, path = kept_evidence(desk, mark)
    if target.is_dir():
        stem = file.name.rpartition(".")[0] or file.name
        target = target / files.safe_name(f"{stem}.{file.media.value}")
    files.put(target, path.read_bytes(), force=force)
    return target


def evidence_faults(
    session: Session, settings: Settings, plan_id: str, subjects: Iterable[str] | None = None
) -> Iterator[str]:
    """What is wrong with files on record, of some subjects or of all, a sentence each."""
    whose = None if subjects is None else list(subjects)
    checked: dict[str, str] = {}
    for row, entered in rows_with(session, plan_id, whose):
        said = {each.sha256: each for each in files_said(row.detail)}
        if said != entered:
            yield f"第{row.id}号记录的佐证文件与登记的不符"
        for each in said.values():
            if each.sha256 not in checked:
                checked[each.sha256] = file_fault(settings.evidence, each)
            if fault := checked[each.sha256]:
                yield f"{row.subject}第{row.id}号记录的佐证文件“{each.name}”（{each.mark}）{fault}"


def _line(desk: Desk, each: NamedFile) -> EvidenceLine:
    file, row = each.file, each.row
    about = row.detail.get(ABOUT, "") if row.action == EVIDENCE_FILE else row.action
    label = action_label(desk, about) if about else ""
    return EvidenceLine(
        mark=file.mark,
        name=file.name,
        media=file.media,
        size=file.size,
        subject=row.subject,
        row=row.id or 0,
        label=f"{AuditKind(row.kind).label} {label}".strip(),
        on=row.effective_on,
        actor=row.actor,
    )
