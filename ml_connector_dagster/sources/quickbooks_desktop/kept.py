"""QuickBooks' answers as they were kept, read again by the parser of today; there is no queue, so nothing can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.quickbooks_desktop.ledger_reading import kept_ledger
from ml_connector_dagster.sources.quickbooks_desktop.pages import document_page, reference_page
from ml_connector_dagster.sources.quickbooks_desktop.parse import Context


class KeptDesktop:
    """One company file's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        if entity.kind is EntityKind.LEDGER:
            return kept_ledger(period, self._company, answers)
        zone, seen = ZoneInfo(self._company.time_zone), set[str]()
        if entity.kind is EntityKind.REFERENCE:
            return (reference_page(content, zone, seen=seen) for content in answers)
        context = Context(self._company.base_currency, zone)
        return (document_page(entity, content, context, period, seen=seen) for content in answers)

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield nothing: no entity of QuickBooks Desktop is derived."""
        del entity, period, staged, answers
        return iter(())
