"""Why each deadline of a subject is what it is: the text of `xingfu explain` as a page."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from flows.pages.markdown import Page, page, private
from operations.views.explain import Explanation
from operations.views.project_record import next_steps
from policy.schema import Plan

MOST = 200  # pages a day


def explain_pages(plan: Plan, explained: Sequence[Explanation]) -> list[Page]:
    """One page for each subject, in order."""
    return [_page(plan, each) for each in explained]


def slug(plan: Plan, code: str) -> str:
    """A subject's code as part of a key: a project's own, a city's or province's division code."""
    city = plan.city(code)
    if city is not None:
        return city.code
    if code == plan.province:
        return f"{plan.cities[0].code[:2]}0000"
    return re.sub(r"[^a-z0-9]+", "-", code.lower()).strip("-")


def _page(plan: Plan, each: Explanation) -> Page:
    made = page(plan, f"explain-{slug(plan, each.subject)}", "时限说明", each.as_of, _lines(each))
    return replace(made, description=f"{private(each.heading)}：{made.description}")


def _lines(each: Explanation) -> Iterator[str]:
    yield f"**{private(each.heading)}**"
    yield ""
    for deadline in each.deadlines:
        yield from _items(deadline.explanation.splitlines())
    for what, named in each.lists.items():
        yield from _items((what, *(f"  {line}" for line in named)))
    if each.next_actions:
        yield from _items(next_steps(each.next_actions, coded=False))


def _items(lines: Iterable[str]) -> Iterator[str]:
    """Lines as headings, and below each the lists that are set in under it."""
    opened = False
    for line in lines:
        said = private(line)
        if line.startswith("  "):
            yield f"{'  ' if line.startswith('    ') else ''}- {said}"
        else:
            yield from ("",) if opened else ()
            yield f"## {said.removesuffix('：')}\n"
        opened = True
    yield ""
