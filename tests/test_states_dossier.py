"""What forms say of a project: as text, as JSON and back, and what is not there."""

import re
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.fields import CORE, TYPES, Kind
from policy.vocabulary import Disposition
from states.dossier import (
    GOING_ON,
    Profile,
    from_plain,
    from_stored,
    profile_of,
    stated,
    to_plain,
    to_words,
    told,
)
from tests.support.builders import a_dossier, a_profile, plan

VALUES: dict[type, st.SearchStrategy[Any]] = {
    Decimal: st.decimals(0, 10**9, places=2),
    date: st.dates(),
    int: st.integers(0, 10**6),
    bool: st.booleans(),
    str: st.text(max_size=5),
    frozenset: st.frozensets(st.text(min_size=1, max_size=3), max_size=3),
}


@given(st.sampled_from(sorted(get_args(Kind))), st.data())
def test_every_kind_is_read_back_from_plain(name: Kind, data: st.DataObject) -> None:
    value = data.draw(VALUES[TYPES.get(name, str)])
    plain = to_plain(value)
    assert not isinstance(plain, Decimal | date | frozenset)
    back = from_plain(name, plain)
    assert back == value
    assert type(back) is type(value)
    assert from_plain(name, None) is None


@pytest.mark.parametrize(
    ("name", "plain", "value"),
    [
        ("area", "900", "900.00"),
        ("area", "900.5", "900.50"),
        ("area", "0.50", "0.50"),
        ("beds", "12", "12"),
        ("letter_on", "2023-02-08", "2023-02-08"),
    ],
)
def test_figures_and_days_are_read_from_text(name: str, plain: str, value: str) -> None:
    assert str(from_stored(plan(), name, plain)) == value


def test_a_field_that_is_declared_no_longer_is_kept_as_it_is() -> None:
    assert from_stored(plan(), "meals", "12.5") == "12.5"
    assert from_stored(plan().model_copy(update={"fields": ()}), "area", "12") == Decimal("12.00")


def test_a_number_below_zero_is_none() -> None:
    with pytest.raises(ValueError, match=r"^-1$"):
        from_plain("count", -1)


@pytest.mark.parametrize("plain", ["", "九百", "-1", "1.2.3", "1e3", "1.005", "NaN", "1,000"])
def test_what_is_no_amount_is_not_read_as_one(plain: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(plain)}$"):
        from_plain("square_metres", plain)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "空"),
        (frozenset(), "空"),
        (True, "是"),
        (False, "否"),
        (0, "0"),
        (Decimal("12.50"), "12.50"),
        (date(2023, 6, 1), "2023-06-01"),
        (frozenset({"b", "a"}), "a、b"),
    ],
)
def test_values_as_staff_read_them(value: Any, words: str) -> None:
    assert to_words(value) == words


def test_lists_are_kept_in_order() -> None:
    assert to_plain(frozenset({"丙", "甲", "乙"})) == sorted(("丙", "甲", "乙"))


def test_stated_is_what_is_filled_in() -> None:
    assert stated(Profile()) == {}
    said = {"beds": 0, "old_community": False}
    assert stated(profile_of(said)) == said
    assert stated(profile_of(said).saying({"beds": None, "old_community": None})) == {}
    filled = stated(a_profile())
    assert set(plan().field) - set(filled) == {
        *("kind", "annual_rent", "agreement_signed_on", "agreement_from", "agreement_to"),
        *("renewal_project", "purchase_basis", "explanation"),
    }


def test_every_field_that_a_plan_declares_is_told_stated_or_not() -> None:
    assert list(told(plan(), Profile())) == [*plan().field]
    assert set(map(str, told(plan(), Profile()).values())) == {"None", "frozenset()"}
    said = told(plan(), a_profile(beds=0).saying({"meals": 3}))
    assert (said["beds"], said["old_community"], said["tenure"]) == (0, True, "政府无偿提供")
    assert "meals" not in said
    bare = plan().model_copy(update={"fields": ()})
    assert told(bare, a_profile()) == {"street": "示例街道", "community": "示例社区"}


def test_the_core_is_what_rules_read_by_name() -> None:
    assert [item.name for item in fields(Profile)] == [*CORE, "further"]


def test_who_stands_by_or_has_ended_does_not_go_on() -> None:
    assert GOING_ON == (Disposition.ACTIVE, Disposition.HELD)


def test_a_project_says_which_milestones_are_not_dated() -> None:
    project = a_dossier(milestones={"determined": date(2023, 3, 20)})
    assert project.missing_milestones(("a", "determined", "b")) == ("a", "b")
    assert project.missing_milestones(()) == ()


def test_a_new_project_has_no_place_and_nothing_recorded() -> None:
    project = type(a_dossier())("P1", "示例", "太原市", "小店区", "市辖区", "siting")
    assert (project.quota_left, project.unserved, project.revision) == (0, False, 0)
