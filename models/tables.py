"""The tables. Constraints make a wrong row impossible; triggers keep the audit append-only."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from pydantic import create_model
from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlmodel import Field, SQLModel

from models.columns import Hundredths, Instant
from policy.fields import FIELDS, ProfileField
from policy.vocabulary import (
    AuditKind,
    ChannelKind,
    DecisionKind,
    DeliveryStatus,
    Disposition,
    EntryKind,
    Holder,
    IntakeResult,
    Level,
    MessageStatus,
    Product,
    RecipientReason,
    RungKind,
    Source,
    Standing,
    SubjectKind,
)

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMES


def _one_of(column: str, words: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{word.value}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


def _to_subject(*, column: str = "subject") -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["plan", column], ["subject.plan", "subject.code"])


class PlanRow(SQLModel, table=True):
    """A plan that this database runs, and the digest of what it said when it was installed."""

    __tablename__ = "plan"
    id: str = Field(primary_key=True)
    digest: str
    installed_at: datetime = Field(sa_type=Instant)
    head: str = ""
    """`hash` of its newest audit row: a chain that was cut short is found out."""
    emitted: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The newest audit row of which an event has been emitted, and of all before it."""


class EnforcedDay(SQLModel, table=True):
    """A day that the daily job has decided."""

    __tablename__ = "enforced"
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    day: date = Field(primary_key=True)
    decided_at: datetime = Field(sa_type=Instant)
    """When it was decided last."""
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    """When what follows was done too: delivered and published."""


class EventRow(SQLModel, table=True):
    """An event that no audit row tells of; it is gone once it has been emitted."""

    __tablename__ = "event"
    __table_args__ = (Index(None, "plan", "at"),)
    id: str = Field(primary_key=True)
    """Its UUID."""
    plan: str = Field(foreign_key="plan.id")
    name: str
    subject: str
    """A code; empty where it is about the plan as a whole."""
    at: datetime = Field(sa_type=Instant)
    payload: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class Subject(SQLModel, table=True):
    """Whatever has deadlines: a project, a city or the province."""

    __tablename__ = "subject"
    __table_args__ = (_one_of("kind", SubjectKind), Index(None, "plan", "kind", "city"))
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    code: str = Field(primary_key=True)
    kind: SubjectKind = Field(sa_type=String)
    name: str
    city: str = ""
    county: str = ""


def _stored(field: ProfileField) -> tuple[Any, Any]:
    """The type and column of a field of a project's profile."""
    if field.kind == "words":
        return list[str], Field(default_factory=list, sa_type=JSON, nullable=False)
    of_type: Any = {"sa_type": Hundredths} if field.value_type is Decimal else {}
    return field.value_type | None, Field(default=None, **of_type)


NUMBERS = tuple(id for id, field in FIELDS.items() if field.value_type in (int, Decimal))
_COLUMNS: dict[str, Any] = {id: _stored(field) for id, field in FIELDS.items()}
ProfileColumns: Any = create_model("ProfileColumns", __base__=SQLModel, **_COLUMNS)
"""A column for each field."""


class Project(ProfileColumns, table=True):
    """A project's place in the chain, and what its forms say (see `policy.fields`)."""

    __tablename__ = "project"
    __table_args__ = (
        _to_subject(column="code"),
        _one_of("disposition", Disposition),
        UniqueConstraint("plan", "county_code", "street", "community"),
        *(CheckConstraint(f"{id} >= 0", name=id) for id in NUMBERS),
        CheckConstraint("released >= 0", name="released"),
    )
    plan: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    county_code: str
    county_type: str
    stage: str
    disposition: Disposition = Field(default=Disposition.ACTIVE, sa_type=String)
    last_on: date | None = None
    if TYPE_CHECKING:  # of the columns of fields, those that queries name
        kind: str | None
        building_kind: str | None
    findings: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}")
    )
    """Soft conditions not met when it was applied for, with the written reason."""
    checks: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}")
    )
    """The latest acceptance checklist: measured values and answers."""
    released: Decimal | None = Field(default=None, sa_type=Hundredths)
    """省级补助 as released, 元."""


class Audit(SQLModel, table=True):
    """What was done, by whom, as of which day, when it was recorded, and under which clause."""

    __tablename__ = "audit"
    __table_args__ = (
        _to_subject(),
        _one_of("kind", AuditKind),
        Index(None, "plan", "subject"),
        Index(None, "plan", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    plan: str
    subject: str
    kind: AuditKind = Field(sa_type=String)
    action: str
    """The action, milestone or deadline that it is about."""
    from_stage: str | None = None
    to_stage: str | None = None
    actor: str
    effective_on: date
    recorded_at: datetime = Field(sa_type=Instant)
    clause: str
    evidence: str = ""
    detail: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    previous: str
    """`hash` of the plan's row before this one; empty for the first."""
    hash: str
    """SHA-256 over `previous` and all that this row says; see `models.audits`."""


class Fact(SQLModel, table=True):
    """A dated fact that holds now: a project's milestone, a fulfilled duty, a city's full quota."""

    __tablename__ = "fact"
    __table_args__ = (_to_subject(),)
    plan: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    on: date
    audit_id: int | None = Field(default=None, foreign_key="audit.id")
    """What recorded it; empty when a change of the plan made it so."""


class OpinionRow(SQLModel, table=True):
    """What one expert says of a project; one that no longer counts is gone, its audit row stays."""

    __tablename__ = "opinion"
    __table_args__ = (_to_subject(), UniqueConstraint("plan", "subject", "expert"))
    plan: str
    subject: str
    audit_id: int = Field(primary_key=True, foreign_key="audit.id")
    expert: str
    organisation: str
    on: date
    scores: dict[str, str] = Field(sa_column=Column(JSON, nullable=False))
    """Per criterion of the plan, the points given, as exact text."""


class LedgerRow(SQLModel, table=True):
    """One line of a project's money ledger; a reversed line is gone and its audit row stays."""

    __tablename__ = "ledger"
    __table_args__ = (
        _to_subject(),
        _one_of("entry", EntryKind),
        _one_of("source", Source),
        _one_of("holder", Holder),
        CheckConstraint("amount > 0", name="amount"),
        CheckConstraint("(to_holder IS NOT NULL) = (entry = 'transfer')", name="to_holder"),
        CheckConstraint("(category IS NOT NULL) = (entry = 'expense')", name="category"),
        UniqueConstraint("plan", "voucher"),
    )
    plan: str
    subject: str
    audit_id: int = Field(primary_key=True, foreign_key="audit.id")
    entry: EntryKind = Field(sa_type=String)
    on: date
    source: Source = Field(sa_type=String)
    holder: Holder = Field(sa_type=String)
    """Who holds the money when it comes in, or gives it away."""
    amount: Decimal = Field(sa_type=Hundredths)
    voucher: str
    """凭证号: one voucher books one line, in one project."""
    to_holder: Holder | None = Field(default=None, sa_type=String)
    category: str | None = None
    payee: str | None = None


class ProgressRow(SQLModel, table=True):
    """What was last reported of a project for a month; what it replaced is in the audit trail."""

    __tablename__ = "progress"
    __table_args__ = (
        _to_subject(),
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent"),
        CheckConstraint("invested >= 0", name="invested"),
        CheckConstraint("length(period) = 7", name="period"),
    )
    plan: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    period: str = Field(primary_key=True)
    """``2023-06``."""
    percent: int
    invested: Decimal | None = Field(default=None, sa_type=Hundredths)
    on_schedule: bool | None = None
    problem: str | None = None
    next_step: str | None = None
    audit_id: int = Field(foreign_key="audit.id")


class ProductRow(SQLModel, table=True):
    """What a duty made, for ever as it was made: made anew it is another version."""

    __tablename__ = "product"
    __table_args__ = (
        _to_subject(),
        _one_of("kind", Product),
        CheckConstraint("version >= 1", name="version"),
    )
    plan: str = Field(primary_key=True)
    kind: Product = Field(primary_key=True, sa_type=String)
    period: str = Field(primary_key=True)
    """``2023-06``, ``2023Q2``, ``2023``, or a day."""
    subject: str = Field(primary_key=True)
    """Whom it is about: a city or the province."""
    version: int = Field(default=1, primary_key=True)
    as_of: date
    """The day as of which it speaks."""
    made_at: datetime = Field(sa_type=Instant)
    trail: int
    """The plan's newest audit row when it was made; 0: none."""
    content: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


class DeadlineRow(SQLModel, table=True):
    """One deadline of one subject; closed (met, suspended, void) when `next_look_on` is empty."""

    __tablename__ = "deadline"
    __table_args__ = (
        _to_subject(),
        _one_of("standing", Standing),
        CheckConstraint("fired >= 0", name="fired"),
        CheckConstraint("visit >= 1", name="visit"),
        CheckConstraint(
            "(fulfilled_on IS NULL) = (standing NOT IN ('met', 'met_late'))", name="fulfilled"
        ),
        CheckConstraint(
            "(next_look_on IS NULL) = "
            "(standing IN ('met', 'met_late', 'suspended', 'void', 'waiting'))",
            name="closed",
        ),
        CheckConstraint(
            "(remind_by IS NULL) = (overdue_after IS NULL)"
            " AND (remind_by IS NOT NULL OR next_look_on IS NULL)",
            name="dated",
        ),
        Index(
            "ix_deadline_look",
            "plan",
            "next_look_on",
            sqlite_where=text("next_look_on IS NOT NULL"),
            postgresql_where=text("next_look_on IS NOT NULL"),
        ),
    )
    plan: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    rule: str = Field(primary_key=True)
    """The deadline's id, e.g. ``D10-03``."""
    visit: int = 1
    """Counts how often the step was begun; a reopened step is reminded anew."""
    remind_by: date | None = None
    """Both dates are empty while the fact has not come about that a relative deadline follows."""
    overdue_after: date | None = None
    extended_to: date | None = None
    """The literal date that an approved extension set in the place of the rule's."""
    standing: Standing = Field(sa_type=String)
    fulfilled_on: date | None = None
    fired: int = 0
    """Rungs of the ladder that lie behind it."""
    next_look_on: date | None = None
    quiet_until: date | None = None
    """The day that an acknowledgement (已知悉) of this visit expects."""


class Outbox(SQLModel, table=True):
    """A message that an office is owed: one intent per key, held by a unique constraint."""

    __tablename__ = "outbox"
    __table_args__ = (
        _to_subject(),
        _one_of("decision", DecisionKind),
        _one_of("rung_kind", RungKind),
        _one_of("status", MessageStatus),
        UniqueConstraint(
            "plan", "subject", "rule", "visit", "due", "rung", "recipient", name="uq_outbox_key"
        ),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        Index(
            "ix_outbox_waiting",
            "plan",
            "id",
            sqlite_where=text("status = 'pending'"),
            postgresql_where=text("status = 'pending'"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    plan: str
    subject: str
    rule: str
    visit: int
    due: date
    """`overdue_after` when it was decided: a new date means a new intent."""
    rung: str
    recipient: str
    """The office it is for; who holds the office is looked up when it is addressed."""
    decision: DecisionKind = Field(sa_type=String)
    rung_kind: RungKind = Field(sa_type=String)
    as_of: date
    decided_at: datetime = Field(sa_type=Instant)
    status: MessageStatus = Field(default=MessageStatus.PENDING, sa_type=String)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    """When the last of those who are told had been."""


class InboxFile(SQLModel, table=True):
    """A file that was put into a folder of the inbox, and what its receipt says.

    A file is known by its content: put into the same folder again, it is answered and not read.
    """

    __tablename__ = "inbox"
    __table_args__ = (_one_of("outcome", IntakeResult),)
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    place: str = Field(primary_key=True)
    """The folder's name: a city."""
    digest: str = Field(primary_key=True)
    """SHA-256 of the file, in hex."""
    name: str
    form: str | None = None
    """Which form it is (`policy.vocabulary.Form`); empty where it could not be told."""
    outcome: IntakeResult = Field(sa_type=String)
    reply: str
    received_at: datetime = Field(sa_type=Instant)
    filed: bool = False
    """Whether the file has been moved out of the inbox."""


class Delivery(SQLModel, table=True):
    """An intent on its way to one person: who is told, why, and what came of it."""

    __tablename__ = "delivery"
    __table_args__ = (
        _one_of("because", RecipientReason),
        _one_of("status", DeliveryStatus),
        _one_of("channel", ChannelKind),
        CheckConstraint("(status = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_delivery_waiting",
            "plan",
            "person",
            sqlite_where=text("status IN ('pending', 'sending')"),
            postgresql_where=text("status IN ('pending', 'sending')"),
        ),
    )
    outbox_id: int = Field(primary_key=True, foreign_key="outbox.id")
    person: str = Field(primary_key=True)
    """``office name``, see `states.contacts.Directory`."""
    plan: str
    because: RecipientReason = Field(sa_type=String)
    status: DeliveryStatus = Field(default=DeliveryStatus.PENDING, sa_type=String)
    attempts: int = 0
    ambiguous: bool = False
    """True once the outcome of a send was unknown, so that a repeat is possible."""
    digest: str | None = None
    """The id of the digest that carried it, or was to carry it."""
    channel: ChannelKind | None = Field(default=None, sa_type=String)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    error: str | None = None


class Addressee(SQLModel, table=True):
    """A person's turn: one digest at a time and one a day, resting after a failure."""

    __tablename__ = "addressee"
    __table_args__ = (CheckConstraint("failures >= 0", name="failures"),)
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    person: str = Field(primary_key=True)
    leased_until: datetime | None = Field(default=None, sa_type=Instant)
    """While a digest is on its way; past it, whoever took it is taken for dead."""
    rests_until: datetime | None = Field(default=None, sa_type=Instant)
    """No attempt is made before."""
    failures: int = 0
    """Attempts in a row that failed."""
    served_on: date | None = None
    """The last day on which a digest went out whole."""


class Pace(SQLModel, table=True):
    """When a chat's robot may be written to next; its vendor limits the rate."""

    __tablename__ = "pace"
    target: str = Field(primary_key=True)
    """A fingerprint of the address, never the address."""
    free_at: datetime = Field(sa_type=Instant)


class OfficeRow(SQLModel, table=True):
    """An office that can be told, by level and place."""

    __tablename__ = "office"
    __table_args__ = (_one_of("level", Level), UniqueConstraint("plan", "name"))
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    level: Level = Field(primary_key=True, sa_type=String)
    city: str = Field(primary_key=True)
    county: str = Field(primary_key=True)
    name: str


class Contact(SQLModel, table=True):
    """A person who holds an office; addresses are encrypted, since they may carry secrets."""

    __tablename__ = "contact"
    __table_args__ = (ForeignKeyConstraint(["plan", "office"], ["office.plan", "office.name"]),)
    plan: str = Field(primary_key=True)
    office: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    role: str = ""
    phone: str = ""
    divisions: list[str] = Field(
        default_factory=list, sa_column=Column(JSON, nullable=False, server_default="[]")
    )
    channels: str | None = None
    """The addresses in order of preference, one a line, encrypted as a whole."""
    substitute: str = Field(default="", sa_column_kwargs={"server_default": ""})
    away_from: date | None = None
    away_to: date | None = None


def is_receipt(row: Outbox) -> bool:
    """Whether an intent answers a file, and speaks of no deadline."""
    return row.decision == DecisionKind.RECEIPT
