"""How a program that runs until it is stopped ends in order."""

import logging
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import Timer, main_thread
from typing import Any

from deployments.commands.console import say

AGAIN_SECONDS = 0.2
OBSERVERS = ("FlowRunCancellingObserver", "FlowRunSuspendingObserver")
"""What of Prefect listens to its server: the first where runs are begun, the other in each."""


def keep_observers_quiet() -> None:
    """They ask more often when the server hangs up, and say so at great length, to their end."""
    for observer in OBSERVERS:
        logging.getLogger(f"prefect.{observer}").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").addFilter(_is_of_others)


def _is_of_others(record: logging.LogRecord) -> bool:
    return not any(observer in record.getMessage() for observer in OBSERVERS)


@contextmanager
def stopping_cleanly() -> Iterator[None]:
    """Within, SIGINT (Ctrl-C) and SIGTERM end the program in order, without a traceback.

    Also one that comes while a destructor runs: Python drops what is raised there.
    SIGINT is set as well as SIGTERM: a shell that starts us in the background has it ignored.
    """
    stops = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(stop, signal.default_int_handler) for stop in stops]
    dropped, sys.unraisablehook = sys.unraisablehook, partial(_interrupt_again, sys.unraisablehook)
    try:
        yield
    except KeyboardInterrupt:
        pass
    finally:
        sys.unraisablehook = dropped
        for stop, handler in zip(stops, before, strict=True):
            signal.signal(stop, handler)
    say("已停止。")


def interrupt() -> None:
    """Let the main thread be interrupted, as by Ctrl-C."""
    signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)


def _interrupt_again(otherwise: Callable[[Any], object], dropped: Any) -> None:
    """Let an interrupt that Python has dropped come once more, when this hook is left."""
    if issubclass(dropped.exc_type, KeyboardInterrupt):
        again = Timer(AGAIN_SECONDS, interrupt)
        again.daemon = True
        again.start()
    else:
        otherwise(dropped)
