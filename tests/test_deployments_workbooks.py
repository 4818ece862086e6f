"""Workbooks by command: in whole or not at all, marked where they are wrong, looked at first."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from deployments.demo import EXAMPLE
from documents.lists.overviews import LATE_STATES
from documents.reading.annotate import LIST
from documents.reading.faults import OPENING
from policy.vocabulary import Form, Listing, Standing
from tests.support.builders import SUMMARY_SHEET
from tests.support.command import Xingfu

pytestmark = pytest.mark.heavy
BOOKS = EXAMPLE / "workbooks"


@pytest.fixture(scope="module")
def xingfu(tmp_path_factory: pytest.TempPathFactory) -> Xingfu:
    """A state folder that knows 太原市's projects and its contacts."""
    made = Xingfu(tmp_path_factory.mktemp("home"), XINGFU_BUSINESS_DATE="2023-06-01")
    made.ok("init")
    made.ok("import", BOOKS / "01-太原市.xlsx", BOOKS / "通讯录.xlsx")
    return made


def edited(path: Path, cell: str, value: Any) -> Path:
    book: Workbook = load_workbook(path)
    book[SUMMARY_SHEET][cell] = value
    book.save(path)
    return path


def test_a_form_goes_out_and_comes_back(xingfu: Xingfu, tmp_path: Path) -> None:
    path = tmp_path / "太原市.xlsx"
    said = xingfu("export", "summary", path, "--subject", "太原市")
    assert (said.returncode, "已导出项目汇总表（附件3）" in said.stdout) == (0, True)
    done = xingfu("import", path)
    assert "太原市项目汇总表（附件3）已登记，新增0，更新0，未变10" in done.stdout


def test_a_dry_run_lists_the_cells_that_differ_and_keeps_nothing(
    xingfu: Xingfu, tmp_path: Path
) -> None:
    path = tmp_path / "太原市.xlsx"
    xingfu("export", "项目汇总表（附件3）", path, "--subject", "太原")
    edited(path, "D4", "示例新机构")
    for _ in range(2):
        done = xingfu("import", path, "--dry-run")
        assert "核对无误（未登记），新增0，更新1，未变9" in done.stdout
        assert "与已存数据的差异（1格）" in done.stdout
        assert "示例新机构" in done.stdout


def test_a_refused_workbook_is_told_and_marked_in_a_copy(xingfu: Xingfu, tmp_path: Path) -> None:
    path = tmp_path / "太原市.xlsx"
    xingfu("export", "summary", path, "--subject", "太原市")
    done = xingfu("import", edited(path, "F5", "很大"))
    assert done.returncode == 1
    assert "「附件3 汇总表」F5：原值“很大”，不是数字（四(二)）；请填写数字" in done.stderr
    assert "共1处需修改，整份未登记" in done.stderr
    copy = load_workbook(tmp_path / "太原市-需修改.xlsx")
    assert LIST in copy.sheetnames
    comment = copy[SUMMARY_SHEET]["F5"].comment
    assert comment is not None
    assert comment.text.startswith(OPENING)


def test_a_copy_that_may_have_been_mended_is_not_replaced(xingfu: Xingfu, tmp_path: Path) -> None:
    path, copy = tmp_path / "太原市.xlsx", tmp_path / "太原市-需修改.xlsx"
    xingfu("export", "summary", path, "--subject", "太原市")
    edited(path, "F5", "很大")
    assert xingfu("import", path, "--dry-run").returncode == 1
    assert not copy.exists(), "a dry run keeps nothing"
    xingfu("import", path)
    edited(copy, "F5", "还是很大")
    mended = copy.read_bytes()
    for wrong in (path, copy):
        assert xingfu("import", wrong).returncode == 1
    assert copy.read_bytes() == mended


def test_a_listing_of_one_city_takes_its_short_name(xingfu: Xingfu, tmp_path: Path) -> None:
    for kind in Listing:
        short, full = (
            xingfu("export", kind.value, tmp_path / f"{name}.xlsx", "--subject", name)
            for name in ("太原", "太原市")
        )
        assert (short.returncode, full.returncode) == (0, 0)
        assert (tmp_path / "太原.xlsx").read_bytes() == (tmp_path / "太原市.xlsx").read_bytes()
        assert (
            xingfu("export", kind.value, tmp_path / "x.xlsx", "--subject", "北京").returncode == 1
        )


def test_every_listing_is_written(xingfu: Xingfu, tmp_path: Path) -> None:
    for kind in Listing:
        done = xingfu("export", kind.label, tmp_path)
        assert done.returncode == 0, done.stderr
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == sorted(f"{kind.label} 2023-06-01.xlsx" for kind in Listing)
    ledger = load_workbook(next(tmp_path.glob("项目台账*")))
    sheet = ledger.worksheets[0]
    assert sheet.freeze_panes == "A3"
    assert sheet.auto_filter.ref == "A2:S12"
    assert len(sheet["A"]) == 12
    assert sheet.conditional_formatting
    lamps = {
        cell.value for cell in next(col for col in sheet.columns if col[1].value == "时限情况")
    }
    assert lamps - {None, "时限情况"} <= {Standing.ON_TRACK.label, *LATE_STATES}


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("export", "周报", "a.xlsx"), 1, "没有表格“周报”，是否为 report（月报）"),
        (("export", "summary", "a.xlsx"), 1, "请写明市名"),
        (("export", "summary", "a.xlsx", "--subject", "北京市"), 1, "没有“北京市”"),
        (("export", "contacts", "nowhere/a.xlsx"), 3, "无法写入"),
        (("import", "nowhere.xlsx"), 1, "没有这个文件"),
        (
            ("import", BOOKS / "02-大同市.xlsx", "--city", "太原市"),
            1,
            "表中写明的是大同市",
        ),
    ],
)
def test_trouble_is_told_in_a_sentence(
    xingfu: Xingfu, tmp_path: Path, arguments: tuple[object, ...], code: int, words: str
) -> None:
    done = xingfu(*arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr


def test_every_form_has_its_way_in_and_out() -> None:
    from documents.forms.recognise import LIKENESS
    from operations.workbooks.exports import MAKERS
    from operations.workbooks.intake import TAKERS

    assert set(TAKERS) == set(LIKENESS) == set(Form)
    assert set(MAKERS) == {*Form, *Listing}
