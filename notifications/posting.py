"""Posts over HTTP, telling what certainly did not arrive from what may have."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import httpx

from notifications.replies import HttpReply
from notifications.sending import DeliveryError, Tls

# What fails before a request goes out. An illegal address or header is found here, too.
NOT_SENT = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
    ValueError,
)


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
        """The answer, or why there is none; `name` stands for the target in the reason."""
        try:
            answer = self._client(request.verify).post(
                request.url,
                content=json.dumps(request.body, ensure_ascii=False).encode(),
                params=request.params or None,
                headers={"Content-Type": "application/json; charset=utf-8", **request.headers},
                auth=request.auth or httpx.USE_CLIENT_DEFAULT,
            )
        except NOT_SENT:
            return DeliveryError(f"无法连接{name}，请检查网络、地址和证书")
        except httpx.TimeoutException:
            return DeliveryError(f"{name}没有答复，消息可能已送达", unknown=True)
        except httpx.RequestError:
            return DeliveryError(f"与{name}的连接中断，消息可能已送达", unknown=True)
        return HttpReply(answer.status_code, answer.content, answer.headers.get("Retry-After", ""))

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
