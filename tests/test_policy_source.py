"""A plan file as a tree: where each value stands, and how large and how odd a file may be."""

from pathlib import Path

import pytest
import yaml

from common.errors import PolicyError
from policy import source
from policy.source import construct, place, read_text, read_tree


def tree(folder: Path, text: str, name: str = "some") -> yaml.MappingNode:
    home = folder / name
    home.mkdir(exist_ok=True)
    path = home / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return read_tree(path)


def refused(folder: Path, text: str) -> str:
    with pytest.raises(PolicyError) as caught:
        tree(folder, text)
    return str(caught.value).removeprefix(f"{folder / 'some' / 'plan.yaml'}:")


TEXT = """\
a: &x
  b: 1
c:
  d: *x
  e: [2, 3]
f: {g: 4, h: [5]}
"""


@pytest.mark.parametrize(
    ("loc", "told"),
    [
        ((), "1"),
        (("a",), "1"),  # where it is given its name
        (("a", "b"), "2"),
        (("c",), "4"),
        (("c", "d"), "1（用于第4行）"),
        (("c", "e"), "5"),
        (("c", "e", 1), "5"),
        (("c", "e", 2), "5"),  # there is none: as far down as the file goes
        (("c", "e", "more"), "5"),
        (("f", "g"), "6"),
        (("f", "h", 0), "6"),
        (("nowhere", "b"), "1"),
    ],
)
def test_a_value_is_told_by_its_line_and_one_that_is_repeated_by_both(
    loc: tuple[str | int, ...], told: str, tmp_path: Path
) -> None:
    root = tree(tmp_path, TEXT)
    assert place(root, loc) == f"{tmp_path / 'some' / 'plan.yaml'}:{told}"


def test_what_comes_from_another_file_is_told_by_both(tmp_path: Path) -> None:
    tree(tmp_path, "x: 0\nc:\n  d: {e: 5}\n", "below")
    root = tree(tmp_path, "extends: below\nc:\n  f: 6\n")
    own, below = tmp_path / "some" / "plan.yaml", tmp_path / "below" / "plan.yaml"
    assert place(root, ("c", "f")) == f"{own}:3"
    assert place(root, ("c", "d")) == f"{below}:3（用于第3行）"
    assert place(root, ("x",)) == f"{below}:1"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        ("a: 1\nb：2\n", 1, (1, "：")),
        ("a：1\nb: 2\n", 1, (0, "：")),  # a broken line is often noticed in the next one
        ("a：1\nb: 2\nc: 3\n", 2, (2, "")),
        ("a: 1\nb：2\n", 0, (0, "")),
        ("a：1", 1, (0, "：")),
        ("a: {b: 1，c: 2}\n", 0, (0, "，")),
        ("a: “b”\n", 0, (0, "“")),
        ("", 0, (0, "")),
        ("", 1, (1, "")),
    ],
)
def test_a_full_width_sign_is_looked_for_in_a_line_and_the_one_before(
    text: str, line: int, told: tuple[int, str]
) -> None:
    assert source._full_width(text, line) == told


def test_so_many_values_may_unfold_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mapping, two lists of three items each: nine values, and the alias counts again."""
    monkeypatch.setattr(source, "MOST_VALUES", 9)
    assert construct(tree(tmp_path, "a: &a [1, 2, 3]\nb: *a\n")) == {"a": [1, 2, 3], "b": [1, 2, 3]}
    monkeypatch.setattr(source, "MOST_VALUES", 8)
    says = "1: 引用（*）展开后有9个值，超过8个，请核对"
    assert refused(tmp_path, "a: &a [1, 2, 3]\nb: *a\n") == says


@pytest.mark.parametrize(("size", "taken"), [(4_000_000, True), (4_000_001, False)])
def test_a_file_of_four_megabytes_is_read_and_none_that_is_larger(
    size: int, tmp_path: Path, *, taken: bool
) -> None:
    path = tmp_path / "large.yaml"
    path.write_bytes(b" " * size)
    if taken:
        assert len(read_text(path)) == size
        return
    with pytest.raises(PolicyError, match="文件过大（4 MB），最大4 MB"):
        read_text(path)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\na: 2\n", "2: 键“a”重复，请删去一个"),
        ("[a]: 1\n", "1: 键应为单个词"),
        ("{a：b: 1}\n", "1: “a：b”用了全角冒号，请改用半角冒号和空格"),
        ("a: [1， 2]\n", "1: “1， 2”中有全角标点：几项之间请用半角逗号，确为一项的请加引号"),
        ("a: 8:30\n", '1: 时间须加引号，写作 "8:30"'),
        ("a: 8:30:00\n", '1: 时间须加引号，写作 "8:30:00"'),
        ("a: 1, b: 2\n", "1: YAML 格式有误"),
        ("a: 甲，b：2\n", "1: “甲，b：2”中似有下一项"),
        ("a: !remove\n", "1: !remove 只用来去掉所继承（extends）的方案中已有的键"),
        ("a: 1\nb:\n  <<: 1\n", "3: << 只能并入另一个已定义的键值结构"),
        ("extends: [[x]]\n", "1: extends: 应为一个方案的编号，或几个编号的列表"),
        ("extends: ''\n", "1: extends: 应为一个方案的编号，或几个编号的列表"),
        ("extends: nowhere\n", "1: 没有方案或底本“nowhere”"),
        ("extends: ../bases/base\n", "1: 没有方案或底本“../bases/base”"),
        ("- a\n", "1: 实施方案文件应为键值结构"),
        ("2023: 1\na: 2023-02-30\n", "2: YAML 格式有误：日期不存在，请核对"),
    ],
)
def test_what_yaml_takes_and_nobody_means_is_told_with_its_line(
    text: str, told: str, tmp_path: Path
) -> None:
    with pytest.raises(PolicyError) as caught:
        construct(tree(tmp_path, text))
    assert str(caught.value).removeprefix(f"{tmp_path / 'some' / 'plan.yaml'}:").startswith(told)


@pytest.mark.parametrize(
    "text",
    [
        "a: ['1， 2']\n",
        "a: 甲，乙\n",
        "a: '甲，b：2'\n",
        "a: '8:30'\n",
        "'a：b': 1\n",
        "a:\n  - 甲，乙\n",
        "a: 08-30\n",
        "? 甲\n: 乙\n",
    ],
)
def test_what_is_meant_as_it_is_written_is_taken(text: str, tmp_path: Path) -> None:
    assert construct(tree(tmp_path, text)) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}\n", {"x": 1, "y": 3}),
        ("a: &a {x: 1, y: 2}\nb: {y: 3, <<: *a}\n", {"x": 1, "y": 3}),
        ("a: &a {x: 1}\nc: &c {x: 2, z: 4}\nb: {<<: [*a, *c]}\n", {"x": 1, "z": 4}),
        ("a: &a {x: 1}\nc: &c {<<: *a, z: 4}\nb: {<<: *c}\n", {"x": 1, "z": 4}),
    ],
)
def test_what_is_merged_gives_way_to_what_is_written(
    text: str, whole: dict[str, int], tmp_path: Path
) -> None:
    """As YAML has it: the first of several wins, whatever is written wins over all."""
    assert yaml.safe_load(text)["b"] == whole
    assert construct(tree(tmp_path, text))["b"] == whole


def test_a_value_that_holds_itself_is_not_merged_into_itself(tmp_path: Path) -> None:
    told = refused(tmp_path, "a: &a\n  b: 1\n  <<: *a\n")
    assert told.startswith("3: << 只能并入另一个已定义的键值结构")
