"""Serves every deployment on this machine, with server and UI."""

import asyncio
import signal
from functools import partial
from uuid import UUID

from deployments.commands.console import counted, say
from deployments.server.desk import serving_desk
from deployments.server.health import serving_health
from deployments.server.listening import listening
from deployments.server.lock import served_once
from deployments.server.password import ADMIN, FILE, make_credential
from deployments.server.process import running_server
from deployments.server.stopping import keep_observers_quiet, stopping_cleanly
from models.settings import Settings
from operations.upkeep.setup import installed_plans

AT_ONCE = 4
"""Runs at the same time; each is a process of about 150 MB."""
TOLD_ONCE = """已为界面生成管理员密码（只显示这一次）：
  登录时填写　{user}:{password}
  保存在　　　{file}（仅本用户可读；更改后重新启动即生效）"""


def serve(settings: Settings) -> None:
    """Start the server, serve all deployments, and stop both on Ctrl-C or SIGTERM.

    A password is made where there is none. RefusedError when somebody serves the state folder
    already, UnavailableError when the server ends by itself.
    """
    with stopping_cleanly(), served_once(settings):
        if made := make_credential(settings):
            say(TOLD_ONCE.format(user=ADMIN, password=made, file=settings.home.resolve() / FILE))
        with running_server(settings) as address, serving_health(settings), serving_desk(settings):
            places = {"今日情况": settings.entrance, "界面": address, "工作台": settings.desk_url}
            at = "　".join(f"{name}：{place}" for name, place in places.items() if place)
            serve_deployments(settings, f"定时任务已就绪。{at}　（Ctrl-C 停止）")


def serve_deployments(settings: Settings, ready: str) -> None:
    """Serve all deployments against the running server; blocks until it is stopped.

    Says `ready` once every deployment is registered.
    """
    from prefect.runner import Runner
    from prefect.runner import runner as runners
    from prefect.runner._starter_engine import EngineCommandStarter

    from deployments.server.ready_process import ready_process
    from deployments.server.reconciling import drop_stale_runs, end_dead_runs
    from deployments.server.registering import built, finish

    keep_observers_quiet()
    runner = Runner(pause_on_shutdown=False, limit=AT_ONCE)
    # Its own way out would leave through the middle of its loop, with tracebacks.
    runner.handle_sigterm = _as_ctrl_c  # type: ignore[method-assign]
    if ended := end_dead_runs():
        say(f"上次停止时未结束的运行{ended}个，已予结束，名额已释放")
    if dropped := drop_stale_runs():
        say(f"停止期间到时未执行的运行，每项任务补做最近一次，其余{dropped}个已清除")
    with ready_process(installed_plans(settings)) as process:
        # A runner takes no command, though what starts its runs does.
        starter = partial(EngineCommandStarter, command=process.command)
        runners.EngineCommandStarter = starter  # type: ignore[assignment,attr-defined]
        say("正在登记定时任务……")
        deployments = counted("已登记任务", built(settings))
        registered = [runner.add_deployment(item) for item in deployments]
        finish(settings, [id for id in registered if isinstance(id, UUID)])
        process.wait()
        say(ready)
        with listening(settings):
            asyncio.run(runner.start())


def _as_ctrl_c(*_: object) -> None:
    signal.raise_signal(signal.SIGINT)
