"""Targets and tiers of a plan that cannot be are told with their line."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from common.errors import PolicyError
from policy.load import load_plan
from tests.support.written import read_yaml

CANTEENS = Path(__file__).parent / "plans" / "canteens-2024"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"targets": [{"id": "streets", "kinds": ["point2"]}]}, "未知的项目类别“point2”"),
        ({"targets": [{"id": "funded", "reached": "money"}]}, "未知的节点“money”"),
        ({"targets": [{"id": "counties", "places": 9}]}, "places 只用于街道"),
        ({"targets": [{"id": "streets", "cities": ["乙市"]}]}, "未知的市“乙市”"),
        ({"targets": [{"id": "counties", "each": "city", "cities": ["甲市"]}]}, "按市计算的覆盖"),
        ({"targets": [{"id": "opened_rate", "id_": "x"}]}, "没有“id_”"),
        ({"quota": {"goal": {"canteen": 2}}}, "总数须按项目类别写明：老年食堂、助餐点"),
        ({"subsidies": [{"when": {"tier": ["三类"]}}]}, "“供餐层级”没有“三类”这一项"),
        ({"subsidies": [{"when": {"tier": ["一类", "二类"]}}]}, "补助标准，“canteen”的“二类”有2条"),
        ({"subsidies": [{"when": {}}]}, "“canteen”"),
    ],
)
def test_targets_that_cannot_be_are_told(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    whole = read_yaml(CANTEENS / "plan.yaml")
    for section, edits in change.items():
        if isinstance(edits, dict):
            whole[section] |= edits
            continue
        for edit in edits:
            found = next(it for it in whole[section] if it.get("id") == edit.get("id"))
            found |= edit
    (tmp_path / "notice.txt").write_bytes((CANTEENS / "notice.txt").read_bytes())
    text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    (tmp_path / "plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"plan\.yaml:\d+: .*{says}"):
        load_plan(tmp_path / "plan.yaml")
