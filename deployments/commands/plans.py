"""Commands for whoever writes a plan: begin one, run its examples, see it before its time."""

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.console import say
from deployments.commands.naming import calendar_of, plan_meant, say_unpublished

PlanId = Annotated[
    str | None, typer.Argument(metavar="方案", help="方案编号或其目录，默认当前方案")
]


def plan_new(
    plan_id: Annotated[str, typer.Argument(metavar="方案", help="新方案的编号，如 hunan-2025")],
) -> None:
    from shutil import rmtree

    from common.clock import now
    from common.errors import RefusedError, UnavailableError
    from models.settings import load_settings
    from policy.load import plan_ids
    from policy.schema_file import SCHEMA_FILE, schema_text
    from policy.starting import starting_files

    home = load_settings().plans
    if home is None:
        raise RefusedError(
            "尚未指定存放方案的文件夹：请先建一个文件夹，并设 XINGFU_PLANS 为其路径（或写入 .env）"
        )
    files = starting_files(plan_id, now().year)
    folder = home / plan_id
    if plan_id in plan_ids(home) or folder.exists():
        raise RefusedError(f"已有方案“{plan_id}”，未作改动；请另取编号，或直接修改 {folder}")
    try:
        folder.mkdir()
        for name, text in files.items():
            (folder / name).write_text(text, encoding="utf-8")
        (home / SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
    except OSError as error:
        rmtree(folder, ignore_errors=True)  # half of a plan would bar the next attempt
        raise UnavailableError(
            f"{folder}：无法写入（{error.strerror}），未留下任何文件；请核对权限和剩余空间后重试"
        ) from None
    say(f"已写入 {folder}：{'、'.join(sorted(files))}")
    say(
        "下一步：将通知全文存入 notice.txt，照 plan.yaml 中的说明逐项改写，"
        f"每改一处运行 xingfu plan validate {folder}"
    )


def plan_test(plan_id: PlanId = None) -> None:
    from policy.example_file import FILE, read_examples
    from states.examples import differences

    path, plan = plan_meant(plan_id)
    examples = read_examples(plan, path.parent)
    if not examples:
        say(f"实施方案 {plan.id} 没有算例：请在 {path.parent / FILE} 中写明")
        return
    calendar = calendar_of(plan, path)
    wrong = 0
    for place, example in examples:
        if found := differences(plan, calendar, example):
            wrong += 1
            say(f"{place}: 算例“{example.name}”（{example.clause}）不符：")
            for line in found:
                say(f"  · {line}")
    say(f"实施方案 {plan.id} 算例{len(examples)}例，{_result(wrong)}")
    say_unpublished(plan, calendar)
    if wrong:
        raise typer.Exit(1)


def plan_schema() -> None:
    from policy.schema_file import schema_text

    say(schema_text().rstrip())


def _result(wrong: int) -> str:
    return f"{wrong}例不符，请核对算例或方案" if wrong else "全部相符"


def plan_preview(
    plan_id: PlanId = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="要写入的 .html 文件，默认当前目录的 方案-预览.html"),
    ] = None,
) -> None:
    from common.clock import now
    from common.errors import UnavailableError, UsageError
    from operations.upkeep.preview import preview
    from policy.source import read_text

    path, plan = plan_meant(plan_id)
    target = out or Path(f"{plan.id}-预览.html")
    if target.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"{target}：预览是网页文件，文件名应以 .html 结尾")
    notice = read_text(path.parent / "notice.txt")
    calendar = calendar_of(plan, path)
    try:
        text = preview(plan, notice, calendar, now())
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UnavailableError(f"{target}：无法写入（{error.strerror}），请换一个位置") from None
    say(f"{target}：已写入预览，可直接打开、打印或发给起草通知的单位核对")
