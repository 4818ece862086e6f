"""Which commands there are, how they are found when called, and how they explain themselves."""

import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from common.table import room
from deployments.cli import COMMANDS, app, main
from deployments.commands.lazy import LazyGroup, Stub, folded

ROOT = Path(__file__).parents[1]
LEAVES = {path: (where, told) for them in COMMANDS.values() for path, where, told in them if where}
GROUPS = {path for them in COMMANDS.values() for path, where, _ in them if not where}
HEAVY = ("openpyxl", "prefect", "pydantic", "rich", "sqlalchemy", "sqlmodel", "yaml")


def run(*words: str) -> int:
    """The command in this process, as it is typed; its exit code."""
    with patch.object(sys, "argv", ["xingfu", *words]), pytest.raises(SystemExit) as ended:
        main()
    return int(ended.value.code or 0)


def found(path: str) -> Any:
    here: Any = get_command(app)
    for word in path.split():
        here = here.commands[word]
    return here


@pytest.mark.parametrize("path", LEAVES)
def test_a_stub_stands_for_its_command(path: str) -> None:
    where, told = LEAVES[path]
    stub = found(path)
    assert isinstance(stub, Stub)
    real = stub.load()
    assert (real.name, real.help) == (stub.name, stub.help) == (path.split()[-1], told)
    module, _, function = where.partition(":")
    assert real.callback.__module__ == module
    assert function.rstrip("_") in (path, path.replace(" ", "_"), path.split()[-1])


def test_no_command_is_forgotten() -> None:
    """What the modules of commands offer and what the table names are the same."""
    modules = {where.partition(":")[0] for where, _ in LEAVES.values()}
    offered = {
        f"{module}:{name}"
        for module in modules
        for name, each in vars(import_module(module)).items()
        if callable(each) and getattr(each, "__module__", "") == module
        if not name.startswith("_") and not isinstance(each, type)
    }
    offered -= {"deployments.commands.simulating:tell"}  # which the golden year prints with
    assert offered == {where for where, _ in LEAVES.values()}


def test_manuals_speak_of_commands_that_are_there() -> None:
    texts = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    written = "\n".join(path.read_text(encoding="utf-8") for path in texts)
    named = re.findall(r"`(?:[A-Z_]+=\S+ )*xingfu ([a-z]+)(?: ([a-z]+))?", written)
    assert len(named) > 20
    for first, second in named:
        assert first in LEAVES or first in GROUPS, first
        assert first in LEAVES or not second or f"{first} {second}" in LEAVES, (first, second)


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("path", [*LEAVES, *sorted(GROUPS)])
def test_every_command_explains_itself(
    path: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*path.split(), option) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"用法：xingfu {path} [选项]")
    told = next(told for them in COMMANDS.values() for name, _, told in them if name == path)
    assert "".join(told.split()) in "".join(shown.split())
    assert "显示本说明" in shown
    assert not re.search(r"\[(required|default)|<(str|int|path)>", shown)


def test_the_overview_has_each_command_once_below_whom_it_serves(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--help") == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(room, lines)) <= 80
    assert [line[:-1] for line in lines if line.endswith("：")] == [*COMMANDS, "选项"]
    listed = [line.split()[0] for line in lines if re.match(r"  [a-z]", line)]
    assert listed == [path for them in COMMANDS.values() for path, *_ in them if " " not in path]


def test_the_overview_loads_no_command() -> None:
    tell = (
        "import sys, contextlib; from deployments.cli import app\n"
        "with contextlib.suppress(SystemExit): app(sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    for words in (["--help"], ["board", "--help"], ["report", "bulletin", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", tell, *words], capture_output=True, text=True, check=True
        )
        loaded = set(done.stderr.split())
        assert {"deployments.cli", "typer"} <= loaded
        assert not loaded & set(HEAVY), words
        ours = {name for name in loaded if name.startswith(("flows.", "models.", "documents."))}
        assert not ours, words


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["fly"], "没有命令“fly”；说明见 xingfu --help"),
        (["bord"], "没有命令“bord”，是否为 board"),
        (["report", "fly"], "没有命令“fly”；说明见 xingfu report --help"),
    ],
)
def test_an_unknown_command_is_named(
    words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert says in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("advance", "缺少“项目编码”"),
        ("advance X confirm_site --on 2023-06-01", "缺少“--actor”"),
        ("board --as-of 2023-13-01", "“--as-of”有误：“2023-13-01”不是日期"),
        ("board --asof", "没有选项“--asof”，是否为 --as-of、--json"),
        ("board --fly", "没有选项“--fly”"),
        ("board --as-of", "选项“--as-of”后面应写内容"),
        ("board --known=1", "选项“--known”后面不写内容"),
        ("board now", "多出“now”；含空格的内容请用引号括起"),
        ("watch --every one", "“--every”有误：应为整数，如 12"),
        ("watch --every 0", "“--every”有误：应不小于 1"),
        ("record 太原市 D10-03 --on 2023-03-24 --score need", "没有选项“--score”"),
    ],
)
def test_a_mistyped_command_is_told_in_chinese(
    words: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words.split()) == 2
    told = capsys.readouterr().err
    assert says in told
    assert not re.search("[A-Z][a-z]", told)


@pytest.mark.parametrize("path", sorted(LEAVES))
def test_no_command_answers_in_english(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """What is left out, and an option that nobody has."""
    for words in ((), ("--fly",)):
        if words or _asks(path):
            assert run(*path.split(), *words) == 2
            assert not re.search("Missing|Invalid|No such|Error|Usage", capsys.readouterr().err)


def _asks(path: str) -> bool:
    """Whether a command needs to be given anything."""
    return any(each.required for each in found(path).load().params)


@pytest.mark.parametrize("words", [[], ["report"]])
def test_without_a_command_the_overview_is_shown(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*words) == 2
    assert capsys.readouterr().err.startswith(" ".join(["用法：xingfu", *words, "[选项]"]))


def test_groups_hold_what_the_table_says() -> None:
    root: Any = get_command(app)
    held = {
        f"{name} {each}"
        for name, group in root.commands.items()
        if isinstance(group, LazyGroup)
        for each in group.commands
    }
    assert held == {path for path in LEAVES if " " in path}


WORDS = st.sampled_from(("汉", "字，", "登记。", " ab ", " --issue ", " "))


@given(st.lists(WORDS, max_size=40).map("".join), st.integers(14, 40))
def test_folding_loses_nothing_and_keeps_to_its_width(text: str, width: int) -> None:
    lines = list(folded(text, width))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(room(line) <= width and line[:1] not in ("，", "。") for line in lines)
