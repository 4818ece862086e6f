"""Posts over HTTP, telling what certainly did not arrive from what may have.

A target is given one time for all that it does, and no more is read of an answer than can matter.
"""

import json
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from notifications.cutoff import Cutoff
from notifications.replies import HttpReply
from notifications.sending import UNASKED, DeliveryError, Tls, distrusted

MOST_READ = 65_536  # bytes of an answer; what platforms say takes some hundred

NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
# What else fails before a request goes out. An illegal address or header is found here, too.
NOT_SENT = (
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    ValueError,
)
UNREACHED = "unreached"
"""The code of a target that nobody can connect to."""


@dataclass(frozen=True, slots=True)
class JsonPosting:
    """What is posted, and to whom; nothing of it may be shown."""

    url: str = field(repr=False)
    body: object = field(repr=False)
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    auth: tuple[str, str] | None = field(default=None, repr=False)
    verify: bool = True


class JsonPoster:
    """Posts JSON, one connection a request, within a ``with``."""

    def __init__(self, tls: Tls, timeout: float) -> None:
        self._tls = tls
        self._timeout = timeout
        self._clients: dict[bool, httpx.Client] = {}
        self._down: set[tuple[str, str, int | None]] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def post(self, name: str, request: JsonPosting) -> HttpReply | DeliveryError:
        """The answer, or why there is none; `name` stands for the target in the reason.

        A target that could not be reached, or has not answered in time, is not asked again.
        """
        try:
            url = httpx.URL(request.url)
        except (httpx.InvalidURL, ValueError):
            return _unreached(name)
        target = (url.scheme, url.host, url.port)
        if target in self._down:
            return DeliveryError(f"{name}{UNASKED}", unasked=True)
        with Cutoff(self._timeout) as cutoff:
            found = self._asked(name, request, cutoff)
            late = cutoff.passed
        if late or (isinstance(found, DeliveryError) and found.code == UNREACHED):
            self._down.add(target)
        if late and isinstance(found, DeliveryError) and found.unknown:
            return _silent(name)  # what is cut off looks like a connection that broke
        return found

    def _asked(self, name: str, request: JsonPosting, cutoff: Cutoff) -> HttpReply | DeliveryError:
        try:
            return self._answer(request, cutoff)
        except NOT_CONNECTED as error:
            reason = distrusted(name, error)
            return DeliveryError(reason) if reason else _unreached(name, UNREACHED)
        except NOT_SENT:
            return _unreached(name)
        except httpx.TimeoutException:
            return _silent(name)
        except httpx.RequestError:
            return DeliveryError(f"与{name}的连接中断，消息可能已送达", unknown=True)

    def _answer(self, request: JsonPosting, cutoff: Cutoff) -> HttpReply:
        def watch(event: str, info: dict[str, Any]) -> None:
            if event.endswith("connect_tcp.complete"):
                cutoff.watch(info["return_value"].get_extra_info("socket"))

        with self._client(request.verify).stream(
            "POST",
            request.url,
            content=json.dumps(request.body, ensure_ascii=False).encode(),
            params=request.params or None,
            headers={
                "Content-Type": "application/json; charset=utf-8",
                "Accept-Encoding": "identity",  # a small answer may unpack to a huge one
                **request.headers,
            },
            auth=request.auth or httpx.USE_CLIENT_DEFAULT,
            extensions={"trace": watch},
        ) as answer:
            retry_after = answer.headers.get("Retry-After", "")
            return HttpReply(answer.status_code, _beginning(answer), retry_after)

    def _client(self, verify: bool) -> httpx.Client:
        if verify not in self._clients:
            client = httpx.Client(
                verify=self._tls.context(verify),
                timeout=self._timeout,
                # A kept connection that the target has just closed would leave us not knowing.
                limits=httpx.Limits(max_keepalive_connections=0),
                # A redirect would carry a key to where nobody has configured it.
                follow_redirects=False,
            )
            self._clients[verify] = self._stack.enter_context(client)
        return self._clients[verify]


def _beginning(answer: httpx.Response) -> bytes:
    """As much of the body as is read, or as came in time: the status has told what counts most."""
    read = b""
    with suppress(httpx.RequestError):
        for chunk in answer.iter_raw():
            read += chunk
            if len(read) >= MOST_READ:
                break
    return read[:MOST_READ]


def _unreached(name: str, code: str = "") -> DeliveryError:
    return DeliveryError(f"无法连接{name}，请检查网络、地址和证书", code=code)


def _silent(name: str) -> DeliveryError:
    return DeliveryError(f"{name}没有答复，消息可能已送达", unknown=True)
