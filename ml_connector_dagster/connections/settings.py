"""What a customer writes in ``defs/<connection>/defs.yaml``: one pydantic model for Dagster, command line and inbound app."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from ml_connector_dagster.anaplan.identifiers import ModelId, WorkspaceId
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import DimensionMapping, ListTarget, ModuleTarget, Name, Strict

CredentialName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]


class SourceSettings(Strict):
    """Which company of which accounting system."""

    system: Name
    company_id: Name
    credential: CredentialName
    time_zone: str = "UTC"
    at: Literal["vendor", "sandbox"] = "vendor"
    quota_share: float = Field(
        default=1.0, gt=0, le=1, description="Share of the vendor's limits this product may use."
    )


class AnaplanSettings(Strict):
    """Which model of which workspace; ids only, their case is checked."""

    region: str = "us1"
    workspace: Annotated[str, AfterValidator(WorkspaceId)]
    model: Annotated[str, AfterValidator(ModelId)]
    credential: CredentialName
    at: Literal["vendor", "sandbox"] = "vendor"
    requests_per_minute: int = Field(default=300, ge=1, le=600, description="Our share of the tenant's 600.")


class PeriodSettings(Strict):
    """Which months are read, and which stay open."""

    start: Annotated[str, AfterValidator(lambda text: str(Period.parse(text)))]
    open_months: int = Field(default=3, ge=1, le=36)
    lock_from_source: bool = True


class ConnectionSettings(Strict):
    """One company paired with one Anaplan model."""

    version: Literal[1]
    source: SourceSettings
    anaplan: AnaplanSettings
    periods: PeriodSettings
    lists: tuple[ListTarget, ...] = ()
    modules: tuple[ModuleTarget, ...] = ()
    mapping: dict[Name, DimensionMapping] = Field(default_factory=dict)
    schedule: str = Field(
        default="0 5 * * *", description="Cron, in the company's time zone, of the daily read of open periods."
    )
    fresh_within_hours: int = Field(default=24, ge=1)
