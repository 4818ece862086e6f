"""LibreOffice, for tests: what it makes of workbooks and papers.

Debian's `libreoffice-calc`, `libreoffice-writer` and `poppler-utils`.
"""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory

import pytest

# Writer alone brings `soffice`, too, and opens no workbook.
needs_calc = pytest.mark.skipif(which("localc") is None, reason="needs Debian's libreoffice-calc")

needs_writer = pytest.mark.skipif(
    which("lowriter") is None or which("pdftotext") is None,
    reason="needs Debian's libreoffice-writer and poppler-utils",
)


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


def printed(papers: Mapping[str, bytes]) -> dict[str, list[str]]:
    """The words on each page of Word files, by the files' names."""
    with TemporaryDirectory(prefix="xingfu-office-") as place:
        home = Path(place)
        for name, content in papers.items():
            (home / f"{name}.docx").write_bytes(content)
        convert(sorted(home.iterdir()), home, "pdf")
        return {name: _pages(home / f"{name}.pdf") for name in papers}


def _pages(pdf: Path) -> list[str]:
    command = ["pdftotext", "-layout", str(pdf), "-"]
    told = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()
    return told.split("\f")[:-1]
