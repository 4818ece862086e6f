"""What a file is goes by its first bytes: each kind, everything else, and no name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import RefusedError
from documents.reading.media import LISTED, media_of, require_media
from policy.vocabulary import MediaKind
from tests.support.exhibits import BY_KIND, DOCX, PDF, packed

OTHERS = {
    "nothing": b"",
    "text": "选址批复".encode(),
    "a page": b"<html><body>%PDF</body></html>",
    "a program": b"MZ\x90\0" + bytes(60),
    "a program for Linux": b"\x7fELF" + bytes(60),
    "an old Word document": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(60),
    "an archive": packed("批复.pdf"),
    "a workbook": packed("[Content_Types].xml", "xl/workbook.xml"),
    "a document with macros": packed("word/document.xml", "word/vbaProject.bin"),
    "a document with a program within": packed("word/document.xml", "word/embeddings/ole1.bin"),
    "half a document": DOCX[:-10],
    "a document after something else": b"#!/bin/sh\n" + DOCX,
    "two letters": b"BM" + bytes(60),
    "sound in RIFF": b"RIFF\0\0\0\0WAVEfmt ",
    "a film": b"\0\0\0\x18ftypisom" + bytes(12),
    "a PDF far within": bytes(2000) + PDF,
}


@pytest.mark.parametrize("kind", MediaKind)
def test_each_kind_is_known_whatever_it_is_called(kind: MediaKind) -> None:
    assert require_media("文件.exe", BY_KIND[kind]) is kind


@pytest.mark.parametrize("what", OTHERS)
def test_anything_else_is_none_whatever_it_is_called(what: str) -> None:
    assert media_of(OTHERS[what]) is None
    with pytest.raises(RefusedError, match="批复\\.pdf") as refused:
        require_media("批复.pdf", OTHERS[what])
    assert (LISTED in str(refused.value)) is bool(OTHERS[what]), "says what to hand in instead"


def test_a_pdf_may_begin_with_what_a_scanner_says() -> None:
    assert media_of(b"\xef\xbb\xbfScanner 1.0\r\n" + PDF) is MediaKind.PDF


@given(st.binary(max_size=200))
def test_no_bytes_are_an_error(content: bytes) -> None:
    assert media_of(content) in {None, *MediaKind}


@given(st.sampled_from(list(MediaKind)), st.binary(max_size=50), st.integers(0, 200))
def test_no_damage_is_an_error(kind: MediaKind, put: bytes, at: int) -> None:
    whole = BY_KIND[kind]
    assert media_of(whole[:at] + put + whole[at:]) in {None, *MediaKind}
