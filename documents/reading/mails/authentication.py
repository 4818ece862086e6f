"""Whether the office's own mail server vouches for a sender (RFC 8601).

Only what that one server wrote is believed: anybody can put such a header into a mail. What cannot
be read is no pass.
"""

import re
from collections.abc import Iterator, Sequence

PUBLIC = re.compile(r"com|net|org|gov|edu|ac|mil|co|[a-z]{2}")
"""Below which domains are given to anybody, under a country's; ``sx.cn`` is a province's."""
DEEPEST = 5
"""Comments within comments that are understood."""
COMMENT = re.compile(r"\([^()]*\)")
RESULT = re.compile(r"^\s*(dmarc|dkim|spf)\s*=\s*([A-Za-z]+)(.*)$", re.IGNORECASE | re.DOTALL)
PROPERTY = re.compile(r"(?:^|\s)(header\.(?:d|from|i)|smtp\.mailfrom)\s*=\s*\"?([^\s;\"]+)", re.I)
NAMES = {
    "dmarc": ("header.from",),
    "dkim": ("header.d", "header.i"),
    "spf": ("smtp.mailfrom",),
}
"""The property whose domain has to be the sender's, by method."""


def vouched(raws: Sequence[str], server: str, sender: str) -> bool:
    """Whether `server` says that a mail does come from the domain of the address `sender`.

    ``dmarc=pass`` for that domain, or a pass of dkim or spf whose domain is the same or one above.
    Of several lines of that server's the first counts: it is the newest.
    """
    domain = sender.rpartition("@")[2].lower()
    own = (raw for raw in raws if _server(raw) == server.strip().lower())
    return bool(domain and server.strip()) and any(
        _aligned(found, domain, method) for method, found in _passes(next(own, ""))
    )


def _server(raw: str) -> str:
    words = _uncommented(raw).partition(";")[0].lower().split()
    return words[0] if words else ""


def _uncommented(raw: str) -> str:
    """Without comments, which may hold anything; nothing of it where one does not end."""
    for _ in range(DEEPEST):
        raw = COMMENT.sub(" ", raw)
    return "" if set(raw) & set("()") else raw


def _passes(raw: str) -> Iterator[tuple[str, str]]:
    """The methods that are passed, each with the domain that it was passed for."""
    for result in _uncommented(raw).split(";")[1:]:
        found = RESULT.match(result)
        if found is None or found[2].lower() != "pass":
            continue
        method = found[1].lower()
        given = {name.lower(): text.lower() for name, text in PROPERTY.findall(found[3])}
        for name in NAMES[method]:
            if name in given:
                yield method, given[name].rpartition("@")[2]


def _aligned(found: str, domain: str, method: str) -> bool:
    """Whether the sender's domain is the one that passed, or for dkim and spf lies below it.

    A bare top-level domain, or one of public registries such as com.cn, vouches for nobody.
    """
    if found == domain:
        return True
    labels = found.split(".")
    public = len(labels) < 2 or (len(labels) == 2 and PUBLIC.fullmatch(labels[0]))
    return method != "dmarc" and not public and domain.endswith(f".{found}")
