"""One request as the pages see it, and how answers look: who speaks, what was typed, the day."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from common.words import SHANGHAI, dated
from operations.cases.desk import Desk
from operations.cases.evidence import Exhibit
from operations.daily.admission import Presence
from operations.views.overview import DeadlineView
from policy.vocabulary import Standing
from states.reach import Visitor

HERE = Path(__file__).parent
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BROWSER, SESSION = "browser", "session"
"""Our cookies: which browser asks to be let in, and who is signed in."""
STYLE = (HERE / "static" / "desk.css").read_bytes()
STYLE_MARK = sha256(STYLE).hexdigest()[:12]
LAMPS = {
    Standing.OVERDUE: "red",
    Standing.COORDINATING: "amber",
    Standing.DUE_SOON: "amber",
    Standing.ON_TRACK: "green",
    Standing.MET: "green",
    Standing.MET_LATE: "grey",
    Standing.SUSPENDED: "grey",
    Standing.WAITING: "grey",
    Standing.VOID: "grey",
}


@dataclass(frozen=True, slots=True)
class Errand:
    """What somebody comes to the desk for."""

    desk: Desk
    request: Request
    fields: Mapping[str, str]
    """What was typed, or stands in the address."""
    today: date
    at: datetime
    presence: Presence | None
    files: Sequence[Exhibit] = ()
    """What was handed in with a form."""

    @property
    def who(self) -> Visitor:
        """Who is signed in; the pages that ask for it are opened to nobody else."""
        assert self.presence is not None  # noqa: S101  # held by `web.site`
        return self.presence.visitor

    @property
    def writing_desk(self) -> Desk:
        """The desk at which the person's own name is kept as who entered it."""
        return self.desk.entered_by(self.who.person)

    @property
    def as_of(self) -> date:
        """The day that was chosen, by default today; one to come is today."""
        try:
            return min(date.fromisoformat(self.fields.get("as_of", "")), self.today)
        except ValueError:
            return self.today

    def part(self, name: str) -> str:
        """A part of the address."""
        return str(self.request.path_params.get(name, ""))

    def cookie(self, name: str) -> str:
        """A secret that the browser keeps; empty where it has none."""
        return self.request.cookies.get(cookie_name(self.desk, name), "")

    def typed(self, **fields: str) -> "Errand":
        """The same errand as if that had been typed."""
        return replace(self, fields={**self.fields, **fields})


Handler = Callable[[Errand], Response]


def cookie_name(desk: Desk, name: str) -> str:
    """``__Host-`` binds a cookie to this very site; browsers take it only over https."""
    return f"__Host-xingfu-{name}" if is_secure(desk) else f"xingfu-{name}"


def is_secure(desk: Desk) -> bool:
    """Whether the desk is opened over https."""
    return desk.settings.desk_address.startswith("https:")


def keep(desk: Desk, answer: Response, name: str, secret: str, lasts: timedelta) -> None:
    """Have the browser keep a secret, that no script and no other site reads."""
    answer.set_cookie(
        cookie_name(desk, name),
        secret,
        max_age=int(lasts.total_seconds()),
        secure=is_secure(desk),
        httponly=True,
        samesite="lax",
    )


def drop(desk: Desk, answer: Response, name: str) -> None:
    """Have the browser forget a secret."""
    answer.delete_cookie(
        cookie_name(desk, name), secure=is_secure(desk), httponly=True, samesite="lax"
    )


def page(errand: Errand, template: str, status: int = 200, **told: Any) -> Response:
    """A page of the desk."""
    who = errand.presence.visitor if errand.presence else None
    text = (
        templates()
        .get_template(template)
        .render(
            plan=errand.desk.plan,
            who=who,
            form_token=errand.presence.form_token if errand.presence else "",
            today=errand.today,
            here=errand.request.url.path,
            **told,
        )
    )
    return Response(text, status, media_type="text/html; charset=utf-8")


def attached(name: str, content: bytes, media_type: str) -> Response:
    """A file to save under its name."""
    said = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media_type, headers={"Content-Disposition": said})


def pages_of(who: Visitor) -> Iterator[tuple[str, str]]:
    """The pages that stand in the head, for whom they are: address and name."""
    reach = who.reach
    over_counties = any(not place.county for place in reach.places | reach.funds)
    yield "/", "今日事项"
    yield "/list", "项目"
    if over_counties:
        yield "/board", "进度" if reach.places else "资金"
    yield "/forms", "表格"
    if reach.is_whole or reach.cities:
        yield "/papers", "公文"
    yield "/me", "我的"


def onward(path: str) -> Response:
    """Go on to another page of ours, by GET."""
    return RedirectResponse(local(path), 303)


def local(path: str) -> str:
    """`path` where it is one of ours, else the first page: nobody is sent on to another site."""
    parts = urlsplit(path)
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and not parts.netloc
    return path if ours and path.isprintable() and "\\" not in path else "/"


def lamp_of(view: DeadlineView) -> str:
    """The colour of a deadline's lamp; beside it stand the words."""
    return "amber" if view.is_beyond_proposal else LAMPS[view.standing]


def is_figure(cell: str) -> bool:
    """Whether a cell of a paper is a number, which stands at the right: ``1152.28``, ``35%``."""
    return re.fullmatch(r"[\d,]+(\.\d+)?%?", cell) is not None


@cache
def templates() -> Environment:
    """The templates of the pages, with what all of them call."""
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals |= {"style_mark": STYLE_MARK, "lamp_of": lamp_of, "pages_of": pages_of}
    made.globals["is_figure"] = is_figure
    made.filters |= {"dated": _day, "yuan": _yuan, "minute": _minute}
    return made


def _day(day: date | None) -> str:
    return dated(day) if day else "—"


def _yuan(amount: Decimal | None, blank: str = "—") -> str:
    return blank if amount is None else f"{amount:,.2f}"


def _minute(at: datetime) -> str:
    return f"{at.astimezone(SHANGHAI):%H:%M}"
