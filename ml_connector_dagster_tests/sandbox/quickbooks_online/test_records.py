"""Shapes of transactions and how they agree with the ledger (quickbooks_online.md 8)."""

from decimal import Decimal

import pytest

from ml_connector_dagster.sandbox.quickbooks_online.records import TXN_ENTITIES


def sales_lines(lines):
    for line in lines:
        if line["DetailType"] == "GroupLineDetail":
            yield from sales_lines(line["GroupLineDetail"]["Line"])
        else:
            yield line


def test_an_invoice_is_its_lines_less_discount_plus_tax(quickbooks):
    invoices = quickbooks.every("Invoice")
    kinds = set()
    for invoice in invoices:
        total = invoice["TxnTaxDetail"]["TotalTax"]
        for line in sales_lines(invoice["Line"]):
            kinds.add(line["DetailType"])
            sign = {"SalesItemLineDetail": 1, "DiscountLineDetail": -1, "SubTotalLineDetail": 0}[line["DetailType"]]
            total += sign * line["Amount"]
        assert total == invoice["TotalAmt"], invoice
    assert len(kinds) == 3
    assert any(line["DetailType"] == "GroupLineDetail" for one in invoices for line in one["Line"])
    voided = [one for one in invoices if one.get("PrivateNote", "").startswith("Voided")]
    assert voided
    assert all(one["TotalAmt"] == one["Balance"] == 0 for one in voided)


def test_some_items_were_pointed_elsewhere_after_their_lines_were_posted(quickbooks):
    items = {item["Id"]: item for item in quickbooks.every("Item", "Active IN (true, false)")}
    elsewhere = {
        detail["ItemRef"]["value"]
        for invoice in quickbooks.every("Invoice")
        for line in sales_lines(invoice["Line"])
        if (detail := line.get("SalesItemLineDetail"))
        and detail["ItemAccountRef"]["value"] != items[detail["ItemRef"]["value"]]["IncomeAccountRef"]["value"]
    }
    assert elsewhere == {"9"}


def test_an_item_based_bill_line_never_carries_its_account(quickbooks):
    details = [
        line["ItemBasedExpenseLineDetail"]
        for bill in quickbooks.every("Bill")
        for line in bill["Line"]
        if line["DetailType"] == "ItemBasedExpenseLineDetail"
    ]
    assert details
    assert not any("ItemAccountRef" in detail or "AccountRef" in detail for detail in details)


def test_journal_entries_balance_and_total_nothing(quickbooks):
    for entry in quickbooks.every("JournalEntry"):
        sides = {"Debit": 0, "Credit": 0}
        for line in entry["Line"]:
            sides[line["JournalEntryLineDetail"]["PostingType"]] += line["Amount"]
        assert sides["Debit"] == sides["Credit"]
        assert entry["TotalAmt"] == 0


def test_foreign_documents_multiply_by_the_rate_and_round_by_line(quickbooks):
    foreign = [one for one in quickbooks.every("Invoice") if one["CurrencyRef"]["value"] != "USD" and one["TotalAmt"]]
    assert {one["CurrencyRef"]["value"] for one in foreign} == {"EUR", "CAD"}
    for invoice in foreign[:40]:
        assert abs(invoice["HomeTotalAmt"] - invoice["TotalAmt"] * invoice["ExchangeRate"]) < Decimal("0.05")
        lines = quickbooks.question("ledger-lines", document=invoice["Id"])["lines"]
        receivable = {"EUR": "85", "CAD": "88"}[invoice["CurrencyRef"]["value"]]
        assert (lines[0]["account"], Decimal(lines[0]["amount"])) == (receivable, invoice["HomeTotalAmt"])


def test_receivables_are_what_invoices_leave_open_less_what_is_unapplied(quickbooks):
    """The statement charges, which no entity shows, are the rest."""
    accounts = {entry["Id"]: entry for entry in quickbooks.every("Account")}
    invoices = sum(one["Balance"] for one in quickbooks.every("Invoice") if one["CurrencyRef"]["value"] == "USD")
    unapplied = sum(one["UnappliedAmt"] for one in quickbooks.every("Payment"))
    credited = sum(one["TotalAmt"] for one in quickbooks.every("CreditMemo"))
    lines = quickbooks.question("unshown", first="2020-01-01", last="2026-12-31")["lines"]
    charges = sum(Decimal(line["amount"]) for line in lines if line["account"] == "84")
    assert accounts["84"]["CurrentBalance"] == invoices - unapplied - credited + charges
    assert accounts["1"]["CurrentBalanceWithSubAccounts"] != accounts["1"]["CurrentBalance"] == 0


@pytest.mark.parametrize("entity", TXN_ENTITIES)
def test_every_kind_of_transaction_is_there_with_its_common_properties(quickbooks, entity):
    record = quickbooks.query(f"SELECT * FROM {entity} MAXRESULTS 1")[entity][0]
    assert (record["domain"], record["sparse"]) == ("QBO", False)
    assert record["SyncToken"].isdigit()
    assert record["CurrencyRef"]["value"]
    lines = quickbooks.question("ledger-lines", document=record["Id"])["lines"]
    assert bool(lines) == (entity not in {"PurchaseOrder", "Estimate"})
    assert sum(Decimal(line["amount"]) for line in lines) == 0


def test_purchases_are_paid_three_ways_and_some_are_credited(quickbooks):
    purchases = quickbooks.every("Purchase")
    assert {one["PaymentType"] for one in purchases} == {"Cash", "Check", "CreditCard"}
    assert any(one.get("Credit") for one in purchases)
    payments = quickbooks.every("BillPayment")
    assert {one["PayType"] for one in payments} == {"Check", "CreditCard"}
    assert all(("CheckPayment" in one) != ("CreditCardPayment" in one) for one in payments)
    received = quickbooks.every("Payment")
    assert any("DepositToAccountRef" not in one for one in received)
    assert any("CashBack" in one for one in quickbooks.every("Deposit"))


def test_who_asks_for_no_json_gets_xml(quickbooks):
    answer = quickbooks.ask("query", query="SELECT * FROM Class MAXRESULTS 1", headers={"Accept": "*/*"})
    assert answer.headers["content-type"] == "application/xml"
    assert answer.text.startswith("<?xml")
    assert answer.headers["intuit_tid"]
