"""Which action of a plan pauses, resumes, ends or replaces a project: told by what it does."""

from policy.errors import RefusedError
from policy.schema import ActionRule, Plan
from policy.vocabulary import Disposition
from states.machine import Position, allowed

HOLD = ("暂停", Disposition.ACTIVE, Disposition.HELD)
RESUME = ("恢复", Disposition.HELD, Disposition.ACTIVE)
WITHDRAW = ("终止", None, Disposition.WITHDRAWN)
REPLACE = ("替补递补", Disposition.RESERVE, Disposition.ACTIVE)
Role = tuple[str, Disposition | None, Disposition]
"""What people call it, and the dispositions that it takes a project from (None: any) and to."""


def action_for(plan: Plan, role: Role, position: Position) -> ActionRule:
    """The action that plays a role for a project at `position`.

    Where none may be taken there, the plan's first one, whose refusal then says why. RefusedError
    when the plan has none, or when several may be taken.
    """
    label, before, after = role
    playing = [
        action
        for action in plan.actions
        if action.sets is after and (before is None or before in action.while_)
    ]
    if not playing:
        raise RefusedError(f"实施方案 {plan.id} 没有规定“{label}”")
    can = [action for action in allowed(plan, position) if action in playing]
    if len(can) > 1:
        listed = "、".join(f"{action.id}（{action.label}）" for action in can)
        raise RefusedError(f"“{label}”有多个办理动作，请用“办理项目”表单选择：{listed}")
    return next(iter(can), playing[0])
