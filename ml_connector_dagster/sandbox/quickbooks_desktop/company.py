"""The company file: lists, transactions, ledger, what was deleted. Every change keeps the ledger and the stamps in step."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_desktop import chart
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Ledger, Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_desktop.posting import legs_of
from ml_connector_dagster.sandbox.quickbooks_desktop.records import Deleted, Line, Named, Txn

NAME = "Brackenridge Supply Co."
FILE_PATH = r"C:\Books\Brackenridge.QBW"
OWNER_ID = "{a3d5f0c2-4b7e-4c19-8e6d-52f9b1c7d084}"
FILE_ID = "{6b1e9d52-7c3f-4a8e-b0d4-1f5a2c9e7d38}"
KEPT_DAYS = 90


@dataclass
class Preferences:
    """What the company's settings say, as PreferencesQuery and HostQuery show them."""

    account_numbers: bool = True
    class_tracking: bool = True
    journal_numbers: bool = False
    closing_date: date | None = None
    fiscal_month: int = 1
    qbxml_max: str = "16.0"
    file_mode: str = "MultiUser"
    short_class_titles: bool = False
    """Column titles of summaries: the last part of a class's name alone. Which of the two real ones print is not known."""
    bare_detail_rows: bool = False
    """Rows of a detail report without RowData: the account is in its own column and above its group alone."""


class Company:
    """One company file. now answers the wall clock of its PC."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.preferences = Preferences()
        self.stamps: dict[str, str] = {OWNER_ID: FILE_ID}
        """FileID by OwnerID: what the Web Connector writes into the file when an application is added to it."""
        self.lists: dict[str, dict[str, Named]] = {
            kind: {one.list_id: one for one in found()}
            for kind, found in (
                ("Account", chart.accounts),
                ("Class", chart.classes),
                ("Item", chart.items),
                ("Customer", chart.customers),
                ("Vendor", chart.vendors),
            )
        }
        self.txns: dict[str, Txn] = {}
        self.ledger = Ledger()
        self.saved: list[str] = []
        """Ids of what was saved, deleted or merged away since the books were opened, in order."""
        self.deleted_txns: list[Deleted] = []
        self.deleted_lists: list[Deleted] = []
        self.damaged: dict[str, dict[str, str]] = {}
        """Fields spoilt on the wire, by transaction or list id."""
        self.hidden: set[str] = set()
        self.unfed: set[str] = set()
        """What no query shows, and what no detail report shows."""
        self._paid: dict[str, dict[str, int]] = {}
        self._serial = 0x20
        self._number = 0
        self._planted = 0
        self._special = {one.special: one.list_id for one in self.lists["Account"].values() if one.special}
        self._by_number = {one.number: one.list_id for one in self.lists["Account"].values()}
        self._names: dict[str, str] = {}
        self._labels: dict[str, str] = {}

    @property
    def items(self) -> dict[str, Named]:
        return self.lists["Item"]

    @property
    def tax_agency(self) -> str:
        return next(one.list_id for one in self.lists["Vendor"].values() if "Revenue" in one.name)

    def special(self, role: str) -> str:
        return self._special[role]

    def account(self, number: str) -> str:
        """The id of an account by its number; an id is taken as it is. KeyError for neither."""
        return number if number in self.lists["Account"] else self._by_number[number]

    def named(self, list_id: str) -> Named:
        """An element of any list; KeyError for none."""
        return next(found[list_id] for found in self.lists.values() if list_id in found)

    def party(self, list_id: str) -> Named | None:
        """A customer or vendor."""
        return self.lists["Customer"].get(list_id) or self.lists["Vendor"].get(list_id)

    def full_name(self, list_id: str) -> str:
        """The name with the names above it, "Parent:Child", of an element of any list; empty for no id."""
        if not list_id:
            return ""
        if list_id not in self._names:
            one = self.named(list_id)
            above = f"{self.full_name(one.parent_id)}:" if one.parent_id else ""
            self._names[list_id] = above + one.name
        return self._names[list_id]

    def account_label(self, list_id: str) -> str:
        """An account as reports print it: "1010 · Operating Checking" where account numbers are on."""
        if not self.preferences.account_numbers:
            return self.full_name(list_id)
        if list_id not in self._labels:
            one = self.lists["Account"][list_id]
            above = f"{self.account_label(one.parent_id)}:" if one.parent_id else ""
            self._labels[list_id] = f"{above}{one.number} · {one.name}"
        return self._labels[list_id]

    def with_children(self, list_id: str) -> set[str]:
        """An element and everything below it."""
        kind = self.named(list_id).kind
        below = (one.list_id for one in self.lists[kind].values() if one.parent_id == list_id)
        return {list_id}.union(*(self.with_children(child) for child in below))

    def paid(self, txn_id: str) -> dict[str, int]:
        """Cents by payment of an invoice or bill."""
        return self._paid.get(txn_id, {})

    def new_id(self, at: datetime) -> str:
        """An id for a transaction or line: a serial number and the time it was made."""
        self._serial += 1
        return f"{self._serial:X}-{int(at.replace(tzinfo=UTC).timestamp())}"

    def new_line(self, amount: int, at: datetime, **more: Any) -> Line:
        return Line(self.new_id(at), amount, **more)

    def enter(self, kind: str, day: date, lines: Sequence[Line], *, at: datetime | None = None, **more: Any) -> Txn:
        """Enter a transaction: now, or at a time of the past while the books are written."""
        at = at or self.now()
        self._number += 1
        txn_id = self.new_id(at)
        edit = int(at.replace(tzinfo=UTC).timestamp())
        txn = Txn(kind, txn_id, self._number, day, at, at, edit, list(lines), **more)
        self.txns[txn_id] = txn
        self._book(txn)
        return txn

    def restate(self, txn: Txn, *, quiet: bool = False) -> None:
        """Post anew what was changed; quiet leaves TimeModified and EditSequence as they are."""
        self._book(txn)
        if not quiet:
            self.touch(txn)

    def touch(self, record: Txn | Named) -> None:
        """The record was saved: TimeModified is now, and EditSequence is one it never had."""
        record.modified_at = self.now()
        record.edit = max(record.edit + 1, int(record.modified_at.replace(tzinfo=UTC).timestamp()))
        self.saved.append(record.txn_id if isinstance(record, Txn) else record.list_id)

    def void(self, txn: Txn) -> None:
        """Void: the object stays, every amount is zero, payments lose their link."""
        if txn.is_voided:
            return
        for line in txn.lines:
            line.amount = line.cost = line.rate = line.quantity = 0
        txn.tax, txn.is_voided, txn.memo = 0, True, f"VOID: {txn.memo}"
        self._unlink(txn)
        self.restate(txn)

    def delete(self, txn: Txn) -> None:
        """Delete: it is gone, and TxnDeletedQuery tells of it for 90 days."""
        self._unlink(txn)
        self.ledger.withdraw(txn.txn_id)
        del self.txns[txn.txn_id]
        self.saved.append(txn.txn_id)
        self.deleted_txns.append(Deleted(txn.kind, txn.txn_id, txn.created_at, self.now(), txn.ref))

    def is_banked(self, txn_id: str) -> bool:
        """Whether a deposit holds this payment."""
        deposits = (txn for txn in self.txns.values() if txn.kind == "Deposit")
        return any(line.linked_id == txn_id for txn in deposits for line in txn.lines)

    def merge(self, loser_id: str, survivor_id: str) -> int:
        """Merge two elements of one list: the survivor's id takes over every transaction, whose stamps stay. Answers how many."""
        loser, survivor = self.named(loser_id), self.named(survivor_id)
        if loser.kind != survivor.kind or loser is survivor or loser.special:
            raise ValueError(f"{loser.kind} {loser_id} and {survivor.kind} {survivor_id} cannot be merged.")
        moved = [txn for txn in self.txns.values() if _repoint(txn, loser_id, survivor_id)]
        for shelf in self.lists.values():
            for one in shelf.values():
                one.parent_id = survivor_id if one.parent_id == loser_id else one.parent_id
                one.class_id = survivor_id if one.class_id == loser_id else one.class_id
                one.account_id = survivor_id if one.account_id == loser_id else one.account_id
        gone = self.full_name(loser_id)
        del self.lists[loser.kind][loser_id]
        self.saved.append(loser_id)
        self.deleted_lists.append(Deleted(loser.kind, loser_id, loser.created_at, self.now(), gone))
        self._names.clear()
        self._labels.clear()
        self.touch(survivor)
        for txn in moved:
            self._book(txn)
        return len(moved)

    def rename(self, list_id: str, name: str) -> None:
        """Give an element another name; its id stays."""
        one = self.named(list_id)
        one.name = name
        self._names.clear()
        self._labels.clear()
        self.touch(one)

    def plant(self, account_id: str, against_id: str, day: date, cents: int) -> None:
        """Post what balances and summaries show, and no detail report and no query."""
        self._planted += 1
        legs = [Leg(account_id, cents), Leg(against_id, -cents)]
        self.ledger.post(Posting(f"planted-{self._planted}", day, legs, shown=False))

    def recently(self, deleted: Sequence[Deleted]) -> list[Deleted]:
        """What was deleted within the last 90 days."""
        horizon = self.now() - timedelta(days=KEPT_DAYS)
        return [one for one in deleted if one.deleted_at >= horizon]

    def _book(self, txn: Txn) -> None:
        self.ledger.post(Posting(txn.txn_id, txn.day, legs_of(txn, self), shown=txn.txn_id not in self.unfed))
        for paid_id, cents in txn.applied:
            self._paid.setdefault(paid_id, {})[txn.txn_id] = cents

    def _unlink(self, txn: Txn) -> None:
        for paid_id, _ in txn.applied:
            self._paid.get(paid_id, {}).pop(txn.txn_id, None)
        txn.applied = []
        for payment_id in self._paid.pop(txn.txn_id, {}):
            payment = self.txns[payment_id]
            payment.applied = [one for one in payment.applied if one[0] != txn.txn_id]
            self.touch(payment)


def _repoint(txn: Txn, loser: str, survivor: str) -> bool:
    """Whether anything of the transaction named the loser; it names the survivor now."""
    found = False
    for holder in (txn, *txn.lines):
        for name in ("name_id", "account_id", "deposit_to", "class_id", "item_id"):
            if getattr(holder, name, "") == loser:
                setattr(holder, name, survivor)
                found = True
    return found
