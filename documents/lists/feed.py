"""Deadlines as a calendar that calendar programs subscribe to (iCalendar, RFC 5545). Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_LINE = 75
"""Octets; a longer one goes on in the next, behind a blank."""


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """A day by which something is due."""

    id: str
    """Stays the same as long as it is the same matter."""
    sequence: int
    """Counts up whenever the day is moved."""
    due: date
    summary: str
    description: str
    url: str = ""


def calendar_feed(name: str, entries: Iterable[FeedEntry]) -> bytes:
    """The calendar; the same entries make the same bytes."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//xingfu//desk//ZH",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
        f"X-WR-CALNAME:{_escaped(name)}",
        "X-PUBLISHED-TTL:PT6H",
        *(line for entry in entries for line in _event(entry)),
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _event(entry: FeedEntry) -> Iterator[str]:
    yield "BEGIN:VEVENT"
    yield f"UID:{_escaped(entry.id)}"
    yield f"DTSTAMP:{entry.due:%Y%m%d}T000000Z"
    yield f"SEQUENCE:{entry.sequence}"
    yield f"DTSTART;VALUE=DATE:{entry.due:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{entry.due + timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_escaped(entry.summary)}"
    yield f"DESCRIPTION:{_escaped(entry.description)}"
    if entry.url:
        yield f"URL:{entry.url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _escaped(text: str) -> str:
    for sign in ("\\", ";", ","):
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """In lines of at most so many octets, with no sign cut in two."""
    found, room = bytearray(), LONGEST_LINE
    for sign in line:
        octets = sign.encode()
        if len(octets) > room:
            found += b"\r\n "
            room = LONGEST_LINE - 1
        found += octets
        room -= len(octets)
    return bytes(found) + b"\r\n"
