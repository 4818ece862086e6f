"""What may have been meant is asked; what there is is told where it is little."""

import pytest

from policy.likeness import FEW, near

KNOWN = [f"示例{letter}" for letter in "ABCDEFGHIJKL"]


def test_what_is_near_is_asked_for() -> None:
    assert near("work_startd", ["work_started", "site_confirmed"]) == "，是否为“work_started”？"


def test_all_are_told_where_they_are_few() -> None:
    assert len(KNOWN) == FEW == 12
    assert near("zzz", KNOWN) == f"，可用：{'、'.join(KNOWN)}"
    assert near("zzz", ["b", "a"]) == "，可用：a、b"
    assert near("zzz", [*KNOWN, "又一"]) == ""
    assert near("zzz", []) == ""


@pytest.mark.parametrize("sign", "，、；：")
def test_full_width_commas_are_named(sign: str) -> None:
    assert "半角逗号" in near(f"a{sign}b", ["a", "b"])
