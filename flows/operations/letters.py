"""What supervision letters (督办函) say, and drafts: one for each city that let it come so far."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count, groupby
from operator import attrgetter

from documents.blocks import Letter
from documents.letters import draft
from flows.operations.desk import Desk
from flows.operations.stationery import template
from models.tables import Subject
from notifications.message import Attachment, DigestLine
from notifications.wording import NUMERALS, dated, long_date, request, status
from policy.vocabulary import Level, RungKind

STEP = attrgetter("overdue_after", "rule")
"""What is late in the same step is told together."""


@dataclass(frozen=True, slots=True)
class Reply:
    """By when, and to whom, a city answers."""

    by: date | None
    """None: not stated, which a letter that is issued has to."""
    contact: str
    phone: str


def drafts(
    desk: Desk, subjects: Mapping[str, Subject], lines: Sequence[DigestLine], as_of: date
) -> Iterator[Attachment]:
    """A Word draft a city; what the province itself owes, it writes to nobody."""
    by_city: dict[str, list[DigestLine]] = {}
    for line in lines:
        city = subjects[line.subject].city
        body = desk.plan.bodies[desk.deadlines[line.rule].rule.responsible]
        if line.kind is RungKind.DRAFT_LETTER and city and body.reached_at is not Level.PROVINCE:
            by_city.setdefault(city, []).append(line)
    for city, theirs in sorted(by_city.items()):
        letter = letter_to(desk, city, theirs, as_of)
        yield Attachment(f"督办函草稿 {city} {as_of:%Y-%m-%d}.docx", draft(letter, template(desk)))


def letter_to(
    desk: Desk, city: str, lines: Sequence[DigestLine], as_of: date, reply: Reply | None = None
) -> Letter:
    """The letter to a city about what is late as of a day; without `reply` that is left blank."""
    plan = desk.plan
    steps = dict.fromkeys(line.title for line in lines)
    what = f"“{next(iter(steps))}”" if len(steps) == 1 else "有关事项"
    ordered = sorted(lines, key=lambda line: (line.overdue_after, line.rule, line.subject))
    return Letter(
        title=f"关于{city}{plan.name}{what}逾期的督办函",
        addressee=plan.office(Level.CITY, city),
        paragraphs=(
            f"按照{plan.notice.title}（{plan.notice.number}）要求，经核对，"
            f"截至{long_date(as_of)}，贵市有{len(lines)}项工作已超过规定时限，现予督办。",
            *(
                _step(numeral, tuple(alike), as_of)
                for numeral, (_, alike) in zip(_numerals(), groupby(ordered, STEP), strict=False)
            ),
            *_closing(reply),
        ),
        sender=plan.office(Level.PROVINCE),
    )


def _closing(reply: Reply | None) -> tuple[str, str]:
    by = long_date(reply.by) if reply and reply.by else "　月　日"
    contact = f"{reply.contact}　　联系电话：{reply.phone}" if reply else "　　　　　联系电话："
    return (
        f"请贵局核实情况，明确整改措施、责任人和完成时限，并于{by}前书面反馈。",
        f"联系人：{contact}",
    )


def _numerals() -> Iterator[str]:
    yield from (f"{numeral}、" for numeral in NUMERALS)
    yield from (f"{number}．" for number in count(len(NUMERALS) + 1))


def _step(numeral: str, lines: Sequence[DigestLine], as_of: date) -> str:
    """One step with everything that is late in it."""
    first = lines[0]
    where = "；".join(_where(line) for line in lines)
    return (
        f"{numeral}{first.title}（{first.clause}）：应于{dated(first.overdue_after)}前完成，"
        f"{status(first, as_of)}。须{request(first.to_do)}。涉及{len(lines)}项：{where}。"
    )


def _where(line: DigestLine) -> str:
    name = line.name if line.place == line.name else f"{line.place}{line.name}"
    told = [f"责任单位：{line.responsible}", *([line.note] if line.note else [])]
    return f"{name}（{'，'.join(told)}）"
