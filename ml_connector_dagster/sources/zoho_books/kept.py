"""Zoho's answers as they were kept, read again by the parser of today; there is no client, so no call can be made.

A reading asks in an order that its answers alone decide, so what was kept is handed out again one by one; details stand inside
the list that they belong to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

import msgspec

from ml_connector_dagster.errors import RequestRejected, SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.reader import StagedReader
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.zoho_books.company import ZohoCompany
from ml_connector_dagster.sources.zoho_books.postings import ledger_pages


class KeptZoho:
    """One organization's kept answers."""

    def __init__(self, company: Company) -> None:
        """Take the company as it was staged."""
        self._company = company

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the pages of kept answers; see the contract."""
        session = CompanySession(_Replay(iter(answers)), "", self._company.company_id, self._company.time_zone)  # type: ignore[arg-type]
        return ZohoCompany(session).read(entity, period)

    def derive(self, entity: Entity, period: Period, staged: StagedReader, answers: Iterable[bytes]) -> Iterator[Page]:
        """Yield the ledger lines of the period from what is staged; nothing had to be asked for."""
        del entity, answers
        return ledger_pages(period, staged)


class _WithDetails(msgspec.Struct):
    """A list and the details of its documents, as they are kept together; a list alone has neither field."""

    list: msgspec.Raw = msgspec.Raw(b"")
    details: dict[str, msgspec.Raw] = {}


_DECODER = msgspec.json.Decoder(_WithDetails)


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer, as far as a reading looks at it."""

    content: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class _Replay:
    """Stands where a client would: hands out what was kept, or says that something is missing."""

    def __init__(self, coming: Iterator[bytes]) -> None:
        self._coming = coming
        self._lists: dict[tuple[str, ...], bytes] = {}
        self._details: dict[str, bytes] = {}

    def get(self, url: str, *, params: Mapping[str, str], **asked: Any) -> _Kept:
        """Answer a list in the order of the reading, one that is asked for again as it was, and a detail by its id."""
        del asked
        record_id = url.rpartition("/")[2]
        if record_id.isdigit():
            return _Kept(self._detail(record_id))
        key = (url, *(f"{name}={value}" for name, value in sorted(params.items())))
        if key not in self._lists:
            self._lists[key] = self._next(url)
        return _Kept(self._lists[key])

    def _next(self, url: str) -> bytes:
        content = next(self._coming, None)
        if content is None:
            _refuse(f"{url.strip('/')} of Zoho Books is needed and was not kept.")
        found = _DECODER.decode(content)
        self._details |= {key: bytes(body) for key, body in found.details.items()}
        return bytes(found.list) or content

    def _detail(self, record_id: str) -> bytes:
        if record_id in self._details:
            return self._details[record_id]
        raise RequestRejected(
            f"The record {record_id} of Zoho Books was gone when it was asked for.",
            "It had no lines then.",
            "Nothing to do.",
            status=404,
        )


def _refuse(happened: str) -> NoReturn:
    raise SettingWrong(
        happened,
        "What was kept cannot be read again without a call, so the entity stays as it was.",
        "Read the period again with ml-connector load … --read, or materialize the entity.",
    )
