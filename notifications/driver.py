"""Apprise, kept quiet. Import it where it is used: Apprise takes 0.2 s and more.

Apprise reads the addresses and drives the sends; what is sent and what counts as accepted is ours.
"""

import logging
from typing import Any

from apprise import Apprise, AppriseAsset

from common.words import PRODUCT
from notifications.sending import DeliveryError

HTTPCORE = ("connection", "http11", "http2", "proxy", "socks")
TALKATIVE = ("apprise", "httpx", "httpcore", *(f"httpcore.{part}" for part in HTTPCORE))
"""Loggers that are told addresses with passwords, keys and tokens.

Nothing that they would log is not also in the reason that a refusal gives.
"""
for _name in TALKATIVE:
    logging.getLogger(_name).addFilter(lambda _: False)

BAD_ADDRESS = "通知地址有误，请核对格式、收件人和选项"
NOT_TRIED = "消息未被发送程序接受"


def asset() -> AppriseAsset:
    """What Apprise is told of us."""
    return AppriseAsset(app_id=PRODUCT)


def drive(plugin: Any, body: str, title: str, body_format: str) -> None:
    """Have Apprise send through one plugin, whose `failure` tells what came of it.

    DeliveryError unless the plugin was asked, and accepted. It is raised outside every handler: no
    exception with a secret hangs on it as its context.
    """
    plugin.failure = DeliveryError(NOT_TRIED, unknown=True)
    service = Apprise()
    service.add(plugin)
    # Anything but True is a failure: None is what Apprise answers when it has sent nothing.
    accepted = service.notify(body=body, title=title, body_format=body_format) is True
    if plugin.failure is not None:
        raise plugin.failure
    if not accepted:
        raise DeliveryError(NOT_TRIED, unknown=True)
