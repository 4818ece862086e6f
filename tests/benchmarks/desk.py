"""How long the desk's pages take, in CPU seconds: what they show is read, never the whole plan.

A page may take 0.1 s where a province has 100 projects, and 0.3 s where it has many; whoever is the
first to look at a board on a day waits until all of it is counted.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.setup import initialise
from operations.views.overview import projects
from tests.conftest import AT
from tests.support.delivering import know
from tests.support.nation import found, multiply
from tests.support.steps import act
from tests.support.visiting import (
    CITY,
    COUNTY,
    DAY,
    PEOPLE,
    PROVINCE,
    PURSE,
    Browser,
    pinned,
    signed_in,
)

SIZES = ((100, 0.1, 0.3), (4_000, 0.3, 0.5))
WHOLE = ((40_000, 0.3, 2.5),)
"""How many projects, how long a page may take, and how long the first look of a day."""
AT_ONCE, OK = 4_000, 200
TIMES = 3
"""Each page is opened so often, and the quickest counts: what else the machine does, does not."""
PAGES = {
    COUNTY: ("/", "/list", "/forms"),
    CITY: ("/", "/board", "/list"),
    PROVINCE: ("/", "/board", "/list", "/list?standing=overdue"),
    PURSE: ("/", "/board"),
}
Measured = tuple[str, float, float]


def measure() -> Iterator[Measured]:
    """At 100 projects and at 4,000."""
    yield from _measured(SIZES)


def measure_whole() -> Iterator[Measured]:
    """At 40,000, which takes minutes to make."""
    yield from _measured(WHOLE)


def _measured(sizes: tuple[tuple[int, float, float], ...]) -> Iterator[Measured]:
    for size, bound, first in sizes:
        with TemporaryDirectory() as folder, _grown(Path(folder), size) as desk:
            county = PEOPLE[COUNTY].office
            code = next(it.code for it in projects(desk) if county.startswith(it.city + it.county))
            for office, pages in PAGES.items():
                browser = signed_in(desk, office)
                taken = _taken(browser, pages[-1])
                yield f"{size} projects, {office} first {pages[-1]}, s", taken, first
                for path in (*pages, f"/project/{code}"):
                    taken = min(_taken(browser, path) for _ in range(TIMES))
                    yield f"{size} projects, {office} {path.split(code)[0]}, s", taken, bound
            browser = signed_in(desk, PROVINCE)
            for path in ("/board", "/"):
                act(desk, "hold" if path == "/board" else "resume", DAY.isoformat(), code)
                taken = _taken(browser, path)
                yield f"{size} projects, {PROVINCE} {path} after a change, s", taken, bound


def _taken(browser: Browser, path: str) -> float:
    start = process_time()
    assert browser.get(path).status_code == OK, path
    return process_time() - start


@contextmanager
def _grown(folder: Path, size: int) -> Iterator[Desk]:
    desk = initialise(Settings(home=folder / "home"), "shanxi-2023", AT)
    found(desk, min(size, AT_ONCE))
    if size > AT_ONCE:
        multiply(desk, size // AT_ONCE)
    know(desk, *PEOPLE.values())
    yield pinned(desk)
    desk.engine.dispose()
