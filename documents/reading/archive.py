"""Reads a zip file so that no trick of its directory matters, whatever else reads it later.

Readers of zip files disagree about strange ones: which of two directories holds, whether the size
that a member claims or what comes out of it. What is refused here is each point on which they do.
"""

import struct
import zlib
from collections.abc import Sequence
from io import BytesIO
from itertools import pairwise
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
WIDE = END_64.size + LOCATOR_64.size
NOT_TOLD = (0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF)
"""What the plain end record says where only the wide one tells count, size and offset."""
LOCAL_HEADER = struct.Struct("<4s5H3L2H")
LONGEST_ENTRY = 512
"""Bytes of one member's entry in the directory, on average; ordinary ones take 80."""
OTHER_NAME = 0x7075
"""The extra field that gives a member another name than its entry."""


class ArchiveError(Exception):
    """Not a zip file, or one that readers could take for different things."""


def members(content: bytes, most: int) -> Sequence[ZipInfo]:
    """What the directory lists: at most `most` members, each of another name, none overlapping.

    ArchiveError for anything that an ordinary program would not have written.
    """
    _require(_directory_is_plain(content, most))
    try:
        with ZipFile(BytesIO(content)) as archive:
            found = archive.infolist()
    except Exception as error:  # it names no closed list of what damage makes it raise
        raise ArchiveError from error
    _require(len(found) <= most)
    _require(len({plain_name(member) for member in found}) == len(found))
    _require(all(_is_plain(member) for member in found))
    spans = sorted(_span(content, member) for member in found)
    _require(all(one[1] <= other[0] for one, other in pairwise(spans)))
    return found


def plain_name(member: ZipInfo) -> str:
    """A member's name as readers compare it: in lower case, with slashes."""
    return member.filename.lower().replace("\\", "/").lstrip("/")


def unpack(content: bytes, member: ZipInfo) -> bytes:
    """A member's bytes, never more than the directory says; ArchiveError when they differ."""
    end = _span(content, member)[1]
    packed = memoryview(content)[end - member.compress_size : end]
    part = bytes(packed) if member.compress_type == ZIP_STORED else _inflate(packed, member)
    _require(len(part) == member.file_size and zlib.crc32(part) == member.CRC)
    return part


def _require(holds: bool) -> None:
    if not holds:
        raise ArchiveError


def _inflate(packed: memoryview, member: ZipInfo) -> bytes:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, member.file_size + 1)
    except zlib.error as error:
        raise ArchiveError from error


def _directory_is_plain(content: bytes, most: int) -> bool:
    """There is one directory, not too long, right before the end record, which ends the file."""
    if len(content) < END.size or not content.startswith(b"PK\x03\x04"):
        return False
    mark, disk, start, _, *where, comment = END.unpack(content[-END.size :])
    records = content[-END.size - WIDE : -END.size]
    if records.startswith(b"PK\x06\x06"):
        wide = _wide(records, where, len(content) - END.size - WIDE)
    else:
        wide, records = where, b""
    if wide is None or (mark, disk, start, comment) != (b"PK\x05\x06", 0, 0, 0):
        return False
    count, size, offset = wide
    ends = offset + size + len(records) + END.size
    return count <= most and size <= most * LONGEST_ENTRY and ends == len(content)


def _wide(records: bytes, where: Sequence[int], begins: int) -> Sequence[int] | None:
    """Count, size and offset of the wide end record; None where the plain one says otherwise."""
    *_, count, size, offset = END_64.unpack(records[: END_64.size])
    if LOCATOR_64.unpack(records[END_64.size :]) != (b"PK\x06\x07", 0, begins, 1):
        return None
    wide = (count, size, offset)
    left = zip(where, wide, NOT_TOLD, strict=True)
    return wide if all(narrow in (full, untold) for narrow, full, untold in left) else None


def _is_plain(member: ZipInfo) -> bool:
    return (
        member.compress_type in (ZIP_STORED, ZIP_DEFLATED)
        and member.orig_filename == member.filename
        and OTHER_NAME not in _extras(member.extra)
    )


def _extras(extra: bytes) -> set[int]:
    """The kinds of the extra fields of an entry."""
    found = set()
    while len(extra) >= 4:
        kind, size = struct.unpack("<2H", extra[:4])
        found.add(kind)
        extra = extra[4 + size :]
    return found


def _span(content: bytes, member: ZipInfo) -> tuple[int, int]:
    """Where a member begins, with its header, and ends; ArchiveError when it is not there."""
    header = content[member.header_offset : member.header_offset + LOCAL_HEADER.size]
    _require(len(header) == LOCAL_HEADER.size and header.startswith(b"PK\x03\x04"))
    name, extra = LOCAL_HEADER.unpack(header)[-2:]
    end = member.header_offset + LOCAL_HEADER.size + name + extra + member.compress_size
    _require(end <= len(content))
    return member.header_offset, end
