"""Makes the database and sets it up with the plan."""

from dataclasses import replace
from datetime import date, datetime

from common.errors import RefusedError
from models.audits import NewRow, TrailCheck, add_audit, examine
from models.database import migrate, reading, writing
from models.keys import forget_past_keys
from models.plans import plan_ids
from models.seals import replacing_key, require_keys, reseal
from models.settings import Settings
from models.tables import PlanRow
from operations.cases.authority import authorise
from operations.cases.desk import Desk, desk_for, open_desk
from operations.upkeep.continuity import discontinuity, kept_ends
from operations.upkeep.rules import install
from policy.vocabulary import AuditKind
from states.authority import upkeep
from states.contacts import Place
from states.witness import read_code

__all__ = [
    "change_key",
    "check_trail",
    "initialise",
    "install",
    "installed_plans",
    "prepare",
]
REKEY = "rekey"
"""The action of the row that says that the key was changed."""


def prepare(settings: Settings, plan_id: str | None) -> Desk:
    """Make or update the database; its plan is installed, or changed, by `rules`.

    RefusedError, with nothing changed, where the key is not the installation's.
    """
    desk = desk_for(settings, plan_id)
    with reading(desk.engine) as session:
        require_keys(session)
    migrate(desk.engine)
    return desk


def initialise(settings: Settings, plan_id: str | None, at: datetime) -> Desk:
    """Make or update the database and install the plan; safe to repeat. RefusedError as `install`.

    With the projects that the plan names.
    """
    desk = prepare(settings, plan_id)
    install(desk, at)
    return desk


def installed_plans(settings: Settings) -> tuple[str, ...]:
    """The ids of all plans that the database runs, sorted."""
    with reading(open_desk(settings).engine) as session:
        return plan_ids(session)


def change_key(desk: Desk, actor: str, evidence: str, *, today: date, at: datetime) -> str:
    """Let the plan's trail go on with the present key, where the former one is lost; its mark.

    A row says who did so and why. RefusedError where the key is the former one, or nobody or no
    reason is named.
    """
    if not (actor.strip() and evidence.strip()):
        raise RefusedError("更换密钥须写明经办人（--actor）和依据（--evidence）")
    with writing(desk.engine) as session:
        authorise(session, desk, upkeep(desk.plan, "更换密钥"), Place(), actor)
        row = session.get(PlanRow, desk.plan.id, with_for_update=True)
        former = row.key if row else ""
        key = replacing_key(session, former)
        if row is None or former == key.mark:
            raise RefusedError(
                f"现有密钥（指纹 {key.mark}）即是本系统的密钥，没有遗失；"
                "要换用新密钥的，请运行 xingfu key rotate"
            )
        forget_past_keys(session, row.id)
        reseal(row, key)
        new = NewRow(
            subject=desk.plan.province,
            kind=AuditKind.EVIDENCE,
            action=REKEY,
            actor=actor,
            on=today,
            at=at,
            clause="",
            evidence=evidence,
            detail={"former_key": former, "key": key.mark},
        )
        add_audit(session, desk.plan, new)
    return key.mark


def check_trail(desk: Desk, code: str | None = None) -> TrailCheck:
    """Whether the trail holds, and goes on from where it was seen last and from a witness's `code`.

    UsageError for what is no code.
    """
    earlier = read_code(code) if code else None
    kept = kept_ends(desk.settings)
    with desk.reading() as session:
        found = examine(session, desk.plan.id, earlier)
        gone = tuple(discontinuity(session, desk.settings, kept, desk.plan.id))
    return replace(found, breaks=(*found.breaks, *gone), witness=None if gone else found.witness)
