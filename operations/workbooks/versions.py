"""Settles what a workbook states with what has been recorded since it was made out."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from models.audits import histories, history
from models.tables import Audit
from operations.cases.desk import Desk
from policy.schema import Plan
from policy.vocabulary import AuditKind, Form
from states.dossier import Dossier
from states.trail import ProjectState, from_detail, replay


@dataclass(frozen=True, slots=True)
class FieldMerge:
    """Which of the stated values are to be written, and which are not."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    conflicts: Mapping[str, Any] = field(default_factory=dict)
    """Changed here and, meanwhile, elsewhere: per field, what is stored now."""
    outdated: tuple[str, ...] = ()
    """Left as it was made out while it was changed elsewhere: what is stored stays."""


def merge(
    stated: Mapping[str, Any], stored: Mapping[str, Any], known: Mapping[str, Any] | None
) -> FieldMerge:
    """What `stated` changes of `stored`; `known` is what its sender could know.

    None: the sender is taken to know what is stored.
    """
    told = stored if known is None else known
    differing = {name: value for name, value in stated.items() if value != stored.get(name)}
    moved = {name for name in differing if stored.get(name) != told.get(name)}
    left = tuple(name for name in differing if name in moved and stated[name] == told.get(name))
    return FieldMerge(
        changes={name: value for name, value in differing.items() if name not in moved},
        conflicts={name: stored.get(name) for name in differing if name in moved - set(left)},
        outdated=left,
    )


def known_at(
    session: Session, desk: Desk, project: Dossier, version: int | None
) -> Mapping[str, Any] | None:
    """The project's fields as of a version; None when nothing was recorded since."""
    if version is None or project.revision <= version:
        return None
    rows = [
        from_detail(desk.plan, row.id or 0, AuditKind(row.kind), row.detail)
        for row in history(session, desk.plan, project.code)
        if (row.id or 0) <= version
    ]
    return replay(rows).columns


WORDED = (Form.LEDGER, Form.OPINIONS, Form.ANSWER)
"""The forms whose cells become evidence."""
SOURCE = re.compile(rf"【(?:{'|'.join(form.label for form in WORDED)})：[^【】]*】$")


@dataclass(frozen=True, slots=True)
class Trace:
    """What is told about one project."""

    words: Mapping[int, str]
    """Per row of the trail, the words with which it was recorded."""
    then: ProjectState
    """The project as it stood at a version; empty where no version is asked for."""


def traces(
    session: Session, desk: Desk, projects: Iterable[Dossier], version: int | None
) -> Mapping[str, Trace]:
    """By code, what the trail tells about each project."""
    rows = histories(session, desk.plan, [project.code for project in projects])
    return {code: _trace(desk.plan, found, version or 0) for code, found in rows.items()}


def with_source(words: str, form: Form, paper: str) -> str:
    """A cell's words as evidence, with the workbook that they stand in."""
    return f"{words}【{form.label}：{paper.replace('【', '（').replace('】', '）')}】"


def words_in(evidence: str) -> str:
    """The words of `with_source` again; of other evidence, all of it."""
    return SOURCE.sub("", evidence)


def _trace(plan: Plan, found: Sequence[Audit], version: int) -> Trace:
    rows = [(row.id or 0, row) for row in found]
    return Trace(
        {id: words_in(row.evidence) for id, row in rows},
        replay(
            from_detail(plan, id, AuditKind(row.kind), row.detail)
            for id, row in rows
            if id <= version
        ),
    )
