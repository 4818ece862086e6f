"""A project as the rules see it: a frozen snapshot (项目档案)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from policy.vocabulary import Disposition, Source
from states.ledger import Line
from states.progress import Progress
from states.review import Opinion

GOING_ON = (Disposition.ACTIVE, Disposition.HELD)
"""Dispositions in which boards count a project and its deadlines run."""
"""Neither ended nor standing by: what boards and reports count."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What the forms say of a project. None or empty: not stated, never taken for zero or no."""

    street: str | None = None
    community: str | None = None
    kind: str | None = None
    """项目类别: an id of the plan's `kinds`; None where the plan has only one kind."""
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
    site_owner: str | None = None
    """场地产权人."""
    tenure: str | None = None
    """场地使用方式, e.g. 政府无偿提供."""
    annual_rent: Decimal | None = None
    """年租金, 元 with two decimals."""
    agreement_signed_on: date | None = None
    """长期免费使用协议 with an owner who is not the government, 四(一)."""
    agreement_from: date | None = None
    agreement_to: date | None = None
    renewal_project: str | None = None
    """The renewal (老旧小区改造) that the site is part of."""
    purchase_basis: str | None = None
    """Who bought the room and on what basis, where 配建性质 is 购置."""
    beds: int | None = None
    households: int | None = None
    """入住户数."""
    old_community: bool | None = None
    """是否老旧小区, 三(一)."""
    elderly: int | None = None
    """60岁及以上老年人数."""
    settlement: str | None = None
    """城乡分类: 城镇, 村改居 or 农村."""
    functions: frozenset[str] = frozenset()
    commitments: frozenset[str] = frozenset()
    visited_on: date | None = None
    """市级实地查看日期."""
    visited_by: str | None = None
    visit_finding: str | None = None
    county_civil_on: date | None = None
    """Day of the county civil affairs bureau's opinion on 附件2; so for the three that follow."""
    county_finance_on: date | None = None
    city_civil_on: date | None = None
    city_finance_on: date | None = None
    letter_issuer: str | None = None
    letter_number: str | None = None
    letter_on: date | None = None
    operator_code: str | None = None
    """统一社会信用代码 of the operator (GB 32100)."""
    operator_registrar: str | None = None
    operator_registered_on: date | None = None
    operator_filing: str | None = None
    """备案编号."""
    operator_filed_on: date | None = None
    operator_since: date | None = None
    """从事养老服务起始日."""
    operator_third_party: bool | None = None
    """Independent of the site's owner and of the civil affairs offices, 三(三)."""
    operator_manager: str | None = None
    operator_phone: str | None = None
    city_share: Decimal | None = None
    """市级承诺配套, 元 with two decimals."""
    county_share: Decimal | None = None
    """县级承诺配套, 元 with two decimals."""
    responsible_person: str | None = None
    responsible_phone: str | None = None
    explanation: str | None = None
    """情况说明: the written reason for what departs from a soft condition."""

    @property
    def promised(self) -> Mapping[Source, Decimal | None]:
        """市级 and 县级配套 by source; None: not stated."""
        return {Source.CITY: self.city_share, Source.COUNTY: self.county_share}


PROFILE_FIELDS = tuple(item.name for item in fields(Profile))
FIELD_TYPES: dict[str, type] = {
    name: next((part for part in get_args(hint) if part is not type(None)), frozenset)
    for name, hint in get_type_hints(Profile).items()
}
"""The type of each field's value where it is stated; frozenset for lists of words."""
FIELD_TYPES |= dict.fromkeys(("functions", "commitments"), frozenset)


def stated(profile: Profile) -> Mapping[str, Any]:
    """The fields that are filled in, with their values."""
    values = {name: getattr(profile, name) for name in PROFILE_FIELDS}
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
    kind = FIELD_TYPES[name]
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


PROFILE_LABELS = {
    "street": "街道（乡镇）",
    "community": "社区",
    "kind": "项目类别",
    "operator": "运行主体",
    "building_kind": "配建性质",
    "area": "建筑面积",
    "investment": "投资总额",
    "address": "项目地址",
    "site_source": "场地来源",
    "site_owner": "场地产权人",
    "tenure": "场地使用方式",
    "annual_rent": "年租金",
    "agreement_signed_on": "使用协议签订日期",
    "agreement_from": "使用协议起始日期",
    "agreement_to": "使用协议截止日期",
    "renewal_project": "老旧小区改造项目",
    "purchase_basis": "购置单位及依据",
    "beds": "床位数",
    "households": "入住户数",
    "old_community": "是否老旧小区",
    "elderly": "老年人数",
    "settlement": "城乡分类",
    "functions": "服务功能",
    "commitments": "承诺事项",
    "visited_on": "实地查看日期",
    "visited_by": "实地查看人",
    "visit_finding": "实地查看意见",
    "county_civil_on": "县民政局意见日期",
    "county_finance_on": "县财政局意见日期",
    "city_civil_on": "市民政局意见日期",
    "city_finance_on": "市财政局意见日期",
    "letter_issuer": "申报函发函单位",
    "letter_number": "申报函文号",
    "letter_on": "申报函日期",
    "operator_code": "统一社会信用代码",
    "operator_registrar": "登记机关",
    "operator_registered_on": "登记日期",
    "operator_filing": "备案编号",
    "operator_filed_on": "备案日期",
    "operator_since": "从事养老服务起始日",
    "operator_third_party": "是否第三方",
    "operator_manager": "运行主体负责人",
    "operator_phone": "运行主体电话",
    "city_share": "市级承诺配套",
    "county_share": "县级承诺配套",
    "responsible_person": "责任人",
    "responsible_phone": "责任人电话",
    "explanation": "情况说明",
}
"""What staff call each field."""
OPEN_FIELDS = (
    "operator",
    "operator_code",
    "operator_registrar",
    "operator_registered_on",
    "operator_filing",
    "operator_filed_on",
    "operator_since",
    "operator_third_party",
    "operator_manager",
    "operator_phone",
    "address",
    "responsible_person",
    "responsible_phone",
)
"""What a workbook may still change once the application is closed: experts do not review it."""
REVIEWED_FIELDS = tuple(name for name in PROFILE_FIELDS if name not in OPEN_FIELDS)


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
    lines: tuple[Line, ...] = ()
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
