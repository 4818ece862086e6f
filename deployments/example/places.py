"""Which county builds how many of the example's hundred projects. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from policy.cities import City, County
from policy.schema import Plan

ORDINALS = "一二三四五六七八九十"
STEMS = "甲乙丙丁戊己庚辛壬癸"


@dataclass(frozen=True)
class Site:
    """One project of the example, before anything happens to it."""

    n: int
    """0 to 99, in the order of the workbooks."""
    city_number: int
    city: City
    county: County
    number: int
    """1, 2 … within its county."""
    code: str

    @property
    def street(self) -> str:
        """示例一街道 in towns, 示例一镇 in the country."""
        kind = "镇" if self.county.type == "县" else "街道"
        return f"示例{ORDINALS[self.n % 10]}{kind}"

    @property
    def community(self) -> str:
        """示例甲社区; no two in one county are alike."""
        return f"示例{STEMS[(self.n // 10 + self.number) % 10]}{'村' if self._village else '社区'}"

    @property
    def _village(self) -> bool:
        return self.county.type == "县" and self.n % 11 == 3


def sites(plan: Plan) -> tuple[Site, ...]:
    """Every project: each city its quota, each unserved county one, the rest to districts."""
    return tuple(
        Site(n, at, city, county, number, _code(plan, county, number))
        for n, (at, city, county, number) in enumerate(_places(plan))
    )


def _places(plan: Plan) -> Iterator[tuple[int, City, County, int]]:
    for at, city in enumerate(plan.cities):
        counts = _counts(city)
        for county in city.counties:
            for number in range(1, counts[county.name] + 1):
                yield at, city, county, number


def _counts(city: City) -> Counter[str]:
    served = [county for county in city.counties if county.name not in city.unserved]
    districts = [county.name for county in served if county.type == "市辖区"]
    others = [county.name for county in served if county.type != "市辖区"]
    left = (city.places or 0) - len(city.unserved)
    return Counter([*city.unserved, *(districts + districts + others)[:left]])


def _code(plan: Plan, county: County, number: int) -> str:
    return plan.code_format.format(county=county.code, number=number)
