"""The ready process has loaded all that runs need: under `serve` each run is forked from it.

A run that begins anew spends two CPU seconds on loading Prefect and us before its first line. Each
fork has a keeper, which passes on to the run what is sent to the courier that asked for it, and
tells that one how the run ended.
"""

import ctypes
import json
import os
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import sleep

from prefect.context import refresh_global_settings_context
from sqlalchemy.orm import configure_mappers

from common.errors import PolicyError
from common.garbage import look_rarely
from deployments.server import courier
from deployments.server.definitions import definitions
from deployments.server.process import without_secrets
from deployments.server.stopping import keep_observers_quiet
from policy.load import named_plan

ENGINE = "prefect.engine"
"""What Prefect runs for a run."""
DIE_WITH_PARENT = 1
"""Linux' `PR_SET_PDEATHSIG`: which signal a process gets when its parent dies."""
MOST = 1_000_000
"""Bytes that an environment may have."""
START_SECONDS = 60


@dataclass(frozen=True)
class ReadyProcess:
    """A process that is ready for runs, or loads yet."""

    command: str
    """Begins a run, as `shlex.split` reads it; anew while the process is not ready."""
    address: Path
    child: "subprocess.Popen[bytes]"

    def wait(self) -> None:
        """Until it is ready, unless it ends or takes too long."""
        for _ in range(START_SECONDS * 20):
            if self.address.exists() or self.child.poll() is not None:
                return
            sleep(0.05)


@contextmanager
def ready_process(plans: Iterable[str] = (), module: str = ENGINE) -> Iterator[ReadyProcess]:
    """A process from which `module` is run; of `plans` it reads beforehand those that are shipped.

    It ends with this one, however that ends; runs that it has begun go on.
    """
    with TemporaryDirectory(prefix="xingfu-") as folder:  # 0700; a state folder's path may be long
        address = f"{folder}/ready"
        with subprocess.Popen(  # noqa: S603  # our own program
            [sys.executable, "-P", "-m", __name__, address, module, *plans],
            env=without_secrets(os.environ),  # couriers bring what runs are told
            stdin=subprocess.PIPE,  # it ends when nobody holds the other end any more
        ) as child:
            try:
                begun = shlex.join([sys.executable, "-IS", courier.__file__, address, module])
                yield ReadyProcess(begun, Path(address), child)
            finally:
                child.kill()


def main(address: str, module: str, *plans: str) -> None:
    """Wait for couriers; returns without having run anything when nobody holds our input."""
    if not hasattr(os, "pidfd_open"):
        return  # couriers do without us
    load(plans)
    begun = _wait(address)
    if begun is not None:
        _become(*begun)
        sys.argv = [module]
        warnings.filterwarnings("ignore", message=".*found in sys.modules", module="runpy")
        runpy.run_module(module, run_name="__main__", alter_sys=True)


def load(plans: Iterable[str]) -> None:
    """Import the code of every flow, and read the plans that are shipped."""
    import_module("prefect.flow_engine")
    for name in {item.entrypoint.rpartition(".")[0] for item in definitions()}:
        import_module(name)
    configure_mappers()
    for plan in plans:
        with suppress(PolicyError):  # a plan of the site's own is read by each run
            named_plan(plan)
    keep_observers_quiet()
    look_rarely()  # and what is not looked at stays shared between runs


Begun = tuple[bytes, Sequence[int]]
"""What a courier says, and its input and outputs."""


def _wait(address: str) -> Begun | None:
    """Fork a keeper for each courier. Comes back in a run, and with None at the end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal: our input is closed then
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a keeper ended
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        listener.bind(address)
        listener.listen()
        while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
            link, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                return _keep(link)
            link.close()
    return None


def _keep(link: socket.socket) -> Begun:
    """Begin a run, in which this comes back, and stay beside it until it ends."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    said, numbers, *_ = socket.recv_fds(link, MOST, 3)
    run = os.fork()
    if run == 0:
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)  # without it nobody would know
        link.close()
        return said, numbers
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it is for the run
    for number in numbers:
        os.close(number)
    with suppress(OSError):
        link.send(b"begun")
    _attend(link, run)
    os._exit(0)


def _attend(link: socket.socket, run: int) -> None:
    ended, held = os.pidfd_open(run), [link.fileno()]
    while ended not in select.select([*held, ended], [], [])[0]:
        order = link.recv(16)
        os.kill(run, int(order) if order else signal.SIGKILL)  # a courier was killed: so is it
        held = held if order else []
    code = os.waitstatus_to_exitcode(os.waitpid(run, 0)[1])
    with suppress(OSError):
        link.send(str(code).encode())


def _become(said: bytes, numbers: Sequence[int]) -> None:
    """Take the courier's place: its environment, folder, input and outputs."""
    asked = json.loads(said)
    os.environ.clear()
    os.environ.update(asked["environment"])
    os.chdir(asked["folder"])
    for to, number in enumerate(numbers):
        os.dup2(number, to)
        os.close(number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    refresh_global_settings_context()


if __name__ == "__main__":
    main(*sys.argv[1:])
