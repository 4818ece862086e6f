"""The week's risk list: who needs attention, each with its reasons."""

from collections import Counter
from collections.abc import Iterator

from flows.operations.risks import RiskList
from flows.pages.markdown import left_out, plain, table
from policy.schema import Plan
from states.risk import Risk

LONGEST = 200  # projects named


def risk_lines(plan: Plan, content: RiskList) -> Iterator[str]:
    """Counts by city, then each project above the lowest grade with its reasons in one line."""
    rules = plan.risks
    if rules is None:
        return
    labels = [grade.label for grade in rules.grades]
    yield f"{rules.reading}（{plain(rules.clause)}，{rules.origin.label}）"
    yield ""
    yield from _by_city(plan, content, labels)
    named = [item for item in content.risks if item.grade != labels[-1]]
    yield f"## 须跟进的项目：{len(named)}个"
    yield ""
    yield from (f"{number}. {_line(item)}" for number, item in enumerate(named[:LONGEST], 1))
    yield "" if named else "没有。"
    yield from left_out(len(named) - LONGEST, "个分值较低的项目")


def _by_city(plan: Plan, content: RiskList, labels: list[str]) -> Iterator[str]:
    counted = Counter((item.city, item.grade) for item in content.risks)
    rows: list[list[object]] = [
        [plain(city.name), *(counted[city.name, label] for label in labels)] for city in plan.cities
    ]
    whole = Counter(item.grade for item in content.risks)
    rows.append(["**合计**", *(f"**{whole[label]}**" for label in labels)])
    head = {"市": "---", **{f"{label}风险": "---:" for label in labels}}
    yield from table(head, rows)


def _line(item: Risk) -> str:
    where = f"{plain(item.city)}{plain(item.county)}“{plain(item.name)}”（{plain(item.code)}）"
    return f"**{plain(item.grade)}**（{item.points}分）{where}：{plain(item.says)}"
