"""Passes what happened on to Prefect as events: each once, and none is lost."""

from collections.abc import Sequence
from time import sleep
from typing import Any

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client

from common.errors import UnavailableError
from operations.cases.desk import Desk
from operations.daily import announcing
from operations.daily.announcing import Announcement

BATCH = 200  # events at a time: Prefect stores the last of each after a second of rest
PAGE = 50  # events that Prefect lists at once
LOOKS, PAUSE = 300, 0.2  # how often, and seconds in between, one looks whether it has stored them
TROUBLE = "Prefect 服务暂不可用，事件未能发出，已留待下次，请稍后重试"


def emit_events(desk: Desk) -> int:
    """Emit what has not been emitted yet, in its order; how many there were.

    An event counts as emitted when Prefect has stored it: what it accepts is lost when it stops
    before that. Whatever is sent again is one event by its id. UnavailableError, with nothing of
    the batch marked, when Prefect cannot be reached, fails, or does not store what it accepts.
    """
    count, batch = 0, announcing.pending(desk, BATCH)
    if not batch:
        return 0
    try:
        with get_client(sync_client=True) as client:
            while batch:
                _emit(client, batch)
                announcing.mark(desk, batch)
                count, batch = count + len(batch), announcing.pending(desk, BATCH)
    except httpx.HTTPStatusError as error:
        if not error.response.is_server_error:
            raise
        raise UnavailableError(TROUBLE) from error
    except httpx.TransportError as error:
        raise UnavailableError(TROUBLE) from error
    return count


def _emit(client: SyncPrefectClient, batch: Sequence[Announcement]) -> None:
    """Send what Prefect does not have yet, and wait until it has stored it."""
    missing = _missing(client, batch)
    if missing:
        client.request("POST", "/events", json=[_body(event) for event in missing])
    for _ in range(LOOKS):
        if not missing:
            return
        sleep(PAUSE)
        missing = _missing(client, missing)
    if missing:
        raise UnavailableError(TROUBLE)


def _missing(client: SyncPrefectClient, events: Sequence[Announcement]) -> list[Announcement]:
    """Those that Prefect has not stored, in order."""
    stored = {
        item["id"]
        for start in range(0, len(events), PAGE)
        for item in _stored(client, events[start : start + PAGE])
    }
    return [event for event in events if str(event.id) not in stored]


def _stored(client: SyncPrefectClient, events: Sequence[Announcement]) -> list[dict[str, Any]]:
    instants = [event.occurred for event in events]
    # Without a range only those of the last half year are looked through.
    among = {
        "id": {"id": [str(event.id) for event in events]},
        "occurred": {"since": min(instants).isoformat(), "until": max(instants).isoformat()},
    }
    answer = client.request("POST", "/events/filter", json={"filter": among, "limit": PAGE})
    found: list[dict[str, Any]] = answer.json()["events"]
    return found


def _body(event: Announcement) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "event": event.name,
        "occurred": event.occurred.isoformat(),
        "resource": event.resource,
        "related": event.related,
        "payload": event.payload,
    }
