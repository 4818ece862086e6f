"""`xingfu report`: each duty of the year by command, as files that a person can send."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.command import Xingfu
from tests.support.stores import Stores
from tests.support.yearly import YEAR

pytestmark = pytest.mark.heavy
TODAY = {"XINGFU_BUSINESS_DATE": "2023-12-29"}
SIGNED = ("--on", "2023-12-29", "--signer", "张三", "--actor", "山西省民政厅 李四")
COMMANDS = (
    (("monthly", "--month", "2023-06"), "月报报送情况.xlsx", 1),
    (("bulletin", "--month", "2023-06"), "2023年6月通报（草稿）.docx", 1),
    (("feedback", "--quarter", "2023Q2"), "2023年第二季度反馈函（草稿）.docx", 11),
    (("inspection", "--as-of", "2023-05-31"), "督查表.xlsx", 25),
    (("inspected",), "年中督查情况.xlsx", 1),
    (("acceptance", "--as-of", "2023-11-20"), "验收表.xlsx", 100),
    (("results",), "交叉验收结果函（草稿）.docx", 11),
    (("evaluation", "--month", "2023-06"), "绩效评估 2023-06.xlsx", 1),
    (("curves", "--month", "2023-06"), "数据曲线 2023-06.xlsx", 1),
    (("risks",), ".xlsx", 1),
)


@pytest.fixture(scope="module")
def xingfu(stores: Stores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Xingfu]:
    """The example's whole year."""
    with stores.copy(None, YEAR, tmp_path_factory.mktemp("reports") / "home") as settings:
        yield Xingfu(settings.home)


@pytest.mark.parametrize(("words", "ending", "count"), COMMANDS, ids=lambda it: str(it)[:24])
def test_each_makes_its_files(
    xingfu: Xingfu, words: tuple[str, ...], ending: str, count: int
) -> None:
    told = xingfu.ok("report", *words, **TODAY)
    named = [Path(line.strip()) for line in told.splitlines() if line.startswith("  ")]
    assert named
    assert all(path.stat().st_size > 1000 for path in named)
    assert sum(path.name.endswith(ending) for path in named) == count
    again = xingfu.ok("report", *words, **TODAY)
    assert again == told
    assert json.loads(xingfu.ok("report", *words, "--json", **TODAY))


def test_nothing_is_made_of_a_day_to_come(xingfu: Xingfu) -> None:
    done = xingfu("report", "bulletin", "--month", "2023-12", "--as-of", "2023-12-31", **TODAY)
    assert (done.returncode, done.stdout) == (1, "")
    assert "2023-12-31尚未到来" in done.stderr
    early = {"XINGFU_BUSINESS_DATE": "2023-07-03"}
    done = xingfu("report", "bulletin", "--month", "2023-12", **early)
    assert "2023-12-29编制，尚未到时间" in done.stderr


def test_a_paper_is_issued_by_its_number_and_only_one_at_a_time(xingfu: Xingfu) -> None:
    number = ("--issue", "--number", "晋民函〔2023〕45号", *SIGNED)
    told = xingfu.ok("report", "bulletin", "--month", "2023-05", *number, **TODAY)
    assert "已签发 晋民函〔2023〕45号" in told
    assert Path(told.strip().rpartition("：")[2]).exists()
    done = xingfu("report", "feedback", "--quarter", "2023Q2", *number, **TODAY)
    assert (done.returncode, "请写明 --city" in done.stderr) == (1, True)
    done = xingfu("report", "feedback", "--city", "太原市", *number, **TODAY)
    assert "文号晋民函〔2023〕45号已用于2023-12-29签发的" in done.stderr
    assert "已于2023-12-29以晋民函〔2023〕45号签发" in (
        xingfu("report", "bulletin", "--month", "2023-05", **TODAY).stderr
    )
    assert "完整" in xingfu.ok("audit", "verify")


def test_made_anew_it_is_another_version(xingfu: Xingfu) -> None:
    xingfu.ok("report", "results", "--city", "大同市", **TODAY)
    told = xingfu.ok("report", "results", "--city", "大同市", "--anew", **TODAY)
    assert "第2版，截至2023-12-29" in told
    assert "第2版" in xingfu.ok("report", "results", "--city", "大同市", **TODAY)


def test_what_there_is_not_is_told(xingfu: Xingfu) -> None:
    for words, says in (
        (("bulletin", "--month", "2023-02"), "没有“2023-02”的月通报，可选：2023-03"),
        (("feedback", "--city", "北京市"), "没有市“北京市”，可选：太原市"),
        (("feedback", "--quarter", "2023Q1"), "没有“2023Q1”的季度反馈函"),
    ):
        done = xingfu("report", *words, **TODAY)
        assert (done.returncode, says in done.stderr) == (1, True), done.stderr
