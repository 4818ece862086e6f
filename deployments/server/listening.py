"""Listening: looks each minute whether something has come in, and starts a run only then."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from common.clock import now
from common.errors import UnavailableError, XingfuError
from deployments.commands.console import complain
from deployments.server.asking import start_run
from models.database import open_engine, reading, writing
from models.plans import plan_ids
from models.settings import Settings
from models.watches import LISTENING, put_round
from operations.mails.lookout import Call, Lookout

EVERY_SECONDS = 60.0
STOP_SECONDS = 5.0
"""For how long the end waits for a look that is going on."""


def listen(settings: Settings, stop: Event, every: float = EVERY_SECONDS) -> None:
    """Look until it is stopped; what a look cannot do is told once, and tried by the next."""
    lookout, engine = Lookout(settings, ()), open_engine(settings.sqlalchemy_url)
    told = ""
    try:
        while not stop.is_set():
            trouble = _look(settings, lookout, engine)
            if trouble and trouble != told:
                complain(f"值听：{trouble}")
            told = trouble
            stop.wait(every)
    finally:
        lookout.close()
        engine.dispose()


@contextmanager
def listening(settings: Settings) -> Iterator[None]:
    """Listens meanwhile, beside whatever else this process does."""
    stop = Event()
    thread = Thread(target=listen, args=(settings, stop), daemon=True, name="listening")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(STOP_SECONDS)


def _look(settings: Settings, lookout: Lookout, engine: Engine) -> str:
    """One look; why it was not complete, else empty."""
    at = now()
    try:
        with reading(engine) as session:
            lookout.plans = plan_ids(session)
        for call in lookout.look(at):
            _ring(settings, lookout, call)
        if not lookout.troubles:
            with writing(engine) as session:
                put_round(session, LISTENING, at)
    except XingfuError as error:
        return str(error)
    except (SQLAlchemyError, OSError) as error:
        return f"未能查看，{type(error).__name__}"
    except Exception as error:  # of whatever kind: the next look tries again
        logging.getLogger(__name__).exception("listening")
        return f"程序错误（{type(error).__name__}）"
    return "；".join(lookout.troubles)


def _ring(settings: Settings, lookout: Lookout, call: Call) -> None:
    named = call.job if call.plan in ("", settings.plan) else f"{call.job}-{call.plan}"
    try:
        start_run(settings, named, call.job)
    except UnavailableError:
        lookout.forget(call)
        raise
