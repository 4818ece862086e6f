"""What a monthly report is filled in with: all that is known, as of now or as of a version."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from documents import cells
from documents.report import PEOPLE, STATED, monthly_report
from policy.schema import Plan
from policy.vocabulary import Source
from states.dossier import Dossier
from states.ledger import Line, from_below, received, received_by
from states.progress import Progress, latest_before
from states.trail import State


def values_now(plan: Plan, project: Dossier, month: str) -> Mapping[str, Any]:
    """What the report is filled in with as things stand."""
    fields = {name: getattr(project.profile, name) for name in PEOPLE}
    days, lines, reports = project.milestones, project.lines, project.progress
    return _values(plan, month, fields | {"stage": project.stage}, days, lines, reports)


def values_then(plan: Plan, state: State, month: str) -> Mapping[str, Any]:
    """What it was filled in with when that was the state of things."""
    reports = [state.progress[period] for period in sorted(state.progress)]
    lines = list(state.lines.values())
    return _values(plan, month, state.columns, state.facts, lines, reports)


def _values(
    plan: Plan,
    month: str,
    columns: Mapping[str, Any],
    days: Mapping[str, date],
    lines: Sequence[Line],
    reports: Sequence[Progress],
) -> Mapping[str, Any]:
    stage = columns.get("stage")
    return {
        **{name: cells.text(columns.get(name)) for name in PEOPLE},
        **{name: days.get(name) for name in monthly_report(plan).milestones},
        **_reported(reports, month),
        "stage": plan.stage(stage).label if stage else None,
        "province_received": received(lines, Source.PROVINCE),
        "local_received": from_below(received_by(lines)),
    }


def _reported(reports: Sequence[Progress], month: str) -> Mapping[str, Any]:
    """The month's own report; else how far things were, and what was spent, before."""
    own = next((report for report in reports if report.period == month), None)
    if own is not None:
        values = {name: getattr(own, name) for name in STATED}
        return values | {name: cells.text(values[name]) for name in ("problem", "next_step")}
    last = latest_before(reports, month)
    blank: dict[str, Any] = dict.fromkeys(STATED)
    return blank | ({"percent": last.percent, "invested": last.invested} if last else {})
