"""An end for every wait: a peer may keep a connection alive byte by byte, but not for ever."""

import socket
from contextlib import suppress
from threading import Lock, Timer
from types import TracebackType
from typing import Self


class Cutoff:
    """Within a ``with``: cuts what it watches off when so many seconds are over.

    Timeouts of sockets hold for one step each, and a peer that drips takes as many as it likes.
    """

    def __init__(self, seconds: float) -> None:
        self._lock = Lock()
        self._watched: list[socket.socket] = []
        self._timer = Timer(seconds, self._cut)
        self._timer.daemon = True
        self.passed = False
        """Whether the time is up."""

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._timer.cancel()
        with self._lock:
            while self._watched:
                self._watched.pop().close()

    def watch(self, connection: socket.socket) -> None:
        """Cut this connection off, too; at once when the time is up."""
        # A handle of our own: TLS takes the socket over from whoever has opened it.
        watched = socket.fromfd(connection.fileno(), connection.family, connection.type)
        with self._lock:
            self._watched.append(watched)
            if self.passed:
                _shut(watched)

    def _cut(self) -> None:
        with self._lock:
            self.passed = True
            for watched in self._watched:
                _shut(watched)


def _shut(watched: socket.socket) -> None:
    with suppress(OSError):  # it is closed already
        watched.shutdown(socket.SHUT_RDWR)
