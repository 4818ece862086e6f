"""No paper of the golden year is contradicted by its own data, or by the next morning's list (A22).

Bulletins and letters are read as a person reads them, and held against the overdue list of the
mornings up to the day on which each can first be signed: praise, blame, days, sums, counts, names.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property

import pytest

from documents.papers.letters import draft, turned
from documents.writing.blocks import GraphPairs, Heading, PaperTable, PaperText
from models.database import reading
from operations.cases.desk import Desk
from operations.duties import assessments, progress_letters
from operations.duties.products import KeptProduct, all_kept
from operations.views.overview import DeadlineView, deadline_views
from policy.vocabulary import Standing, SubjectKind
from states.snapshot import quarter
from tests.support.golden import GOLDEN_YEAR
from tests.support.ledger_of_trail import DAY, PLAN, next_workday
from tests.support.office import needs_writer, printed
from tests.support.stores import Stores
from tests.support.written import read_yaml

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(900)]
RULES = {rule["id"]: rule for rule in read_yaml(PLAN)["deadlines"]}
PROVINCE = "山西省民政厅"
MET_ALIKE = "D09"
"""Met by what meets D08."""
MONTHS = tuple(f"2023-{month:02d}" for month in range(3, 13))


@pytest.fixture(scope="module")
def golden(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with stores.desk(None, GOLDEN_YEAR, tmp_path_factory.mktemp("golden") / "home") as desk:
        yield desk


@dataclass
class Morning:
    """The overdue list as offices open on a day, without what the province itself has to do.

    What is only done on that day, after the list, is still on it.
    """

    desk: Desk
    day: date

    @cached_property
    def late(self) -> list[DeadlineView]:
        views = deadline_views(self.desk, self.day, known=True)
        return [v for v in views if self._is_late(v) and v.responsible != PROVINCE]

    def _is_late(self, view: DeadlineView) -> bool:
        done_today = view.standing is Standing.MET_LATE and view.fulfilled_on == self.day
        return view.standing is Standing.OVERDUE or done_today

    @cached_property
    def cities(self) -> set[str]:
        return {view.city for view in self.late}

    @cached_property
    def stated(self) -> dict[tuple[str, str], DeadlineView]:
        """Of projects, what the notice itself dates, by rule and name; each thing once.

        What waits for the same first step is one thing: the earliest of it.
        """
        found: dict[tuple[str, str], DeadlineView] = {}
        for view in sorted(
            self.late, key=lambda v: [*RULES].index(v.rule) if v.rule in RULES else 0
        ):
            told = (view.subject, view.step or view.rule)
            if _is_stated(view):
                found.setdefault(told, view)
        return {(v.rule, f"{v.county}{v.name}"): v for v in found.values()}


def _is_stated(view: DeadlineView) -> bool:
    rule = RULES.get(view.rule, {})
    project = view.subject_kind is SubjectKind.PROJECT and view.rule != MET_ALIKE
    return project and rule.get("origin") != "proposal"


@cache  # several tests look at the same one
def morning(desk: Desk, day: date) -> Morning:
    return Morning(desk, day)


def bulletin_of(desk: Desk, month: str) -> KeptProduct[PaperText]:
    with reading(desk.engine) as session:
        made = all_kept(session, desk, progress_letters.BULLETINS)
    return next(item for item in made if item.occasion.period == month)


def under(letter: PaperText, heading: str) -> list[str]:
    """The texts under a heading of the first level."""
    texts: list[str] = []
    inside = False
    for block in letter.paragraphs:
        if isinstance(block, Heading) and block.level == 1:
            inside = heading in block.heading
        elif inside and isinstance(block, str):
            texts.append(block)
    return texts


def tables(letter: PaperText) -> list[PaperTable]:
    return [block for block in letter.paragraphs if isinstance(block, PaperTable)]


def column(table: PaperTable, head: str) -> Mapping[str, str]:
    """What a column says by the first one; nothing where it has been left out."""
    at = table.heads.index(head) if head in table.heads else None
    return {row[0]: "0" if at is None else row[at] for row in table.rows}


def praised(letter: PaperText) -> set[str]:
    told = "".join(under(letter, "各市情况"))
    found = re.search(r"((?:..市、)*..市)项目均达到序时进度，没有逾期事项", told)
    return set(found[1].split("、")) if found else set()


def behind(letter: PaperText) -> list[tuple[str, str, str]]:
    """City, county and name, and why."""
    found = [b for annex in letter.annexes for b in annex.blocks if isinstance(b, PaperTable)]
    why = "滞后事项及原因"
    return [
        (row[1], f"{row[2]}{row[3]}", row[table.heads.index(why)])
        for table in found
        for row in table.rows
    ]


@pytest.mark.parametrize("month", MONTHS)
def test_nobody_is_praised_who_is_overdue_before_it_can_be_signed(golden: Desk, month: str) -> None:
    made = bulletin_of(golden, month)
    day, signed = made.occasion.on, next_workday(made.occasion.on)
    while day <= signed:
        day += DAY
        due_later = {v.city for v in morning(golden, day).late if v.due and v.due >= signed}
        assert not praised(made.content) & (morning(golden, day).cities - due_later), day


@pytest.mark.parametrize("month", MONTHS)
def test_whoever_is_blamed_is_on_the_next_mornings_list_and_nobody_is_left_out(
    golden: Desk, month: str
) -> None:
    made = bulletin_of(golden, month)
    known = morning(golden, made.occasion.on + DAY).stated
    told = "".join(under(made.content, "存在问题"))
    for brief in {rule["brief"] for rule in RULES.values()}:
        found = re.search(rf"应于([\d月日、]+)前{brief}，截至[\d月日]+仍有(\d+)个项目", told)
        late = [v for (rule, _), v in known.items() if RULES[rule]["brief"] == brief]
        assert int(found[2] if found else 0) == len(late), brief
        days = {f"{v.due.month}月{v.due.day}日" for v in late if v.due}
        assert set(found[1].split("、") if found else ()) == days, brief
        if found:
            who = re.search(rf"{re.escape(found[0])}未[^：]+：([^。]+)。", told)
            assert who
            cities = Counter(v.city for v in late)
            assert {c: int(n) for c, n in re.findall(r"(..市)(\d+)个", who[1])} == cities


@pytest.mark.parametrize("month", MONTHS)
def test_the_annex_names_whom_the_list_names(golden: Desk, month: str) -> None:
    """With each day that has passed; but for those whose report says that they are behind."""
    made = bulletin_of(golden, month)
    known = morning(golden, made.occasion.on + DAY).stated
    told = {name: why for _, name, why in behind(made.content)}
    assert {name for _, name in known} <= {*told}
    for name, why in told.items():
        mine = [v for (_, own), v in known.items() if own == name]
        days = {(f"{v.due.month}月{v.due.day}日", RULES[v.rule]["brief"]) for v in mine if v.due}
        stated = why.partition("月报反映")[0].rpartition("，")[0]
        assert set(re.findall(r"(\d+月\d+日)前([^、，]+)", stated)) == days
        assert mine or "月报反映" in why


@pytest.mark.parametrize("month", MONTHS)
def test_nothing_is_asked_for_by_a_day_that_has_passed_when_it_can_be_signed(
    golden: Desk, month: str
) -> None:
    made = bulletin_of(golden, month)
    signed = next_workday(made.occasion.on)
    for text in under(made.content, "下一步要求"):
        for number, day in re.findall(r"(?<!建议时限为)(?<!\d)(\d+)月(\d+)日前", text):
            asked = date(2023, int(number), int(day))
            passed = re.search(rf"{number}月{day}日前应", text)
            assert asked >= signed or passed, text


@pytest.mark.parametrize("month", MONTHS)
def test_text_tables_graphs_and_annex_agree(golden: Desk, month: str) -> None:
    letter = bulletin_of(golden, month).content
    counts, money = tables(letter)
    whole = next(row[0] for row in counts.rows if row[0].startswith("全"))
    for table in (counts, money):
        for head in table.heads[1:]:
            cells = column(table, head)
            known = [float(cell) for place, cell in cells.items() if place != whole and cell != "—"]
            assert sum(known) == pytest.approx(float(cells[whole]), abs=0.06), head
    heads = ("达到序时", "未达序时", "暂停")
    groups = [column(counts, head) for head in heads]
    for place, number in column(counts, "项目数").items():
        assert sum(int(group[place]) for group in groups) == int(number)
    text = "".join(under(letter, "总体进展"))
    said = re.search(r"达到序时进度的项目(\d+)个，未达到的(\d+)个", text)
    assert said
    assert said.groups() == tuple(column(counts, head)[whole] for head in heads[:2])
    assert Counter(city for city, _, _ in behind(letter)) == {
        place: int(n) for place, n in groups[1].items() if place != whole and int(n)
    }
    pairs = (b for b in letter.paragraphs if isinstance(b, GraphPairs))
    for graph in (graph for pair in pairs for graph in pair.graphs):
        label = graph.caption.removeprefix("山西省").removesuffix("项目数")
        if label in counts.heads:
            actual = next(series for series in graph.series if series.label == "实际")
            at = graph.categories.index(f"{int(month[5:])}月")
            assert str(actual.values[at]) == column(counts, label)[whole]


def test_a_letter_says_of_a_city_what_the_list_says(golden: Desk) -> None:
    with reading(golden.engine) as session:
        letters = all_kept(session, golden, progress_letters.FEEDBACKS)
    assert len(letters) == 33
    for made in letters:
        day, city = made.occasion.on, made.occasion.subject
        late = morning(golden, day + DAY)
        mine = {name for (_, name), view in late.stated.items() if view.city == city}
        [table] = [b for annex in made.content.annexes for b in annex.blocks]
        assert isinstance(table, PaperTable)
        state = table.heads.index("序时进度")
        told = {f"{row[1]}{row[2]}" for row in table.rows if row[state] == "未达到"}
        assert mine <= told, (made.occasion.period, city)
        quiet = "没有需要提请贵市关注的突出问题" in "".join(under(made.content, "存在问题"))
        assert not (quiet and mine)
        assert quarter(f"{day:%Y-%m}") == made.occasion.period


def test_no_city_that_is_a_leader_in_an_evaluation_is_behind_in_that_months_bulletin(
    golden: Desk,
) -> None:
    with reading(golden.engine) as session:
        made = all_kept(session, golden, assessments.EVALUATIONS)
    for item in made:
        letter = bulletin_of(golden, item.occasion.period).content
        blamed = {city for city, _, _ in behind(letter)}
        assert not set(item.content.leaders) & blamed, item.occasion.period


@pytest.fixture(scope="module")
def on_paper(golden: Desk) -> Mapping[str, Sequence[str]]:
    """The words on the pages of each bulletin by month, and of the first quarter's letters."""
    letters = {month: bulletin_of(golden, month).content for month in MONTHS}
    with reading(golden.engine) as session:
        made = all_kept(session, golden, progress_letters.FEEDBACKS)
    first = {item.content.title: item.content for item in made if item.occasion.period == "2023Q2"}
    return printed({name: draft(letter) for name, letter in (letters | first).items()})


@needs_writer
def test_a_bulletin_has_eight_pages_at_most_and_no_last_page_of_two_rows(
    on_paper: Mapping[str, Sequence[str]],
) -> None:
    for month in MONTHS:
        pages = on_paper[month]
        assert len(pages) <= 8, month
        rows = re.findall(r"^ *(\d+) +..市", pages[-1], re.MULTILINE)
        assert not rows or len(rows) > 2 or rows[0] == "1", month


@needs_writer
def test_no_page_is_blank_and_no_title_is_broken_in_a_word(
    on_paper: Mapping[str, Sequence[str]],
) -> None:
    """July's last page was blank, and a letter's title was broken in 季度."""
    for name, pages in on_paper.items():
        for number, page in enumerate(pages, 1):
            words = re.sub(r"\s", "", page)
            assert re.sub(rf"草稿|—{number}—", "", words), f"{name}, page {number}"
    for title in on_paper.keys() - {*MONTHS}:
        lines = [re.sub(r"\s", "", line) for line in on_paper[title][0].splitlines()]
        assert all(line in lines for line in turned(title).split("\n")), lines
