"""The rules by which projects are put on the risk list."""

from policy.clauses import Clause


class Risks(Clause):
    """What speaks for a project's missing its next deadlines."""
