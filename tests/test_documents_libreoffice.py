"""Every form survives LibreOffice: saved anew as .xlsx, and by way of .ods, it says the same."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import pytest

from documents.forms.recognise import recognise
from documents.reading.grid import read_book
from documents.reading.identity import Identity, identity_of, sealed
from documents.writing.layout import to_bytes
from policy.vocabulary import Form
from tests.support.builders import plan
from tests.support.forms import LEAVES, READERS
from tests.support.office import convert, needs_calc

KEY = b"a key"
pytestmark = [pytest.mark.heavy, needs_calc]


def identity(form: Form) -> Identity:
    return Identity("shanxi-2023", form, "太原市", "2023-06", 1234)


def made(form: Form) -> bytes:
    return to_bytes(LEAVES[form](identity(form).footer(form.label)), sealed(identity(form), KEY))


@cache
def converted() -> Mapping[str, Mapping[Form, bytes]]:
    """Each form as LibreOffice saves it: in one go, since it takes long to start."""
    home = Path(mkdtemp(prefix="xingfu-office-"))
    first, ods, second = home / "xlsx", home / "ods", home / "back"
    home.joinpath("made").mkdir()
    for form in LEAVES:
        (home / "made" / f"{form.value}.xlsx").write_bytes(made(form))
    convert(sorted(home.joinpath("made").iterdir()), first, "xlsx")
    convert(sorted(home.joinpath("made").iterdir()), ods, "ods")
    convert(sorted(ods.iterdir()), second, "xlsx")
    return {
        way: {form: (folder / f"{form.value}.xlsx").read_bytes() for form in LEAVES}
        for way, folder in (("xlsx", first), ("ods", second))
    }


@pytest.mark.parametrize("way", ["xlsx", "ods"])
@pytest.mark.parametrize("form", list(LEAVES))
def test_a_form_loses_nothing(form: Form, way: str) -> None:
    before, after = read_book("a.xlsx", made(form)), read_book("a.xlsx", converted()[way][form])
    assert READERS[form](after) == READERS[form](before)
    assert identity_of(after, KEY) == identity(form)
    assert recognise(after, plan()) is form
