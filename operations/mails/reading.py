"""Mails are read in a process of their own, so that none of them can stop the rest."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Timer

from documents.reading.mails import worker
from documents.reading.mails.worker import READING, MailReading

TRIES = 2
"""For a mail that ends the process: the first time something else may have ended it."""
STARTING = 30.0
"""Seconds that the process may take to come up, besides."""
TOO_MUCH = "读取该邮件所需的时间或内存超过限度"


@dataclass(frozen=True, slots=True)
class MailLimits:
    """What reading one mail may take."""

    seconds: int = 10
    """Of CPU; three times as many by the clock."""
    megabytes: int = 1_000
    """Of address space, all that the program itself needs included."""


LIMITS = MailLimits()


@dataclass(slots=True)
class MailReader:
    """Reads many mails in one process, and starts another when that has ended."""

    server: str
    """The name by which the office's mail server vouches for senders; empty: it does not."""
    limits: MailLimits = LIMITS
    _child: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)

    def read(self, raw: bytes) -> MailReading:
        """What a mail says, or why it cannot be read."""
        for _ in range(TRIES):
            if (found := self._ask(raw)) is not None:
                return found
        return MailReading(fault=TOO_MUCH)

    def close(self) -> None:
        """End the process."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # what was not written yet is of no use any more
                if pipe is not None:
                    pipe.close()
        child.wait()

    def _ask(self, raw: bytes) -> MailReading | None:
        child = self._child = self._child or self._started()
        # Whatever it is about when its time is over, the process ends and the pipe with it.
        alarm = Timer(STARTING + 3 * self.limits.seconds, child.kill)
        alarm.start()
        try:
            assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018  # pipes
            worker.give(child.stdin, raw)
            if (answer := worker.take(child.stdout)) is not None:
                return READING.validate_json(answer)
        except (OSError, ValueError):
            pass
        finally:
            alarm.cancel()
        self.close()
        return None

    def _started(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603  # our own program
            # -P: what lies in the working directory is not for importing.
            [sys.executable, "-P", "-m", worker.__name__, *self._arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
        )

    def _arguments(self) -> tuple[str, str, str]:
        return self.server, str(self.limits.seconds), str(self.limits.megabytes)


@contextmanager
def mail_reader(server: str, limits: MailLimits = LIMITS) -> Iterator[MailReader]:
    """A reader; its process is started with the first mail and ended at the end."""
    reader = MailReader(server, limits)
    try:
        yield reader
    finally:
        reader.close()
