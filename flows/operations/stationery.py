"""Which Word template an office's papers are printed on."""

from documents.office_template import NAME, the_template
from flows.operations.desk import Desk


def template(desk: Desk) -> bytes | None:
    """The office's own, in ``XINGFU_HOME/templates``; None where the shipped one holds.

    RefusedError with everything that is wrong with it.
    """
    return the_template(desk.settings.home / "templates" / NAME)
