"""Who is told of what concerns an office: its people, their substitutes, or the level above."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from policy.duties import InspectorRole
from policy.schema import Plan
from policy.vocabulary import ABOVE_CITIES, ChannelKind, Level, RecipientReason

BETWEEN_POSTS = re.compile(r"[\s、，,；;/／（）()]+|兼任?")
DEPUTY = "副"
SCHEMES = {
    "mailto": ChannelKind.MAIL,
    "mailtos": ChannelKind.MAIL,
    "wecombot": ChannelKind.WECOM,
    "dingtalk": ChannelKind.DINGTALK,
    "feishu": ChannelKind.FEISHU,
    "json": ChannelKind.WEBHOOK,
    "jsons": ChannelKind.WEBHOOK,
    "list": ChannelKind.LIST,
    "folder": ChannelKind.FOLDER,
}
"""What an address begins with, and the channel that it asks for."""
SEALED = "sealed://"
"""Stands in the place of addresses that cannot be decrypted."""


def kind_of(address: str | None) -> ChannelKind | None:
    """The channel that an address asks for, the folder where there is none; None: no known one."""
    return SCHEMES.get((address or "folder://").partition("://")[0].strip().lower())


@dataclass(frozen=True, slots=True)
class Post:
    """One person at one office (任职). The same name and phone elsewhere are the same person."""

    office: str
    name: str
    """Empty for an office that nobody is known to hold."""
    role: str = ""
    phone: str = ""
    divisions: tuple[str, ...] = ()
    """The cities (province) or counties (city) that the person looks after; empty: all."""
    channels: tuple[str, ...] = field(default=(), repr=False)  # they hold secrets
    """Addresses in order of preference, in clear; empty: the folder."""
    substitute: str = ""
    """Who stands in while the person is away: a name at the same office, or ``office name``."""
    away_from: date | None = None
    away_to: date | None = None

    def is_away(self, day: date) -> bool:
        """Whether somebody stands in on that day; the first and last day are included."""
        return (
            bool(self.substitute)
            and (self.away_from is None or self.away_from <= day)
            and (self.away_to is None or day <= self.away_to)
        )

    def covers(self, level: Level, place: "Place") -> bool:
        """Whether the person, whose office is at `level`, looks after that place."""
        named = place.city if level in ABOVE_CITIES else place.county
        return not self.divisions or not named or named in self.divisions


@dataclass(frozen=True, slots=True)
class Place:
    """Where a subject lies; empty where it has no city or no county of its own."""

    city: str = ""
    county: str = ""


@dataclass(frozen=True, slots=True)
class Recipient:
    """One person who is told, and why."""

    person: str
    """A key of `Directory.people`."""
    because: RecipientReason


def has_role(role: InspectorRole, post: Post) -> bool:
    """By a post of one of the titles: 养老服务科科长 is 科长; 副科长 and 科长助理 are not."""
    named = [words for words in BETWEEN_POSTS.split(post.role) if words]
    return not role.titles or any(
        words.endswith(title) and not words.removesuffix(title).endswith(DEPUTY)
        for words in named
        for title in role.titles
    )


def acceptors_of(plan: Plan, posts: Iterable[Post]) -> Mapping[str, frozenset[str]]:
    """By city bureau that the contacts know: who of it may accept projects elsewhere (五(八))."""
    roles = plan.cross_acceptance.roles if plan.cross_acceptance else ()
    offices = {office.name: office for office in plan.every_office()}
    found: dict[str, set[str]] = {}
    for post in posts:
        office = offices.get(post.office)
        if office is None or not post.name or office.level not in (Level.CITY, Level.CITY_LEADER):
            continue
        bureau = found.setdefault(plan.office(Level.CITY, office.city), set())
        if any(role.level is office.level and has_role(role, post) for role in roles):
            bureau.add(post.name)
    return {name: frozenset(people) for name, people in found.items()}


class Directory:
    """The contacts of a plan (通讯录)."""

    def __init__(self, plan: Plan, posts: Iterable[Post], unreached: Iterable[Post] = ()) -> None:
        """`unreached`: those of the posts whose holders are reached at no address."""
        self._plan = plan
        self._unreached = frozenset((post.office, post.name) for post in unreached)
        self._at: dict[str, list[Post]] = {}
        # From the highest office down: a person goes by the first of his or her offices.
        rank = {name: number for number, name in enumerate(plan.contact_office)}
        for post in sorted(posts, key=lambda post: (rank.get(post.office, len(rank)), post.name)):
            self._at.setdefault(post.office, []).append(post)
        self._keys = dict(_keys(self._at))
        self.people: Mapping[str, tuple[Post, ...]] = _grouped(self._at, self._keys)
        """Every person with all of his or her posts, by key: ``office name``."""

    def told(self, level: Level, place: Place, day: date) -> tuple[Recipient, ...]:
        """Who hears of what concerns the office at `level` for `place` on a day.

        Where nobody looks after the place or can be reached, the level above does (下级无联系人).
        Where nobody at all is reached, those are tried who are known; where none are, the office
        itself is, by its name.
        """
        known: tuple[Recipient, ...] = ()
        tiers = self._plan.tiers
        for rank in tiers[tiers.index(level) :]:
            office = self._plan.office(rank, place.city, place.county)
            because = RecipientReason.POST if rank is level else RecipientReason.VACANT
            found = [post for post in self._at.get(office, ()) if post.covers(rank, place)]
            present = [self._present(post, day, because) for post in found]
            if reached := [told for told in present if told is not None]:
                # Who also stands in for a colleague is told because of the own post.
                return tuple({told.person: told for told in sorted(reached, key=_plainly)}.values())
            known = known or tuple(Recipient(self.key(post), because) for post in found)
        office = self._plan.office(level, place.city, place.county)
        return known or (Recipient(office, RecipientReason.POST),)

    def is_reached(self, post: Post) -> bool:
        """Whether the person who holds a post is reached, as far as is known."""
        return (post.office, post.name) not in self._unreached

    def is_covered(self, post: Post, day: date) -> bool:
        """Whether the person who holds a post, or whoever stands in, is reached on a day."""
        return self._present(post, day, RecipientReason.POST) is not None

    @property
    def offices(self) -> frozenset[str]:
        """The offices that somebody holds."""
        return frozenset(self._at)

    def at(self, office: str) -> tuple[Post, ...]:
        """Who holds an office."""
        return tuple(self._at.get(office, ()))

    def key(self, post: Post) -> str:
        """The person who holds a post."""
        return self._keys[post.office, post.name]

    def acting_for(self, person: str, day: date) -> tuple[str, ...]:
        """The offices in whose name a person acts on a day: the own ones, then where standing in.

        `person` is a key of `people`; of nobody else there is none.
        """
        own = [post.office for post in self.people.get(person, ())]
        standing_in = Recipient(person, RecipientReason.SUBSTITUTE)
        stood_in = [
            post.office
            for posts in self.people.values()
            for post in posts
            if post.substitute and self._present(post, day, RecipientReason.POST) == standing_in
        ]
        return tuple(dict.fromkeys((*own, *stood_in)))

    def find(self, office: str, named: str) -> Post | None:
        """The post that `named` stands for: at that office, or at another when written in full."""
        for where, posts in self._at.items():
            for post in posts:
                if named == f"{where} {post.name}" or (where == office and named == post.name):
                    return post
        return None

    def _present(self, post: Post, day: date, because: RecipientReason) -> Recipient | None:
        """The person, or whoever stands in on that day or for who is not reached.

        A circle ends where it began. None where nobody of them is reached.
        """
        seen, standing_in = {(post.office, post.name)}, post
        while standing_in.is_away(day) or (
            standing_in.substitute and not self.is_reached(standing_in)
        ):
            following = self.find(standing_in.office, standing_in.substitute)
            if following is None or (following.office, following.name) in seen:
                standing_in = post
                break
            seen.add((following.office, following.name))
            standing_in = following
        if not self.is_reached(standing_in):
            return None
        if standing_in is not post and because is RecipientReason.POST:
            because = RecipientReason.SUBSTITUTE
        return Recipient(self.key(standing_in), because)


def _plainly(told: Recipient) -> bool:
    return told.because is RecipientReason.POST


def _keys(at: Mapping[str, list[Post]]) -> Iterator[tuple[tuple[str, str], str]]:
    """Per office and name the person's key: where the person is first listed."""
    first: dict[tuple[str, str], str] = {}
    for office, posts in at.items():
        for post in posts:
            same = (post.name, post.phone or office)
            yield (office, post.name), first.setdefault(same, f"{office} {post.name}".strip())


def _grouped(
    at: Mapping[str, list[Post]], keys: Mapping[tuple[str, str], str]
) -> dict[str, tuple[Post, ...]]:
    people: dict[str, tuple[Post, ...]] = {}
    for office, posts in at.items():
        for post in posts:
            key = keys[office, post.name]
            people[key] = (*people.get(key, ()), post)
    return people
