"""Says in which unit a column of money is filled in: 元 or 万元."""

import re
from collections.abc import Callable
from decimal import Decimal

from documents import cells
from documents.forms import plain
from documents.table import Table

UNIT_LINE = re.compile(r"(?<![报表])单位:([^:]{1,20})")
"""Not 填报单位 nor 填表单位: those are offices."""
NAMED = re.compile(r"万元|元")
READERS = {"元": cells.yuan, "万元": cells.ten_thousand_yuan}


def money_reader(table: Table, key: str) -> Callable[[object], Decimal | None]:
    """Reads a column of money into 元.

    The unit is what its heading says, else what the line of units above the table says, else what
    the form's own heading says.
    """
    own = plain(table.columns[key].heading)
    lines = (found[1] for line in table.above if (found := UNIT_LINE.search(plain(line))))
    for words in (table.headings[key], *lines, own):
        named = set(NAMED.findall(words))
        if len(named) == 1:
            return READERS[named.pop()]
    return cells.yuan
