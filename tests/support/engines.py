"""What SQLAlchemy compiles, kept for all engines of a test process.

An engine keeps compiled statements for itself, by the dialect that it has of its own: each of the
thousands of databases that tests open would compile the same statements anew, which took an eighth
of the time of tests that use one. The product opens one database a process and gains nothing by it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.util import LRUCache

STATEMENTS = 3000
"""More than the product and its tests have on both databases."""


@contextmanager
def compiled_once() -> Iterator[None]:
    """Within, engines that the product opens share what they compile, and a dialect of each kind.

    The dialect is that of the first engine that has connected: by then it knows its database.
    """
    dialects: dict[str, Dialect] = {}
    compiled = LRUCache[Any, Any](STATEMENTS)

    def create(url: str, **more: Any) -> Engine:
        engine = create_engine(url, execution_options={"compiled_cache": compiled}, **more)
        own = engine.dialect
        engine.dialect = dialects.get(own.name, own)
        if engine.dialect is own:
            event.listen(engine, "connect", lambda *_: dialects.setdefault(own.name, own))
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("models.database.create_engine", create)
        yield
