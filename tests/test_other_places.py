"""Places that Shanxi does not have: banners, autonomous counties, towns right below a city."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from common.errors import PolicyError, RefusedError
from documents.forms.application_fields import parts_reader
from documents.forms.summary import SummaryRow, pages
from documents.writing.layout import save
from models.database import open_engine
from models.settings import Settings
from operations.cases.desk import Desk
from operations.upkeep.setup import check_trail, install
from operations.views.overview import deadline_views, projects
from operations.views.project_record import project_record, project_text
from operations.workbooks.intake import import_workbook
from policy.load import load_plan
from policy.schema import Plan
from states.dossier import Profile, stated
from tests.conftest import AT
from tests.support.builders import calendar
from tests.test_other_plans import END, PLANS

TYPES = "[旗, 自治县, 街道, 镇, 开发区]"
CAPS = "{旗: 800, 自治县: 700, 街道: 600, 镇: 500, 开发区: 400}"
ENDINGS = "street_endings: [苏木, 镇, 街道办事处]\ncommunity_endings: [嘎查, 村, 居委会]\n"
CITIES = """cities:
  - code: "980100"
    name: 丙盟
    quota: null
    unserved: []
    counties:
      - {code: "980121", name: 示例旗, type: 旗}
      - {code: "980122", name: 示例自治县, type: 自治县}
  - code: "981900"
    name: 丁市
    quota: null
    unserved: []
    counties:
      - {code: "981900003", name: 东街道, type: 街道}
      - {code: "981900101", name: 西镇, type: 镇}
      - {code: "981900401", name: 高新开发区, type: 开发区}
  - code: "989001"
    name: 戊市
    quota: null
    unserved: []
    counties: [{code: "989001100", name: 北镇, type: 镇}]
stages:
"""


def written(folder: Path, **changes: str) -> Path:
    """The plan of canteens in other places; `changes` replace words of it."""
    text = (PLANS / "sites-2024" / "plan.yaml").read_text(encoding="utf-8")
    head, rest = text[: text.index("cities:\n")], text[text.index("stages:\n") :]
    money = f"basis: per_area, yuan_per_square_metre: 1000, cap_square_metres: {CAPS}"
    rest = rest.replace("basis: not_stated", money).removeprefix("stages:\n")
    head = head.replace("code_format:", f"{ENDINGS}code_format:")
    # Without named sites nothing lists a project by itself.
    rest = rest.replace("label: 列入名单}", "label: 列入名单, beside_chain: true}")
    text = f"{head}county_types: {TYPES}\n{CITIES}{rest}"
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "plan.yaml").write_text(text, encoding="utf-8")
    notice = (PLANS / "sites-2024" / "notice.txt").read_text(encoding="utf-8")
    (folder / "notice.txt").write_text(notice, encoding="utf-8")
    return folder / "plan.yaml"


@pytest.fixture
def other(tmp_path: Path) -> Plan:
    return load_plan(written(tmp_path))


@pytest.fixture
def desk(settings: Settings, other: Plan) -> Iterator[Desk]:
    desk = Desk(settings, other, calendar(), open_engine(settings.sqlalchemy_url))
    install(desk, AT)
    yield desk
    desk.engine.dispose()


@pytest.mark.parametrize(
    ("city", "county", "code", "yuan"),
    [
        ("丙盟", "示例旗", "ST2024-980121-01", 800_000),
        ("丙盟", "示例自治县", "ST2024-980122-01", 700_000),
        ("丁市", "西镇", "ST2024-981900101-01", 500_000),
        ("丁市", "高新开发区", "ST2024-981900401-01", 400_000),
        ("戊市", "北镇", "ST2024-989001100-01", 500_000),
    ],
)
def test_a_project_lies_in_any_kind_of_place(
    desk: Desk, tmp_path: Path, city: str, county: str, code: str, yuan: int
) -> None:
    """Its code, its money and its papers come from the plan's table of places alone."""
    profile = replace(Profile(area=Decimal(900)), street="示例苏木", community="示例嘎查")
    path = tmp_path / f"{city}.xlsx"
    save(path, pages(desk.plan, city, (SummaryRow(county, stated(profile)),)))
    import_workbook(desk, path, today=END, at=AT)
    (project,) = projects(desk)
    assert project.code == code
    record = project_record(desk, code, END)
    assert record.funds.subsidy == Decimal(yuan)
    (kind,) = [it.type for c in desk.plan.cities for it in c.counties if it.name == county]
    assert f"{city}{county}（{kind}）" in project_text(desk, record)
    assert any(view.subject == city for view in deadline_views(desk, END))
    assert check_trail(desk).breaks == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("type: 自治县}", "type: 县}", "未知的区划类型“县”"),
        ("镇: 500, ", "", "缺少“镇”的补助面积上限"),
        ("镇: 500, ", "镇: 500, 县: 450, ", "未知的区划类型“县”"),
        ("981900101", "981800101", "代码981800101不属于丁市"),
        ('"989001100"', '"98900110x"', "code"),
        (TYPES, "[旗, 旗, 自治县, 街道, 镇, 开发区]", "“旗”出现了2次"),
    ],
)
def test_a_table_of_places_that_cannot_be_is_told(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    with pytest.raises(PolicyError) as told:
        load_plan(written(tmp_path, **{old: new}))
    assert says in str(told.value)
    assert "plan.yaml:" in str(told.value)


def test_a_name_in_another_shape_is_told_in_the_plans_own_words(desk: Desk, tmp_path: Path) -> None:
    profile = replace(Profile(area=Decimal(900)), street="示例街道", community="示例社区")
    path = tmp_path / "丙盟.xlsx"
    save(path, pages(desk.plan, "丙盟", (SummaryRow("示例旗", stated(profile)),)))
    wanted = "请按“××苏木（镇、街道办事处）××嘎查（村、居委会）社区食堂”填写"
    with pytest.raises(RefusedError, match=wanted):
        import_workbook(desk, path, today=END, at=AT)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("甲苏木乙嘎查社区食堂", ("甲苏木", "乙嘎查")),
        ("甲镇乙村社区食堂", ("甲镇", "乙村")),
        ("甲街道办事处乙居委会社区食堂", ("甲街道办事处", "乙居委会")),
        ("甲镇街道办事处乙居委会社区食堂", ("甲镇街道办事处", "乙居委会")),
    ],
)
def test_street_and_village_are_read_out_of_a_name(
    other: Plan, name: str, parts: tuple[str, str]
) -> None:
    assert parts_reader(other)(name) == parts
