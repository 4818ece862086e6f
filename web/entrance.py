"""Getting in and out: a link by mail, six digits, or the office's own sign-on."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from hashlib import sha256
from hmac import compare_digest
from logging import getLogger

from starlette.background import BackgroundTask
from starlette.responses import Response

from common.errors import RefusedError
from operations.daily.admission import (
    LINK_LASTS,
    SESSION_LASTS,
    Admission,
    enter_by_code,
    enter_by_link,
    enter_vouched,
    knock,
    leave,
    look_at_link,
    send_links,
)
from web.errand import BROWSER, SESSION, Errand, Handler, drop, keep, local, onward, page

SECRET_HEADER = "x-xingfu-secret"  # noqa: S105  # its name
UNPROVED = "统一登录的请求头来源不符，未予受理；请联系系统管理员核对代理设置"
ASKING_LASTS = timedelta(days=1)
log = getLogger("xingfu.desk")


def ask_to_sign_in(errand: Errand) -> Response:
    """The first thing that a stranger sees; he or she comes back to where he or she wanted to go.

    Every answer says that nobody is signed in, also to a request that would have changed something.
    """
    wanted = errand.request.url.path if errand.request.method == "GET" else "/"
    return _sign_in_page(errand, wanted, 401)


def sign_in(errand: Errand) -> Response:
    """Asks for the address."""
    return _sign_in_page(errand, errand.fields.get("next", "/"))


def _sign_in_page(errand: Errand, wanted: str, status: int = 200) -> Response:
    browser = errand.cookie(BROWSER) or secrets.token_urlsafe(32)
    token = _token_of(browser)
    answer = page(errand, "sign_in.html", status, next=local(wanted), asking_token=token)
    keep(errand.desk, answer, BROWSER, browser, ASKING_LASTS)
    return answer


def ask_for_link(errand: Errand) -> Response:
    """Says the same whoever asks; only then it is looked up whether anybody is to be written to."""
    desk, typed = errand.desk, errand.fields.get("address", "").strip()
    if not typed or len(typed) > 200:
        raise RefusedError("请填写通讯录中登记的电子邮箱")
    client = errand.request.client
    browser = errand.cookie(BROWSER)
    answer = page(
        errand,
        "sent.html",
        next=local(errand.fields.get("next", "/")),
        asking_token=_token_of(browser),
        minutes=int(LINK_LASTS.total_seconds() // 60),
        wrong="",
    )
    if knock(desk, typed, client.host if client else "", errand.at):
        answer.background = BackgroundTask(_send, errand, typed, browser)
    return answer


def _send(errand: Errand, typed: str, browser: str) -> None:
    site = errand.desk.settings.desk_address
    try:
        for trouble in send_links(errand.desk, typed, browser, site, errand.at):
            log.warning("登录邮件未能送出：%s", trouble)
    except Exception:  # nobody waits for it any more
        log.exception("登录邮件未能送出")


def type_code(errand: Errand) -> Response:
    """The six digits, in the browser that asked."""
    try:
        done = enter_by_code(
            errand.desk, errand.cookie(BROWSER), errand.fields.get("code", ""), errand.at
        )
    except RefusedError as refusal:
        return page(
            errand,
            "sent.html",
            422,
            next=local(errand.fields.get("next", "/")),
            asking_token=form_token(errand),
            minutes=int(LINK_LASTS.total_seconds() // 60),
            wrong=str(refusal),
        )
    return _let_in(errand, done, errand.fields.get("next", "/"))


def show_link(errand: Errand) -> Response:
    """Whom a link would sign in, and a button: mail gateways open links, too."""
    return _link_page(errand, "")


def _link_page(errand: Errand, wrong: str, status: int = 200) -> Response:
    browser = errand.cookie(BROWSER) or secrets.token_urlsafe(32)
    link = look_at_link(errand.desk, errand.part("token"), browser, errand.at)
    token = _token_of(browser)
    answer = page(errand, "link.html", status, link=link, asking_token=token, wrong=wrong)
    keep(errand.desk, answer, BROWSER, browser, ASKING_LASTS)
    return answer


def use_link(errand: Errand) -> Response:
    """Signs in, once."""
    code = errand.fields.get("code", "")
    token, browser = errand.part("token"), errand.cookie(BROWSER)
    try:
        return _let_in(errand, enter_by_link(errand.desk, token, browser, code, errand.at), "/")
    except RefusedError as refusal:
        return _link_page(errand, str(refusal), 422)


def _let_in(errand: Errand, done: Admission, wanted: str) -> Response:
    """With a session of its own: what the browser had before opens nothing any more."""
    if errand.presence:
        leave(errand.desk, errand.who.person, errand.at, errand.cookie(SESSION))
    answer = onward(wanted)
    keep(errand.desk, answer, SESSION, done.secret, SESSION_LASTS)
    return answer


def sign_out(errand: Errand) -> Response:
    """Out of this browser, or everywhere."""
    everywhere = bool(errand.fields.get("everywhere"))
    leave(errand.desk, errand.who.person, errand.at, "" if everywhere else errand.cookie(SESSION))
    answer = onward("/sign-in")
    drop(errand.desk, answer, SESSION)
    return answer


def vouched(errand: Errand) -> Response | None:
    """The answer where a proxy says who somebody is, and that is not who is signed in yet.

    RefusedError where it is not such a proxy that says so.
    """
    settings = errand.desk.settings
    header = settings.desk_sign_on_header
    said = errand.request.headers.getlist(header) if header else []
    if not said:
        return None
    client, secret = errand.request.client, settings.desk_sign_on_secret
    given = errand.request.headers.getlist(SECRET_HEADER)
    proved = (
        client is not None
        and client.host in settings.desk_sign_on_peers.split()
        and secret is not None
        and len(given) == len(said) == 1
        and compare_digest(given[0].encode(), secret.get_secret_value().encode())
    )
    if not proved:
        raise RefusedError(UNPROVED)
    mark = _mark(said[0], secret.get_secret_value() if secret else "")
    if errand.presence and compare_digest(errand.cookie("sign-on"), mark):
        return None
    answer = _let_in(
        errand, enter_vouched(errand.desk, said[0], errand.at), errand.request.url.path
    )
    keep(errand.desk, answer, "sign-on", mark, SESSION_LASTS)
    return answer


def form_token(errand: Errand) -> str:
    """What the forms of a browser carry in which nobody is signed in."""
    browser = errand.cookie(BROWSER)
    return _token_of(browser) if browser else ""


def _token_of(browser: str) -> str:
    return sha256(f"form {browser}".encode()).hexdigest()


def _mark(account: str, secret: str) -> str:
    """By which a session is known to be that of an account of the office's sign-on."""
    return sha256(f"{secret} {account}".encode()).hexdigest()


OPEN: Sequence[tuple[str, str, Handler]] = (
    ("/sign-in", "GET", sign_in),
    ("/sign-in", "POST", ask_for_link),
    ("/sign-in/code", "POST", type_code),
    ("/sign-in/{token}", "GET", show_link),
    ("/sign-in/{token}", "POST", use_link),
)
GUARDED: Sequence[tuple[str, str, Handler]] = (("/sign-out", "POST", sign_out),)
