"""Reading 附件3 with the cell of each fault, against python-calamine with pydantic."""

from collections.abc import Iterator
from decimal import Decimal
from io import BytesIO
from statistics import median
from time import process_time  # of this process: what else the machine does is not counted
from typing import Annotated, Literal, NamedTuple

from openpyxl import Workbook
from pydantic import Field, StringConstraints, TypeAdapter
from python_calamine import CalamineWorkbook

from documents.forms.summary import read_applications
from documents.reading.grid import read_book
from documents.writing.columns import summary_columns
from policy.schema import Plan
from tests.support.builders import plan

RUNS = 9
MANY, FEW = 10_000, 100
CITY = "太原市"
KINDS = ("新建", "改建", "购置")


class Floor(NamedTuple):
    """A row as pydantic alone would take it: the same columns, no cell of a fault."""

    number: int
    county: Literal[
        "小店区", "迎泽区", "杏花岭区", "尖草坪区", "万柏林区", "晋源区", "清徐县", "阳曲县",
        "娄烦县", "古交市",
    ]  # fmt: skip
    project: Annotated[str, StringConstraints(pattern=r"^.+(街道|镇|乡).+(社区|村)养老幸福工程$")]
    operator: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
    building_kind: Annotated[str, StringConstraints(pattern=r"^(新建|改建|购置|其他.*)$")]
    area: Annotated[Decimal, Field(ge=0, max_digits=9, decimal_places=2)]
    investment: Annotated[Decimal, Field(ge=0, max_digits=15, decimal_places=2)]


ROWS = TypeAdapter(list[Floor])


def measure() -> Iterator[tuple[str, float, float]]:
    """What is measured, the ratio (for few rows the difference in milliseconds), and its bound."""
    known = plan()
    yield (
        f"read {MANY} rows of 附件3 / calamine + pydantic",
        median(ours / floor for ours, floor in _pairs(MANY, known)),
        1.5,
    )
    yield (
        f"read {FEW} rows of 附件3 - calamine + pydantic, ms",
        1000 * median(ours - floor for ours, floor in _pairs(FEW, known)),
        30.0,
    )


def _pairs(rows: int, known: Plan) -> list[tuple[float, float]]:
    content = workbook(rows)
    return [(_ours(content, rows, known), _floor(content, rows)) for _ in range(RUNS + 1)][1:]


def workbook(rows: int) -> bytes:
    """附件3 with so many projects, no two alike."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("附件3 汇总表")
    sheet.append(["2023年全省城镇社区幸福养老提速工程汇总表"])
    sheet.append([f"填表单位盖章：　　{CITY}民政局　　　　　　{CITY}财政局"])
    sheet.append([column.heading for column in summary_columns(plan())])
    city = plan().city(CITY)
    counties = [county.name for county in city.counties] if city else []
    for number in range(1, rows + 1):
        sheet.append(
            [
                number,
                counties[number % len(counties)],
                f"示例{number}街道示例{number}社区养老幸福工程",
                f"示例养老服务中心（{number % 500}）",
                KINDS[number % len(KINDS)],
                500 + number % 1500 + 0.25,
                100 + number % 300 + 0.5,
            ]
        )
    buffer = BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def _ours(content: bytes, rows: int, known: Plan) -> float:
    start = process_time()
    read = read_applications(read_book("a.xlsx", content), known, CITY)
    seconds = process_time() - start
    assert (len(read.rows), read.faults) == (rows, ())
    return seconds


def _floor(content: bytes, rows: int) -> float:
    start = process_time()
    with CalamineWorkbook.from_filelike(BytesIO(content)) as book:
        lines = book.get_sheet_by_index(0).to_python()
    read = ROWS.validate_python(lines[3:])
    seconds = process_time() - start
    assert len(read) == rows
    return seconds
