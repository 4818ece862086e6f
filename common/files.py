"""The one way to write a file: whole, lasting, or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

SCRATCH = ".{}.tmp"
"""What is being written, beside its file: hidden, so that whoever reads the folder passes it over.

Only a crash leaves one behind. Its name is new each time: several may write the same file at once.
"""
OWNER_ONLY = 0o600


def write(path: Path, content: bytes, *, mode: int = 0o666, over: bool = True) -> bool:
    """Write a file so that others see it whole or not at all, and a power cut does not undo it.

    `mode`: who may use it, from its first byte on, less what the system withholds. With `over` it
    takes the place of what was there, and nobody may use it who could not use that; without, that
    stays, and the answer is False. OSError when
    it cannot be written; then nothing half-written stays.
    """
    target = path.resolve()  # what a link leads to is replaced, not the link
    if target.exists() and not target.is_file():
        target.write_bytes(content)  # a device or a pipe has no whole
        return True
    if target.exists():
        mode &= target.stat().st_mode
    scratch = target.with_name(SCRATCH.format(uuid4().hex))
    try:
        handle = os.open(scratch, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        return publish(scratch, target, over=over)
    finally:
        with suppress(OSError):
            scratch.unlink(missing_ok=True)


def publish(made: Path, target: Path, *, over: bool) -> bool:
    """Give a finished file of the same disk its place, whole and lasting; else as `write`."""
    with made.open("rb+") as file:
        os.fsync(file.fileno())
    if not over and not _linked(made, target):
        return False
    if over:
        made.replace(target)
    sync(target.parent)
    return True


def sync(folder: Path) -> None:
    """Make new names survive a power cut, where the system lets a folder be opened."""
    with suppress(PermissionError):  # Windows does not
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _linked(made: Path, target: Path) -> bool:
    """Whether the file got its place: unlike renaming, a link never takes another file's."""
    try:
        os.link(made, target)
    except FileExistsError:
        return False
    except OSError:  # a disk without links
        if target.exists():
            return False
        made.replace(target)
    return True
