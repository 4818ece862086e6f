"""Faults of a plan in its fields: what each may ask, and what names it."""

from typing import Any

import pytest

from policy.checks import PresentCheck
from policy.clauses import Clause
from policy.faults import fields
from policy.fields import FieldNeed, ProfileField
from policy.schema import Plan
from tests.support.builders import plan
from tests.test_policy_validate import put

HELD = {field.id: field for field in plan().fields}
COLUMN = HELD["beds"].asked[0]
CLAUSE: dict[str, Any] = plan().subsidies[0].model_dump(include=set(Clause.model_fields))


def field(held: str, /, **changes: Any) -> ProfileField:
    return HELD[held].model_copy(update=changes)


def told(check: Any, *found: ProfileField) -> list[str]:
    changed = plan().model_copy(update={"fields": found}) if found else plan()
    return [f"{'.'.join(map(str, fault.loc))}: {fault.says}" for fault in check(changed)]


def need(**said: Any) -> FieldNeed:
    return FieldNeed.model_validate({**CLAUSE, "before": ("determine",), **said})


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (field("beds"), ""),
        (field("beds", id="code"), "fields.0.id: “code”另有所指"),
        (field("investment", kind="count"), "fields.0.kind: “investment”是固定项"),
        (field("settlement", choices=()), "fields.0: kind 为 choice 的，须在 choices 中列出"),
        (field("beds", choices=("甲",)), "fields.0.choices: 只有 kind 为 choice 或 words 的才写"),
        (field("functions", choices=("甲", "乙")), ""),
        (field("site_source"), ""),
        (field("site_source", meanings={"A": "甲"}), "fields.0.meanings: meanings 须逐一说明"),
        (field("tenure", measured_in="张"), "fields.0.measured_in: 只有 kind 为 count 或 number"),
        (field("beds", id="seats", kind="number", measured_in="张"), ""),
        (field("beds", asked=(COLUMN, COLUMN)), "fields.0.asked.1: “"),
        (field("beds", needed=need(least=1, most=1)), ""),
        (field("beds", needed=need(least=1)), ""),
        (field("beds", needed=need(most=1)), ""),
        (field("beds", needed=need(least="1.1", most=1)), "fields.0.needed: least（1.1）大于 most"),
        (field("tenure", needed=need(least=1)), "fields.0.needed: "),
        (field("tenure", needed=need(most=1)), "fields.0.needed: "),
        (field("tenure", needed=need()), ""),
        (field("beds", needed=need(before=("begin",))), "fields.0.needed: 未知的办理动作或节点"),
        (field("beds", needed=need(before=("opened",))), ""),
        (field("beds", needed=need(when={"beds": ("1",)})), ""),
        (field("beds", needed=need(when={"street": ("1",)})), ""),
        (
            field("beds", needed=need(when={"luck": ("1",)})),
            "fields.0.needed.when: 未知的项目档案项",
        ),
    ],
)
def test_a_field_is_declared_so_that_it_can_be_filled_in(made: ProfileField, says: str) -> None:
    found = told(fields.declared, made)
    assert len(found) == bool(says), found
    assert all(each.startswith(says) for each in found)


@pytest.mark.parametrize("sheet", ["supplement", "supplement_2", "supplement_3", "application"])
def test_several_words_are_filled_in_on_sheets_of_their_own(sheet: str) -> None:
    column = COLUMN.model_copy(update={"sheet": sheet, "known_by": None})
    found = told(fields.declared, field("functions", asked=(column,)))
    says = "fields.0.asked: kind 为 words 的只能在补充信息表中填写"
    assert found == ([says] if sheet == "application" else [])


@pytest.mark.parametrize(
    ("sheets", "headings", "twice"),
    [
        (("application", "application"), ("床位", "床位"), True),
        (("application", "application"), ("床 位", "床位\n"), True),
        (("application", "supplement"), ("床位", "床位"), False),
        (("application", "application"), ("床位", "床位数"), False),
        (("application", "application"), (None, None), True),  # by their label
    ],
)
def test_no_two_columns_of_a_sheet_have_one_heading(
    sheets: tuple[str, str], headings: tuple[str | None, str | None], *, twice: bool
) -> None:
    one, two = (
        field(
            "beds",
            id=id,
            label="床位",
            asked=(COLUMN.model_copy(update={"sheet": sheet, "heading": heading}),),
        )
        for id, sheet, heading in zip(("one", "two"), sheets, headings, strict=True)
    )
    found = told(fields.headings, one, two)
    says = "fields.1.asked.0: 与“one”在同一张表上的栏名都是“床位”"
    assert len(found) == twice
    assert all(each.startswith(says) for each in found)
    assert told(fields.headings, one) == []


def named(changed: Plan) -> list[str]:
    return [".".join(map(str, fault.loc)) for fault in fields.named(changed)]


def test_whatever_names_a_field_names_one_that_there_is() -> None:
    assert named(plan()) == []
    present = PresentCheck(kind="present", fields=("beds", "luck", "street"))
    changed = put(plan(), "requirements.0.check", present)
    assert named(changed) == ["requirements.0.check.fields"]
    changed = put(plan(), "requirements.0.when", {"luck": ("是",), "beds": ("1",)})
    assert named(changed) == ["requirements.0.when"]
    assert named(put(plan(), "plausible.0.field", "luck")) == ["plausible.0.field"]
    at = next(n for n, item in enumerate(plan().checklist) if item.measures)
    assert named(put(plan(), f"checklist.{at}.measures", "luck")) == [f"checklist.{at}.measures"]
