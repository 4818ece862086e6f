"""What one version of a plan says otherwise than another: leaf by leaf, by section. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from policy.vocabulary import Force, Level, Origin

Path = tuple[str, ...]
SECTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("时限和任务", ("deadlines", "duties")),
    ("工作日", ("calendar",)),
    ("名额", ("quota", "sites")),
    ("资金", ("funds", "subsidies", "money")),
    ("条件", ("fields", "requirements", "checklist", "plausible")),
    ("告知", ("ladder", "office_hours", "offices", "bodies")),
    ("区划", ("cities", "county_types", "province", "kinds")),
    (
        "阶段和办理",
        ("authority", "stages", "milestones", "actions", "inputs_close_after", "finished_by"),
    ),
    (
        "评审和周期工作",
        (
            *("review", "report", "curves", "bulletin", "feedback", "inspection"),
            *("cross_acceptance", "evaluation", "risks", "evidence"),
        ),
    ),
)
OTHER = "其他"
LEGAL = (
    *("deadlines", "duties", "calendar", "quota", "targets", "sites"),
    *("funds", "subsidies", "money", "authority"),
)
REQUIRED = ("requirements", "checklist")
DECISIVE = ("quota", "pays", "fund", "bound", "type", "decided_by", "by_turn")
"""Whatever they are of."""
NEEDED = "needed"
"""From which step a field is needed is a condition, too."""
TEXTS = {
    *("title", "label", "words", "clause", "reading", "date_reading", "to_do", "says", "mend"),
    *(
        "name",
        "note",
        "application_name",
        "project_name",
        "brief",
        "paper_code",
        "short_name",
        "gist",
        "serves",
    ),
    *("lead", "middle", "base", "bases"),
}
"""What may be said otherwise without anybody's rights or duties being others."""
ONCE_BUILT_IN = ("short_name", "annexes", "gist", "serves")
"""What an earlier program said by itself: that the plan now says it is no change."""
LISTED = (
    *("deadlines", "duties", "cities", "requirements", "checklist", "actions", "milestones"),
    "fields",
)
"""Sections whose items speak for themselves."""
ORDER = "顺序"
WORDED = ("audience", "force", "origin")
WORDS: Mapping[str, str] = {
    "responsible": "责任单位",
    **{word.value: word.label for kind in (Level, Force, Origin) for word in kind},
}
KEYS = ("id", "number", "code", "basis", "field")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
LABELS: Mapping[str, str] = {
    "remind": "提醒日期",
    "due": "逾期日期",
    "not_before": "最早办理日期",
    "not_before_day": "最早办理日",
    "not_before_first": "最早办理自",
    "quota": "名额",
    "goal": "总数",
    "targets": "目标",
    "levels": "各级称呼",
    "region": "所属",
    "lead": "牵头一级",
    "middle": "中间一级",
    "base": "最下一级",
    "bases": "最下一级统称",
    "least_percent": "不低于（%）",
    "places": "街道（乡镇）数",
    "reached": "所计节点",
    "among": "分母",
    "measures": "计算方式",
    "each": "每个",
    "code_standard": "代码标准",
    "yuan_per_square_metre": "每平方米补助（元）",
    "yuan": "补助（元）",
    "cap_square_metres": "补助面积上限（平方米）",
    "audience": "发送单位",
    "by_turn": "卡在前一环节的向该环节单位催办",
    "responsible": "责任单位",
    "fulfilled_by": "完成的依据",
    "force": "约束",
    "check": "检查内容",
    "before": "适用于",
    "calendar": "日历",
    "overrides": "调休",
    "known": "已公布的年份",
    "name": "名称",
    "renamed_from": "原名称",
    "title": "名称",
    "brief": "简称",
    "short_name": "简称",
    "annexes": "附件",
    "gist": "原文要点",
    "serves": "服务对象",
    "paper_code": "发文代字",
    "counties": "县（市、区）",
    "unserved": "尚未实施的县（市、区）",
    "rungs": "提醒级次",
    "repeat": "其后",
    "opens": "开始发送",
    "closes": "停止发送",
    "workdays": "工作日",
    "days": "自然日",
    "monthly": "每月",
    "half_yearly": "每半年",
    "yearly": "每年",
    "month": "其后第几个月",
    "months": "月",
    "ends_on": "实施期至",
    "county_types": "区划类型",
    "occasions": "各期",
    "remind_day": "提醒日",
    "due_day": "逾期日",
    "first": "首",
    "last": "末",
    "within_year": "不跨年",
    "bound": "受本通知约束",
    "pays": "拨付比例",
    "points": "分值",
    "words": "原文",
    "reading": "理解",
    "to_do": "请办理",
    "date_reading": "日期的理由",
    "ladder": "提醒级次",
    "office_hours": "发送时间",
    "subsidies": "补助",
    "fund": "资金渠道",
    "funds": "资金渠道",
    "per_area": "按面积",
    "flat": "按项目",
    "per_bed": "按床位",
    "yuan_per_bed": "每床补助（元）",
    "most_beds": "床位上限",
    "most_yuan": "补助上限（元）",
    "money": "资金使用",
    "refused": "不得列支",
    "categories": "支出类别",
    "inventory": "条款去处",
    "by": "去处",
    "risks": "风险",
    "gaps": "缺口",
    "of": "各项",
    "quarterly": "每季",
    "weekly": "每周",
    "follows": "起算",
    "later_of": "另计",
    "after": "自",
    "origin": "来源",
    "kind": "类型",
    "stage": "阶段",
    "bodies": "责任单位",
    "office": "单位全称",
    "authority": "谁可以办理",
    "decided_by": "由谁决定",
    "lines": "上级可代下级",
    "holders": "资金由谁登记",
    "profiles": "申报内容由谁报送",
    "imports": "导入由谁更正",
    "extensions": "延期由谁批准",
    "upkeep": "方案和记录由谁决定",
    "organs": "机关代码",
    "letter": "公文",
    "clause": "条款",
    "cities": "市",
    "stages": "阶段",
    "actions": "办理动作",
    "milestones": "节点",
    "deadlines": "时限",
    "duties": "周期任务",
    "requirements": "条件",
    "fields": "档案项",
    "asked": "填报位置",
    "needed": "填报要求",
    "measured_in": "计量单位",
    "choices": "选项",
    "least": "最小值",
    "most": "最大值",
    "year": "年度",
    "notice": "通知",
    "says": "不符时说明",
    "mend": "改正办法",
    "label": "名称",
    "type": "类别",
}


@dataclass(frozen=True, slots=True)
class PlanDifference:
    """One thing that is said otherwise."""

    section: str
    """In Chinese, as `SECTIONS` names it."""
    path: Path
    """Where, by ids: ``("deadlines", "D08", "due")``."""
    where: str
    """The same in Chinese, as far as it has a name: ``D08 全部开工建设·逾期日期``."""
    before: str | None
    """None: not there."""
    after: str | None
    legal: bool
    """Whether a date, a quota, money, a requirement or a workday is another one (法律效力)."""

    def __str__(self) -> str:
        return f"{self.where}：{_shown(self.before)} → {_shown(self.after)}"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[PlanDifference, ...]:
    """What differs between two plans as `policy.load.canonical` tells them, by section."""
    order = [*(title for title, _ in SECTIONS), OTHER]
    found = [_difference(*each) for each in _compared(before, after, (), ())]
    return tuple(sorted(found, key=lambda each: order.index(each.section)))


Compared = tuple[Path, Path, Any, Any]
"""Where by ids, where by names, and both values."""


def _compared(before: Any, after: Any, path: Path, names: Path) -> Iterator[Compared]:
    if before == after:
        return
    ours, theirs = _keyed(before), _keyed(after)
    by_day = path[:1] == ("calendar",) and (ours or theirs)  # also of a year that is new
    if path and not by_day and not (ours and theirs):
        yield path, names, before, after
        return
    ours, theirs = ours or {}, theirs or {}
    for key in dict.fromkeys((*ours, *theirs)):
        if key in ONCE_BUILT_IN and not ours.get(key):
            continue
        held = theirs.get(key, ours.get(key))
        name = _name(key, held) if isinstance(before, list) else LABELS.get(key, key)
        yield from _compared(ours.get(key), theirs.get(key), (*path, key), (*names, name))
    common = [key for key in ours if key in theirs], [key for key in theirs if key in ours]
    if isinstance(before, list) and common[0] != common[1]:
        yield (*path, ORDER), (*names, ORDER), "、".join(common[0]), "、".join(common[1])


def _name(key: str, item: Any) -> str:
    """What staff call an item of a list: a place by its name, a rule by its id as well."""
    named = next((item[word] for word in ("title", "label", "name") if item.get(word)), "")
    if not named:
        return LABELS.get(key, key)
    return str(named) if key.isdigit() else f"{key} {named}"


def _keyed(value: Any) -> dict[str, Any] | None:
    """A mapping, or a list of mappings by what tells them apart; None for all else."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        keys = [_key(item, number) for number, item in enumerate(value, 1)]
        if len(set(keys)) < len(keys):
            keys = [str(number) for number in range(1, len(value) + 1)]
        return dict(zip(keys, value, strict=True))
    return None


def _key(item: Mapping[str, Any], number: int) -> str:
    if "audience" in item:  # a rung
        return f"T{item.get('workdays') or item.get('days') or 0:+d}"
    return next((str(item[name]) for name in KEYS if item.get(name)), str(number))


def _difference(path: Path, names: Path, before: Any, after: Any) -> PlanDifference:
    where = "·".join(names[1:] if len(names) > 1 and path[0] in LISTED else names)
    told = _told(path, before), _told(path, after)
    return PlanDifference(_section(path), path, where, *told, legal=_is_legal(path, before, after))


def _section(path: Path) -> str:
    if path[-1] == "quota":
        return "名额"
    if path[-1] == "responsible" and path[0] not in LEGAL:
        return "告知"
    return next((title for title, heads in SECTIONS if path[0] in heads), OTHER)


def _is_legal(path: Path, before: Any, after: Any) -> bool:
    if path[-1] in TEXTS:
        return False
    if path[0] in (*LEGAL, *REQUIRED) or path[-1] in DECISIVE or NEEDED in path:
        return True
    if path[0] == "fields":
        return _needed(before) or _needed(after)
    if path[0] == "cities":
        return _whole_city(before) or _whole_city(after)
    return any(DAY.fullmatch(str(value)) for value in (before, after))


def _needed(value: Any) -> bool:
    """A field that is there on one side alone brings what it is needed for with it."""
    return isinstance(value, Mapping) and bool(value.get(NEEDED))


def _whole_city(value: Any) -> bool:
    """A city or county that is there on one side alone brings its quota or its cap with it."""
    return isinstance(value, Mapping) and "code" in value


def _told(path: Path, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool) and "overrides" in path:
        return "工作日" if value else "休息日"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        named = next((value[key] for key in ("title", "label", "name", "says") if key in value), "")
        held = (
            f"{LABELS.get(key, key)}{_told(path, item)}"
            for key, item in value.items()
            if item is not None
        )
        return str(named) or "，".join(held)
    if isinstance(value, list):
        return "、".join(str(_told(path, item)) for item in value)
    return WORDS.get(str(value), str(value)) if path[-1] in WORDED else str(value)


def _shown(said: str | None) -> str:
    return "无" if said is None else f"“{said}”" if len(said) > 20 else said or "空"
