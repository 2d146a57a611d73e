"""QuickBooks' answers as they were kept, read again by the parser of today; there is no client, so no call can be made."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NoReturn

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.quickbooks_online.client import Answered
from ml_connector_dagster.sources.quickbooks_online.company import QuickbooksCompany
from ml_connector_dagster.sources.quickbooks_online.entities import REFERENCES_OF


class KeptQuickbooks:
    """One company's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        reader = _KeptCompany(CompanySession(_NoHttp(), "", self._company.company_id, self._company.time_zone))  # type: ignore[arg-type]
        reader.__dict__["items"] = ()
        coming = (Answered(content, json.loads(content, parse_float=Decimal)) for content in answers)
        return reader.pages_of(entity, period, (one for one in coming if not reader.remember(entity, one)))

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield nothing: no entity of QuickBooks is derived."""
        del entity, period, staged, answers
        return iter(())


class _KeptCompany(QuickbooksCompany):
    """Knows what was kept; it cannot ask."""

    def listed(self, word: str) -> tuple[Answered, ...]:
        """Answer the list that a report was read with; only asked for where it was kept."""
        if word not in self._lists:
            _refuse(f"The list of {word} is needed and was not kept.")
        return self._lists[word]

    def remember(self, entity: Entity, answered: Answered) -> bool:
        """Answer whether an answer is one that records are read with, and keep it then."""
        if "Preferences" in answered.body:
            self.__dict__["preferences"] = answered
            return True
        word = next((name for name in REFERENCES_OF if name in (answered.body.get("QueryResponse") or {})), "")
        if word and entity.kind is not EntityKind.REFERENCE:
            self._lists[word] = (*self._lists.get(word, ()), answered)
            self.__dict__["items"] = self._lists.get("Item", ())
        return bool(word) and entity.kind is not EntityKind.REFERENCE


class _NoHttp:
    """Stands where a client would: says which answer is missing."""

    def get(self, url: str, **asked: Any) -> NoReturn:
        del asked
        _refuse(f"{url.strip('/')} of QuickBooks is needed and was not kept.")


def _refuse(happened: str) -> NoReturn:
    raise SettingWrong(
        happened,
        "What was kept cannot be read again without a call, so the entity stays as it was.",
        "Read the period again with ml-connector load … --read, or materialize the entity.",
    )
