"""What is wrong with a command as it was typed, as staff read it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import typer

NAME = r"(?:.* / )?'?(.+?)'?"
"""As typer names an argument or an option: of two spellings the last."""
SENTENCES: Mapping[str, str] = {
    rf"Missing (?:argument|option) {NAME}\.": r"缺少“\1”",
    rf"Invalid value for {NAME}: (.*)": r"“\1”有误：\2",
    r"Invalid value: (.*)": r"\1",
    r"No such option: (\S+) \(Possible options: (.*)\)": r"没有选项“\1”，是否为 \2",
    r"No such option: (\S+)": r"没有选项“\1”",
    r"Got unexpected extra argument\(s\) \((.*)\)": r"多出“\1”；含空格的内容请用引号括起",
    r"Option '(.+)' requires an argument\.": r"选项“\1”后面应写内容",
    r"Option '(.+)' does not take a value\.": r"选项“\1”后面不写内容",
    r"(没有选项.*), (.*)": r"\1、\2",
    r"(.*)Input should be a valid integer.*": r"\1应为整数，如 12",
    r"(.*)Input should be greater than or equal to (\d+)": r"\1应不小于 \2",
}
"""What typer says, and what staff read instead: one after another, since one may hold another."""


def told_of(error: typer.TyperException) -> Iterator[str]:
    """How the command is typed, what is amiss, and where its help is."""
    context: Any = getattr(error, "ctx", None)
    told = _in_chinese(error.format_message())
    if context is None or told == context.get_help():  # a group without a command
        yield told
        return
    yield f"用法：{usage(context.command, context)}"
    yield f"{told}；说明见 {context.command_path} --help"


def usage(command: Any, context: Any) -> str:
    """E.g. ``xingfu advance [选项] {项目编码} {动作}``."""
    return " ".join((context.command_path, *command.collect_usage_pieces(context)))


def _in_chinese(told: str) -> str:
    for english, chinese in SENTENCES.items():
        told = re.sub(rf"(?s)^{english}$", chinese, told)
    return told
