"""Today (今日事项): what is overdue, due or waits for others, and the answer right there."""

from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from common.errors import RefusedError, UsageError
from documents.reading.typed import day_of
from operations.cases.answering import Answer, answer
from operations.cases.corrections import recent_entries, take_back
from operations.cases.evidence import proven
from operations.views.worklist import WorkItem, work_item, worklist
from states.contacts import Place
from web.errand import Errand, Handler, local, onward, page
from web.proof import proof_actor


def show_today(errand: Errand) -> Response:
    """The first page."""
    return page(
        errand,
        "today.html",
        worklist=worklist(errand.desk, errand.who, errand.today),
        **_around(errand),
    )


def show_item(errand: Errand) -> Response:
    """One item: where a digest's link leads."""
    return _item_page(errand, errand.part("code"), errand.part("rule"), "")


def _item_page(errand: Errand, code: str, rule: str, wrong: str, status: int = 200) -> Response:
    item = work_item(errand.desk, errand.who, code, rule, errand.today)
    actor = proof_actor(errand, Place(item.view.city, item.view.county))
    told = {"item": item, "wrong": wrong, "proof_actor": actor, **_around(errand)}
    return page(errand, "item.html", status, **told)


def give_answer(errand: Errand) -> Response:
    """Put an answer on record, once; refused, the item is shown with every reason."""
    code, rule = errand.fields.get("subject", ""), errand.fields.get("rule", "")
    item = work_item(errand.desk, errand.who, code, rule, errand.today)
    try:
        said = _said(errand, item)
        desk = errand.writing_desk
        with desk.writing() as session, proven(session, desk, errand.files):
            answer(session, desk, said, today=errand.today, at=errand.at)
    except (RefusedError, UsageError) as refusal:
        return _item_page(errand, code, rule, str(refusal), 422)
    return onward(errand.fields.get("next", "/"))


def undo(errand: Errand) -> Response:
    """Take back what was just entered, by a correction."""
    number = errand.fields.get("row", "")
    if not number.isdecimal():
        raise UsageError("请从“刚才登记的”中选择要撤销的记录")
    desk = errand.writing_desk
    with desk.writing() as session:
        take_back(session, desk, errand.who.person, int(number), today=errand.today, at=errand.at)
    return onward(errand.fields.get("next", "/"))


def _said(errand: Errand, item: WorkItem) -> Answer:
    fields, its = errand.fields, (item.view.subject, item.view.rule)
    if fields.get("kind") == "done":
        if not item.done_by:
            raise RefusedError(item.bar or "该事项不由贵单位登记办结日期")
        day = day_of(fields.get("done", ""))
        evidence = fields.get("evidence", "").strip()
        return Answer(*its, item.done_by, done=day, fact=item.fact, evidence=evidence)
    if not item.expected_by:
        raise RefusedError("该事项不由贵单位答复预计完成日期")
    day = day_of(fields.get("expected", ""))
    return Answer(*its, item.expected_by, expected=day, reason=fields.get("reason", "").strip())


def _around(errand: Errand) -> dict[str, Any]:
    """What stands beside the items: what was just entered, and where to come back to."""
    with errand.desk.reading() as session:
        recent = recent_entries(session, errand.desk, errand.who.person, errand.at)
    back = local(errand.fields.get("next") or errand.request.url.path)
    return {"recent": recent, "next": back, "typed": errand.fields}


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/", "GET", show_today),
    ("/item/{code}/{rule}", "GET", show_item),
    ("/answer", "POST", give_answer),
    ("/undo", "POST", undo),
)
