"""One Abacus company, opened: plain JSON lists, a month at a time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from ml_connector_dagster.errors import ConnectorError
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import Company, ControlBalance, LedgerLine
from ml_connector_dagster.sources.contract.answers import Changes, Finding, Page, RefusedRecord
from ml_connector_dagster.sources.contract.entity import Entity
from ml_connector_dagster.sources.contract.session import CompanySession

ONE, NOTHING = Decimal(1), Decimal(0)


class AbacusCompany:
    """Reads; the ledger lines are the documents' lines against one account for cash."""

    def __init__(self, session: CompanySession) -> None:
        self.session = session

    def company(self) -> Company:
        return company_of(self._ask("company").json())

    def read(self, entity: Entity, period: Period) -> Iterator[Page]:
        yield self._page(entity, {"month": str(period)})

    def read_ids(self, entity: Entity, record_ids: Sequence[str]) -> Iterator[Page]:
        yield self._page(entity, {"ids": ",".join(record_ids)})

    def derive(self, entity: Entity, period: Period, staged: Any) -> Iterator[Page]:
        del entity
        yield from derived(period, staged)

    def control(self, period: Period, *, measure_basis: str = "accrual") -> Sequence[ControlBalance]:
        del measure_basis
        rows = self._ask("trial", {"month": str(period)}).json()
        return [ControlBalance(row["account"], Decimal(row["moved"]), Decimal(row["to_date"])) for row in rows]

    def residuals(self, period: Period, staged: Any) -> Mapping[str, Mapping[str, Any]]:
        del period, staged
        return {}

    def changes(self, since: datetime, staged: Any) -> Changes:
        del since, staged
        return Changes({}, datetime.now(UTC))

    def checks(self) -> Iterator[Finding]:
        try:
            self._ask("accounts")
        except ConnectorError as error:
            yield Finding("accounts", False, str(error))
        else:
            yield Finding("accounts", True, "may be read")

    def close(self) -> None:
        self.session.http.close()

    def _ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self.session.http.get(f"{self.session.api_url}/{path}", params=params)

    def _page(self, entity: Entity, params: Mapping[str, str]) -> Page:
        answer = self._ask(entity.endpoint, params)
        return page_of(entity, answer.json(), answer.content)


class KeptAbacus:
    """Reads kept answers; nothing but the list itself was needed for them."""

    def read(self, entity: Entity, period: Period, answers: Iterable[bytes]) -> Iterator[Page]:
        del period
        for answer in answers:
            yield page_of(entity, json.loads(answer), answer)

    def derive(self, entity: Entity, period: Period, staged: Any, answers: Iterable[bytes]) -> Iterator[Page]:
        del entity, answers
        yield from derived(period, staged)


def page_of(entity: Entity, records: Sequence[Mapping[str, Any]], raw: bytes) -> Page:
    rows: list[Any] = []
    refused = []
    for record in records:
        try:
            rows += _PARSE[entity.record](record, entity.name)
        except (KeyError, ValueError, ArithmeticError) as wrong:
            reason = f"{type(wrong).__name__}: {wrong}"
            refused.append(RefusedRecord(str(record.get("id", "?")), reason, json.dumps(record).encode()))
    return Page(rows=rows, read=len(records), refused=refused, raw=raw)


def derived(period: Period, staged: Any) -> Iterator[Page]:
    for name in ("invoices", "bills"):
        for table in staged.batches(name, period):
            documents = [DocumentLine(**row) for row in table.to_pylist()]
            lines = [line for document in documents for line in _posted(document, str(period))]
            yield Page(rows=lines, read=len({document.document_id for document in documents}))


def company_of(told: Mapping[str, Any]) -> Company:
    return Company(told["id"], told["name"], told["currency"], 12, "UTC", None, None)


def _accounts(record: Mapping[str, Any], _name: str) -> list[LedgerAccount]:
    return [
        LedgerAccount(
            record["id"], record["code"], record["name"], record["class"], "", "", "", True, None, _hash(record)
        )
    ]


def _parties(record: Mapping[str, Any], _name: str) -> list[Party]:
    return [Party(record["id"], record["name"], "", True, "", None, _hash(record))]


def _documents(record: Mapping[str, Any], name: str) -> list[DocumentLine]:
    lines = [(line, Decimal(line["amount"])) for line in record["lines"]]
    total = sum((amount for _, amount in lines), NOTHING)
    return [
        DocumentLine(
            document_id=record["id"],
            kind=name.removesuffix("s"),
            subkind="",
            number=record["id"],
            document_date=date.fromisoformat(record["on"]),
            due_date=None,
            status="SENT",
            posts=True,
            party_id=record["party"],
            currency="GBP",
            rate=ONE,
            total=total,
            amount_due=total,
            line_id=line["id"],
            ledger_account_id=line["account"],
            description="",
            net_amount=amount,
            tax_amount=NOTHING,
            tracking="{}",
            linked_id="",
            bank_account_id="",
            modified_at=None,
            version_hash=_hash(record),
        )
        for line, amount in lines
    ]


_PARSE: Mapping[type, Any] = {LedgerAccount: _accounts, Party: _parties, DocumentLine: _documents}


def _posted(document: DocumentLine, period: str) -> Iterator[LedgerLine]:
    amount = -document.net_amount if document.kind == "invoice" else document.net_amount
    for suffix, account, moved in (("", document.ledger_account_id, amount), (":cash", "cash", -amount)):
        yield LedgerLine(
            period=period,
            posting_date=document.document_date,
            ledger_account_id=account,
            amount=moved,
            document_amount=moved,
            currency="GBP",
            rate=ONE,
            customer_id=document.party_id if document.kind == "invoice" else "",
            vendor_id=document.party_id if document.kind == "bill" else "",
            tracking="{}",
            kind=document.kind,
            record_id=document.document_id,
            line_id=f"{document.line_id}{suffix}",
            version_hash=document.version_hash,
        )


def _hash(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(record, sort_keys=True, default=str).encode()).hexdigest()
