"""A project as the rules see it: a frozen snapshot (项目档案)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal

from policy.vocabulary import Disposition


@dataclass(frozen=True, slots=True)
class Profile:
    """What the forms say of a project. None or empty: not stated, never taken for zero."""

    street: str | None = None
    community: str | None = None
    operator: str | None = None
    """运行主体, as named in 附件3; only proposed until the operator is confirmed."""
    building_kind: str | None = None
    """配建性质: 新建, 改建, 购置 or 其他."""
    area: Decimal | None = None
    """建筑面积, ㎡ with two decimals."""
    investment: Decimal | None = None
    """投资总额, 元 with two decimals."""
    address: str | None = None
    site_source: str | None = None
    """场地来源, A to D of 四(一)."""
    tenure: str | None = None
    """场地使用方式, e.g. 政府无偿提供."""
    beds: int | None = None
    households: int | None = None
    """入住户数."""
    functions: frozenset[str] = frozenset()
    commitments: frozenset[str] = frozenset()
    visited_on: date | None = None
    """市级实地查看日期."""
    letter_issuer: str | None = None
    letter_number: str | None = None
    letter_on: date | None = None
    responsible_person: str | None = None
    responsible_phone: str | None = None


PROFILE_FIELDS = tuple(item.name for item in fields(Profile))
REVIEWED_FIELDS = (
    "street",
    "community",
    "building_kind",
    "area",
    "investment",
    "site_source",
    "tenure",
    "beds",
    "households",
    "functions",
    "commitments",
    "letter_issuer",
    "letter_number",
    "letter_on",
)
"""What experts review; a workbook may not change it once the application is closed."""


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
    quota_left: int = 0
    """Places left in its city's quota."""
    last_on: date | None = None
    """Effective day of the latest action."""

    def missing_milestones(self, needed: tuple[str, ...]) -> tuple[str, ...]:
        """Those of `needed` that are not dated."""
        return tuple(name for name in needed if name not in self.milestones)
