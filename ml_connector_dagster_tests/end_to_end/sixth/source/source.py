"""Abacus, an accounting system that nobody has, declared as a sixth source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ml_connector_dagster.sources.abacus.entities import ENTITIES

from ml_connector_dagster.errors import ConnectorError, CredentialRefused, QuotaExhausted, TemporarilyRefused
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.reader import CompanyReader, KeptAnswers
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.contract.source import RateLimit, Refusal, Source
from ml_connector_dagster.transport.grant_policy import GrantPolicy

if TYPE_CHECKING:
    from ml_connector_dagster.transport.client import VendorHttp


def open_company(session: CompanySession) -> CompanyReader:
    from ml_connector_dagster.sources.abacus.company import AbacusCompany

    return AbacusCompany(session)


def open_kept(company: Company) -> KeptAnswers:
    from ml_connector_dagster.sources.abacus.company import KeptAbacus

    del company
    return KeptAbacus()


def discover_companies(http: VendorHttp, api_url: str, consent: Mapping[str, str]) -> Sequence[Company]:
    from ml_connector_dagster.sources.abacus.company import company_of

    del consent
    return [company_of(http.get(f"{api_url}/company").json())]


def expected_calls(records: Mapping[str, int]) -> int:
    listed = [name for name in records if name != "ledger_lines"]
    return len(listed) + (2 if "ledger_lines" in records else 0)


def classify(answer: Refusal) -> ConnectorError | None:
    reason = {name.lower(): value for name, value in answer.headers.items()}.get("x-spent", "")
    if answer.status in (401, 403):
        return CredentialRefused(
            f"Abacus answered {answer.status}.", "Nothing may be read.", "Consent again.", status=answer.status
        )
    if answer.status == 429 and reason == "day":
        opens_at = datetime.now(UTC) + timedelta(hours=9)
        return QuotaExhausted("The day's calls are spent.", "Nothing is read today.", "Wait.", opens_at=opens_at)
    if answer.status == 429:
        return TemporarilyRefused("Too many calls.", "It passes.", "Nothing to do.", retry_after_seconds=7.0)
    return None


SOURCE = Source(
    system="abacus",
    title="Abacus",
    company_id_name="shop",
    company_id_pattern=r"shop-\d+",
    grant=GrantPolicy(
        authorize_url="https://abacus.example/authorize",
        token_url="https://abacus.example/token",
        revoke_url="",
        scopes=("read",),
    ),
    api_url="https://api.abacus.example/v1",
    api_version="1",
    sunset_on=None,
    limits=(RateLimit(name="minute", permits=600, per_seconds=60, scope="company"),),
    concurrency=2,
    entities=ENTITIES,
    basis=("accrual",),
    call_formula="One call for each entity and period; two for the control of the ledger lines.",
    expected_calls=expected_calls,
    open_company=open_company,
    open_kept=open_kept,
    discover_companies=discover_companies,
    classify=classify,
)
