"""By what an answer shows which digest it answers: its code, and the tag of an address. Pure.

A digest's code (回执码) is short enough to be typed. It stands in the subject and the text of a
mail and in the address that its answers go to, so that an answer finds its question also where a
mail program drops the headers that name it. It is made with the installation's key: nobody can
guess the code of a digest that was not sent to him or her.
"""

import hashlib
import hmac
import re
from collections.abc import Iterator

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No I, L, O and U, which are misread."""
LENGTH = 8
MARK = "回执码"
TAG = "{tag}"
"""In the address of the setting: where the code goes."""
MISREAD = str.maketrans("ILO", "110")
SHOWN = re.compile(rf"{MARK}[ :：]*([0-9A-Za-z]{{4}})[-－—]?([0-9A-Za-z]{{4}})(?![0-9A-Za-z])")


def code_of(key: bytes, digest: str) -> str:
    """The code of a digest, by its id: eight signs."""
    made = hmac.digest(key, b"xingfu.answer.1:" + digest.encode(), hashlib.sha256)
    number = int.from_bytes(made[:5], "big")
    return "".join(SIGNS[number >> 5 * place & 31] for place in range(LENGTH))


def shown(code: str) -> str:
    """``7K3F-9Q2M``."""
    return f"{code[:4]}-{code[4:]}"


def marked(code: str) -> str:
    """``回执码 7K3F-9Q2M``, as subjects and texts have it."""
    return f"{MARK} {shown(code)}"


def codes_in(text: str) -> Iterator[str]:
    """Every code that a subject or a text shows, in order, as it was typed or copied."""
    for found in SHOWN.finditer(text):
        yield _code(found[1] + found[2])


def tagged(address: str, code: str) -> str:
    """The address to which the answers to a digest go; as it is where it has no place for a tag."""
    return address.replace(TAG, code.lower())


def code_in(address: str, sent_to: str) -> str:
    """The code with which `sent_to` was made of `address`; empty where it was not."""
    before, tag, after = address.lower().partition(TAG)
    found = sent_to.strip().lower()
    if not tag or not found.startswith(before) or not found.endswith(after):
        return ""
    code = _code(found[len(before) : len(found) - len(after)])
    return code if len(code) == LENGTH and set(code) <= set(SIGNS) else ""


def _code(typed: str) -> str:
    return typed.upper().translate(MISREAD)
