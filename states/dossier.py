"""A project as the rules see it: a frozen snapshot (项目档案)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from policy.fields import FIELDS
from policy.vocabulary import Disposition, Source
from states.ledger import LedgerLine
from states.progress import Progress
from states.review import Opinion

GOING_ON = (Disposition.ACTIVE, Disposition.HELD)
"""Dispositions in which boards count a project and its deadlines run."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the forms say of a project, see `policy.fields`.

    None or empty: not stated, never taken for zero or no.
    """

    street: str | None = None
    community: str | None = None
    kind: str | None = None
    operator: str | None = None
    building_kind: str | None = None
    area: Decimal | None = None
    investment: Decimal | None = None
    address: str | None = None
    site_source: str | None = None
    site_owner: str | None = None
    tenure: str | None = None
    annual_rent: Decimal | None = None
    agreement_signed_on: date | None = None
    agreement_from: date | None = None
    agreement_to: date | None = None
    renewal_project: str | None = None
    purchase_basis: str | None = None
    beds: int | None = None
    households: int | None = None
    old_community: bool | None = None
    elderly: int | None = None
    settlement: str | None = None
    functions: frozenset[str] = frozenset()
    commitments: frozenset[str] = frozenset()
    visited_on: date | None = None
    visited_by: str | None = None
    visit_finding: str | None = None
    county_civil_on: date | None = None
    county_finance_on: date | None = None
    city_civil_on: date | None = None
    city_finance_on: date | None = None
    letter_issuer: str | None = None
    letter_number: str | None = None
    letter_on: date | None = None
    operator_code: str | None = None
    operator_registrar: str | None = None
    operator_registered_on: date | None = None
    operator_filing: str | None = None
    operator_filed_on: date | None = None
    operator_since: date | None = None
    operator_third_party: bool | None = None
    operator_manager: str | None = None
    operator_phone: str | None = None
    city_share: Decimal | None = None
    county_share: Decimal | None = None
    responsible_person: str | None = None
    responsible_phone: str | None = None
    explanation: str | None = None

    @property
    def promised(self) -> Mapping[Source, Decimal | None]:
        """市级 and 县级配套 by source; None: not stated."""
        return {Source.CITY: self.city_share, Source.COUNTY: self.county_share}


def _check_types() -> None:
    """The names and types above are for the type checker; they are those that are declared."""
    told = {name: get_args(hint)[0] for name, hint in get_type_hints(Profile).items()}
    held = {id: str if field.kind == "words" else field.value_type for id, field in FIELDS.items()}
    if list(told.items()) != list(held.items()):
        raise TypeError(f"Profile is not as declared: {told.items() ^ held.items()}")


_check_types()


def stated(profile: Profile) -> Mapping[str, Any]:
    """The fields that are filled in, with their values."""
    values = {name: getattr(profile, name) for name in FIELDS}
    return {name: value for name, value in values.items() if value not in (None, frozenset())}


def to_words(value: Any) -> str:
    """A field's value as staff read it."""
    if value is None or value == frozenset():
        return "空"
    if isinstance(value, bool):
        return "是" if value else "否"
    return "、".join(sorted(value)) if isinstance(value, frozenset) else str(value)


def to_plain(value: Any) -> Any:
    """A field's value as JSON that keeps it exact: amounts and days as text, lists sorted."""
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, Decimal | date) else value


def from_plain(name: str, plain: Any) -> Any:
    """The value of field `name` from what `to_plain` gave. ValueError when it is none."""
    kind = FIELDS[name].value_type
    if plain is None:
        return None
    if kind is Decimal:
        return _amount(plain)
    return date.fromisoformat(plain) if kind is date else kind(plain)


def _amount(plain: str) -> Decimal:
    value = Decimal(plain) if plain.replace(".", "", 1).isdigit() else None
    if value is None or value != value.quantize(Decimal("0.01")):
        raise ValueError(plain)
    return value.quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Dossier:
    """One project at one moment."""

    code: str
    name: str
    city: str
    county: str
    county_type: str
    """市辖区, 县级市 or 县."""
    stage: str
    disposition: Disposition = Disposition.ACTIVE
    milestones: Mapping[str, date] = field(default_factory=dict)
    profile: Profile = Profile()
    quota_left: int | None = 0
    """Places left in its city's quota; None when the plan states no quota."""
    unserved: bool = False
    """Whether its county is among those not yet served (附件1)."""
    unserved_open: tuple[str, ...] = ()
    """Counties of its city that are not yet served and have no project."""
    building_kinds: Mapping[str, int] = field(default_factory=dict)
    """How many of its city's projects that go on have which 配建性质."""
    opinions: tuple[Opinion, ...] = ()
    """Of the present round of review."""
    lines: tuple[LedgerLine, ...] = ()
    """Its money ledger, in order of day."""
    progress: tuple[Progress, ...] = ()
    """What was reported of it month by month, oldest first."""
    findings: Mapping[str, str] = field(default_factory=dict)
    """Soft conditions (by id) not met at application, with the written reason."""
    checks: Mapping[str, str] = field(default_factory=dict)
    """The latest acceptance checklist, by item."""
    released: Decimal | None = None
    """Subsidy released, 元."""
    last_on: date | None = None
    """Effective day of the latest action."""
    revision: int = 0
    """Grows with everything that is recorded about it."""

    def missing_milestones(self, needed: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `needed` that are not dated."""
        return tuple(name for name in needed if name not in self.milestones)
