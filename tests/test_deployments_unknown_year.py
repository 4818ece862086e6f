"""A plan that reaches into a year whose holidays are not announced: said, and nothing falls."""

import json
from pathlib import Path

import pytest

from tests.support.command import Xingfu

pytestmark = pytest.mark.heavy
MEALS = Path(__file__).parent / "plans" / "meals-2024"
WHO = ("--actor", "示例市民政局", "--evidence", "国务院办公厅通知（示例）")
ONE = "ZC2026-970102-01"
READING = (
    ("plan", "show"),
    ("plan", "validate"),
    ("plan", "history"),
    ("deadlines",),
    ("board",),
    ("project", "list"),
    ("project", "show", ONE),
    ("explain", ONE),
    ("explain", "丁市", "M01-2027-01"),
    ("check",),
    ("funds",),
    ("figures",),
    ("burden",),
    ("contacts", "check"),
    ("outbox",),
    ("report", "monthly"),
    ("report", "curves"),
    ("report", "bulletin"),
    ("audit", "verify"),
    ("reply", "list"),
    ("simulate", "--from", "2026-12-28", "--to", "2027-01-08"),
    ("watch", "--no-server"),
    ("export", "report", "OUT/月报.xlsx", "--subject", "丁市"),
    ("export", "projects", "OUT/台账.xlsx"),
)


@pytest.fixture(scope="module")
def ahead(tmp_path_factory: pytest.TempPathFactory) -> Xingfu:
    """The plan of two years, two years later, in a folder of the office's own."""
    home = tmp_path_factory.mktemp("ahead")
    own = home / "plans" / "meals-2026"
    own.mkdir(parents=True)
    for name in ("plan.yaml", "notice.txt"):
        text = (MEALS / name).read_text(encoding="utf-8")
        text = text.replace("2025", "2027").replace("2024", "2026")
        (own / name).write_text(text, encoding="utf-8")
    xingfu = Xingfu(home / "home", XINGFU_PLANS=str(home / "plans"), XINGFU_PLAN="meals-2026")
    xingfu.ok("init", XINGFU_BUSINESS_DATE="2026-12-28")
    return xingfu


CASES = [
    *((asked, "2027-01-04") for asked in READING),
    *((asked, "2026-12-31") for asked in READING if asked[0] in ("check", "report", "simulate")),
]


@pytest.mark.parametrize("asked", ["show", "validate"])
def test_whoever_writes_the_plan_hears_of_it(ahead: Xingfu, asked: str) -> None:
    assert "增加放假安排未公布年份的文件" in ahead.ok("plan", asked)


@pytest.mark.parametrize(("asked", "day"), CASES, ids=str)
def test_no_command_falls(ahead: Xingfu, tmp_path: Path, asked: tuple[str, ...], day: str) -> None:
    """It answers, or refuses in a sentence; what lies in the unknown year names the file."""
    words = [word.replace("OUT", str(tmp_path)) for word in asked]
    done = ahead(*words, XINGFU_BUSINESS_DATE=day)  # an error that is no sentence fails here
    assert done.returncode in ((0, 1) if asked[0] != "watch" else (3,)), done.stderr
    if done.returncode and day.startswith("2027"):
        assert "2027" in done.stderr


def test_the_plan_says_what_waits_for_the_calendar(ahead: Xingfu) -> None:
    said = ahead.ok("plan", "show")
    assert "待放假安排公布" in said
    assert "M01-12、" in said
    assert "calendars/ 下增加" in said


def test_a_calendar_in_the_folder_of_plans_makes_the_year_known(ahead: Xingfu) -> None:
    """The file lies beside the plan, where no upgrade of the program takes it away."""
    folder = Path(ahead.variables["XINGFU_PLANS"]) / "calendars"
    folder.mkdir()
    days = [{"name": "元旦", "date": "2027-01-01", "isOffDay": True}]
    file = {"year": 2027, "papers": ["国务院办公厅通知（示例）"], "days": days}
    (folder / "2027.json").write_text(json.dumps(file), encoding="utf-8")
    today = {"XINGFU_BUSINESS_DATE": "2026-12-31"}
    assert "xingfu init" in ahead("deadlines", **today).stderr
    ahead.ok("init", "--confirm", *WHO, **today)
    rows = json.loads(ahead.ok("deadlines", "--json", **today))
    dates = {row["rule"]: row["overdue_after"] for row in rows}
    assert dates["M01-12"] == "2027-01-05"
    assert dates["T02"] == "2027-12-31"
    assert dates["Y01-2027"] is None  # by January 2028, which is not known either
    assert "2027年的放假安排" not in ahead("watch", "--no-server", **today).stderr
