"""Commands about files that prove what is recorded."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deployments.commands.console import complain, emit, say, table
from deployments.commands.naming import subject_meant
from deployments.commands.options import Actor, Evidence, Json, OnDay, exhibits, the_desk

Mark = Annotated[str, typer.Argument(metavar="编号", help="见 evidence list，写前几位即可")]
Subject = Annotated[str, typer.Argument(metavar="项目（单位）", help="项目编码或地方名称")]


def list_(
    code: Annotated[
        str | None, typer.Argument(metavar="项目（单位）", help="只列一个项目或地方的")
    ] = None,
    json: Json = False,
) -> None:
    from operations.views.evidence import evidence_lines

    desk = the_desk()
    found = evidence_lines(desk, code and subject_meant(desk, code))
    if json:
        emit(found)
        return
    table(
        f"佐证文件（共{len(found)}个）",
        ("编号", "文件名", "类型", "大小", "项目（单位）", "记录号", "事项", "日期", "经办"),
        (
            (
                *(each.mark, each.name, each.media.label, _size(each.size), each.subject),
                *(each.row, each.label, each.on, each.actor),
            )
            for each in found
        ),
    )


def open_(
    mark: Mark,
    file: Annotated[
        Path | None,
        typer.Argument(metavar="文件", help="将副本写到此文件或文件夹；不写则只显示存放位置"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="覆盖已有的同名文件")] = False,
    json: Json = False,
) -> None:
    from operations.views.evidence import copy_evidence, kept_evidence

    desk = the_desk()
    if file is not None:
        where = copy_evidence(desk, mark, file, force=force)
    else:
        _, where = kept_evidence(desk, mark)
    if json:
        emit({"path": str(where)})
    elif file is not None:
        say(f"已将副本写到 {where}")
    else:
        say(str(where))
        complain("以上为原件存放位置，内容核对无误；请勿改动原件，需要使用的请写明副本位置另存")


def add(
    code: Subject,
    file: Annotated[list[Path], typer.Argument(metavar="文件", help="扫描件、照片、PDF，可多个")],
    on: OnDay,
    actor: Actor,
    about: Annotated[
        str,
        typer.Option("--about", metavar="事项", help="动作、节点、留痕事项或时限编号，如 D08"),
    ] = "",
    evidence: Evidence = "",
) -> None:
    from common.clock import now, today
    from models.database import writing
    from operations.cases.authority import doubts_told
    from operations.cases.evidence import ExhibitStatement, keep_evidence

    desk = the_desk()
    code = subject_meant(desk, code)
    asked = ExhibitStatement(code, exhibits(desk, file), on, actor, about, evidence)
    with writing(desk.engine) as session:
        day = today(desk.settings.business_date)
        kept = keep_evidence(session, desk, asked, today=day, at=now())
        doubted = doubts_told(session)
    say(f"{code} 已登记佐证文件{len(kept)}个：")
    for each in kept:
        say(f"  {each.mark} {each.name}（{each.media.label}，{_size(each.size)}）")
    for doubt in doubted:
        complain(f"注意：{doubt}")


def _size(number: int) -> str:
    return f"{number / 1e6:.1f} MB" if number >= 100_000 else f"{max(1, round(number / 1000))} KB"
