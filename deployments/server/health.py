"""/health and /metrics: what the watch sees, for machines. On loopback, for reading only.

Neither names a person, quotes an error or holds a secret: kinds of trouble, plans, times, counts.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import BoundedSemaphore, Lock, Thread
from time import monotonic
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily

from common.clock import now
from common.files import reason
from deployments.commands.console import complain
from deployments.server.asking import server_status
from models.settings import Settings
from operations.upkeep.surveying import WatchReport
from operations.upkeep.watching import standing
from states.watch import KINDS, WatchFault

HOST = "127.0.0.1"
NAMES = ("127.0.0.1", "localhost")
"""How it may be called: a page whose name leads here gets nothing."""
FRESH_SECONDS, STALE_SECONDS = 60, 600
"""A look is good for so long, and while the next one does not end for so long."""
WAIT_SECONDS = 15
"""An answer waits so long for a look."""
STEP_SECONDS = 10
MOST = 8
"""Answers at the same time."""

Standing = tuple[WatchReport, tuple[WatchFault, ...]]


class SharedLook:
    """The newest look at how things stand; looks only when somebody asks, and once at a time."""

    def __init__(self, look: Callable[[], Standing]) -> None:
        self._look = look
        self._lock = Lock()
        self._seen: tuple[float, Standing] | None = None
        self._at_work: Thread | None = None

    def get(self) -> Standing | None:
        """How things stand; None while nobody can tell."""
        with self._lock:
            idle = self._at_work is None or not self._at_work.is_alive()
            if idle and not self._is_younger(FRESH_SECONDS):
                self._at_work = Thread(target=self._see, daemon=True)
                self._at_work.start()
            at_work = self._at_work
        if at_work is not None:
            at_work.join(WAIT_SECONDS)
        return self._seen[1] if self._seen and self._is_younger(STALE_SECONDS) else None

    def _is_younger(self, seconds: float) -> bool:
        return self._seen is not None and monotonic() - self._seen[0] < seconds

    def _see(self) -> None:
        found = self._look()
        self._seen = monotonic(), found


@contextmanager
def serving_health(settings: Settings) -> Iterator[None]:
    """Answer within, in threads of their own; where the port is taken, that is said and no more."""
    port = settings.port + 1 if settings.health_port is None else settings.health_port
    server = _server(settings, port) if 0 < port <= 65535 else None
    if server is None:
        yield
        return
    with server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield
        finally:
            server.shutdown()


def _server(settings: Settings, port: int) -> "_HealthServer | None":
    def look() -> Standing:
        at = now()
        return standing(settings, at, server_status(settings, at, tries=1))

    try:
        return _HealthServer((HOST, port), SharedLook(look))
    except OSError as error:
        complain(
            f"健康检查端口 {port} 不可用（{reason(error)}），不提供 /health 和 /metrics；"
            "可用 XINGFU_HEALTH_PORT 另设端口"
        )
        return None


class _HealthServer(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], seen: SharedLook) -> None:
        super().__init__(address, _Handler)
        self.seen = seen
        self._room = BoundedSemaphore(MOST)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(
        self, request: socket | tuple[bytes, socket], client_address: Any
    ) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: object, client_address: object) -> None:
        """Who went away before the answer is no trouble."""


class _Handler(BaseHTTPRequestHandler):
    server: _HealthServer
    timeout = STEP_SECONDS
    server_version, sys_version = "xingfu", ""

    def do_GET(self) -> None:
        """The one method that there is."""
        if (self.headers.get("Host") or "").rpartition(":")[0] not in NAMES:
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path not in ("/health", "/metrics"):
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self.path == "/health":
            status, said = health(self.server.seen.get())
            self._answer(status, "application/json; charset=utf-8", said)
        else:
            self._answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, metrics(self.server.seen.get()))

    def _answer(self, status: HTTPStatus, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nobody reads it."""


def health(seen: Standing | None) -> tuple[HTTPStatus, bytes]:
    """200 when all is well, and else 503; with each finding, and since when."""
    faults = seen[1] if seen else ()
    said = {
        "status": "unknown" if seen is None else "trouble" if faults else "well",
        "faults": [
            {
                "kind": fault.kind,
                "label": KINDS[fault.kind].label,
                "of": fault.of,
                "since": fault.since.isoformat() if fault.since else None,
                "advice": KINDS[fault.kind].advice,
            }
            for fault in faults
        ],
    }
    well = seen is not None and not faults
    content = json.dumps(said, ensure_ascii=False, indent=1).encode()
    return HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE, content + b"\n"


def metrics(seen: Standing | None) -> bytes:
    """The same, and what it was judged by, in Prometheus' words."""
    registry = CollectorRegistry()
    registry.register(_Figures(seen))
    return generate_latest(registry)


class _Figures:
    """What Prometheus collects."""

    def __init__(self, seen: Standing | None) -> None:
        self._seen = seen

    def describe(self) -> tuple[()]:
        """Nothing is asked when it is registered."""
        return ()

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily("xingfu_watch_up", "1: somebody could look at how things stand.")
        up.add_metric([], self._seen is not None)
        yield up
        if self._seen is None:
            return
        report, faults = self._seen
        yield from _of_faults(faults)
        yield from _of_works(report)
        if report.backup_at is not None:
            yield _figure(
                "xingfu_backup_timestamp_seconds",
                "When the newest backup was made.",
                report.backup_at.timestamp(),
            )
        if report.free_mb is not None:
            yield _figure(
                "xingfu_disk_free_bytes",
                "Room on the disk of the state folder.",
                report.free_mb * 1e6,
            )


def _figure(name: str, help: str, value: float) -> GaugeMetricFamily:
    found = GaugeMetricFamily(name, help)
    found.add_metric([], value)
    return found


def _of_faults(faults: tuple[WatchFault, ...]) -> Iterator[GaugeMetricFamily]:
    count = GaugeMetricFamily(
        "xingfu_faults", "Findings of the watch, by kind; 0: none.", labels=["kind"]
    )
    for kind in KINDS:
        count.add_metric([kind], sum(fault.kind == kind for fault in faults))
    yield count
    since = GaugeMetricFamily(
        "xingfu_fault_since_timestamp_seconds",
        "Since when a finding holds.",
        labels=["kind", "of"],
    )
    for fault in faults:
        if fault.since:
            since.add_metric([fault.kind, fault.of], fault.since.timestamp())
    yield since


def _of_works(report: WatchReport) -> Iterator[GaugeMetricFamily]:
    told = {
        "xingfu_finished_timestamp_seconds": ("When a day was finished last.", "finished_at"),
        "xingfu_inbox_timestamp_seconds": ("When the inbox was read last.", "inbox_at"),
        "xingfu_waiting_since_timestamp_seconds": (
            "When the oldest message that waits was decided.",
            "waiting_since",
        ),
        "xingfu_messages_waiting": ("Messages that could go out.", "waiting"),
        "xingfu_messages_dead": ("Messages that are not tried any more.", "dead"),
        "xingfu_messages_ahead": ("Messages that are held back.", "ahead"),
    }
    for name, (help, column) in told.items():
        found = GaugeMetricFamily(name, help, labels=["plan"])
        for work in report.works:
            value = getattr(work, column)
            if value is not None:
                found.add_metric(
                    [work.plan], value if isinstance(value, int) else value.timestamp()
                )
        yield found
