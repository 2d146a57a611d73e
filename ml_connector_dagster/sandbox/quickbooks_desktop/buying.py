"""Brackenridge buys: bills for goods and running costs, the checks that pay them, checks and transfers without a bill."""

from datetime import date, timedelta

from ml_connector_dagster.sandbox.quickbooks_desktop.records import Line, Txn
from ml_connector_dagster.sandbox.quickbooks_desktop.scribe import Scribe

_RUNNING = (
    # vendor, account, class, least and most in dollars, bills a month
    ("Bellweather", "5100", "Warehouse", 400, 1_900, 2),
    ("Overland", "5100", "Sales:West", 300, 1_200, 2),
    ("Calumet", "6200", "Warehouse", 900, 1_800, 1),
    ("Elmhurst", "6100", "Warehouse", 8_500, 8_500, 1),
    ("Great Lakes", "6310", "Warehouse", 250, 700, 3),
    ("Kowalski", "6320", "Warehouse", 150, 2_200, 1),
    ("Midway", "6400", "Admin", 60, 540, 2),
    ("Prairie", "6030", "Admin", 6_200, 6_600, 1),
    ("Savoy", "6400", "Warehouse", 300, 900, 1),
    ("Tri-County", "6200", "", 210, 240, 1),
    ("Harker", "6600", "Admin", 1_200, 2_400, 1),
)
_GOODS = (("Apex", 0), ("Rockford", 1), ("Forge", 2), ("Forge", 3), ("National", 0))


class Buying:
    """The payables clerk."""

    def __init__(self, scribe: Scribe) -> None:
        self._scribe = scribe
        self._owed: list[tuple[date, Txn]] = []
        self._check_number = 2100

    def month(self, month: date) -> None:
        """Everything that the clerk does in a month."""
        for vendor, account, tag, least, most, times in _RUNNING:
            for _ in range(times):
                day = self._scribe.day(month, 1, 27)
                cents = self._scribe.dice.randrange(least * 100, most * 100 + 1)
                at = self._scribe.entered_at(day, 1)
                self._bill(vendor, day, [self._scribe.line(cents, at, account, tag, memo=vendor)])
        for vendor, place in _GOODS:
            self._goods(vendor, place, self._scribe.day(month, 1, 27))
        self._send_back(self._scribe.day(month, 9, 25))
        self._pay(month)
        self._checks(month)

    def _goods(self, vendor: str, place: int, day: date) -> None:
        scribe = self._scribe
        item = list(scribe.company.items.values())[place]
        at = scribe.entered_at(day, 1)
        quantity = scribe.dice.randint(150, 390)
        line = scribe.line(quantity * item.cost, at, "", "Warehouse", memo=item.name, item_id=item.list_id)
        line.quantity, line.rate = quantity, item.cost
        self._bill(vendor, day, [line, scribe.line(8_500, at, "5100", "Warehouse", memo="Freight")])

    def _bill(self, vendor: str, day: date, lines: list[Line]) -> None:
        scribe = self._scribe
        txn = scribe.enter(
            "Bill",
            day,
            scribe.entered_at(day, scribe.dice.randint(0, 5)),
            lines,
            ref=f"{vendor[:3].upper()}-{scribe.dice.randint(10_000, 99_999)}",
            name_id=scribe.vendor(vendor).list_id,
            account_id=scribe.company.special("AccountsPayable"),
            due_on=day + timedelta(days=30),
        )
        if txn is not None and scribe.dice.random() < 0.95:
            self._owed.append((day + timedelta(days=scribe.dice.randint(18, 32)), txn))

    def _send_back(self, day: date) -> None:
        """Goods go back to who sold them, and some freight is refunded: a vendor's credit, which stays open."""
        scribe = self._scribe
        item, vendor = next(iter(scribe.company.items.values())), scribe.vendor("Apex")
        at = scribe.entered_at(day, 1)
        quantity = scribe.dice.randint(3, 12)
        line = scribe.line(quantity * item.cost, at, "", "Warehouse", memo=item.name, item_id=item.list_id)
        line.quantity, line.rate = quantity, item.cost
        scribe.enter(
            "VendorCredit",
            day,
            at,
            [line, scribe.line(scribe.dice.randrange(1_000, 9_000), at, "5100", "Warehouse", memo="Freight")],
            ref=f"VC{day:%y%m}",
            name_id=vendor.list_id,
            account_id=scribe.company.special("AccountsPayable"),
            memo="Returned goods",
        )

    def _pay(self, month: date) -> None:
        """One check a vendor, for all that falls due in the month."""
        scribe = self._scribe
        until = min((month.replace(day=28) + timedelta(days=4)).replace(day=1), scribe.today + timedelta(days=1))
        due = [one for one in self._owed if one[0] < until]
        self._owed = [one for one in self._owed if one[0] >= until]
        vendors: dict[str, list[tuple[date, Txn]]] = {}
        for day, bill in due:
            vendors.setdefault(bill.name_id, []).append((day, bill))
        for vendor_id, bills in vendors.items():
            day = max(paid_on for paid_on, _ in bills)
            at = scribe.entered_at(day)
            self._check_number += 1
            scribe.enter(
                "BillPaymentCheck",
                day,
                at,
                [scribe.line(sum(bill.total for _, bill in bills), at)],
                ref=str(self._check_number),
                name_id=vendor_id,
                account_id=scribe.company.special("AccountsPayable"),
                deposit_to=scribe.company.account("1010"),
                applied=[(bill.txn_id, bill.total) for _, bill in bills],
            )

    def _checks(self, month: date) -> None:
        """Sales tax to the state, interest and repayment to the bank, one small thing."""
        scribe = self._scribe
        tax = scribe.company.ledger.balance(month - timedelta(days=1)).get(scribe.company.special("SalesTaxPayable"), 0)
        self._check(month.replace(day=20), scribe.company.tax_agency, [("2200", "", -tax)] if tax < 0 else [])
        self._check(month.replace(day=5), "", [("8000", "", 61_250), ("2700", "", 150_000)])
        small = scribe.dice.randrange(2_000, 30_000)
        self._check(scribe.day(month, 8, 26), scribe.vendor("Wexler").list_id, [("6400", "Admin", small)])

    def _check(self, day: date, name_id: str, rows: list[tuple[str, str, int]]) -> None:
        scribe = self._scribe
        if not rows:
            return
        at = scribe.entered_at(day)
        self._check_number += 1
        lines = [scribe.line(cents, at, account, tag) for account, tag, cents in rows]
        scribe.enter(
            "Check",
            day,
            at,
            lines,
            ref=str(self._check_number),
            name_id=name_id,
            account_id=scribe.company.account("1010"),
        )
