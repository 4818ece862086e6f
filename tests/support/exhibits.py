"""Files as people hand them in, made here: each the smallest that programs take for one."""

from io import BytesIO
from zipfile import ZipFile

from policy.vocabulary import MediaKind


def packed(*names: str) -> bytes:
    """A zip file with members of these names."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(13)
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(8)
OFD = packed("OFD.xml", "Doc_0/Document.xml")
DOCX = packed("[Content_Types].xml", "word/document.xml")
BY_KIND = {
    MediaKind.PDF: PDF,
    MediaKind.OFD: OFD,
    MediaKind.JPEG: JPEG,
    MediaKind.PNG: PNG,
    MediaKind.TIFF: b"II*\0\x08\0\0\0" + bytes(6),
    MediaKind.HEIC: b"\0\0\0\x18ftypheic" + bytes(12),
    MediaKind.WEBP: b"RIFF\x1a\0\0\0WEBPVP8 " + bytes(12),
    MediaKind.BMP: b"BM" + bytes(12) + (40).to_bytes(4, "little") + bytes(36),
    MediaKind.DOCX: DOCX,
}
