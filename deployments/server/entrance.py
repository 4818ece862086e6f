"""The one address that stays: it leads to the newest page of a plan's day, wherever that lies.

A page is another artifact each time that it is published, and the page of its key only lists its
versions; what is printed, or stands in a mail, has to lead to the newest at any time.
"""

from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from prefect.server.database import provide_database_interface

from models.settings import ENTRANCE, ENTRANCE_PAGE

NOTHING = "今日情况尚未发布：每日核对完成后自动发布，请稍后再打开；运行情况见 /runs。"
NEVER_KEPT = {"cache-control": "no-store"}


def add_entrance(app: FastAPI) -> None:
    """Let Prefect's server answer under `ENTRANCE`, with the id of a plan behind it or without."""
    for path, leads in ((f"{ENTRANCE}/{{plan}}", _of_plan), (ENTRANCE, _of_any)):
        app.router.routes.insert(0, APIRoute(path, leads, methods=["GET"]))


async def _of_plan(plan: str) -> Response:
    return await _newest(lambda key: key == f"{plan}-{ENTRANCE_PAGE}")


async def _of_any() -> Response:
    return await _newest(lambda key: key.like(f"%-{ENTRANCE_PAGE}"))


async def _newest(wanted: Any) -> Response:
    pages = provide_database_interface().ArtifactCollection
    found = sa.select(pages.latest_id).where(wanted(pages.key)).order_by(pages.updated.desc())
    async with provide_database_interface().session_context() as session:
        id = (await session.execute(found.limit(1))).scalar()
    if id is None:
        return PlainTextResponse(NOTHING, 404, headers=NEVER_KEPT)
    return RedirectResponse(f"/artifacts/artifact/{id}", 303, headers=NEVER_KEPT)
