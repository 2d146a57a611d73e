"""Calls to one FreshBooks account: single answers, pages, and the traps between them.

A search key or a sort that FreshBooks does not know is ignored with 200 and unfiltered data, so every filter carries a
predicate that is applied again here; what fails it is dropped, counted and logged as ``FilterIgnored``. No sort is relied on: a
window is read whole and records are told apart by id.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.freshbooks import decode
from ml_connector_dagster.sources.freshbooks.decode import Decoded, Shape
from ml_connector_dagster.sources.freshbooks.entities import PAGE_SIZE
from ml_connector_dagster.transport.pagination import numbered_pages
from ml_connector_dagster.transport.redaction import logger

if TYPE_CHECKING:
    from ml_connector_dagster.transport.answer import Answer

LOG = logger(__name__)
MAX_PASSES = 3
"""How often a list that shrank or grew while it was paged is read again."""
LINES = (("include[]", "lines"),)
DELETED = (("search[vis_state]", "1"),)


_SECRETS = re.compile(
    rb'("(?:\w*_token|client_secret|verifier|share_link|\w*_share_link)"\s*:\s*)"(?:[^"\\]|\\.)*"', re.IGNORECASE
)


def without_secrets(content: bytes) -> bytes:
    """Answer a body without the tokens and share links that FreshBooks puts on some records: answers are kept."""
    return _SECRETS.sub(rb'\1"***"', content) if b"token" in content or b"share" in content else content


@dataclass(frozen=True, slots=True)
class Listing:
    """One list to read: where, how narrowed, and what every record of the answer must fulfil."""

    path: str
    shape: Shape
    params: tuple[tuple[str, str], ...] = ()
    passes: Callable[[Any], bool] | None = None
    """The filter's predicate; None where nothing was asked for."""
    paged: bool = True


@dataclass
class Answered:
    """One page with the records that were not met before and pass the filter."""

    page: Decoded
    records: list[Any]
    ignored: int = 0
    """Records that came although the filter excludes them."""
    drift: dict[str, int] = field(default_factory=dict)


class FreshBooksApi:
    """Reads of one account; the transport holds token, limits and retry."""

    def __init__(self, session: CompanySession) -> None:
        """Keep the session; no call is made."""
        self._session = session
        self._accounting = f"accounting/account/{session.company_id}"

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Answer:
        """Answer one GET below the API's base.

        Raises:
            ConnectorError: FreshBooks refused it: see ``refusals``.
        """
        return self._session.http.get(f"{self._session.api_url}/{path}", params=dict(params or {}))

    def accounting(self, path: str) -> str:
        """Answer a path of the accounting family."""
        return f"{self._accounting}/{path}"

    def pages(self, listing: Listing) -> Iterator[Decoded]:
        """Yield a list page by page, or in one answer where the endpoint knows no pages."""
        if not listing.paged:
            return iter([self._page(listing, {})])
        return numbered_pages(
            lambda number: self._page(listing, {"page": str(number), "per_page": str(PAGE_SIZE)}),
            ids=lambda page: page.ids,
            page_count=lambda page: page.pages,
        )

    def whole(self, listing: Listing) -> Iterator[Answered]:
        """Yield a list's pages with each record once, although the list may move while it is paged.

        Raises:
            TemporarilyRefused: It moved each time it was read: a record may be missing.
        """
        seen: set[str] = set()
        warned = False
        for _ in range(MAX_PASSES):
            first, last = None, None
            for page in self.pages(listing):
                answered = fresh(listing, page, seen)
                warned = warned or self._warn(listing, answered)
                yield answered
                first, last = first or page, page
                seen |= page.ids
            if not _moved(first, last, len(seen)):
                return
        raise TemporarilyRefused(
            f"FreshBooks' list of {listing.path} moved each of {MAX_PASSES} times it was read.",
            "A record may be missing, so nothing of it was published.",
            "It is tried again by itself; choose a quieter hour for the schedule if it stays.",
        )

    def _page(self, listing: Listing, paging: Mapping[str, str]) -> Decoded:
        content = without_secrets(self.get(listing.path, {**dict(listing.params), **paging}).content)
        return decode.decode_page(listing.shape, content)

    def _warn(self, listing: Listing, answered: Answered) -> bool:
        if answered.ignored:
            LOG.warning("FilterIgnored", endpoint=listing.path, records=answered.ignored)
        return bool(answered.ignored)


def fresh(listing: Listing, page: Decoded, seen: set[str]) -> Answered:
    """Answer a page without records that came before and without those that the filter excludes."""
    new = [record for record in page.records if not seen or decode.id_of(listing.shape, record) not in seen]
    kept = new if listing.passes is None else [record for record in new if listing.passes(record)]
    ignored = len(new) - len(kept)
    drift = page.unknown_fields
    if ignored:
        drift[f"FilterIgnored {listing.shape.key}"] = ignored
    return Answered(page, kept, ignored, drift)


def _moved(first: Decoded | None, last: Decoded | None, seen: int) -> bool:
    """Answer whether a list moved between its first and its last page: another count, or fewer records than it says."""
    if first is None or last is None or first.total is None or last.total is None:
        return False
    return first.total != last.total or seen < last.total
