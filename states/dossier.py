"""A project as the rules see it: a frozen snapshot (项目档案)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from policy.fields import CORE, TYPES, Kind
from policy.schema import Plan
from policy.vocabulary import Disposition, Source
from states.ledger import LedgerLine
from states.progress import Progress
from states.review import Opinion

GOING_ON = (Disposition.ACTIVE, Disposition.HELD)
"""Dispositions in which boards count a project and its deadlines run."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the forms say of a project: the core that rules of the product read by name, and all
    else that its plan asks for.

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
    beds: int | None = None
    operator_manager: str | None = None
    operator_phone: str | None = None
    city_share: Decimal | None = None
    county_share: Decimal | None = None
    responsible_person: str | None = None
    responsible_phone: str | None = None
    explanation: str | None = None
    further: Mapping[str, Any] = field(default_factory=dict)
    """By id, the values of the other fields, as far as they are stated."""

    @property
    def promised(self) -> Mapping[Source, Decimal | None]:
        """市级 and 县级配套 by source; None: not stated."""
        return {Source.CITY: self.city_share, Source.COUNTY: self.county_share}

    def value(self, name: str) -> Any:
        """The value of a field; None where it is not stated, and of a field that is none."""
        return getattr(self, name) if name in CORE else self.further.get(name)

    def saying(self, values: Mapping[str, Any]) -> "Profile":
        """The same with other values of some fields; None or an empty set: no longer stated."""
        core = {name: value for name, value in values.items() if name in CORE}
        further = {**self.further, **{n: v for n, v in values.items() if n not in CORE}}
        return replace(self, **core, further={n: v for n, v in further.items() if _says(v)})


def profile_of(values: Mapping[str, Any]) -> Profile:
    """A profile that says these values, by field."""
    return Profile().saying(values)


def stated(profile: Profile) -> Mapping[str, Any]:
    """The fields that are filled in, with their values."""
    core = {name: getattr(profile, name) for name in CORE}
    return {n: v for n, v in {**core, **profile.further}.items() if _says(v)}


def told(plan: Plan, profile: Profile) -> Mapping[str, Any]:
    """Every field that the plan declares with its value, in the plan's order, stated or not."""
    held = {**dict.fromkeys(plan.name_parts), **{field.id: field.unstated for field in plan.fields}}
    return {**held, **{n: v for n, v in stated(profile).items() if n in held}}


def _says(value: Any) -> bool:
    return value is not None and value != frozenset()


def _check_types() -> None:
    """The names and types above are for the type checker; they are those of the core."""
    told = {name: get_args(hint)[0] for name, hint in get_type_hints(Profile).items()}
    told.pop("further")
    held = {id: TYPES.get(core.kind, str) for id, core in CORE.items()}
    if list(told.items()) != list(held.items()):
        raise TypeError(f"Profile is not as declared: {told.items() ^ held.items()}")


_check_types()


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


def from_plain(kind: Kind, plain: Any) -> Any:
    """The value of a field of that kind from what `to_plain` gave. ValueError when it is none."""
    of_type = TYPES.get(kind, str)
    if plain is None:
        return None
    if of_type is Decimal:
        return _amount(plain)
    if of_type is date:
        return date.fromisoformat(plain)
    value = of_type(plain)
    if of_type is int and value < 0:
        raise ValueError(plain)
    return value


def from_stored(plan: Plan, name: str, plain: Any) -> Any:
    """A field's value from what was kept of it; as it is where the plan no longer declares it."""
    kind = plan.field[name].kind if name in plan.field else None
    if kind is None:
        kind = CORE[name].kind if name in CORE else None
    return plain if kind is None else from_plain(kind, plain)


def to_the_cent(value: Any) -> Any:
    """A number with two decimals, anything else as it is. ValueError where it has more."""
    return _two_decimals(value, str(value)) if isinstance(value, Decimal) else value


def _amount(plain: str) -> Decimal:
    value = Decimal(plain) if plain.replace(".", "", 1).isdigit() else None
    if value is None:
        raise ValueError(plain)
    return _two_decimals(value, plain)


def _two_decimals(value: Decimal, said: str) -> Decimal:
    exact = value.quantize(Decimal("0.01"))
    if exact != value or exact < 0:
        raise ValueError(said)
    return exact


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
    profile: Profile = field(default_factory=Profile)
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
    released_funds: Mapping[str, str] = field(default_factory=dict)
    """What of it each fund has released, as exact text, where it is made up of several."""
    last_on: date | None = None
    """Effective day of the latest action."""
    revision: int = 0
    """Grows with everything that is recorded about it."""

    def released_of(self, fund: str) -> Decimal | None:
        """元 released of one fund; of the whole subsidy where that is empty."""
        if not fund:
            return self.released
        said = self.released_funds.get(fund)
        return None if said is None else Decimal(said)

    def missing_milestones(self, needed: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `needed` that are not dated."""
        return tuple(name for name in needed if name not in self.milestones)
