"""Chat platforms for tests: real HTTP servers on this machine that answer as the vendors do."""

import base64
import hashlib
import hmac
import json
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

WECOM_KEY = "693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa"
DINGTALK_TOKEN = "566cc69da782ec33ed7bf3f5b8a8b8f4"  # noqa: S105  # of no robot
DINGTALK_SECRET = "SECa0ab7f3ba9742c0f5fd8ad5a5cfcca2b"  # noqa: S105
FEISHU_TOKEN = "b1f9c1f8-0b4c-4f6e-8f0e-2f2b3d1d9f10"  # noqa: S105
KEYWORD = "幸福养老工程"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class Answer:
    """What is answered; nothing at all when `cut` or `silent`."""

    content: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silent: bool = False


def said(**body: object) -> Answer:
    return Answer(json.dumps(body).encode())


CUT, SILENT = Answer(cut=True), Answer(silent=True)


@dataclass
class Platform:
    """One server: what it has seen, and what it answers next."""

    base: str = ""
    seen: list[Seen] = field(default_factory=list)
    next: list[Answer] = field(default_factory=list)
    closing: Event = field(default_factory=Event)

    def answer(self, seen: Seen) -> Answer:
        self.seen.append(seen)
        return self.next.pop(0) if self.next else _judged(seen)

    @property
    def texts(self) -> list[str]:
        """The texts that arrived, in their order."""
        return [_text(each.body) for each in self.seen]


def _text(body: Any) -> str:
    return str(body["text"]["content"] if "text" in body else body["content"]["text"])


def _judged(seen: Seen) -> Answer:
    """What the platform whose path this is answers to a request of that content."""
    if seen.path == "/cgi-bin/webhook/send":
        return _wecom(seen)
    if seen.path == "/robot/send":
        return _dingtalk(seen)
    if seen.path.startswith("/open-apis/bot/v2/hook/"):
        return _feishu(seen)
    return Answer(status=204)


def _wecom(seen: Seen) -> Answer:
    if seen.query.get("key") != [WECOM_KEY]:
        return said(errcode=93000, errmsg=f"invalid webhook url, key {seen.query}")
    if len(_text(seen.body).encode()) > 2_048:
        return said(errcode=40058, errmsg="content exceed max length 2048")
    return said(errcode=0, errmsg="ok")


def _dingtalk(seen: Seen) -> Answer:
    if seen.query.get("access_token") != [DINGTALK_TOKEN]:
        return said(errcode=300001, errmsg="token is not exist")
    if KEYWORD not in _text(seen.body):
        return said(errcode=310000, errmsg="keywords not in content")
    [timestamp], [sign] = seen.query.get("timestamp", [""]), seen.query.get("sign", [""])
    secret = DINGTALK_SECRET
    made = hmac.new(secret.encode(), f"{timestamp}\n{secret}".encode(), hashlib.sha256).digest()
    if sign != base64.b64encode(made).decode():
        return said(errcode=310000, errmsg="sign not match")
    if len(seen.content) > 20_000:
        return said(errcode=460101, errmsg="message too long, exceed 20000 bytes")
    return said(errcode=0, errmsg="ok")


def _feishu(seen: Seen) -> Answer:
    if not seen.path.endswith(f"/{FEISHU_TOKEN}"):
        return said(code=19001, msg="param invalid: incoming webhook access token invalid", data={})
    if len(seen.content) > 20_480:
        return said(code=9499, msg="Bad Request", data={})
    return said(StatusCode=0, StatusMessage="success", code=0, data={}, msg="success")


class _Handler(BaseHTTPRequestHandler):
    platform: Platform

    def do_POST(self) -> None:
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        query = parse_qs(parts.query, strict_parsing=bool(parts.query))
        seen = Seen("POST", parts.path, query, dict(self.headers), content)
        answer = self.platform.answer(seen)
        if answer.cut:
            # A reset and no orderly end.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
        elif answer.silent:
            self.platform.closing.wait(30)
        else:
            self._answer(answer)

    do_GET = do_POST  # noqa: N815  # its name

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: what a test sends is not for its output."""


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # closing waits for them

    def shutdown_request(self, request: Any) -> None:
        """Close without the farewell that would hide a cut."""
        self.close_request(request)


@contextmanager
def platform() -> Iterator[Platform]:
    """A server that plays every platform, told apart by path."""
    made = Platform()
    handler = type("Handler", (_Handler,), {"platform": made})
    with _Server(("127.0.0.1", 0), handler) as server:
        made.base = f"http://127.0.0.1:{server.server_address[1]}"
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield made
        finally:
            made.closing.set()
            server.shutdown()
            thread.join()
