"""Reads mails in a process of its own: ``python -P -m documents.reading.mails.worker SERVER``.

A mail comes on standard input as its length in eight bytes and itself, and goes back likewise as
JSON: what it says, or why it cannot be read. One that takes too long or too much memory ends the
process, and nothing else; whoever has sent it starts another.
"""

import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import IO

from pydantic import ConfigDict, TypeAdapter

from documents.reading.mails.mail import IncomingMail, MailError, read_mail

LENGTH = 8
CONFIG = ConfigDict(ser_json_bytes="base64", val_json_bytes="base64")


@dataclass(frozen=True, slots=True)
class MailReading:
    """What came of reading a mail: the mail, or why it cannot be read."""

    __pydantic_config__ = CONFIG
    mail: IncomingMail | None = None
    fault: str = ""


READING = TypeAdapter(MailReading)


def reading_of(raw: bytes, server: str) -> MailReading:
    """The mail, or why it cannot be read; everything that a parser may raise is such a reason."""
    try:
        return MailReading(read_mail(raw, server))
    except MailError as error:
        return MailReading(fault=str(error))
    except (MemoryError, RecursionError):
        return MailReading(fault="邮件的结构过于复杂")
    except Exception as error:  # a stranger's bytes: no list names what parsers raise
        return MailReading(fault=f"邮件格式有误（{type(error).__name__}）")


def take(source: IO[bytes]) -> bytes | None:
    """What comes next, whole; None at the end, or where it is cut short."""
    head = source.read(LENGTH)
    if len(head) < LENGTH:
        return None
    size = int.from_bytes(head, "big")
    content = source.read(size)
    return content if len(content) == size else None


def give(target: IO[bytes], content: bytes) -> None:
    """Pass something on."""
    target.write(len(content).to_bytes(LENGTH, "big") + content)
    target.flush()


def main(server: str, seconds: int, megabytes: int) -> None:
    """Read mails until there are no more, each within so many seconds of CPU and so much memory."""
    _limit_memory(megabytes)
    while (raw := take(sys.stdin.buffer)) is not None:
        _limit_time(seconds)
        give(sys.stdout.buffer, READING.dump_json(reading_of(raw, server)))


def _limit_memory(megabytes: int) -> None:
    with suppress(ImportError, ValueError, OSError):  # Windows has no such limit
        import resource

        most = megabytes * 1_000_000
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _limit_time(seconds: int) -> None:
    """So many seconds from now on; the process is ended when they are over."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(used.ru_utime + used.ru_stime) + seconds + 1
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
