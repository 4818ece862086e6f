"""The command `xingfu`: which commands there are, and how trouble is told."""

import sys

import typer

from deployments import (
    contacts,
    keeping,
    letters,
    reading,
    reports,
    running,
    simulating,
    workbooks,
    writing,
)
from deployments.console import complain
from deployments.watch import watch
from policy.errors import XingfuError

app = typer.Typer(
    name="xingfu",
    help="幸福养老工程进度管理：按实施方案的时限提醒、催办、提级。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
plan_app = typer.Typer(help="实施方案：检查与查看。", no_args_is_help=True)
project_app = typer.Typer(help="项目：列表与档案。", no_args_is_help=True)
audit_app = typer.Typer(help="办理记录：核验。", no_args_is_help=True)
contacts_app = typer.Typer(help="通讯录：谁在何机构，如何通知，由谁代理。", no_args_is_help=True)
report_app = typer.Typer(
    help="周期工作：通报、反馈函、督查、验收、评估、曲线；到期编制，存档不变。",
    no_args_is_help=True,
)
app.add_typer(audit_app, name="audit")
app.add_typer(contacts_app, name="contacts")
app.add_typer(plan_app, name="plan")
app.add_typer(project_app, name="project")
app.add_typer(report_app, name="report")

COMMANDS = (
    (app, "init", writing.init, "建立或更新数据库，装入实施方案；可重复运行。"),
    (app, "import", workbooks.import_, "导入工作簿：每个文件整体导入；有误的逐格标出后退回。"),
    (app, "export", workbooks.export, "导出工作簿：各类报送表（预填已知内容）和台账、清单、一览。"),
    (app, "inbox", workbooks.inbox, "收件：读取各市收件文件夹一次，导入或退回，并发回执。"),
    (
        app,
        "deadlines",
        reading.deadlines,
        "时限一览：每个项目、市、省的应完成日期、逾期认定日期和目前状态。",
    ),
    (app, "check", reading.check, "试算：某日应作出哪些提醒、提级和逾期认定；不写入。"),
    (
        app,
        "enforce",
        writing.enforce,
        "执行：作出某日的决定并写入待发消息；同一天重复执行不会重复。",
    ),
    (
        app,
        "deliver",
        writing.deliver,
        "发送待发消息：每人每天合并为一份，只在工作日办公时间；发送失败的保留，下次再发。",
    ),
    (app, "outbox", reading.outbox, "消息一览：每条消息给谁、为何、是否已发。"),
    (app, "board", reading.board, "全省进度：各市各阶段项目数、临期和逾期事项数。"),
    (
        app,
        "advance",
        writing.advance,
        "办理：对项目办理一个动作；不符合规定的，逐条说明理由和依据。",
    ),
    (app, "record", writing.record, "登记：项目的节点，或市、省已完成的事项（如 D10-03）。"),
    (app, "extend", writing.extend, "延期：经批准推迟一项时限，原日期保留。"),
    (app, "acknowledge", writing.acknowledge, "知悉：登记预计完成日期和原因，此前不再重复催办。"),
    (app, "retry", writing.retry, "重发：将多次未送达的死信重新列入待发。"),
    (app, "amend", writing.amend, "节点变更：经批准更改已登记节点的日期，原日期保留。"),
    (app, "reverse", writing.reverse, "更正：记录有误的，以新记录冲销，原记录保留。"),
    (app, "opinion", writing.opinion, "登记一位专家对一个项目的评审意见。"),
    (
        app,
        "determine",
        writing.determine,
        "研究确定：按评分和名额列出建议名单；--confirm 写入，--decline 登记未获同意。",
    ),
    (app, "letter", letters.letter, "督办函：某市应督办事项的函稿；--issue 登记文号并签发。"),
    (app, "book", writing.book, "资金台账：登记到账、拨付、支出。"),
    (app, "funds", reading.funds, "资金一览：补助、下达、配套、结存、支出和待研究的差额。"),
    (app, "figures", reading.figures, "统计：改造、新建、购置比例，市辖区和未覆盖县布局。"),
    (
        app,
        "explain",
        reading.explain,
        "说明：时限从何而来、尚缺什么；为何有某条消息，某日为何没有。",
    ),
    (app, "simulate", simulating.simulate, "推演：在数据副本上逐日执行一段时间，看会给谁发什么。"),
    (app, "serve", running.serve, "启动 Prefect 服务、界面和全部定时任务（默认仅本机可用）。"),
    (app, "register", running.register, "登记：向 Prefect 服务登记全部任务，由工作池执行。"),
    (app, "watch", watch, "值守：每日核对未按时完成、数据库不可用或有死信时，通知系统管理员。"),
    (app, "backup", keeping.backup, "备份：将全部数据和收件箱文件写成一个文件；可在使用中进行。"),
    (app, "restore", keeping.restore, "还原：将备份装入空数据库，或以 --replace 替换现有数据。"),
    (app, "demo", running.demo, "演示：装入示例数据，按某日执行并发送，再启动界面。"),
    (plan_app, "validate", reading.plan_validate, "检查实施方案文件；有误时指出文件、行和位置。"),
    (plan_app, "show", reading.plan_show, "查看实施方案的时限和周期任务。"),
    (plan_app, "diagram", reading.plan_diagram, "输出阶段图（Mermaid）。"),
    (plan_app, "clauses", reading.plan_clauses, "逐条列出通知条款的落实方式（Markdown）。"),
    (audit_app, "verify", reading.audit_verify, "核验办理记录是否被改动、删除或插入。"),
    (project_app, "list", reading.project_list, "全部项目。"),
    (
        project_app,
        "show",
        reading.project_show,
        "项目档案：基本情况、节点、下一步及所缺、办理记录。",
    ),
    (report_app, "monthly", reports.monthly, "月报收报：哪些市按时、迟报、未报。"),
    (report_app, "bulletin", reports.bulletin, "月通报：起草；--issue 登记文号并签发。"),
    (report_app, "feedback", reports.feedback, "季度反馈函：一市一函；--issue 签发其中一件。"),
    (report_app, "inspection", reports.inspection, "年中督查安排：各市督查项目、日程和督查表。"),
    (report_app, "inspected", reports.inspected, "年中督查情况：已督查项目、问题和整改。"),
    (report_app, "acceptance", reports.acceptance, "交叉验收安排：验收组、日程和验收表。"),
    (report_app, "results", reports.results, "验收结果通报：起草；--issue 签发其中一件。"),
    (report_app, "evaluation", reports.evaluation, "绩效评估：各市、县得分和依据。"),
    (report_app, "curves", reports.curves, "数据曲线：实际、计划和年底预测。"),
    (report_app, "risks", reports.risks, "风险清单：可能误期的项目及原因。"),
    (contacts_app, "list", contacts.list_, "全部联系人；通知渠道中的密码和密钥不予显示。"),
    (contacts_app, "set", contacts.set_, "登记或更改一名联系人；未写明的各项保持不变。"),
    (contacts_app, "remove", contacts.remove, "从一个机构删除一名联系人。"),
    (contacts_app, "substitute", contacts.substitute, "代理：某人外出期间由谁代收；或取消代理。"),
    (contacts_app, "check", contacts.check, "查缺：哪些机构无联系人或无人分管，由谁代收。"),
)
for group, name, run, explained in COMMANDS:
    group.command(name, help=explained)(run)


def main() -> None:
    """Run the command; a known trouble is one clear sentence and its exit code (1, 2 or 3)."""
    try:
        app()
    except XingfuError as error:
        complain(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
