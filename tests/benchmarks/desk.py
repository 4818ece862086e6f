"""How long the desk's pages take, in CPU seconds: what they show is read, never the whole plan.

A page may take 0.1 s where a province has 100 projects, and 0.3 s where it has many.
"""

import sys
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
from tests.support.visiting import CITY, COUNTY, PEOPLE, PROVINCE, PURSE, pinned, signed_in

SIZES = ((100, 0.1), (4_000, 0.3))
WHOLE = ((40_000, 0.3),)
AT_ONCE = 4_000
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


def _measured(sizes: tuple[tuple[int, float], ...]) -> Iterator[Measured]:
    for size, bound in sizes:
        with TemporaryDirectory() as folder, _grown(Path(folder), size) as desk:
            county = PEOPLE[COUNTY].office
            code = next(it.code for it in projects(desk) if county.startswith(it.city + it.county))
            for office, pages in PAGES.items():
                browser = signed_in(desk, office)
                first = process_time()
                browser.get(pages[-1])
                sys.stdout.write(f"{office} first {pages[-1]}: {process_time() - first:.3f}\n")
                for path in (*pages, f"/project/{code}"):
                    taken = []
                    for _ in range(TIMES):
                        start = process_time()
                        assert browser.get(path).status_code == 200, path
                        taken.append(process_time() - start)
                    yield f"{size} projects, {office} {path.split(code)[0]}, s", min(taken), bound


@contextmanager
def _grown(folder: Path, size: int) -> Iterator[Desk]:
    desk = initialise(Settings(home=folder / "home"), "shanxi-2023", AT)
    found(desk, min(size, AT_ONCE))
    if size > AT_ONCE:
        multiply(desk, size // AT_ONCE)
    know(desk, *PEOPLE.values())
    yield pinned(desk)
    desk.engine.dispose()
