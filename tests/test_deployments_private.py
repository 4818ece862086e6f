"""What the product writes is its owner's alone, and its children know no needless secret."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from deployments.demo import EXAMPLE
from deployments.server.process import without_secrets
from tests.support.command import Xingfu
from tests.test_names import ROOMS

ROOT = Path(__file__).parents[1]
UNITS = sorted((ROOT / "deployments" / "systemd").glob("*.service"))
HARDENED = {
    "UMask=0077",
    "NoNewPrivileges=true",
    "CapabilityBoundingSet=",
    "ProtectSystem=strict",
    "ProtectHome=true",
    "PrivateTmp=true",
    "PrivateDevices=true",
    "ProtectKernelTunables=true",
    "RestrictSUIDSGID=true",
}
MONTH = ("export", "report", "--subject", "太原市", "--month", "2023-05")


@pytest.mark.heavy
def test_everything_that_is_written_is_its_owners_alone(tmp_path: Path) -> None:
    """Whatever whoever starts it would let others do."""
    xingfu = Xingfu(tmp_path / "home")
    (tmp_path / "out").mkdir(mode=0o755)
    former = os.umask(0)
    try:
        xingfu.ok("init")
        xingfu.ok("import", EXAMPLE / "workbooks" / "01-太原市.xlsx")
        xingfu.ok("enforce", "--as-of", "2023-02-21")
        xingfu.ok("deliver", XINGFU_BUSINESS_DATE="2023-02-21")
        xingfu.ok("inbox")
        xingfu("watch")
        xingfu.ok(*MONTH[:2], tmp_path / "out", *MONTH[2:])
        xingfu.ok("backup", tmp_path / "out")
    finally:
        os.umask(former)
    found = [*tmp_path.joinpath("home").rglob("*"), *tmp_path.joinpath("out").iterdir()]
    suffixes = {path.suffix for path in found}
    assert suffixes >= {".db", ".key", ".eml", ".xlsx", ".zip"}
    assert [path for path in (*found, tmp_path / "home") if path.stat().st_mode & 0o077] == []


@pytest.mark.heavy
def test_what_is_answered_in_the_inbox_is_for_whoever_may_use_its_folder(tmp_path: Path) -> None:
    xingfu = Xingfu(tmp_path / "home")
    xingfu.ok("init")
    inbox = tmp_path / "home" / "inbox"
    inbox.mkdir(mode=0o770)
    inbox.chmod(0o2770)
    xingfu.ok("inbox")
    city = inbox / "太原市"
    assert {path.stat().st_mode & 0o7777 for path in (city, city / "退回")} == {0o2770}
    path = city / "甲.xlsx"
    path.write_bytes(b"no workbook")
    os.utime(path, (0, 0))
    xingfu.ok("inbox", XINGFU_INBOX_SETTLE_SECONDS="1", XINGFU_INBOX_BROKEN_MINUTES="1")
    written = [each for each in (city / "退回").iterdir() if each.suffix == ".txt"]
    assert {each.stat().st_mode & 0o777 for each in written} <= {0o660}


def test_the_server_is_told_none_of_our_settings() -> None:
    given = {"PATH": "/bin", "PREFECT_HOME": "x", "XINGFU_SECRET_KEY": "k", "XINGFU_HOME": "y"}
    assert without_secrets(given) == {"PATH": "/bin", "PREFECT_HOME": "x"}


def test_every_process_that_we_start_is_told_what_it_needs_alone() -> None:
    """A list: whoever starts another one says here what its environment is."""
    calls = {
        str(path.relative_to(ROOT)): re.findall(r"env=[^\n]+", text)
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
        if re.search(
            r"\b(Popen|run_process|os\.(system|exec|spawn)|subprocess\.(run|call|check))",
            text := path.read_text(encoding="utf-8"),
        )
    }
    assert calls == {
        "common/files.py": ['env={"PATH": os.defpath},'],
        "deployments/server/courier.py": [],  # it becomes a run, with what that is told
        "deployments/server/process.py": [
            "env={**without_secrets(os.environ), **_names(settings)},"
        ],
        "deployments/server/ready_process.py": [
            "env=without_secrets(os.environ),  # couriers bring what runs are told"
        ],
        "documents/reading/office.py": ["env=_surroundings(home),"],  # PATH, and places for nothing
        "operations/mails/reading.py": ["env={},"],
    }


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_a_unit_may_do_little(unit: Path, tmp_path: Path) -> None:
    said = unit.read_text(encoding="utf-8")
    assert set(said.splitlines()) >= HARDENED
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("systemd-analyze is not installed")
    there = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=/bin/true", said)
    (tmp_path / unit.name).write_text(re.sub(r"(?m)^User=.*", "User=root", there), encoding="utf-8")
    done = subprocess.run(
        [analyze, "verify", str(tmp_path / unit.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
