"""What the levels of a programme are called, where they are not 省, 市 and 县."""

import re
from functools import lru_cache

from policy.clauses import PlanNode, Text

SAID = re.compile("县（市、区）|区（县、市）|[省市县]")


class LevelWords(PlanNode):
    """One word for each of the three roles that offices have (层级): who leads, who stands between,
    who does it; in a programme of two levels the last two are one."""

    lead: Text = "省"
    middle: Text = "市"
    base: Text = "县"
    bases: Text = "县（市、区）"
    """What lies below a city, in general."""

    def said(self, words: str) -> str:
        """Words of the product, which are in terms of 省, 市 and 县, in those of the plan.

        Only for words of the product: what people write and what places are called stays.
        """
        return _said(self, words)


@lru_cache(maxsize=4096)
def _said(levels: LevelWords, words: str) -> str:
    if levels == CUSTOMARY:
        return words
    terms = {"省": levels.lead, "市": levels.middle, "县": levels.base}
    told = SAID.sub(lambda found: terms.get(found[0], levels.bases), words)
    if levels.base == levels.middle:  # of two levels
        told = re.sub(f"{levels.middle}、?(?={levels.middle})", "", told)
    return told


CUSTOMARY = LevelWords()
