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
from policy.fields import CORE, NUMERIC, TYPES, CoreField
from policy.vocabulary import (
    AnswerKind,
    AuditKind,
    ChannelKind,
    DecisionKind,
    DeliveryStatus,
    Disposition,
    EntryKind,
    Holder,
    IntakeResult,
    MailKind,
    MailState,
    MediaKind,
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
    rows: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """How many audit rows it has."""
    unkeyed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """So many of them, from the first, were hashed before there was a key."""
    unproved: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """So many of them, from the first, were recorded before the key was changed; mostly 0."""
    key: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The fingerprint of the installation's key, with which the trail goes on."""
    seal: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What the key makes of the id and of all that is above from `head` on, see `models.seals`."""
    emitted: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    """The newest audit row of which an event has been emitted, and of all before it."""


class FormerKey(SQLModel, table=True):
    """A key with which a plan's trail went on before it was changed for the present one."""

    __tablename__ = "former_key"
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    mark: str = Field(primary_key=True)
    """Its fingerprint."""
    box: str
    """The key and how long it counted, encrypted with the present key: see `models.keys`."""


class PlanVersion(SQLModel, table=True):
    """What a plan said, for ever as it was installed, and from which day it is in force."""

    __tablename__ = "plan_version"
    __table_args__ = (CheckConstraint("number >= 1", name="number"),)
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    number: int = Field(primary_key=True)
    """Counts from 1."""
    digest: str
    """As `models.plans.installed_digest` gave it."""
    content: dict[str, Any] | None = Field(sa_column=Column(JSON(none_as_null=True)))
    """As `policy.load.canonical` tells it; empty where an earlier program did not keep it."""
    workdays: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    """The calendar: its ``overrides``, and the years ``known``."""
    since: date
    """The first day on which it is in force; it holds until the next version's."""
    installed_at: datetime = Field(sa_type=Instant)
    actor: str = ""
    evidence: str = ""


class EnforcedDay(SQLModel, table=True):
    """A day that the daily job has decided."""

    __tablename__ = "enforced"
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    day: date = Field(primary_key=True)
    decided_at: datetime = Field(sa_type=Instant)
    """When it was decided last."""
    finished_at: datetime | None = Field(default=None, sa_type=Instant)
    """When what follows was done too: delivered and published."""


class SweepRow(SQLModel, table=True):
    """A run over all deadlines: the daily decision, or new rules. It can be done again."""

    __tablename__ = "sweep"
    __table_args__ = (Index(None, "plan", "trail"),)
    id: int | None = Field(default=None, primary_key=True)
    plan: str = Field(foreign_key="plan.id")
    day: date | None = None
    """As of which it decided; empty where rules were installed, so that ladders began anew."""
    at: datetime = Field(sa_type=Instant)
    trail: int
    """The plan's newest audit row when it began; 0: none."""


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
    renamed_to: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """What it is called now: of a former name only its trail is left."""


def _stored(core: CoreField) -> tuple[Any, Any]:
    """The type and column of a field of the core."""
    kind = TYPES.get(core.kind, str)
    of_type: Any = {"sa_type": Hundredths} if kind is Decimal else {}
    return kind | None, Field(default=None, **of_type)


NUMBERS = tuple(id for id, core in CORE.items() if core.kind in NUMERIC)
_CORE: dict[str, Any] = {id: _stored(core) for id, core in CORE.items()}
CoreColumns: Any = create_model("CoreColumns", __base__=SQLModel, **_CORE)
"""A column for each field of the core."""


class Project(CoreColumns, table=True):
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
    if TYPE_CHECKING:  # of the columns of the core, those that queries name
        kind: str | None
        building_kind: str | None
    further: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}")
    )
    """Per field beside the core that is stated, its value as `states.dossier.to_plain` has it."""
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
    released_funds: dict[str, str] = Field(
        default_factory=dict, sa_column=Column(JSON, nullable=False, server_default="{}")
    )
    """What of it each fund has released, as exact text, where the plan tells funds apart."""


class Audit(SQLModel, table=True):
    """What was done, by whom, as of which day, when it was recorded, and under which clause."""

    __tablename__ = "audit"
    __table_args__ = (
        _to_subject(),
        _one_of("kind", AuditKind),
        Index(None, "plan", "subject"),
        Index(None, "plan", "id"),
        Index(None, "plan", "kind", "effective_on"),
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


class EvidenceRow(SQLModel, table=True):
    """A file that a row of the trail names; what it holds lies on disk, once for all rows."""

    __tablename__ = "evidence"
    __table_args__ = (
        _one_of("media", MediaKind),
        CheckConstraint("size > 0", name="size"),
        CheckConstraint("length(sha256) = 64", name="sha256"),
        Index(None, "sha256"),
    )
    audit_id: int = Field(primary_key=True, foreign_key="audit.id")
    sha256: str = Field(primary_key=True)
    """Of its content, in hex."""
    name: str
    """As it was handed in, made safe."""
    size: int
    """Bytes."""
    media: MediaKind = Field(sa_type=String)


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
        Index(None, "plan", "subject"),
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
    fund: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """Of which fund of the plan, where it tells several apart."""


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
        Index("ix_deadline_body", "plan", "body", "rule"),
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
    body: str = ""
    """Whose turn it is where a step of another body comes first; empty: the rule's own."""
    turn_on: date | None = None
    """The day on which that body's turn came, where it was due by then; lateness counts from it."""
    fits: bool = True
    """False while the province has to set the day of a replacement's deadline."""


class Outbox(SQLModel, table=True):
    """A message that an office is owed: one intent per key, held by a unique index.

    One that was wrongly decided and taken back holds its key no longer.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        _to_subject(),
        _one_of("decision", DecisionKind),
        _one_of("rung_kind", RungKind),
        _one_of("status", MessageStatus),
        Index(
            "uq_outbox_key",
            *("plan", "subject", "rule", "visit", "due", "rung", "recipient"),
            unique=True,
            sqlite_where=text("status != 'retracted'"),
            postgresql_where=text("status != 'retracted'"),
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


class AskedItem(SQLModel, table=True):
    """What a digest asks its reader, by the number that an answer names it by."""

    __tablename__ = "asked_item"
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    digest: str = Field(primary_key=True)
    """The id of the digest, which is that of its mail, too."""
    number: int = Field(primary_key=True)
    code: str = Field(index=True)
    """回执码 of the digest; see `states.answer_code`."""
    person: str
    asked_on: date
    subject: str
    rule: str
    fact: str = ""
    """What a day of completion is the day of; empty where an answer has none."""


class InboxFile(SQLModel, table=True):
    """A file that was put into a folder of the inbox, or came by mail, and what its receipt says.

    A file is known by its content: what was taken in whole and is put into the same folder again is
    answered and not read.
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
    mail: str = Field(default="", sa_column_kwargs={"server_default": ""})
    """The digest of the mail that it came with or that its receipt answers; empty: of none."""


class ReceivedMail(SQLModel, table=True):
    """A mail that has come, whole, with what became of it; known by the digest of its bytes."""

    __tablename__ = "mail"
    __table_args__ = (
        _one_of("kind", MailKind),
        _one_of("state", MailState),
        Index(None, "plan", "state"),
    )
    digest: str = Field(primary_key=True)
    """SHA-256 of its raw bytes, in hex."""
    plan: str = Field(foreign_key="plan.id")
    """That of the reminder that it answers, else the installation's own."""
    content: bytes
    """The raw bytes, deflated; of one that is too large the beginning."""
    source: str
    """How it came: a file's name, or where it lay in the mailbox."""
    kind: MailKind = Field(sa_type=String)
    state: MailState = Field(sa_type=String)
    reason: str = ""
    """Why nothing, or not all, was registered, for the person who looks at it."""
    received_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    sender: str = ""
    """The address, in small letters."""
    sender_name: str = ""
    subject: str = ""
    message_id: str = ""
    reminder: str = ""
    """The id of the digest that it answers, as `Delivery.digest`; empty: none was found."""
    person: str = ""
    """Whom that digest went to, as `Delivery.person`."""
    agreed: bool = False
    """Whether the sender is that person."""
    written: str = ""
    """What was written above the quotation."""
    beside: str = ""
    """What was left over below or inside of it."""
    quote: str = ""
    files: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    """The names of the files that came with it."""
    settled_by: str = ""
    """Who has decided on it last, where it waited for a person, and when."""
    settled_at: datetime | None = Field(default=None, sa_type=Instant)


class MailItem(SQLModel, table=True):
    """What a mail says of one item of a reminder, and whether that was entered."""

    __tablename__ = "mail_item"
    __table_args__ = (_one_of("kind", AnswerKind), _one_of("state", MailState))
    mail: str = Field(primary_key=True, foreign_key="mail.digest")
    position: int = Field(primary_key=True)
    """Counts from 1 in the order in which it was written."""
    kind: AnswerKind = Field(sa_type=String)
    number: int | None = None
    """As the reminder counts its items; empty where the mail names none."""
    subject: str = ""
    """The item's subject and rule; empty where it could not be told which one is meant."""
    rule: str = ""
    fact: str = ""
    """What `on` is the day of, where the item is done, as `AskedItem.fact`."""
    on: date
    """The day on which it was done, or is expected to be."""
    words: str
    """The line as it was written."""
    said: str = ""
    """The reason that it gives."""
    state: MailState = Field(sa_type=String)
    why: str = ""
    """Why it was not registered."""
    rests_until: date | None = None
    """The day to which nothing about the item is repeated while this waits for a person."""


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


class UnreachableAddress(SQLModel, table=True):
    """An address at which somebody is not reached, until it is mended or proves good."""

    __tablename__ = "unreachable"
    __table_args__ = (_one_of("channel", ChannelKind),)
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    person: str = Field(primary_key=True)
    """As `Delivery.person`."""
    mark: str = Field(primary_key=True)
    """A fingerprint of the address, never the address."""
    channel: ChannelKind | None = Field(default=None, sa_type=String)
    """Empty for an address of no known kind."""
    since: datetime = Field(sa_type=Instant)
    reason: str
    """What came back, for admins; it quotes no address."""


class Pace(SQLModel, table=True):
    """When a chat's robot may be written to next; its vendor limits the rate."""

    __tablename__ = "pace"
    target: str = Field(primary_key=True)
    """A fingerprint of the address, never the address."""
    free_at: datetime = Field(sa_type=Instant)


class RoundRow(SQLModel, table=True):
    """Work that recurs, and when a round of it ended last: see `models.watches`."""

    __tablename__ = "work_round"
    name: str = Field(primary_key=True)
    at: datetime = Field(sa_type=Instant)


class WatchRow(SQLModel, table=True):
    """What the watch has found, until it is over."""

    __tablename__ = "watch_fault"
    key: str = Field(primary_key=True)
    since: datetime = Field(sa_type=Instant)
    """Since when, or when it was first seen."""
    told_at: datetime | None = Field(default=None, sa_type=Instant)
    """When admins were told last; empty: no channel has accepted it yet."""
    text: str = ""


class OfficeRow(SQLModel, table=True):
    """An office that the contacts may know, by level and place; one of money by its body there."""

    __tablename__ = "office"
    __table_args__ = (UniqueConstraint("plan", "name"),)
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    level: str = Field(primary_key=True)
    """A `Level`: told of what concerns it; else a body of the plan, which is told of nothing."""
    city: str = Field(primary_key=True)
    """Of an office of a region, the region."""
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


class SignInRow(SQLModel, table=True):
    """A link by which one person may sign in to the staff desk once; nothing of it is in clear."""

    __tablename__ = "sign_in"
    __table_args__ = (CheckConstraint("tries >= 0", name="tries"), Index(None, "plan", "browser"))
    id: str = Field(primary_key=True)
    """SHA-256 of the link's token, in hex."""
    plan: str = Field(foreign_key="plan.id")
    person: str
    """``office name``, see `states.contacts.Directory`."""
    browser: str
    """SHA-256 of the cookie of the browser that asked: there one press is enough."""
    code: str
    """What the mail's six digits give with the cookie of that browser, hashed."""
    code_elsewhere: str
    """The same with the link's token: for any other device."""
    tries: int = 0
    expires_at: datetime = Field(sa_type=Instant)
    used_at: datetime | None = Field(default=None, sa_type=Instant)


class DeskSession(SQLModel, table=True):
    """A person signed in to the staff desk with one browser, until it expires or is revoked."""

    __tablename__ = "desk_session"
    __table_args__ = (Index(None, "plan", "person"),)
    id: str = Field(primary_key=True)
    """SHA-256 of its cookie, in hex."""
    plan: str = Field(foreign_key="plan.id")
    person: str
    form_token: str
    """What every form of the session carries, so that no other page can send one."""
    began_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)


class KnockRow(SQLModel, table=True):
    """Somebody asked to be let in to the staff desk: counted, so that nobody asks without end."""

    __tablename__ = "knock"
    __table_args__ = (Index(None, "whose", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    whose: str
    """A fingerprint of the address that was typed, or of the machine that it came from."""
    at: datetime = Field(sa_type=Instant)


class CalendarLink(SQLModel, table=True):
    """The secret link by which a person's calendar program reads what is due; one a person."""

    __tablename__ = "calendar_link"
    plan: str = Field(primary_key=True, foreign_key="plan.id")
    person: str = Field(primary_key=True)
    token: str = Field(unique=True)
    """SHA-256 of the link's token, in hex."""
    made_at: datetime = Field(sa_type=Instant)


OUTBOX_KEY = next(
    index for index in SQLModel.metadata.tables["outbox"].indexes if index.name == "uq_outbox_key"
)
"""What tells an intent from others."""


def is_receipt(row: Outbox) -> bool:
    """Whether an intent answers a file, and speaks of no deadline."""
    return row.decision == DecisionKind.RECEIPT


def is_correction(row: Outbox) -> bool:
    """Whether an intent takes back what somebody was wrongly told, and speaks of no deadline."""
    return row.decision == DecisionKind.CORRECTION
