"""Builds the image's steps without an engine, in a fresh Debian tree.

As root, the tree made by ``debootstrap --variant=minbase bookworm TREE``, with what the base image
brings (python3, python3-pip, ca-certificates, netbase; ``python`` linked to it):

    python -m tests.support.image TREE            # FROM … CMD, each step as docker would do it
    python -m tests.support.image TREE xingfu --help    # a command, as a container of it would run

What the machine's own pip is told (``PIP_…``) goes along, and the folders of ``SHARE=/a:/b``. An
engine's own work is left out: layers, networks, volumes, health checks.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deployments" / "Dockerfile"
SHARED = ("/proc", "/sys", "/dev", "/dev/pts", "/etc/resolv.conf")
LEFT_TO_AN_ENGINE = {"FROM", "VOLUME", "EXPOSE", "HEALTHCHECK", "CMD"}


@dataclass
class Image:
    """What the steps before have set."""

    tree: Path
    env: dict[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "0"
    entry: Sequence[str] = ()

    def run(self, command: Sequence[str], more: Mapping[str, str] | None = None) -> int:
        """Run it as the image's user, from its folder; the exit code."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        env = {"PATH": path, "HOME": "/root", **self.env, **(more or {})}
        inside = f"cd {shlex.quote(self.folder)} && exec {shlex.join(command)}"
        chroot = ["chroot", f"--userspec={self.user}:{self.user}", str(self.tree)]
        return subprocess.run([*chroot, "/bin/sh", "-c", inside], env=env, check=False).returncode


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction of a Dockerfile with what follows it."""
    plain = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    for line in plain.replace("\\\n", " ").splitlines():
        if line.strip():
            instruction, _, rest = line.strip().partition(" ")
            yield instruction, rest.strip()


def sent(text: str) -> frozenset[str]:
    """What an engine is sent at all by a .dockerignore that first leaves out everything."""
    return frozenset(line[1:] for line in text.splitlines() if line.startswith("!"))


def build(image: Image) -> None:
    """Do every step; SystemExit with the one that fails."""
    for instruction, rest in steps(DOCKERFILE.read_text()):
        sys.stdout.write(f"{instruction} {rest}\n")
        sys.stdout.flush()
        if instruction not in LEFT_TO_AN_ENGINE:
            STEPS[instruction](image, rest)


def _env(image: Image, rest: str) -> None:
    image.env |= dict(part.partition("=")[::2] for part in shlex.split(rest))


def _run(image: Image, rest: str) -> None:
    told = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
    if image.run(["/bin/sh", "-c", rest], told):
        sys.exit(f"failed: {rest}")


def _workdir(image: Image, rest: str) -> None:
    image.folder = rest
    (image.tree / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)


def _user(image: Image, rest: str) -> None:
    image.user = rest


def _entrypoint(image: Image, rest: str) -> None:
    image.entry = json.loads(rest)


def _copy(image: Image, rest: str) -> None:
    *sources, to = rest.split()
    offered = sent(DOCKERFILE.with_suffix(".dockerignore").read_text())
    for source in sources:
        if source not in offered:
            sys.exit(f"not sent: {source}")
        target = image.tree / image.folder.lstrip("/") / to
        if (ROOT / source).is_dir():
            ignored = shutil.ignore_patterns("__pycache__", ".env", "certificates")
            shutil.copytree(ROOT / source, target, dirs_exist_ok=True, ignore=ignored)
        else:
            target = target / source if to.endswith("/") else target
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, target)


STEPS: Mapping[str, Callable[[Image, str], None]] = {
    "ENV": _env,
    "RUN": _run,
    "WORKDIR": _workdir,
    "COPY": _copy,
    "USER": _user,
    "ENTRYPOINT": _entrypoint,
}


@contextmanager
def joined(tree: Path, folders: Sequence[str]) -> Iterator[None]:
    """While it lasts the tree has these folders and files of the machine."""
    with ExitStack() as stack:
        for folder in folders:
            target = tree / folder.lstrip("/")
            if Path(folder).is_dir():
                target.mkdir(parents=True, exist_ok=True)
            else:
                target.touch()
            subprocess.run(["mount", "--bind", folder, str(target)], check=True)
            stack.callback(subprocess.run, ["umount", "--lazy", str(target)], check=True)
        yield


def main(tree: Path, command: Sequence[str]) -> int:
    """Build, or run a command of what was built; the exit code."""
    image, built = Image(tree), tree / "image.json"
    with joined(tree, (*SHARED, *filter(None, os.environ.get("SHARE", "").split(":")))):
        if not command:
            build(image)
            told = {"env": image.env, "folder": image.folder, "user": image.user}
            built.write_text(json.dumps({**told, "entry": image.entry}))
            return 0
        image = Image(tree, **json.loads(built.read_text()))
        passed = {n: v for n, v in os.environ.items() if n.startswith(("XINGFU_", "PREFECT_"))}
        return image.run([*image.entry, *command], passed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
