"""What a new plan begins with: the least that is valid, with comments that say what to fill in."""

import re
from collections.abc import Mapping

from common.errors import RefusedError
from policy.source import BASES, read_text

START = BASES / "new"


def starting_files(plan_id: str, year: int) -> Mapping[str, str]:
    """The files of a new plan by name; the year is that in which its id ends, else `year`.

    RefusedError for an id that no plan can have.
    """
    if not re.fullmatch(r"[a-z0-9-]+", plan_id):
        raise RefusedError(
            f"方案编号“{plan_id}”应由小写字母、数字和连字符组成，如 shanxi-2025；请另取编号"
        )
    ending = re.search(r"(?:19|20)\d{2}$", plan_id)
    told = ending.group() if ending else str(year)
    return {
        path.name: read_text(path).replace("YEAR", told).replace(" ID", f" {plan_id}")
        for path in sorted(START.iterdir())
    }
