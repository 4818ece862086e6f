"""What the example's forms say of each project, and whom its contacts workbook names. Pure."""

from collections.abc import Iterator
from decimal import Decimal

from deployments.example.places import STEMS, Site
from deployments.example.story import CALENDAR, letter, steps
from documents.contacts import ContactRow, offices
from documents.forms import listed
from policy.schema import Plan
from states.dossier import Profile
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
POOR = 37
"""The project whose investment does not cover its subsidy."""
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
    submitted = max(step for step in done if step.startswith("submit_application"))
    source, kind, tenure = SITES[n % len(SITES)]
    area = AREAS.get(n, _area(n))
    return Profile(
        street=site.street,
        community=site.community,
        operator=None if n % 9 == 4 else f"示例养老服务中心（{STEMS[n % 10]}）",
        building_kind=kind,
        area=area,
        investment=_investment(plan, site, area),
        address=f"{site.street}示例路{n + 1}号",
        site_source=source,
        tenure=tenure,
        beds=BEDS.get(n, 10 + n % 21),
        households=HOUSEHOLDS.get(n, 520 + n * 53 % 1900),
        functions=frozenset(listed(plan, "functions")),
        commitments=frozenset(listed(plan, "commitments")),
        visited_on=CALENDAR.shift(done["confirm_site"], -1 - n % 3),
        letter_issuer=f"{site.city.name}人民政府",
        letter_number=f"示例政函第{letter(site, submitted)}号",
        letter_on=done[submitted],
        responsible_person=_person(n),
        responsible_phone=_phone(n),
    )


def contacts(plan: Plan) -> Iterator[ContactRow]:
    """One person for each office, none of whom can be reached: messages go to the folder."""
    for n, office in enumerate(offices(plan)):
        duty = "分管领导" if office.endswith("分管领导") else "养老服务科负责人"
        yield ContactRow(office, _person(n), duty, _phone(n), None)


def _area(n: int) -> Decimal:
    return Decimal(620 + n * 137 % 1240) + Decimal(n * 37 % 100) / 100


def _investment(plan: Plan, site: Site, area: Decimal) -> Decimal:
    """In 元, whole hundreds, as forms in 万元 with two decimals have it."""
    share = Decimal(90 if site.n == POOR else 120 + site.n * 13 % 70) / 100
    due = subsidy(plan.subsidy, area, site.county.type) * share
    return (due / 100).quantize(Decimal(1)) * 100


def _person(n: int) -> str:
    return f"示例·{SURNAMES[n % 10]}某"


def _phone(n: int) -> str:
    return f"000-0000-{n + 1:04d}"
