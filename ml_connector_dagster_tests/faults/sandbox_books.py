"""The sandbox's QuickBooks with an empty company file, shown to the fault harness as ``SmallBooks`` shows the tests' own."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_desktop.com_error import ProcessDied
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.injections import Injection
from ml_connector_dagster.sandbox.quickbooks_desktop.processor import Processor, Program
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Txn
from ml_connector_dagster_tests.sources.quickbooks_desktop.small_books import ZONE, BookEntry, MachineDiedError

ACCOUNTS = ("6600", "2300", "6400", "1010")
WRITES = ("JournalEntryAddRq", "JournalEntryModRq", "TxnVoidRq")


class SandboxBooks:
    """One company file of the sandbox; ``dies``, ``refusals`` and the user's acts strike it as they strike ``SmallBooks``."""

    def __init__(self, *, remembers: bool = True) -> None:
        self.now = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
        self.remembers = remembers
        self.dies = ""
        self.refusals: list[tuple[str, str]] = []
        self.saved: list[str] = []
        self.company = Company(lambda: (self.now + ZONE).replace(tzinfo=None))
        self.company.stamps.clear()
        self._name_lists()
        enter = self.company.enter

        def noted(*args: Any, **more: Any) -> Txn:
            self.saved.append(more.get("external_guid", "").lower())
            return enter(*args, **more)

        self.company.enter = noted
        self.program = Program(self.company)
        self.program.message_sets.remembers = remembers
        self._processor = Processor(self.program, wait=lambda _: None)

    def begin(self) -> None:
        self._processor.begin_session()

    def end(self) -> None:
        self._processor.end_session()

    def process(self, request: str) -> str:
        self.now += timedelta(seconds=20)
        planted = self.program.injections.planted
        if "newMessageSetID" in request:
            planted += [Injection(status=int(code), message=message) for code, message in self.refusals[:1]]
            del self.refusals[:1]
            planted += [Injection(crash=self.dies)] * bool(self.dies)
        try:
            return self._processor.process(request)
        except ProcessDied:
            raise MachineDiedError from None
        finally:
            planted.clear()

    @property
    def entries(self) -> dict[str, BookEntry]:
        return {txn.txn_id: _entry(txn) for txn in self.company.txns.values()}

    def delete_by_user(self, txn_id: str) -> None:
        self.company.delete(self.company.txns[txn_id])

    def void_by_user(self, txn_id: str) -> None:
        self.company.void(self.company.txns[txn_id])

    def rename_by_user(self, txn_id: str, number: str, *, date: str = "") -> None:
        txn = self.company.txns[txn_id]
        txn.ref = number
        txn.day = datetime.fromisoformat(date).date() if date else txn.day
        self.company.restate(txn)

    def backup(self) -> Any:
        sets = self.program.message_sets
        return copy.deepcopy((self.company.txns, self.company.deleted_txns, sets._stored))

    def restore(self, kept: Any) -> None:
        self.company.txns, self.company.deleted_txns, self.program.message_sets._stored = copy.deepcopy(kept)

    def _name_lists(self) -> None:
        """Give accounts and a class the ids that the harness posts to."""
        lists = self.company.lists
        for place, number in enumerate(ACCOUNTS, start=1):
            list_id = f"8000000{place}-1"
            lists["Account"][list_id] = replace(lists["Account"][self.company.account(number)], list_id=list_id)
        first = next(iter(lists["Class"].values()))
        lists["Class"]["90000001-1"] = replace(first, list_id="90000001-1")


def _entry(txn: Txn) -> BookEntry:
    lines = [
        (
            line.account_id,
            line.class_id,
            Decimal(line.amount if line.side == "Debit" else -line.amount) / 100,
            line.line_id,
        )
        for line in txn.lines
    ]
    at = txn.created_at.replace(tzinfo=UTC)
    return BookEntry(
        txn.txn_id,
        f"{txn.day}",
        txn.ref,
        txn.external_guid.lower(),
        lines,
        txn.edit,
        at,
        txn.modified_at.replace(tzinfo=UTC),
    )
