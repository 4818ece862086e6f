"""When it happens: the clock, the operations and the scheduled flows.

What their runs log may quote what people have typed: no terminal does what it says.
"""

import logging

from common.words import visible


def _seen(record: logging.LogRecord) -> bool:
    """Let every sign of a line be seen, in the log and wherever else it is read."""
    record.msg, record.args = visible(record.getMessage()), ()
    if record.exc_info:
        record.exc_text = visible(logging.Formatter().formatException(record.exc_info))
    return True


for _kind in ("flow", "task"):
    logging.getLogger(f"prefect.{_kind}_runs").addFilter(_seen)
