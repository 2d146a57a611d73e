"""QuickBooks' answers as they were kept, read again by the parser of today; there is no client, so no call can be made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract import CompanySession, Entity, EntityKind, Page, StagedReader
from ml_connector_dagster.sources.quickbooks_online.client import Answered
from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany


class KeptQuickbooks:
    """One company's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        reader = _KeptCompany(CompanySession(_NoHttp(), "", self._company.company_id, self._company.time_zone))  # type: ignore[arg-type]
        coming = (Answered(content, json.loads(content, parse_float=Decimal)) for content in answers)
        return reader.pages_of(entity, period, _after_context(entity, coming, reader))

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield nothing: no entity of QuickBooks is derived."""
        del entity, period, staged, answers
        return iter(())


class _KeptCompany(QuickbooksCompany):
    """Knows what was kept; it cannot ask."""

    def ids_of(self, word: str) -> Mapping[str, str]:
        """Refuse: a report that names without ids was read with a list that was not kept."""
        _refuse(f"The list of {word} is needed and was not kept.")


class _NoHttp:
    """Stands where a client would: says which answer is missing."""

    def get(self, url: str, **asked: Any) -> NoReturn:
        del asked
        _refuse(f"{url.strip('/')} of QuickBooks is needed and was not kept.")


def _after_context(entity: Entity, coming: Iterator[Answered], reader: QuickbooksCompany) -> Iterator[Answered]:
    """Take what records are read with off the front; pages follow one at a time, so that memory stays flat."""
    if entity.kind is EntityKind.REFERENCE:
        yield from coming
        return
    items: list[Answered] = []
    reader.__dict__["items"] = items
    for answered in coming:
        if "Preferences" in answered.body:
            reader.__dict__["preferences"] = answered
        elif "Item" in (answered.body.get("QueryResponse") or {}):
            items.append(answered)
        else:
            yield answered


def _refuse(happened: str) -> NoReturn:
    raise SettingWrong(
        happened,
        "What was kept cannot be read again without a call, so the entity stays as it was.",
        "Read the period again with ml-connector load … --read, or materialize the entity.",
    )
