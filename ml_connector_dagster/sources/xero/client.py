"""Calls to one Xero organisation: single answers, pages, and the traps between them.

Lists are always asked for with ``page`` and ``pageSize``: without them Xero answers documents with empty LineItems. Endpoints
that know no pages (accounts, tracking categories, bank transfers) are never paged: they would answer the same rows for ever.
No ``order`` is sent: the default, by modification stamp ascending, moves a record edited meanwhile to the end, where it is seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.decode import Decoded, decode_page
from ml_connector_dagster.sources.xero.entities import PAGE_SIZE
from ml_connector_dagster.transport.pagination import numbered_pages

if TYPE_CHECKING:
    from ml_connector_dagster.transport.answer import Answer

IDS_A_CALL = 40
"""More ids make an address too long for Xero (about 50 do)."""


@dataclass(frozen=True, slots=True)
class Listing:
    """One list to read: where, how narrowed, and whether the endpoint knows pages."""

    endpoint: str
    where: str = ""
    since: str = ""
    """``If-Modified-Since``; empty for all."""
    extra: tuple[tuple[str, str], ...] = ()
    page_size: int = PAGE_SIZE


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, as bytes and as records."""

    content: bytes
    page: Decoded


class XeroApi:
    """Reads of one organisation; the transport holds token, limits and retry."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self._session = session

    def get(self, path: str, params: Mapping[str, str] | None = None, since: str = "") -> Answer:
        """Answer one GET below the API's base, for this organisation.

        Raises:
            ConnectorError: Xero refused it: see ``refusals``.
        """
        headers = {"xero-tenant-id": self._session.company_id, "Accept": "application/json"}
        if since:
            headers["If-Modified-Since"] = since
        return self._session.http.get(f"{self._session.api_url}/{path}", params=dict(params or {}), headers=headers)

    def one(self, endpoint: str, params: Mapping[str, str] | None = None, *, record_id: str = "") -> Answered:
        """Answer a call that is not paged: a whole list, or a single record by its id."""
        path = f"{endpoint}/{record_id}" if record_id else endpoint
        content = self.get(path, params).content
        return Answered(content, decode_page(endpoint, content))

    def pages(self, listing: Listing) -> Iterator[Answered]:
        """Yield a list page by page, or in one answer where the endpoint knows no pages.

        Raises:
            RequestRejected: A page repeats only records that were read already: it would never end.
        """
        if not listing.page_size:
            return iter([self._page(listing, {})])
        size = str(listing.page_size)
        return numbered_pages(
            lambda number: self._page(listing, {"page": str(number), "pageSize": size}),
            ids=lambda answered: answered.page.ids,
            page_count=lambda answered: answered.page.pagination.page_count if answered.page.pagination else None,
        )

    def _page(self, listing: Listing, paging: Mapping[str, str]) -> Answered:
        where = {"where": listing.where} if listing.where else {}
        content = self.get(listing.endpoint, {**where, **dict(listing.extra), **paging}, listing.since).content
        return Answered(content, decode_page(listing.endpoint, content))


def within(period: Period, *conditions: str) -> str:
    """Write the filter of a period, after other conditions; Xero takes no ISO dates here."""
    first, end = period.first_on, period.end_on
    dates = (
        f"Date>=DateTime({first.year},{first.month:02d},{first.day:02d})",
        f"Date<DateTime({end.year},{end.month:02d},{end.day:02d})",
    )
    return " AND ".join((*conditions, *dates))
