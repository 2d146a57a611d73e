"""What a folder under ``sources/`` must declare to be a source.

A source is one frozen ``SOURCE`` value in ``<system>/source.py``. Assets, pools, schedules, staging and the conformance
tests follow from it. Nothing in this package, and nothing a ``source.py`` imports at module level, may import httpx, pandas,
pyarrow or SQLAlchemy: definitions load with the standard library and pydantic alone; ``open_company`` imports the client
lazily.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.journals import Journals
from ml_connector_dagster.sources.contract.later import Later
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.ledger.period import Period
    from ml_connector_dagster.transport.client import VendorHttp


@dataclass(frozen=True, slots=True)
class Place:
    """One of a vendor's regions: where a consent that was given there refreshes its token and is read."""

    accounts_url: str
    """Base that replaces scheme and host of the grant's token and revocation addresses; no trailing slash."""
    api_url: str


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


class Refusal(Protocol):
    """What ``Source.classify`` sees of an answer that is no success: ``transport.answer.Answer`` fits."""

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
    details: frozenset[str] = frozenset()
    """Entities each of whose records costs a call of its own, once for each new stamp; ``expected_calls`` counts each as new."""
    count: Callable[[CompanySession, Period], Mapping[str, int]] | None = None
    """Counts a period by lists alone: {entity: vendor records}, the ``details`` among them; None where there are none.

    A backfill asks it before its first detail, to say how many calls and days it takes.
    """
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
    calls_allowed: Callable[[Mapping[str, str]], Mapping[str, int]] | None = None
    """Answer headers to {RateLimit name: calls of its whole window}, as ``calls_left`` counts them; None where no header tells:
    the declared permits then."""
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
