"""What the forms ask of a project: what stays open after the application, what is not stated."""

import pytest
from pydantic import TypeAdapter, ValidationError

from policy.fields import FIELDS, FieldId


def test_after_the_application_only_who_runs_it_and_where_it_is_may_change() -> None:
    """The operator is determined later, 六(二), people change, and an address is corrected."""
    still = {id for id, field in FIELDS.items() if not field.reviewed}
    people = {"responsible_person", "responsible_phone"}
    assert still == {"address", *people, *(id for id in FIELDS if id.startswith("operator"))}


def test_only_sets_of_words_are_empty_where_nothing_is_stated() -> None:
    empty = {id for id, field in FIELDS.items() if field.unstated is not None}
    assert empty == {"functions", "commitments"}
    assert all(FIELDS[id].unstated == frozenset() for id in empty)


def test_a_name_is_centred_where_it_says_so_alone() -> None:
    centred = {id for id, field in FIELDS.items() for at in field.columns if at.centred}
    assert centred == {"operator_manager"}


def test_a_check_asks_for_a_field_that_there_is() -> None:
    known = TypeAdapter[str](FieldId)
    assert known.validate_python("area") == "area"
    with pytest.raises(ValidationError, match="项目档案没有“floor”这一项"):
        known.validate_python("floor")
