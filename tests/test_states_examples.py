"""An official's worked examples: what is right passes, what is wrong is told, with its clause."""

import re
from pathlib import Path

import pytest

from common.errors import PolicyError
from policy.example_file import FILE, read_examples
from policy.load import HOME, load_plan
from policy.starting import starting_files
from states.examples import differences
from tests.support.builders import calendar, plan

ROOT = Path(__file__).parents[1]
SHIPPED = HOME / "plans" / "shanxi-2023"
LEAST = Path(__file__).parent / "plans" / "least-2025"


def test_the_shipped_examples_come_out_as_the_notice_has_it() -> None:
    examples = read_examples(plan(), SHIPPED)
    assert len(examples) >= 25
    assert {e.name: differences(plan(), calendar(), e) for _, e in examples} == {
        e.name: () for _, e in examples
    }


def test_the_examples_of_the_least_plan() -> None:
    least = load_plan(LEAST / "plan.yaml")
    for _, example in read_examples(least, LEAST):
        assert differences(least, calendar(), example) == ()


WRONG = {
    "- {name: 甲, clause: 七(一), county: 小店区, profile: {area: 1200}, subsidy: 840000.01}": (
        "补助应为840000.01元，算得840000.00元"
    ),
    "- {name: 甲, clause: 七(一), profile: {}, subsidy: 1}": "补助应为1元，算得未明确",
    "- {name: 甲, clause: 六(一), day: 2023-02-20, standings: {D01: 逾期}}": (
        "D01“确定配建社区并以市政府名义报送”（六(一)）截至2023-02-20应为“逾期”，得出“临期”"
    ),
    "- {name: 甲, clause: 六(一), dates: {D01: [2023-02-10, 2023-02-21]}}": (
        "应为2023-02-10、2023-02-21，得出2023-02-10、2023-02-20"
    ),
    "- {name: 甲, clause: 六(一), day: 2023-02-06, do: confirm_site, to: application}": (
        "应可以办理，却不予办理"
    ),
    "- {name: 甲, clause: 六(一), day: 2023-05-10, stage: funding, facts: {determined: "
    "2023-03-20}, do: break_ground, refused: [R44]}": "应不予办理（R44），却可以办理",
    "- {name: 甲, clause: 六(一), day: 2023-05-10, stage: groundbreaking, do: break_ground, "
    "refused: [R41]}": "应因“R41”不予办理，给出的理由却是",
    "- {name: 甲, clause: 六(二), day: 2023-05-10, stage: funding, facts: {determined: "
    "2023-03-20}, do: break_ground, warned: []}": "应提示无，却提示R41",
    "- {name: 甲, clause: 六(二), day: 2023-05-10, stage: funding, facts: {determined: "
    "2023-03-20}, do: break_ground, to: acceptance}": "应在“验收”阶段，却在“建设”阶段",
    "- {name: 甲, clause: 六(二), day: 2023-05-10, standings: {D99: 逾期}}": (
        "没有项目的时限“D99”"
    ),
    "- {name: 甲, clause: 六(二), profile: {aera: 1}, subsidy: 1}": "没有“aera”这一项",
    "- {name: 甲, clause: 六(二), profile: {area: 一}, subsidy: 1}": "无法读取",
}


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_example_says_what_was_expected_and_what_came(text: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    ((_, example),) = read_examples(plan(), tmp_path)
    (told,) = differences(plan(), calendar(), example)
    assert WRONG[text] in told


def test_what_is_wrong_beside_an_unknown_deadline_is_told_too(tmp_path: Path) -> None:
    text = "- {name: 甲, clause: 六(一), day: 2023-02-20, standings: {D99: 逾期, D01: 逾期}}"
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    ((_, example),) = read_examples(plan(), tmp_path)
    first, second = differences(plan(), calendar(), example)
    assert first.startswith("没有项目的时限“D99”")
    assert second.startswith("D01“")


FAULTY = {
    "- {name: 甲, clause: 一}": "没有写明应有的结果",
    "- {name: 甲, clause: 一, standings: {D01: 逾期}}": "须写明 day",
    "- {name: 甲, clause: 一, day: 2023-03-01, standings: {D01: 过期}}": "未知的状态“过期”",
    "- {name: 甲, clause: 一, facts: {site_confirm: 2023-03-01}, subsidy: 1}": (
        "是否为“site_confirmed”？"
    ),
    "- {name: 甲, clause: 一, city: 太源市, subsidy: 1}": "是否为“太原市”？",
    "- {name: 甲, clause: 一, do: confirm, day: 2023-03-01, to: application}": (
        "未知的办理动作或节点“confirm”"
    ),
    "- {name: 甲, clause: 一, county: 无此县, subsidy: 1}": "没有县（市、区）“无此县”",
    "- {name: 甲, clause: 一, stage: nowhere, subsidy: 1}": "未知的阶段“nowhere”",
    "- {name: 甲, clause: 一, day: 2023-03-01, do: confirm_site, to: nowhere}": (
        "未知的阶段“nowhere”"
    ),
    "- {name: 甲, clause: 一, funds: {lottery: 1}}": "未知的资金渠道“lottery”",
    "- {name: 甲, clause: 一, reasons: {R999: 场地受限}, subsidy: 1}": "未知的条件“R999”",
    "- {name: 甲, clause: 一, day: 2023-03-01, do: confirm_site, warned: [R999]}": (
        "未知的条件“R999”"
    ),
    "- {name: 甲, clause: 一, do: confirm_site, to: application}": "须写明 day",
    "- {name: 甲, clause: 一, to: application}": "须写明 do（办理什么）",
    "- {name: 甲, clause: 一, refused: [R44]}": "须写明 do（办理什么）",
    "- {name: 甲, clause: 一, warned: []}": "须写明 do（办理什么）",
    "- {name: 甲, clause: 一, subsidi: 1}": "没有“subsidi”这一项",
    "- {clause: 一, subsidy: 1}": "缺少“name”",
    "- {name: 甲, clause: 一, day: 2023-02-30, subsidy: 1}": "日期不存在",
    "name: 甲": "应为列表",
}


@pytest.mark.parametrize("text", FAULTY)
def test_an_example_that_says_what_there_is_not_is_told_with_file_and_line(
    text: str, tmp_path: Path
) -> None:
    path = tmp_path / FILE
    path.write_text(f"# 算例\n{text}\n", encoding="utf-8")
    with pytest.raises(PolicyError) as caught:
        read_examples(plan(), tmp_path)
    first = str(caught.value).splitlines()[0]
    assert first.startswith(f"{path}:2: ")
    assert FAULTY[text] in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_examples_of_the_tutorial_come_out_for_the_plan_that_it_begins(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "parks-2025"
    folder.mkdir()
    for name, text in starting_files(folder.name, 2024).items():
        (folder / name).write_text(text, encoding="utf-8")
    tutorial = (ROOT / "docs" / "tutorials" / "new-plan.md").read_text(encoding="utf-8")
    told = re.findall(r"^- {name: .*}$", tutorial, flags=re.MULTILINE)
    (folder / FILE).write_text("\n".join(told), encoding="utf-8")
    begun = load_plan(folder / "plan.yaml")
    found = [differences(begun, calendar(), each) for _, each in read_examples(begun, folder)]
    assert found == [(), ()]


def test_a_plan_without_examples_has_none(tmp_path: Path) -> None:
    assert read_examples(plan(), tmp_path) == ()


@pytest.mark.parametrize(
    "says",
    [
        "county: 小店区, subsidy: 1",
        "stage: funding, dates: {D01: [2023-02-10, 2023-02-20]}",
        "day: 2023-03-01, standings: {D01: 正常}",
        "day: 2023-03-01, standings: {D01: overdue}",
        "day: 2023-03-01, do: operator_confirmed, warned: []",
        "day: 2023-03-01, do: confirm_site, refused: [R12], reasons: {R12: 场地受限}",
        "subject: city, facts: {D10-03: 2023-03-20}, dates: {D10-03: [2023-03-24, 2023-03-27]}",
    ],
)
def test_what_an_example_may_say(says: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f"- {{name: 甲, clause: 一, {says}}}\n", encoding="utf-8")
    assert len(read_examples(plan(), tmp_path)) == 1
