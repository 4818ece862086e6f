"""A mail server of one's own, Dovecot on a loopback port, for what reads a mailbox."""

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from imapclient import IMAPClient

USER, PASSWORD = "duban", "secret"
CONFIG = """
base_dir = {home}/run
state_dir = {home}/run
log_path = {home}/log
protocols = imap
listen = 127.0.0.1
{ssl}
disable_plaintext_auth = no
mail_location = maildir:{home}/mail/%u
first_valid_uid = 1
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
imap_capability = {capability}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={home}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {secure_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True, slots=True)
class ImapServer:
    """Where it is; its mails are in ``home``."""

    port: int
    home: Path
    secure_port: int = 0

    @property
    def url(self) -> str:
        return f"imap://{USER}:{PASSWORD}@127.0.0.1:{self.port}/INBOX"

    @property
    def secure_url(self) -> str:
        """Over TLS, where it was given a certificate."""
        return f"imaps://{USER}:{PASSWORD}@127.0.0.1:{self.secure_port}/INBOX"

    def reload(self) -> None:
        """Take up another certificate that lies in the place of the first."""
        program = shutil.which("doveadm") or "/usr/bin/doveadm"
        subprocess.run([program, "-c", str(self.home / "dovecot.conf"), "reload"], check=True)
        time.sleep(1)

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        with IMAPClient("127.0.0.1", port=self.port, ssl=False, timeout=20) as client:
            client.login(USER, PASSWORD)
            yield client

    def put(self, *mails: bytes) -> None:
        with self.client() as client:
            for mail in mails:
                client.append("INBOX", mail)

    def folders(self) -> dict[str, int]:
        """How many mails each folder has."""
        with self.client() as client:
            names = [name for *_, name in client.list_folders()]
            counts = {name: client.folder_status(name, ["MESSAGES"])[b"MESSAGES"] for name in names}
        return {name: count for name, count in counts.items() if count}

    def empty(self) -> None:
        with self.client() as client:
            for *_, name in client.list_folders():
                client.select_folder(name)
                client.delete_messages(client.search("ALL"))
                client.expunge()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def imap_server(
    home: Path, capability: str = "", certificate: Path | None = None
) -> Iterator[ImapServer]:
    """Runs it; skips the test where it is not installed.

    With `certificate`, and its key in the same file, it listens over TLS, too.
    """
    program = shutil.which("dovecot") or "/usr/sbin/dovecot"
    if not Path(program).exists() or os.getuid() != 0:
        pytest.skip("dovecot is not installed, or needs root")
    owner = pwd.getpwnam("nobody")
    for part in (home, *home.parents):
        with suppress(PermissionError):
            part.chmod(part.stat().st_mode | 0o055)
    (home / "mail").mkdir(parents=True, exist_ok=True)
    os.chown(home / "mail", owner.pw_uid, owner.pw_gid)
    (home / "run").mkdir(exist_ok=True)
    server = ImapServer(free_port(), home, free_port() if certificate else 0)
    file = home / "dovecot.conf"
    written = CONFIG.format(
        home=home,
        port=server.port,
        secure_port=server.secure_port,
        ssl=f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{certificate}"
        if certificate
        else "ssl = no",
        password=PASSWORD,
        owner=owner.pw_uid,
        group=owner.pw_gid,
        internal="dovecot",
        internal_group="dovecot",
        login="dovenull",
        capability=capability,
    )
    file.write_text(written if capability else written.replace("imap_capability = \n", ""))
    process = subprocess.Popen([program, "-F", "-c", str(file)], stderr=subprocess.DEVNULL)
    try:
        _wait(server.port)
        yield server
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int) -> None:
    for _ in range(200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("dovecot has not come up")
