"""What a folder under ``sources/`` must declare to be a source.

A source is one frozen ``SOURCE`` value in ``<system>/source.py``. Assets, pools, schedules, staging and the conformance
tests follow from it. Nothing here, and nothing a ``source.py`` imports at module level, may import httpx, pandas, pyarrow
or SQLAlchemy: definitions load with the standard library and pydantic alone; ``open_company`` imports the client lazily.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.journal import Journal
from ml_connector_dagster.ledger.journal_posting import Approval, JournalPosting
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance, LedgerLine

if TYPE_CHECKING:
    import pyarrow as pa

    from ml_connector_dagster.store.engine import Store
    from ml_connector_dagster.transport.client import VendorHttp

LEDGER_LINES = "ledger_lines"
CHANGES = "changes"
"""Stands where an entity's name would, for the answer of a change feed; its period is empty."""


class EntityKind(StrEnum):
    """How an entity behaves over periods."""

    REFERENCE = "reference"
    """Accounts, parties, tracking: the whole list is read whatever the period; the newest snapshot counts."""
    DOCUMENT = "document"
    """Records that stand in a period by their posting date."""
    LEDGER = "ledger"
    """The postings of a period."""
    COMMITMENT = "commitment"
    """What is ordered and not yet billed at a period's end, by account: shaped like postings, never part of actuals.

    Every period holds the whole open remainder as of its end (dated that day), so one order's lines stand in many periods.
    """


@dataclass(frozen=True, slots=True)
class Entity:
    """One kind of record that a source supplies; the asset key, the dedupe key and the tests are derived from it."""

    name: str
    """Our word, plural: invoices, ledger_accounts."""
    kind: EntityKind
    record: type[tuple[Any, ...]]
    """The NamedTuple of ``ledger/`` that a row is: LedgerAccount, Party, TrackingOption, DocumentLine, LedgerLine."""
    business_key: tuple[str, ...]
    """Columns of the record that make two rows the same thing."""
    vendor_word: str
    """What the accounting system's own screens call it; shown in the Dagster UI."""
    description: str
    """One sentence a finance user understands."""
    endpoint: str = ""
    """Path below the API base; empty for an entity derived from others."""
    date_filter: str = ""
    """How the endpoint narrows to a period, in the vendor's own words; empty where it cannot."""
    changed_since: str = ""
    """How the endpoint tells what changed, in the vendor's own words; empty where it cannot."""
    page_size: int = 0
    """Records a page; 0 for an endpoint that answers everything at once."""
    derived_from: tuple[str, ...] = ()
    """Entities whose staged snapshots this one is computed from; it makes no list call of its own."""


ledger_accounts = partial(
    Entity,
    name="ledger_accounts",
    kind=EntityKind.REFERENCE,
    record=LedgerAccount,
    business_key=("ledger_account_id",),
)
"""With the partials below: what rows of one record type have in common whatever the source; the vendor's own is added."""
parties = partial(Entity, kind=EntityKind.REFERENCE, record=Party, business_key=("party_id",))
options = partial(Entity, kind=EntityKind.REFERENCE, record=TrackingOption, business_key=("option_id",))
documents = partial(Entity, kind=EntityKind.DOCUMENT, record=DocumentLine, business_key=("document_id", "line_id"))
postings = partial(Entity, record=LedgerLine, business_key=("record_id", "line_id"))
"""Rows shaped like postings; the kind says whether they are the ledger's own."""
ledger_lines = partial(postings, name=LEDGER_LINES, kind=EntityKind.LEDGER)


class RefusedRecord(NamedTuple):
    """A vendor record that could not be read; it is quarantined whole, counted, and turns the check red."""

    record_id: str
    reason: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of the vendor, read: rows, what was refused, and the raw bytes for a later re-translation."""

    rows: Sequence[tuple[Any, ...]] | pa.Table
    """NamedTuples of the entity's record type, or a table with its columns; a record's rows are all in one page."""
    read: int
    """How many vendor records the answer held: read = staged + refused, in vendor records."""
    refused: Sequence[RefusedRecord] = ()
    raw: bytes = b""
    unknown_fields: Mapping[str, int] = field(default_factory=dict)
    """Fields the parser does not know, counted: schema drift is reported, never an error."""
    read_with: Sequence[bytes] = ()
    """Other answers that the rows were read with (tax rates, categories); kept before ``raw``, on a reading's first page."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a change feed said: which periods are dirty, and where the feed stands now."""

    dirty: Mapping[str, frozenset[Period]]
    """Entity name to the periods whose records moved; a moved date dirties both its periods."""
    watermark: datetime
    """Aware UTC; stored only after the dirty periods were noted."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of ``ml-connector check``: what was probed, whether it holds, and what to do where it does not."""

    subject: str
    holds: bool
    says: str


class StagedReader(Protocol):
    """The staged snapshots a derived entity reads."""

    def batches(self, entity: str, period: Period, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """Yield the current snapshot of the entity and period in row groups; all lines of a document are adjacent.

        Args:
            entity: Its name.
            period: Which.
            columns: Only these, in this order; None for all.

        Raises:
            HeldForPerson: There is no snapshot yet.
        """

    def newest(self, entity: str) -> pa.Table:
        """Answer the newest snapshot of a reference entity, whatever period it was read with."""

    def find(self, entity: str, record_ids: Iterable[str]) -> pa.Table:
        """Answer the current rows of these documents, in whatever period they stand; unknown ids are absent."""


class CompanyReader(Protocol):
    """One company of one source, opened: reads, never writes. Close it when done."""

    def company(self) -> Company:
        """Answer the company's name, currency, fiscal year, zone and lock date (one control call)."""

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity; a reference entity ignores the period. Never a silent empty: 403 raises."""

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch these records by id, in whatever period they now stand; used for records that left a period."""

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield the rows of an entity with ``derived_from``; ``raw`` stays empty, ``read_with`` holds what had to be asked."""

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer the vendor's own trial balance for the period."""

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Any]]:
        """Answer {class: {ledger_account_id: amount}}: what the books hold and no document shows, from named postings.

        Each class is summed from something the source names (a system account of its report, a rounding account);
        never computed by subtracting staged from books. Debit + and credit −.
        """

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Ask the change feeds what moved since the watermark (aware UTC).

        ``staged.find`` tells where a changed record stood before: a moved date dirties both its periods.
        """

    def checks(self) -> Iterator[Finding]:
        """Probe every permission the source needs; writes nothing."""

    def close(self) -> None:
        """Give connections back."""


class KeptAnswers(Protocol):
    """Reads what was kept of one company, without any call: it has no client."""

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages that ``CompanyReader.read`` yielded for these answers, by the parser of today.

        Args:
            entity: Not a derived one.
            period: The period they were read for.
            answers: ``read_with`` and ``raw`` of every page, in their order.

        Raises:
            SettingWrong: Something that the rows need was not kept with them.
        """

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the rows of a derived entity, as ``CompanyReader.derive`` does; ``answers`` are what it had to ask for.

        Raises:
            SettingWrong: A document is needed that stands in no staged period and was not kept.
        """


@dataclass(frozen=True, slots=True)
class Place:
    """One of a vendor's regions: where a consent that was given there refreshes its token and is read."""

    accounts_url: str
    """Base that replaces scheme and host of the grant's token and revocation addresses; no trailing slash."""
    api_url: str


@dataclass(frozen=True, slots=True)
class GrantPolicy:
    """How the vendor's OAuth grant behaves; ``transport.grant`` and ``connections.tokens`` obey it."""

    authorize_url: str
    token_url: str
    revoke_url: str
    scopes: tuple[str, ...]
    client_auth: str = "basic"
    """``basic`` header or ``body`` fields."""
    body_form: str = "form"
    """``form`` or ``json``."""
    refresh_names_redirect: bool = False
    """True where a refresh must name the redirect address that the consent was given through."""
    single_use_refresh: bool = True
    """True where a refresh rotates the refresh token."""
    old_token_grace_seconds: int = 0
    """How long a superseded refresh token still works after a lost answer; 0 where showing it kills the grant."""
    margin_seconds: int = 300
    """Refresh when the access token has less than this left."""
    refresh_life_days: int | None = None
    uses_pkce: bool = False
    authorize_extra: Mapping[str, str] = field(default_factory=dict)
    scope_separator: str = " "
    scheme: str = "Bearer"
    """What stands before the access token in the Authorization header."""
    revoke_form: str = ""
    """``form``, ``json`` or ``query``; empty where it is the token endpoint's own."""
    token_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every token request besides."""
    ends_in_field: str = ""
    """Field of a token answer that says in how many seconds the grant ends for good; ``check`` warns of the day."""
    dead_words: tuple[str, ...] = ("invalid_grant",)
    """OAuth error words that mean: this grant is expired, revoked or used up."""
    busy_words: tuple[str, ...] = ()
    """OAuth error words that mean: too many tokens were asked for, come back later; lower case, blanks as underscores."""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """One limit of the vendor, shared by all processes through one row of the state database."""

    name: str
    permits: int
    per_seconds: float
    scope: str
    """``company`` (one row a company) or ``app`` (one row an OAuth client)."""
    wait_at_most_seconds: float = 120.0
    """A longer wait is QuotaExhausted, not patience: a day quota fails fast and says when it opens."""


class KeptDetails(Protocol):
    """Answers of detail calls, kept by record and modified stamp, so that an unchanged document costs no call."""

    def of(self, entity: str, stamps: Mapping[str, str]) -> Mapping[str, bytes]:
        """Answer {record id: body} of those kept with exactly the stamp given for them."""

    def keep(self, entity: str, record_id: str, stamp: str, body: bytes) -> None:
        """Keep the body under this stamp; an older stamp's body is replaced."""


class KeepsNothing:
    """A KeptDetails for sources that make no detail calls, and for tests that count them."""

    def of(self, entity: str, stamps: Mapping[str, str]) -> Mapping[str, bytes]:
        """Answer that nothing is kept."""
        del entity, stamps
        return {}

    def keep(self, entity: str, record_id: str, stamp: str, body: bytes) -> None:
        """Let it go."""


@dataclass(slots=True)
class Meter:
    """Counts what a reader asked for without a client: answers it took from the state database."""

    calls: int = 0

    def count(self, calls: int = 1) -> None:
        """Add so many; a pull's calls are these and the client's together."""
        self.calls += calls


@dataclass(frozen=True, slots=True)
class CompanySession:
    """What ``open_company`` gets: a client that holds the token and the limits, and the names of the company."""

    http: VendorHttp
    """Of a source without a grant a client that may reach no address."""
    api_url: str
    """Base of the API, the sandbox's where the connection says ``at: sandbox``; no trailing slash."""
    company_id: str
    time_zone: str
    consent: Mapping[str, str] = field(default_factory=dict)
    """What ``Source.consented`` noted when a person agreed: a region, a company id that only the redirect carried."""
    details: KeptDetails = field(default_factory=KeepsNothing)
    store: Store | None = None
    """The state database, where a source that is answered later keeps its questions and answers; no other source looks."""
    meter: Meter = field(default_factory=Meter)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entity of a period that was asked for and is not answered in full."""

    entity: str
    period: str
    """2026-10; empty of a reference entity, whose one answer serves all periods."""
    since: datetime
    """Aware UTC: when it was asked for."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """An entity of a period whose answer is complete and not yet published as a snapshot, or ``CHANGES``.

    A question that was refused for good is among them: the run that takes it says why, and its reader puts it away.
    """

    entity: str
    period: str
    """As in ``Waiting``."""
    key: str
    """Of this answer alone, the same whenever it is asked for: it becomes part of a run key."""
    began_at: datetime
    """Aware UTC, the database's clock: when the first question of it was handed out. What was noted later is not in it."""
    arrived_at: datetime
    """Aware UTC: when its last answer was stored."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """What is carried to the machine, so that it calls us."""

    kind: str
    """The file's ending: qwc."""
    text: str
    password: str
    """Typed in beside it; shown once, so empty where an earlier one counts."""


@dataclass(frozen=True, slots=True)
class Later:
    """How a source is read that cannot be asked, only answers: its own machine calls us, when it is on.

    Its reader answers from the state database. What is not there in full it asks for, once, and raises AnswerAwaited; the
    run ends without a materialization, and ``answers_arrived`` starts another when the answer is complete. All that one
    pull of an entity needs (lines, control, company) is one answer, so that a pull never publishes half of it.
    """

    waiting: Callable[[Store, str], Sequence[Waiting]]
    """With a company id: what was asked for and is not answered in full, oldest first."""
    arrived: Callable[[Store, str], Sequence[Arrived]]
    """With a company id: what is complete and not yet published, oldest first."""
    published: Callable[[Store, str, str, str, str], None]
    """With company id, entity, period and run id: the answer that a reader gave last stands in a snapshot now.

    Called by the run that published, never by a sensor; what it does not find it passes over.
    """
    heartbeat: Callable[[Store, str], Sequence[Finding]]
    """With a company id: when the machine was last seen, and what keeps it, in words a bookkeeper understands."""
    how_to_connect: str
    """One sentence in place of a consent: what to run, and what to do on the machine."""
    invite: Callable[[Store, str, str, str], Invitation] | None = None
    """With the connection's name, its company id and the address of ``ml-connector serve``; issues a password once.

    None where nothing is carried to the machine. It raises SettingWrong where the machine would refuse the address.
    """


@dataclass(frozen=True, slots=True)
class JournalDesk:
    """What a source's ``JournalWriter`` gets: the company, and its charts as they were read last."""

    store: Store
    company_id: str
    accounts: Mapping[str, LedgerAccount]
    """By ledger_account_id, from the newest staged snapshot."""
    options: Mapping[str, TrackingOption]
    """By option_id, of the dimension that a journal's lines may carry."""


class JournalWriter(Protocol):
    """Brings journals into the books of one company, each once, whatever crashes.

    A journal is known by its key. Sent again with the same content it is the same journal; with other content it is refused.
    Nothing is ever deleted, and what a user deleted or voided is never posted again without a person's word.
    """

    def problems(self, journal: Journal) -> Sequence[str]:
        """Answer why the books would refuse it, in words; nothing is sent. Empty where it may be posted."""

    def post(self, journals: Sequence[Journal], approval: Approval) -> Sequence[JournalPosting]:
        """Take journals for posting, all or none of them; those that were taken before are answered as they stand.

        Raises:
            RecordRefused: One cannot be posted; nothing of any was taken.
            HeldForPerson: One was taken before with other content.
        """

    def postings(self, key: str = "") -> Sequence[JournalPosting]:
        """Answer what was taken, oldest first; of one journal, or of all."""

    def void(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Void a journal's entries in the books; what was not sent yet is cancelled.

        Raises:
            HeldForPerson: There is none of that key, its outcome is not known yet, or its period is closed.
        """

    def correct(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Take what turns the posted journal of this key into this one: a reversal and a new entry, in one journal.

        Raises:
            RecordRefused: It cannot be posted.
            HeldForPerson: There is no posted journal of that key.
        """

    def amend(self, journal: Journal, approval: Approval) -> Sequence[JournalPosting]:
        """Change our own entry in place: unedited since, of one entry, in an open period.

        Raises:
            RecordRefused: It cannot be posted so.
            HeldForPerson: There is no such entry.
        """

    def retry(self, key: str, approval: Approval) -> Sequence[JournalPosting]:
        """Try again what was refused, or what a person looked into: his word overrides what the look found.

        Raises:
            HeldForPerson: There is nothing of that key to be tried again.
        """

    def verify(self, key: str = "") -> Sequence[JournalPosting]:
        """Look again at what stands in the books, of one journal or of all: what a user changed or deleted shows then."""


@dataclass(frozen=True, slots=True)
class Journals:
    """How a source takes journals."""

    open: Callable[[JournalDesk], JournalWriter]
    dimension: str
    """Entity whose options a line may carry: classes."""
    posts_at_once: bool
    """True where there is no draft: the connection must then say ``post: posted``."""


@dataclass(frozen=True, slots=True)
class NamedCompany:
    """What a source's own command gets of a connection."""

    store: Store
    company_id: str


OpensCompany = Callable[[str, str], AbstractContextManager[NamedCompany]]
"""The click context's object: with a connection's name and the system it must be of."""


class Refusal(Protocol):
    """What ``Source.classify`` sees of an answer that is no success: ``transport.client.Answer`` fits."""

    @property
    def status(self) -> int:
        """The HTTP status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Header names in any case."""

    @property
    def content(self) -> bytes:
        """The body as it came."""

    @property
    def url_shown(self) -> str:
        """Method and address, secrets masked: for messages."""


@dataclass(frozen=True, slots=True)
class Source:
    """One accounting system, as far as anything outside its folder needs to know."""

    system: str
    title: str
    company_id_name: str
    """The vendor's word: tenantId, realmId, accountId, organization_id."""
    company_id_pattern: str
    """Regular expression a configured company id must match."""
    grant: GrantPolicy | None
    """None where no person consents and no token is shown: the source is then answered ``later``."""
    api_url: str
    """Empty where there is no address to ask."""
    api_version: str
    sunset_on: date | None
    limits: tuple[RateLimit, ...]
    concurrency: int
    """Requests in flight at once a company, across processes."""
    entities: tuple[Entity, ...]
    basis: tuple[str, ...]
    """Which of accrual and cash the source posts by account."""
    call_formula: str
    """How many calls a pull of a period makes, in words; ``expected_calls`` is the same as a function."""
    expected_calls: Callable[[Mapping[str, int]], int]
    """Records per entity of a period to the number of calls its pull makes, control calls included."""
    open_company: Callable[[CompanySession], CompanyReader]
    discover_companies: Callable[[VendorHttp, str, Mapping[str, str]], Sequence[Company]]
    """With an api_url and what the consent noted: the companies this credential reaches, for ``connect`` and ``discover``."""
    parser_version: str = "1"
    """Moves when the same bytes are read differently: it tells which staged snapshots a re-translation must replace."""
    places: Mapping[str, Place] = field(default_factory=dict)
    """The vendor's regions, a closed table; empty where it has one address for all. A consent begins at the first."""
    consented: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    """From the fields of the consent's redirect to what must be remembered of it (``place`` chooses the region).

    It raises RequestRejected where a field names something outside the vendor's closed tables: nothing is exchanged then.
    """
    granted: Callable[[Mapping[str, str], Mapping[str, Any]], None] | None = None
    """Compares the first token answer with what the redirect said; raises RequestRejected, and nothing is stored."""
    rate_divides: bool = False
    """True where base = document amount ÷ rate (Xero); False where base = document amount × rate."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request; a company's own headers are the reader's business."""
    later: Later | None = None
    """How answers come that cannot be waited for; None where a request is answered at once."""
    journals: Journals | None = None
    """How journals are posted; None where the source is only read."""
    open_kept: Callable[[Company], KeptAnswers] | None = None
    """Opens kept answers of a company, for a re-translation without quota; None where the source cannot do that."""
    classify: Callable[[Refusal], ConnectorError | None] | None = None
    """Names the vendor's own refusals; None leaves an answer to the transport's general classes."""
    calls_left: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None
    """Answer headers to {RateLimit name: calls that remain in its window}; the vendor's count overrides ours."""
    opens_in: Callable[[Mapping[str, str]], Mapping[str, float]] | None = None
    """Answer headers to {RateLimit name: seconds until the vendor resets it}; None where its calls come back one by one."""
    consent_note: str = ""
    """What the person who consents should know (role, plan, pick one company)."""
    commands: tuple[Any, ...] = ()
    """click commands the source adds to the command line; their context's object is an ``OpensCompany``."""
    routes: Callable[..., Sequence[Any]] | None = None
    """Starlette routes the inbound app mounts, given the store."""

    def entity(self, name: str) -> Entity:
        """Answer the entity of that name.

        Raises:
            KeyError: The source has no such entity.
        """
        for entity in self.entities:
            if entity.name == name:
                return entity
        raise KeyError(name)
