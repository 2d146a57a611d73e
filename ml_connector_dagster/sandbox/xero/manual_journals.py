"""Writing manual journals: what Xero checks, what it refuses, and what it drops with a mere warning."""

import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.books.cents import half_up, text
from ml_connector_dagster.sandbox.books.records import Account, Document, Line
from ml_connector_dagster.sandbox.xero.access import Call
from ml_connector_dagster.sandbox.xero.answers import exception, not_found, records
from ml_connector_dagster.sandbox.xero.notation import Json

_FORBIDDEN_SYSTEM = {"DEBTORS", "CREDITORS", "RETAINEDEARNINGS"}
_FORBIDDEN_KIND = {"BANK", "INVENTORY"}
_MOVES = {
    "DRAFT": {"DRAFT", "POSTED", "DELETED"},
    "POSTED": {"POSTED", "VOIDED"},
}
_MOST = 50
_NET_STAMP = re.compile(r"^/Date\((-?\d+)(?:[+-]\d{4})?\)/$")


def write(call: Call) -> Response:
    """PUT creates, POST creates or updates; by id POST updates that one."""
    key = call.request.headers.get("idempotency-key", "")
    request = (call.request.method, str(call.request.url), call.body)
    if key:
        kept = call.cloud.idempotency.find(call.app, key, request)
        if kept is not None:
            return Response(kept.body, kept.status_code, dict(kept.headers))
    try:
        response = _write(call)
    except Exception as refusal:
        kept = getattr(refusal, "response", None)
        if key and kept is not None:
            call.cloud.idempotency.keep(call.app, key, request, kept)
        raise
    if key:
        call.cloud.idempotency.keep(call.app, key, request, response)
    return response


def _write(call: Call) -> Response:
    call.tenant.open_ledger()
    drafts = [_Draft(call, body) for body in _bodies(call)]
    summarize = call.request.query_params.get("summarizeErrors", "true").lower() != "false"
    wrong = [draft for draft in drafts if draft.errors]
    if wrong and summarize:
        elements = [draft.echo() for draft in drafts]
        raise exception(10, "ValidationException", "A validation exception occurred", elements)
    shown = []
    for draft in drafts:
        echo = draft.echo() if draft.errors else draft.save()
        if not summarize:
            echo["StatusAttributeString"] = "ERROR" if draft.errors else "WARNING" if draft.warnings else "OK"
        shown.append(echo)
    return records(call.request, call.now_ms, "ManualJournals", shown)


def _bodies(call: Call) -> list[Mapping[str, Any]]:
    try:
        body = msgspec.json.decode(call.body, type=dict)
    except msgspec.DecodeError as wrong:
        raise exception(14, "PostDataInvalidException", "Invalid Json data") from wrong
    found = body.get("ManualJournals", [body])
    if not isinstance(found, list) or not found or len(found) > _MOST:
        raise exception(14, "PostDataInvalidException", f"Between 1 and {_MOST} ManualJournals are expected")
    record_id = call.request.path_params.get("record_id")
    return [{**entry, "ManualJournalID": record_id} for entry in found] if record_id else found


class _Draft:
    """One journal of a request, judged and, where it is good, saved."""

    def __init__(self, call: Call, body: Mapping[str, Any]) -> None:
        self._call = call
        self._tenant = call.tenant
        self._body = body
        self.errors: list[str] = []
        self.warnings: list[str] = []
        self._old = self._existing()
        self._day = self._date()
        self._types = str(body.get("LineAmountTypes") or (self._old.amount_types if self._old else "NoTax"))
        self._status = str(body.get("Status") or (self._old.status if self._old else "DRAFT"))
        self._lines = self._read_lines() if "JournalLines" in body or self._old is None else list(self._old.lines)
        self._judge()

    def echo(self) -> Json:
        """The request's own words with what is wrong about them."""
        shown = dict(self._body)
        shown.setdefault("ManualJournalID", "00000000-0000-0000-0000-000000000000")
        if self.errors:
            shown["ValidationErrors"] = [{"Message": message} for message in self.errors]
        return shown

    def save(self) -> Json:
        """Enter it into the books and answer what Xero shows of it."""
        document = self._old or Document(
            kind="ManualJournals",
            doc_id=str(uuid.uuid4()),
            type="",
            day=self._day,
            status=self._status,
            lines=[],
            currency=self._tenant.profile.base,
            created_ms=self._call.now_ms,
        )
        document.narration = str(self._body.get("Narration") or document.narration)
        document.day, document.status, document.lines = self._day, self._status, self._lines
        document.amount_types = self._types
        document.url = str(self._body.get("Url") or document.url)
        document.cash_basis = bool(self._body.get("ShowOnCashBasisReports", document.cash_basis))
        self._tenant.company.documents[document.doc_id] = document
        self._tenant.restate(document, created=self._old is None)
        shelves = self._call.cloud.shelves(self._tenant)
        shelves.listed("ManualJournals")
        shown = shelves.wire.manual_journal(document, full=True)
        if self.warnings:
            shown["Warnings"] = [{"Message": message} for message in self.warnings]
        return shown

    def _existing(self) -> Document | None:
        record_id = self._body.get("ManualJournalID")
        if not record_id:
            return None
        found = self._tenant.company.documents.get(str(record_id).lower())
        if found is None or found.kind != "ManualJournals" or self._call.request.method == "PUT":
            raise not_found()
        return found

    def _date(self) -> date:
        given = self._body.get("Date")
        if not given:
            return self._old.day if self._old else self._call.cloud.world.clock.today()
        stamp = _NET_STAMP.match(str(given))
        if stamp:
            return datetime.fromtimestamp(int(stamp.group(1)) / 1000, UTC).date()
        try:
            return date.fromisoformat(str(given)[:10])
        except ValueError:
            self.errors.append(f"The Date '{given}' is not valid")
            return self._call.cloud.world.clock.today()

    def _read_lines(self) -> list[Line]:
        given = self._body.get("JournalLines")
        lines = [self._line(entry) for entry in given] if isinstance(given, list) else []
        return [line for line in lines if line is not None]

    def _line(self, entry: Mapping[str, Any]) -> Line | None:
        amount = self._cents(entry.get("LineAmount"))
        account = self._account(entry)
        if account is None:
            return None
        tax_type = str(entry.get("TaxType") or ("NONE" if self._types == "NoTax" else account.tax_type))
        rate = self._tenant.company.tax_rates.get(tax_type)
        if rate is None:
            self.errors.append(
                f"The TaxType code '{tax_type}' does not exist or cannot be used for this type of transaction."
            )
            return None
        points = 0 if self._types == "NoTax" else rate.basis_points
        tax = half_up(amount * points, 10_000 + points if self._types == "Inclusive" else 10_000)
        tracking = self._tracking(entry.get("Tracking") or ())
        return Line("", account.account_id, str(entry.get("Description") or ""), amount, tax_type, tax, tracking)

    def _cents(self, amount: Any) -> int:
        """Xero keeps two decimals and rounds the rest away."""
        try:
            return int((Decimal(str(amount)) * 100).quantize(Decimal(1), rounding="ROUND_HALF_UP"))
        except InvalidOperation:
            self.errors.append("LineAmount is mandatory and must be a number")
            return 0

    def _account(self, entry: Mapping[str, Any]) -> Account | None:
        code, account_id = str(entry.get("AccountCode") or ""), str(entry.get("AccountID") or "").lower()
        accounts = self._tenant.company.accounts
        found = accounts.get(account_id) or next(
            (account for account in accounts.values() if code and account.code == code), None
        )
        if found is None:
            self.warnings.append(
                f"Account code '{code or account_id}' has been removed as it does not match a recognised account."
            )
            return None
        if found.system in _FORBIDDEN_SYSTEM or found.kind in _FORBIDDEN_KIND:
            self.errors.append(f"Account code '{found.code}' is not a valid code for this document.")
        elif found.status == "ARCHIVED":
            self.errors.append(f"Account code '{found.code}' has been archived, or deleted.")
        return found

    def _tracking(self, given: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
        if len(given) > 2:
            self.errors.append("Only two tracking categories can be assigned to a line")
        found = []
        for entry in given:
            option_id = self._option(entry)
            if option_id is None:
                self.errors.append(f"The tracking option '{entry.get('Option', '')}' is not an active option")
            else:
                found.append(option_id)
        return tuple(found)

    def _option(self, entry: Mapping[str, Any]) -> str | None:
        for category in self._tenant.company.categories:
            if entry.get("Name") == category.name or entry.get("TrackingCategoryID") == category.category_id:
                for option in category.options:
                    named = entry.get("Option") == option.name or entry.get("TrackingOptionID") == option.option_id
                    if named and option.status == "ACTIVE":
                        return option.option_id
        return None

    def _judge(self) -> None:
        if not (self._body.get("Narration") or self._old):
            self.errors.append("Narration is mandatory")
        self._judge_status()
        if self._status in {"VOIDED", "DELETED"}:
            self._judge_locks()
            return
        if len(self._lines) < 2:
            self.errors.append("At least two journal lines are required")
        self._judge_balance()
        self._judge_locks()

    def _judge_status(self) -> None:
        allowed = _MOVES.get(self._old.status, set()) if self._old else {"DRAFT", "POSTED"}
        if self._status not in allowed:
            self.errors.append(f"The status '{self._status}' cannot be applied to the document")

    def _judge_balance(self) -> None:
        gross = [line.amount + (0 if self._types == "Inclusive" else line.tax) for line in self._lines]
        debits = sum(cents for cents in gross if cents > 0)
        credits_ = sum(cents for cents in gross if cents < 0)
        if debits + credits_ != 0:
            self.errors.append(f"The total debits ({text(debits)}) must equal total credits ({text(credits_)})")

    def _judge_locks(self) -> None:
        days = {self._day, self._old.day} if self._old else {self._day}
        for lock, name in ((self._tenant.locks.period, "period"), (self._tenant.locks.year, "end of year")):
            if lock is not None and min(days) <= lock:
                self.errors.append(
                    f"The document date cannot be before the {name} lock date, currently set at {lock:%d %B %Y}"
                )
