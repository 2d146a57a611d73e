"""FreshBooks' answers as they were kept, read again by the parser of today; there is no client, so no call can be made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.freshbooks import decode
from ml_connector_dagster.sources.freshbooks.client import Answered, Listing, fresh
from ml_connector_dagster.sources.freshbooks.company import FreshBooksCompany
from ml_connector_dagster.sources.freshbooks.context import Chart, Context
from ml_connector_dagster.sources.freshbooks.decode import Shape
from ml_connector_dagster.sources.freshbooks.shapes import SHAPES


class KeptFreshBooks:
    """One account's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        coming, context = iter(answers), Context()
        if entity.kind is EntityKind.DOCUMENT:
            chart, coming = _chart_first(entity, period, coming)
            context = Context(self._company.base_currency, chart)
        reader = self._reader()
        return reader.pages_of(entity, period, _answered(SHAPES[entity.name], coming), context)

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the ledger lines of the period from what is staged; nothing had to be asked for."""
        del answers
        return self._reader().derive(entity, period, staged)

    def _reader(self) -> FreshBooksCompany:
        return FreshBooksCompany(CompanySession(_NoHttp(), "", self._company.company_id, self._company.time_zone))  # type: ignore[arg-type]


class _NoHttp:
    """Stands where a client would: says which answer is missing."""

    def get(self, url: str, **asked: Any) -> NoReturn:
        del asked
        _refuse(f"{url.strip('/')} of FreshBooks is needed and was not kept.")


def _chart_first(entity: Entity, period: Period, coming: Iterator[bytes]) -> tuple[Chart, Iterator[bytes]]:
    """Take the chart off the front: documents are read with it."""
    first = next(coming, b"")
    try:
        return Chart.of(decode.decode_page(SHAPES["ledger_accounts"], first or b"{}").records), coming
    except RequestRejected:
        _refuse(f"The answers kept of {entity.name} {period} lack the chart of accounts.")


def _answered(shape: Shape, answers: Iterable[bytes]) -> Iterator[Answered]:
    """Yield the answers with each record once, the first to come, as the reading of then did."""
    seen: set[str] = set()
    listing = Listing("", shape)
    for content in answers:
        page = decode.decode_page(shape, content)
        yield fresh(listing, page, seen)
        seen |= page.ids


def _refuse(happened: str) -> NoReturn:
    raise SettingWrong(
        happened,
        "What was kept cannot be read again without a call, so the entity stays as it was.",
        "Read the period again with ml-connector load … --read, or materialize the entity.",
    )
