"""Whom a city reports: the table of who is determined, held, standing by or ended."""

from datetime import date

import pytest

from policy.vocabulary import Disposition
from states.dossier import Dossier
from states.reporting import expected
from tests.support.builders import a_dossier, plan

DETERMINED = {"determined": date(2023, 3, 20)}


def project(code: str, disposition: Disposition = Disposition.ACTIVE, *, taken: bool) -> Dossier:
    return a_dossier(code=code, disposition=disposition, milestones=DETERMINED if taken else {})


@pytest.mark.parametrize(
    ("disposition", "reported"),
    [
        (Disposition.ACTIVE, True),
        (Disposition.HELD, True),
        (Disposition.RESERVE, False),
        (Disposition.REJECTED, False),
        (Disposition.WITHDRAWN, False),
    ],
)
@pytest.mark.parametrize("taken", [False, True])
def test_only_what_goes_on_is_reported(
    disposition: Disposition, *, reported: bool, taken: bool
) -> None:
    one = project("P1", disposition, taken=taken)
    assert list(expected(plan(), [one])) == ([one] if reported else [])


def test_once_one_is_determined_only_the_determined_are_reported() -> None:
    applying, taken = project("P1", taken=False), project("P2", taken=True)
    ended = project("P3", Disposition.WITHDRAWN, taken=True)
    assert list(expected(plan(), [applying, ended])) == [applying]
    assert list(expected(plan(), [applying, taken, ended])) == [taken]
    assert list(expected(plan(), [])) == []
