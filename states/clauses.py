"""The table of the notice's clauses: what each ends as, and where. Pure."""

from collections.abc import Mapping

from policy.clauses import Clause
from policy.inventory import FUNCTIONS
from policy.schema import Plan

HEAD = """# Clauses

Every clause of {number}, what it ends as, and where. Made by `xingfu plan clauses` from the plan
and checked by a test; do not edit by hand. What the plan proposes where the notice is silent
is marked （建议）.

| no. | clause | words | kind | where |
|---|---|---|---|---|
"""
NAMES = {"requirements": "条件", "deadlines": "时限", "duties": "周期任务", "evidence": "留痕"}
NAMES |= {"checklist": "验收表", "actions": "办理", "milestones": "节点", "stages": "阶段"}


def clause_table(plan: Plan) -> str:
    """The table as Markdown, in the plan's order."""
    known = dict(_places(plan))
    lines = (
        f"| {line.number} | {line.clause} | {line.words} | {line.kind.label} "
        f"| {'；'.join(known.get(name, f'`{FUNCTIONS.get(name, name)}`') for name in line.by)} |"
        for line in plan.inventory
    )
    return HEAD.format(number=plan.notice.number) + "\n".join(lines) + "\n"


def _places(plan: Plan) -> Mapping[str, str]:
    """How a rule of the plan is named in the table, by id."""
    return {
        str(rule.id): f"{NAMES[group]} {rule.id} {_title(rule)}"  # type: ignore[attr-defined]  # below
        for path, rule in plan.rules()
        if (group := path.partition(".")[0]) in NAMES
    }


def _title(rule: Clause) -> str:
    found = next(getattr(rule, name) for name in ("says", "title", "label") if hasattr(rule, name))
    return f"{found}（建议）" if rule.origin == "proposal" else str(found)
