"""Selection against the best of all orders, and by hand: quotas by kind, ties, missing projects."""

from dataclasses import replace
from decimal import Decimal
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from policy.cities import ProjectKind
from policy.schema import Plan
from states.selection import Candidate, Selection, select
from tests.support.builders import plan

ONE = Candidate("c1", "太原市", "小店区", None, Decimal("80.00"), unserved=False, taken=False)
CANDIDATES = st.lists(
    st.tuples(st.sampled_from([60, 70, 80]), st.booleans(), st.booleans()), max_size=6
)


@given(CANDIDATES, st.integers(0, 4))
def test_selection_is_the_best_of_all_orders(
    drawn: list[tuple[int, bool, bool]], places: int
) -> None:
    candidates = [
        Candidate(f"c{n}", "太原市", "小店区", None, Decimal(score), unserved, taken)
        for n, (score, unserved, taken) in enumerate(drawn)
    ]
    city = plan().cities[0].model_copy(update={"quota": places})
    found = select(plan().model_copy(update={"cities": (city,)}), candidates)
    waiting = [item for item in candidates if not item.taken]
    free = max(places - (len(candidates) - len(waiting)), 0)
    best = max(
        permutations(waiting),
        key=lambda order: [
            (item.score, item.unserved, [-ord(c) for c in item.code]) for item in order
        ],
        default=(),
    )
    codes = [item.code for item in best]
    assert list(found.determined) == codes[:free]
    assert list(found.reserves) == [(code, n) for n, code in enumerate(codes[free:], 1)]
    assert found.short.get("太原市", 0) == max(free - len(waiting), 0)


def with_places(places: int | None) -> Plan:
    city = plan().cities[0].model_copy(update={"quota": places})
    return plan().model_copy(update={"cities": (city,)})


def test_equal_scores_on_both_sides_of_the_cut_are_told() -> None:
    """An unserved county goes first, then the lower code: c1 is last in, c2 first out."""
    other = replace(ONE, code="c2")
    unserved = replace(ONE, code="c3", unserved=True)
    assert select(with_places(2), (other, unserved, ONE)) == Selection(
        determined=("c3", "c1"),
        reserves=(("c2", 1),),
        short={},
        ties=(
            "太原市第2位c1与替补c2同为80.00分，"
            "已按未实施县（市、区）优先、编码在前排序，请研究时留意",
        ),
    )


def test_there_is_no_tie_where_nothing_is_cut() -> None:
    twins = (ONE, replace(ONE, code="c2"))
    lower = replace(ONE, code="c3", score=Decimal("79.99"))
    assert select(with_places(2), (*twins, lower)).ties == ()
    assert select(with_places(2), twins).ties == ()
    assert select(with_places(3), twins).ties == ()
    assert select(with_places(0), twins).ties == ()
    assert select(with_places(1), (*twins, lower)).ties != ()
    assert select(with_places(1), (ONE, replace(ONE, code="c0", score=None))).ties == ()


def test_who_has_no_score_ties_with_whoever_has_no_points() -> None:
    unrated = replace(ONE, score=None)
    for other in (None, Decimal(0)):
        (tie,) = select(with_places(1), (unrated, replace(ONE, code="c2", score=other))).ties
        assert tie.startswith("太原市第1位c1与替补c2同为0分，")


def test_who_has_a_place_already_keeps_it_and_more_than_the_quota_take_none() -> None:
    taken = [replace(ONE, code=f"t{n}", taken=True) for n in range(3)]
    found = select(with_places(2), (*taken, ONE, replace(ONE, code="c2")))
    assert (found.determined, found.reserves, found.short) == ((), (("c1", 1), ("c2", 2)), {})


def test_who_has_no_score_counts_as_having_no_points() -> None:
    unrated = replace(ONE, code="c2", score=None)
    others = [replace(ONE, code=f"c{n}", score=Decimal(n) - 1) for n in (1, 3)]
    assert select(with_places(3), (unrated, *others)).determined == ("c3", "c1", "c2")
    assert select(with_places(3), (replace(unrated, code="c0"), *others)).determined[1] == "c0"


def test_a_quota_that_is_not_stated_selects_nothing() -> None:
    assert select(with_places(None), (ONE,)) == Selection((), (), {}, ())


def test_each_kind_of_each_city_has_places_of_its_own() -> None:
    first, second = plan().cities[:2]
    kinds = tuple(ProjectKind(id=name, label=name) for name in ("new", "old"))
    quota = {"new": 1, "old": 3}
    cities = tuple(city.model_copy(update={"quota": quota}) for city in (first, second))
    split = plan().model_copy(update={"cities": cities, "kinds": kinds})
    new, old = replace(ONE, code="n1", kind="new"), replace(ONE, code="o1", kind="old")
    elsewhere = replace(new, code="n9", city=second.name)
    found = select(split, (new, replace(new, code="n2"), old, elsewhere, ONE))
    assert found.determined == ("n1", "o1", "n9")
    assert found.reserves == (("n2", 1),)
    assert found.short == {first.name: 2, second.name: 3}
