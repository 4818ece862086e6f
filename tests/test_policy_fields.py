"""What the forms ask of a project: what stays open after the application, what is not stated."""

from policy.fields import CORE, RESERVED
from states.trail import OWN
from tests.support.builders import plan


def test_after_the_application_only_who_runs_it_and_where_it_is_may_change() -> None:
    """The operator is determined later, 六(二), people change, and an address is corrected."""
    still = {field.id for field in plan().fields if not field.reviewed}
    people = {"responsible_person", "responsible_phone"}
    assert still == {"address", *people, *(id for id in plan().field if id.startswith("operator"))}


def test_only_sets_of_words_are_empty_where_nothing_is_stated() -> None:
    empty = {field.id for field in plan().fields if field.unstated is not None}
    assert empty == {"functions", "commitments"}
    assert all(plan().field[id].unstated == frozenset() for id in empty)


def test_a_name_is_centred_where_it_says_so_alone() -> None:
    centred = {field.id for field in plan().fields for at in field.asked if at.centred}
    assert centred == {"operator_manager"}


def test_the_core_is_asked_by_the_names_that_it_has_everywhere() -> None:
    assert {id: plan().field[id].label for id in CORE} == {id: c.label for id, c in CORE.items()}


def test_where_a_project_stands_is_no_field() -> None:
    assert not {*plan().field, *CORE} & RESERVED
    assert {*OWN} <= RESERVED
