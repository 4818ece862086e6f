"""The year's duties: what is due to be made as of a day is made once, and kept as it was made.

Each duty is a `Job`. A day that was missed is caught up: whatever was due by now and is not there
is made, the oldest first, as of the day on which it was due.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlmodel import Session

from common.errors import RefusedError
from common.files import safe_name, unavailable
from documents.writing.saving import write, write_once
from models.audits import newest
from models.copying import one_moment
from models.database import reading
from models.plans import require_plan
from models.products import NewProduct, add_product, all_made, find_product, made_of
from models.tables import ProductRow
from operations.cases.desk import Desk, desk_of
from policy.vocabulary import Product

C = TypeVar("C")


@dataclass(frozen=True, slots=True)
class JobOccasion:
    """One time that something is to be made."""

    period: str
    """``2023-06``, ``2023Q2``, ``2023``, or a day."""
    subject: str
    """Whom it is about: a city or the province."""
    on: date
    """The day as of which it speaks; it is due from then on."""
    until: date | None = None
    """The last day of what it plans: made late, it plans what is left, and after that nothing."""


@dataclass(frozen=True, slots=True)
class ProductFile:
    """A file that a person can send."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class KeptProduct(Generic[C]):
    """What was made."""

    kind: Product
    occasion: JobOccasion
    version: int
    made_at: datetime
    content: C


@dataclass(frozen=True, slots=True)
class Job(Generic[C]):
    """One of the year's duties."""

    kind: Product
    content: type[C]
    """A frozen dataclass that JSON can keep: what is made, whole."""
    occasions: Callable[[Desk], Iterable[JobOccasion]]
    """When, by the plan; none where the plan does not have the duty."""
    make: Callable[[Session, Desk, JobOccasion], C]
    """From what the database says. RefusedError where it cannot be made, with the reasons."""
    files: Callable[[Desk, KeptProduct[C]], Iterable[ProductFile]]
    """From its content alone: printed again, it is the same."""
    needs: tuple[Product, ...] = ()
    """What has to be made before it."""
    only_latest: bool = False
    """Whether of several that were missed only the latest is of use to anybody."""


def due(desk: Desk, job: Job[Any], as_of: date) -> tuple[JobOccasion, ...]:
    """What is due by a day and has not been made, the oldest first."""
    with reading(desk.engine) as session:
        return missing(desk, job, as_of, all_made(session, desk.plan)[job.kind])


def missing(
    desk: Desk, job: Job[Any], as_of: date, made: Container[tuple[str, str]]
) -> tuple[JobOccasion, ...]:
    """As `due`, where it is known what was made of the kind: the period and subject of each."""
    found = sorted(_come(job.occasions(desk), as_of), key=lambda it: it.on)
    wanted = [it for it in found if not job.only_latest or it.on == found[-1].on]
    return tuple(it for it in wanted if (it.period, it.subject) not in made)


def _come(occasions: Iterable[JobOccasion], as_of: date) -> Iterator[JobOccasion]:
    """Those whose day has come and, of what plans days to come, that have some left."""
    for item in occasions:
        if item.on <= as_of and (item.until is None or as_of < item.until):
            yield _as_of(item, as_of)


def _as_of(item: JobOccasion, day: date) -> JobOccasion:
    """What plans days to come does so from the day on which it is made."""
    return item if item.until is None else replace(item, on=day)


def make(
    desk: Desk, job: Job[C], occasion: JobOccasion, at: datetime, *, anew: bool = False
) -> KeptProduct[C]:
    """What was made for an occasion; made and kept now where it was not, or is wanted `anew`."""
    before = None if anew else _held(desk, job, occasion)
    if before is not None:
        return before
    new = _new(desk, job, occasion, at)  # it may take long: nobody has to wait for it
    with desk.writing() as session:
        held = find_product(session, desk.plan, job.kind, occasion.period, occasion.subject)
        if held is None or anew:
            held = add_product(session, desk.plan, new)
        return _kept(job, held)


def _held(desk: Desk, job: Job[C], occasion: JobOccasion) -> KeptProduct[C] | None:
    with reading(desk.engine) as session:
        return kept(session, desk, job, occasion.period, occasion.subject)


def _new(desk: Desk, job: Job[C], occasion: JobOccasion, at: datetime) -> NewProduct:
    """What would be kept, from the database as it is at one moment."""
    with one_moment(desk.engine) as connection, Session(connection) as session:
        require_plan(session, desk.plan, desk.calendar)
        trail = newest(session, desk.plan)
        then = desk_of(session, desk, occasion.on)  # made late, it speaks by the rules of its day
        plain = _adapter(job).dump_python(job.make(session, then, occasion), mode="json")
    return NewProduct(job.kind, occasion.period, occasion.subject, occasion.on, at, trail, plain)


def occasion(
    desk: Desk, job: Job[Any], period: str | None, subject: str, as_of: date
) -> JobOccasion:
    """The occasion that somebody asks for: of a period, or the latest that is due by a day.

    RefusedError where there is none, or it is still to come.
    """
    mine = [item for item in job.occasions(desk) if item.subject == subject]
    if not mine:
        raise RefusedError(f"“{desk.plan.name}”没有规定{job.kind.label}，或{subject}没有这一事项")
    if period is None:
        found = [item for item in mine if item.on <= as_of]
        if not found:
            raise RefusedError(f"{job.kind.label}最早于{mine[0].on}编制，截至{as_of}还没有")
        return _as_of(found[-1], as_of)
    wanted = next((item for item in mine if item.period == period), None)
    if wanted is None:
        listed = "、".join(item.period for item in mine)
        raise RefusedError(f"没有“{period}”的{job.kind.label}，可选：{listed}")
    if wanted.on > as_of:
        raise RefusedError(f"“{period}”的{job.kind.label}于{wanted.on}编制，尚未到时间")
    return _as_of(wanted, as_of)


def kept(
    session: Session, desk: Desk, job: Job[C], period: str, subject: str
) -> KeptProduct[C] | None:
    """What was made for a period, the newest version; None when it was not made."""
    found = (
        item for item in made_of(session, desk.plan, job.kind) if item[:2] == (period, subject)
    )
    return next((_recalled(session, desk, job, *item) for item in found), None)


def all_kept(session: Session, desk: Desk, job: Job[C]) -> tuple[KeptProduct[C], ...]:
    """All that was made, the newest versions, by period and subject."""
    made = sorted(made_of(session, desk.plan, job.kind))
    return tuple(_recalled(session, desk, job, *item) for item in made)


def lay_out(desk: Desk, job: Job[C], made: KeptProduct[C]) -> tuple[Path, ...]:
    """Write its files by day, unless they are there: somebody may have worked on them.

    UnavailableError when one cannot be written.
    """
    version = f" 第{made.version}版" if made.version > 1 else ""
    home = _home(desk) / f"{made.occasion.on}{version}"
    _folder(home)
    return tuple(_written(home, file) for file in job.files(desk, made))


def unpublished(desk: Desk, job: Job[C]) -> Iterator[KeptProduct[C]]:
    """What was made and has not been `published` from here: also what a run that died left."""
    with reading(desk.engine) as session:
        keys = sorted(made_of(session, desk.plan, job.kind))
    for period, subject, version in keys:
        if not _mark(desk, job, period, subject, version).exists():
            with reading(desk.engine) as session:
                made = kept(session, desk, job, period, subject)
            if made is not None:  # else its day has been taken back meanwhile
                yield made


def published(desk: Desk, job: Job[C], made: KeptProduct[C]) -> None:
    """Note that its files are there and its page has been published. UnavailableError."""
    asked = made.occasion
    mark = _mark(desk, job, asked.period, asked.subject, made.version)
    _folder(mark.parent)
    write(mark, b"")


def _home(desk: Desk) -> Path:
    return desk.settings.outgoing / "duties" / desk.plan.id


def _mark(desk: Desk, job: Job[Any], period: str, subject: str, version: int) -> Path:
    return _home(desk) / ".published" / f"{job.kind.value} {period} {subject} {version}"


def _folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unavailable(f"无法建立文件夹 {path}", error) from None


def _written(home: Path, file: ProductFile) -> Path:
    path = home / safe_name(file.name)
    if not path.exists():
        write_once(path, file.content)
    return path


def _recalled(
    session: Session, desk: Desk, job: Job[C], period: str, subject: str, version: int
) -> KeptProduct[C]:
    """What a desk has read once is not read again: it never changes, and it is large."""
    known: KeptProduct[C] | None = desk.kept.get((job.kind, period, subject, version))
    if known is None:
        row = find_product(session, desk.plan, job.kind, period, subject)
        assert row is not None  # noqa: S101  # nothing is ever removed
        known = desk.kept[job.kind, period, subject, row.version] = _kept(job, row)
    return known


def _kept(job: Job[C], row: ProductRow) -> KeptProduct[C]:
    content: C = _adapter(job).validate_python(row.content)
    about = JobOccasion(row.period, row.subject, row.as_of)
    return KeptProduct(job.kind, about, row.version, row.made_at, content)


def _adapter(job: Job[Any]) -> TypeAdapter[Any]:
    return _adapter_for(job.content)  # type: ignore[arg-type]  # a class can be hashed


@cache  # it takes long to make
def _adapter_for(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
