"""Mails that come back: the delivery is no longer told, others are told instead, admins once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from documents.reading.bounces import BounceReport, read_bounce
from models.database import reading, writing
from models.unreachable import unreachable
from notifications.message import Message
from notifications.sending import DeliveryError, Part, whole
from operations.cases.desk import Desk
from operations.daily.bounces import BounceResult, bounced, heard_from
from operations.daily.trial import try_contacts
from operations.upkeep.watching import look, tell_of_reach
from operations.views.contact_gaps import gaps
from operations.views.outbox import message_views
from operations.views.reach import unreachable_lines
from operations.workbooks.directory import ContactChange, set_contact
from policy.vocabulary import BounceKind, ChannelKind, DeliveryStatus, RecipientReason
from states.contacts import Post
from tests.conftest import DeskIn
from tests.support.bounces import fields, prose, report
from tests.support.delivering import (
    DAY,
    OWING,
    PROVINCE,
    TAIYUAN,
    at,
    fates,
    know,
    rows,
    send,
)
from tests.support.handing_in import environment
from tests.support.tape import Tape
from tests.test_deployments_commands import run
from tests.test_flows_bad_targets import letters

pytestmark = pytest.mark.heavy

JIA = "jia@b.example"
URL = f"mailto://user:pw@smtp.b.example?from=x@b.example&to={JIA}"
ROBOT = "wecombot://0123456789abcdef"
GONE = DeliveryError(
    "企业微信拒收（93000，群机器人密钥无效或机器人已移除）", code="93000", final=True
)
WHO = f"{TAIYUAN} 甲"
LATER = DAY + timedelta(days=300)


class WholeTape(Tape):
    """Keeps messages whole, also those that are about nothing."""

    def parts(self, message: Message) -> tuple[Part, ...]:
        return whole(message)


@pytest.fixture
def owing(desk_in: DeskIn) -> Desk:
    """A desk where every city owes something, and nobody is known at any office."""
    return desk_in(OWING)


def tapes(**refused: DeliveryError) -> tuple[Callable[[str | None], Tape], dict[str, Tape]]:
    """A tape for each kind of address, and what opens them."""
    found: dict[str, Tape] = {}

    def opened(url: str | None) -> Tape:
        kind = (url or "folder://").partition("://")[0]
        made = found.setdefault(kind, WholeTape(refused.get(kind)))
        made.kind = {"mailto": ChannelKind.MAIL, "wecombot": ChannelKind.WECOM}.get(kind, made.kind)
        return made

    return opened, found


def digest_of(desk: Desk, person: str = WHO) -> str:
    [digest] = {
        row[1] for row in rows(desk, "SELECT person, digest FROM delivery") if row[0] == person
    }
    return str(digest)


def come(desk: Desk, raw: bytes, when: datetime | None = None) -> list[BounceResult | None]:
    with writing(desk.engine) as session:
        return [bounced(session, desk, each, when or at(11)) for each in read_bounce(raw)]


def dsn(desk: Desk, to: str = JIA, **more: str) -> bytes:
    return report(fields(to=to, **more), id=f"<{digest_of(desk)}@xingfu.invalid>")


def marks(desk: Desk) -> list[tuple[str, str]]:
    with reading(desk.engine) as session:
        return [(row.person, row.reason) for row in unreachable(session, desk.plan.id)]


def sent(desk: Desk, *known: Post) -> None:
    know(desk, *known)
    send(desk, tapes()[0])


# --- what a bounce does ---------------------------------------------------------------------------


def test_a_bounce_takes_it_to_the_office_above(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)), Post(PROVINCE, "省", channels=(ROBOT,)))
    assert fates(owing)["甲"] == {"sent"}
    count = len([view for view in message_views(owing) if view.person == WHO])
    [done] = come(owing, dsn(owing))
    assert done == BounceResult(WHO, digest_of(owing), count, unreachable=True)
    assert fates(owing)["甲"] == {"dead"}
    reason = "退信，地址不存在或已停用（550 5.1.1 User unknown）"
    assert {view.error for view in message_views(owing) if view.person == WHO} == {reason}
    assert marks(owing) == [(WHO, f"第1个通知方式（电子邮件）：{reason}")]
    opened, heard = tapes()
    send(owing, opened, at(day=DAY + timedelta(days=1)))
    assert fates(owing) == {"甲": {"cancelled"}, f"{PROVINCE} 省": {"sent"}}
    assert "mailto" not in heard, "nobody writes there any more"
    [view] = [
        v for v in message_views(owing) if v.person.startswith(PROVINCE) and v.recipient == TAIYUAN
    ][:1]
    assert view.because is RecipientReason.VACANT
    [told] = [m for m in heard["wecombot"].sent if TAIYUAN in m.text]
    assert f"{TAIYUAN}联系人的通知方式目前无法送达，请转告该单位" in told.text


def test_a_substitute_comes_before_the_office_above(owing: Desk) -> None:
    sent(
        owing,
        Post(TAIYUAN, "甲", "", channels=(URL,), substitute="大同市民政局 乙", away_from=LATER),
        Post("大同市民政局", "乙", channels=(ROBOT,)),
        Post(PROVINCE, "省"),
    )
    come(owing, dsn(owing))
    send(owing, tapes()[0], at(day=DAY + timedelta(days=1)))
    assert fates(owing) == {"甲": {"cancelled"}, "大同市民政局 乙": {"sent"}}


def test_another_address_comes_before_other_people(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL, ROBOT)), Post(PROVINCE, "省"))
    come(owing, dsn(owing))
    assert fates(owing) == {"甲": {"pending"}}
    opened, heard = tapes()
    send(owing, opened, at(11, 30))
    assert fates(owing) == {"甲": {"sent"}}
    assert len(heard["wecombot"].sent) == 1
    assert "mailto" not in heard
    come(owing, dsn(owing))
    assert fates(owing) == {"甲": {"sent"}}, "the same report once more undoes nothing"


def test_a_colleague_at_the_office_has_it_already(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)), Post(TAIYUAN, "乙"), Post(PROVINCE, "省"))
    come(owing, dsn(owing))
    send(owing, tapes()[0], at(day=DAY + timedelta(days=1)))
    assert fates(owing) == {"甲": {"cancelled"}, "乙": {"sent"}}


def test_where_nobody_else_is_known_it_stays_undelivered(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    come(owing, dsn(owing))
    opened, heard = tapes()
    send(owing, opened, at(day=DAY + timedelta(days=1)))
    assert fates(owing) == {"甲": {"dead"}}
    assert "mailto" not in heard


@pytest.mark.parametrize(
    "raw",
    [
        {"status": "4.4.1", "action": "delayed", "diagnostic": "smtp; timed out"},
        {"status": "2.0.0", "action": "relayed"},
    ],
)
def test_what_is_only_late_changes_nothing(owing: Desk, raw: dict[str, str]) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    before = rows(owing, "SELECT * FROM delivery ORDER BY 1, 2")
    assert come(owing, dsn(owing, **raw)) in ([None], [])
    assert rows(owing, "SELECT * FROM delivery ORDER BY 1, 2") == before
    assert marks(owing) == []


def test_late_then_failed_counts_as_failed(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    come(owing, dsn(owing, status="4.4.1", action="delayed"))
    come(owing, dsn(owing))
    assert fates(owing) == {"甲": {"dead"}}


@pytest.mark.parametrize("kind", [BounceKind.REFUSED, BounceKind.LARGE, BounceKind.UNKNOWN])
def test_what_lies_with_the_mail_does_not_give_up_the_address(
    owing: Desk, kind: BounceKind
) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL, ROBOT)))
    told = BounceReport((JIA,), kind, final=True, reason="x")
    with writing(owing.engine) as session:
        done = bounced(session, owing, told, at(11))
    assert done is not None
    assert not done.unreachable
    assert (fates(owing), marks(owing)) == ({"甲": {"dead"}}, [])


def test_prose_is_matched_by_whom_we_wrote_to_lately(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    raw = prose(f"收件人 {JIA.upper()} 的邮箱空间已满")
    assert come(owing, raw, at(day=DAY + timedelta(days=9))) == [None]
    [done] = come(owing, raw)
    assert done is not None
    assert (done.person, done.unreachable) == (WHO, True)
    assert marks(owing)[0][1].endswith("退信，邮箱已满（收件人 （地址从略） 的邮箱空间已满）")


@pytest.mark.parametrize(
    "raw",
    [
        report(fields(to="stranger@x.example"), id="<abc@elsewhere.example>"),
        report(fields(to="stranger@x.example"), id=f"<{'0' * 64}@xingfu.invalid>"),
        prose("stranger@x.example 用户不存在"),
        prose("用户不存在"),
    ],
)
def test_a_bounce_of_no_mail_of_ours_does_nothing(owing: Desk, raw: bytes) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    assert come(owing, raw) == [None]
    assert (fates(owing), marks(owing)) == ({"甲": {"sent"}}, [])


def test_a_forwarded_mail_is_known_by_its_id(owing: Desk) -> None:
    """The server of whoever forwards it names another address."""
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    [done] = come(owing, dsn(owing, to="elsewhere@y.example"))
    assert done is not None
    assert done.unreachable


def test_nothing_is_ever_answered(owing: Desk) -> None:
    sent(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    before = rows(owing, "SELECT count(*) FROM outbox")
    for _ in range(10):
        come(owing, dsn(owing))
    assert rows(owing, "SELECT count(*) FROM outbox") == before
    assert len(marks(owing)) == 1


def test_a_robot_that_is_gone_is_given_up_likewise(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=(ROBOT,)), Post(PROVINCE, "省", channels=(URL,)))
    done = send(owing, tapes(wecombot=GONE)[0])
    assert [str(each) for each in done.refused] == [
        f"{WHO}第1个通知方式（企业微信群机器人）：{GONE}"
    ]
    opened, heard = tapes()
    send(owing, opened, at(day=DAY + timedelta(days=1)))
    assert fates(owing) == {"甲": {"cancelled"}, f"{PROVINCE} 省": {"sent"}}
    assert "wecombot" not in heard


# --- reached again --------------------------------------------------------------------------------


def given_up(desk: Desk) -> None:
    sent(desk, Post(TAIYUAN, "甲", channels=(URL,)), Post(PROVINCE, "省"))
    come(desk, dsn(desk))
    assert len(marks(desk)) == 1


def test_a_mail_from_the_address_shows_that_it_is_in_use(owing: Desk) -> None:
    given_up(owing)
    with writing(owing.engine) as session:
        heard_from(session, owing, f" {JIA.upper()} ")
    assert marks(owing) == []


@pytest.mark.parametrize("accepted", [True, False])
def test_a_test_that_is_accepted_brings_it_back(owing: Desk, accepted: bool) -> None:
    given_up(owing)
    refused = {} if accepted else {"mailto": DeliveryError("收件地址被拒收（550）", final=True)}
    opened, _ = tapes(**refused)
    try_contacts(owing, TAIYUAN, None, "本机用户 某", today=DAY, at=at(12), open_channel=opened)
    assert len(marks(owing)) == (0 if accepted else 1)


def test_a_test_that_is_refused_for_good_gives_it_up(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=(ROBOT, URL)))
    opened, _ = tapes(wecombot=GONE)
    try_contacts(owing, None, None, "本机用户 某", today=DAY, at=at(12), open_channel=opened)
    assert marks(owing) == [(WHO, f"第1个通知方式（企业微信群机器人）：{GONE}")]


def test_a_test_that_comes_back_gives_it_up(owing: Desk) -> None:
    know(owing, Post(TAIYUAN, "甲", channels=(URL,)))
    opened, heard = tapes()
    try_contacts(owing, None, None, "本机用户 某", today=DAY, at=at(12), open_channel=opened)
    id = heard["mailto"].sent[0].id
    [done] = come(owing, report(fields(to=JIA), id=f"<{id}@xingfu.invalid>"))
    assert done == BounceResult(WHO, "", 0, unreachable=True)


def test_another_address_is_another_matter(owing: Desk) -> None:
    given_up(owing)
    set_contact(owing, ContactChange(TAIYUAN, "甲", channels=[URL.replace("jia@", "yi@")]))
    assert unreachable_lines(owing) == ()
    opened, heard = tapes()
    send(owing, opened, at(day=DAY + timedelta(days=1)))
    assert marks(owing) == []
    assert len(heard["mailto"].sent) == 1
    assert fates(owing)["甲"] == {"sent"}


def test_another_password_is_the_same_mailbox(owing: Desk) -> None:
    given_up(owing)
    set_contact(owing, ContactChange(TAIYUAN, "甲", channels=[URL.replace(":pw@", ":new@")]))
    send(owing, tapes()[0], at(day=DAY + timedelta(days=1)))
    assert len(marks(owing)) == 1


# --- shown and told -------------------------------------------------------------------------------


def test_it_is_shown_where_contacts_are_looked_after(
    owing: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given_up(owing)
    [line] = unreachable_lines(owing)
    assert (line.office, line.name, line.since, line.wholly) == (TAIYUAN, "甲", DAY, True)
    [gap] = [gap for gap in gaps(owing, DAY) if gap.office == TAIYUAN]
    assert (gap.unreached, gap.vacant, gap.told) == (True, False, (f"{PROVINCE} 省",))
    for name, value in environment(owing).items():
        monkeypatch.setenv(name, value)
    for words in (("contacts", "list"), ("contacts", "check", "--as-of", "2023-02-21")):
        assert run(*words) == 0
        told = capsys.readouterr().out
        assert "无法送达的通知方式（共1个）" in told
        assert "退信" in told
        assert JIA not in told
    assert "联系人无法送达" in told


def test_admins_are_told_once_by_whoever_sees_it_first(owing: Desk) -> None:
    given_up(owing)
    for when in (at(11), at(12), at(13)):
        assert tell_of_reach(owing.settings, when) == ()
        look(owing.settings, when + timedelta(minutes=1))
    bodies = letters(owing)
    assert sum(f"{WHO}的第1个通知方式（电子邮件）：退信" in body for body in bodies) == 1
    assert not any(JIA in body for body in bodies)


def test_counts_agree_after_all(owing: Desk) -> None:
    given_up(owing)
    send(owing, tapes()[0], at(day=DAY + timedelta(days=1)))
    wrong = rows(
        owing,
        "SELECT id FROM outbox WHERE status = 'sent' AND NOT EXISTS "
        "(SELECT 1 FROM delivery WHERE outbox_id = outbox.id AND status = 'sent')",
    )
    assert wrong == []
    assert {view.status for view in message_views(owing)} <= {
        DeliveryStatus.SENT,
        DeliveryStatus.CANCELLED,
    }
