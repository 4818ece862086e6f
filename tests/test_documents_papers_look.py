"""Papers as they are printed: LibreOffice turns them into pages, and the pages are read."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import cache

import pytest

from documents.papers.letters import SHIPPED, draft, final
from documents.writing.blocks import Annex, Graph, Heading, PaperTable, PaperText, Series
from tests.support.builders import plan
from tests.support.office import needs_writer, printed

pytestmark = [pytest.mark.heavy, needs_writer]

CITIES = [city.name for city in plan().cities]
NUMBER, DAY = "晋民发〔2023〕45号", date(2023, 7, 3)
ORDER = PaperText(
    title="关于太原市城镇社区幸福养老提速工程“全部开工建设”逾期的督办函",
    addressee="太原市民政局",
    paragraphs=(
        "按照《2023年城镇社区幸福养老提速工程实施方案》（晋民发〔2023〕7号）要求，现予督办。",
        "请贵局核实情况，明确整改措施、责任人和完成时限，并于　月　日前书面反馈。",
        "联系人：　　　　　联系电话：",
    ),
    sender="山西省民政厅",
)
BY_CITY = PaperTable(
    (
        *("序号", "市", "项目数", "选址", "开工", "竣工", "验收", "运营"),
        *("完成投资（万元）", "占投资总额", "省补到位（万元）", "配套到位（万元）"),
    ),
    tuple(
        (str(n), city, *["10"] * 6, "1,234.50", "37.6%", "300.00", "1,250.25")
        for n, city in enumerate(CITIES, 1)
    ),
    "表1　各市项目进展情况",
)
PACE = Graph(
    "2023年项目推进情况",
    tuple(f"{month}月" for month in range(3, 13)),
    (
        Series("计划", tuple(Decimal(10 * n) for n in range(10)), dashed=True),
        Series("实际", tuple(Decimal(12 * n) for n in range(10))),
    ),
    "%",
)


def projects(count: int) -> PaperTable:
    rows = tuple(
        (
            *(f"第{n}项", CITIES[n % len(CITIES)], "示例县", "示例一街道示例甲社区养老幸福工程"),
            *("建设", f"{n}%", "施工图审查意见尚未修改完成，资金未到位"),
        )
        for n in range(1, count + 1)
    )
    heads = ("序号", "市", "县（市、区）", "项目名称", "阶段", "形象进度", "未达序时原因")
    return PaperTable(heads, rows, "", (1.4, 1.5, 1.6, 4, 1.2, 1.3, 3))


BULLETIN = PaperText(
    title="关于2023年6月城镇社区幸福养老提速工程进展情况的通报",
    addressee="各市民政局",
    paragraphs=(
        "现将2023年6月工程进展情况通报如下：",
        Heading("一、总体进展"),
        "截至2023年6月30日，各市项目按序时推进。" * 12,
        PACE,
        Heading("二、各市情况"),
        BY_CITY,
        Heading("三、存在问题"),
        Heading("（一）未报月报", 2),
        "个别市未按期报送。",
        Heading("四、下一步要求"),
        "请各市对照时间节点，倒排工期，确保按期完成全年任务。" * 8,
    ),
    sender="山西省民政厅",
    annexes=(
        Annex("慢序时项目", (projects(40),)),
        Annex("按序时项目", ("具体如下：", projects(25))),
        Annex("推进情况图", (PACE,)),
    ),
    copies="省财政厅，各市人民政府",
)


@cache
def pages() -> Mapping[str, Sequence[str]]:
    """The words on the pages of each paper: in one go, since LibreOffice takes long to start."""
    return printed(
        {
            "draft": draft(ORDER),
            "final": final(ORDER, NUMBER, DAY),
            "bulletin draft": draft(BULLETIN),
            "bulletin final": final(BULLETIN, NUMBER, DAY),
            "hostile": draft(replace(ORDER, paragraphs=("{{ 标题 }} {%p if %} <w:p> & {_{",))),
            "template": SHIPPED.read_bytes(),
        }
    )


def squeezed(*pages: str) -> str:
    return re.sub(r"\s", "", "".join(pages))


def in_order(text: str, *words: str) -> bool:
    """Whether the words stand in it one after another."""
    place = 0
    for word in words:
        place = text.find(word, place)
        if place < 0:
            return False
        place += len(word)
    return True


def test_a_letter_is_a_page_long() -> None:
    (only,) = pages()["final"]
    told = squeezed(only)
    assert in_order(told, NUMBER, squeezed(ORDER.title), "太原市民政局：", "现予督办。")
    assert in_order(told, "书面反馈。", "山西省民政厅", "2023年7月3日", "—1—")
    assert "草稿" not in told
    assert "签发人" not in told


@pytest.mark.parametrize("paper", ["draft", "bulletin draft", "hostile"])
def test_draft_stands_on_every_page(paper: str) -> None:
    first, *others = pages()[paper]
    assert in_order(squeezed(first), "草稿", "草稿（供修改", "签发人：", "〔〕号")
    assert all(squeezed(page).startswith("草稿") for page in (first, *others))
    assert NUMBER not in squeezed(first, *others)


def test_what_is_issued_is_no_draft() -> None:
    for page in pages()["bulletin final"]:
        assert "草稿" not in page


@pytest.mark.parametrize("paper", ["draft", "final", "bulletin draft", "bulletin final"])
def test_pages_are_numbered_at_their_outer_side_and_no_tag_is_left(paper: str) -> None:
    for number, page in enumerate(pages()[paper], 1):
        foot = page.rstrip().splitlines()[-1]
        assert squeezed(foot) == f"—{number}—"
        assert (len(foot) - len(foot.lstrip()) > 15) == bool(number % 2), "odd ones at the right"
        assert not re.search(r"[{}]|%p|endif|None", page)


def test_a_bulletin_is_in_the_order_of_official_papers() -> None:
    made = pages()["bulletin final"]
    told = squeezed(*made)
    assert in_order(told, NUMBER, squeezed(BULLETIN.title), "各市民政局：", "通报如下：")
    assert in_order(told, "一、", "2023年项目推进情况", "二、", "表1各市项目进展情况", "三、")
    assert in_order(told, "四、", "全年任务。附件：1.慢序时项目", "2.按序时项目", "3.推进情况图")
    assert in_order(told, "3.推进情况图", "山西省民政厅", "2023年7月3日", "附件1慢序时项目")
    assert in_order(
        told, "第40项", "附件2按序时项目", "第25项", "附件3推进情况图", "抄送：省财政厅"
    )
    assert 8 <= len(made) <= 12
    assert "抄送：省财政厅，各市人民政府。" in squeezed(made[-1])


def test_annexes_begin_on_pages_of_their_own_and_repeat_the_heads_of_tables() -> None:
    made = [squeezed(page) for page in pages()["bulletin final"]]
    starts = [n for n, page in enumerate(made) if re.match(r"附件\d", page)]
    assert [made[n][:3] for n in starts] == ["附件1", "附件2", "附件3"]
    tables = [page for page in made[starts[0] : starts[2]] if re.search(r"第\d+项", page)]
    assert len(tables) > 2
    assert all("序号" in page and "未达序时原因" in page for page in tables)


def test_no_number_is_broken_in_two() -> None:
    """Twelve columns on a page that stands upright."""
    told = "\n".join(pages()["bulletin final"])
    for number, times in (("1,234.50", 11), ("37.6%", 11), ("1,250.25", 11), ("300.00", 11)):
        assert told.count(number) == times, number
    assert all(re.search(rf"\b{n} +{city} ", told) for n, city in enumerate(CITIES, 1))


def test_the_last_words_stand_with_the_signature() -> None:
    for paper in ("draft", "bulletin draft", "bulletin final"):
        signed = next(page for page in map(squeezed, pages()[paper]) if "山西省民政厅" in page)
        before = "联系电话：" if paper == "draft" else "全年任务。"
        assert before in signed


def test_hostile_words_are_printed_as_they_are() -> None:
    assert "{{标题}}{%pif%}<w:p>&{_{" in squeezed(*pages()["hostile"])


def test_the_template_itself_opens_and_shows_what_may_be_edited() -> None:
    told = squeezed(*pages()["template"])
    assert all(f"{{{{{tag}}}}}" in told for tag in ("标题", "主送机关", "发文字号", "署名"))
    assert "请勿删改" in told
