"""The command `xingfu`: which commands there are, for whom, and how trouble is told."""

import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from common.errors import XingfuError
from deployments.commands.console import complain
from deployments.commands.lazy import LazyGroup, Stub

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
    help="幸福养老工程进度管理：按实施方案的时限提醒、催办、提级。",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; a known trouble is one clear sentence and its exit code (1, 2 or 3)."""
    try:
        app()
    except XingfuError as error:
        complain(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
