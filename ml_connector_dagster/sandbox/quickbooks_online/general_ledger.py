"""The general ledger report: one section an account, nested for sub-accounts, whose header ids nobody may trust."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from ml_connector_dagster.sandbox.books.cents import text
from ml_connector_dagster.sandbox.quickbooks_online.access import Call
from ml_connector_dagster.sandbox.quickbooks_online.chart import ACCOUNTS, AccountRow, children, full_name, roots
from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.ledger import Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_online.notation import rate_number, stamp
from ml_connector_dagster.sandbox.quickbooks_online.report_shape import TOO_MUCH, Asked, Json, column, section, whole

_DEFAULT = (
    "tx_date",
    "txn_type",
    "doc_num",
    "name",
    "memo",
    "split_acc",
    "is_adj",
    "subt_nat_home_amount",
    "rbal_nat_home_amount",
    "klass_name",
    "dept_name",
)
_HOME = {
    "debt_amt": "debt_home_amt",
    "credit_amt": "credit_home_amt",
    "subt_nat_amount": "subt_nat_home_amount",
    "rbal_nat_amount": "rbal_nat_home_amount",
    "nat_open_bal": "nat_home_open_bal",
}
"""In a company with several currencies the money columns come in their home variants, whichever was asked for."""
_TITLES = {
    "tx_date": "Date",
    "txn_type": "Transaction Type",
    "doc_num": "Num",
    "name": "Name",
    "memo": "Memo/Description",
    "split_acc": "Split",
    "is_adj": "Adj",
    "subt_nat_home_amount": "Amount",
    "rbal_nat_home_amount": "Balance",
    "klass_name": "Class",
    "dept_name": "Location",
    "account_name": "Account",
    "account_num": "Account #",
    "debt_home_amt": "Debit",
    "credit_home_amt": "Credit",
    "cust_name": "Customer",
    "vend_name": "Vendor",
    "emp_name": "Employee",
    "create_date": "Create Date",
    "last_mod_date": "Last Modified",
    "currency": "Currency",
    "exch_rate": "Exchange Rate",
}
"""Every column there is, in the order in which the report shows them: never that of the request."""


@dataclass(frozen=True)
class _Row:
    """One leg in the report, with what stands beside it."""

    company: Company
    posting: Posting
    leg: Leg
    balance: int

    def cell(self, key: str) -> Json:
        damaged = self.company.damaged.get(self.posting.txn_id, {})
        found = _CELLS[key](self)
        return found | {"value": str(damaged[key])} if key in damaged else found

    def name(self, *entities: str) -> Json:
        name_id = self.leg.name_id
        if "Customer" in entities and self.leg.customer_id:
            name_id = self.leg.customer_id
        if name_id:
            party = self.company.party(name_id)
            if party.entity in entities:
                return {"value": party.shown_name, "id": name_id}
        return {"value": ""}

    def tagged(self, entity: str, name_id: str) -> Json:
        if not name_id:
            return {"value": ""}
        return {"value": self.company.named(entity, name_id).shown_name, "id": name_id}

    def split(self) -> Json:
        others = {leg.account_id for leg in self.posting.legs} - {self.leg.account_id}
        if len(others) == 1:
            other = others.pop()
            return {"value": full_name(other), "id": other}
        return {"value": "-Split-", "id": ""}

    @property
    def natural(self) -> int:
        return -self.leg.amount if ACCOUNTS[self.leg.account_id].credit_is_natural else self.leg.amount


_CELLS: dict[str, Callable[[_Row], Json]] = {
    "tx_date": lambda row: {"value": row.posting.day.isoformat()},
    "txn_type": lambda row: {"value": row.posting.kind, "id": row.posting.txn_id},
    "doc_num": lambda row: {"value": row.posting.number},
    "name": lambda row: (
        row.name("Vendor", "Employee")
        if row.name("Vendor", "Employee")["value"]
        else row.name("Customer", "Vendor", "Employee")
    ),
    "memo": lambda row: {"value": row.leg.memo},
    "split_acc": lambda row: row.split(),
    "is_adj": lambda _row: {"value": "No"},
    "subt_nat_home_amount": lambda row: {"value": text(row.natural)},
    "rbal_nat_home_amount": lambda row: {"value": text(row.balance)},
    "klass_name": lambda row: row.tagged("Class", row.leg.class_id),
    "dept_name": lambda row: row.tagged("Department", row.leg.department_id),
    "account_name": lambda row: {"value": full_name(row.leg.account_id), "id": row.leg.account_id},
    "account_num": lambda row: {"value": ACCOUNTS[row.leg.account_id].number},
    "debt_home_amt": lambda row: {"value": text(row.leg.amount) if row.leg.amount >= 0 else ""},
    "credit_home_amt": lambda row: {"value": text(-row.leg.amount) if row.leg.amount < 0 else ""},
    "cust_name": lambda row: row.name("Customer"),
    "vend_name": lambda row: row.name("Vendor"),
    "emp_name": lambda row: row.name("Employee"),
    "create_date": lambda row: {"value": stamp(row.posting.created_at)},
    "last_mod_date": lambda row: {"value": stamp(row.posting.updated_at)},
    "currency": lambda row: {"value": row.posting.currency},
    "exch_rate": lambda row: {"value": str(rate_number(row.posting.rate))},
}


def general_ledger_body(call: Call, wanted: Asked) -> Json:
    """Rows, or one that says there are too many of them: with status 200."""
    keys = _columns(call.request.query_params.get("columns", ""))
    columns = [column(_TITLES[key], key, key) for key in keys]
    built = _Sections(call.company, wanted, keys)
    rows = [row for root in roots() for row in built.sections(root)]
    if built.count * len(keys) > call.cloud.report_cells:
        rows = [{"ColData": [{"value": TOO_MUCH}], "type": "Data"}]
    return whole(call, "GeneralLedger", wanted, columns, rows)


def _columns(asked: str) -> list[str]:
    """The report's own order; what it does not know it leaves out."""
    names = {_HOME.get(name.strip(), name.strip()) for name in asked.split(",")} if asked else set(_DEFAULT)
    return [key for key in _TITLES if key in names]


class _Sections:
    def __init__(self, company: Company, wanted: Asked, keys: list[str]) -> None:
        self._company, self._wanted, self._keys = company, wanted, keys
        self._opening = wanted.ledger.movement(date.min, wanted.first - timedelta(days=1))
        self._legs: dict[str, list[tuple[Posting, Leg]]] = {}
        self.count = 0
        shown = [
            posting
            for posting in wanted.ledger.between(wanted.first, wanted.last)
            if posting.shown and posting.txn_id not in company.unfed
        ]
        for posting in sorted(shown, key=lambda posting: (posting.day, int(posting.txn_id))):
            for leg in posting.legs:
                if wanted.fits(leg) and (not wanted.accounts or leg.account_id in wanted.accounts):
                    self._legs.setdefault(leg.account_id, []).append((posting, leg))
                    self.count += 1

    def sections(self, account: AccountRow) -> list[Json]:
        """The account's section, its children nested; a parent's header carries its first child's id, that child's none."""
        inner = [row for child in children(account.account_id) for row in self.sections(child)]
        rows = self._rows(account)
        if not rows and not inner:
            return []
        parent = bool(inner)
        header_id = account.account_id
        if parent:
            header_id = children(account.account_id)[0].account_id
        elif account.parent_id and children(account.parent_id)[0] is account:
            header_id = ""
        header = [{"value": account.name} | ({"id": header_id} if header_id else {})]
        header += [{"value": ""} for _ in self._keys[1:]]
        shown = [section("", header, [*rows, *inner], self._summary(f"Total for {account.name}", account))]
        if parent:
            label = f"Total for {account.name} with sub-accounts"
            shown.append(section("", None, [], self._summary(label, account, *_below(account))))
        return shown

    def _rows(self, account: AccountRow) -> list[Json]:
        rows, balance = [], 0
        if not account.in_profit_and_loss and not (
            self._wanted.accounts and account.account_id not in self._wanted.accounts
        ):
            opening = self._opening.get(account.account_id, 0)
            balance = -opening if account.credit_is_natural else opening
            if balance:
                rows.append({"ColData": self._beginning(balance), "type": "Data"})
        for posting, leg in self._legs.get(account.account_id, ()):
            balance += -leg.amount if account.credit_is_natural else leg.amount
            row = _Row(self._company, posting, leg, balance)
            rows.append({"ColData": [row.cell(key) for key in self._keys], "type": "Data"})
        return rows

    def _beginning(self, balance: int) -> list[Json]:
        cells = [{"value": text(balance) if key == "rbal_nat_home_amount" else ""} for key in self._keys]
        return [{"value": "Beginning Balance"}, *cells[1:]]

    def _summary(self, label: str, *accounts: AccountRow) -> list[Json]:
        legs = [leg for account in accounts for _, leg in self._legs.get(account.account_id, ())]
        sign = -1 if accounts[0].credit_is_natural else 1
        totals = {
            "debt_home_amt": sum(leg.amount for leg in legs if leg.amount > 0),
            "credit_home_amt": -sum(leg.amount for leg in legs if leg.amount < 0),
            "subt_nat_home_amount": sign * sum(leg.amount for leg in legs),
        }
        cells = [{"value": text(totals[key]) if key in totals else ""} for key in self._keys]
        return [{"value": label}, *cells[1:]]


def _below(account: AccountRow) -> list[AccountRow]:
    return [found for child in children(account.account_id) for found in (child, *_below(child))]
