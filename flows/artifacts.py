"""What an admin reads in the Prefect UI, as Markdown and table rows. Chinese; no Prefect here."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from flows.operations.overview import CityBoard, DeadlineView, with_standing
from policy.schema import Plan
from policy.vocabulary import DeliveryStatus, Standing, SubjectKind


def board_markdown(
    plan: Plan,
    board: Sequence[CityBoard],
    views: Sequence[DeadlineView],
    outbox: Mapping[DeliveryStatus, int],
    as_of: date,
) -> str:
    """The province board: per city the projects in each stage, due soon and overdue; totals."""
    stages = [stage.label for stage in plan.stages]
    head = ["市", "名额", "项目", *stages, "办结", "临期", "逾期"]
    total = _total(board)
    return "\n".join(
        (
            f"# {plan.name} 全省进度",
            f"截至 **{as_of}**，依据{plan.notice.number}",
            "",
            _row(head),
            _row(["---", *["---:"] * (len(head) - 1)]),
            *(_row(_cells(row)) for row in board),
            _row([f"**{cell}**" for cell in _cells(total)]),
            "",
            _province(views),
            "",
            *_due_soon(views),
            *_coordinating(views),
            f"消息：{'，'.join(f'{status.label}{n}条' for status, n in outbox.items())}。",
        )
    )


def overdue_rows(views: Sequence[DeadlineView], as_of: date) -> list[dict[str, str | int]]:
    """The overdue list, the longest overdue first."""
    return [
        {
            "逾期天数": (as_of - (view.overdue_after or as_of)).days,
            "市": view.city or "全省",
            "县（市、区）": view.county,
            "项目或单位": view.name,
            "事项": f"{view.rule} {view.title}",
            "依据": view.clause if view.origin == "notice" else f"{view.clause}（建议）",
            "逾期认定": str(view.overdue_after),
            "编码": view.subject,
        }
        for view in with_standing(list(views), Standing.OVERDUE)
    ]


def _province(views: Sequence[DeadlineView]) -> str:
    """The province's own duties, which belong to no city's row."""
    own = [view.standing for view in views if view.subject_kind is SubjectKind.PROVINCE]
    due_soon, overdue = own.count(Standing.DUE_SOON), own.count(Standing.OVERDUE)
    return f"另有省级事项：临期{due_soon}项，逾期{overdue}项。"


def _due_soon(views: Sequence[DeadlineView]) -> Iterator[str]:
    yield "## 临期事项"
    yield ""
    found = list(with_standing(list(views), Standing.DUE_SOON))
    if not found:
        yield "无。"
    else:
        yield _row(["应完成", "事项", "数量", "涉及"])
        yield _row(["---", "---", "---:", "---"])
        for key in dict.fromkeys((view.remind_by, view.rule, view.title) for view in found):
            names = [v.name for v in found if (v.remind_by, v.rule, v.title) == key]
            shown = "、".join(names[:5]) + (f"等{len(names)}个" if len(names) > 5 else "")
            yield _row([key[0], f"{key[1]} {key[2]}", len(names), shown])
    yield ""


def _coordinating(views: Sequence[DeadlineView]) -> Iterator[str]:
    found = list(with_standing(list(views), Standing.COORDINATING))
    if found:
        titles = dict.fromkeys(f"{view.rule} {view.title}" for view in found)
        yield f"待协调事项{len(found)}项（{'；'.join(titles)}），不作逾期认定。"
        yield ""


def _total(board: Sequence[CityBoard]) -> CityBoard:
    return CityBoard(
        city="合计",
        quota=sum(row.quota or 0 for row in board),
        projects=sum(row.projects for row in board),
        by_stage=tuple(map(sum, zip(*(row.by_stage for row in board), strict=True))),
        finished=sum(row.finished for row in board),
        due_soon=sum(row.due_soon for row in board),
        overdue=sum(row.overdue for row in board),
    )


def _cells(row: CityBoard) -> list[object]:
    quota = "未明确" if row.quota is None else row.quota
    counts = (row.finished, row.due_soon, row.overdue)
    return [row.city, quota, row.projects, *row.by_stage, *counts]


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell).replace('|', '／') for cell in cells)} |"
