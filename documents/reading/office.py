"""Workbooks of other programs (.xls, .et, .ods, .fods), read by way of LibreOffice where it is.

It runs in a process of its own, within bounds of time, memory and size, in a profile and a folder
that are removed afterwards; it runs no macros, updates no links and reaches no network.
``python -P -m documents.reading.office SECONDS MEGABYTES BYTES COMMAND...`` runs a command bounded.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from threading import Lock

from common.errors import RefusedError
from documents.reading.archive import ArchiveError, members, plain_name, unpack

OLE = bytes.fromhex("d0cf11e0a1b11ae1")
OTHERS = ("EncryptedPackage", "WordDocument", "PowerPoint Document")
"""Streams of files of that kind that are no workbooks, or locked ones."""
STREAMS = ("Workbook", "Book")
SPREADSHEET = b"application/vnd.oasis.opendocument.spreadsheet"
SUFFIXES = (".xlsx", ".xls", ".et", ".ods", ".fods")
"""How workbooks are called that can be read."""
PROLOG = 65_536
MEND = "请用 Excel 或 WPS 打开，另存为 .xlsx 文件再报送"
FAILED = f"不是 .xlsx 文件，未能自动转换（可能已加密、已损坏或内容过大）；{MEND}"
PROGRAM, CALC = "soffice", "localc"
NOWHERE = "http://127.0.0.1:9"
SETTING = (
    '<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>"
)
SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Calc/Content/Update", "Link", "2"),  # never
    ("Inet/Settings", "ooInetProxyType", "2"),  # by hand, to where nobody listens
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)
ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True)
class OfficeBounds:
    """How much it may take to read one workbook."""

    seconds: int = 90
    """Of the clock, and of CPU."""
    megabytes: int = 4_000
    """Of address space."""
    most_bytes: int = 200_000_000
    """Of what the workbook unpacks to, and of a file that comes of it."""


BOUNDS = OfficeBounds()


def foreign(content: bytes, most: int = BOUNDS.most_bytes) -> str:
    """Which kind of workbook of another program it is, by its content; empty where it is none."""
    if content.startswith(OLE):
        names = [name.encode("utf-16-le") for name in OTHERS]
        if not any(name in content for name in names):
            return "xls" if any(s.encode("utf-16-le") in content for s in STREAMS) else ""
    elif content.startswith(b"PK"):
        return "ods" if _is_ods(content, most) else ""
    elif b"<office:document" in content[:PROLOG] and SPREADSHEET in content[:PROLOG]:
        return "" if b"<!" in content.replace(b"<!--", b"").replace(b"<![CDATA[", b"") else "fods"
    return ""


def as_xlsx(
    file: str, content: bytes, bounds: OfficeBounds = BOUNDS, *, program: str | None = None
) -> bytes:
    """The workbook as .xlsx, where it is another program's and LibreOffice is there.

    Else as it is. RefusedError when it cannot be converted within the bounds.
    """
    kind = foreign(content, bounds.most_bytes)
    program = program or (which(PROGRAM) if which(CALC) else None)
    if not kind or program is None:
        return content
    with ONE_AT_A_TIME:
        made = _converted(kind, content, bounds, program)
    if made is None:
        raise RefusedError(f"{file}：{FAILED}")
    return made


def _is_ods(content: bytes, most: int) -> bool:
    try:
        found = {plain_name(each): each for each in members(content, 2_000)}
        if "mimetype" not in found or sum(each.file_size for each in found.values()) > most:
            return False
        if unpack(content, found["mimetype"]).strip() != SPREADSHEET:
            return False
        parts = [each for name, each in found.items() if name.endswith(".xml")]
        return not any(b"<!DOCTYPE" in unpack(content, each) for each in parts)
    except ArchiveError:
        return False


def _converted(kind: str, content: bytes, bounds: OfficeBounds, program: str) -> bytes | None:
    with TemporaryDirectory(prefix="xingfu-office-", ignore_cleanup_errors=True) as place:
        home = Path(place)
        source, made = home / f"in.{kind}", home / "out" / "in.xlsx"
        source.write_bytes(content)
        profile = home / "profile" / "user"
        profile.mkdir(parents=True)
        (profile / "registrymodifications.xcu").write_text(_settings(), "utf-8")
        _run(
            [
                *(program, f"-env:UserInstallation=file://{home}/profile", "--headless"),
                *("--norestore", "--nologo", "--nodefault", "--nolockcheck"),
                *("--convert-to", "xlsx:Calc MS Excel 2007 XML"),
                *("--outdir", str(made.parent), str(source)),
            ],
            home,
            bounds,
        )
        with suppress(OSError):
            if made.stat().st_size < bounds.most_bytes:  # at which it would have been cut
                return made.read_bytes()
    return None


def _run(command: list[str], home: Path, bounds: OfficeBounds) -> None:
    """Run it in a group of its own, of which nothing is left when this returns."""
    child = subprocess.Popen(  # noqa: S603  # our own program and LibreOffice
        # -P: what lies in the working directory is not for importing.
        [
            *(sys.executable, "-P", "-m", "documents.reading.office", str(bounds.seconds)),
            *(str(bounds.megabytes), str(bounds.most_bytes), *command),
        ],
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=_surroundings(home),
        start_new_session=True,
    )
    try:
        child.wait(bounds.seconds)
    except subprocess.TimeoutExpired:
        pass
    finally:
        with suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _surroundings(home: Path) -> dict[str, str]:
    proxies = dict.fromkeys(("http_proxy", "https_proxy", "ftp_proxy", "all_proxy"), NOWHERE)
    path = os.environ.get("PATH", os.defpath)
    return {"PATH": path, "HOME": str(home), "TMPDIR": str(home), "LANG": "C.UTF-8", **proxies}


def _settings() -> str:
    items = "".join(SETTING.format(path=p, name=n, value=v) for p, n, v in SETTINGS)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items '
        f'xmlns:oor="http://openoffice.org/2001/registry">{items}</oor:items>'
    )


def main(seconds: int, megabytes: int, most_bytes: int, *command: str) -> None:
    """Become the command, within bounds that all which it starts inherits."""
    import resource

    for kind, most in (
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_AS, megabytes * 1_000_000),
        (resource.RLIMIT_FSIZE, most_bytes),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # a lower bound that holds already
            resource.setrlimit(kind, (most, most))
    os.execvp(command[0], command)  # noqa: S606  # LibreOffice


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), *sys.argv[4:])
