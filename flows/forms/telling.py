"""What came of a request, as Markdown. What people have typed is text in it, never markup."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from common.errors import XingfuError
from common.words import visible
from documents.reading.faults import CellFault, WorkbookError
from flows.pages.markdown import left_out, private, table
from operations.cases.casework import Act, ActResult
from operations.cases.desk import Desk
from operations.cases.effects import action_label
from operations.views.project_record import NextAction, project_record

MOST = 200
"""Rows of a table that are shown."""
TRIED = "**试办，未写入。** 核对无误后，关闭“只试办，不写入”开关再办理一次。"


def bullets(lines: Iterable[object]) -> str:
    """A list, one line each."""
    return "\n".join(f"- {private(line)}" for line in lines)


def said(**facts: object) -> str:
    """Facts, one line each; empty ones are left out."""
    return bullets(f"{name}：{fact}" for name, fact in facts.items() if fact)


def verbatim(text: object) -> str:
    """A path or an id to be copied as it is, on one line and every sign seen."""
    return f"`{' '.join(visible(str(text)).replace('`', '').split())}`"


def listing(head: Sequence[str], rows: Sequence[Sequence[object]], what: str) -> str:
    """A table of at most `MOST` rows; `what` counts those that are left out."""
    shown = [[private(cell) for cell in row] for row in rows[:MOST]]
    lines = [*table(dict.fromkeys(head, "---"), shown), *left_out(len(rows) - MOST, what)]
    return "\n".join(lines).rstrip()


def paragraphs(*parts: str) -> str:
    """Those parts that say something, apart from one another."""
    return "\n\n".join(part for part in parts if part)


def attention(lines: Sequence[object]) -> str:
    """What should be looked at; empty when there is nothing."""
    return f"## 请注意\n\n{bullets(lines)}" if lines else ""


def advanced(desk: Desk, act: Act, done: ActResult, today: date) -> str:
    """An action that was taken: the stages before and after, and what is next."""
    record = project_record(desk, act.subject, today)
    moved = done.from_stage != done.to_stage
    stages = f"{done.from_stage} → {done.to_stage}" if moved else f"{done.to_stage}（阶段不变）"
    facts = said(
        项目=f"{record.code} {record.name}",
        办理=action_label(desk, act.name),
        阶段=f"{stages}，{record.disposition.label}",
        日期=act.on,
        经办=act.actor,
        依据=act.evidence,
        记录号=record.revision,
    )
    can, cannot = (
        "\n".join(
            line for it in record.next_actions if bool(it.lacks) is lacks for line in _step(it)
        )
        for lacks in (False, True)
    )
    later = f"## 暂不能办理\n\n{cannot}" if cannot else ""
    return paragraphs(facts, attention(done.warnings), f"## 可以办理\n\n{can or '无。'}", later)


def refused(error: XingfuError) -> str:
    """Every reason of a refusal; a workbook's faults with sheet and cell."""
    notes = "\n\n".join(map(private, getattr(error, "__notes__", ())))
    if not isinstance(error, WorkbookError):
        return paragraphs(_reasons(str(error)), notes)
    rows = [_fault(fault) for fault in error.faults]
    head = f"{private(error.file)}：共{len(rows)}处需修改，整份未登记。"
    faults = listing(("工作表", "单元格", "原值", "问题", "如何修改"), rows, "处")
    return paragraphs(head, notes, faults)


def _step(action: NextAction) -> Iterator[str]:
    """One action, and below it each condition that is not met."""
    of = private(f"{action.clause}，由{'或'.join(action.by)}办理")
    yield f"- {private(action.label)} {verbatim(action.action)}（{of}）"
    yield from (f"    - 尚缺：{private(reason)}" for reason in action.lacks)
    yield from (f"    - 注意：{private(reason)}" for reason in action.warns)


def _fault(fault: CellFault) -> tuple[str, ...]:
    spot = fault.spot
    return (spot.sheet, spot.cell, fault.shown if spot.cell else "", fault.says, fault.mend)


def _reasons(text: str) -> str:
    """Sentences and points that stay on lines of their own."""
    return "\n".join(
        f"- {private(line.partition('· ')[2])}" if line.startswith("  · ") else f"{private(line)}\n"
        for line in text.splitlines()
    )
