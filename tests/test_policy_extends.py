"""Plans laid over others: what merges, what replaces, what is left out; how one begins."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # Prefect brings it

from common.errors import PolicyError, RefusedError
from policy.load import HOME, load_plan
from policy.schema_file import plan_schema, schema_text, undescribed
from policy.source import BASES, construct, read_tree
from policy.starting import starting_files
from policy.timing import Monthly
from tests.support.written import read_yaml

ROOT = Path(__file__).parents[1]
LEAST = Path(__file__).parent / "plans" / "least-2025"
BEDS = Path(__file__).parent / "plans" / "beds-2024"


def written(folder: Path, id: str, text: str, notice: str = "通知") -> Path:
    home = folder / id
    home.mkdir()
    (home / "notice.txt").write_text(notice, encoding="utf-8")
    path = home / "plan.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def said(path: Path) -> dict[str, Any]:
    return construct(read_tree(path))


def refusal(path: Path) -> str:
    with pytest.raises(PolicyError) as caught:
        load_plan(path)
    return str(caught.value)


def test_a_plan_of_one_kind_one_city_and_three_deadlines_takes_at_most_forty_lines() -> None:
    assert len((LEAST / "plan.yaml").read_text(encoding="utf-8").splitlines()) <= 40
    plan = load_plan(LEAST / "plan.yaml")
    assert (plan.id, plan.year, plan.code_format) == (
        "least-2025",
        2025,
        "LEAST2025-{county}-{number:02d}",
    )
    assert (len(plan.cities), len(plan.deadlines), len(plan.kinds)) == (1, 3, 0)
    assert plan.application_name == plan.project_name
    assert [rule.basis for rule in plan.subsidies] == ["not_stated"]
    assert plan.office_hours.opens.hour == 8
    assert {rule.words for rule in plan.actions} == {"全省建设2个口袋公园"}


def test_mappings_merge_lists_and_values_are_replaced_and_what_is_marked_is_left_out(
    tmp_path: Path,
) -> None:
    below = "a: {x: 1, y: {p: 1, q: 2}}\nb: [1, 2]\nc: 3\nd: 4\n"
    written(tmp_path, "below", below)
    above = "extends: below\na: {y: {q: 5}, z: 6}\nb: [7]\nc: null\nd: !remove\n"
    assert said(written(tmp_path, "above", above)) == {
        "a": {"x": 1, "y": {"p": 1, "q": 5}, "z": 6},
        "b": [7],
        "c": None,
    }


def test_of_several_the_later_one_is_laid_over_the_earlier_one(tmp_path: Path) -> None:
    written(tmp_path, "one", "a: 1\nb: 1\n")
    written(tmp_path, "two", "extends: one\nb: 2\nc: 2\n")
    written(tmp_path, "three", "c: 3\n")
    whole = written(tmp_path, "whole", "extends: [two, three]\nd: 4\n")
    assert said(whole) == {"a": 1, "b": 2, "c": 3, "d": 4}


def test_a_plan_that_changes_a_year_of_another_one(tmp_path: Path) -> None:
    shutil.copytree(BEDS, tmp_path / "beds-2024")
    notice = (BEDS / "notice.txt").read_text(encoding="utf-8")
    text = "extends: beds-2024\nid: beds-more\nquota: {goal: null}\nname: 又一批示例养老床位\n"
    plan = load_plan(written(tmp_path, "beds-more", text, notice))
    assert (plan.id, plan.quota.goal, plan.quota.taken_when) == ("beds-more", None, "chosen")
    assert plan.deadlines == load_plan(BEDS / "plan.yaml").deadlines


def test_a_fault_in_what_is_extended_is_told_in_its_file(tmp_path: Path) -> None:
    shutil.copytree(BEDS, tmp_path / "beds-2024")
    base = tmp_path / "beds-2024" / "plan.yaml"
    text = base.read_text(encoding="utf-8").replace("records: [begun]", "records: [begin]")
    base.write_text(text, encoding="utf-8")
    line = text[: text.index("records: [begin]")].count("\n") + 1
    notice = (BEDS / "notice.txt").read_text(encoding="utf-8")
    told = refusal(written(tmp_path, "more", "extends: beds-2024\nid: more\n", notice))
    assert told.startswith(f"{base}:{line}")


def test_plans_that_extend_one_another_are_refused(tmp_path: Path) -> None:
    written(tmp_path, "one", "extends: two\n")
    told = refusal(written(tmp_path, "two", "a: 1\nextends: one\n"))
    assert told == (
        f"{tmp_path / 'one' / 'plan.yaml'}:1: “two”又继承了本方案，不能循环继承，请删去一处"
    )


def test_counties_come_from_the_table_of_another_plan(tmp_path: Path) -> None:
    text = "divisions: shanxi-2023\ncities:\n  - {name: 阳泉市, quota: 1}\n"
    (city,) = said(written(tmp_path, "few", text))["cities"]
    assert (city["code"], city["quota"]) == ("140300", 1)
    assert [county["name"] for county in city["counties"]] == [
        *("城区", "矿区", "郊区", "平定县", "盂县")
    ]


def test_a_monthly_report_from_the_base_runs_from_the_month_after_the_notice(
    tmp_path: Path,
) -> None:
    text = (LEAST / "plan.yaml").read_text(encoding="utf-8")
    text = text.replace("extends: base", "extends: [base, monthly-report]")
    notice = (LEAST / "notice.txt").read_text(encoding="utf-8")
    (duty,) = load_plan(written(tmp_path, "monthly-2025", text, notice)).duties
    assert isinstance(duty.monthly, Monthly)
    assert (duty.stage, duty.monthly.first, duty.monthly.last) == ("siting", "2025-02", "2025-12")


def test_defaults_fill_in_only_what_a_rule_does_not_say(tmp_path: Path) -> None:
    text = (LEAST / "plan.yaml").read_text(encoding="utf-8")
    notice = (LEAST / "notice.txt").read_text(encoding="utf-8")
    own = text.replace("id: siting, label: 选址", "id: siting, label: 选址, responsible: city")
    plan = load_plan(written(tmp_path, "least-2026", own, notice))
    assert [stage.responsible for stage in plan.stages] == ["city", "county", "county"]


BUREAUS = """offices:
  county: "{city}{county}住房城乡建设局"
  city: "{city}住房城乡建设局"
  city_leader: "{city}住房城乡建设局分管领导"
  province: 示例省住房和城乡建设厅"""


@pytest.mark.parametrize(
    ("offices", "names"),
    [
        ("offices: {province: 示例省民政厅}", ["县（市、区）民政局", "市民政局", "省民政厅"]),
        (BUREAUS, ["县（市、区）住房城乡建设局", "市住房城乡建设局", "省住房和城乡建设厅"]),
        (
            f"levels: {{lead: 州, middle: 盟, base: 旗, bases: 旗（区）}}\n{BUREAUS}",
            ["旗（区）住房城乡建设局", "盟住房城乡建设局", "州住房和城乡建设厅"],
        ),
        (
            f"bodies: {{city: {{name: 市住建局}}}}\n{BUREAUS}",
            ["县（市、区）住房城乡建设局", "市住建局", "省住房和城乡建设厅"],
        ),
    ],
)
def test_bodies_are_called_as_their_offices_are(
    offices: str, names: list[str], tmp_path: Path
) -> None:
    text = (LEAST / "plan.yaml").read_text(encoding="utf-8")
    assert "offices: {province: 示例省民政厅}" in text
    text = text.replace("offices: {province: 示例省民政厅}", offices)
    notice = (LEAST / "notice.txt").read_text(encoding="utf-8")
    plan = load_plan(written(tmp_path, "least-2025", text, notice))
    assert [body.name for body in plan.bodies.values()] == names


def test_what_is_missing_is_told_with_what_it_is_for_and_holds(tmp_path: Path) -> None:
    text = (LEAST / "plan.yaml").read_text(encoding="utf-8") + "money: {refused: [工资]}\n"
    notice = (LEAST / "notice.txt").read_text(encoding="utf-8")
    told = refusal(written(tmp_path, "least-2025", text, notice))
    assert "缺少“categories”（支出类别；每项写 id、label），请补写" in told


def test_the_pieces_of_the_tutorial_are_of_a_plan() -> None:
    """What somebody copies from there has keys and values that plans have."""
    told = (ROOT / "docs" / "tutorials" / "new-plan.md").read_text(encoding="utf-8")
    pieces = [yaml.safe_load(piece) for piece in re.findall(r"```yaml\n(.*?)```", told, re.S)]
    plans = [piece if isinstance(piece, dict) else {"deadlines": piece} for piece in pieces]
    own = [piece for piece in plans if "name" not in piece.get("deadlines", [{}])[0]]
    assert len(own) >= 7
    validator = Draft202012Validator(dict(plan_schema()))
    for piece in own:
        plain = json.loads(json.dumps(piece, default=str))
        assert [error.message for error in validator.iter_errors(plain)] == []


@pytest.mark.parametrize("name", [path.stem for path in sorted(BASES.glob("*.yaml"))])
def test_a_base_needs_nothing_of_the_notice(name: str) -> None:
    """Its own words are nobody's: what it proposes is marked so."""
    whole = said(BASES / f"{name}.yaml")
    rules = [
        *whole.get("duties", ()),
        *(whole[k] for k in ("ladder", "office_hours") if k in whole),
    ]
    assert rules
    assert {(rule["words"], rule["origin"]) for rule in rules} == {("—", "proposal")}


@pytest.mark.parametrize(("id", "year"), [("hunan-2025", 2025), ("parks", 2024)])
def test_a_new_plan_is_valid_as_it_is_and_short(id: str, year: int, tmp_path: Path) -> None:
    files = starting_files(id, 2024)
    folder = tmp_path / id
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    plan = load_plan(folder / "plan.yaml")
    assert (plan.id, plan.year, len(plan.deadlines)) == (id, year, 3)
    lines = files["plan.yaml"].splitlines()
    assert len([line for line in lines if line.strip() and line.lstrip()[0] != "#"]) <= 40
    assert "YEAR" not in "".join(files.values())


@pytest.mark.parametrize("id", ["Hunan", "湖南", "a/b", ""])
def test_an_id_that_no_plan_can_have_begins_none(id: str) -> None:
    with pytest.raises(RefusedError, match="请另取编号"):
        starting_files(id, 2025)


def test_the_schema_in_the_docs_is_that_of_the_types() -> None:
    """Made anew by `xingfu plan schema > docs/reference/plan.schema.json`."""
    kept = (ROOT / "docs" / "reference" / "plan.schema.json").read_text(encoding="utf-8")
    assert kept == schema_text()


def test_every_key_of_a_plan_is_described_in_chinese() -> None:
    assert list(undescribed()) == []
    told = json.dumps(plan_schema()["$defs"], ensure_ascii=False)
    assert "The first day" not in told


@pytest.mark.parametrize(
    "path", [HOME / "plans" / "shanxi-2023", BEDS, BEDS.parent / "sites-2024", LEAST]
)
def test_the_schema_takes_every_plan_and_refuses_what_it_does_not_know(path: Path) -> None:
    """By another library, which knows nothing of the types."""
    told = read_yaml(path / "plan.yaml")
    plain = json.loads(json.dumps(told, default=str))
    judge = Draft202012Validator(plan_schema())
    assert [(list(each.path), each.message) for each in judge.iter_errors(plain)] == []
    assert list(judge.iter_errors({**plain, "stagess": []}))


TABLE = """code_standard: GB/T 2260
cities:
  - {code: "140300", name: 阳泉市, counties: [{code: "140302", name: 城区, type: 市辖区}]}
"""


def divided(folder: Path, table: str, plan: str) -> Path:
    """A plan, with a table of places beside it."""
    (folder / "divisions").mkdir()
    (folder / "divisions" / "example.yaml").write_text(table, encoding="utf-8")
    return written(folder, "places", plan)


def test_a_table_of_places_says_by_which_standard_its_codes_are(tmp_path: Path) -> None:
    path = divided(tmp_path, TABLE, "divisions: example\ncities: [{name: 阳泉市, quota: 1}]\n")
    whole = said(path)
    assert whole["code_standard"] == "GB/T 2260"
    assert whole["cities"] == [
        {
            "code": "140300",
            "name": "阳泉市",
            "quota": 1,
            "counties": [{"code": "140302", "name": "城区", "type": "市辖区"}],
        }
    ]
    path.write_text(f"code_standard: 其他\n{path.read_text('utf-8')}", encoding="utf-8")
    assert said(path)["code_standard"] == "其他"


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[]", ":1: 区划表应有 cities"),
        ("code_standard: GB/T 2260", ":1: 区划表应有 cities"),
        (f"{TABLE}province: 山西省\n", ":4: 区划表没有“province”这一项"),
    ],
)
def test_what_is_no_table_of_places_is_told_with_its_file(
    table: str, says: str, tmp_path: Path
) -> None:
    path = divided(tmp_path, table, "divisions: example\ncities: [{name: 阳泉市, quota: 1}]\n")
    assert f"{tmp_path / 'divisions' / 'example.yaml'}{says}" in refusal(path)


def test_a_city_that_the_table_does_not_have_is_told_where_it_is_named(tmp_path: Path) -> None:
    path = divided(tmp_path, TABLE, "divisions: example\ncities:\n  - {name: 阳泉, quota: 1}\n")
    says = f"{path}:3: 区划表（divisions）中没有“阳泉”，是否为“阳泉市”？"
    assert says in refusal(path)


@pytest.mark.parametrize(
    ("text", "deep"),
    [
        ("[" * 150 + "]" * 150, False),
        ("[" * 151 + "]" * 151, True),
        ("[]\n" * 200, False),
        (("[" * 100 + "]" * 100 + "\n") * 2, False),
        ("]" * 200 + "\n" + "[" * 151, True),
        (" " * 150 + "a", False),
        (" " * 151 + "a", True),
        ("- " * 80, True),
    ],
)
def test_nesting_is_as_deep_as_may_be_and_no_deeper(
    text: str, tmp_path: Path, *, deep: bool
) -> None:
    """150 steps: far more than any plan has, far less than brings a process down."""
    assert ("嵌套过深" in refusal(written(tmp_path, "deep", text))) is deep
