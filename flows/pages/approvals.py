"""What a person decides on, as Markdown: a proposed list, the draft of a letter."""

from collections.abc import Iterator, Mapping

from flows.pages.markdown import plain, private, table
from operations.cases.desk import Desk
from operations.cases.determination import CityList, ListedProject, ProposedList
from operations.duties.papers import Paper
from operations.duties.supervision import LetterDraft
from policy.schema import Plan


def list_page(plan: Plan, found: ProposedList) -> str:
    """The proposed list of every city, with scores, reserves, ties and what is missing."""
    return "\n".join(_list_lines(plan, found))


def letter_page(draft: LetterDraft) -> str:
    """The letter word for word, and what has been written to the city about the same before."""
    return "\n".join(_letter_lines(draft))


def issued_page(desk: Desk, paper: Paper, file: str) -> str:
    """What was issued, and where the file is."""
    office = plain(paper.letter.sender)
    return "\n".join(
        (
            f"- 文号：{plain(paper.number)}",
            f"- 标题：{plain(paper.letter.title)}",
            f"- 发往：{plain(paper.letter.addressee)}",
            f"- 签发：{office}，{paper.on}，签发人{plain(paper.signer)}，经办{plain(paper.actor)}",
            f"- 正式函件：`{file}`（在服务器上；{desk.plan.id} 的办理记录中另存全文）",
        )
    )


def _list_lines(plan: Plan, found: ProposedList) -> Iterator[str]:
    chosen = [item for item in found.listed if not item.rank]
    reserves = len(found.listed) - len(chosen)
    yield f"依据{plain(plan.notice.number)}，{plan.said('按评审结果和各市名额列出')}，尚未写入。\n"
    yield f"建议确定**{len(chosen)}**个，替补**{reserves}**个；此前已确定{found.determined}个。\n"
    if missing := [f"{city.city}缺{city.short}个" for city in found.cities if city.short]:
        yield f"**评审通过的项目少于名额：{'、'.join(missing)}。补足之前不能同意。**\n"
    yield from (f"- 注意：{plain(tie)}" for tie in found.ties)
    yield ""
    yield from table(_in_words(plan, SUMMARY), [_city_cells(city) for city in found.cities])
    for city in found.cities:
        if city.listed:
            yield f"## {plain(city.city)}\n"
            yield from table(_in_words(plan, COLUMNS), [_cells(plan, item) for item in city.listed])


SUMMARY = {"市": "---", **dict.fromkeys(("名额", "已确定", "建议确定", "替补", "缺额"), "---:")}
COLUMNS = {"次序": "---", "项目": "---", "县（市、区）": "---", "平均分": "---:", "备注": "---"}


def _in_words(plan: Plan, head: Mapping[str, str]) -> Mapping[str, str]:
    return {plan.said(title): how for title, how in head.items()}


def _city_cells(city: CityList) -> list[object]:
    chosen = sum(not item.rank for item in city.listed)
    quota = "未明确" if city.quota is None else city.quota
    return [plain(city.city), quota, city.taken, chosen, len(city.listed) - chosen, city.short]


def _cells(plan: Plan, item: ListedProject) -> list[object]:
    notes = ([plan.said("未实施县（市、区）优先")] if item.unserved else []) + (
        ["暂停中"] if item.held else []
    )
    return [
        f"替补第{item.rank}位" if item.rank else "建议确定",
        f"{plain(item.name)}（{item.code}）",
        plain(item.county),
        "无" if item.score is None else item.score,
        "，".join(notes),
    ]


def _letter_lines(draft: LetterDraft) -> Iterator[str]:
    letter, city = draft.letter, plain(draft.city)
    yield f"截至**{draft.as_of}**，{city}有**{len(draft.lines)}**项工作已到督办阶段。\n"
    for paper in draft.earlier:
        told = f"{paper.on}已以{plain(paper.number)}签发“{plain(paper.letter.title)}”"
        yield f"- 注意：{told}，其中有相同事项"
    yield ""
    yield f"## {plain(letter.title)}"
    for text in letter.words[1:]:
        yield ""
        yield private(text)
