"""Reads an official's worked examples (算例) from ``cases.yaml`` in a plan's folder."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.errors import PolicyError
from policy.examples import PlanExample
from policy.faults.shapes import told_of
from policy.likeness import near
from policy.schema import Plan
from policy.source import construct_values, place, read_values
from policy.vocabulary import Standing, SubjectKind

FILE = "cases.yaml"


def read_examples(plan: Plan, folder: Path) -> tuple[tuple[str, PlanExample], ...]:
    """The examples in a plan's folder, each with its ``file:line``; none where there is no file.

    PolicyError with file and line for one that says what there is not.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    root = read_values(path)
    try:
        examples = TypeAdapter(tuple[PlanExample, ...]).validate_python(construct_values(root))
    except ValidationError as error:
        told = (f"{place(root, loc)}: {says}" for loc, says in told_of(error))
        raise PolicyError("\n".join(told)) from None
    found = [
        f"{place(root, (index,))}: 算例“{example.name}”：{says}"
        for index, example in enumerate(examples)
        for says in _faults(plan, example)
    ]
    if found:
        raise PolicyError("\n".join(found))
    return tuple((place(root, (index,)), example) for index, example in enumerate(examples))


def _faults(plan: Plan, example: PlanExample) -> Iterator[str]:
    facts = {item.id for item in plan.milestones}
    acts = {item.id for item in plan.actions} | {m.id for m in plan.milestones if m.beside_chain}
    cities = {city.name for city in plan.cities}
    if example.city:
        yield from _known("市", [example.city], cities)
    if example.county and not any(city.county(example.county) for city in plan.cities):
        yield f"没有县（市、区）“{example.county}”"
    if example.subject is SubjectKind.PROJECT:
        yield from _known("节点", example.facts, facts)
    yield from _known("阶段", filter(None, [example.stage, example.to]), set(plan.stage_order))
    yield from _known("办理动作或节点", filter(None, [example.do]), acts)
    yield from _known("资金渠道", example.funds, {fund.id for fund in plan.funds})
    conditions = {rule.id for rule in plan.requirements}
    yield from _known("条件", [*example.reasons, *(example.warned or ())], conditions)
    for name in example.standings.values():
        labels = {label for each in Standing for label in (each.value, each.label)}
        yield from _known("状态", [name], labels)
    if (example.standings or example.do) and example.day is None:
        yield "须写明 day（截至或办理的日期）"
    if (example.to or example.refused or example.warned is not None) and example.do is None:
        yield "写明 to、refused 或 warned 的，须写明 do（办理什么）"
    if not _expects(example):
        yield "没有写明应有的结果：standings、dates、subsidy、funds、to、refused、warned 至少写一项"


def _expects(example: PlanExample) -> bool:
    given = (example.standings, example.dates, example.funds, example.to, example.refused)
    stated = (example.subsidy is not None, example.warned is not None)
    return any(map(bool, given)) or any(stated)


def _known(what: str, names: Any, known: set[str]) -> Iterator[str]:
    for name in names:
        if name not in known:
            yield f"未知的{what}“{name}”{near(name, known)}"
