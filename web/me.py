"""One's own (我的): absence and substitute, the calendar, the contacts of one's counties."""

from collections.abc import Sequence
from hashlib import sha256

from starlette.responses import Response

from common.errors import RefusedError
from documents.lists.feed import FeedEntry, calendar_feed
from documents.reading.typed import day_of
from models.contacts import posts_held
from operations.daily.admission import calendar_visitor, renew_calendar
from operations.daily.digests import item_link
from operations.views.worklist import CalendarItem, calendar_items
from operations.workbooks.directory import (
    ContactChange,
    clear_substitute,
    list_contacts,
    remove_contact,
    set_contact,
    set_substitute,
)
from policy.bodies import Office
from policy.vocabulary import Level
from web.errand import Errand, Handler, onward, page


def show_me(errand: Errand) -> Response:
    """One's own page."""
    return _my_page(errand)


def _my_page(errand: Errand, wrong: str = "", calendar: str = "", status: int = 200) -> Response:
    desk, offices = errand.desk, _counties(errand)
    with desk.reading() as session:
        held = posts_held(session, desk.plan, errand.who.person)
    known = [post for post in list_contacts(desk) if post.office in offices] if offices else []
    return page(
        errand,
        "me.html",
        status,
        held=held,
        offices=offices,
        known=known,
        wrong=wrong,
        calendar=calendar,
    )


def set_absence(errand: Errand) -> Response:
    """Say who stands in, from when to when; or that one is back."""
    office, fields = errand.fields.get("office", ""), errand.fields
    try:
        if office not in _own(errand):
            raise RefusedError("只能登记本人的外出和代理")
        if fields.get("back"):
            clear_substitute(errand.desk, office, errand.who.name)
        else:
            days = (day_of(fields.get("from", "")), day_of(fields.get("to", "")))
            by = fields.get("by", "").strip()
            set_substitute(errand.desk, office, errand.who.name, by, *days)
    except RefusedError as refusal:
        return _my_page(errand, str(refusal), status=422)
    return onward("/me")


def set_county_contact(errand: Errand) -> Response:
    """Enter a contact of one of one's counties, change what is stored, or take one out."""
    fields, office = errand.fields, errand.fields.get("office", "")
    try:
        if office not in _counties(errand):
            raise RefusedError(
                f"只能登记{errand.desk.plan.said('本市')}各{errand.desk.plan.county_bureaus}、财政局的联系人"
            )
        if fields.get("remove"):
            remove_contact(errand.desk, office, fields.get("name", ""))
        else:
            said = {key: fields.get(key, "").strip() for key in ("name", "role", "phone")}
            set_contact(errand.desk, ContactChange(office, **said))
    except RefusedError as refusal:
        return _my_page(errand, str(refusal), status=422)
    return onward("/me")


def new_calendar(errand: Errand) -> Response:
    """A new secret link, shown this once."""
    token = renew_calendar(errand.desk, errand.who.person, errand.at)
    return _my_page(errand, calendar=f"{errand.desk.settings.desk_address}/calendar/{token}.ics")


def show_calendar(errand: Errand) -> Response:
    """What a calendar program reads: no cookie, the link alone opens it."""
    who = calendar_visitor(errand.desk, errand.part("token"), errand.today)
    if who is None:
        return Response("日历链接无效或已更换，请在工作台重新获取。", 404)
    entries = [_entry(errand, each) for each in calendar_items(errand.desk, who, errand.today)]
    content = calendar_feed(f"{errand.desk.plan.name}（{who.name}）", entries)
    mark = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": mark, "Cache-Control": "private, no-cache"}
    if errand.request.headers.get("if-none-match") == mark:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="text/calendar; charset=utf-8", headers=headers)


def _entry(errand: Errand, item: CalendarItem) -> FeedEntry:
    view, number = item.view, errand.desk.plan.notice.number
    where = f"{view.city}{view.county}" + (view.name if view.name != view.city else "")
    return FeedEntry(
        f"{errand.desk.plan.id}-{view.subject}-{view.rule}@xingfu.invalid",
        item.visit - 1,
        item.due,
        f"{view.title}（{where}）",
        f"请办理：{view.to_do}\n依据：{number} {view.clause}（{view.rule}）\n原文：{view.text}",
        item_link(errand.desk, view.subject, view.rule),
    )


def _own(errand: Errand) -> set[str]:
    """The offices at which the person stands in the contacts."""
    with errand.desk.reading() as session:
        return {post.office for post in posts_held(session, errand.desk.plan, errand.who.person)}


def _counties(errand: Errand) -> dict[str, Office]:
    """The offices of the counties whose contacts the person keeps: those of a city bureau."""
    plan = errand.desk.plan
    bureaus = (it.seat for it in errand.who.actors if it.seat.body not in plan.treasuries)
    cities = {seat.city for seat in bureaus if seat.city and not seat.county}
    every = plan.contact_offices() if cities else ()
    return {it.name: it for it in every if it.level is Level.COUNTY and it.city in cities}


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/me", "GET", show_me),
    ("/me/absence", "POST", set_absence),
    ("/me/contacts", "POST", set_county_contact),
    ("/me/calendar", "POST", new_calendar),
)
OPEN: Sequence[tuple[str, str, Handler]] = (("/calendar/{token}.ics", "GET", show_calendar),)
