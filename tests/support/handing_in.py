"""What tests of the inbox share: files put into a city's folder, rounds, and what came of them."""

import os
import subprocess
import sys
from datetime import date, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import load_workbook
from sqlalchemy import text

from common.clock import now
from deployments.demo import EXAMPLE
from operations.cases.desk import Desk
from operations.workbooks.inbox import InboxResult, read_inbox
from tests.support.builders import SUMMARY_SHEET
from tests.support.delivering import DAY

TAIYUAN, DATONG = "太原市", "大同市"
BUREAU = "太原市民政局"
GOOD = (EXAMPLE / "workbooks" / "01-太原市.xlsx").read_bytes()
LATER = timedelta(minutes=2)
"""After which a file has settled: its times are the machine's, and cannot be set."""


@cache
def wrong(*cells: str) -> bytes:
    """太原市's workbook with an area in these cells that is none."""
    book, buffer = load_workbook(BytesIO(GOOD)), BytesIO()
    for cell in cells:
        book[SUMMARY_SHEET][cell] = "很大"
    book.save(buffer)
    return buffer.getvalue()


def put(desk: Desk, content: bytes, name: str = "太原.xlsx", city: str = TAIYUAN) -> Path:
    """Put a file into a city's folder."""
    path = desk.settings.inbox / city / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def go(desk: Desk, later: timedelta = LATER, today: date = DAY) -> InboxResult:
    """A round, a while after whatever was put there."""
    return read_inbox(desk, today=today, at=now() + later)


def lying(desk: Desk, city: str = TAIYUAN) -> dict[str, list[str]]:
    """The files in a city's folder (``.``), in done and in returned."""
    home = desk.settings.inbox / city
    found = {".": home, "done": home / "已登记", "returned": home / "退回"}
    return {
        name: sorted(path.name for path in folder.iterdir() if path.is_file())
        for name, folder in found.items()
    }


def rows(desk: Desk, query: str) -> list[tuple[Any, ...]]:
    with desk.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def projects(desk: Desk) -> int:
    """How many projects of 太原市 came with its workbook."""
    [[count]] = rows(
        desk, "SELECT count(*) FROM audit WHERE action = 'import' AND actor = '太原市民政局'"
    )
    return int(count)


def receipts(desk: Desk) -> list[tuple[Any, ...]]:
    """Every receipt that is owed or was sent: whose, for whom, and how it stands."""
    query = "SELECT subject, recipient, status FROM outbox WHERE decision = 'receipt' ORDER BY id"
    return rows(desk, query)


def known(desk: Desk) -> list[tuple[Any, ...]]:
    """Every file that is known: folder, outcome, and whether it was filed."""
    return rows(desk, "SELECT place, outcome, filed FROM inbox ORDER BY received_at, place, name")


def environment(desk: Desk) -> dict[str, str]:
    url = desk.settings.sqlalchemy_url
    return {
        **os.environ,
        "XINGFU_HOME": str(desk.settings.home),
        **({"XINGFU_DATABASE_URL": url} if url.startswith("postgresql") else {}),
    }


def start(desk: Desk, script: str) -> "subprocess.Popen[str]":
    """A process of its own that runs a script on the desk's database."""
    return subprocess.Popen(
        [sys.executable, "-c", script],
        env=environment(desk),
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
