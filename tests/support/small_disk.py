"""A disk of its own that a test fills and frees, or a bound on every file where none can be had."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SIZE = 48_000_000
PAGE = 4096
CHUNK = bytes(PAGE)


@dataclass(frozen=True)
class SmallDisk:
    """Where it is; whether it is a real one."""

    path: Path
    real: bool

    @contextmanager
    def full(self, room: int = 0) -> Iterator[None]:
        """Within, there is only so much room left, in bytes."""
        if not self.real:
            with _bounded():
                yield
            return
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file:
            for _ in range((self._free() - room) // PAGE):
                file.write(CHUNK)
        yield
        filler.unlink()

    def _free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


@contextmanager
def small_disk(folder: Path) -> Iterator[SmallDisk]:
    """A disk in memory, mounted on a new folder; whoever may not mount gets a bound on files."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)]
    able = shutil.which("mount") and shutil.which("umount")
    real = bool(able) and subprocess.run(mount, capture_output=True, check=False).returncode == 0
    try:
        yield SmallDisk(folder, real)
    finally:
        if real:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def _bounded() -> Iterator[None]:
    """No file may grow: it is the process that is told so, with another word for it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
