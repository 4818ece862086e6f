"""Why each deadline of a subject is what it is: the text of `xingfu explain` as a page."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from flows.pages.lists import due_this_week, in_order
from flows.pages.markdown import Page, page, private
from operations.views.explain import Explanation
from operations.views.overview import Survey
from policy.schema import Plan
from states.deadlines import PRESSING

MOST = 200  # pages a day


def to_explain(survey: Survey) -> tuple[str, ...]:
    """The codes of the subjects with something late, due soon or due this week; earliest first."""
    near = [view for view in survey.views if view.standing in PRESSING]
    this_week = [view for _, view in due_this_week(survey)]
    return tuple(dict.fromkeys(view.subject for view in in_order([*near, *this_week])))


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
    heading, *lines = str(each).splitlines()
    yield f"**{private(heading)}**"
    for line in lines:
        said = private(line)
        if line.startswith("    "):
            yield f"  - {said}"
        elif line.startswith("  "):
            yield f"- {said}"
        elif said:
            yield f"## {said}\n"
        else:
            yield ""
