"""年中督查 (五(七)): which projects are visited when, and what is looked at."""

from policy.clauses import Clause, RuleId


class Inspection(Clause):
    """The province's visits to every city."""

    deadline: RuleId
    """The deadline about each city that a visit meets."""
