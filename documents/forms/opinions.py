"""专家评分表: what experts give the projects under review, one row a project and expert."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from documents.reading import cells
from documents.reading.cells import is_blank, required
from documents.reading.grid import Book
from documents.reading.placed import KnownProjects, project_of, require_names
from documents.reading.table import FormTable, TableRow, duplicates, find_table, no_table
from documents.writing.columns import COUNTY, DAY, NUMBER, Column, in_words, plain
from documents.writing.layout import TableSheet
from documents.writing.rows import Value
from policy.actions import Criterion
from policy.schema import Plan
from states.dossier import Dossier
from states.review import Opinion, total

SHEET = "专家评分表"
POINTS = "0.0"
MARK = "score:"
"""Begins the keys of the columns for points; the criterion's id follows."""


@dataclass(frozen=True, slots=True)
class OpinionFormRow:
    """One row of a workbook that gives points."""

    row: TableRow
    project: Dossier | None
    """None where that is not certain, for which a fault is noted; so for `opinion`."""
    opinion: Opinion | None
    remark: str


@dataclass(frozen=True, slots=True)
class PrefilledOpinion:
    """One row to be filled in beforehand."""

    project: Dossier
    opinion: Opinion | None = None
    """What the expert gave; None where that is still to come."""
    expert: str = ""
    organisation: str = ""
    remark: str = ""


def opinion_columns(plan: Plan) -> tuple[Column, ...]:
    """The columns of 专家评分表, with one for each criterion of the plan."""
    columns = (
        NUMBER,
        _column("city", "市", r"^(所属|设区)?市$", 9, optional=True, locked=True),
        _column("county", "县（市、区）", COUNTY, 11, optional=True, locked=True),
        replace(
            _column("project", "项目名称", r"项目名称", 28, optional=True, locked=True),
            centred=False,
        ),
        _column("code", "编码", r"^(项目)?编码", 17, optional=True, locked=True),
        _column("expert", "专家姓名", r"^(评审)?专家(姓名)?$", 11),
        _column("organisation", "工作单位", r"^(专家)?(工作|所在)?单位(名称)?$", 20),
        _column("on", "评审日期", r"^(评审|评分)?日期", 11.5, DAY),
        *(_points_column(item) for item in _criteria(plan)),
        _column("total", "合计", r"^(合计|总分|得分合计)", 9, POINTS, optional=True, locked=True),
        Column("remark", "评审意见", r"^(评审|专家)?(意见|评语)", 30, optional=True),
    )
    return in_words(plan, columns)


def opinion_table(book: Book, plan: Plan) -> FormTable:
    """The table of 专家评分表; RefusedError where the workbook has none, or not all its columns."""
    table = find_table(book, opinion_columns(plan), [])
    if table is None:
        raise no_table(book, opinion_columns(plan), "专家评分表")
    require_names(table)
    return table


def opinion_rows(
    table: FormTable, plan: Plan, projects: KnownProjects
) -> tuple[OpinionFormRow, ...]:
    """The rows that give any points; what is wrong with their cells is noted in the table."""
    criteria = _criteria(plan)
    found = tuple(
        _row(row, criteria, projects)
        for row in table.rows
        if any(row.value(MARK + item.id) is not None for item in criteria)
    )
    given = [
        (each.row, (each.project.code, cells.name(each.opinion.expert)))
        for each in found
        if each.project and each.opinion
    ]
    for row, first in duplicates(given):
        row.refuse("expert", f"与第{first.number}行是同一专家对同一项目的评分；请删除一行")
    return found


def unscored_remarks(table: FormTable, plan: Plan) -> tuple[int, ...]:
    """The numbers of the rows that say something and give no points."""
    keys = [MARK + item.id for item in _criteria(plan)]
    return tuple(
        row.number
        for row in table.rows
        if row.value("remark") is not None and all(row.value(key) is None for key in keys)
    )


def opinion_pages(
    plan: Plan, where: str, rows: Sequence[PrefilledOpinion], *, footer: str = "", spare: int = 0
) -> tuple[TableSheet, ...]:
    """The form; of `rows` those with an opinion come first, and are locked."""
    kind = plan.programme
    columns = opinion_columns(plan)
    most = "、".join(f"{item.label}{cells.plain(item.points)}分" for item in _criteria(plan))
    return (
        TableSheet(
            SHEET,
            f"{where}{plan.years_said}{kind}专家评分表",
            columns,
            [_line(plan, number, row) for number, row in enumerate(rows, 1)],
            note=f"满分：{most}；可保留一位小数。没有评分的行不填即可。专家签名：",
            footer=footer,
            spare=spare,
            example=True,
            protected=True,
            fixed=sum(row.opinion is not None for row in rows),
        ),
    )


def _column(
    key: str,
    heading: str,
    known_by: str,
    width: float,
    format: str = "@",
    *,
    optional: bool = False,
    locked: bool = False,
) -> Column:
    return Column(
        key, heading, known_by, width, format, centred=True, optional=optional, locked=locked
    )


def _points_column(item: Criterion) -> Column:
    heading = f"{item.label}\n（满分{cells.plain(item.points)}）"
    return _column(MARK + item.id, heading, "^" + re.escape(plain(item.label)), 11, POINTS)


def _criteria(plan: Plan) -> tuple[Criterion, ...]:
    return plan.review.criteria if plan.review else ()


def _row(row: TableRow, criteria: Sequence[Criterion], projects: KnownProjects) -> OpinionFormRow:
    project = project_of(row, projects)
    about: dict[str, Any] = {
        "expert": row.take("expert", required("专家姓名", cells.name)),
        "organisation": row.take("organisation", required("工作单位", cells.name)),
        "on": row.take("on", required("评审日期", cells.day)),
    }
    scores = {item.id: _score(row, item) for item in criteria}
    sound = None not in (*about.values(), *scores.values())
    opinion = Opinion(**about, scores=_all(scores)) if sound else None
    if opinion:
        _check_total(row, opinion)
    remark = row.take("remark", cells.text)
    return OpinionFormRow(row, project, opinion, remark or "")


def _score(row: TableRow, item: Criterion) -> Decimal | None:
    """The points for a criterion; None, with a fault noted, where they cannot be given."""
    key, most = MARK + item.id, cells.plain(item.points)
    found = row.take(key, cells.points)
    if is_blank(row.value(key)):
        row.refuse(key, f"未填写“{item.label}”的评分；请填写0—{most}之间的分数")
    elif found is not None and found > item.points:
        row.refuse(key, f"超过满分{most}；请填写0—{most}之间的分数，最多一位小数")
        return None
    return found


def _check_total(row: TableRow, opinion: Opinion) -> None:
    said, right = row.take("total", cells.points), total(opinion)
    if said is not None and said != right:
        reason = f"与各项评分之和不符，应为{cells.plain(right)}；请核对各项评分，或清空此格"
        row.refuse("total", reason)


def _all(scores: Mapping[str, Decimal | None]) -> Mapping[str, Decimal]:
    return {name: points for name, points in scores.items() if points is not None}


def _line(plan: Plan, number: int, row: PrefilledOpinion) -> tuple[Value, ...]:
    given, project = row.opinion, row.project
    scores = given.scores if given else {}
    return (
        number,
        project.city,
        project.county,
        project.name,
        project.code,
        (given.expert if given else row.expert) or None,
        (given.organisation if given else row.organisation) or None,
        given.on if given else None,
        *(scores.get(item.id) for item in _criteria(plan)),
        total(given) if given else None,
        row.remark or None,
    )
