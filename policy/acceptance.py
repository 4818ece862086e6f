"""交叉验收 (五(八)): who goes where, and when."""

from policy.clauses import Clause, Identifier, RuleId


class CrossAcceptance(Clause):
    """How cities accept one another's projects."""

    deadline: RuleId
    """The deadline of each project that a visit meets."""
    letter: Identifier
    """The kind of evidence that records a notice of results that was issued."""
    results: RuleId
    """The deadline about each city that the issued notice to its government meets."""
