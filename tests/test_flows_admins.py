"""What admins are told of a run, and what they are never shown."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from models.settings import Settings
from notifications.sending import DeliveryError
from operations.cases.desk import Desk
from operations.upkeep.admins import (
    ADVICE,
    LONGEST,
    STATES,
    Trouble,
    addresses,
    letter,
    quoted,
    run_alarm,
    tell,
    with_proofs,
)
from operations.upkeep.setup import check_trail
from tests.support.delivering import MAILS
from tests.support.mail_server import mail_server
from tests.support.vendor_servers import WECOM_KEY, platform, said

AT = datetime(2023, 6, 1, 0, 31, tzinfo=UTC)
LINK = "http://127.0.0.1:4200/runs/flow-run/0190a1b2-1111-7222-8333-123456789012"
SECRET = "s3cr3tCanary"  # noqa: S105  # of nothing
TROUBLE = Trouble(
    "id", "enforce_deadlines-2023-06-01", "enforce_deadlines", "Crashed", "为何", LINK
)


def test_an_alarm_says_what_when_where_and_what_to_do() -> None:
    message = letter(run_alarm(TROUBLE, AT), "幸福养老工程")
    assert message.title == "【幸福养老工程】系统告警：enforce_deadlines 运行中断"
    assert message.text.splitlines() == [
        "系统管理员：",
        "事由：任务“enforce_deadlines”的一次运行未能正常完成。",
        "运行：enforce_deadlines-2023-06-01",
        "状态：运行中断（Crashed）",
        "时间：2023-06-01 08:31（北京时间）",
        "说明：为何",
        f"查看：{LINK}",
        f"处理：{ADVICE['Crashed']}",
        "同一任务同一状态的告警每小时最多发送一次。",
    ]
    assert LINK in message.html


def test_an_alarm_carries_what_the_trail_can_be_held_against(sqlite_desk: Desk) -> None:
    alarm = with_proofs(sqlite_desk.settings, run_alarm(TROUBLE, AT))
    *before, last = alarm.lines
    assert tuple(before) == run_alarm(TROUBLE, AT).lines
    proof = last.removeprefix("办理记录：shanxi-2023现至").removesuffix("，请留存。")
    assert check_trail(sqlite_desk, proof).breaks == ()


def test_the_entrance_is_where_admins_open_the_ui(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Settings(home=tmp_path).entrance == "http://127.0.0.1:4200/xingfu/shanxi-2023"
    monkeypatch.setenv("PREFECT_UI_URL", "https://xingfu.example/")  # as the compose file says
    assert Settings(home=tmp_path).entrance == "https://xingfu.example/xingfu/shanxi-2023"


def test_an_alarm_goes_out_without_a_database_too(tmp_path: Path) -> None:
    assert with_proofs(Settings(home=tmp_path), run_alarm(TROUBLE, AT)) == run_alarm(TROUBLE, AT)
    assert not (tmp_path / "xingfu.db").exists()


def test_every_state_that_raises_an_alarm_has_words() -> None:
    from deployments.server.automations import BAD, EVENT

    assert {EVENT + state for state in STATES} == BAD
    assert STATES.keys() == ADVICE.keys()


@pytest.mark.parametrize(
    "text",
    [
        f"数据库不可用：postgresql+psycopg://xf:{SECRET}@db/xf（timeout）",
        f"mailto://a:{SECRET}@smtp.b.cn?to=c@d.cn 拒收",
        f"wecombot://{SECRET}，errcode 93000",
        f"'https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}'",
        f"redis://:{SECRET}@redis:6379/0",
    ],
)
def test_no_address_is_quoted(text: str) -> None:
    assert SECRET not in quoted(text)
    assert "（地址从略）" in quoted(text)


def test_a_long_error_is_cut_and_a_traceback_is_one_line() -> None:
    assert len(quoted("甲" * 5000)) == LONGEST + 2
    assert quoted("甲\n  乙\n") == "甲 乙"


def test_markup_of_an_error_stays_text() -> None:
    trouble = Trouble("id", "r", "f", "Failed", "<b onclick=x>", LINK)
    assert "<b " not in letter(run_alarm(trouble, AT)).html


def test_an_alarm_sent_again_is_the_same_message() -> None:
    later = run_alarm(TROUBLE, datetime(2023, 6, 1, 1, 0, tzinfo=UTC))
    assert letter(run_alarm(TROUBLE, AT)).id == letter(later).id
    other = Trouble("other", "r", "f", "Failed", "", LINK)
    assert letter(run_alarm(other, AT)).id != letter(later).id


def test_addresses_are_apart_by_white_space_and_the_folder_stands_in() -> None:
    assert addresses(Settings()) == (None,)
    assert addresses(Settings(admin_channels=SecretStr(" "))) == (None,)
    given = SecretStr("mailto://a \n list://b")
    assert addresses(Settings(admin_channels=given)) == ("mailto://a", "list://b")


@MAILS
def test_it_goes_through_every_kind_of_channel(tmp_path: Path) -> None:
    """And whole, with its link, through a chat that masks telephone numbers."""
    settings = Settings(home=tmp_path)
    with platform() as robot, mail_server() as inbox:
        chat = f"wecombot://{WECOM_KEY}?api={robot.base}"
        for address in (chat, mail(inbox.port), "list://13800000000", None):
            tell(settings, address, run_alarm(TROUBLE, AT))
        assert LINK in "".join(robot.texts)
        assert "今日情况：http://127.0.0.1:4200/xingfu/shanxi-2023" in "".join(robot.texts)
        assert inbox.read()["Auto-Submitted"] == "auto-generated"
    assert len(list(settings.outgoing.glob("2023-06-01/系统管理员-*.eml"))) == 1
    assert len(list(settings.outgoing.glob("2023-06-01/文本清单/系统管理员-*.json"))) == 1


@MAILS
def test_a_robot_that_refuses_is_seen(tmp_path: Path) -> None:
    """Though it answers with HTTP 200."""
    with platform() as robot:
        robot.next = [said(errcode=45009, errmsg="api freq out of limit")]
        with pytest.raises(DeliveryError) as refused:
            address = f"wecombot://{WECOM_KEY}?api={robot.base}"
            tell(Settings(home=tmp_path), address, run_alarm(TROUBLE, AT))
    assert WECOM_KEY not in str(refused.value)


def mail(port: int) -> str:
    return f"mailto://127.0.0.1:{port}?from=a@b.cn&to=c@d.cn&mode=insecure"
