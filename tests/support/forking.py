"""Scripts in processes of their own that need not import the product first: they are forked.

What is to be killed at some step needs a process, and a new one works for seconds before it gets
there. So one process, which has imported what such scripts use, forks a child for each of them.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from common.garbage import look_rarely

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a script ended; a negative code is the signal that killed it."""

    returncode: int
    stdout: str
    stderr: str


class Forks:
    """Runs scripts, each in a process of its own."""

    def __init__(self, parent: "subprocess.Popen[str]", folder: Path) -> None:
        self._parent = parent
        self._folder = folder
        self._count = 0

    def run(self, script: str, *arguments: str, environment: Mapping[str, str]) -> Ended:
        """Run a script as ``python -c`` would, in that environment, to its end."""
        return self.begin(script, *arguments, environment=environment).wait()

    def begin(self, script: str, *arguments: str, environment: Mapping[str, str]) -> "Fork":
        """As `run`, without waiting for its end: so several run at once."""
        self._count += 1
        files = [str(self._folder / f"{name}-{self._count}") for name in ("stdout", "stderr")]
        asked = {
            "script": script,
            "arguments": arguments,
            "environment": dict(environment),
            "files": files,
        }
        return Fork(self, int(self.ask(asked)), files)

    def ask(self, asked: Mapping[str, Any]) -> str:
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        return self._parent.stdout.readline().strip()


class Fork:
    """A script that runs."""

    def __init__(self, forks: Forks, pid: int, files: Sequence[str]) -> None:
        self._forks = forks
        self.pid = pid
        self._files = files
        self._code: int | None = None

    def poll(self) -> int | None:
        """How it has ended; None while it runs."""
        if self._code is None and (said := self._forks.ask({"ended": self.pid})):
            self._code = int(said)
        return self._code

    def wait(self, seconds: float = 600) -> Ended:
        """Once it has ended; what it prints may be read only then."""
        end, pause = monotonic() + seconds, 0.002
        while (code := self.poll()) is None:
            assert monotonic() < end, f"not in {seconds} s"
            sleep(pause)
            pause = min(0.05, pause * 1.3)
        return Ended(code, *(Path(file).read_text(encoding="utf-8") for file in self._files))


@contextmanager
def forks(folder: Path) -> Iterator[Forks]:
    """Within, scripts can be run; what they print goes through files in a folder."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.forking"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        yield Forks(parent, folder)
        assert parent.stdin
        parent.stdin.close()
        assert parent.wait(60) == 0


def main() -> None:
    """Fork a child for each script that is asked for, and say its number.

    Asked of a child, say the code with which it ended, or nothing while it runs.
    """
    import tests.support.crowding  # noqa: F401
    from tests.support.builders import plan
    from tests.support.schemas import made_at_once

    plan()  # else each child would read it, and run all migrations where it needs a file
    with made_at_once():
        look_rarely()  # what is not looked at stays shared
        for line in sys.stdin:
            asked = json.loads(line)
            if "ended" in asked:
                child, status = os.waitpid(asked["ended"], os.WNOHANG)
                said = str(os.waitstatus_to_exitcode(status)) if child else ""
            else:
                child = os.fork()
                if child == 0:
                    _become(asked)
                said = str(child)
            sys.stdout.write(f"{said}\n")
            sys.stdout.flush()


def _become(asked: dict[str, Any]) -> None:
    """Be the script's process to its end."""
    for number, file in enumerate(asked["files"], 1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["-c", *asked["arguments"]]
    code = 1
    try:
        exec(asked["script"], {"__name__": "__main__"})  # noqa: S102  # a test's own
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
