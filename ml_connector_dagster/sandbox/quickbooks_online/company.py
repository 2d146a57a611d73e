"""Fennimore Partners in QuickBooks: its books, the ledger under them, and every change, so that the two never part."""

import gc
from collections.abc import Callable
from datetime import date, timedelta
from functools import cached_property
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_online import activity
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Ledger, Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.names import lists
from ml_connector_dagster.sandbox.quickbooks_online.posting import post
from ml_connector_dagster.sandbox.quickbooks_online.records import Line, Link, Named, Txn
from ml_connector_dagster.sandbox.quickbooks_online.scribe import Rates, Scribe, Written, first_month, month_end

REALM_ID = "9341453987654321"
NAME = "Fennimore Partners Inc."
_ADVANCE = timedelta(days=40)
"""Rates reach this far past the newest day: a late document may be dated there."""

Told = Callable[[str, str, str, str], None]
"""A listener: entity, id, what happened (created, updated, deleted, voided, merged), and the id merged away."""


class Company:
    """Books generated when first looked at."""

    def __init__(self, seed: int, today: date, now: Callable[[], int]) -> None:
        self._seed, self.today, self._now = seed, today, now
        self.first = first_month(today)
        self.hidden: set[str] = set()
        """Transactions that queries, reads and change data capture do not show."""
        self.unfed: set[str] = set()
        """Transactions that the general ledger report does not show, while balances know them."""
        self.damaged: dict[str, dict[str, Any]] = {}
        self.listeners: list[Told] = []

    @cached_property
    def rates(self) -> Rates:
        return Rates(self._seed, self.first - timedelta(days=1), self.today + _ADVANCE)

    @cached_property
    def written(self) -> Written:
        was_on = gc.isenabled()
        gc.disable()
        try:
            return self._written()
        finally:
            if was_on:
                gc.enable()

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger, posted when first looked at; every change looks at it first."""
        ledger = Ledger()
        for txn in self.written.txns.values():
            posting = post(txn, self.written.txns)
            if posting is not None:
                ledger.post(posting)
        for posting in self.written.unshown:
            ledger.post(posting)
        return ledger

    def txn(self, txn_id: str) -> Txn:
        """The transaction; KeyError where it does not exist or does no longer."""
        return self.written.txns[txn_id]

    def named(self, entity: str, name_id: str) -> Named:
        return self.written.lists[entity][name_id]

    def party(self, name_id: str) -> Named:
        """The customer, vendor or employee with this id; they share one sequence."""
        for entity in ("Customer", "Vendor", "Employee"):
            if name_id in self.written.lists[entity]:
                return self.written.lists[entity][name_id]
        raise KeyError(name_id)

    def enter(self, entity: str, day: date, lines: list[Line], *, told: bool = True, **fields: Any) -> Txn:
        """A new transaction, stamped now; told is False where no webhook hears of it and the stamp is the day's."""
        assert self.ledger
        txn = self._scribe.enter(entity, day, lines, **fields)
        if told:
            txn.created_at = txn.updated_at = self._now()
        self._post(txn)
        if told:
            self._tell(entity, txn.txn_id, "created")
        return txn

    def restate(self, txn: Txn, *, quiet: bool = False, event: str = "updated") -> None:
        """Post a changed transaction anew; quiet leaves SyncToken and LastUpdatedTime where they were."""
        assert self.ledger
        if not quiet:
            txn.sync += 1
            txn.updated_at = max(self._now(), txn.updated_at)
        self._post(txn)
        for link in txn.links:
            # a foreign receivable or payable moved: what settled it posts another gain
            if link.entity in {"Payment", "BillPayment"}:
                self._post(self.written.txns[link.txn_id])
        if not quiet:
            self._tell(txn.entity, txn.txn_id, event)

    def void(self, txn: Txn) -> None:
        """Amounts become nothing in the original period; what paid it lies unapplied from now on."""
        self._refuse_deposited(txn)
        assert self.ledger
        self._loosen(txn)
        txn.voided, txn.open_cents = True, 0
        txn.note = f"Voided - {txn.note}" if txn.note else "Voided"
        self.restate(txn, event="voided")

    def delete(self, txn: Txn) -> None:
        """Gone from queries, reads and ledger; change data capture alone keeps a stub."""
        self._refuse_deposited(txn)
        assert self.ledger
        self._loosen(txn)
        del self.written.txns[txn.txn_id]
        self.ledger.withdraw(txn.txn_id)
        self.written.deleted[txn.txn_id] = (txn.entity, self._now())
        self._tell(txn.entity, txn.txn_id, "deleted")

    def touch(self, named: Named, event: str = "updated", other: str = "") -> None:
        """Move the stamp of an entry of a list."""
        named.sync += 1
        named.updated_at = max(self._now(), named.updated_at)
        self._tell(named.entity, named.name_id, event, other)

    def merge(self, entity: str, loser_id: str, survivor_id: str) -> int:
        """Hand everything of one name on to another; transactions keep their stamps. Answers how many moved."""
        loser, survivor = self.named(entity, loser_id), self.named(entity, survivor_id)
        if loser is survivor or loser.currency != survivor.currency:
            raise ValueError("Only two different names of one currency merge.")
        moved = 0
        for txn in self.written.txns.values():
            if _rename(txn, entity, loser_id, survivor_id):
                moved += 1
                self._post(txn)
        for posting in list(self.ledger.between(date.min, date.max)):
            posting.legs = [_renamed(leg, entity, loser_id, survivor_id) for leg in posting.legs]
        loser.active, loser.merged_into = False, survivor_id
        self.touch(loser)
        self.touch(survivor, "merged", loser_id)
        return moved

    def plant(self, account_id: str, against_id: str, day: date, cents: int) -> None:
        """Post what neither an entity nor the general ledger shows, to prove that a tie-out sees it."""
        txn_id = str(self._scribe.new_id())
        self.ledger.post(
            Posting(txn_id, day, "Planted", [Leg(account_id, cents), Leg(against_id, -cents)], shown=False)
        )

    def balances(self, day: date) -> dict[str, int]:
        """Balance of each account at the end of a day, from the beginning of time."""
        return self.ledger.movement(date.min, day)

    def _post(self, txn: Txn) -> None:
        posting = post(txn, self.written.txns)
        if posting is not None:
            self.ledger.post(posting)

    def _tell(self, entity: str, record_id: str, event: str, other: str = "") -> None:
        for listener in self.listeners:
            listener(entity, record_id, event, other)

    def _refuse_deposited(self, txn: Txn) -> None:
        if txn.entity == "Payment" and any(link.entity == "Deposit" for link in txn.links):
            raise ValueError(f"Payment {txn.txn_id} is deposited; QuickBooks lets nobody void or delete it.")

    def _loosen(self, txn: Txn) -> None:
        """Part a transaction from what it is linked to."""
        for link in txn.links:
            other = self.written.txns[link.txn_id]
            for line in [line for line in other.lines if Link(txn.txn_id, txn.entity) in line.links]:
                other.lines.remove(line)
                other.unapplied += line.amount
            self.restate(other)
        for line in [line for line in txn.lines if line.links]:
            target = self.written.txns.get(line.links[0].txn_id)
            if target is not None:
                target.links = [link for link in target.links if link.txn_id != txn.txn_id]
                target.open_cents += line.amount if txn.entity != "Deposit" else 0
                self.restate(target)
            if txn.entity in {"Payment", "BillPayment"}:
                txn.lines.remove(line)
                txn.unapplied += line.amount
        txn.links = []

    def _written(self) -> Written:
        written = Written(lists(self._set_up_at()))
        self._scribe = Scribe(self._seed, written, self.rates, self.today)
        activity.opening(self._scribe, self.first - timedelta(days=1))
        month = self.first
        while month <= self.today:
            activity.month(self._scribe, month)
            month = month_end(month) + timedelta(days=1)
        return written

    def _set_up_at(self) -> int:
        return (self.first - date(1970, 1, 1)).days * 86_400 - 30 * 86_400


def _rename(txn: Txn, entity: str, loser: str, survivor: str) -> bool:
    moved = False
    if entity == "Account":
        holders: list[Txn | Line] = [txn, *txn.leaves()]
        for holder in holders:
            if holder.account_id == loser:
                holder.account_id, moved = survivor, True
        if txn.other_id == loser:
            txn.other_id, moved = survivor, True
        return moved
    if entity == "Class":
        tagged: list[Txn | Line] = [txn, *txn.leaves()]
        for holder in tagged:
            if holder.class_id == loser:
                holder.class_id, moved = survivor, True
        return moved
    if txn.name_id == loser:
        txn.name_id, moved = survivor, True
    for line in txn.leaves():
        if line.name_id == loser:
            line.name_id, moved = survivor, True
        if line.customer_id == loser:
            line.customer_id, moved = survivor, True
    return moved


def _renamed(leg: Leg, entity: str, loser: str, survivor: str) -> Leg:
    if entity == "Account":
        return leg._replace(account_id=survivor) if leg.account_id == loser else leg
    if entity == "Class":
        return leg._replace(class_id=survivor) if leg.class_id == loser else leg
    if loser not in (leg.name_id, leg.customer_id):
        return leg
    return leg._replace(
        name_id=survivor if leg.name_id == loser else leg.name_id,
        customer_id=survivor if leg.customer_id == loser else leg.customer_id,
    )
