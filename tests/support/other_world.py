"""A programme of another province: Shanxi's, word for word in other words, with its example's year.

Whatever is read there of Shanxi's own words was said by the code, and not by the plan. Its cities,
bodies, clauses, annexes, numbers and names are others; three small cities of the example are
left, each with some of its projects.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from deployments.demo import EXAMPLE
from deployments.example.places import Site, sites
from deployments.example.profiles import contacts, profile
from documents.forms.contacts import contacts_page
from documents.forms.summary import SummaryRow, pages
from documents.writing.layout import save
from models.database import open_engine
from models.settings import Settings
from operations.cases.casework import Act
from operations.cases.desk import Desk
from operations.upkeep.scenario import Event, tables
from policy.load import HOME, named_plan
from policy.schema import Plan
from policy.vocabulary import Level
from states.contacts import Post
from states.dossier import Profile, stated
from tests.support.builders import calendar
from tests.support.builders import plan as shanxi
from tests.support.written import read_yaml

ID = "lianjiang-2023"
CITIES = {"朔州市": 2, "阳泉市": 1, "晋城市": 1}
"""Those of the example's cities that are left, and how many of their projects."""
SHIPPED = HOME / "plans" / "shanxi-2023"

NUMERAL = "一二三四五六七八九"
CLAUSE = re.compile(rf"([{NUMERAL}])[(（]([{NUMERAL}])[)）]")
CODE = re.compile(r"(?<!\d)14(\d{4})(?!\d)")
WHOLE = re.compile(rf"(clause: |；)([{NUMERAL}])(?=[；\n,])")
OTHER = {
    "幸福养老": "康体活力",
    "养老幸福": "康体活力",
    "幸福": "活力",
    "养老": "健身",
    "老年人": "居民",
    "老人": "居民",
    "民政": "体育",
    "山西": "涟江",
    "晋民": "涟体",
    "附件1": "附表甲",
    "附件2": "附表乙",
    "附件3": "附表丙",
    "XF2023": "LJ2023",
    "太原": "青浦",
    "大同": "玄武",
    "朔州": "白沙",
    "阳泉": "红石",
    "晋城": "绿洲",
}
"""Shanxi's own words, the longer ones first, and what stands for them."""
WORDS = re.compile("|".join(OTHER))
LEVELS = {"省": "域", "市": "盟", "县": "旗"}
"""What Shanxi's levels are called there."""
LEVELLED = str.maketrans(LEVELS)
NO_LEVEL = r"(?<!城)(?<!超)市(?!场)|(?<!节)省|县"
"""A word of a level of Shanxi's: 城市, 市场 and 节省 are none."""
PLACES = {"朔城区": "澜城区", "平鲁区": "坪岭区", "怀仁市": "槐河市"} | {
    "平定县": "坪东县",
    "右玉县": "右川县",
    "山阴县": "杉阴县",
    "盂县": "榆县",
    "应县": "映县",
    "沁水县": "泌水县",
    "阳城县": "扬城县",
    "陵川县": "岭川县",
    "泽州县": "择州县",
    "高平市": "皋坪市",
}
PLACED = re.compile("|".join(PLACES))


def in_other_words(text: str) -> str:
    """A text of Shanxi's in the other world's words."""
    text = re.sub(r"附件 ([123])", r"附件\1", text)
    text = CLAUSE.sub(lambda found: f"第{found[1]}章第{found[2]}条", text)
    text = WHOLE.sub(lambda found: f"{found[1]}第{found[2]}章", text)
    text = PLACED.sub(lambda found: PLACES[found[0]], text)
    text = CODE.sub(r"98\1", WORDS.sub(lambda found: OTHER[found[0]], text))
    return text.translate(LEVELLED)


FIRST = "幸养老民山晋X附1一二三四五六七八九市省县"
"""Where a word may begin, but for places: else each of 150 would be looked for at each sign."""


def shanxis_words() -> re.Pattern[str]:
    """What nobody of the other world may ever read."""
    named = [city.name for city in shanxi().cities]
    named += [county.name for city in shanxi().cities for county in city.counties]
    places = [name for name in named if len(name) > 2]
    own = [
        "幸福",
        "养老",
        "老年",
        "(?<!人)民政",
        "山西",
        "晋民",
        "XF2023",
        r"(?<!#)附件\s?[0-9]",  # a paper's own annexes are headings of its page
        r"14[01]\d{3}-\d\d",
    ]
    words = "|".join([*own, CLAUSE.pattern, *places, NO_LEVEL])
    return re.compile(f"(?=[{FIRST}{''.join(name[0] for name in places)}])(?:{words})")


def write_plan(folder: Path) -> None:
    """The other world's plan, in a folder of plans."""
    home = folder / ID
    home.mkdir(parents=True)
    told = read_yaml(SHIPPED / "plan.yaml")
    kept = [city for city in told["cities"] if city["name"] in CITIES]
    for city in kept:
        city["quota"] = CITIES[city["name"]]
        city["unserved"] = []
    told |= {"id": ID, "cities": kept, "short_name": "活力广场"}
    told["county_types"] = list(shanxi().county_types)
    told["levels"] = dict(zip(("lead", "middle", "base"), "省市县", strict=True))
    told["levels"]["bases"] = "县（市、区）"
    told["quota"]["goal"] = sum(CITIES.values())
    text = yaml.safe_dump(told, allow_unicode=True, sort_keys=False, width=10**6)
    (home / "plan.yaml").write_text(in_other_words(text), encoding="utf-8")
    notice = (SHIPPED / "notice.txt").read_text(encoding="utf-8")
    (home / "notice.txt").write_text(in_other_words(notice), encoding="utf-8")


@cache
def chosen() -> tuple[Site, ...]:
    """The sites of the example whose year is lived again."""
    found: list[Site] = []
    for name, count in CITIES.items():
        found += [site for site in sites(shanxi()) if site.city.name == name][:count]
    return tuple(found)


def opened(home: Path) -> Desk:
    """A desk on the other world's plan, in a new home, nothing installed."""
    write_plan(home / "plans")
    settings = Settings(home=home, plan=ID, plans=home / "plans")
    return Desk(
        settings, named_plan(ID, settings.plans), calendar(), open_engine(settings.sqlalchemy_url)
    )


def applications(plan: Plan, folder: Path) -> Iterator[Path]:
    """Each city's workbook, and the contacts."""
    for city in plan.cities:
        rows = [
            SummaryRow(in_other_words(site.county.name), _profile(profile(shanxi(), site)))
            for site in chosen()
            if in_other_words(site.city.name) == city.name
        ]
        path = folder / f"{city.name}.xlsx"
        save(path, pages(plan, city.name, rows))
        yield path
    path = folder / "通讯录.xlsx"
    save(path, [contacts_page(posts(plan))])
    yield path


def events(plan: Plan, folder: Path) -> list[Event]:
    """What happened in the example to its projects and cities, in the other world's words."""
    codes = {in_other_words(site.code) for site in chosen()}
    subjects = codes | {city.name for city in plan.cities} | {plan.province}
    folder.mkdir()
    for path in sorted(EXAMPLE.glob("*.csv")):
        head, *lines = in_other_words(path.read_text(encoding="utf-8")).splitlines()
        at = head.split(",").index("subject")
        kept = [line for line in lines if line.split(",")[at] in subjects]
        (folder / path.name).write_text("\n".join([head, *kept, ""]), encoding="utf-8")
    return [_accepted_by_others(plan, event) for event in tables(folder)]


def _accepted_by_others(plan: Plan, event: Event) -> Event:
    """An acceptance by people of the next city that is left."""
    if not isinstance(event, Act) or "acceptors" not in event.checks:
        return event
    codes = [city.code[:4] for city in plan.cities]
    own = next(at for at, code in enumerate(codes) if f"-{code}" in event.subject)
    city = plan.cities[(own + 1) % len(codes)].name
    heads = (plan.office(Level.CITY_LEADER, city), plan.office(Level.CITY, city))
    names = [post.name for office in heads for post in posts(plan) if post.office == office]
    said = "、".join(f"{plan.office(Level.CITY, city)}{name}" for name in names[:2])
    return replace(event, checks={**event.checks, "acceptors": said})


def posts(plan: Plan) -> list[Post]:
    """Who holds the offices that are left."""
    known = {office.name for office in plan.every_office()}
    told = [replace(_post(each), divisions=()) for each in contacts(shanxi())]
    return [post for post in told if post.office in known]


def _post(post: Post) -> Post:
    held = {each.name: getattr(post, each.name) for each in fields(post)}
    return Post(**{name: _translated(value) for name, value in held.items()})


def _profile(said: Profile) -> Mapping[str, Any]:
    """What a profile states, with its texts in other words."""
    return {name: _translated(value) for name, value in stated(said).items()}


def _translated(value: Any) -> Any:
    if isinstance(value, frozenset):
        return frozenset(map(in_other_words, value))
    return in_other_words(value) if isinstance(value, str) else value
