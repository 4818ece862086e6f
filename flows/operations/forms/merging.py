"""Settles what a workbook states with what has been recorded since it was made out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session

from flows.operations.desk import Desk
from models.audits import history
from policy.vocabulary import AuditKind
from states.dossier import Dossier
from states.trail import from_detail, replay


@dataclass(frozen=True, slots=True)
class Merged:
    """Which of the stated values are to be written, and which are not."""

    changes: Mapping[str, Any] = field(default_factory=dict)
    conflicts: Mapping[str, Any] = field(default_factory=dict)
    """Changed here and, meanwhile, elsewhere: per field, what is stored now."""
    outdated: tuple[str, ...] = ()
    """Left as it was made out while it was changed elsewhere: what is stored stays."""


def merge(
    stated: Mapping[str, Any], stored: Mapping[str, Any], known: Mapping[str, Any] | None
) -> Merged:
    """What `stated` changes of `stored`; `known` is what its sender could know.

    None: the sender is taken to know what is stored.
    """
    told = stored if known is None else known
    differing = {name: value for name, value in stated.items() if value != stored.get(name)}
    moved = {name for name in differing if stored.get(name) != told.get(name)}
    left = tuple(name for name in differing if name in moved and stated[name] == told.get(name))
    return Merged(
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
        from_detail(row.id or 0, AuditKind(row.kind), row.detail)
        for row in history(session, desk.plan, project.code)
        if (row.id or 0) <= version
    ]
    return replay(rows).columns
