"""What Prefect's server says of a form that does not fit, in Chinese.

Prefect checks what is filled in by the form's schema, which has no place for words of our own; so
they are put into its answers on their way out, as the command line does with typer's.
"""

import json
import re
from collections.abc import Mapping, MutableMapping
from typing import Any

from deployments.server.door import App, Receive, Scope, Send

MADE = "create_flow_run"
ASKED = re.compile(rf"/(ui/schemas/validate|{MADE}|resume)$")
"""Where a form is checked: while it is filled in, when it is handed in, and at a decision."""
SENTENCES: Mapping[str, str] = {
    r"'.+' is a required property": "请填写本项",
    r"(''|\[\]) should be non-empty": "请填写本项",
    r".* is too short": "内容过短，请填写完整",
    r".* is too long": "内容过长，请精简",
    r"(None|'') is not (one of|of type) .*": "请填写本项",
    r".* is not one of \[.*\]": "不在可选范围内，请从列表中选择",
    r".* is not of type 'integer'": "应为整数，如 12",
    r".* is not of type 'number'": "应为数字，如 12.5",
    r".* is not of type 'boolean'": "应为是或否",
    r".* is not of type '\w+'": "填写的内容无法识别，请重新填写",
    r".* is not valid under any of the given schemas": "填写的内容无法识别，请重新填写",
    r".* is not a 'date'": "不是日期，请从日历中选择，或写作 2023-06-01",
    r".* is less than the minimum of (.*)": r"应不小于 \1",
    r".* is greater than the maximum of (.*)": r"应不大于 \1",
    r"Additional properties are not allowed \(.*\)": "含有表单以外的内容，请重新打开表单填写",
}
"""What it says, and what staff read instead."""
WHOLE = re.compile(r"(?s).*?Validation failed(?: for field .*?)?\. Failure reason: (.*)")
REFUSED = "表单未能提交：{}"
NAMES = frozenset({"property", "status"})
"""What of an answer is for the machine."""
LENGTH = b"content-length"
ERROR = 400


def speaking(app: App) -> App:
    """`app`, whose answers to forms are in Chinese."""

    async def heard(scope: Scope, receive: Receive, send: Send) -> None:
        asked = scope["type"] == "http" and scope["method"] == "POST"
        if asked and (what := ASKED.search(scope["path"])):
            send = _Translated(send, only_errors=what[1] == MADE)
        await app(scope, receive, send)

    return heard


class _Translated:
    """Sends an answer when it is whole, in Chinese."""

    def __init__(self, send: Send, *, only_errors: bool) -> None:
        self._send = send
        self._only_errors = only_errors
        self._start: MutableMapping[str, Any] = {}
        self._body = b""

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        self._body += message.get("body", b"")
        if message.get("more_body"):
            return
        is_theirs = self._only_errors and self._start["status"] < ERROR
        body = self._body if is_theirs else translated(self._body)
        headers = [(name, value) for name, value in self._start["headers"] if name != LENGTH]
        headers.append((LENGTH, str(len(body)).encode()))
        await self._send({**self._start, "headers": headers})
        await self._send({**message, "body": body})


def translated(body: bytes) -> bytes:
    """An answer in JSON, every text of it as `in_chinese`; anything else as it is."""
    try:
        told = json.loads(body)
    except ValueError:
        return body
    return json.dumps(_translated(told), ensure_ascii=False).encode()


def _translated(told: Any) -> Any:
    if isinstance(told, str):
        return in_chinese(told)
    if isinstance(told, list):
        return [_translated(each) for each in told]
    if isinstance(told, dict):
        return {
            name: value if name in NAMES else _translated(value) for name, value in told.items()
        }
    return told


def in_chinese(told: str) -> str:
    """What is said of a field, or of the form of which one does not fit; anything else as it is."""
    if whole := WHOLE.fullmatch(told):
        return REFUSED.format(in_chinese(whole[1]))
    for english, chinese in SENTENCES.items():
        if found := re.fullmatch(english, told, re.DOTALL):
            return found.expand(chinese)
    return told
