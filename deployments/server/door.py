"""Who may speak to the Prefect server: not pages of other addresses, and guessers slowly.

A browser that shows our UI also shows other pages, and lets each of them send requests to this
machine. What they cannot do is hide where they come from. Prefect asks for its CSRF tokens besides;
but not on websockets, and whoever makes a name of theirs lead to this machine could fetch one.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, MutableMapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

PAUSE, LONGEST = 1.0, 60
"""Seconds in which one refused password of an address is answered, and for how many one waits."""
MOST_WAITING = 5
"""Refused passwords of one address that wait; with more, nothing of it is looked at."""
REFUSED, MISDIRECTED, TOO_MANY = 403, 421, 429
UNAUTHORIZED, VIOLATION = 401, 1008
STRANGE = (
    "不能以“{host}”访问本服务。请用本机的 IP 地址，或在 XINGFU_SITE 中写明这个域名后重新启动。"
)
FOREIGN = "来自其他网页的请求，未予受理。请在本系统的界面中办理。"
OFTEN = "密码错误次数过多，请稍后再试。"


def guarded(app: App, site: Collection[str]) -> App:
    """`app` behind the door; `site` are the names under which it is opened besides addresses.

    Refused is what names another host (a name that somebody else has made lead here), and what a
    page of another origin sends, unless a person follows a link. Refused passwords of an address
    are answered one a second; while several wait, nothing else of it is looked at, our own
    machine's excepted. Our pages are shown in no frame.
    """
    waiting: Counter[str] = Counter()

    async def door(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        headers, peer = _headers(scope["headers"]), (scope.get("client") or [""])[0]
        host = headers.get("host", "")
        asks = scope["type"] == "websocket" or "authorization" in headers
        if not is_known(host, site):
            await _refuse(scope, receive, send, MISDIRECTED, STRANGE.format(host=host[:100]))
        elif is_foreign(scope.get("method", ""), headers, site):
            await _refuse(scope, receive, send, REFUSED, FOREIGN)
        elif asks and waiting[peer] >= MOST_WAITING and not is_here(peer):
            await _refuse(scope, receive, send, TOO_MANY, OFTEN)
        else:
            await app(scope, receive, _slowly(send, waiting, peer) if asks else _unframed(send))

    return door


def is_known(host: str, site: Collection[str]) -> bool:
    """Whether a Host header names this server, and not a name of somebody's that leads here.

    An address does; and a name without a dot, which nobody can own outside of this network.
    """
    name = host_name(host)
    return bool(name) and (_is_address(name) or "." not in name or name in site)


def is_foreign(method: str, headers: Mapping[str, str], site: Collection[str]) -> bool:
    """Whether a page of another origin sends this, and not a person by following a link.

    Browsers say so; what says nothing of the kind is no browser, or asks for nothing that counts.
    """
    sender = headers.get("sec-fetch-site")
    if sender in ("same-origin", "none"):
        return False
    if sender is not None:
        followed = (headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest"))
        return not (method == "GET" and followed == ("navigate", "document"))
    origin = headers.get("origin")
    if origin is None:
        return False
    place = urlsplit(origin).netloc
    return place != headers.get("host") and (host_name(place) or "-") not in site


def is_here(peer: str) -> bool:
    """Whether an address is this machine's own."""
    return _is_address(peer) and ip_address(peer).is_loopback


def host_name(host: str) -> str:
    """The name or address of ``name:port``, lowercase; empty when there is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By their names in lowercase; what comes twice is nothing that we know."""
    found: dict[str, str] = {}
    for key, value in raw:
        name = key.decode("latin-1").lower()
        found[name] = value.decode("latin-1") if name not in found else ""
    return found


def _unframed(send: Send) -> Send:
    async def sent(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), (b"x-frame-options", b"DENY")]
        await send(message)

    return sent


def _slowly(send: Send, waiting: Counter[str], peer: str) -> Send:
    """Lets the answer wait when it says that the password is wrong."""
    send = _unframed(send)

    async def sent(message: MutableMapping[str, Any]) -> None:
        if _refuses(message):
            waiting[peer] += 1
            try:
                await asyncio.sleep(PAUSE * min(waiting[peer], LONGEST))
            finally:
                waiting[peer] -= 1
                if not waiting[peer]:
                    del waiting[peer]
        await send(message)

    return sent


def _refuses(message: Mapping[str, Any]) -> bool:
    status = (message.get("status"), message.get("code"))
    return (message["type"], *status) in (
        ("http.response.start", UNAUTHORIZED, None),
        ("websocket.close", None, VIOLATION),
    )


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, words: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": VIOLATION})
        return
    body = words.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"cache-control", b"no-store")]
    more = [(b"content-length", str(len(body)).encode())]
    if status == TOO_MANY:
        more.append((b"retry-after", str(int(PAUSE)).encode()))
    start = {"type": "http.response.start", "status": status, "headers": headers + more}
    await send(start)
    await send({"type": "http.response.body", "body": body})
