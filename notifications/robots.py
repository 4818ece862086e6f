"""Apprise's chat robots and JSON service with our own requests. Import it where it is used.

Apprise reads the address and calls `send`. What `send` posts is ours, because Apprise 1.13.1 takes
any HTTP 200 for success while the platforms refuse with HTTP 200 and a code, sleeps between sends,
and encodes DingTalk's signature twice, which DingTalk does not accept.
"""

from abc import ABC, abstractmethod
from base64 import b64encode
from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from apprise.plugins.custom_json import NotifyJSON
from apprise.plugins.dingtalk import NotifyDingTalk
from apprise.plugins.feishu import NotifyFeishu
from apprise.plugins.wecombot import NotifyWeComBot

from notifications.message import DigestLine, Message, Receipt
from notifications.posting import JsonPoster, JsonPosting
from notifications.replies import HOOK, VENDORS, HttpReply, hook_failure, vendor_failure
from notifications.sending import DeliveryError, Part
from policy.vocabulary import ChannelKind

VERSION = "1"


def payload(message: Message) -> dict[str, Any]:
    """What is pushed to an interface; `id` is the same when a message is pushed again."""
    return {
        "version": VERSION,
        "id": message.id,
        "office": message.recipient,
        "addressee": message.addressee,
        "title": message.title,
        "text": message.text,
        "sent_at": message.sent_at.isoformat(),
        "notices": list(message.notices),
        "receipts": [_receipt(receipt) for receipt in message.receipts],
        "lines": [_line(line) for line in message.lines],
        "attachments": [
            {"name": each.name, "base64": b64encode(each.content).decode()}
            for each in message.attachments
        ],
    }


def _receipt(receipt: Receipt) -> dict[str, Any]:
    subject, rule = receipt.key
    return {
        "subject": subject,
        "rule": rule,
        "outcome": receipt.outcome.value if receipt.outcome else "to_verify",
        "head": receipt.head,
        "details": list(receipt.details),
    }


def _line(line: DigestLine) -> dict[str, Any]:
    return {
        "subject": line.subject,
        "subject_kind": line.subject_kind.value,
        "name": line.name,
        "place": line.place,
        "rule": line.rule,
        "kind": line.kind.value,
        "title": line.title,
        "notice_number": line.notice_number,
        "clause": line.clause,
        "words": line.words,
        "origin": line.origin.value,
        "due": line.due.isoformat(),
        "remind_by": line.remind_by.isoformat(),
        "overdue_after": line.overdue_after.isoformat(),
        "responsible": line.responsible,
        "person": line.person,
        "phone": line.phone,
        "to_do": line.to_do,
        "missing": list(line.missing),
        "note": line.note,
    }


class OwnService(ABC):
    """What our services share: one part at a time, and the reason when it was not accepted."""

    kind: ClassVar[ChannelKind]
    options: ClassVar[frozenset[str]]
    """What an address may ask for; anything else is refused, for it would be passed over."""
    parts_used: ClassVar[frozenset[str]] = frozenset()
    """Which of user, password, port and path an address may have."""
    poster: JsonPoster
    api: str | None = None
    """The base of the platform's addresses, where it is not the public one."""
    part: Part | None = None
    failure: DeliveryError | None = None
    name: ClassVar[str]
    verify_certificate: bool

    def send(self, body: str, title: str = "", **kwargs: Any) -> bool:
        """Post the part; True when the target accepted it."""
        if self.part is None:
            return False
        reply = self.poster.post(self.name, self.request(self.part))
        self.failure = reply if isinstance(reply, DeliveryError) else self.judged(reply)
        return self.failure is None

    @abstractmethod
    def request(self, part: Part) -> JsonPosting:
        """What is posted."""

    def judged(self, reply: HttpReply) -> DeliveryError | None:
        """Why the target did not accept; None when it did."""
        return vendor_failure(VENDORS[self.kind], reply)

    def target(self) -> str:
        """What tells one robot from another: its address, with its token; empty for no robot."""
        return ""

    def at(self, path: str) -> str:
        """The address of a path of the platform."""
        public = urlsplit(str(getattr(self, "notify_url", "")))
        return f"{self.api or f'{public.scheme}://{public.netloc}'}{path}"


class WeComBot(OwnService, NotifyWeComBot):  # type: ignore[misc, no-untyped-call]  # Apprise is half typed
    """A robot in a WeCom group."""

    kind, name = ChannelKind.WECOM, "企业微信"
    options = frozenset({"api", "verify"})

    def request(self, part: Part) -> JsonPosting:
        """A text message."""
        body = {"msgtype": "text", "text": {"content": part.text}}
        url, key = self.at("/cgi-bin/webhook/send"), {"key": str(self.key)}
        return JsonPosting(url, body, key, verify=self.verify_certificate)

    def target(self) -> str:
        """The robot of that key."""
        return self.at(f"/{self.key}")


class DingTalkBot(OwnService, NotifyDingTalk):  # type: ignore[misc, no-untyped-call]
    """A robot in a DingTalk group."""

    kind, name = ChannelKind.DINGTALK, "钉钉"
    options = frozenset({"api", "verify"})
    parts_used = frozenset({"user"})

    def request(self, part: Part) -> JsonPosting:
        """A text message, signed where the address has a secret."""
        body = {"msgtype": "text", "text": {"content": part.text}}
        params = {"access_token": str(self.token)} | self._signature()
        return JsonPosting(self.at("/robot/send"), body, params, verify=self.verify_certificate)

    def target(self) -> str:
        """The robot of that token."""
        return self.at(f"/{self.token}")

    def _signature(self) -> dict[str, str]:
        if not self.secret:
            return {}
        timestamp, sign = self.get_signature()  # type: ignore[no-untyped-call]
        # Encoded already; the request would encode it once more.
        return {"timestamp": str(timestamp), "sign": unquote(str(sign))}


class FeishuBot(OwnService, NotifyFeishu):  # type: ignore[misc, no-untyped-call]
    """A robot in a Feishu group."""

    kind, name = ChannelKind.FEISHU, "飞书"
    options = frozenset({"api", "verify"})

    def request(self, part: Part) -> JsonPosting:
        """A text message."""
        body = {"msg_type": "text", "content": {"text": part.text}}
        url = self.at(f"/open-apis/bot/v2/hook/{self.token}")
        return JsonPosting(url, body, verify=self.verify_certificate)

    def target(self) -> str:
        """The robot of that token."""
        return self.at(f"/{self.token}")


class JsonHook(OwnService, NotifyJSON):  # type: ignore[misc, no-untyped-call]
    """Another system that takes JSON."""

    kind, name = ChannelKind.WEBHOOK, HOOK
    options = frozenset({"verify", "user", "pass", "password"})
    parts_used = frozenset({"user", "password", "port", "fullpath"})

    def request(self, part: Part) -> JsonPosting:
        """The message as data."""
        port = f":{self.port}" if self.port else ""
        return JsonPosting(
            url=f"{'https' if self.secure else 'http'}://{self.host}{port}{self.fullpath or '/'}",
            body=payload(part.message),
            headers=self.headers,
            auth=(str(self.user), str(self.password or "")) if self.user else None,
            verify=self.verify_certificate,
        )

    def judged(self, reply: HttpReply) -> DeliveryError | None:
        """Any status of success is enough."""
        return hook_failure(reply)


ROBOTS: Mapping[ChannelKind, type[OwnService]] = {
    each.kind: each for each in (WeComBot, DingTalkBot, FeishuBot, JsonHook)
}
