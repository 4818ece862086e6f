"""Words of the product in the terms of a programme that has other levels than 省, 市 and 县."""

import pytest

from policy.levels import CUSTOMARY, LevelWords

OF_A_CITY = LevelWords(lead="市", middle="县", base="镇", bases="乡镇（街道）")
OF_A_STATE = LevelWords(lead="州", middle="盟", base="旗", bases="旗（县）")
OF_TWO = LevelWords(lead="市", middle="区", base="区", bases="街道")
SAID = [
    (CUSTOMARY, "省厅通知各市、县（市、区）", "省厅通知各市、县（市、区）"),
    (LevelWords(), "市、市、县", "市、市、县"),
    (OF_A_CITY, "省厅通知各市", "市厅通知各县"),
    (OF_A_CITY, "各市、县局", "各县、镇局"),
    (OF_A_CITY, "各县（市、区）和区（县、市）", "各乡镇（街道）和乡镇（街道）"),
    (OF_A_CITY, "本市、市局", "本县、县局"),  # of three levels nothing is left out
    (OF_A_STATE, "省、市、县", "州、盟、旗"),
    (OF_A_STATE, "市、市", "盟、盟"),
    (OF_TWO, "省、市、县", "市、区"),
    (OF_TWO, "市县两级", "区两级"),
    (OF_TWO, "本市各县（市、区）", "本区各街道"),
    (OF_TWO, "本市的县", "本区的区"),
    (OF_TWO, "没有层级", "没有层级"),
]


@pytest.mark.parametrize(("levels", "words", "told"), SAID)
def test_what_is_said_of_levels_is_said_in_the_words_of_the_plan(
    levels: LevelWords, words: str, told: str
) -> None:
    assert levels.said(words) == told
