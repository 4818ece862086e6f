"""What a file is, by its first bytes and never by its name. Pure."""

from common.errors import RefusedError
from documents.reading.archive import ArchiveError, members, plain_name
from policy.vocabulary import MediaKind

STARTS = {
    b"%PDF-": MediaKind.PDF,
    b"\xff\xd8\xff": MediaKind.JPEG,
    b"\x89PNG\r\n\x1a\n": MediaKind.PNG,
    b"II*\0": MediaKind.TIFF,
    b"MM\0*": MediaKind.TIFF,
}
PDF_WITHIN = 1024
"""Bytes before which a PDF has to say so: scanners and mail programs put other lines first."""
RIFF_WEBP = (b"RIFF", b"WEBP")
BMP_HEADERS = (12, 40, 52, 56, 64, 108, 124)
"""How long the second header of a bitmap may be: two letters alone tell too little."""
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
PACKED = {"ofd.xml": MediaKind.OFD, "word/document.xml": MediaKind.DOCX}
"""What a zip file is that has such a member."""
MACROS = ("vbaproject", "vbadata", "activex", "oleobject", "embeddings/")
"""What a document must not carry, by what the name of a member contains."""
MOST_MEMBERS = 2_000
LISTED = "PDF、OFD、图片（JPG、PNG、TIFF、HEIC、WebP、BMP）和不含宏的 .docx"
OTHER = f"格式不在可收范围；佐证文件请用{LISTED}，其他文件请打印成 PDF 或扫描后再报送"


def media_of(content: bytes) -> MediaKind | None:
    """What a file is; None for anything that does not prove what is recorded."""
    for start, kind in STARTS.items():
        if content.startswith(start):
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _packed(content)
    if (content[:4], content[8:12]) == RIFF_WEBP:
        return MediaKind.WEBP
    if content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS:
        return MediaKind.HEIC
    if content.startswith(b"BM") and int.from_bytes(content[14:18], "little") in BMP_HEADERS:
        return MediaKind.BMP
    return MediaKind.PDF if b"%PDF-" in content[:PDF_WITHIN] else None


def require_media(name: str, content: bytes) -> MediaKind:
    """As `media_of`; RefusedError, which says what to hand in instead, where it is none."""
    if not content:
        raise RefusedError(f"“{name}”是空文件；请重新保存后再报送")
    kind = media_of(content)
    if kind is None:
        raise RefusedError(f"“{name}”{OTHER}")
    return kind


def _packed(content: bytes) -> MediaKind | None:
    try:
        names = [plain_name(member) for member in members(content, MOST_MEMBERS)]
    except ArchiveError:
        return None
    if any(trace in name for name in names for trace in MACROS):
        return None
    return next((kind for name, kind in PACKED.items() if name in names), None)
