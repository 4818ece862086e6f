"""The installation's key: made whole or not at all, and looked at before it is used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from pydantic import SecretStr

from common.errors import RefusedError
from models.secrets import first_key, key_mark, keys_at_hand
from models.settings import Settings

pytestmark = pytest.mark.heavy

KEY = Fernet.generate_key()
BAD = {
    "empty": (b"", "是空的"),
    "blank": (b" \n", "是空的"),
    "cut short": (KEY[:20], "应为44个字符，现为20个"),
    "too long": (KEY + b"x", "应为44个字符，现为45个"),
    "mistyped": (b"*" + KEY[1:], "可能有字符抄错"),
    "no text": (b"\xff" * 44, "可能有字符抄错"),
    "huge": (b"A" * 10_000_000, "应为44个字符"),
}


def lay(home: Path, content: bytes, name: str = "secret.key", mode: int = 0o600) -> Path:
    home.mkdir(exist_ok=True)
    path = home / name
    path.write_bytes(content)
    path.chmod(mode)
    return path


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_key_is_never_used(tmp_path: Path, bad: str) -> None:
    """It names the file and how to mend it, and stays as it is."""
    content, why = BAD[bad]
    path = lay(tmp_path, content)
    with pytest.raises(RefusedError, match=why) as refused:
        first_key(Settings(home=tmp_path))
    assert str(path) in str(refused.value)
    assert "副本恢复" in str(refused.value)
    assert keys_at_hand(Settings(home=tmp_path)).keys == ()
    assert path.read_bytes() == content


@pytest.mark.parametrize("bad", ["empty", "cut short", "mistyped"])
def test_a_variable_that_is_no_key_is_never_used(tmp_path: Path, bad: str) -> None:
    content, why = BAD[bad]
    with pytest.raises(RefusedError, match=f"XINGFU_SECRET_KEY .*{why}"):
        first_key(Settings(home=tmp_path, secret_key=SecretStr(content.decode())))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644, 0o666])
def test_a_key_that_others_can_read_is_not_used(tmp_path: Path, mode: int) -> None:
    path = lay(tmp_path, KEY, mode=mode)
    with pytest.raises(RefusedError, match=f"chmod 600 {path}"):
        first_key(Settings(home=tmp_path))
    path.chmod(0o400)
    assert first_key(Settings(home=tmp_path)) == KEY


def test_what_is_no_file_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "secret.key").mkdir()
    with pytest.raises(RefusedError, match="不是普通文件"):
        first_key(Settings(home=tmp_path))


def test_an_editors_line_break_makes_no_other_key(tmp_path: Path) -> None:
    lay(tmp_path, KEY + b"\r\n")
    assert first_key(Settings(home=tmp_path)) == KEY
    assert key_mark(KEY) == key_mark(KEY + b"\n")


def test_other_keys_are_found_by_their_fingerprint(tmp_path: Path) -> None:
    other = Fernet.generate_key()
    lay(tmp_path, KEY)
    lay(tmp_path, other, f"secret.key.{key_mark(other)}")
    lay(tmp_path, b"", "secret.key.broken")
    held = keys_at_hand(Settings(home=tmp_path))
    assert held.keys == (KEY, other)
    assert held.find(key_mark(other)) == other
    assert ["broken" in fault for fault in held.faults] == [True]
    given = SecretStr(KEY.decode())
    assert keys_at_hand(Settings(home=tmp_path, secret_key=given)).keys == (KEY,)
    two = Settings(home=tmp_path, secret_key=given, other_secret_key=SecretStr(other.decode()))
    assert keys_at_hand(two).keys == (KEY, other)
    none = Settings(home=tmp_path, secret_key=given, other_secret_key=SecretStr(""))
    assert keys_at_hand(none).keys == (KEY,)


BEGIN = """
import os, sys, time
from pathlib import Path
{linkless}
from models.secrets import first_key
from models.settings import Settings
home = Path(sys.argv[1])
(home / f"ready-{{os.getpid()}}").touch()
while not (home / "go").exists():
    time.sleep(0.001)
print(first_key(Settings(home=home / "state")).decode())
"""
LINKLESS = """
def no_link(*_, **__):
    raise PermissionError(1, "no hard links here")
os.link = no_link
"""


@pytest.mark.parametrize("linkless", ["", LINKLESS], ids=["links", "no links"])
def test_of_first_starts_at_once_all_get_the_same_key(tmp_path: Path, linkless: str) -> None:
    script = BEGIN.format(linkless=linkless)
    started = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path)],
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    while len(list(tmp_path.glob("ready-*"))) < len(started):
        assert not [each for each in started if each.poll()], "a process ended early"
    (tmp_path / "go").touch()
    keys = {process.communicate(timeout=60)[0].strip() for process in started}
    assert keys == {(tmp_path / "state" / "secret.key").read_text(encoding="ascii")}
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["secret.key"]
