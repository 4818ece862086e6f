"""Everything that a duty makes has a page that says it, and a file that a person can send."""

import re

import pytest

from flows.pages.duties import product_pages
from models.database import reading
from models.projects import dossiers
from operations.cases.desk import Desk
from operations.duties import year
from operations.duties.products import KeptProduct, lay_out, make
from policy.vocabulary import Product
from tests.conftest import AT
from tests.support.province import END
from tests.support.stores import Stores
from tests.support.yearly import YEAR

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def desk(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    with stores.desk(None, YEAR, tmp_path_factory.mktemp("pages") / "home") as opened:
        return opened


def last(desk: Desk, kind: Product) -> KeptProduct[object]:
    job = year.job_of(kind)
    found = [asked for asked in job.occasions(desk) if asked.on <= END]
    return make(desk, job, max(found, key=lambda asked: asked.on), AT)


@pytest.mark.parametrize("kind", [kind for kind in Product if kind is not Product.SNAPSHOT])
def test_each_has_a_page_and_files(desk: Desk, kind: Product) -> None:
    made = last(desk, kind)
    files = lay_out(desk, year.job_of(kind), made)
    assert files, "a person can send it"
    pages = product_pages(desk, made, files)
    assert pages
    for page in pages:
        assert re.fullmatch(r"[a-z0-9-]+", page.name)
        assert kind.label in page.title
        assert f"截至 **{made.occasion.on}**" in page.text
        assert not re.search(r"1[3-9]\d{9}", page.text), "no telephone number"
        assert "None" not in page.text
        assert "<" not in re.sub(r"data:\S+", "", page.text)
    assert files[0].name in pages[0].text


def test_the_schedule_names_every_project_that_is_to_be_accepted(desk: Desk) -> None:
    made = last(desk, Product.SCHEDULE)
    [page] = product_pages(desk, made, ())
    with reading(desk.engine) as session:
        codes = {project.code for project in dossiers(session, desk.plan)}
    assert set(re.findall(r"XF2023-\d{6}-\d{2}", page.text)) == codes
    assert len(codes) == 100


def test_a_snapshot_has_no_page(desk: Desk) -> None:
    job = year.job_of(Product.SNAPSHOT)
    made = make(desk, job, next(iter(job.occasions(desk))), AT)
    assert product_pages(desk, made, ()) == []
