"""Papers (公文): drafts and issued ones, to read and download; issuing, for whose it is."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from starlette.responses import Response

from common.errors import ConflictError, RefusedError, UsageError
from documents.papers import letters
from documents.reading.typed import day_of
from documents.writing.blocks import PaperText
from operations.duties.issuing import (
    DraftPaper,
    draft_papers,
    issue_paper,
    issue_rule,
    named_draft,
)
from operations.duties.papers import Paper, Signature, find_paper, papers, template
from operations.duties.supervision import (
    LetterDraft,
    ReplyTerms,
    draft_of,
    issue_letter,
    letter_rule,
)
from operations.views.census import boards
from operations.views.worklist import OutOfReachError
from states.authority import matter
from states.contacts import Place
from web.errand import Errand, Handler, attached, onward, page
from web.shelf import shelved

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
ABSENT = "没有这份公文，或不在您的办理范围内"
CHANGED = "文稿在您查看之后已有变化，未予签发；请重新查看后再签发"


def show_papers(errand: Errand) -> Response:
    """All that one sees: drafts are the province's own until they are issued."""
    with errand.desk.reading() as session:
        issued = [each for each in papers(session, errand.desk) if _is_seen(errand, each.subject)]
    drafts = draft_papers(errand.desk) if errand.who.reach.is_whole else ()
    waiting = [each for each in drafts if each.issued is None]
    late = _late_cities(errand)
    return page(errand, "papers.html", drafts=waiting, issued=issued[::-1], late=late)


def show_draft(errand: Errand) -> Response:
    """A draft, and the form that issues it for whose it is."""
    return _draft_page(errand, _draft(errand))


def _draft_page(errand: Errand, draft: DraftPaper, wrong: str = "", status: int = 200) -> Response:
    told = {
        "action": "/papers/issue",
        "shown": {"name": draft.name, "seen": draft.digest},
        "issued": draft.issued,
        "actor": _issuer(errand, draft),
        "download": f"/papers/draft.docx?name={quote(draft.name)}",
    }
    return _paper_page(errand, draft.made.content, told, wrong, status)


def _paper_page(
    errand: Errand, letter: PaperText, told: Mapping[str, Any], wrong: str = "", status: int = 200
) -> Response:
    """A paper to read; what is `told` of it says whether and how it may be issued."""
    return page(
        errand, "paper.html", status, letter=letter, wrong=wrong, typed=errand.fields, **told
    )


def show_letter(errand: Errand) -> Response:
    """The supervision letter that is due to a city, and the form that issues it."""
    return _letter_page(errand, _letter(errand))


def _letter_page(errand: Errand, draft: LetterDraft, wrong: str = "", code: int = 200) -> Response:
    told = {
        "action": "/papers/letter",
        "shown": {"city": draft.city, "seen": draft.fingerprint},
        "issued": draft.issued,
        "actor": _letter_issuer(errand, draft.city),
        "earlier": draft.earlier,
        "download": f"/papers/letter.docx?city={quote(draft.city)}",
    }
    return _paper_page(errand, draft.letter, told, wrong, code)


def load_letter(errand: Errand) -> Response:
    """A supervision letter as a Word file, marked as a draft."""
    made = _letter(errand)
    content = letters.draft(made.letter, template(errand.desk))
    return attached(f"督办函草稿 {made.city} {made.as_of}.docx", content, DOCX)


def issue_shown_letter(errand: Errand) -> Response:
    """Issue a supervision letter, if it is still what was shown."""
    made, fields, desk = _letter(errand), errand.fields, errand.writing_desk
    try:
        actor = _letter_issuer(errand, made.city)
        if not actor:
            raise RefusedError("这份公文不由贵单位签发")
        if fields.get("seen") != made.fingerprint:
            raise ConflictError(CHANGED)
        signed = _signature(errand, actor)
        said = ReplyTerms(
            day_of(fields.get("reply_by", "")), fields.get("contact", ""), fields.get("phone", "")
        )
        with desk.writing() as session:
            paper = issue_letter(
                session, desk, made, signed, said, today=errand.today, at=errand.at
            )
    except (RefusedError, UsageError) as refusal:
        return _letter_page(errand, made, str(refusal), 422)
    return onward(f"/papers/issued?number={quote(paper.number)}")


def show_issued(errand: Errand) -> Response:
    """An issued paper."""
    paper = _paper(errand)
    download = f"/papers/issued.docx?number={quote(paper.number)}"
    told = {"action": "", "shown": {}, "issued": paper, "actor": "", "download": download}
    return _paper_page(errand, paper.letter, told)


def load_draft(errand: Errand) -> Response:
    """A draft as a Word file, marked as one."""
    draft = _draft(errand)
    content = letters.draft(draft.made.content, template(errand.desk))
    return attached(f"{draft.made.content.title}（草稿）.docx", content, DOCX)


def load_issued(errand: Errand) -> Response:
    """An issued paper as a Word file."""
    paper = _paper(errand)
    content = letters.final(paper.letter, paper.number, paper.on, template(errand.desk))
    return attached(f"{paper.number} {paper.subject}.docx", content, DOCX)


def issue_draft(errand: Errand) -> Response:
    """Give a draft its number, date and signatory, if it is still what was shown."""
    draft, fields, desk = _draft(errand), errand.fields, errand.writing_desk
    try:
        actor = _issuer(errand, draft)
        if not actor:
            raise RefusedError("这份公文不由贵单位签发")
        if fields.get("seen") != draft.digest:
            raise ConflictError(CHANGED)
        signed = _signature(errand, actor)
        with desk.writing() as session:
            paper = issue_paper(session, desk, draft, signed, today=errand.today, at=errand.at)
    except (RefusedError, UsageError) as refusal:
        return _draft_page(errand, draft, str(refusal), 422)
    return onward(f"/papers/issued?number={quote(paper.number)}")


def _draft(errand: Errand) -> DraftPaper:
    if not errand.who.reach.is_whole:
        raise OutOfReachError(ABSENT)
    try:
        return named_draft(errand.desk, errand.fields.get("name", ""))
    except RefusedError as refusal:
        raise OutOfReachError(str(refusal)) from None


def _signature(errand: Errand, actor: str) -> Signature:
    fields = errand.fields
    day = day_of(fields.get("on", ""))
    return Signature(fields.get("number", ""), day, fields.get("signer", ""), actor)


def _letter(errand: Errand) -> LetterDraft:
    """What is due to a city today; nobody but the province sees it before it is issued."""
    if not errand.who.reach.is_whole:
        raise OutOfReachError(ABSENT)
    try:
        found = draft_of(errand.desk, errand.fields.get("city", ""), errand.today)
    except RefusedError as refusal:
        raise OutOfReachError(str(refusal)) from None
    if found is None:
        raise OutOfReachError(errand.desk.plan.said("该市目前没有应发督办函的事项"))
    return found


def _letter_issuer(errand: Errand, city: str) -> str:
    """In whose name the reader may issue a letter to a city; empty: may not."""
    plan = errand.desk.plan
    return errand.who.entitled(plan, matter(plan, letter_rule(plan).id), Place(city))


def _late_cities(errand: Errand) -> list[str]:
    """The cities with something late, to which a letter may be due."""
    if not (errand.who.reach.is_whole and errand.desk.plan.ladder.letter):
        return []
    cities = [city.name for city in errand.desk.plan.cities]
    known = shelved(errand.desk, errand.today, cities).cities
    rows = boards(errand.desk, [known[city] for city in cities])
    return [row.city for row in rows if row.overdue or row.beyond_proposal]


def _paper(errand: Errand) -> Paper:
    paper = find_paper(errand.desk, errand.fields.get("number", ""))
    if paper is None or not _is_seen(errand, paper.subject):
        raise OutOfReachError(ABSENT)
    return paper


def _is_seen(errand: Errand, subject: str) -> bool:
    """A city's papers are its own; what is about the province goes to every city."""
    reach = errand.who.reach
    if subject == errand.desk.plan.province:
        return reach.is_whole or bool(reach.cities)
    return reach.covers(Place(subject))


def _issuer(errand: Errand, draft: DraftPaper) -> str:
    """In whose name the reader may issue it; empty: may not."""
    rule, subject = issue_rule(errand.desk.plan, draft.made.kind), draft.made.occasion.subject
    place = Place() if subject == errand.desk.plan.province else Place(subject)
    return errand.who.entitled(errand.desk.plan, matter(errand.desk.plan, rule.id), place)


PAGES: Sequence[tuple[str, str, Handler]] = (
    ("/papers", "GET", show_papers),
    ("/papers/draft", "GET", show_draft),
    ("/papers/draft.docx", "GET", load_draft),
    ("/papers/issued", "GET", show_issued),
    ("/papers/issued.docx", "GET", load_issued),
    ("/papers/issue", "POST", issue_draft),
    ("/papers/letter", "GET", show_letter),
    ("/papers/letter.docx", "GET", load_letter),
    ("/papers/letter", "POST", issue_shown_letter),
)
