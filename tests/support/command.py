"""`xingfu` with arguments, in this process: it starts in no time, and says and ends the same."""

import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from unittest.mock import patch

from deployments.cli import main

COMMAND = str(Path(sys.executable).with_name("xingfu"))
"""For the few that ask for a process."""


@dataclass(frozen=True)
class Ended:
    """What a process of the command would have left behind."""

    returncode: int
    stdout: str
    stderr: str


def run(*arguments: object, given: str = "", **variables: str) -> Ended:
    """Run the command with more variables of environment, and with what is `given` to it to read.

    An error that it does not turn into a sentence goes on: as a process it would be a traceback.
    """
    out, err, code = StringIO(), StringIO(), 0
    with (
        patch.dict(os.environ, variables),
        patch.object(sys, "argv", [COMMAND, *map(str, arguments)]),
        patch.object(sys, "stdin", StringIO(given)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(bool(end.code))
    assert "Traceback" not in err.getvalue()
    return Ended(code, out.getvalue(), err.getvalue())


class Xingfu:
    """Runs the command in a home of its own and keeps all that it ever said."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.home = home
        self.variables = {"XINGFU_HOME": str(home), **variables}
        self.said = ""

    def __call__(self, *arguments: object, given: str = "", **variables: str) -> Ended:
        ended = run(*arguments, given=given, **{**self.variables, **variables})
        self.said += ended.stdout + ended.stderr
        return ended

    def ok(self, *arguments: object, given: str = "", **variables: str) -> str:
        ended = self(*arguments, given=given, **variables)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def json(self, *arguments: object) -> Any:
        return json.loads(self.ok(*arguments, "--json"))
