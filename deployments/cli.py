"""The command `xingfu`: which commands there are, for whom, and how trouble is told."""

import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from common.errors import UsageError, XingfuError
from common.files import FULL, TROUBLES, keep_private, unavailable
from common.garbage import look_rarely
from common.words import PRODUCT, unseen_sign, visible
from deployments.commands.console import complain
from deployments.commands.lazy import LazyGroup, Stub
from deployments.commands.mistyped import told_of
from deployments.commands.options import AT_END

_TABLE = tomllib.loads(Path(__file__).with_name("commands.toml").read_text(encoding="utf-8"))

COMMANDS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    panel: tuple(
        (path, where and f"deployments.commands.{where}", does)
        for path, (where, does) in commands.items()
    )
    for panel, commands in _TABLE.items()
}
"""Whom they serve: each command's name, where it is found (nowhere: a group, whose commands follow
by two words), and what it does."""


class CommandLine(LazyGroup):
    """All commands of the table; none of them is loaded."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        groups: dict[str, LazyGroup] = {"": self}
        for panel, commands in COMMANDS.items():
            for path, where, does in commands:
                group, _, name = path.rpartition(" ")
                if where:
                    each: Stub | LazyGroup = Stub(name, where, help=does)
                else:
                    each = groups[name] = LazyGroup(name=name, help=does)
                each.rich_help_panel = "" if group else panel
                groups[group].add_command(each)


app = typer.Typer(
    name="xingfu",
    cls=CommandLine,
    callback=lambda: None,
    help=f"{PRODUCT}：按实施方案的时限提醒、催办、提级。",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def require_plain_words(typed: Sequence[str]) -> None:
    """UsageError where an argument holds a sign that nobody sees: names, reasons, files alike."""
    for number, (before, word) in enumerate(zip(("", *typed), typed, strict=False), 1):
        if fault := unseen_sign(word):
            where = before if before.startswith("--") else f"第{number}个参数"
            raise UsageError(f"{where}“{visible(word)}”有误：{fault}")


def main() -> None:
    """Run the command; a known trouble is one clear sentence and its exit code (1, 2 or 3).

    What it writes, and what its children write, is its owner's alone.
    """
    keep_private()
    look_rarely()
    try:
        require_plain_words(sys.argv[1:])
        with AT_END:
            code = app(prog_name="xingfu", standalone_mode=False)
    except XingfuError as error:
        trouble = error
    except typer.TyperException as error:
        for line in told_of(error):
            complain(line)
        sys.exit(UsageError.exit_code)
    except typer.Abort:
        complain("已取消")
        sys.exit(1)
    except OSError as error:
        if error.errno not in TROUBLES:
            raise
        does = "写入" if error.errno in FULL else "读写"
        trouble = unavailable(f"无法{does} {error.filename or '输出'}", error)
    else:
        sys.exit(code)
    complain(str(trouble))
    sys.exit(trouble.exit_code)


if __name__ == "__main__":
    main()
