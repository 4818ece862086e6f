"""The closed word lists that plans and code share. Each member has its Chinese label.

Open lists (stages, actions, milestones, requirements) are plan data, not code.
"""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A string enum whose members carry the Chinese label that staff read."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_ = value
        member.label = label
        return member


class Force(Word):
    """How strictly a rule binds."""

    HARD = "hard", "刚性"
    SOFT = "soft", "引导性"


class Origin(Word):
    """Whether the notice itself says it, or we propose it where the notice is silent."""

    NOTICE = "notice", "通知原文"
    PROPOSAL = "proposal", "《实施方案》未明确，为建议值"


class Level(Word):
    """Whom a reminder can reach, from the nearest to the highest."""

    COUNTY = "county", "县民政局"
    CITY = "city", "市民政局"
    CITY_LEADER = "city_leader", "市民政局分管领导"
    REGION = "region", "片区主管部门"
    PROVINCE = "province", "省民政厅"


LOCAL_LEVELS = (Level.COUNTY, Level.CITY)
ABOVE_CITIES = (Level.REGION, Level.PROVINCE)
"""Where what is to be done is held against no city."""


class SubjectKind(Word):
    """What a deadline is about."""

    PROJECT = "project", "项目"
    CITY = "city", "市"
    PROVINCE = "province", "省"


class Disposition(Word):
    """Whether a project goes on; told apart from its stage, so the stage is never lost."""

    ACTIVE = "active", "推进中"
    HELD = "held", "暂停"
    RESERVE = "reserve", "替补"
    REJECTED = "rejected", "落选"
    WITHDRAWN = "withdrawn", "终止"


class Standing(Word):
    """How a deadline stands as of a day."""

    WAITING = "waiting", "未起算"
    ON_TRACK = "on_track", "正常"
    DUE_SOON = "due_soon", "临期"
    OVERDUE = "overdue", "逾期"
    COORDINATING = "coordinating", "待协调"
    MET = "met", "按期完成"
    MET_LATE = "met_late", "逾期完成"
    SUSPENDED = "suspended", "暂停计时"
    VOID = "void", "不再适用"

    def said(self, origin: Origin) -> str:
        """As staff read it: past a date that is only proposed nobody is 逾期 (A30)."""
        beyond = origin is Origin.PROPOSAL and self in (Standing.OVERDUE, Standing.MET_LATE)
        return BEYOND_PROPOSAL[self] if beyond else self.label


BEYOND_PROPOSAL = {
    Standing.OVERDUE: "超过建议时限",
    Standing.MET_LATE: "超过建议时限后完成",
}
"""What stands for 逾期 where the date is only proposed."""


class Basis(Word):
    """By what a page, list or workbook as of a day goes; its head says so."""

    NEWEST = "newest", "最新情况"
    HINDSIGHT = "hindsight", "按现在掌握的情况"
    ON_RECORD = "on_record", "按当日在册的记录"

    @property
    def said(self) -> str:
        """What a head adds to the day: nothing for a day since which nothing has come about."""
        return "" if self is Basis.NEWEST else f"，{self.label}"


class RungKind(Word):
    """What a message asks for, from the mildest to the most severe."""

    RECEIPT = "receipt", "回执"
    CORRECTION = "correction", "更正"
    REMIND = "remind", "提醒"
    URGE = "urge", "催办"
    ESCALATE = "escalate", "提级"
    DRAFT_LETTER = "draft_letter", "拟督办"
    COORDINATE = "coordinate", "协调"


class DecisionKind(Word):
    """What a message or a row of the trail comes from: the daily job, a file, or a rewind."""

    REMIND = "remind", "提醒催办"
    ESCALATE = "escalate", "提级"
    MARK_OVERDUE = "mark_overdue", "逾期认定"
    RECEIPT = "receipt", "回执"
    CORRECTION = "correction", "更正"


class AuditKind(Word):
    """What an audit row records."""

    TRANSITION = "transition", "办理"
    RECORD = "record", "登记"
    IMPORT = "import", "导入"
    OVERDUE = "overdue", "逾期认定"
    OPINION = "opinion", "评审意见"
    LEDGER = "ledger", "资金"
    PROGRESS = "progress", "进度"
    EVIDENCE = "evidence", "留痕"
    EXTENSION = "extension", "延期"
    ACKNOWLEDGEMENT = "acknowledgement", "已知悉"
    AMENDMENT = "amendment", "节点变更"
    REVERSAL = "reversal", "更正"
    REPAIR = "repair", "修复"
    PLAN = "plan", "方案变更"
    CONFIRMATION = "confirmation", "日期确认"
    REWIND = "rewind", "核对回退"


class EntryKind(Word):
    """What a line of a project's money ledger says."""

    RECEIPT = "receipt", "到账"
    TRANSFER = "transfer", "拨付"
    EXPENSE = "expense", "支出"


class Source(Word):
    """Whose money it is."""

    PROVINCE = "province", "省级补助"
    CITY = "city", "市级配套"
    COUNTY = "county", "县级配套"
    OTHER = "other", "其他资金"


class Holder(Word):
    """Where money lies on its way to the site."""

    CITY = "city", "市财政"
    COUNTY = "county", "县财政"
    PROJECT = "project", "项目单位"


class ClauseKind(Word):
    """What a clause of the notice ends as."""

    HARD = "hard", "刚性要求"
    SOFT = "soft", "引导性要求"
    TIMED = "timed", "时限或任务"
    FIGURE = "figure", "计算数据"
    EVIDENCE = "evidence", "留痕记录"


class HolidayRule(Word):
    """Where a date goes that falls on a rest day."""

    ADVANCE = "advance", "提前"
    UNCHANGED = "unchanged", "不变"
    POSTPONE = "postpone", "顺延"


class MessageStatus(Word):
    """Where an intent of the outbox is on its way."""

    PENDING = "pending", "待发送"
    SENT = "sent", "已发送"
    CANCELLED = "cancelled", "已撤销"
    RETRACTED = "retracted", "已作废"


class DeliveryStatus(Word):
    """Where an intent is on its way to one person."""

    PENDING = "pending", "待发送"
    SENDING = "sending", "发送中"
    SENT = "sent", "已发送"
    DEAD = "dead", "未送达消息"
    CANCELLED = "cancelled", "已撤销"


class RecipientReason(Word):
    """Why a person is told of what concerns an office."""

    POST = "post", "任职"
    SUBSTITUTE = "substitute", "代理"
    VACANT = "vacant", "下级无联系人"


class ChannelKind(Word):
    """A way for a message to go out."""

    MAIL = "mail", "电子邮件"
    WECOM = "wecom", "企业微信群机器人"
    DINGTALK = "dingtalk", "钉钉群机器人"
    FEISHU = "feishu", "飞书群机器人"
    WEBHOOK = "webhook", "接口推送"
    LIST = "list", "文本清单"
    FOLDER = "folder", "文件夹"


class Form(Word):
    """A workbook that offices exchange."""

    APPLICATION = "application", "项目申报表"
    SUMMARY = "summary", "项目汇总表"
    REPORT = "report", "月报"
    LEDGER = "ledger", "资金台账"
    OPINIONS = "opinions", "专家评分表"
    ACCEPTANCE = "acceptance", "验收表"
    INSPECTION = "inspection", "督查表"
    ANSWER = "answer", "办理回执"
    CONTACTS = "contacts", "通讯录"


class Listing(Word):
    """A workbook for people to look things up in; it is not handed in again."""

    PROJECTS = "projects", "项目台账"
    OVERDUE = "overdue", "逾期清单"
    FUNDS = "funds", "资金一览"


class IntakeResult(Word):
    """What became of a file in the inbox."""

    DONE = "done", "已登记"
    RETURNED = "returned", "已退回"


class MailKind(Word):
    """Who or what wrote a mail that has come."""

    PERSON = "person", "来信"
    AUTOMATIC = "automatic", "自动回复"
    BULK = "bulk", "群发邮件"
    BOUNCE = "bounce", "退信"
    OWN = "own", "本系统邮件"


class MailState(Word):
    """How far a mail that has come has been dealt with."""

    REGISTERED = "registered", "来信已登记"
    HELD = "held", "待核实"
    FILED = "filed", "已归档"
    RETURNED = "returned", "来信已退回"
    UNREADABLE = "unreadable", "无法读取"


class ReplyDecision(Word):
    """What a person decides on a mail that waits for one."""

    TAKEN_OVER = "taken_over", "采纳登记"
    SENT_BACK = "sent_back", "退回"
    SET_ASIDE = "set_aside", "已另行办理"


class AnswerKind(Word):
    """What a reply says of one item of a reminder."""

    DONE = "done", "已办结"
    EXPECTED = "expected", "预计完成"


class BounceKind(Word):
    """Why a mail came back."""

    GONE = "gone", "地址不存在或已停用"
    FULL = "full", "邮箱已满"
    REFUSED = "refused", "对方拒收"
    LARGE = "large", "邮件过大"
    UNKNOWN = "unknown", "原因不明"


class MediaKind(Word):
    """What a file that proves something may be; the value is the suffix that programs know."""

    PDF = "pdf", "PDF 文件"
    OFD = "ofd", "OFD 版式文件"
    JPEG = "jpg", "JPEG 图片"
    PNG = "png", "PNG 图片"
    TIFF = "tif", "TIFF 图片"
    HEIC = "heic", "HEIC 照片"
    WEBP = "webp", "WebP 图片"
    BMP = "bmp", "BMP 图片"
    DOCX = "docx", "Word 文档"


class Product(Word):
    """What a duty of the year makes; each is kept as it was made."""

    REPORTS = "reports", "月报报送情况"
    SNAPSHOT = "snapshot", "月末数据"
    BULLETIN = "bulletin", "月通报"
    FEEDBACK = "feedback", "季度反馈函"
    VISITS = "visits", "年中督查安排"
    INSPECTION = "inspection", "年中督查情况"
    SCHEDULE = "schedule", "交叉验收安排"
    RESULTS = "results", "验收结果通报"
    EVALUATION = "evaluation", "绩效评估"
    CURVES = "curves", "数据曲线"
    RISKS = "risks", "风险清单"
