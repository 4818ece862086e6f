"""The desk as a site: its addresses, who may open each, and what guards them all."""

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from hmac import compare_digest
from urllib.parse import parse_qsl, urlsplit

from sqlmodel import select
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.clock import now, today
from common.errors import FullDiskError, RefusedError, UnavailableError, UsageError, XingfuError
from common.files import safe_name
from documents.reading.gate import MEGABYTE
from models.tables import PlanRow
from operations.cases.desk import Desk
from operations.cases.evidence import MOST_FILES, Exhibit
from operations.daily.admission import present
from operations.views.worklist import OutOfReachError
from operations.workbooks.intake import limits
from web import board, entrance, forms, me, papers, project, proof
from web import today as worklist
from web.errand import SESSION, STYLE, Errand, Handler, cookie_name, page

MOST_BYTES = 100_000
"""Of a form without files, and of each of its fields."""
UPLOADS = ("/answer", "/forms", "/proof", "/project/{code}/act")
"""The addresses that take files, from who is signed in."""
PATIENCE = 10
"""So many times what may come is read, and thrown away, to tell that it was too much."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
"""Without `no-referrer`: browsers would then send a form with ``Origin: null``."""
FOREIGN = "这一请求不是从本工作台的页面发出的，未予受理。请返回工作台重新办理。"
LOST = "没有这个页面。请从“今日事项”进入。"
BROKEN = "系统内部错误，未作任何改动。请稍后重试；仍不能办理的，请告知系统管理员查看日志。"
FULL_DISK = "服务器磁盘已满，未作任何改动。请告知系统管理员清理磁盘，腾出空间后再点一次即可。"
RESTING = "数据暂时不能读写，未作任何改动。请稍后再点一次；仍不能办理的，请告知系统管理员查看日志。"
LARGE = "提交的内容超过{most}MB，未予受理。请压缩图片或分成几次提交。"
HALF = "提交的内容不完整，未予受理。请返回后重新提交。"
log = logging.getLogger("xingfu.desk")


_GUARDED = (
    *entrance.GUARDED,
    *worklist.PAGES,
    *project.PAGES,
    *proof.PAGES,
    *forms.PAGES,
    *board.PAGES,
    *me.PAGES,
    *papers.PAGES,
)


def site(desk: Desk) -> Starlette:
    """The desk of one plan, ready to be served."""
    made = Starlette(
        routes=[
            Route("/health", _health),
            Route("/static/desk.css", _style),
            Route("/favicon.ico", _no_icon),
            *(_route(desk, *each, guarded=False) for each in (*entrance.OPEN, *me.OPEN)),
            *(_route(desk, *each, guarded=True) for each in _GUARDED),
        ],
        exception_handlers={HTTPException: _lost, Exception: _broken},
    )
    made.state.desk = desk
    made.add_middleware(_Headers)
    return made


class _Headers:
    """Adds `HEADERS` to whatever is answered, unless the answer says otherwise itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sent(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                more = [(name.lower().encode(), said.encode()) for name, said in HEADERS.items()]
                missing = [each for each in more if each[0] not in given]
                message["headers"] = [*message["headers"], *missing]
            await send(message)

        await self.app(scope, receive, sent)


def _route(desk: Desk, path: str, methods: str, handler: Handler, *, guarded: bool) -> Route:
    """An address for everybody, or for who is signed in."""

    async def answer(request: Request) -> Response:
        most = MOST_BYTES
        if path in UPLOADS and _has_files(request) and await run_in_threadpool(_known, request):
            most = _most_uploaded(desk)
        body = await _body(request, most)
        if body is None:
            return _plain(request, 413, "未予受理", LARGE.format(most=max(most // MEGABYTE, 1)))
        try:
            fields, files = await _typed(request, body)
        except MultiPartException:
            return _plain(request, 400, "未予受理", HALF)
        return await run_in_threadpool(_answered, desk, request, fields, files, handler, guarded)

    return Route(path, answer, methods=methods.split())


def _most_uploaded(desk: Desk) -> int:
    """Bytes of all files that are handed in at once, with what is typed."""
    evidence = desk.settings.most_evidence_mb * MEGABYTE
    return max(evidence, limits(desk.settings).most_bytes) + MEGABYTE


async def _body(request: Request, most: int) -> bytes | None:
    """What was sent; None where it is too much."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most * PATIENCE:
            return None
        if size <= most:
            chunks.append(chunk)
    return b"".join(chunks) if size <= most else None


def _has_files(request: Request) -> bool:
    return request.headers.get("content-type", "").startswith("multipart/form-data")


def _known(request: Request) -> bool:
    """Whether somebody who is signed in sends it: of nobody else a file is read."""
    desk: Desk = request.app.state.desk
    secret = request.cookies.get(cookie_name(desk, SESSION), "")
    day = today(desk.settings.business_date)
    return bool(secret) and present(desk, secret, day, now()) is not None


async def _typed(request: Request, body: bytes) -> tuple[Mapping[str, str], Sequence[Exhibit]]:
    """What stands in the address or was typed, each name once: the last; and the files."""
    if request.method != "POST":
        return dict(request.query_params), ()
    if not _has_files(request):
        text = body.decode("utf-8", "replace")
        return dict(parse_qsl(text, keep_blank_values=True, max_num_fields=200)), ()

    async def stream() -> AsyncGenerator[bytes, None]:
        yield body

    parser = MultiPartParser(
        request.headers,
        stream(),
        max_files=MOST_FILES,
        max_fields=200,
        max_part_size=MOST_BYTES,
    )
    form = await parser.parse()
    fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
    sent = [it for _, it in form.multi_items() if isinstance(it, UploadFile) and it.filename]
    files = [Exhibit(safe_name(it.filename or ""), await it.read()) for it in sent]
    await form.close()
    return fields, files


def _answered(
    desk: Desk,
    request: Request,
    fields: Mapping[str, str],
    files: Sequence[Exhibit],
    handler: Handler,
    guarded: bool,
) -> Response:
    day, at = today(desk.settings.business_date), now()
    errand = Errand(desk, request, fields, day, at, None)
    try:
        secret = errand.cookie(SESSION)
        presence = present(desk, secret, day, at) if secret else None
        errand = Errand(desk, request, fields, day, at, presence, files)
        if vouched := entrance.vouched(errand):
            return vouched
        if request.method == "POST" and not _is_ours(errand, guarded):
            return page(errand, "error.html", 403, title="未予受理", says=[FOREIGN])
        if guarded and errand.presence is None:
            return entrance.ask_to_sign_in(errand)
        return handler(errand)
    except OutOfReachError as refusal:
        return page(errand, "error.html", 404, title="不能查看", says=str(refusal).splitlines())
    except (RefusedError, UsageError) as refusal:
        return page(errand, "error.html", 422, title="未办理", says=str(refusal).splitlines())
    except UnavailableError as trouble:
        log.warning("%s %s: %s", request.method, request.url.path, trouble)
        said = _shown(trouble).splitlines()
        return page(errand, "error.html", 503, title="暂不可用", says=said)
    except Exception:  # of whatever kind: who asked is answered, and the log keeps it
        log.exception("%s %s", request.method, request.url.path)
        return page(errand, "error.html", 500, title="系统错误", says=[BROKEN])


def _shown(trouble: UnavailableError) -> str:
    """What a visitor is told; what names paths is for whoever keeps the machine."""
    if isinstance(trouble, FullDiskError):
        return FULL_DISK
    return RESTING if "/" in str(trouble) else str(trouble)


def _is_ours(errand: Errand, guarded: bool) -> bool:
    """Whether a form was sent from a page of ours: as the browser says, and by its token."""
    headers = errand.request.headers
    sender, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if sender is not None:
        from_us = sender == "same-origin"
    elif origin is not None:
        from_us = urlsplit(origin).netloc == headers.get("host")
    else:
        from_us = True  # an old browser: the token alone has to tell
    if guarded and errand.presence is None:
        return from_us  # it is sent on to sign in, and nothing is done
    presence = errand.presence if guarded else None
    wanted = presence.form_token if presence else entrance.form_token(errand)
    given = errand.fields.get("form_token", "")
    return from_us and bool(wanted) and compare_digest(wanted.encode(), given.encode())


async def _health(request: Request) -> Response:
    """Whether the desk can read its database."""
    desk: Desk = request.app.state.desk

    def look() -> None:
        with desk.reading() as session:
            session.exec(select(PlanRow.id)).first()

    try:
        await run_in_threadpool(look)
    except XingfuError:
        return JSONResponse({"status": "unavailable"}, 503)
    return JSONResponse({"status": "ok"})


async def _style(request: Request) -> Response:
    lasting = {"Cache-Control": "public, max-age=31536000, immutable"}
    return Response(STYLE, media_type="text/css; charset=utf-8", headers=lasting)


async def _no_icon(request: Request) -> Response:
    """Browsers ask for one."""
    return Response(status_code=204)


async def _lost(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    return _plain(request, status, "没有这个页面" if status == 404 else "不能这样访问", LOST)


async def _broken(request: Request, error: Exception) -> Response:
    return _plain(request, 500, "系统错误", BROKEN)


def _plain(request: Request, status: int, title: str, says: str) -> Response:
    desk: Desk = request.app.state.desk
    errand = Errand(desk, request, {}, today(desk.settings.business_date), now(), None)
    return page(errand, "error.html", status, title=title, says=[says])
