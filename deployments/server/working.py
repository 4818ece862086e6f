"""A worker of the pool, whose runs are forked from a process that is ready, as those of `serve`."""

import asyncio
import logging
import signal
from contextlib import suppress
from typing import Any

from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL
from prefect.workers.process import ProcessJobConfiguration, ProcessWorker

from deployments.server.asking import needing_server
from deployments.server.definitions import POOL
from deployments.server.ready_process import ready_process
from deployments.server.stopping import keep_observers_quiet
from models.settings import Settings
from operations.upkeep.setup import installed_plans

END_SECONDS = 100
"""How long runs that go on may take to end; the compose file's two minutes are for all of it."""


def work(settings: Settings, limit: int, health: bool) -> None:
    """Take runs from the pool, so many at a time, until SIGINT or SIGTERM; runs that go on may end.

    `health`: answer on PREFECT_WORKER_WEBSERVER_PORT (8080) whether it still asks for runs.
    UnavailableError when the server does not answer at first, or not to us; later it is waited for.
    """
    with (
        needing_server("未能从 Prefect 服务领取任务", PREFECT_API_URL.value()),
        get_client(sync_client=True) as client,
    ):
        client.api_version()
    keep_observers_quiet()
    with ready_process(installed_plans(settings)) as process:
        process.wait()
        worker = ProcessWorker(work_pool_name=POOL, limit=limit)
        worker.job_configuration = _begun_by(process.command)
        asyncio.run(_until_stopped(worker, health))


async def _until_stopped(worker: ProcessWorker, health: bool) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # What it prints is English.
    printer = logging.getLogger(__name__).debug
    working = asyncio.create_task(worker.start(with_healthcheck=health, printer=printer))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({working, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not working.done() and worker.is_setup:
        worker.limiter.total_tokens = 0  # it takes nothing more
        with suppress(TimeoutError):
            async with asyncio.timeout(END_SECONDS):
                while worker.limiter.borrowed_tokens:
                    await asyncio.sleep(0.1)
    stopping.cancel()
    working.cancel()
    with suppress(asyncio.CancelledError):
        await working


def _begun_by(command: str) -> type[ProcessJobConfiguration]:
    """Begins each run by a command, unless the pool names another."""

    class Configuration(ProcessJobConfiguration):
        def prepare_for_flow_run(self, *told: Any, **more: Any) -> None:
            self.command = self.command or command
            super().prepare_for_flow_run(*told, **more)

    return Configuration
