"""The table of clauses: each clause in one line, in order, with what fulfils it."""

from states.clauses import HEAD, clause_table
from tests.support.builders import plan

CELLS = 7  # five columns between six bars


def test_every_clause_has_one_line_in_the_plans_order() -> None:
    table = clause_table(plan())
    head = HEAD.format(number="晋民发〔2023〕7号")
    assert table.startswith(head)
    assert table.endswith("|\n")
    lines = table.removeprefix(head).splitlines()
    numbers = [line.split("|")[1].strip() for line in lines]
    assert numbers == [line.number for line in plan().inventory]
    assert {len(line.split("|")) for line in lines} == {CELLS}


def test_rules_are_named_with_their_titles_and_others_as_code() -> None:
    deadline = next(rule for rule in plan().deadlines if rule.id == "D08")
    proposed = deadline.model_copy(update={"id": "D99", "title": "示例", "origin": "proposal"})
    action = plan().action("determine")
    line = plan().inventory[0].model_copy(update={"by": ("D08", "D99", "determine", "somewhere")})
    changes = {"deadlines": (deadline, proposed), "inventory": (line,)}
    told = clause_table(plan().model_copy(update=changes))
    wanted = f"时限 D08 {deadline.title}；时限 D99 示例（建议）；办理 determine {action.label}"
    assert told.splitlines()[-1].endswith(f"| {wanted}；`somewhere` |")
