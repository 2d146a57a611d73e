"""Xero's answers as they were kept, read again by the parser of today; there is no client, so no call can be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, NoReturn

import msgspec

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.client import Answered
from ml_connector_dagster.sources.xero.company import XeroCompany, without
from ml_connector_dagster.sources.xero.decode import RECORD_SHAPES, decode_page
from ml_connector_dagster.sources.xero.seen import SeenIds

CONTEXT = ("TrackingCategories", "TaxRates", "Organisation")
"""What a document is read with, in the order of ``XeroCompany.context_answers``."""
_ENDPOINTS = {plural: endpoint for endpoint, (plural, _) in RECORD_SHAPES.items()}
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class KeptXero:
    """One organisation's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        coming = iter(answers)
        known, listed = _context_first(coming) if entity.kind is EntityKind.DOCUMENT else ({}, coming)
        if entity.kind is EntityKind.DOCUMENT and set(known) != set(CONTEXT):
            missing = ", ".join(sorted(set(CONTEXT) - set(known)))
            _refuse(f"The answers kept of {entity.name} {period} lack {missing}: an earlier release kept pages alone.")
        return self._reader(known).pages_of(entity, period, _fresh(listed))

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the ledger lines of the period from the staged documents; see the contract."""
        reader = self._reader({})
        reader.kept = [Answered(content, decode_page(_endpoint_of(content), content)) for content in answers]
        return reader.derive(entity, period, staged)

    def _reader(self, known: dict[str, Answered]) -> _KeptCompany:
        reader = _KeptCompany(CompanySession(_NoHttp(), "", self._company.company_id, self._company.time_zone))  # type: ignore[arg-type]
        reader.__dict__["_organisation"] = self._company
        if known:
            reader.__dict__["context_answers"] = tuple(known[endpoint] for endpoint in CONTEXT)
        return reader


class _KeptCompany(XeroCompany):
    """Finds by id what was kept; it cannot ask."""

    kept: Sequence[Answered] = ()

    def _asked_by_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Answered]:
        wanted = set(record_ids)
        found = [answered for answered in self.kept if wanted & answered.page.ids]
        missing = wanted.difference(*(answered.page.ids for answered in found))
        if missing:
            _refuse(f"{len(missing)} of {entity.name} ({min(missing)}) stand in no staged period and were not kept.")
        return iter(found)


class _NoHttp:
    """Stands where a client would: says which answer is missing."""

    def get(self, url: str, **asked: Any) -> NoReturn:
        del asked
        _refuse(f"{url.strip('/')} of Xero is needed and was not kept.")


def _context_first(coming: Iterator[bytes]) -> tuple[dict[str, Answered], Iterable[bytes]]:
    """Take what documents are read with off the front; pages follow one at a time, so that memory stays flat."""
    known: dict[str, Answered] = {}
    for content in coming:
        endpoint = _endpoint_of(content)
        if endpoint not in CONTEXT:
            return known, chain([content], coming)
        known[endpoint] = Answered(content, decode_page(endpoint, content))
    return known, ()


def _fresh(answers: Iterable[bytes]) -> Iterator[Answered]:
    """Yield the answers with each record once, the first to come, as the reading of then did."""
    seen = SeenIds()
    for content in answers:
        page = decode_page(_endpoint_of(content), content)
        yield Answered(content, without(page, seen.again(page.ids)))


def _endpoint_of(content: bytes) -> str:
    keys = _KEYS.decode(content)
    return next((endpoint for plural, endpoint in _ENDPOINTS.items() if plural in keys), "")


def _refuse(happened: str) -> NoReturn:
    raise SettingWrong(
        happened,
        "What was kept cannot be read again without a call, so the entity stays as it was.",
        "Read the period again with ml-connector load … --read, or materialize the entity.",
    )
