"""Amounts and days as people type them, on a form or a command line: read as cells are."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

from common.errors import UsageError
from documents.reading import cells
from documents.reading.cells import SERIALS, CellError


def amount_of(typed: str) -> Decimal | None:
    """元 as typed; None where nothing was. UsageError for anything else."""
    try:
        return cells.yuan(typed)
    except CellError:
        raise UsageError(
            f"“{typed}”不是金额，请以元为单位填写，最多两位小数，如 840000.00"
        ) from None


def day_of(typed: str) -> date:
    """A day as typed, which a sheet's day number is not. UsageError for anything else."""
    with suppress(CellError):
        if not (typed.isdecimal() and int(typed) in SERIALS):
            return cells.required("日期", cells.any_day)(typed)
    raise UsageError(f"“{typed}”不是日期，请写作 2023-06-01")
