"""How a database goes about each statement: whether it looks rows up, or reads all there are."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event

NEWEST = "SELECT max(audit.id)"
"""Is found at the end of its index."""
READS = re.compile(r"\s*(SELECT|WITH|UPDATE|DELETE|INSERT(?!.*\bVALUES\b))\b", re.DOTALL)


@contextmanager
def plans_of(engine: Engine) -> Iterator[list[tuple[str, str]]]:
    """What SQLite says of each part of each statement, with the statement."""
    found: list[tuple[str, str]] = []

    def note(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        if READS.match(statement):
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", parameters[0] if many else parameters)
            found.extend((row[3], statement) for row in cursor.fetchall())

    event.listen(engine, "before_cursor_execute", note)
    yield found
    event.remove(engine, "before_cursor_execute", note)


def through_all(found: list[tuple[str, str]], *tables: str) -> set[tuple[str, str]]:
    """Those that read every row of one of some tables, or every one of a plan."""
    named = "|".join(tables)
    whole = re.compile(rf"SCAN ({named})\b|SEARCH ({named}) (?!.*_waiting).*\(plan=\?\)$")
    return {each for each in found if whole.search(each[0]) and NEWEST not in each[1]}
