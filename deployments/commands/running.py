"""Commands that run: the server with its schedules, and the example. Only they import Prefect."""

from __future__ import annotations

from typing import Annotated

import typer

from deployments.commands.console import say
from deployments.commands.options import AsOf, the_desk


def serve() -> None:
    from deployments.server.serve import serve as run
    from models.settings import load_settings
    from operations.upkeep.keys import check_key

    check_key(the_desk())
    run(load_settings())


def desk() -> None:
    from deployments.server.desk import serve_desk
    from operations.upkeep.keys import check_key

    found = the_desk()
    check_key(found)
    say(f"工作台：{found.settings.desk_address}　（Ctrl-C 停止）")
    serve_desk(found)


def register(
    pool_type: Annotated[
        str, typer.Option("--pool-type", help="工作池类型：process、docker 或 kubernetes")
    ] = "process",
) -> None:
    import os

    from deployments.server.definitions import POOL
    from deployments.server.process import tell_prefect
    from models.settings import load_settings

    settings = load_settings()
    tell_prefect(settings)
    from deployments.server.registering import register as run
    from operations.upkeep.keys import check_key

    check_key(the_desk())
    names = run(settings, pool_type)
    say(f"已向 {os.environ['PREFECT_API_URL']} 的工作池 {POOL} 登记{len(names)}项任务：")
    say("\n".join(f"  {name}" for name in names))


def work(
    limit: Annotated[
        int, typer.Option("--limit", min=1, metavar="项数", help="同时至多办理几项")
    ] = 4,
    health: Annotated[
        bool, typer.Option("--health", help="在 8080 端口答复是否仍在领办，供容器平台检查")
    ] = False,
) -> None:
    from deployments.server.definitions import POOL
    from deployments.server.process import tell_prefect
    from deployments.server.stopping import stopping_cleanly
    from models.settings import load_settings
    from operations.upkeep.keys import check_key

    settings = load_settings()
    check_key(the_desk())
    tell_prefect(settings)
    from deployments.server.working import work as run

    with stopping_cleanly():
        say(f"正在领办工作池 {POOL} 的任务，同时至多{limit}项。（Ctrl-C 停止）")
        run(settings, limit, health)


def listen() -> None:
    from threading import Event

    from deployments.server.listening import listen as run
    from deployments.server.stopping import stopping_cleanly
    from models.settings import load_settings

    with stopping_cleanly():
        say("值听已开始：每分钟查看各文件夹和邮箱，有送到的即启动读取。（Ctrl-C 停止）")
        run(load_settings(), Event())


def demo(
    as_of: AsOf = None,
    stay: Annotated[bool, typer.Option("--serve/--no-serve", help="完成后是否留在界面")] = True,
) -> None:
    from deployments.demo import DEFAULT_DAY
    from deployments.demo import demo as run
    from models.settings import load_settings

    run(load_settings(), as_of or DEFAULT_DAY, stay=stay)
