"""Attachments that open everywhere: names in every form that mail programs read, lines that fit."""

import re
from base64 import b64decode
from dataclasses import replace
from email import charset, message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32, default
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.files import safe_name
from notifications.mail import mail, mail_address
from notifications.message import Attachment
from tests.support.messages import MESSAGE

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
SIGNS = st.sampled_from("（）—“”、〇𠮷 aZ09-_.'%#&+,;=@！￥")
STEMS = st.text(HAN | SIGNS, min_size=1, max_size=115).map(str.strip).filter(lambda s: s.strip("."))
SUFFIXES = st.sampled_from([".xlsx", ".docx", ".pdf", ""])
OFFICE = mail_address("太原市民政局", "office@xingfu.invalid")


def sent(name: str, content: bytes = b"PK") -> bytes:
    """The mail as it goes over the wire."""
    file = Attachment(name, content)
    return mail(replace(MESSAGE, attachments=(file,)), OFFICE, [OFFICE]).as_bytes()


def header(raw: bytes, name: bytes) -> str:
    """The attachment's own header, as its bytes say, unfolded."""
    part = raw.rpartition(b"--=0=\r\n")[2].partition(b"\r\n\r\n")[0]
    [found] = re.findall(rb"^%b:((?:[^\r\n]|\r\n[ \t])*)" % name, part, flags=re.MULTILINE)
    return re.sub(r"\r\n([ \t])", r"\1", found.decode("ascii"))


def words(quoted: str) -> str:
    """What encoded words in quotation marks say, decoded by hand."""
    found = re.findall(r"=\?utf-8\?b\?([A-Za-z0-9+/=]*)\?=", quoted, flags=re.IGNORECASE)
    assert all(len(word) + 12 <= 75 for word in found), "RFC 2047"
    parts = [b64decode(word).decode() for word in found]  # each is whole characters
    assert re.sub(r"=\?utf-8\?b\?[^?]*\?=|\s", "", quoted, flags=re.IGNORECASE) == ""
    return "".join(parts)


def named(raw: bytes) -> dict[str, str]:
    """The name in each of its forms."""
    kind, disposition = header(raw, b"Content-Type"), header(raw, b"Content-Disposition")
    found = {}
    for key, text in (("name", kind), ("filename", disposition)):
        [value] = re.findall(rf'; {key}="([^"]*)"', text)
        found[key] = value if "=?" not in value else words(value)
    for value in re.findall(r"; filename\*=utf-8''([A-Za-z0-9%._~-]+)$", disposition):
        found["filename*"] = unquote_to_bytes(value).decode()
    return found


@given(STEMS, SUFFIXES)
@example("太" * 115, ".xlsx")
@example("𠮷" * 115, ".docx")
@example("a" * 80, ".pdf")
def test_a_name_stands_in_every_form_and_no_line_is_too_long(stem: str, suffix: str) -> None:
    raw = sent(f"{stem}{suffix}")
    found = named(raw)
    assert len(set(found.values())) == 1
    assert set(found) - {"filename*"} == {"name", "filename"}
    assert ("filename*" in found) is not found["name"].isascii()
    assert not re.search(rb"filename\*\d|name\*\d", raw), (
        "QQ mail shows continuations as tcmime.bin"
    )
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 998, "RFC 5322"
    long = [line for line in lines if len(line) > 78]
    assert all(
        line.startswith((b" filename*=", b"Content-Type: ")) or b'name="' in line for line in long
    )
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert found["name"] == safe_name(f"{stem}{suffix}")


@given(STEMS, SUFFIXES, st.binary(max_size=300))
def test_pythons_parsers_read_it_by_either_way(stem: str, suffix: str, content: bytes) -> None:
    name = safe_name(f"{stem}{suffix}")
    raw = sent(f"{stem}{suffix}", content)
    *_, part = message_from_bytes(raw, policy=default).walk()
    assert part.get_filename() == name
    *_, old = message_from_bytes(raw, policy=compat32).walk()
    shown = old.get_filename() or ""
    decoded = str(make_header(decode_header(re.sub(r"\r\n ", " ", shown))))
    assert decoded == name if not name.isascii() else shown == name
    assert old.get_payload(decode=True) == content
    assert old.get_content_disposition() == "attachment"


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("../../etc/passwd", "_.._etc_passwd"),
        ("一\r\nBcc: x@y.cn.xlsx", "一__Bcc_ x@y.cn.xlsx"),
        ('引"号";filename="evil.exe', "引_号_;filename=_evil.exe"),
        ("表\u202ecod.xlsx", "表_cod.xlsx"),
        ("..", "_"),
        ("", "_"),
    ],
)
def test_a_name_is_no_path_and_no_header(name: str, title: str) -> None:
    raw = sent(name)
    assert set(named(raw).values()) == {title}
    assert b"Bcc: " not in raw.partition(b"--=0=")[0]


def test_what_another_library_makes_of_utf8_changes_no_byte(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Apprise registers it anew, quoted-printable, as soon as it loads what sends mails."""
    before = sent("太原市月报.xlsx")
    quoted = (charset.QP, charset.QP, "utf-8")
    monkeypatch.setitem(charset.CHARSETS, "utf-8", quoted)
    assert sent("太原市月报.xlsx") == before
