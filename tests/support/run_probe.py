"""What a run could be, for tests of how runs begin: told by the variable ``PROBE``."""

import atexit
import os
import signal
import sys
from pathlib import Path
from time import sleep

END = 7


def say(*words: object) -> None:
    """As a run prints."""
    print(*words, flush=True)  # noqa: T201


def stop(*_: object) -> None:
    """As Prefect does."""
    say("stopped")
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    what = os.environ["PROBE"]
    if what == "raise":
        raise ValueError("示例")
    if what == "wait":
        signal.signal(signal.SIGTERM, stop)
        say(os.getpid())
        sleep(60)
    atexit.register(say, "at the end")
    say("folder", Path.cwd())
    say("示例", os.environ["示例"])
    say("argv", len(sys.argv))
    say("main", sys.modules["__main__"].__dict__ is globals())
    say("loaded", "flows.enforce_deadlines" in sys.modules)
    sys.exit(END)
