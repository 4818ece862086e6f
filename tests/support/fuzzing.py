"""Spoils real workbooks in every way, and reads what comes out as an import does.

``python -m tests.support.fuzzing FIRST LAST`` reads the mutants of those seeds in this process,
whose memory is limited; it prints each seed before it begins, so that a crash names its mutant.
"""

import random
import re
import resource
import signal
import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

from common.errors import RefusedError
from documents.forms.recognise import recognise
from documents.reading.annotate import annotated
from documents.reading.faults import WorkbookError
from documents.reading.grid import read_book
from tests.support.builders import plan
from tests.support.forms import READERS, samples

MEMORY = 3 * 1024**3
SECONDS = 10
"""For one mutant, on a slow machine under load; most take some milliseconds."""
NASTY = (
    b"", b"-1", b"0", b"1e400", b"NaN", b"1048577", b"99999999999999999999", b"A1:XFD1048576",
    b"XFD1048576", b"&#0;", b"&#xD800;", b"&x;", b"<", b"=cmd|' /C calc'!A0", b"_x000D_",
    b"\xff\xfe", "字".encode() * 9999, b"2023-02-30", b"44967.75", b"TRUE", b"#N/A",
)  # fmt: skip
VALUE = re.compile(rb'="[^"]*"|>[^<>]+<')
SHOWN = re.compile(rb"(?<=<t>)[^<>]+(?=</t>)|(?<=<v>)[^<>]+(?=</v>)")

TYPED = tuple(
    word.encode()
    for word in (
        "是", "改建", "1,2", "８５０㎡", "2023年2月", "示例", "-1", "1e400", "NaN", "#N/A", "=1+1",
        "44967.75", "99999999999999999999", "2023-02-30", "_x000D_", "", "字" * 9999,
    )
)  # fmt: skip

Random = random.Random


def mutant(seed: int) -> bytes:
    """One of endlessly many spoilt workbooks; the same for the same seed."""
    chance = Random(seed)
    content = chance.choice(samples())
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        content = chance.choice(MUTATIONS)(content, chance)
    return content


def survive(content: bytes) -> str:
    """Read a workbook as an import does: what came of it. Any error but a refusal is a fault."""
    try:
        book = read_book("变异.xlsx", content)
        form = recognise(book, plan())
        READERS[form](book)
    except WorkbookError as error:
        annotated(book, error.faults)
        return "faults"
    except RefusedError as error:
        if "\n" in str(error):
            raise
        return "refused"
    return "read"


def _flip(content: bytes, chance: Random) -> bytes:
    spoilt = bytearray(content)
    for _ in range(chance.randint(1, 20)):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _cut(content: bytes, chance: Random) -> bytes:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:start] + content[end:]


def _double(content: bytes, chance: Random) -> bytes:
    start, end = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:end] + content[start:]


def _nasty(content: bytes, chance: Random) -> bytes:
    """Some values of an XML part are replaced."""
    places = list(VALUE.finditer(content))
    for found in sorted(chance.sample(places, min(len(places), 3)), key=_end, reverse=True):
        start, end = found.span()
        opens, closes = (b'="', b'"') if content[start : start + 1] == b"=" else (b">", b"<")
        content = content[:start] + opens + chance.choice(NASTY) + closes + content[end:]
    return content


def _retype(content: bytes, chance: Random) -> bytes:
    """Some cells of a sheet say something else, as a person might have typed it."""
    parts = _parts(content)
    sheets = sorted(name for name in parts if name.startswith("xl/worksheets/sheet"))
    if not sheets:
        return content
    name = chance.choice(sheets)
    places = [found.span() for found in SHOWN.finditer(parts[name])]
    for start, end in sorted(chance.sample(places, min(len(places), 2)), reverse=True):
        typed = chance.choice(TYPED)
        parts[name] = parts[name][:start] + typed + parts[name][end:]
    return _zipped(parts)


def _end(found: re.Match[bytes]) -> int:
    return found.end()


def _inside(mutate: Callable[[bytes, Random], bytes]) -> Callable[[bytes, Random], bytes]:
    """Spoils one part and zips the parts anew."""

    def spoil(content: bytes, chance: Random) -> bytes:
        parts = _parts(content)
        if not parts:
            return mutate(content, chance)
        name = chance.choice(sorted(parts))
        return _zipped({**parts, name: mutate(parts[name], chance)})

    return spoil


def _drop(content: bytes, chance: Random) -> bytes:
    parts = _parts(content)
    if parts:
        del parts[chance.choice(sorted(parts))]
    return _zipped(parts)


def _swap(content: bytes, chance: Random) -> bytes:
    parts = _parts(content)
    if len(parts) > 1:
        one, other = chance.sample(sorted(parts), 2)
        parts[one], parts[other] = parts[other], parts[one]
    return _zipped(parts)


MUTATIONS: Sequence[Callable[[bytes, Random], bytes]] = (
    _flip,
    _cut,
    _double,
    *[_inside(_nasty)] * 4,
    *[_retype] * 6,
    *[_inside(_flip)] * 2,
    _inside(_cut),
    _inside(_double),
    _drop,
    _swap,
)


def _parts(content: bytes) -> dict[str, bytes]:
    """The parts of a workbook; none when it is one no longer."""
    try:
        with ZipFile(BytesIO(content)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError):
        return {}
    except Exception as error:  # zlib.error and struct.error have no common base
        if type(error).__module__ in ("zlib", "struct"):
            return {}
        raise


def _zipped(parts: dict[str, bytes]) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def main(first: int, last: int) -> None:
    """Read the mutants `first` to `last`, the latter excluded."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    came: dict[str, int] = {}
    for seed in range(first, last):
        sys.stdout.write(f"{seed}\n")
        sys.stdout.flush()
        signal.alarm(SECONDS)  # ends the process: the seed says which mutant hung
        outcome = survive(mutant(seed))
        signal.alarm(0)
        came[outcome] = came.get(outcome, 0) + 1
    sys.stdout.write(" ".join(f"{name}={count}" for name, count in sorted(came.items())) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
