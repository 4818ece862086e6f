"""Workbooks of other programs: read through LibreOffice, which is kept within bounds."""

import socket
from io import BytesIO
from pathlib import Path
from time import monotonic
from zipfile import ZipFile

import pytest

from common.errors import RefusedError
from documents.reading.grid import read_book
from documents.reading.office import BOUNDS, SPREADSHEET, OfficeBounds, as_xlsx, foreign
from policy.vocabulary import Form
from tests.support.forms import READERS
from tests.support.oddities import sound
from tests.support.office import converted, needs_calc

XLS = bytes.fromhex("d0cf11e0a1b11ae1") + "Workbook".encode("utf-16-le")
SPACES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"'
)
BODY = """<office:body><office:spreadsheet><table:table table:name="表一"><table:table-row>
<table:table-cell office:value-type="string"><text:p>示例</text:p></table:table-cell>
<table:table-cell office:value-type="float" office:value="1"/>
<table:table-cell office:value-type="float" office:value="7"
 table:formula="of:=WEBSERVICE(&quot;http://127.0.0.1:1/&quot;)"/></table:table-row>
</table:table></office:spreadsheet></office:body>"""
FODS = (
    f'<?xml version="1.0" encoding="UTF-8"?><office:document {SPACES} '
    f'office:mimetype="{SPREADSHEET.decode()}">{BODY}</office:document>'
).encode()


def ods(body: str = BODY) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as made:
        made.writestr("mimetype", SPREADSHEET)
        made.writestr("content.xml", f"<office:document-content {SPACES}>{body}"
                      "</office:document-content>")  # fmt: skip
        made.writestr("META-INF/manifest.xml", MANIFEST)
    return buffer.getvalue()


MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{SPREADSHEET.decode()}"/>'
    '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
    "</manifest:manifest>"
)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (XLS, "xls"),
        (XLS + "EncryptedPackage".encode("utf-16-le"), ""),
        (FODS, "fods"),
        (FODS.replace(b"<office:document ", b"<!DOCTYPE a []><office:document "), ""),
        (ods(), "ods"),
        (ods("<!DOCTYPE a []>"), ""),
        (sound(Form.REPORT), ""),
        (b"a,b,c", ""),
    ],
)
def test_a_kind_is_known_by_its_content(content: bytes, kind: str) -> None:
    assert foreign(content) == kind


def program(home: Path, script: str) -> str:
    path = home / "office"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param("sleep 60 & sleep 60", marks=pytest.mark.heavy),
        "exit 3",
        'for last; do :; done; head -c 5000000 /dev/zero > "$(dirname "$last")/out/in.xlsx"',
    ],
    ids=["never ends", "makes nothing", "makes too much"],
)
def test_what_goes_beyond_bounds_is_refused_with_what_to_do(tmp_path: Path, script: str) -> None:
    bounds, began = OfficeBounds(seconds=3, most_bytes=1_000_000), monotonic()
    with pytest.raises(RefusedError, match=r"表\.xls：.*另存为 \.xlsx"):
        as_xlsx("表.xls", XLS, bounds, program=program(tmp_path, f"mkdir -p $HOME/out; {script}"))
    assert monotonic() - began < 30


def test_it_runs_in_a_place_of_its_own_bounded_and_reaches_no_network(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    told = "echo $HOME $TMPDIR $https_proxy; ulimit -t -v; cat $HOME/profile/user/*"
    script = f"({told}) > {seen}"
    with pytest.raises(RefusedError):
        as_xlsx("表.xls", XLS, program=program(tmp_path, script))
    told = seen.read_text()
    home, temporary, proxy = told.splitlines()[0].split()
    assert (home, proxy) == (temporary, "http://127.0.0.1:9")
    assert not Path(home).exists()
    assert str(BOUNDS.seconds) in told
    assert str(BOUNDS.megabytes * 1_000_000 // 1024) in told
    assert "DisableMacrosExecution" in told


def test_without_it_the_reply_says_how_to_save_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for name, content in (("表.xls", XLS), ("表.ods", ods()), ("表.fods", FODS)):
        with pytest.raises(RefusedError, match=r"另存为 \.xlsx 文件再报送"):
            read_book(name, content)


@pytest.mark.heavy
@needs_calc
@pytest.mark.parametrize("content", [ods(), FODS], ids=["ods", "fods"])
def test_open_formats_are_read_as_they_show_and_call_nobody(content: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        there = b"127.0.0.1:%d/" % listening.getsockname()[1]
        calling = FODS.replace(b"127.0.0.1:1/", there) if content == FODS else content
        (sheet,) = read_book("表.ods", calling).sheets
        with pytest.raises(BlockingIOError):
            listening.accept()
    assert (sheet.title, list(sheet.rows[0])) == ("表一", ["示例", 1.0, "#VALUE!"])


@pytest.mark.heavy
@needs_calc
def test_a_form_saved_in_the_old_format_says_the_same() -> None:
    before, after = sound(Form.REPORT), converted(sound(Form.REPORT), "xls")
    assert READERS[Form.REPORT](read_book("太原市.xls", after)) == READERS[Form.REPORT](
        read_book("太原市.xlsx", before)
    )
