"""The kinds of evidence that a plan names for its decisions and letters."""

import pytest

from policy.schema import Plan
from policy.validate import faults
from tests.support.builders import plan


def named(*, declined: str | None, letter: str | None) -> Plan:
    """The shipped plan with other names."""
    review = plan().review
    assert review is not None
    changes = {
        "review": review.model_copy(update={"declined": declined}),
        "ladder": plan().ladder.model_copy(update={"letter": letter}),
    }
    return plan().model_copy(update=changes)


def found(changed: Plan) -> list[tuple[str, ...]]:
    paths = [tuple(map(str, fault.loc)) for fault in faults(changed, "")]
    return [path for path in paths if path in (("review", "declined"), ("ladder", "letter"))]


def test_the_shipped_plan_names_kinds_that_it_has() -> None:
    assert found(plan()) == []
    assert found(named(declined=None, letter=None)) == []


@pytest.mark.parametrize("name", ["nothing", "use_confirmation", "supervision_letter"])
def test_what_the_province_cannot_have_on_record_is_no_refusal_of_a_list(name: str) -> None:
    assert found(named(declined=name, letter=None)) == [("review", "declined")]


@pytest.mark.parametrize("name", ["nothing", "use_confirmation", "determination_declined"])
def test_what_a_city_cannot_have_on_record_is_no_letter(name: str) -> None:
    assert found(named(declined=None, letter=name)) == [("ladder", "letter")]
