"""Commands whose modules are loaded when they are called, and the help of all of them.

The help is plain: what makes it pretty takes longer to load than all else that it needs.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from importlib import import_module
from itertools import groupby
from shutil import get_terminal_size
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from common.table import padded, room
from deployments.commands.mistyped import usage

NARROWEST = 50  # columns of a terminal
OPTIONS = "[选项]"
WORDS = {
    r"\s*\[required\]": "（必填）",
    r"\s*\[default: (.*)\]": r"（默认 \1）",
    r"<str>": "文字",
    r"<int>": "整数",
    r"<path>": "路径",
}
"""What typer adds, and how staff read it."""
PIECES = re.compile(r"(?:[!-~]+|.)[，。；：、）”]*")
"""What stays in one line: words, and marks with what they follow."""


class Help:
    """How a command, or a group of them, explains itself."""

    def get_help_option(self, ctx: Any) -> Any:
        option = super().get_help_option(ctx)  # type: ignore[misc]  # a command's
        if option is not None:
            option.help = "显示本说明"
            option.default = False  # to turn None into a truth value, typer would load pydantic
        return option

    def format_help(self, ctx: Any, formatter: Any) -> None:
        width = max(get_terminal_size().columns, NARROWEST)
        formatter.write("".join(f"{line}\n" for line in _explained(self, ctx, width)))


class LoadedCommand(Help, TyperCommand):
    """A command."""


class Stub(Help, TyperCommand):
    """What the overview needs of a command: its name, its help, and where it is found."""

    def __init__(self, name: str, where: str, **told: Any) -> None:
        super().__init__(name, **told)
        self.where = where

    def load(self) -> Any:
        """The command itself."""
        module, _, function = self.where.partition(":")
        app = typer.Typer(add_completion=False, rich_markup_mode=None)
        made = app.command(self.name, cls=LoadedCommand, help=self.help, options_metavar=OPTIONS)
        made(getattr(import_module(module), function))
        return typer.main.get_command(app)


class LazyGroup(Help, TyperGroup):
    """A group of stubs and groups; the command that is called is loaded."""

    def __init__(self, **told: Any) -> None:
        plain = {"no_args_is_help": True, "rich_markup_mode": None}
        words = {"options_metavar": OPTIONS, "subcommand_metavar": "命令 …"}
        super().__init__(**{**told, **plain, **words})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        if args[0] not in self.commands and not ctx.resilient_parsing:
            near = "、".join(get_close_matches(args[0], self.commands))
            hint = f"，是否为 {near}" if near else ""
            ctx.fail(f"没有命令“{args[0]}”{hint}")
        name, command, rest = super().resolve_command(ctx, args)
        return name, command.load() if isinstance(command, Stub) else command, rest


def folded(text: str, width: int) -> Iterator[str]:
    """The text in lines of so many half-width characters."""
    for whole in text.splitlines():
        line = ""
        for piece in PIECES.findall(whole):
            if line and room(line + piece.rstrip()) > width:
                yield line.rstrip()
                line = ""
            line += piece if line else piece.lstrip()
        yield line.rstrip()


def _explained(command: Any, ctx: Any, width: int) -> Iterator[str]:
    yield f"用法：{usage(command, ctx)}"
    yield ""
    yield from folded(command.help, width)
    sections = list(_sections(command, ctx))
    indent = max(room(name) for _, told in sections for name, _ in told) + 4
    for title, told in sections:
        yield ""
        yield f"{title}："
        for name, text in told:
            first, *more = folded(text, width - indent) if text else [""]
            yield f"  {padded(name, indent - 2)}{first}".rstrip()
            yield from (" " * indent + line for line in more)


def _sections(command: Any, ctx: Any) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Commands by whom they serve, arguments, options: their titles, names and texts."""
    if isinstance(command, LazyGroup):
        panels = groupby(command.commands.values(), lambda each: each.rich_help_panel)  # type: ignore[attr-defined]  # stubs and groups have one
        for panel, members in panels:
            yield panel or "命令", [(each.name or "", each.help or "") for each in members]
    for kind, title in (("argument", "参数"), ("option", "选项")):
        params = [each for each in command.get_params(ctx) if each.param_type_name == kind]
        told = [record for each in params if (record := each.get_help_record(ctx))]
        if told:
            yield title, [(_in_chinese(name), _in_chinese(text)) for name, text in told]


def _in_chinese(text: str) -> str:
    for english, chinese in WORDS.items():
        text = re.sub(english, chinese, text)
    return text
