"""LibreOffice, for tests: what it makes of workbooks. Debian's `libreoffice-calc`."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import pytest

# Writer alone brings `soffice`, too, and opens no workbook.
needs_calc = pytest.mark.skipif(which("localc") is None, reason="needs Debian's libreoffice-calc")


def convert(files: Sequence[Path], target: Path, suffix: str) -> None:
    """Save files anew as another kind into a folder: in one go, since it takes long to start."""
    with TemporaryDirectory(prefix="xingfu-office-") as profile:
        command = [
            *("soffice", f"-env:UserInstallation=file://{profile}", "--headless"),
            *("--convert-to", suffix, "--outdir", str(target), *map(str, files)),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=240)


def converted(content: bytes, *kinds: str) -> bytes:
    """What it makes of one workbook, through each kind of file in turn."""
    with TemporaryDirectory(prefix="xingfu-office-") as place:
        path = Path(place) / "a.xlsx"
        path.write_bytes(content)
        for number, kind in enumerate(kinds):
            into = Path(place) / str(number)
            convert([path], into, kind)
            path = into / f"a.{kind}"
        return path.read_bytes()
