"""The example province, run for real: initialise, import, replay, enforce, deliver, look."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import flows
from common.clock import now
from common.errors import RefusedError
from deployments.commands.console import counted, say
from deployments.example.reply import lay_out
from deployments.server.desk import serving_desk
from deployments.server.lock import served_once
from deployments.server.process import starting_server
from deployments.server.serve import serve_deployments
from deployments.server.stopping import stopping_cleanly
from models.audits import recorded_acts
from models.contacts import posts
from models.database import reading
from models.projects import dossiers
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.rules import Approval, adopt, foresee, install
from operations.upkeep.scenario import happen, key, tables
from operations.upkeep.setup import prepare
from operations.views.scenes import require_newest
from operations.workbooks.intake import import_workbook
from policy.vocabulary import Level, Product, Standing

DEFAULT_DAY = date(2023, 6, 1)
EXAMPLE = Path(__file__).with_name("example")
MARK = "示例"
FLOWS = Path(flows.__file__).parent


def demo(settings: Settings, as_of: date, *, stay: bool) -> None:
    """Run the example as of a day and, with `stay`, keep the UI until Ctrl-C. Safe to repeat."""
    # Scheduled runs of the demonstration stay on its day; real use never pins the date.
    os.environ["XINGFU_BUSINESS_DATE"] = as_of.isoformat()
    # The desk is on, so that mails lead to it.
    os.environ["XINGFU_DESK_URL"] = settings.desk_address
    settings = settings.model_copy(
        update={"business_date": as_of, "desk_url": settings.desk_address}
    )
    with stopping_cleanly(), served_once(settings):
        say("正在建立数据库……")
        desk = prepare(settings, None)
        _refuse_real_data(desk)
        _install(desk, as_of)
        require_newest(desk, as_of)
        with starting_server(settings) as ready:  # it takes its time, and needs nothing of ours
            load_example(desk, as_of)
            say("正在等待 Prefect 服务就绪……")
            address = ready()
            run_flows(desk, as_of)
            _tell(desk, as_of, address)
            _tell_reply(desk, as_of, stay=stay)
            if stay:
                with serving_desk(settings):
                    words = "定时任务已就绪（演示日期固定）。按 Ctrl-C 停止。"
                    serve_deployments(settings, words)
            else:
                say("界面随命令结束而关闭；用 make run 或 xingfu serve 可再打开。")


def _install(desk: Desk, as_of: date) -> None:
    """The example's database takes up a plan that was changed meanwhile: nobody depends on it."""
    if foresee(desk, as_of, now()) is None:
        install(desk, now())
    else:
        say("实施方案已更改，示例数据按新方案重新计算……")
        adopt(desk, Approval(MARK, MARK), as_of, now())


def load_example(desk: Desk, as_of: date) -> None:
    """Import the example's workbooks and replay its recorded facts up to a day."""
    for path in sorted((EXAMPLE / "workbooks").glob("*.xlsx")):
        done = import_workbook(desk, path, today=as_of, at=now())
        took = done.taken
        changes = f"新增{took.added}，更新{took.changed}，未变{took.unchanged}"
        say(f"{done.file}：{done.called}，{changes}")
    with desk.writing() as session:
        known = recorded_acts(session, desk.plan)
        new = [event for event in tables(EXAMPLE) if event.on <= as_of and key(event) not in known]
        say(f"正在登记示例事实{len(new)}条……")
        for event in counted("已登记", new):
            happen(session, desk, event, today=as_of, at=now())
    say(f"已登记示例事实{len(new)}条（截至 {as_of}）")


def _refuse_real_data(desk: Desk) -> None:
    """The example's names are all marked; a database with any other is somebody's own."""
    with reading(desk.engine) as session:
        names = [project.name for project in dossiers(session, desk.plan)]
        names += [person.name for person in posts(session, desk.plan)]
    if real := [name for name in names if MARK not in name]:
        raise RefusedError(
            f"{desk.settings.home} 中已有实际数据（如“{real[0]}”），演示不会写入；"
            "请用 XINGFU_HOME 另设状态目录"
        )


def run_flows(desk: Desk, as_of: date) -> None:
    """Run the daily job and the year's duties as flow runs on the running server."""
    from prefect.logging.handlers import APILogHandler

    from flows.enforce_deadlines import enforce_deadlines
    from flows.fulfil_duty import fulfil_duty

    with _heard():
        say("正在核对当日时限、发送消息、发布页面……")
        # It leaps through the year, on the example alone: whoever runs it stands for the day.
        done = enforce_deadlines(
            as_of=as_of,
            confirm=True,
            actor=desk.plan.office(Level.PROVINCE),
            evidence=f"演示：回放示例数据至{as_of}",
            return_state=True,
        )
        if not done.is_completed():
            raise RefusedError(str(done.message))
        say("正在编制到期的通报、函件、安排等……")
        fulfil_duty(duties=list(Product), as_of=as_of, return_state=True)
    APILogHandler().flush()  # what it has logged, before the server may stop


@contextmanager
def _heard() -> Iterator[None]:
    """Meanwhile staff see what our runs say of their work; warnings come from Prefect itself."""
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: say(f"  {record.getMessage()}")  # type: ignore[method-assign]
    handler.addFilter(
        lambda record: record.levelno == logging.INFO and Path(record.pathname).parent == FLOWS
    )
    loggers = [logging.getLogger(f"prefect.{kind}_runs") for kind in ("flow", "task")]
    for logger in loggers:
        logger.addHandler(handler)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(handler)


def _tell(desk: Desk, as_of: date, address: str) -> None:
    from operations.views.outbox import outbox_counts
    from operations.views.overview import in_chains, survey

    seen = survey(desk, as_of)
    pressing = in_chains(seen.views)
    counts = "，".join(f"{status.label}{n}" for status, n in outbox_counts(desk).items())
    overdue = sum(view.is_overdue for view in pressing)
    beyond = sum(view.is_beyond_proposal for view in pressing)
    due_soon = sum(view.standing is Standing.DUE_SOON for view in pressing)
    projects = sum(row.projects for row in seen.board)
    home = desk.settings.home
    say("")
    say(
        f"{desk.plan.name}，截至 {as_of}：项目{projects}个，"
        f"逾期{overdue}项，超过建议时限{beyond}项，临期{due_soon}项"
    )
    say(f"消息：{counts}")
    say("")
    say("请看：")
    say(f"  今日情况　　{desk.settings.entrance}　（全省进度、待处理、全部页面和表单）")
    say(f"  逾期清单　　{_artifact(address, f'{desk.plan.id}-overdue')}")
    say(f"  工作台　　　{desk.settings.desk_url}")
    say("  　　　　　　登录时填写通讯录中的联系电话，如省级 000-0000-0001、市级 000-0000-0107；")
    say(f"  　　　　　　登录链接和验证码在 {desk.settings.outgoing} 中最新的一份邮件里")
    say(f"  运行记录　　{address}/runs")
    say(f"  已发消息　　{desk.settings.outgoing}（.eml，可用邮件程序打开）")
    say(f"  周期工作　　{desk.settings.outgoing / 'duties'}（通报、函件、安排等草稿）")
    say(f"  命令行　　　.venv/bin/xingfu board --as-of {as_of}　（状态目录 {home}）")


def _tell_reply(desk: Desk, as_of: date, *, stay: bool) -> None:
    """How a reply is answered: the one command that hands it in, and those that show the rest."""
    reply = lay_out(desk, as_of, now())
    if reply is None:
        return
    settings = desk.settings
    command = f"XINGFU_HOME={settings.home} XINGFU_BUSINESS_DATE={as_of} .venv/bin/xingfu"
    say("")
    say(f"设有答复邮箱（XINGFU_REPLY_TO）的，收到提醒的单位可直接回复邮件，如“{reply.line}”；")
    say("演示没有邮箱，由下列文件代替来信。试一试：")
    settings.incoming.mkdir(parents=True, exist_ok=True)
    say(f"  报来回复　　cp {reply.path} {settings.incoming}/")
    if stay:
        say("  　　　　　　约两分钟后自动读取，读后移入其中的“待核实”")
    else:
        say(f"  读取　　　　{command} receive {reply.path}")
    say(f"  来信待核实　{command} reply list")
    why = f"{command} reply verify {reply.number} taken_over"
    say(f"  采纳登记　　{why} --actor {reply.office} --why 已电话核实")
    say(f"  回执　　　　{command} deliver　（在 {settings.outgoing} 中最新的一份）")


def _artifact(address: str, key: str) -> str:
    """The page of the newest artifact of that key; the page of the key only lists its versions."""
    from prefect.client.orchestration import get_client

    wanted = {"artifacts": {"key": {"any_": [key]}}}
    with get_client(sync_client=True) as client:
        (found,) = client.request("POST", "/artifacts/latest/filter", json=wanted).json()
    return f"{address}/artifacts/artifact/{found['latest_id']}"
