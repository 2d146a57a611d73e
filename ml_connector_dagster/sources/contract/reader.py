"""What reads one company: the accounting system itself, or what was kept of its answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page
from ml_connector_dagster.sources.contract.entity import Entity

if TYPE_CHECKING:
    import pyarrow as pa


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
