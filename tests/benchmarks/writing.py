"""Writing a styled table against openpyxl's plain write-only mode with the same values."""

import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO
from statistics import median
from time import perf_counter

from openpyxl import Workbook

from documents.writing.columns import summary_columns
from documents.writing.layout import TableSheet, to_bytes
from documents.writing.rows import Value
from tests.support.builders import plan

SUMMARY = summary_columns(plan())

ROWS, FEW, RUNS = 10_000, 100, 5
Measured = tuple[str, float, float]


def measure() -> Iterator[Measured]:
    """The ratio at many rows, and at few how much longer it takes, in units of 30 ms."""
    many, few = _lines(ROWS), _lines(FEW)
    pairs = [(_seconds(_ours, many), _seconds(_plain, many)) for _ in range(RUNS)]
    sys.stdout.write(f"  {ROWS} rows: ours, plain: {sorted(pairs)[RUNS // 2]} s\n")
    ratio = median(ours / plain for ours, plain in pairs)
    yield f"writing {ROWS} x {len(SUMMARY)} styled / openpyxl write-only", ratio, 1.2
    more = median(_seconds(_ours, few) - _seconds(_plain, few) for _ in range(RUNS))
    yield f"writing {FEW} x {len(SUMMARY)} styled: 30 ms above openpyxl write-only", more / 0.03, 1


def _lines(count: int) -> list[tuple[Value, ...]]:
    names = [f"示例{number}街道示例{number}社区养老幸福工程" for number in range(1, count + 1)]
    money = Decimal("850.50"), Decimal("120.00")
    return [(n, "小店区", name, f"{name}中心", "改建", *money) for n, name in enumerate(names, 1)]


def _ours(lines: list[tuple[Value, ...]]) -> None:
    to_bytes((TableSheet("汇总表", "汇总表", SUMMARY, lines, size=11),))


def _plain(lines: list[tuple[Value, ...]]) -> None:
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("汇总表")
    for line in lines:
        sheet.append(line)
    workbook.save(BytesIO())


def _seconds(
    write: Callable[[list[tuple[Value, ...]]], None], lines: list[tuple[Value, ...]]
) -> float:
    start = perf_counter()
    write(lines)
    return perf_counter() - start
