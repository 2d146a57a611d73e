"""Ids in as many statements as it takes: a database binds only so many values in one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

IDS_PER_STATEMENT = 500


def in_chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield the ids in order, as many at a time as one statement may name."""
    remaining = iter(ids)
    while chunk := list(islice(remaining, IDS_PER_STATEMENT)):
        yield chunk
