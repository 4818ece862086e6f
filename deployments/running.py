"""Commands that run: the server with its schedules, and the example. Only they import Prefect."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.options import AsOf, the_desk


def serve() -> None:
    from deployments.serve import serve as run
    from models.settings import load_settings

    the_desk()
    run(load_settings())


def demo(
    as_of: AsOf = None,
    stay: Annotated[bool, typer.Option("--serve/--no-serve", help="完成后是否留在界面")] = True,
) -> None:
    from deployments.demo import DEFAULT_DAY
    from deployments.demo import demo as run
    from models.settings import load_settings

    run(load_settings(), as_of or DEFAULT_DAY, stay=stay)
