"""A machine is lost: a new admin puts everything back by what docs/how-to/backup.md says."""

import shutil
from pathlib import Path

import pytest

from tests.support.command import Xingfu
from tests.test_deployments_cli import PINNED, TAIYUAN

pytestmark = pytest.mark.heavy


def test_a_lost_machine_is_put_back(tmp_path: Path) -> None:
    old, new = Xingfu(tmp_path / "old"), Xingfu(tmp_path / "new")
    old.ok("init")
    old.ok("import", TAIYUAN)
    old.ok("enforce", "--as-of", "2023-02-21")
    waiting = old.home / "inbox" / "太原市" / "月报.xlsx"
    waiting.parent.mkdir(parents=True)
    waiting.write_bytes(b"waits")
    old.ok("contacts", "list")
    (tmp_path / "safe").mkdir()
    made = old("backup", tmp_path / "safe")
    assert made.returncode == 0
    assert "不含密钥" in made.stderr
    [file] = (tmp_path / "safe").iterdir()
    assert str(file) in made.stdout
    told = old.json("project", "list"), old.json("outbox")
    shutil.rmtree(old.home)

    refused = new("restore", tmp_path / "safe" / "none.zip")
    assert (refused.returncode, "没有这个备份文件" in refused.stderr) == (1, True)
    done = new("restore", file)
    assert done.returncode == 0, done.stderr
    assert "核验无误" in done.stdout
    assert (new.home / "inbox" / "太原市" / "月报.xlsx").read_bytes() == b"waits"
    assert (new.json("project", "list"), new.json("outbox")) == told
    assert "链条完整" in new.ok("audit", "verify")
    new.ok("init")
    new.ok("enforce", "--as-of", "2023-02-22")
    assert "已发送" in new.ok("deliver", **PINNED)

    again = new("restore", file)
    assert (again.returncode, "--replace" in again.stderr) == (1, True)
    replaced = new.json("restore", file, "--replace")
    assert replaced["breaks"] == []
    assert Path(replaced["former"]).exists()
    assert (new.json("project", "list"), new.json("outbox")) == told


def test_it_is_told_as_json(tmp_path: Path) -> None:
    xingfu = Xingfu(tmp_path / "home")
    xingfu.ok("init")
    told = xingfu.json("backup", tmp_path / "a.zip")
    assert (told["path"], told["plans"]) == (str(tmp_path / "a.zip"), ["shanxi-2023"])
    assert told["rows"]["subject"] == 12
    assert xingfu("backup", tmp_path / "a.zip").returncode == 1
    xingfu.ok("backup", tmp_path / "a.zip", "--force")


def test_a_plan_of_ones_own_folder(tmp_path: Path) -> None:
    from tests.support.nation import plan_id, write_plans

    write_plans(tmp_path / "plans", [11])
    xingfu = Xingfu(tmp_path / "home")
    there = {"XINGFU_PLANS": str(tmp_path / "plans")}
    xingfu.ok("init", "--plan", plan_id(11), **there)
    mine = {**there, "XINGFU_PLAN": plan_id(11)}
    assert f"实施方案 {plan_id(11)} 有效" in xingfu.ok("plan", "validate", **mine)
    assert "太原11市" in xingfu.ok("board", "--as-of", "2023-06-01", **mine)
    assert "D08" in xingfu.ok("plan", "show", **mine)
    done = xingfu("init", "--plan", plan_id(11))
    assert (done.returncode, "没有实施方案" in done.stderr) == (1, True)
    saved = tmp_path / "a.zip"
    xingfu.ok("backup", saved, **there)
    told = Xingfu(tmp_path / "new")("restore", saved)
    assert f"本机没有实施方案{plan_id(11)}的文件" in told.stderr
