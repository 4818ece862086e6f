"""Two machines on one state folder, as on a network disk: the second is told who serves where."""

import os
import socket
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest

from common.clock import now
from common.errors import RefusedError
from deployments.server.lock import FILE, served_once
from models.settings import Settings
from tests.support.command import Xingfu

pytestmark = pytest.mark.heavy

ELSEWHERE = "4711 xingfu-b 6f0e4c1e-0000-4000-8000-000000000000 2026-11-29 08:30"
PAPER = ("--evidence", "网络故障，书面报送")
RECORD = ("record", "太原市", "D10-03", "--on", "2023-04-03", "--actor", "太原市民政局", *PAPER)
TODAY = {"XINGFU_BUSINESS_DATE": "2023-06-01"}


@pytest.fixture
def xingfu(tmp_path: Path) -> Xingfu:
    made = Xingfu(tmp_path / "home", **TODAY)
    made.ok("init")
    return made


def test_who_comes_from_another_machine_is_told_which_one_serves(
    xingfu: Xingfu, tmp_path: Path
) -> None:
    xingfu.ok("backup", tmp_path / "a.zip")
    lock = xingfu.home / FILE
    lock.write_text(ELSEWHERE, encoding="utf-8")
    for words in (("serve",), ("init",), RECORD, ("restore", tmp_path / "a.zip", "--replace")):
        done = xingfu(*words)
        assert done.returncode == 1
        assert "主机 xingfu-b，进程 4711，自 2026-11-29 08:30 起" in done.stderr
        assert "请在该主机上办理" in done.stderr
    silent = (now() - timedelta(minutes=3)).timestamp()
    os.utime(lock, (silent, silent))
    xingfu.ok(*RECORD)


@pytest.mark.parametrize("given", ["", "4711", "4711 2026-11-29 08:30", "x y z w", "\0\0\0\0"])
def test_what_an_earlier_version_or_a_crash_has_left_hinders_nobody(
    xingfu: Xingfu, given: str
) -> None:
    (xingfu.home / FILE).write_text(given, encoding="utf-8")
    xingfu.ok(*RECORD)
    with served_once(Settings(home=xingfu.home)):
        pass


def test_who_serves_signs_and_goes_on_signing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deployments.server.lock.SIGN_SECONDS", 0.01)
    settings, lock = Settings(home=tmp_path), tmp_path / FILE
    with served_once(settings):
        pid, host, *_ = lock.read_text(encoding="utf-8").split()
        assert (pid, host) == (str(os.getpid()), socket.gethostname())
        os.utime(lock, (0, 0))
        sleep(0.5)
        assert now().timestamp() - lock.stat().st_mtime < 60
        with pytest.raises(RefusedError, match=f"进程 {pid}，自 20"), served_once(settings):
            pytest.fail("two serve")
    assert lock.read_text(encoding="utf-8") == ""
