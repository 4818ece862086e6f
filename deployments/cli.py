"""The command `xingfu`: which commands there are, for whom, and how trouble is told."""

import sys
from collections.abc import Mapping
from typing import Any

import typer

from common.errors import XingfuError
from deployments.commands.console import complain
from deployments.commands.lazy import LazyGroup, Stub

COMMANDS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "查看情况（各级人员）": (
        (
            "board",
            "deployments.commands.reading:board",
            "全省进度：各市各阶段项目数、临期和逾期事项数。",
        ),
        (
            "deadlines",
            "deployments.commands.reading:deadlines",
            "时限一览：每个项目、市、省的应完成日期、逾期认定日期和目前状态。",
        ),
        ("project", "", "项目：列表与档案。"),
        ("project list", "deployments.commands.reading:project_list", "全部项目。"),
        (
            "project show",
            "deployments.commands.reading:project_show",
            "项目档案：基本情况、节点、下一步及所缺、办理记录。",
        ),
        (
            "funds",
            "deployments.commands.reading:funds",
            "资金一览：补助、下达、配套、结存、支出和待研究的差额。",
        ),
        (
            "figures",
            "deployments.commands.reading:figures",
            "统计：改造、新建、购置比例，市辖区和未覆盖县布局。",
        ),
        (
            "explain",
            "deployments.commands.reading:explain",
            "说明：时限从何而来、尚缺什么；为何有某条消息，某日为何没有。",
        ),
        (
            "outbox",
            "deployments.commands.reading:outbox",
            "消息一览：每条消息给谁、为何、是否已发。",
        ),
    ),
    "日常办理（经办人员）": (
        (
            "export",
            "deployments.commands.workbooks:export",
            "导出工作簿：各类报送表（预填已知内容）和台账、清单、一览。",
        ),
        (
            "import",
            "deployments.commands.workbooks:import_",
            "导入工作簿：每个文件整体导入；有误的逐格标出后退回。",
        ),
        (
            "inbox",
            "deployments.commands.workbooks:inbox",
            "收件：读取各市收件文件夹一次，导入或退回，并发回执。",
        ),
        (
            "advance",
            "deployments.commands.writing:advance",
            "办理：对项目办理一个动作；不符合规定的，逐条说明理由和依据。",
        ),
        (
            "record",
            "deployments.commands.writing:record",
            "登记：项目的节点，或市、省已完成的事项（如 D10-03）。",
        ),
        (
            "acknowledge",
            "deployments.commands.writing:acknowledge",
            "知悉：登记预计完成日期和原因，此前不再重复催办。",
        ),
        ("book", "deployments.commands.writing:book", "资金台账：登记到账、拨付、支出。"),
        ("opinion", "deployments.commands.writing:opinion", "登记一位专家对一个项目的评审意见。"),
    ),
    "省级管理（省民政厅）": (
        (
            "determine",
            "deployments.commands.writing:determine",
            "研究确定：按评分和名额列出建议名单；--confirm 写入，--decline 登记未获同意。",
        ),
        ("extend", "deployments.commands.writing:extend", "延期：经批准推迟一项时限，原日期保留。"),
        (
            "amend",
            "deployments.commands.writing:amend",
            "节点变更：经批准更改已登记节点的日期，原日期保留。",
        ),
        (
            "reverse",
            "deployments.commands.writing:reverse",
            "更正：记录有误的，以新记录冲销，原记录保留。",
        ),
        (
            "letter",
            "deployments.commands.reports:letter",
            "督办函：某市应督办事项的函稿；--issue 登记文号并签发。",
        ),
        ("report", "", "周期工作：通报、反馈函、督查、验收、评估、曲线；到期编制，存档不变。"),
        (
            "report monthly",
            "deployments.commands.reports:monthly",
            "月报收报：哪些市按时、迟报、未报。",
        ),
        (
            "report bulletin",
            "deployments.commands.reports:bulletin",
            "月通报：起草；--issue 登记文号并签发。",
        ),
        (
            "report feedback",
            "deployments.commands.reports:feedback",
            "季度反馈函：一市一函；--issue 签发其中一件。",
        ),
        (
            "report inspection",
            "deployments.commands.reports:inspection",
            "年中督查安排：各市督查项目、日程和督查表。",
        ),
        (
            "report inspected",
            "deployments.commands.reports:inspected",
            "年中督查情况：已督查项目、问题和整改。",
        ),
        (
            "report acceptance",
            "deployments.commands.reports:acceptance",
            "交叉验收安排：验收组、日程和验收表。",
        ),
        (
            "report results",
            "deployments.commands.reports:results",
            "验收结果通报：起草；--issue 签发其中一件。",
        ),
        (
            "report evaluation",
            "deployments.commands.reports:evaluation",
            "绩效评估：各市、县得分和依据。",
        ),
        (
            "report curves",
            "deployments.commands.reports:curves",
            "数据曲线：实际、计划和年底预测。",
        ),
        ("report risks", "deployments.commands.reports:risks", "风险清单：可能误期的项目及原因。"),
        ("contacts", "", "通讯录：谁在何机构，如何通知，由谁代理。"),
        (
            "contacts list",
            "deployments.commands.contacts:list_",
            "全部联系人；通知渠道中的密码和密钥不予显示。",
        ),
        (
            "contacts set",
            "deployments.commands.contacts:set_",
            "登记或更改一名联系人；未写明的各项保持不变。",
        ),
        ("contacts remove", "deployments.commands.contacts:remove", "从一个机构删除一名联系人。"),
        (
            "contacts substitute",
            "deployments.commands.contacts:substitute",
            "代理：某人外出期间由谁代收；或取消代理。",
        ),
        (
            "contacts check",
            "deployments.commands.contacts:check",
            "查缺：哪些机构无联系人或无人分管，由谁代收。",
        ),
    ),
    "实施方案与试算": (
        ("plan", "", "实施方案：检查与查看。"),
        (
            "plan validate",
            "deployments.commands.reading:plan_validate",
            "检查实施方案文件；有误时指出文件、行和位置。",
        ),
        ("plan show", "deployments.commands.reading:plan_show", "查看实施方案的时限和周期任务。"),
        ("plan diagram", "deployments.commands.reading:plan_diagram", "输出阶段图（Mermaid）。"),
        (
            "plan clauses",
            "deployments.commands.reading:plan_clauses",
            "逐条列出通知条款的落实方式（Markdown）。",
        ),
        (
            "check",
            "deployments.commands.reading:check",
            "试算：某日应作出哪些提醒、提级和逾期认定；不写入。",
        ),
        (
            "simulate",
            "deployments.commands.simulating:simulate",
            "推演：在数据副本上逐日执行一段时间，看会给谁发什么。",
        ),
    ),
    "系统运行（系统管理员）": (
        (
            "init",
            "deployments.commands.writing:init",
            "建立或更新数据库，装入实施方案；可重复运行。",
        ),
        (
            "enforce",
            "deployments.commands.writing:enforce",
            "执行：作出某日的决定并写入待发消息；同一天重复执行不会重复。",
        ),
        (
            "deliver",
            "deployments.commands.writing:deliver",
            "发送待发消息：每人每天合并为一份，只在工作日办公时间；发送失败的保留，下次再发。",
        ),
        ("retry", "deployments.commands.writing:retry", "重发：将多次未送达的死信重新列入待发。"),
        (
            "serve",
            "deployments.commands.running:serve",
            "启动 Prefect 服务、界面和全部定时任务（默认仅本机可用）。",
        ),
        (
            "register",
            "deployments.commands.running:register",
            "登记：向 Prefect 服务登记全部任务，由工作池执行。",
        ),
        (
            "watch",
            "deployments.commands.watch:watch",
            "值守：每日核对未按时完成、数据库不可用或有死信时，通知系统管理员。",
        ),
        ("audit", "", "办理记录：核验。"),
        (
            "audit verify",
            "deployments.commands.reading:audit_verify",
            "核验办理记录是否被改动、删除或插入。",
        ),
        (
            "backup",
            "deployments.commands.keeping:backup",
            "备份：将全部数据和收件箱文件写成一个文件；可在使用中进行。",
        ),
        (
            "restore",
            "deployments.commands.keeping:restore",
            "还原：将备份装入空数据库，或以 --replace 替换现有数据。",
        ),
        (
            "demo",
            "deployments.commands.running:demo",
            "演示：装入示例数据，按某日执行并发送，再启动界面。",
        ),
    ),
}
"""Whom they serve: each command's name, where it is found (nowhere: a group, whose commands follow
by two words), and what it does."""


class CommandLine(LazyGroup):
    """All commands of the table; none of them is loaded."""

    def __init__(self, **told: Any) -> None:
        super().__init__(**told)
        groups: dict[str, LazyGroup] = {"": self}
        for panel, commands in COMMANDS.items():
            for path, where, does in commands:
                group, _, name = path.rpartition(" ")
                if where:
                    each: Stub | LazyGroup = Stub(name, where, help=does)
                else:
                    each = groups[name] = LazyGroup(name=name, help=does)
                each.rich_help_panel = "" if group else panel
                groups[group].add_command(each)


app = typer.Typer(
    name="xingfu",
    cls=CommandLine,
    callback=lambda: None,
    help="幸福养老工程进度管理：按实施方案的时限提醒、催办、提级。",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command; a known trouble is one clear sentence and its exit code (1, 2 or 3)."""
    try:
        app()
    except XingfuError as error:
        complain(str(error))
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
