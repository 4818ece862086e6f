"""Whatever is wrong with a plan is told, with file, line and mend: nothing crashes, or passes."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.errors import PolicyError
from policy import source
from policy.example_file import read_examples
from policy.load import HOME, load_plan
from policy.source import MOST_BYTES
from tests.support.written import read_yaml

PLANS = {
    "shanxi": HOME / "plans" / "shanxi-2023",
    "shanghai": HOME / "plans" / "shanghai-2024",
    "beds": Path(__file__).parent / "plans" / "beds-2024",
    "canteens": Path(__file__).parent / "plans" / "canteens-2024",
    "sites": Path(__file__).parent / "plans" / "sites-2024",
    "meals": Path(__file__).parent / "plans" / "meals-2024",
    "funds": Path(__file__).parent / "plans" / "funds-2025",
}
CASES: list[dict[str, str]] = read_yaml(Path(__file__).parent / "cases" / "faults.yaml")


def refusal(path: Path) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load_plan(path)
    return str(caught.value).splitlines()


def copied(folder: Path, plan: str, text: str) -> Path:
    folder = folder / PLANS[plan].name
    folder.mkdir(exist_ok=True)
    shutil.copyfile(PLANS[plan] / "notice.txt", folder / "notice.txt")
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def planted(case: dict[str, str]) -> str:
    text = (PLANS[case["plan"]] / "plan.yaml").read_text(encoding="utf-8")
    start = text.index(case.get("after", ""))
    changed = text[:start] + text[start:].replace(case["old"], case["new"], 1)
    assert changed != text
    return changed


@pytest.mark.parametrize("plan", ["beds", "canteens", "sites", "meals", "funds"])
def test_what_faults_are_planted_into_has_none(plan: str) -> None:
    assert load_plan(PLANS[plan] / "plan.yaml").digest


def test_at_least_sixty_faults_of_different_kinds_are_planted() -> None:
    assert len({case["name"] for case in CASES}) == len(CASES) >= 60


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_planted_fault_is_told_with_file_line_and_mend(
    case: dict[str, str], tmp_path: Path
) -> None:
    text = planted(case)
    path = copied(tmp_path, case["plan"], text)
    line = text[: text.index(case["line"])].count("\n") + 1
    told = refusal(path)
    assert any(
        re.match(rf"{re.escape(str(path))}:{line}\b", each) and case["says"] in each
        for each in told
    ), (line, told)
    assert all(re.match(rf"{re.escape(str(path))}:\d+", each) for each in told)
    assert all(re.search("[一-龥]", each.split(": ", 1)[1]) for each in told)


def test_a_merged_value_is_told_where_it_is_written_and_where_it_is_used(tmp_path: Path) -> None:
    case = next(case for case in CASES if case["name"] == "引用处的错在定义处")
    path = copied(tmp_path, "beds", planted(case))
    assert "（用于第" in "\n".join(refusal(path))


def test_a_file_far_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = copied(tmp_path, "beds", "# " + "x" * (MOST_BYTES + 1))
    assert refusal(path) == [f"{path}: 文件过大（4 MB），最大4 MB，请核对"]


def test_a_file_as_large_as_may_be_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = copied(tmp_path, "beds", "# 待补")
    monkeypatch.setattr(source, "MOST_BYTES", path.stat().st_size)
    assert refusal(path) == [f"{path}: 文件为空"]


def test_aliases_that_unfold_without_end_are_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    path = copied(tmp_path, "beds", "\n".join(lines))
    assert "超过400000个，请核对" in refusal(path)[0]


@pytest.mark.parametrize(
    "text", ["[" * 30_000, "a: " + "{a: " * 5_000 + "1", "- " * 30_000, "? " * 30_000 + "a"]
)
def test_what_is_nested_too_deep_is_refused(text: str, tmp_path: Path) -> None:
    path = copied(tmp_path, "beds", text)
    assert refusal(path)[0].startswith(str(path))


ODD: st.SearchStrategy[Any] = st.sampled_from(
    [None, 0, -1, 3.5, True, "", "x", "甲，乙", [], {}, [[]], {"kind": "x"}, 10**30, "2024-02-01"]
)


@pytest.mark.heavy
@pytest.mark.parametrize("plan", ["beds", "sites"])
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damage_of_any_kind_is_told_and_never_crashes(
    plan: str, tmp_path: Path, data: st.DataObject
) -> None:
    """Keys lost, values of another type, values swapped: a plan, or a refusal with its file."""
    whole = read_yaml(PLANS[plan] / "plan.yaml")
    for _ in range(data.draw(st.integers(1, 3))):
        damaged(whole, data)
    path = copied(tmp_path, plan, yaml.safe_dump(whole, allow_unicode=True, sort_keys=False))
    told = ""
    try:
        load_plan(path)
    except PolicyError as error:
        told = str(error)
    assert all(line.startswith(str(path.parent)) for line in told.splitlines())


def damaged(whole: Any, data: st.DataObject) -> None:
    """Goes down at random, and deletes, replaces or swaps what it finds."""
    node = whole
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if isinstance(inner, dict | list) and inner and data.draw(st.integers(0, 5)):
            node = inner
            continue
        how = data.draw(st.sampled_from(["delete", "replace", "swap"]))
        if how == "delete":
            del node[key]
        elif how == "replace":
            node[key] = data.draw(ODD)
        else:
            other = data.draw(st.sampled_from(keys))
            node[key], node[other] = node[other], node[key]
        return


@pytest.mark.parametrize(
    ("typed", "quoted"), [("日" * 30, "日" * 30), ("日" * 31, "日" * 30 + "…")]
)
def test_what_was_written_is_quoted_as_far_as_a_line_has_room(
    typed: str, quoted: str, tmp_path: Path
) -> None:
    text = (PLANS["beds"] / "plan.yaml").read_text(encoding="utf-8")
    path = copied(tmp_path, "beds", text.replace("days: 90", f"days: {typed}", 1))
    assert f"不是“{quoted}”" in "\n".join(refusal(path))


def test_an_unknown_key_of_an_example_is_named(tmp_path: Path) -> None:
    path = tmp_path / "cases.yaml"
    path.write_text("- {name: 一例, datum: 2024-01-01}\n", encoding="utf-8")
    with pytest.raises(PolicyError, match="没有“datum”这一项，请核对写法"):
        read_examples(load_plan(PLANS["beds"] / "plan.yaml"), tmp_path)
