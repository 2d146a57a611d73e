"""Transactions and list entries as they go over the wire: quickbooks_online.md 8.1 and 8.3."""

from collections.abc import Callable, Mapping
from typing import Any

from ml_connector_dagster.sandbox.quickbooks_online.chart import ACCOUNTS, UNDEPOSITED, full_name
from ml_connector_dagster.sandbox.quickbooks_online.company import Company
from ml_connector_dagster.sandbox.quickbooks_online.notation import number, rate_number, stamp
from ml_connector_dagster.sandbox.quickbooks_online.posting import header_home, home
from ml_connector_dagster.sandbox.quickbooks_online.records import BUYING, SALES, Line, Named, Txn

Json = dict[str, Any]
_CURRENCIES = {"USD": "United States Dollar", "EUR": "Euro", "CAD": "Canadian Dollar"}
_PARTY_REF = {
    "Invoice": "CustomerRef",
    "CreditMemo": "CustomerRef",
    "SalesReceipt": "CustomerRef",
    "RefundReceipt": "CustomerRef",
    "Estimate": "CustomerRef",
    "Payment": "CustomerRef",
    "Bill": "VendorRef",
    "VendorCredit": "VendorRef",
    "BillPayment": "VendorRef",
    "PurchaseOrder": "VendorRef",
}


class Wire:
    """Renders the records of one company."""

    def __init__(self, company: Company) -> None:
        self._company = company

    def txn(self, txn: Txn) -> Json:
        """A transaction, damaged where the control API said so."""
        shown = self._common(txn)
        shown |= _PARTS[txn.entity](self, txn)
        return shown | self._damage(txn.txn_id)

    def named(self, named: Named, balances: Mapping[str, int]) -> Json:
        """An entry of a list; balances are the accounts' own, in cents."""
        shown: Json = {
            "Id": named.name_id,
            "SyncToken": str(named.sync),
            "MetaData": {"CreateTime": stamp(named.created_at), "LastUpdatedTime": stamp(named.updated_at)},
            "domain": "QBO",
            "sparse": False,
            "Active": named.active,
        }
        shown |= _LISTS.get(named.entity, _plain)(self, named, balances) | named.more
        if not named.active and "FullyQualifiedName" in named.more:
            shown["FullyQualifiedName"] += " (deleted)"
        return shown

    def reference(self, entity: str, name_id: str) -> Json:
        return {"value": name_id, "name": self._company.named(entity, name_id).shown_name}

    def _damage(self, record_id: str) -> Json:
        fields = self._company.damaged.get(record_id, {})
        return {name: value for name, value in fields.items() if name[:1].isupper()}

    def _common(self, txn: Txn) -> Json:
        shown: Json = {
            "Id": txn.txn_id,
            "SyncToken": str(txn.sync),
            "MetaData": {
                "CreateTime": stamp(txn.created_at),
                "LastUpdatedTime": stamp(txn.updated_at),
                "LastModifiedByRef": {"value": "9130347798120106"},
            },
            "domain": "QBO",
            "sparse": False,
            "TxnDate": txn.day.isoformat(),
            "CurrencyRef": {"value": txn.currency, "name": _CURRENCIES[txn.currency]},
            "ExchangeRate": rate_number(txn.rate),
        }
        if txn.number:
            shown["DocNumber"] = txn.number
        if txn.note:
            shown["PrivateNote"] = txn.note
        if txn.department_id and txn.entity != "JournalEntry":
            shown["DepartmentRef"] = self.reference("Department", txn.department_id)
        if txn.links:
            shown["LinkedTxn"] = [{"TxnId": link.txn_id, "TxnType": link.entity} for link in txn.links]
        if txn.name_id and txn.entity in _PARTY_REF:
            reference = _PARTY_REF[txn.entity]
            shown[reference] = self.reference(reference.removesuffix("Ref"), txn.name_id)
        return shown

    def sale(self, txn: Txn) -> Json:
        factor = 0 if txn.voided else 1
        lines = [self._sales_line(line, place + 1, factor) for place, line in enumerate(txn.lines)]
        before_tax = sum(line.amount for line in txn.leaves() if line.detail != "Discount")
        lines.append(
            {"Amount": number(factor * before_tax), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        )
        shown: Json = {
            "Line": lines,
            "TotalAmt": number(factor * txn.total),
            "HomeTotalAmt": number(factor * (header_home(txn) if txn.rate != 1_000_000 else txn.total)),
            "TxnTaxDetail": {"TotalTax": number(factor * txn.tax)},
        }
        if txn.tax and factor:
            shown["TxnTaxDetail"] |= {"TxnTaxCodeRef": {"value": "2"}, "TaxLine": [_tax_line(txn)]}
        if txn.entity in {"SalesReceipt", "RefundReceipt"}:
            shown["DepositToAccountRef"] = _account(txn.account_id)
        elif txn.entity != "Estimate":
            shown["Balance"] = number(txn.open_cents)
            shown["HomeBalance"] = number(home(txn.open_cents, txn.rate))
        if txn.due_on:
            shown["DueDate"] = txn.due_on.isoformat()
        if txn.entity == "Estimate":
            shown["TxnStatus"] = "Pending"
        return shown

    def _sales_line(self, line: Line, place: int, factor: int) -> Json:
        shown: Json = {"Id": str(place), "LineNum": place, "Amount": number(factor * line.amount)}
        if line.description:
            shown["Description"] = line.description
        if line.detail == "Discount":
            detail: Json = {"PercentBased": bool(line.percent), "DiscountAccountRef": _account(line.account_id)}
            if line.percent:
                detail["DiscountPercent"] = line.percent
            return shown | {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
        if line.detail == "Group":
            inner = [self._sales_line(part, place + offset + 1, factor) for offset, part in enumerate(line.inner)]
            group = {"GroupItemRef": self.reference("Item", line.item_id), "Quantity": line.quantity, "Line": inner}
            return shown | {"DetailType": "GroupLineDetail", "GroupLineDetail": group}
        detail = {
            "ItemRef": self.reference("Item", line.item_id),
            "ItemAccountRef": _account(line.account_id),
            "Qty": factor * line.quantity,
            "UnitPrice": number(line.amount // max(line.quantity, 1)),
            "TaxCodeRef": {"value": "TAX" if line.item_id == "5" else "NON"},
        }
        if line.class_id:
            detail["ClassRef"] = self.reference("Class", line.class_id)
        return shown | {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}

    def buy(self, txn: Txn) -> Json:
        factor = 0 if txn.voided else 1
        shown: Json = {
            "Line": [self._expense_line(line, place + 1, factor) for place, line in enumerate(txn.lines)],
            "TotalAmt": number(factor * txn.total),
        }
        if txn.entity == "Purchase":
            shown |= {"AccountRef": _account(txn.account_id), "PaymentType": txn.pay_type}
            if txn.credit:
                shown["Credit"] = True
            if txn.name_id:
                party = self._company.party(txn.name_id)
                shown["EntityRef"] = {"value": txn.name_id, "name": party.shown_name, "type": party.entity}
            return shown
        shown["APAccountRef"] = _account(txn.account_id)
        if txn.entity == "PurchaseOrder":
            return shown | {"POStatus": "Open"}
        shown["Balance"] = number(txn.open_cents)
        if txn.entity == "Bill":
            shown["HomeBalance"] = number(home(txn.open_cents, txn.rate))
        if txn.due_on:
            shown["DueDate"] = txn.due_on.isoformat()
        return shown

    def _expense_line(self, line: Line, place: int, factor: int) -> Json:
        kind = f"{line.detail}LineDetail"
        detail: Json = {
            "BillableStatus": "Billable" if line.customer_id else "NotBillable",
            "TaxCodeRef": {"value": "NON"},
        }
        if line.detail == "ItemBasedExpense":
            detail |= {
                "ItemRef": self.reference("Item", line.item_id),
                "Qty": line.quantity,
                "UnitPrice": number(line.amount // max(line.quantity, 1)),
            }
        else:
            detail["AccountRef"] = _account(line.account_id)
        if line.class_id:
            detail["ClassRef"] = self.reference("Class", line.class_id)
        if line.customer_id:
            detail["CustomerRef"] = self.reference("Customer", line.customer_id)
        shown: Json = {"Id": str(place), "LineNum": place, "Amount": number(factor * line.amount)}
        return shown | {"Description": line.description, "DetailType": kind, kind: detail}

    def payment(self, txn: Txn) -> Json:
        factor = 0 if txn.voided else 1
        shown: Json = {
            "TotalAmt": number(factor * txn.total),
            "UnappliedAmt": number(factor * txn.unapplied),
            "ProcessPayment": False,
            "Line": [] if txn.voided else [_linked(line) for line in txn.lines],
        }
        # money that nobody banked yet carries no account: undeposited funds are meant
        return shown if txn.account_id == UNDEPOSITED else shown | {"DepositToAccountRef": _account(txn.account_id)}

    def bill_payment(self, txn: Txn) -> Json:
        factor = 0 if txn.voided else 1
        shown: Json = {
            "PayType": txn.pay_type,
            "TotalAmt": number(factor * txn.total),
            "APAccountRef": _account(txn.other_id),
            "Line": [] if txn.voided else [_linked(line) for line in txn.lines],
        }
        if txn.pay_type == "CreditCard":
            return shown | {"CreditCardPayment": {"CCAccountRef": _account(txn.account_id)}}
        return shown | {"CheckPayment": {"BankAccountRef": _account(txn.account_id), "PrintStatus": "NotSet"}}

    def deposit(self, txn: Txn) -> Json:
        factor = 0 if txn.voided else 1
        lines: list[Json] = []
        for place, line in enumerate(txn.lines):
            if line.links:
                linked = [{"TxnId": line.links[0].txn_id, "TxnType": "Payment", "TxnLineId": "0"}]
                lines.append({"Amount": number(factor * line.amount), "LinkedTxn": linked})
                continue
            detail: Json = {"AccountRef": _account(line.account_id)}
            if line.class_id:
                detail["ClassRef"] = self.reference("Class", line.class_id)
            entry = {"Id": str(place + 1), "LineNum": place + 1, "Description": line.description}
            entry |= {
                "Amount": number(factor * line.amount),
                "DetailType": "DepositLineDetail",
                "DepositLineDetail": detail,
            }
            lines.append(entry)
        shown: Json = {
            "DepositToAccountRef": _account(txn.account_id),
            "TotalAmt": number(factor * txn.total),
            "Line": lines,
        }
        if txn.amount:
            shown["CashBack"] = {
                "AccountRef": _account(txn.other_id),
                "Amount": number(txn.amount),
                "Memo": "Petty cash",
            }
        return shown

    def transfer(self, txn: Txn) -> Json:
        return {
            "FromAccountRef": _account(txn.account_id),
            "ToAccountRef": _account(txn.other_id),
            "Amount": number(0 if txn.voided else txn.amount),
        }

    def journal(self, txn: Txn) -> Json:
        lines = []
        for place, line in enumerate(txn.lines):
            detail: Json = {"PostingType": "Debit" if line.debit else "Credit", "AccountRef": _account(line.account_id)}
            if line.class_id:
                detail["ClassRef"] = self.reference("Class", line.class_id)
            if line.department_id:
                detail["DepartmentRef"] = self.reference("Department", line.department_id)
            if line.name_id:
                party = self._company.party(line.name_id)
                reference = {"value": line.name_id, "name": party.shown_name}
                detail["Entity"] = {"Type": party.entity, "EntityRef": reference}
            amount = 0 if txn.voided else line.amount
            entry = {"Id": str(place), "Description": line.description, "Amount": number(amount)}
            lines.append(entry | {"DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail})
        return {"Adjustment": False, "TotalAmt": 0, "Line": lines}


def _tax_line(txn: Txn) -> Json:
    taxable = sum(line.amount for line in txn.leaves() if line.item_id == "5")
    detail = {
        "TaxRateRef": {"value": "3"},
        "PercentBased": True,
        "TaxPercent": 8,
        "NetAmountTaxable": number(taxable),
    }
    return {"Amount": number(txn.tax), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def _linked(line: Line) -> Json:
    linked = [{"TxnId": link.txn_id, "TxnType": link.entity} for link in line.links]
    return {"Amount": number(line.amount), "LinkedTxn": linked}


def _account(account_id: str) -> Json:
    return {"value": account_id, "name": full_name(account_id)}


def _currency(named: Named) -> Json:
    return {"CurrencyRef": {"value": named.currency, "name": _CURRENCIES[named.currency]}}


def _tree(wire: Wire, named: Named, flag: str) -> Json:
    if not named.parent_id:
        return {"Name": named.shown_name, "FullyQualifiedName": named.shown_name, flag: False}
    parent = wire.reference(named.entity, named.parent_id)
    full = f"{parent['name']}:{named.shown_name}"
    return {"Name": named.shown_name, "FullyQualifiedName": full, flag: True, "ParentRef": parent}


def _account_entry(_wire: Wire, named: Named, balances: Mapping[str, int]) -> Json:
    row = ACCOUNTS[named.name_id]
    sign = -1 if row.credit_is_natural else 1
    own = sign * balances.get(named.name_id, 0)
    below = sum(cents for other, cents in balances.items() if _is_below(other, named.name_id))
    shown = _currency(named) | {
        "Name": named.shown_name,
        "SubAccount": bool(named.parent_id),
        "CurrentBalance": number(own),
        "CurrentBalanceWithSubAccounts": number(own + sign * below),
    }
    if named.parent_id:
        shown["ParentRef"] = {"value": named.parent_id}
    return shown


def _is_below(account_id: str, parent_id: str) -> bool:
    above = ACCOUNTS[account_id].parent_id
    return bool(above) and (above == parent_id or _is_below(above, parent_id))


def _party_entry(_wire: Wire, named: Named, balances: Mapping[str, int]) -> Json:
    shown = _currency(named) | {
        "DisplayName": named.shown_name,
        "PrintOnCheckName": named.name,
        "Balance": number(balances.get(named.name_id, 0)),
    }
    if named.entity == "Vendor":
        return shown | {"CompanyName": named.name, "Vendor1099": False}
    return shown | {"CompanyName": named.name, "FullyQualifiedName": named.shown_name, "Job": False, "Taxable": False}


def _employee_entry(_wire: Wire, named: Named, _balances: Mapping[str, int]) -> Json:
    return {"DisplayName": named.shown_name, "PrintOnCheckName": named.name, "BillableTime": False}


def _plain(_wire: Wire, named: Named, _balances: Mapping[str, int]) -> Json:
    return {"DisplayName" if named.entity == "TaxAgency" else "Name": named.shown_name}


_LISTS: dict[str, Callable[[Wire, Named, Mapping[str, int]], Json]] = {
    "Account": _account_entry,
    "Customer": _party_entry,
    "Vendor": _party_entry,
    "Employee": _employee_entry,
    "Item": lambda wire, named, _: _tree(wire, named, "SubItem"),
    "Class": lambda wire, named, _: _tree(wire, named, "SubClass"),
    "Department": lambda wire, named, _: _tree(wire, named, "SubDepartment"),
}
_PARTS: dict[str, Callable[[Wire, Txn], Json]] = {
    **dict.fromkeys(SALES, Wire.sale),
    **dict.fromkeys(BUYING, Wire.buy),
    "Payment": Wire.payment,
    "BillPayment": Wire.bill_payment,
    "Deposit": Wire.deposit,
    "Transfer": Wire.transfer,
    "JournalEntry": Wire.journal,
}
