"""The command line's way to decide: `determine --decline` and `letter`."""

import os
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from docx import Document

from tests.support.command import Xingfu
from tests.support.steps import PROVINCE, TAIYUAN
from tests.support.stores import Stores
from tests.test_flows_review import codes, passed

pytestmark = pytest.mark.heavy
ISSUE = (
    *("letter", "太原市", "--issue", "--on", "2023-06-14", "--signer", "示例·王某"),
    *("--actor", PROVINCE, "--reply-by", "2023-06-30", "--contact", "示例·李某"),
    *("--phone", "0351-0000000"),
)
DECLINE = (
    *("determine", "--decline", "--on", "2023-03-28", "--actor", PROVINCE),
    *("--evidence", "示例会议纪要〔2023〕5号"),
)


@pytest.fixture
def xingfu(stores: Stores, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Xingfu]:
    """太原市 with two projects that passed review, in the middle of June."""
    with stores.desk(None, TAIYUAN, tmp_path / "home") as desk:
        passed(desk, dict.fromkeys(codes(desk)[:2], 80))
        monkeypatch.setitem(os.environ, "XINGFU_BUSINESS_DATE", "2023-06-14")
        yield Xingfu(desk.settings.home)


def test_a_list_is_declined_once(xingfu: Xingfu) -> None:
    assert "已登记：建议名单未获同意" in xingfu.ok(*DECLINE)
    assert "未重复登记" in xingfu.ok(*DECLINE)
    both = xingfu(*DECLINE, "--confirm")
    assert both.returncode == 2
    assert "--confirm 和 --decline 只能用一个" in both.stderr


def test_a_letter_is_drafted_and_issued(xingfu: Xingfu, tmp_path: Path) -> None:
    file = tmp_path / "函稿.docx"
    shown = xingfu.ok("letter", "太原市", "--file", file)
    assert shown.startswith("山西省民政厅关于督促办理")
    assert "你市" in shown
    assert "晋民函〔2023〕　　号" in [
        p.text for p in Document(BytesIO(file.read_bytes())).paragraphs
    ]
    assert xingfu.json("letter", "太原市")["city"] == "太原市"
    wrong = xingfu(*ISSUE, "--number", "45号")
    assert (wrong.returncode, "不是文号" in wrong.stderr) == (1, True)
    done = xingfu.ok(*ISSUE, "--number", "晋民函〔2023〕45号")
    path = xingfu.home / "outgoing" / "letters" / "shanxi-2023" / "晋民函〔2023〕45号 太原市.docx"
    assert done.startswith("已签发 晋民函〔2023〕45号")
    assert str(path) in done
    assert path.exists()
    assert xingfu.ok(*ISSUE, "--number", "晋民函〔2023〕45号") == done
    again = xingfu("letter", "太原市")
    assert "注意：2023-06-14已以晋民函〔2023〕45号签发" in again.stderr


def test_a_city_where_nothing_has_come_so_far_gets_no_letter(xingfu: Xingfu) -> None:
    assert "没有已到督办阶段的逾期事项" in xingfu.ok("letter", "太原市", "--as-of", "2023-02-10")
    unknown = xingfu("letter", "北京市")
    assert (unknown.returncode, "没有市“北京市”，可选：太原市、" in unknown.stderr) == (1, True)
