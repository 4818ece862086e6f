"""Scripts in processes of their own that need not import the product first: they are forked.

What is to be killed at some step needs a process, and a new one works for seconds before it gets
there. So one process, which has imported what such scripts use, forks a child for each of them.
"""

import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ended:
    """How a script ended; a negative code is the signal that killed it."""

    returncode: int
    stdout: str
    stderr: str


class Forks:
    """Runs scripts, one after the other."""

    def __init__(self, parent: "subprocess.Popen[str]", folder: Path) -> None:
        self._parent = parent
        self._files = [str(folder / name) for name in ("stdout", "stderr")]

    def run(self, script: str, *arguments: str, environment: Mapping[str, str]) -> Ended:
        """Run a script as ``python -c`` would, in that environment, to its end."""
        asked = {
            "script": script,
            "arguments": arguments,
            "environment": dict(environment),
            "files": self._files,
        }
        assert self._parent.stdin
        assert self._parent.stdout
        self._parent.stdin.write(json.dumps(asked) + "\n")
        self._parent.stdin.flush()
        code = int(self._parent.stdout.readline())
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
    """Fork a child for each line that is asked; say the code with which it ended."""
    import tests.support.killing  # noqa: F401
    from tests.support.builders import plan
    from tests.support.schemas import made_at_once

    plan()  # else each child would read it, and run all migrations where it needs a file
    with made_at_once():
        for line in sys.stdin:
            child = os.fork()
            if child == 0:
                _become(json.loads(line))
            _, status = os.waitpid(child, 0)
            sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
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
