"""绩效评估 (五(九)): the scoring table."""

from policy.clauses import Clause, RuleId, Text


class Evaluation(Clause):
    """Indicators with their points: base, bonus and malus."""

    version: Text
    """Names this table; a score says by which one it was given."""
    duty: RuleId
    """The province's quarterly duty that an evaluation fulfils."""
