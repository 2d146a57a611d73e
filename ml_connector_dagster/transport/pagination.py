"""How lists are read to their end: by page number or by offset, never by a link, never round in a circle."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TypeVar

from ml_connector_dagster.errors import RequestRejected

Answered = TypeVar("Answered")

FIRST_PAGE = 1


def numbered_pages(
    fetch: Callable[[int], Answered],
    *,
    ids: Callable[[Answered], Collection[str]],
    page_count: Callable[[Answered], int | None],
) -> Iterator[Answered]:
    """Yield pages 1, 2, 3 … until the vendor's page count is reached or a page is empty.

    A short page is no end: vendors clamp the page size in silence.

    Args:
        fetch: Asks for one page.
        ids: Every record id on a page.
        page_count: What the page says about the number of pages (the newest word counts); None where it does not.

    Raises:
        RequestRejected: A page held nothing but records of the first page or of the page before: the endpoint ignores its
            page number, or clamps it, and asking on would never end.
    """
    first: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()
    number = FIRST_PAGE
    while True:
        page = fetch(number)
        found = frozenset(ids(page))
        if found and (found <= first or found <= before):
            raise _circle(f"page {number}")
        if found or number == FIRST_PAGE:
            yield page
        first, before = first or found, found
        last = page_count(page)
        if not found or (last is not None and number >= last):
            return
        number += 1


def offset_pages(
    fetch: Callable[[int, int], Answered],
    *,
    rows: Callable[[Answered], int],
    total: Callable[[Answered], int | None],
    limit: int = 5000,
) -> Iterator[Answered]:
    """Yield the pages of a list read by limit and offset, until its total is reached or a page is empty.

    The limit is always sent, and the answer's ``next`` is never followed: Anaplan's names rows that came already whenever
    no limit was given (anaplan.md §3.3).

    Args:
        fetch: Asks with (offset, limit).
        rows: How many rows a page holds; the server may truncate a larger limit in silence.
        total: The list's whole size as the page says; None where it does not say, which ends the list.
        limit: Rows a page.
    """
    offset = 0
    while True:
        page = fetch(offset, limit)
        count = rows(page)
        if count or offset == 0:
            yield page
        offset += count
        whole = total(page)
        if count == 0 or whole is None or offset >= whole:
            return


def _circle(where: str) -> RequestRejected:
    return RequestRejected(
        f"The vendor answered {where} with records that were read before.",
        "The list would never end, so reading stopped and nothing was published.",
        "Report it with the endpoint's name: it must be read without a page number.",
    )
