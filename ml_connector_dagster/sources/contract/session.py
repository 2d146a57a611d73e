"""What a source is given to work with: a client and the company's names, and for its own commands a company's store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ml_connector_dagster.store.engine import Store
    from ml_connector_dagster.transport.client import VendorHttp


class KeptDetails(Protocol):
    """Answers of detail calls, kept by record and modified stamp, so that an unchanged document costs no call."""

    def of(self, entity: str, stamps: Mapping[str, str]) -> Mapping[str, bytes]:
        """Answer {record id: body} of those kept with exactly the stamp given for them."""

    def keep(self, entity: str, record_id: str, stamp: str, body: bytes) -> None:
        """Keep the body under this stamp; an older stamp's body is replaced."""

    def counts(self) -> Mapping[str, int]:
        """Answer {entity: how many are kept}."""


class KeepsNothing:
    """A KeptDetails for sources that make no detail calls, and for tests that count them."""

    def of(self, entity: str, stamps: Mapping[str, str]) -> Mapping[str, bytes]:
        """Answer that nothing is kept."""
        del entity, stamps
        return {}

    def keep(self, entity: str, record_id: str, stamp: str, body: bytes) -> None:
        """Let it go."""

    def counts(self) -> Mapping[str, int]:
        """Answer that there are none."""
        return {}


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
class NamedCompany:
    """What a source's own command gets of a connection."""

    store: Store
    company_id: str


OpensCompany = Callable[[str, str], AbstractContextManager[NamedCompany]]
"""The click context's object: with a connection's name and the system it must be of."""
