"""A year of one county and one city whose clerks have mail and Excel, and nothing else."""

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text

from common.errors import RefusedError
from notifications.message import Message
from operations.cases.answering import fact_label
from operations.cases.casework import Act
from operations.cases.desk import Desk
from operations.daily.delivery import deliver
from operations.daily.enforcement import enforce
from operations.mails.receiving import receive
from operations.mails.sources import waiting_mails
from operations.upkeep.scenario import CityReport, Event
from operations.views.overview import deadline_views
from states.contacts import Post
from states.deadlines import PRESSING
from tests.support.clerks import Clerk, Truth
from tests.support.delivering import know
from tests.support.province import by_day, days, morning, record
from tests.support.steps import TAIYUAN
from tests.support.stores import Stores
from tests.support.tape import Tape

pytestmark = [pytest.mark.heavy, pytest.mark.timeout(600)]
CITY, COUNTY = "太原市民政局", "太原市小店区民政局"
OURS = (CITY, COUNTY)
FORMS = ("办理回执", "月报")
BY_WHEN = r"时限：(?:建议于)?\d{4}年\d+月\d+日"
COUNTYS = "XF2023-140105"
"""How the codes of the county's projects begin; of two facts the county alone knows the days."""
FIRST, LAST = date(2023, 1, 16), date(2023, 12, 31)


@dataclass(slots=True)
class Year:
    """What was lived."""

    desk: Desk
    clerks: tuple[Clerk, ...]
    answers: int = 0
    told: list[str] = field(default_factory=list)
    """What receives said of each mail."""
    mails: list[tuple[date, Message]] = field(default_factory=list)
    """What the clerks were sent."""
    waiting: list[Event] = field(default_factory=list)
    """What others cannot do yet, since something before it is not on record."""


@pytest.fixture(scope="module")
def year(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    folder = tmp_path_factory.mktemp("clerks")
    with stores.desk(None, TAIYUAN, folder / "true") as desk:
        truth = _truth(desk)
    with stores.desk(None, TAIYUAN, folder / "lived") as desk:
        desk.settings = desk.settings.model_copy(update={"reply_to": "duban+{tag}@xingfu.example"})
        clerks = (
            Clerk(
                CITY,
                "示例·赵某",
                "zhao@city.example",
                truth.without(COUNTYS, ("运营机构确定", "开工")),
            ),
            Clerk(COUNTY, "示例·韩某", "han@county.example", truth),
        )
        know(desk, *(Post(it.office, it.name, channels=(it.url,)) for it in clerks))
        lived = Year(desk, clerks)
        for day in days(FIRST, LAST):
            _live(lived, day)
        yield lived


def _events(desk: Desk, day: date) -> list[Event]:
    """What happens on a day to projects of 太原市, to it, and to the province."""
    with desk.engine.connect() as connection:
        known = {code for (code,) in connection.execute(text("SELECT code FROM subject"))}
    ours = {code for code in known if code.startswith("XF2023-1401")} | {"太原市", "山西省"}
    return [event for event in by_day().get(day, ()) if event.subject in ours]


def _truth(desk: Desk) -> Truth:
    """What the example's year comes to when everybody enters everything."""
    reports: dict[tuple[str, str], Mapping[str, Any]] = {}
    for day in days(FIRST, LAST):
        found = _events(desk, day)
        record(desk, found)
        for event in found:
            if isinstance(event, CityReport):
                month = desk.plan.reported_months[event.duty]
                reports |= {(code, month): said for code, said in event.said.items()}
    with desk.engine.connect() as connection:
        rows = connection.execute(text('SELECT subject, name, "on" FROM fact')).tuples()
        facts = {(s, fact_label(desk, n)): date.fromisoformat(str(on)) for s, n, on in rows}
    return Truth(facts, reports)


def _live(year: Year, day: date) -> None:
    """Others do their work, the daily job runs, the clerks read and reply, and are read."""
    _others(year, day)
    enforce(year.desk, day, morning(day))
    _leave_out_others(year.desk)
    tape = Tape()
    deliver(year.desk, lambda: morning(day), lambda _: tape)
    for message in tape.sent:
        clerk = next((it for it in year.clerks if it.office == message.recipient), None)
        raw = None
        if clerk is not None:
            year.mails.append((day, message))
            raw = clerk.answer(message, day)
        if raw is not None:
            year.answers += 1
            path = year.desk.settings.incoming / f"{day}-{year.answers}.eml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(raw)
            os.utime(path, (morning(day).timestamp(),) * 2)
    at = morning(day).replace(hour=16)
    done = receive(year.desk, waiting_mails(year.desk, at), today=day, at=at)
    year.told += [*done.registered, *done.held, *done.unreadable, *done.failed, *done.left]


def _others(year: Year, day: date) -> None:
    year.waiting += [event for event in _events(year.desk, day) if not _is_ours(event)]
    left = []
    for event in year.waiting:
        try:
            record(year.desk, [event])
        except RefusedError:
            left.append(event)
    year.waiting = left


def _leave_out_others(desk: Desk) -> None:
    """What other offices are owed is not made out: nobody reads it here, and it takes long."""
    others = text("UPDATE outbox SET status = 'cancelled' WHERE recipient NOT IN (:city, :county)")
    with desk.engine.begin() as connection:
        connection.execute(others, {"city": CITY, "county": COUNTY})


def _is_ours(event: Event) -> bool:
    return isinstance(event, CityReport) or (isinstance(event, Act) and event.actor in OURS)


def test_every_answer_is_read_and_registered(year: Year) -> None:
    assert year.answers > 20
    assert Counter("已登记" in line for line in year.told) == {True: year.answers}, year.told


def test_nothing_is_left_open_of_what_the_two_answer_for(year: Year) -> None:
    assert year.waiting == []
    views = deadline_views(year.desk, LAST)
    assert [view for view in views if view.responsible in OURS and view.standing in PRESSING] == []


def test_both_were_asked_and_nobody_again_for_what_was_done(year: Year) -> None:
    for clerk in year.clerks:
        assert clerk.done
        assert clerk.again == []


def test_every_demand_says_by_when_how_to_answer_and_whom_to_ask(year: Year) -> None:
    """The forms that the answer is to have are those that came along."""
    asking = [message for _, message in year.mails if message.lines]
    assert asking
    above = {COUNTY: f"如有疑问，请与{CITY}示例·赵某", CITY: "如有疑问，请与山西省民政厅"}
    for message in asking:
        first, *_ = re.findall("直接回复本邮件，附上填好的(.*)。", message.text)
        new = [it.name for it in message.attachments if "需修改" not in it.name]
        brought = {form for form in FORMS if any(form in name for name in new)}
        assert (set(re.findall("《([^》]+)》", first)), bool(brought)) == (brought, True)
        assert above[message.recipient] in message.text
        assert len(re.findall(BY_WHEN, message.text)) >= 1


def test_nobody_had_two_mails_on_a_day_and_every_answer_its_receipt(year: Year) -> None:
    assert max(Counter((day, message.recipient) for day, message in year.mails).values()) == 1
    told = [message for _, message in year.mails if message.receipts]
    assert len(told) <= year.answers <= sum(len(message.receipts) for message in told)
    for message in told:
        assert len(re.findall("不需再报。|重新报送之日为报送日期。", message.text)) >= len(
            message.receipts
        )
