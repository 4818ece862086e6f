"""`xingfu init` with a changed plan, `plan history`, `plan diff`: what is read, and exit codes."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from policy.load import HOME
from tests.support.command import Xingfu

pytestmark = pytest.mark.heavy
OWN = "own-2023"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A plan of one's own that reads as the shipped one does."""
    folder = tmp_path / "plans" / OWN
    shutil.copytree(HOME / "plans" / "shanxi-2023", folder)
    write(folder, "id: shanxi-2023", f"id: {OWN}")
    return folder


@pytest.fixture
def xingfu(own: Path, tmp_path: Path) -> Xingfu:
    where = {"XINGFU_PLANS": str(own.parent), "XINGFU_PLAN": OWN}
    return Xingfu(tmp_path / "home", XINGFU_BUSINESS_DATE="2023-06-01", **where)


def write(folder: Path, old: str, new: str) -> None:
    path = folder / "plan.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def stored(xingfu: Xingfu) -> list[str]:
    with sqlite3.connect(xingfu.home / "xingfu.db") as connection:
        return list(connection.iterdump())


def test_a_changed_plan_is_shown_confirmed_and_kept(xingfu: Xingfu, own: Path) -> None:
    assert "已装入" in xingfu.ok("init")
    assert "已装入" in xingfu.ok("init")
    write(
        own,
        "remind: 2023-07-31\n    due: 2023-07-31\n    to_do: 请明确",
        ("remind: 2023-06-05\n    due: 2023-06-05\n    to_do: 请明确"),
    )
    before = stored(xingfu)
    told = xingfu.ok("init")
    assert "将改为第2版" in told
    assert "※ D18 明确责任人、制定时间表·逾期日期：2023-07-31 → 2023-06-05" in told
    assert "时限日期变动：D18 明确责任人、制定时间表，11项" in told
    assert "太原市民政局：太原市 D18" in told
    assert "尚未写入" in told
    assert "--confirm --actor" in told
    assert stored(xingfu) == before
    refused = xingfu("init", "--confirm")
    assert refused.returncode == 1
    assert "--actor（决定的单位） 和 --evidence（批准文件）" in refused.stderr
    assert stored(xingfu) == before
    who = ("--actor", "山西省民政厅", "--evidence", "晋民函〔2023〕99号")
    assert "已装入" in xingfu.ok("init", "--confirm", *who)
    assert "尚未写入" not in xingfu.ok("init")
    history = xingfu.json("plan", "history")
    assert [(line["number"], line["since"], line["actor"]) for line in history] == [
        (1, "2023-01-16", ""),
        (2, "2023-06-01", "山西省民政厅"),
    ]
    assert "晋民函〔2023〕99号" in xingfu.ok("plan", "history")
    assert "2023-07-31 → 2023-06-05" in xingfu.ok("plan", "diff", 1, 2)
    assert xingfu.json("plan", "diff", 1, 2)["differences"][0]["legal"] is True
    assert "第2版" in xingfu.ok("explain", "太原市", "D18")
    assert "链条完整" in xingfu.ok("audit", "verify")


def test_a_plan_that_moves_a_date_away_from_its_words_is_refused(xingfu: Xingfu, own: Path) -> None:
    xingfu.ok("init")
    old = "remind: 2023-05-31\n    due: 2023-05-31\n    later_of: {after: determined_as_replacement"
    write(own, old, old.replace("05-31", "12-29"))
    refused = xingfu("init")
    assert refused.returncode != 0
    assert "5月底前" in refused.stderr
    assert "2023-12-29" in refused.stderr
    assert "date_reading" in refused.stderr
    write(own, "12-29\n    later_of", "12-29\n    date_reading: 经批准延至年底\n    later_of")
    assert "将改为第2版" in xingfu.ok("init")


def test_a_version_that_is_not_there(xingfu: Xingfu) -> None:
    xingfu.ok("init")
    refused = xingfu("plan", "diff", 1, 7)
    assert (refused.returncode, "没有第7版，现有：1" in refused.stderr) == (1, True)
