"""A machine is lost: a new admin puts everything back by what docs/how-to/backup.md says."""

import shutil
import sqlite3
from contextlib import closing
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
    key = (old.home / "secret.key").read_bytes()
    shutil.rmtree(old.home)

    refused = new("restore", tmp_path / "safe" / "none.zip")
    assert (refused.returncode, "没有这个备份文件" in refused.stderr) == (1, True)
    refused = new("restore", file)
    assert (refused.returncode, "备份时的密钥指纹" in refused.stderr) == (1, True)
    (new.home / "secret.key").write_bytes(key)
    assert "制作后未被改动" in new.ok("backup", file, "--check")
    done = new("restore", file)
    assert done.returncode == 0, done.stderr
    assert "核验无误" in done.stdout
    assert (new.home / "inbox" / "太原市" / "月报.xlsx").read_bytes() == b"waits"
    assert (new.json("project", "list"), new.json("outbox")) == told
    verified = new.ok("audit", "verify")
    assert "链条完整" in verified
    code = verified.split()[-1].lower()
    new.ok("init")
    new.ok("enforce", "--as-of", "2023-02-22")
    assert "相符" in new.ok("audit", "verify", "--head", code)
    wrong = new("audit", "verify", "--head", "9" + code)
    assert (wrong.returncode, "停止办理" in wrong.stderr) == (1, True)
    assert new("audit", "verify", "--head", "x").returncode == 2
    assert new("audit", "rekey", "--actor", "甲", "--evidence", "乙").returncode == 1
    assert "已发送" in new.ok("deliver", **PINNED)

    again = new("restore", file)
    assert (again.returncode, "--replace" in again.stderr) == (1, True)
    replaced = new.json("restore", file, "--replace")
    assert replaced["breaks"] == []
    assert Path(replaced["former"]).exists()
    assert (new.json("project", "list"), new.json("outbox")) == told


def test_what_was_edited_past_the_trail_is_told_put_right_and_told_of_a_backup(
    tmp_path: Path,
) -> None:
    xingfu = Xingfu(tmp_path / "home")
    xingfu.ok("init")
    xingfu.ok("import", TAIYUAN)
    assert "数据与办理记录相符" in xingfu.ok("audit", "verify")
    with closing(sqlite3.connect(xingfu.home / "xingfu.db")) as raw, raw:
        raw.execute("UPDATE project SET investment = 1 WHERE code = 'XF2023-140105-01'")
    told = xingfu("audit", "verify")
    assert (told.returncode, "数据有1处与办理记录不符" in told.stderr) == (1, True)
    assert "XF2023-140105-01 项目 投资总额" in told.stderr
    assert "--repair" in told.stderr
    xingfu.ok("backup", tmp_path / "a.zip")
    refused = xingfu("audit", "verify", "--repair")
    assert (refused.returncode, "须注明经办人" in refused.stderr) == (1, True)
    by = ("--actor", "山西省民政厅 张三", "--evidence", "核查记录")
    assert "已按办理记录改回" in xingfu("audit", "verify", "--repair", *by).stderr
    assert xingfu.json("audit", "verify")["differences"] == []
    back = xingfu("restore", tmp_path / "a.zip", "--replace")
    assert "XF2023-140105-01 项目 投资总额" in back.stderr


def test_the_key_is_looked_after_and_changed(tmp_path: Path) -> None:
    xingfu = Xingfu(tmp_path / "home")
    assert "xingfu init" in xingfu("key", "check").stderr
    xingfu.ok("init")
    mark = xingfu.json("key", "check")["mark"]
    assert f"指纹 {mark}" in xingfu.ok("key", "check")
    code = xingfu.ok("audit", "verify").split()[-1]
    by = ("--actor", "山西省民政厅 张三", "--evidence", "原保管人离岗")
    done = xingfu("key", "rotate", *by, "--until", "2023-07-01", **PINNED)
    assert (done.returncode, f"{mark} → " in done.stdout) == (0, True), done.stderr
    assert "接收至2023-07-01" in done.stdout
    assert f"旧密钥（指纹 {mark}）" in done.stderr
    assert (xingfu.home / f"secret.key.{mark}").exists()
    told = xingfu.ok("key", "check")
    assert f"旧密钥 {mark}" in told
    assert "相符" in xingfu.ok("audit", "verify", "--head", code)
    refused = xingfu("key", "rotate", "--actor", "太原市民政局", "--evidence", "x")
    assert (refused.returncode, "山西省民政厅" in refused.stderr) == (1, True)
    key = xingfu.home / "secret.key"
    key.chmod(0o644)
    for command in (("key", "check"), ("export", "contacts", tmp_path / "out.xlsx")):
        refused = xingfu(*command)
        assert (refused.returncode, f"chmod 600 {key}" in refused.stderr) == (1, True), command
    assert not (tmp_path / "out.xlsx").exists()
    assert "chmod 600" in xingfu("audit", "verify").stderr


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
    new = Xingfu(tmp_path / "new")
    lost = new("restore", saved, "--key-lost")
    assert (lost.returncode, "不能证明" in lost.stderr) == (0, True)
    assert "audit rekey" in new("init", "--plan", plan_id(11), **there).stderr
    (new.home / "secret.key").write_bytes((xingfu.home / "secret.key").read_bytes())
    told = new("restore", saved, "--replace")
    assert f"本机没有实施方案{plan_id(11)}的文件" in told.stderr
