"""The papers that the province sends by the month and the quarter (五(五), 五(六))."""

from policy.clauses import Clause, Identifier, RuleId


class Bulletin(Clause):
    """逐月通报: one a month, to the cities' bureaus."""

    duty: RuleId
    """The province's monthly duty that an issued bulletin fulfils."""
    letter: Identifier
    """The kind of evidence that records one that was issued."""


class Feedback(Clause):
    """季度反馈函: one a quarter to each city's government."""

    duty: RuleId
    """The duty about each city that an issued letter fulfils."""
    letter: Identifier
    """The kind of evidence that records one that was issued."""
