"""Queries of lists and transactions: filters, ids and numbers, what is included, what status says of nothing found."""

from datetime import date

import pytest

from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import between, texts

ALL = "<ActiveStatus>All</ActiveStatus>"
LINES = "<IncludeLineItems>true</IncludeLineItems>"
OCTOBER = between("2026-10-01", "2026-10-31")
KINDS = ("Invoice", "Bill", "ReceivePayment", "BillPaymentCheck", "Check", "Deposit", "JournalEntry")


def query(kind, inside=""):
    return f'<{kind}QueryRq requestID="q">{inside}</{kind}QueryRq>'


def numbers(answer):
    return texts(answer, "*/RefNumber")


def test_lists_show_active_elements_unless_all_are_asked_for(brackenridge):
    active, everything = (brackenridge.ask(query("Account", inside)) for inside in ("", ALL))
    inactive = brackenridge.ask(query("Account", "<ActiveStatus>InactiveOnly</ActiveStatus>"))
    assert texts(inactive, "*/Name") == ["Old Advertising"]
    assert len(everything) == len(active) + len(inactive) == int(everything.get("retCount"))


def test_an_account_shows_number_type_parent_and_balance_its_own_way_up(brackenridge):
    found = {one.findtext("FullName"): one for one in brackenridge.ask(query("Account", ALL))}
    depreciated = found["Warehouse Equipment:Accumulated Depreciation"]
    assert depreciated.findtext("AccountNumber") == "1520"
    assert depreciated.findtext("ParentRef/FullName") == "Warehouse Equipment"
    assert (depreciated.findtext("Sublevel"), depreciated.findtext("AccountType")) == ("1", "FixedAsset")
    assert depreciated.findtext("Balance").startswith("-")
    assert not found["Accounts Payable"].findtext("Balance").startswith("-"), "a payable is positive"
    assert found["Sales:Hardware"].find("Balance") is None, "income has no balance"
    assert found["Accounts Receivable"].findtext("SpecialAccountType") == "AccountsReceivable"
    company, ledger = brackenridge.company, brackenridge.company.ledger
    today = ledger.balance(date(2026, 11, 20))[company.account("1010")]
    assert found["Operating Checking"].findtext("Balance").replace(".", "") == str(today)


def test_jobs_are_customers_below_their_customer_and_vendors_have_no_full_name(brackenridge):
    customers = {one.findtext("FullName"): one for one in brackenridge.ask(query("Customer", ALL))}
    assert customers["Larkin Builders:Phase Two"].findtext("ParentRef/FullName") == "Larkin Builders"
    assert {"Café Martineau", "Núñez Hardware", "Barlow & Finch Contractors"} <= set(customers)
    assert all(one.find("FullName") is None for one in brackenridge.ask(query("Vendor", ALL)))


@pytest.mark.parametrize("kind", ["Customer", "Vendor"])
def test_open_balances_of_parties_are_those_of_the_control_account(brackenridge, kind):
    control = {"Customer": "1100", "Vendor": "2000"}[kind]
    owed = sum(int(text.replace(".", "")) for text in texts(brackenridge.ask(query(kind, ALL)), "*/Balance"))
    balance = brackenridge.company.ledger.balance(date(2026, 12, 31))[brackenridge.account(control)]
    assert owed == abs(balance)


@pytest.mark.parametrize(
    ("inside", "names"),
    [
        ("<FullName>sales:EAST</FullName><FullName>Admin</FullName>", ["East", "Admin"]),
        (f"{ALL}<NameFilter><MatchCriterion>StartsWith</MatchCriterion><Name>old</Name></NameFilter>", ["Old Depot"]),
        ("<NameRangeFilter><FromName>T</FromName></NameRangeFilter>", ["Warehouse", "West"]),
        ("<MaxReturned>2</MaxReturned>", ["Warehouse", "Sales"]),
    ],
)
def test_lists_are_found_by_name(brackenridge, inside, names):
    assert texts(brackenridge.ask(query("Class", inside)), "*/Name") == names


def test_account_types_are_a_filter(brackenridge):
    found = brackenridge.ask(query("Account", "<AccountType>Bank</AccountType><AccountType>CreditCard</AccountType>"))
    assert texts(found, "*/AccountNumber") == ["1010", "1020", "2050"]


@pytest.mark.parametrize("kind", KINDS)
def test_lines_are_shown_only_where_they_were_asked_for(brackenridge, kind):
    plain = brackenridge.ask(query(kind, OCTOBER))
    lined = brackenridge.ask(query(kind, OCTOBER + LINES))
    assert len(plain) == len(lined) > 0
    assert not plain.findall(".//Amount/..[TxnLineID]")
    tags = {child.tag for one in lined for child in one if len(child) and not child.tag.endswith("Ref")}
    assert tags
    assert not any(child.tag in tags for one in plain for child in one)


def test_a_date_filter_holds_both_its_days(brackenridge):
    days = set(texts(brackenridge.ask(query("Invoice", between("2026-10-05", "2026-10-09"))), "*/TxnDate"))
    assert min(days) >= "2026-10-05"
    assert max(days) <= "2026-10-09"
    macro = "<TxnDateRangeFilter><DateMacro>LastMonth</DateMacro></TxnDateRangeFilter>"
    same = [texts(brackenridge.ask(query("Bill", inside)), "*/TxnID") for inside in (OCTOBER, macro)]
    assert same[0] == same[1] != []


def test_a_range_that_ends_before_it_begins_is_3030(brackenridge):
    assert brackenridge.code(query("Bill", between("2026-10-31", "2026-10-01"))) == "3030"


def test_of_several_numbers_the_missing_ones_turn_the_status_alone(brackenridge):
    numbers_ = "<RefNumber>je0001</RefNumber><RefNumber>NOSUCH</RefNumber>"
    found = brackenridge.ask(query("JournalEntry", numbers_))
    assert (found.get("statusCode"), found.get("statusSeverity"), numbers(found)) == ("500", "Warn", ["JE0001"])
    exact = numbers_.replace("RefNumber", "RefNumberCaseSensitive")
    assert len(brackenridge.ask(query("JournalEntry", exact))) == 0, "the case must be right"
    assert brackenridge.code(query("JournalEntry", "<TxnID>FF-1</TxnID>")) == "500"


def test_filters_that_match_nothing_are_status_1(brackenridge):
    assert brackenridge.code(query("Bill", between("2019-02-01", "2019-02-28"))) == "1"


def test_transactions_are_found_by_party_account_and_number(brackenridge):
    customer = "<EntityFilter><FullNameWithChildren>Larkin Builders</FullNameWithChildren></EntityFilter>"
    names = set(texts(brackenridge.ask(query("Invoice", customer)), "*/CustomerRef/FullName"))
    assert names == {"Larkin Builders", "Larkin Builders:Depot Fit-out", "Larkin Builders:Phase Two"}
    rent = f"<AccountFilter><ListID>{brackenridge.account('6100')}</ListID></AccountFilter>"
    assert set(texts(brackenridge.ask(query("Bill", rent)), "*/VendorRef/FullName")) == {"Elmhurst Realty"}
    first = "<RefNumberFilter><MatchCriterion>StartsWith</MatchCriterion><RefNumber>je000</RefNumber></RefNumberFilter>"
    assert len(brackenridge.ask(query("JournalEntry", first))) == 9
    span = "<RefNumberRangeFilter><FromRefNumber>JE0003</FromRefNumber><ToRefNumber>JE0004</ToRefNumber></RefNumberRangeFilter>"
    assert sorted(numbers(brackenridge.ask(query("JournalEntry", span)))) == ["JE0003", "JE0004"]


def test_paid_status_divides_invoices(brackenridge):
    every = {
        word: len(brackenridge.ask(query("Invoice", f"<PaidStatus>{word}</PaidStatus>")))
        for word in ("All", "PaidOnly", "NotPaidOnly")
    }
    assert every["All"] == every["PaidOnly"] + every["NotPaidOnly"]
    assert min(every.values()) > 0


def test_a_filter_by_what_is_not_there_says_so(brackenridge):
    unknown = "<EntityFilter><{0}>{1}</{0}></EntityFilter>"
    assert brackenridge.code(query("Invoice", unknown.format("ListID", "FF-1"))) == "3000"
    assert brackenridge.code(query("Invoice", unknown.format("FullName", "Nobody"))) == "3140"


def test_an_invoice_adds_up_and_tells_what_was_paid(brackenridge):
    found = brackenridge.ask(query("Invoice", LINES + "<IncludeLinkedTxns>true</IncludeLinkedTxns>"))
    linked = 0
    for one in found:
        cents = {name: int(one.findtext(name).replace(".", "")) for name in _INVOICE}
        assert sum(int(text.replace(".", "")) for text in texts(one, "InvoiceLineRet/Amount")) == cents["Subtotal"]
        assert cents["Subtotal"] + cents["SalesTaxTotal"] + cents["AppliedAmount"] == cents["BalanceRemaining"]
        assert (one.findtext("IsPaid") == "true") == (cents["BalanceRemaining"] == 0)
        paid = sum(int(text.replace(".", "")) for text in texts(one, "LinkedTxn/Amount"))
        assert paid == cents["AppliedAmount"]
        linked += len(one.findall("LinkedTxn"))
    assert linked


_INVOICE = ("Subtotal", "SalesTaxTotal", "AppliedAmount", "BalanceRemaining")


def test_payments_name_what_they_pay(brackenridge):
    paid = brackenridge.ask(query("ReceivePayment", OCTOBER + LINES))
    assert all(one.findtext("AppliedToTxnRet/Amount") == one.findtext("TotalAmount") for one in paid)
    checks = brackenridge.ask(query("BillPaymentCheck", OCTOBER + LINES))
    for one in checks:
        applied = sum(int(text.replace(".", "")) for text in texts(one, "AppliedToTxnRet/Amount"))
        assert applied == int(one.findtext("Amount").replace(".", ""))


def test_a_transaction_query_tells_every_leg_and_no_class(brackenridge):
    found = brackenridge.ask(
        query("Transaction", f"<TransactionDateRangeFilter>{_inside(OCTOBER)}</TransactionDateRangeFilter>")
    )
    assert "Transfer" in texts(found, "*/TxnType")
    assert not found.findall(".//ClassRef")
    assert sum(int(text.replace(".", "")) for text in texts(found, "*/Amount")) == 0
    only = "<TransactionTypeFilter><TxnTypeFilter>Check</TxnTypeFilter></TransactionTypeFilter>"
    level = "<TransactionDetailLevelFilter>SummaryOnly</TransactionDetailLevelFilter>"
    checks = brackenridge.ask(query("Transaction", only + level))
    assert set(texts(checks, "*/AccountRef/FullName")) == {"Operating Checking"}
    assert len(checks) == len(brackenridge.ask(query("Check")))


def test_a_voided_transaction_is_in_a_transaction_query_with_nothing(office):
    entry = office.added()
    office.later(hours=1)
    office.company.void(office.company.txns[entry.findtext("TxnID")])
    since = "<FromModifiedDate>2026-11-20T11:00:00</FromModifiedDate>"
    changed = f"<TransactionModifiedDateRangeFilter>{since}</TransactionModifiedDateRangeFilter>"
    found = office.ask(query("Transaction", changed))
    assert (texts(found, "*/TxnID"), texts(found, "*/Amount")) == ([entry.findtext("TxnID")], ["0.00"])


def _inside(element):
    return element.partition(">")[2].rpartition("</")[0]


def test_what_was_deleted_is_listed_by_named_types(brackenridge):
    types = "<TxnDelType>Bill</TxnDelType><TxnDelType>Invoice</TxnDelType>"
    found = brackenridge.ask(f"<TxnDeletedQueryRq>{types}</TxnDeletedQueryRq>")
    assert texts(found, "*/TxnDelType") == ["Bill", "Invoice"], "grouped by type, as named"
    assert len(brackenridge.ask("<TxnDeletedQueryRq><TxnDelType>Bill</TxnDelType></TxnDeletedQueryRq>")) == 1


def test_a_merged_element_is_gone_and_its_transactions_are_the_survivors(office):
    loser, survivor = list(office.company.lists["Customer"])[:2]
    owed = office.line("Debit", "1100", "5.00", f"<EntityRef><ListID>{loser}</ListID></EntityRef>")
    entry = office.added(lines=owed + office.line("Credit", "6600", "5.00"))
    assert office.company.merge(loser, survivor) == 1
    found = office.ask(query("JournalEntry", LINES))[0]
    assert texts(found, "*/EntityRef/ListID") == [survivor]
    assert found.findtext("EditSequence") == entry.findtext("EditSequence"), "no stamp of a transaction moves"
    assert office.code(query("Customer", f"<ListID>{loser}</ListID>")) == "500"
    gone = office.ask("<ListDeletedQueryRq><ListDelType>Customer</ListDelType></ListDeletedQueryRq>")
    assert texts(gone, "*/ListID") == [loser]
    assert texts(gone, "*/FullName") == ["Aldergate Builders"]


def test_only_what_include_ret_element_names_is_answered(brackenridge):
    wanted = "<IncludeRetElement>TxnID</IncludeRetElement><IncludeRetElement>BalanceRemaining</IncludeRetElement>"
    found = brackenridge.ask(query("Invoice", OCTOBER + wanted))
    assert {child.tag for one in found for child in one} == {"TxnID", "BalanceRemaining"}
