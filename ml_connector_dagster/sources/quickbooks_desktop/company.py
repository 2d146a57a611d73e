"""One company file, opened for reading: what its Web Connector brought, or a question that waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NoReturn

from ml_connector_dagster.errors import AnswerAwaited
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract import Changes, CompanySession, Entity, Finding, Page, StagedReader


class DesktopCompany:
    """Reads one company file."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; nothing is asked."""
        self.session = session

    def company(self) -> Company:
        """Answer what the file says of itself."""
        self._await("the company")

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        """Yield the pages of an entity."""
        self._await(f"{entity.name} of {period}")

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        """Fetch records by id."""
        self._await(f"{len(record_ids)} {entity.name}")

    def derive(self, entity: Entity, period: Period, staged: StagedReader) -> Iterator[Page]:
        """Yield nothing: no entity is derived."""
        del entity, period, staged
        return iter(())

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        """Answer the trial balance of the period."""
        self._await(f"the {measure_basis} trial balance of {period}")

    def residuals(self, period: Period, staged: StagedReader) -> Mapping[str, Mapping[str, Decimal]]:
        """Answer the named classes of the period."""
        del staged
        self._await(f"the residuals of {period}")

    def changes(self, since: datetime, staged: StagedReader) -> Changes:
        """Answer what moved since the watermark."""
        del staged
        self._await(f"what changed since {since}")

    def checks(self) -> Iterator[Finding]:
        """Say when the machine was last seen."""
        if self.session.store is not None:
            from ml_connector_dagster.sources.quickbooks_desktop.arrivals import heartbeat

            yield from heartbeat(self.session.store, self.session.company_id)

    def close(self) -> None:
        """Give the transport's connections back."""
        self.session.http.close()

    def _await(self, what: str) -> NoReturn:
        raise AnswerAwaited(
            f"QuickBooks is asked for {what}.",
            "Nothing was read yet.",
            "The Web Connector answers when the Windows machine is on and the company file can be opened.",
        )
