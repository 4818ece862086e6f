"""交叉验收 (五(八)): who goes where, and when."""

from policy.clauses import Clause, RuleId


class CrossAcceptance(Clause):
    """How cities accept one another's projects."""

    deadline: RuleId
    """The deadline of each project that a visit meets."""
