"""A plan is known by what it says: how its file is written says nothing."""

import shutil
from collections.abc import Iterator
from copy import deepcopy
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from policy import load, source
from policy.load import HOME, UNREAD, load_plan, meaning
from policy.schema import Plan
from tests.support.builders import plan

SHIPPED = HOME / "plans" / "shanxi-2023"
TEXT = (SHIPPED / "plan.yaml").read_text(encoding="utf-8")
Path_ = tuple[str | int, ...]


def loaded(text: str) -> Plan:
    with TemporaryDirectory() as folder:
        shutil.copyfile(SHIPPED / "notice.txt", Path(folder, "notice.txt"))
        path = Path(folder, "plan.yaml")
        path.write_text(text, encoding="utf-8")
        return load_plan(path)


@cache
def parsed() -> Any:
    return yaml.safe_load(TEXT)


def data() -> Any:
    return deepcopy(parsed())


def shuffled(value: Any, random: Random) -> Any:
    """The same with keys in another order; the order of a list says something."""
    if isinstance(value, list):
        return [shuffled(item, random) for item in value]
    if not isinstance(value, dict):
        return value
    keys = random.sample(list(value), len(value))
    return {key: shuffled(value[key], random) for key in keys}


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from((None, "'", '"')), st.booleans())
def test_the_same_plan_written_otherwise_is_the_same(
    seed: int, quotes: str | None, flow: bool
) -> None:
    written = yaml.dump(
        shuffled(data(), Random(seed)),  # noqa: S311  # any order will do
        Dumper=getattr(yaml, "CSafeDumper", yaml.SafeDumper),
        default_style=quotes,
        default_flow_style=flow,
        allow_unicode=True,
        sort_keys=False,
    )
    found = loaded(f"# 说明\n{written}\n# 完\n")
    assert found.digest == plan().digest
    assert found == plan()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("year: 2023\n", "\nyear:    2023   # 年度\n"),
        ("goal: 100", 'goal: "100"'),
        ("cap_square_metres: {", "cap_square_metres: { "),
        ("id: shanxi-2023\n", "id: shanxi-2023\nkinds: []\n"),
    ],
)
def test_a_comment_or_a_default_written_out_says_nothing(old: str, new: str) -> None:
    changed = TEXT.replace(old, new, 1)
    assert changed != TEXT
    assert loaded(changed).digest == plan().digest


def leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    if isinstance(value, dict | list) and value:
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(item, (*path, key))
    else:
        yield path


@cache
def every_leaf() -> tuple[Path_, ...]:
    return tuple(leaves(data()))


def another(value: Any) -> Any:
    """Another value of its type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, date):
        return value + timedelta(days=1)
    return f"{value}x"


def changed(path: Path_) -> Any:
    made = data()
    held = made
    for key in path[:-1]:
        held = held[key]
    held[path[-1]] = another(held[path[-1]])
    return made


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_is_changed_makes_it_another(draw: st.DataObject) -> None:
    path = draw.draw(st.sampled_from(every_leaf()))
    try:
        found = Plan.model_validate({**changed(path), "digest": UNREAD})
    except ValidationError:  # a word of a closed list: no plan at all
        assume(False)
    assert meaning(found) != plan().digest, path


def test_databases_know_a_plan_by_the_digest_of_its_sorted_text() -> None:
    """In UTF-8, with 0.50 as 0.5: what they keep would be of no plan otherwise."""
    text = '{"a": "0.5", "b": "甲", "c": "2023-05-31"}'
    said = {"c": date(2023, 5, 31), "b": "甲", "a": Decimal("0.50")}
    assert load._digest(said) == sha256(text.encode("utf-8")).hexdigest()


def test_the_order_of_a_list_says_something() -> None:
    made = data()
    made["ladder"]["rungs"][:2] = reversed(made["ladder"]["rungs"][:2])
    assert meaning(Plan.model_validate({**made, "digest": UNREAD})) != plan().digest


def nodes(text: str, loader: type[yaml.SafeLoader]) -> list[tuple[str, int, object]]:
    """Every node in order: what it is, where, and what it says."""
    root = yaml.compose(text, Loader=loader)
    assert root is not None
    return [
        (node.tag, node.start_mark.line, node.value if isinstance(node, yaml.ScalarNode) else "")
        for node in source._nodes(root)
    ]


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.glob("plans/*/plan.yaml")))
def test_both_loaders_read_alike(path: Path) -> None:
    for text in (TEXT, path.read_text(encoding="utf-8")):
        assert nodes(text, source.FASTEST) == nodes(text, yaml.SafeLoader)
