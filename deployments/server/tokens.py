"""One CSRF token a client, however often it asks.

Prefect's own server gives a client another token with each question, and that ends the one before.
A client that begins several requests at once asks for several, and so does the UI, which asks
again in the background when it opens: whichever request carries an ended one is refused.
"""

import secrets
from datetime import timedelta

import sqlalchemy as sa
from fastapi import FastAPI
from fastapi.routing import APIRoute
from prefect.server.database import provide_database_interface
from prefect.server.schemas.core import CsrfToken
from prefect.settings import get_current_settings

from common.clock import now

BYTES = 32


def keep_tokens(api: FastAPI) -> None:
    """Let Prefect's API answer a client with the token that it has, while that is good."""
    api.router.routes.insert(0, APIRoute("/csrf-token", _token, methods=["GET"]))


async def _token(client: str) -> CsrfToken:
    db, at = provide_database_interface(), now()
    lasts: timedelta = get_current_settings().server.api.csrf_token_expiration
    fresh = {"token": secrets.token_hex(BYTES), "expiration": at + lasts}
    is_good = db.CsrfToken.expiration > at
    kept = {
        "token": sa.case((is_good, db.CsrfToken.token), else_=fresh["token"]),
        "expiration": fresh["expiration"],
    }
    insert = db.queries.insert(db.CsrfToken).values(client=client, **fresh)
    async with db.session_context(begin_transaction=True) as session:
        await session.execute(
            insert.on_conflict_do_update(index_elements=[db.CsrfToken.client], set_=kept)
        )
        await session.execute(sa.delete(db.CsrfToken).where(db.CsrfToken.expiration <= at))
        of_client = sa.select(db.CsrfToken).where(db.CsrfToken.client == client)
        found = (await session.execute(of_client)).scalar_one()
        return CsrfToken.model_validate(found, from_attributes=True)
