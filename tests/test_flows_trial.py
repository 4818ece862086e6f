"""`xingfu contacts test`: a marked message to every address, and what came of each."""

from collections.abc import Iterator

import pytest

from common.errors import RefusedError
from models.audits import history
from operations.cases.desk import Desk
from operations.daily.trial import TRIAL, TrialResult, try_contacts
from operations.upkeep.setup import check_trail
from policy.vocabulary import AuditKind
from states.contacts import Post
from tests.support.delivering import DATONG, DAY, TAIYUAN, at, know, rows
from tests.support.mail_server import Inbox, mail_server
from tests.support.vendor_servers import DINGTALK_SECRET, DINGTALK_TOKEN, platform

CANARY = "s3cr3tCanary"


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with mail_server() as made:
        yield made


def mail(inbox: Inbox, to: str) -> str:
    return f"mailto://127.0.0.1:{inbox.port}?from=xf@example.gov.cn&to={to}&mode=insecure"


def tried(desk: Desk, office: str | None = None, name: str | None = None) -> list[TrialResult]:
    return list(try_contacts(desk, office, name, "本机用户 示例", today=DAY, at=at()))


def test_every_address_gets_a_marked_message_and_its_own_verdict(
    sqlite_desk: Desk, inbox: Inbox
) -> None:
    with platform() as robot:
        ding = f"dingtalk://{DINGTALK_SECRET}@{DINGTALK_TOKEN}?api={robot.base}"
        know(
            sqlite_desk,
            Post(TAIYUAN, "甲", channels=(mail(inbox, "jia@b.cn"), mail(inbox, "nobody@b.cn"))),
            Post(TAIYUAN, "乙", channels=(ding, "sealed://", f"sms://{CANARY}")),
            Post(DATONG, "丙", channels=(ding, "list://13900000000")),
            Post(DATONG, "丁"),
        )
        found = tried(sqlite_desk)
        assert len(robot.seen) == 1, "a group that several share gets one message"
        assert "【测试】【幸福养老工程】" in robot.texts[0]
    said = {(each.name, each.address): each for each in found}
    assert {key: each.delivered for key, each in said.items()} == {
        ("甲", "mailto://***@127.0.0.1"): False,
        ("乙", "dingtalk://***"): True,
        ("乙", "sealed://***"): False,
        ("乙", "sms://***"): False,
        ("丙", "dingtalk://***"): True,
        ("丙", "list://***"): True,
        ("丁", "folder://"): True,
    }
    assert [each.delivered for each in found if each.name == "甲"] == [True, False]
    refused = said["甲", "mailto://***@127.0.0.1"]
    assert refused.reason == "收件地址被邮件服务器拒收（550）"
    assert refused.advice == "请更正该通知方式后再试"
    assert "须由人工转发" in said["丁", "folder://"].reason
    assert CANARY not in repr(found) + repr(rows(sqlite_desk, "SELECT * FROM audit"))
    letter = inbox.read()
    assert str(letter["Subject"]).startswith("【测试】【幸福养老工程】")
    body = letter.get_body(("plain",))
    assert body is not None
    assert "不是提醒或催办，无需办理" in body.get_content()


def test_it_counts_as_no_reminder_and_leaves_a_row(sqlite_desk: Desk, inbox: Inbox) -> None:
    know(sqlite_desk, Post(TAIYUAN, "甲", channels=(mail(inbox, "nobody@b.cn"),)))
    (one,) = tried(sqlite_desk, TAIYUAN, "甲")
    assert not one.delivered
    kept = "SELECT id FROM outbox UNION SELECT outbox_id FROM delivery"
    assert rows(sqlite_desk, kept) == []
    assert rows(sqlite_desk, "SELECT * FROM addressee") == []
    with sqlite_desk.reading() as session:
        row = history(session, sqlite_desk.plan, sqlite_desk.plan.province)[-1]
    assert (row.kind, row.action, row.actor) == (AuditKind.EVIDENCE, TRIAL, "本机用户 示例")
    assert row.evidence == f"试发通知方式：{TAIYUAN} 甲，共1个，失败1个"
    assert check_trail(sqlite_desk).breaks == ()


def test_who_is_not_there_is_not_tried(sqlite_desk: Desk) -> None:
    know(sqlite_desk, Post(TAIYUAN, "甲"))
    with pytest.raises(RefusedError, match="是否为太原市民政局"):
        tried(sqlite_desk, "太原市民政厅")
    with pytest.raises(RefusedError, match="没有符合条件的联系人"):
        tried(sqlite_desk, TAIYUAN, "戊")
    assert [each.name for each in tried(sqlite_desk, TAIYUAN)] == ["甲"]
