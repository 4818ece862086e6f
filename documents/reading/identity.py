"""What a workbook is: signed into its document properties, and told in its footer.

A workbook that was typed from scratch carries none and is recognised by its headings.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from itsdangerous import BadSignature, URLSafeSerializer

from common.errors import RefusedError
from documents.reading.grid import Book
from policy.vocabulary import Form

PROPERTY = "xingfu"
"""The name of the document property."""
SALT = "xingfu.workbook.1"


@dataclass(frozen=True, slots=True)
class Identity:
    """Which form a workbook is, of whom and of when."""

    plan: str
    form: Form
    subject: str
    """A city, a project's code, or the province."""
    period: str = ""
    """E.g. ``2023-06`` of a monthly report; empty where the form has none."""
    version: int = 0
    """The number of the newest record when it was made out."""

    def footer(self, called: str) -> str:
        """What the page footer tells of it; `called`: the form, as the plan calls it."""
        parts = (called, self.subject, self.period, f"版本{self.version}")
        return "　".join(part for part in parts if part)


def sealed(identity: Identity, key: bytes) -> Mapping[str, str]:
    """The document property that says what a workbook is, signed with `key`."""
    said = {**asdict(identity), "form": identity.form.value}
    return {PROPERTY: str(_serializer(key).dumps(said))}


def identity_of(book: Book, *keys: bytes, office: str = "") -> Identity | None:
    """What a workbook says that it is; None when it says nothing.

    RefusedError when that was signed with none of these keys, or was changed.
    """
    token = book.properties.get(PROPERTY)
    if token is None:
        return None
    try:
        said: dict[str, Any] = _serializer(*keys).loads(token)
        return Identity(**{**said, "form": Form(said["form"])})
    except (BadSignature, TypeError, ValueError, KeyError):
        raise RefusedError(
            f"{book.file}：工作簿的标识无效，可能被改动，或不是本系统发出的表格；"
            f"请{f'向{office}' if office else ''}索取最新表格后填写，或将内容抄入新建的工作簿再报送"
        ) from None


def is_marked(book: Book, key: bytes) -> bool:
    """Whether a workbook was signed with that key."""
    token = book.properties.get(PROPERTY)
    return token is not None and _serializer(key).loads_unsafe(token)[0]


def _serializer(*keys: bytes) -> URLSafeSerializer:
    """It signs with the last of the keys and takes what any of them has signed."""
    return URLSafeSerializer(list(keys), salt=SALT, signer_kwargs={"digest_method": hashlib.sha256})
