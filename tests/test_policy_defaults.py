"""What a plan need not say; and what is no plan yet is told of elsewhere, and crashes nothing."""

from datetime import date
from typing import Any

import pytest

from policy.defaults import completed


def filled(**said: Any) -> dict[str, Any]:
    return dict(completed(said, "example-2025"))


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ({}, {"id": "example-2025", "code_format": "EXAMPLE2025-{county}-{number:02d}"}),
        ({"id": "a-b"}, {"id": "a-b", "code_format": "AB-{county}-{number:02d}"}),
        ({"id": 7}, {"id": 7, "code_format": None}),
        ({"project_name": "{name}站"}, {"application_name": "{name}站"}),
        (
            {"notice": {"title": "通知", "issued_on": date(2025, 1, 10)}},
            {"name": "通知", "year": 2025},
        ),
        ({"notice": {"issued_on": "一月"}}, {"year": None, "name": None}),
        ({"notice": "通知"}, {"notice": "通知", "year": None}),
        ({"year": 2026, "notice": {"issued_on": date(2025, 12, 30)}}, {"year": 2026}),
        # the first stage, and the first milestone
        ({"stages": [{"id": "a"}, {"id": "b"}]}, {"inputs_close_after": "a"}),
        *(
            ({"stages": stages}, {"inputs_close_after": None})
            for stages in (None, [], {}, {0: {"id": "a"}}, "a", ["a"], [{"label": "甲"}])
        ),
        (
            {"milestones": [{"id": "a"}, {"id": "b"}]},
            {"quota": {"goal": None, "submitted_when": "a", "taken_when": "a"}},
        ),
        (
            {"milestones": [{"id": "a"}], "quota": {"goal": 3, "taken_when": "b"}},
            {"quota": {"goal": 3, "submitted_when": "a", "taken_when": "b"}},
        ),
        ({"milestones": [{"id": "a"}], "quota": 5}, {"quota": 5}),
        ({"milestones": [], "quota": {"goal": 3}}, {"quota": {"goal": 3}}),
        # a city below which nothing lies is what its projects lie in
        (
            {"cities": [{"code": "970100", "type": "镇", "name": "甲镇", "counties": []}]},
            {
                "cities": [
                    {
                        "quota": None,
                        "unserved": [],
                        "code": "970100",
                        "type": "镇",
                        "name": "甲镇",
                        "counties": [{"code": "970100", "type": "镇", "name": ""}],
                    }
                ]
            },
        ),
        (
            {"cities": [{"name": "甲市", "quota": 3}, "乙市"]},
            {"cities": [{"quota": 3, "unserved": [], "name": "甲市"}, "乙市"]},
        ),
        ({"cities": "甲市"}, {"cities": "甲市"}),
        # what rules share
        (
            {"defaults": {"clause": "一"}, "stages": [{"id": "a"}, {"id": "b", "clause": "二"}]},
            {"stages": [{"clause": "一", "id": "a"}, {"clause": "二", "id": "b"}]},
        ),
        ({"defaults": {"clause": "一"}, "stages": ["a"]}, {"stages": ["a"]}),
        ({"defaults": {"clause": "一"}, "stages": "a"}, {"stages": "a"}),
        # bureaus are called as their offices are
        (
            {"province": "山西省", "offices": {"province": "山西省民政厅"}}
            | {"bodies": {"province": {"bound": True}}},
            {"bodies": {"province": {"bound": True, "name": "省民政厅"}}},
        ),
        (
            {"offices": {"county": "{city}{county}民政局", "city": "{city}民政局"}}
            | {"bodies": {"county": {}, "city": {}, "finance": {}, "other": "甲"}},
            {
                "bodies": {
                    "county": {"name": "县（市、区）民政局"},
                    "city": {"name": "市民政局"},
                    "finance": {},
                    "other": "甲",
                }
            },
        ),
        (
            {"offices": {"city": "{city}民政局"}, "bodies": {"city": {"name": "市局"}}},
            {"bodies": {"city": {"name": "市局"}}},
        ),
        (
            {"levels": {"middle": "镇"}, "offices": {"city": "{city}工作站"}}
            | {"bodies": {"city": {}}},
            {"bodies": {"city": {"name": "镇工作站"}}},
        ),
    ],
    ids=str,
)
def test_what_is_not_said_follows_from_what_is(
    said: dict[str, Any], wanted: dict[str, Any]
) -> None:
    found = filled(**said)
    assert {key: found.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("issued", "monthly", "wanted"),
    [
        (date(2025, 1, 10), {}, {"first": "2025-02", "last": "2025-12"}),
        (date(2025, 11, 30), {}, {"first": "2025-12", "last": "2025-12"}),
        (date(2025, 12, 5), {}, {"first": "2025-12", "last": "2025-12"}),
        (date(2025, 1, 10), {"first": "2025-05"}, {"first": "2025-05", "last": "2025-12"}),
        ("一月", {}, {}),
    ],
)
def test_a_monthly_duty_runs_from_the_month_after_the_notice(
    issued: object, monthly: dict[str, str], wanted: dict[str, str]
) -> None:
    notice, stages = {"issued_on": issued}, [{"id": "a"}]
    found = filled(notice=notice, stages=stages, duties=[{"id": "D1", "monthly": monthly}, "D2"])
    assert found["duties"] == [{"stage": "a", "id": "D1", "monthly": wanted}, "D2"]
    assert filled(notice=notice, duties=[{"id": "D1"}])["duties"] == [{"id": "D1"}]
