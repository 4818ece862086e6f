"""What Prefect starts for a run under `serve`: has the ready process begin it, ends as it ends.

See `ready_process`. Run by its path with ``-I -S``, and imports next to nothing: it is there to be
quick.
"""

import json
import os
import signal
import socket
import sys

BEGIN_SECONDS = 60
"""How long the ready process may take to begin a run."""


def main(address: str, module: str) -> None:
    """Have a module run as ``python -m`` would, here and with this environment and output."""
    link = _begun(address)
    if link is None:
        # Nobody is ready: it begins here.
        os.execv(sys.executable, [sys.executable, "-m", module])  # noqa: S606
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the run itself
    signal.signal(signal.SIGTERM, lambda number, _: link.send(str(number).encode()))
    end = int(link.recv(16) or 1)
    if end < 0:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), -end)
    sys.exit(end)


def _begun(address: str) -> socket.socket | None:
    """What leads to the run; None where nobody has begun it. TimeoutError when nobody answers."""
    folder = os.getcwd()  # noqa: PTH109  # pathlib takes as long to load as all the rest
    said = json.dumps({"environment": dict(os.environ), "folder": folder}).encode()
    try:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        link.settimeout(BEGIN_SECONDS)
        link.connect(address)
        socket.send_fds(link, [said], [0, 1, 2])
        if not link.recv(16):
            return None
    except TimeoutError:
        raise  # it may have begun
    except OSError:
        return None
    link.settimeout(None)
    return link


if __name__ == "__main__":
    main(*sys.argv[1:])
