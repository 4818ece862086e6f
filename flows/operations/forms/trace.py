"""What the audit trail tells about a project's lines and opinions: in whose words, and when."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from flows.operations.desk import Desk
from models.audits import histories
from models.tables import Audit
from policy.vocabulary import AuditKind, Form
from states.dossier import Dossier
from states.trail import State, from_detail, replay

SOURCE = re.compile(rf"【(?:{Form.LEDGER.label}|{Form.OPINIONS.label})：[^【】]*】$")


@dataclass(frozen=True, slots=True)
class Trace:
    """What is told about one project."""

    words: Mapping[int, str]
    """Per row of the trail, the words with which it was recorded."""
    then: State
    """The project as it stood at a version; empty where no version is asked for."""


def traces(
    session: Session, desk: Desk, projects: Iterable[Dossier], version: int | None
) -> Mapping[str, Trace]:
    """By code, what the trail tells about each project."""
    rows = histories(session, desk.plan, [project.code for project in projects])
    return {code: _trace(found, version or 0) for code, found in rows.items()}


def with_source(words: str, form: Form, paper: str) -> str:
    """A cell's words as evidence, with the workbook that they stand in."""
    return f"{words}【{form.label}：{paper.replace('【', '（').replace('】', '）')}】"


def words_in(evidence: str) -> str:
    """The words of `with_source` again; of other evidence, all of it."""
    return SOURCE.sub("", evidence)


def _trace(found: Sequence[Audit], version: int) -> Trace:
    rows = [(row.id or 0, row) for row in found]
    return Trace(
        {id: words_in(row.evidence) for id, row in rows},
        replay(
            from_detail(id, AuditKind(row.kind), row.detail) for id, row in rows if id <= version
        ),
    )
