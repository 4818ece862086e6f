"""The code of a witness: short, and read however somebody types it from paper."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import UsageError
from common.words import without_numbers
from states.witness import Witness, read_code

HEX = "0123456789ABCDEF"
WITNESSES = st.builds(Witness, st.integers(0, 10**9), st.text(HEX, min_size=8, max_size=8))
FULL = str.maketrans({chr(sign): chr(sign + 0xFEE0) for sign in range(0x21, 0x7F)})


def test_a_code_reads_as_printed() -> None:
    witness = Witness(1234, "7F3A91C2")
    assert witness.code == "1234-7F3A-91C2"
    assert witness.words == "第1234条，校验码 1234-7F3A-91C2"


@given(WITNESSES)
def test_a_code_is_read_back(witness: Witness) -> None:
    for typed in (witness.code, witness.words, witness.code.lower(), f" {witness.code}。"):
        assert read_code(typed) == witness
    assert read_code(witness.code.lower().translate(FULL)) == witness
    assert read_code(witness.code.replace("-", "—")) == witness
    assert read_code(witness.code.replace("-", " － ")) == witness


@given(WITNESSES)
def test_a_code_is_no_telephone_number(witness: Witness) -> None:
    """Chats and pages hide numbers of people; a code stays whole."""
    assert without_numbers(witness.words) == witness.words


@pytest.mark.parametrize(
    "typed", ["", "1234", "1234-7F3A", "1234-7F3A-91G2", "-7F3A-91C2", "校验码"]
)
def test_what_is_no_code_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageError, match="形如 1234-7F3A-91C2"):
        read_code(typed)
