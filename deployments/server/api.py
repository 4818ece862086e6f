"""Prefect's server behind the door, as a process: ``python -P -m deployments.server.api``.

With ``--no-services`` the API and UI alone, as one of several; with ``--bound`` it ends when its
standard input does, which is when whoever started it is gone, however that came about. Where it
listens, and the password, are Prefect's own settings; the names of ``XINGFU_SITE`` are ours. Whose
request a proxy passes on is believed from this machine, and from ``FORWARDED_ALLOW_IPS``.
"""

import os
import sys
from threading import Thread

import uvicorn

from common.errors import RefusedError
from deployments.server.door import guarded
from deployments.server.password import require_guard
from deployments.server.speaking import speaking
from models.settings import load_settings

BOUND, NO_SERVICES = "--bound", "--no-services"


def main() -> None:
    """Serve until SIGTERM or SIGINT, or until the end that was asked for.

    Refuses to when others could reach it and no good password guards it.
    """
    if BOUND in sys.argv:
        Thread(target=_end_with_parent, daemon=True).start()
    from prefect.settings import PREFECT_API_DATABASE_CONNECTION_URL, get_current_settings

    server, settings = get_current_settings().server, load_settings()
    try:
        require_guard(settings.model_copy(update={"host": server.api.host}))
    except RefusedError as refusal:
        sys.exit(str(refusal))
    from prefect.server.api.server import create_app

    from deployments.server.entrance import add_entrance
    from deployments.server.tokens import keep_tokens
    from deployments.server.turns import take_turns

    take_turns(PREFECT_API_DATABASE_CONNECTION_URL.value())
    app = create_app(final=True, webserver_only=NO_SERVICES in sys.argv)
    keep_tokens(app.api_app)  # type: ignore[attr-defined]  # where Prefect keeps it
    add_entrance(app)
    uvicorn.run(
        guarded(speaking(app), settings.sites),
        host=server.api.host,
        port=server.api.port,
        timeout_keep_alive=server.api.keepalive_timeout,
        ws_ping_interval=server.api.websocket_ping_interval,
        ws_ping_timeout=server.api.websocket_ping_timeout,
        log_level=server.logging_level.lower(),
    )


def _end_with_parent() -> None:
    """At once: nobody is left who would wait for an orderly end, and the port must be free."""
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    main()
