"""A workbook on its way out: what is asked for, and how it is signed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from documents.identity import Identity, sealed
from documents.layout import Leaf, to_bytes
from documents.summary import city_named
from flows.operations.desk import Desk
from models.audits import newest
from models.secrets import secret_key
from policy.errors import RefusedError
from policy.schema import City
from policy.vocabulary import Form, Listing

SPARE = 10
"""Empty rows below the last, for what is added by hand."""


@dataclass(frozen=True, slots=True)
class Request:
    """Which workbook somebody wants."""

    kind: Form | Listing
    subject: str | None = None
    """A city or a project's code, as the form has it."""
    month: str | None = None
    """``2023-06``, of a monthly report."""
    empty: bool = False
    """True: nothing is filled in beforehand."""
    expert: str = ""
    organisation: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A workbook that is ready to be written."""

    name: str
    """What its file is called."""
    content: bytes


def signed(
    desk: Desk, identity: Identity, leaves: Callable[[str], Sequence[Leaf]], name: str
) -> Made:
    """A workbook that knows what it is; `leaves` makes its sheets, given the page footer."""
    properties = sealed(identity, secret_key(desk.settings))
    return Made(f"{name}.xlsx", to_bytes(leaves(identity.footer), properties))


def identity(session: Session, desk: Desk, form: Form, subject: str, period: str = "") -> Identity:
    """What a workbook is that is made out now."""
    return Identity(desk.plan.id, form, subject, period, newest(session, desk.plan))


def the_city(desk: Desk, request: Request) -> City:
    """The city that is asked for; RefusedError when there is none."""
    if request.subject is None:
        raise RefusedError(f"“{request.kind.label}”按市导出，请写明市名，如 太原市")
    return city_named(desk.plan, request.subject)
