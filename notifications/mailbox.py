"""A mailbox over IMAP, in which people's answers come in: looked into, read and tidied up.

What has been read is told by the digest of a mail's bytes elsewhere; here nothing is marked. A
mail that was read is moved into a folder for tidiness: two readers may both do so.
"""

import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from common.errors import UnavailableError, UsageError
from notifications.cutoff import Cutoff
from notifications.sending import distrust

CONNECT_SECONDS, STEP_SECONDS = 10.0, 60.0
"""How long a server may take to be reached, and to answer one command."""
ALL_SECONDS = 1200.0
"""How long everything may take that one connection is for."""
PORTS = {"imaps": 993, "imap": 143}
LOOPBACK = ("localhost", "127.0.0.1", "::1")
OURSELVES = {"name": "xingfu", "version": "1", "vendor": "xingfu"}
"""What 163, 126 and yeah.net have to be told (RFC 2971) before they let anybody read."""
AT_ONCE = 50
SHAPE = "应为 imaps://用户:密码@主机/INBOX；密码中的特殊符号请写作 %XX"
REFUSED = "邮箱服务器不接受所配置的用户名或密码；网易、QQ等邮箱请使用客户端授权码"
UNSAFE = "邮箱服务器不允许读取该邮箱；请在邮箱设置中开通 IMAP 服务，并核对文件夹名称"
SILENT = "邮箱服务器没有响应或中断了会话，下次再读"
CERTIFICATE = (
    "未读取邮箱；请核对 XINGFU_MAILBOX 中的主机名称，由本单位自行签发的，"
    "请将签发机构的根证书装入本机，或用 SSL_CERT_FILE 指明"
)
GONE = ("EXPUNGEISSUED", "TRYCREATE", "NONEXISTENT", "NO MATCHING")


@dataclass(frozen=True, slots=True)
class MailboxAddress:
    """Where a mailbox is, and whose."""

    host: str
    port: int
    secure: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


class MailboxStatus(NamedTuple):
    """What tells whether something has come since the last look."""

    validity: int
    next_uid: int
    mails: int


def mailbox_address(url: str) -> MailboxAddress:
    """What ``imaps://user:password@host:port/folder`` names; UsageError for anything else.

    ``imap://``, which hides nothing on its way, is taken on this machine only.
    """
    try:
        parsed = urlsplit(url.strip())
        port = parsed.port
    except ValueError:
        raise UsageError(f"XINGFU_MAILBOX：{SHAPE}") from None
    host, secure = parsed.hostname or "", parsed.scheme == "imaps"
    whole = host and parsed.username and parsed.password and not (parsed.query or parsed.fragment)
    if parsed.scheme not in PORTS or not whole or not (secure or host in LOOPBACK):
        raise UsageError(f"XINGFU_MAILBOX：{SHAPE}")
    return MailboxAddress(
        host=host,
        port=port or PORTS[parsed.scheme],
        secure=secure,
        user=unquote(parsed.username or ""),
        password=unquote(parsed.password or ""),
        folder=unquote(parsed.path.strip("/")) or "INBOX",
    )


@dataclass(frozen=True, slots=True)
class MailboxMail:
    """A mail that lies in a mailbox, fetched."""

    name: str
    content: bytes
    """Its raw bytes; of one that is too large its head."""
    digest: str
    """SHA-256 in hex: of the bytes, or of the head with the size."""
    large: bool
    uid: int
    mailbox: "Mailbox" = field(repr=False)

    def file(self, folder: str) -> bool:
        """Move it into another folder; False when it is not there any more. UnavailableError."""
        return self.mailbox.move(self.uid, folder)


class Mailbox:
    """A session with a mailbox; every wait of it has an end. Made by `open_mailbox`."""

    def __init__(self, client: IMAPClient, folder: str) -> None:
        self._client = client
        self._folder = folder
        self._made: set[str] = set()

    def status(self) -> MailboxStatus:
        """How many mails there are. UnavailableError."""
        with _plainly():
            self._client.noop()  # else what is counted may be what there was at the last look
            found = self._client.folder_status(self._folder, ["UIDVALIDITY", "UIDNEXT", "MESSAGES"])
        return MailboxStatus(found[b"UIDVALIDITY"], found[b"UIDNEXT"], found[b"MESSAGES"])

    def mails(self, most_bytes: int) -> Iterator[MailboxMail]:
        """Every mail, the oldest first; of a larger one than that the head. UnavailableError."""
        with _plainly():
            self._client.select_folder(self._folder)
            uids = iter(sorted(self._client.search("ALL")))
        while batch := list(islice(uids, AT_ONCE)):
            with _plainly():
                sizes = self._client.fetch(batch, ["RFC822.SIZE"])
            for uid in batch:
                size = sizes.get(uid, {}).get(b"RFC822.SIZE")
                if size is not None and (found := self._fetched(uid, size, most_bytes)):
                    yield found

    def move(self, uid: int, folder: str) -> bool:
        """Move a mail; False when it is not there any more. UnavailableError.

        Where a server can only remove everything that is marked, the mail stays where it is.
        """
        with _plainly():
            self._make(folder)
            try:
                return self._moved(uid, folder)
            except IMAPClientError as error:
                if _is_gone(error):
                    return False
                raise

    def _fetched(self, uid: int, size: int, most: int) -> MailboxMail | None:
        """None where another reader has moved it meanwhile."""
        large = size > most
        asked, key = ("BODY.PEEK[HEADER]", b"BODY[HEADER]") if large else ("BODY.PEEK[]", b"BODY[]")
        with _plainly():
            content = self._client.fetch([uid], [asked]).get(uid, {}).get(key)
        if not isinstance(content, bytes):
            return None
        digest = hashlib.sha256(content + (b"%d" % size if large else b"")).hexdigest()
        return MailboxMail(f"{self._folder} {uid}", content, digest, large, uid, self)

    def _moved(self, uid: int, folder: str) -> bool:
        if self._client.has_capability("MOVE"):
            self._client.move([uid], folder)
        elif self._client.has_capability("UIDPLUS"):
            self._client.copy([uid], folder)
            self._client.delete_messages([uid], silent=True)
            self._client.uid_expunge([uid])
        return True

    def _make(self, folder: str) -> None:
        if folder not in self._made:
            with suppress(IMAPClientError):  # it is there, or moving says what is wrong
                if not self._client.folder_exists(folder):
                    self._client.create_folder(folder)
            self._made.add(folder)


def _is_gone(error: IMAPClientError) -> bool:
    said = str(error).upper()
    return any(word in said for word in GONE)


@contextmanager
def open_mailbox(address: MailboxAddress, seconds: float = ALL_SECONDS) -> Iterator[Mailbox]:
    """A session with a mailbox, for so many seconds at most.

    UnavailableError when it cannot be reached or refuses, with what to do; it quotes no secret.
    """
    with _plainly():
        client = IMAPClient(
            address.host,
            port=address.port,
            ssl=address.secure,
            ssl_context=ssl.create_default_context() if address.secure else None,
            timeout=SocketTimeout(CONNECT_SECONDS, STEP_SECONDS),
        )
    with Cutoff(seconds) as cutoff:
        cutoff.watch(client.socket())
        try:
            _enter(client, address)
            yield Mailbox(client, address.folder)
        finally:
            with suppress(IMAPClientError, OSError, ValueError):  # a farewell takes nothing back
                client.logout()
            with suppress(OSError):
                client.shutdown()


def _enter(client: IMAPClient, address: MailboxAddress) -> None:
    try:
        client.login(address.user, address.password)
    except LoginError:
        raise UnavailableError(REFUSED) from None
    except (IMAPClientError, OSError):
        raise UnavailableError(SILENT) from None
    with _plainly():
        if client.has_capability("ID"):
            client.id_(OURSELVES)
    try:
        client.select_folder(address.folder)
    except IMAPClientError:
        raise UnavailableError(UNSAFE) from None
    except OSError:
        raise UnavailableError(SILENT) from None


@contextmanager
def _plainly() -> Iterator[None]:
    """What a server or the way to it does, as an UnavailableError that says what to do."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise UnavailableError(f"邮箱服务器的证书{distrust(error)}，{CERTIFICATE}") from None
    except IMAPClientError:
        raise UnavailableError(SILENT) from None
    except OSError:
        raise UnavailableError("无法连接邮箱服务器，或其没有响应，下次再读") from None
