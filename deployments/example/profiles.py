"""What the example's forms say of each project, and whom its contacts workbook names. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from stdnum.cn import uscc

from common.words import CENT
from deployments.example.places import STEMS, Site
from deployments.example.story import CALENDAR, letter, steps
from documents.writing.columns import listed
from policy.bodies import Office
from policy.cities import City, County
from policy.schema import Plan
from policy.vocabulary import Level
from states.contacts import Post
from states.dossier import Profile, profile_of
from states.subsidy import subsidy

SURNAMES = "张王李赵刘陈杨郭韩武"

# A few projects that soft conditions ask about, by number.
AREAS = {
    7: Decimal("480.50"),
    31: Decimal("2300.25"),
    58: Decimal("2000.00"),
    76: Decimal("496.80"),
}
HOUSEHOLDS = {12: 460, 44: 488, 83: 390}
BEDS = {20: 8, 65: 6}
NEW_COMMUNITIES = (5, 61)
NOT_MOSTLY_RENOVATED = ("阳泉市",)
OWNERS = {"D": "示例商贸有限公司", "C": "示例小区业主委员会"}
POOR = 37
"""The project whose investment does not cover its subsidy."""
SHARED = ("山西省民政厅", "太原市民政局")
"""The offices with two desks."""
AWAY = ("太原市民政局", date(2023, 5, 29), date(2023, 6, 9))
"""Where the first of two desks is away from when to when; the second stands in."""
ALSO = {"阳泉市城区民政局": "阳泉市民政局"}
"""The office whose person also holds another."""
PURSES = ("山西省财政厅", "太原市财政局", "太原市小店区财政局")
VACANT = "吕梁市交口县民政局"
"""The office that nobody holds: its city is told."""
SITES = (
    ("A", "改建", "政府无偿提供"),
    ("A", "改建", "国有企业无偿提供"),
    ("C", "改建", "政府无偿提供"),
    ("D", "改建", "产权人免费提供"),
    ("B", "新建", "政府无偿提供"),
    ("A", "改建", "政府无偿提供"),
    ("A", "购置", "政府购置后无偿提供"),
    ("C", "改建", "政府无偿提供"),
    ("A", "其他", "政府无偿提供"),
    ("C", "新建", "政府无偿提供"),
)


def profile(plan: Plan, site: Site) -> Profile:
    """Everything that both sheets say of a project; no hard condition of the plan is broken."""
    n, done = site.n, steps(site)
    submitted = "submit_application"
    source, kind, tenure = SITES[n % len(SITES)]
    area = AREAS.get(n, _area(n))
    said: dict[str, Any] = dict(
        street=site.street,
        community=site.community,
        operator=f"示例养老服务中心（{STEMS[n % 10]}）",
        building_kind=kind,
        area=area,
        address=f"{site.street}示例路{n + 1}号",
        site_source=source,
        site_owner=OWNERS.get(source, "示例市政府"),
        tenure=tenure,
        beds=BEDS.get(n, 10 + n % 21),
        households=HOUSEHOLDS.get(n, 520 + n * 53 % 1900),
        old_community=n not in NEW_COMMUNITIES,
        elderly=180 + n * 17 % 900,
        settlement="村改居" if site.community.endswith("村") else "城镇",
        functions=frozenset(listed(plan, "functions")),
        commitments=frozenset(listed(plan, "commitments")),
        letter_issuer=f"{site.city.name}人民政府",
        letter_number=f"示例政函第{letter(site, submitted)}号",
        letter_on=done[submitted],
        responsible_person=_person(n),
        responsible_phone=_phone(n),
        explanation=_explanation(n, site),
        **_agreement(n, source, kind),
        **_opinions(site, done),
        **_operator(n),
    )
    return profile_of(said | _amounts(plan, site, profile_of(said)))


def _agreement(n: int, source: str, kind: str) -> dict[str, Any]:
    """What the source of the site asks for."""
    if source == "D":
        return {
            "annual_rent": Decimal("0.00"),
            "agreement_signed_on": date(2023, 1, 17),
            "agreement_from": date(2023, 2, 1),
            "agreement_to": date(2033, 1, 31),
        }
    if source == "C":
        return {"renewal_project": f"示例老旧小区改造项目第{n + 1:03d}号"}
    return {"purchase_basis": f"示例县政府批复第{n + 1:03d}号"} if kind == "购置" else {}


def _opinions(site: Site, done: Mapping[str, date]) -> dict[str, Any]:
    """The visit, then the opinions, county before city; all before the application."""
    visited = CALENDAR.shift(done["confirm_site"], -1 - site.n % 3)
    county, city = done["confirm_site"], CALENDAR.on_or_before(done["submit_application"])
    return {
        "visited_on": visited,
        "visited_by": f"{_person(site.n + 1)}、{_person(site.n + 2)}",
        "visit_finding": "符合条件",
        "county_civil_on": county,
        "county_finance_on": county,
        "city_civil_on": city,
        "city_finance_on": city,
    }


def _operator(n: int) -> dict[str, Any]:
    code = f"91140100MA0{n:06d}"
    return {
        "operator_code": code + uscc.calc_check_digit(code),
        "operator_registrar": "示例行政审批服务管理局",
        "operator_registered_on": date(2019, 3 + n % 9, 12),
        "operator_filing": f"示例备案第{n + 1:03d}号",
        "operator_filed_on": date(2020, 1 + n % 12, 8),
        "operator_since": date(2020, 1 + n % 12, 20),
        "operator_third_party": True,
        "operator_manager": _person(n + 3),
        "operator_phone": _phone(n + 300),
    }


def _explanation(n: int, site: Site) -> str | None:
    """The reason for whatever departs from a soft condition."""
    departs = n in {*AREAS, *HOUSEHOLDS, *BEDS, *NEW_COMMUNITIES, POOR}
    mostly_new = site.city.name in NOT_MOSTLY_RENOVATED
    if not departs and not mostly_new:
        return None
    return "示例说明：受现有场地条件限制，社区老年人需求集中，经市民政局实地查看认为确有必要。"


def _amounts(plan: Plan, site: Site, stated: Profile) -> dict[str, Any]:
    """Investment in whole hundreds of 元, and what city and county promise of it."""
    due = subsidy(plan, stated, site.county.type)
    assert due is not None  # noqa: S101  # the area is stated
    share = Decimal(90 if site.n == POOR else 120 + site.n * 13 % 70) / 100
    investment = (due * share / 100).quantize(Decimal(1)) * 100
    local = max(investment - due, Decimal(0)).quantize(CENT)
    city_share = (local * Decimal("0.6") / 100).quantize(Decimal(1)) * 100
    return {
        "investment": investment,
        "city_share": city_share.quantize(CENT),
        "county_share": local - city_share,
    }


def contacts(plan: Plan) -> Iterator[Post]:
    """Who holds the offices. None of them can be reached: messages go to the folder."""
    for n, office in enumerate(plan.every_office()):
        role = "分管领导" if office.level is Level.CITY_LEADER else "养老服务科负责人"
        post = Post(office.name, _person(n), role, _phone(n))
        if office.name in SHARED:
            yield from _two_desks(plan, n, office, post)
        elif office.name in ALSO:
            at = [other.name for other in plan.every_office()].index(ALSO[office.name])
            yield replace(post, name=_person(at), phone=_phone(at))
        elif office.name != VACANT:
            yield post
    yield from _purses(plan)


def _purses(plan: Plan) -> Iterator[Post]:
    """Some finance offices: they are reminded of nothing, and look at the desk."""
    named = [office for office in plan.contact_offices() if office.name in PURSES]
    for n, office in enumerate(named):
        yield Post(office.name, _person(n + 6), "社会保障科负责人", _phone(n + 900))


def _two_desks(plan: Plan, n: int, office: Office, first: Post) -> Iterator[Post]:
    """Two people who share an office's cities or counties between them."""
    places: Sequence[City | County] = plan.cities
    if city := plan.city(office.city):
        places = city.counties
    names = tuple(place.name for place in places)
    half = (len(names) + 1) // 2
    second = replace(first, name=_person(n + 5), phone=_phone(n + 300), divisions=names[half:])
    first = replace(first, divisions=names[:half])
    where, away_from, away_to = AWAY
    if office.name == where:
        first = replace(first, substitute=second.name, away_from=away_from, away_to=away_to)
    yield first
    yield second


def _area(n: int) -> Decimal:
    return Decimal(620 + n * 137 % 1240) + Decimal(n * 37 % 100) / 100


def _person(n: int) -> str:
    return f"示例·{SURNAMES[n % 10]}某"


def _phone(n: int) -> str:
    return f"000-0000-{n + 1:04d}"
