"""Journal entries as an application writes them: what is saved, what is refused and with which status."""

from datetime import date

import pytest

from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import ACCRUED, CASH, FEES, texts

GUID = "{0f8fad5b-d9cb-469f-a165-70867728950e}"


def mod(entry, lines="", *, edit="", rest=""):
    sequence = edit or entry.findtext("EditSequence")
    inside = f"<TxnID>{entry.findtext('TxnID')}</TxnID><EditSequence>{sequence}</EditSequence>{rest}{lines}"
    return f'<JournalEntryModRq requestID="m"><JournalEntryMod>{inside}</JournalEntryMod></JournalEntryModRq>'


def line(line_id, rest=""):
    return f"<JournalLineMod><TxnLineID>{line_id}</TxnLineID>{rest}</JournalLineMod>"


def line_ids(entry):
    return texts(entry, "*/TxnLineID")


def posted(office, txn_id):
    posting = office.company.ledger.find(txn_id)
    return {(leg.account_id, leg.amount) for leg in posting.legs} if posting else set()


def test_an_entry_is_saved_answered_and_in_the_ledger(office):
    entry = office.added(rest=f"<IsAdjustment>true</IsAdjustment><ExternalGUID>{GUID}</ExternalGUID>")
    assert texts(entry, "ExternalGUID") == [GUID]
    assert texts(entry, "IsAdjustment") == ["true"]
    assert texts(entry, "*/Amount") == ["125.00", "125.00"]
    assert posted(office, entry.findtext("TxnID")) == {
        (office.account(FEES), 12_500),
        (office.account(ACCRUED), -12_500),
    }
    found = office.ask("<JournalEntryQueryRq><RefNumberCaseSensitive>P1</RefNumberCaseSensitive></JournalEntryQueryRq>")
    assert texts(found, ".//ExternalGUID") == [GUID]


def test_include_ret_element_cuts_the_answer(office):
    entry = office.added(
        tail="<IncludeRetElement>TxnID</IncludeRetElement><IncludeRetElement>RefNumber</IncludeRetElement>"
    )
    assert [child.tag for child in entry] == ["TxnID", "RefNumber"]


def test_numbers_need_not_be_unique_and_may_be_missing(office):
    office.added()
    assert office.added().findtext("RefNumber") == "P1"
    assert office.added(ref="").find("RefNumber") is None
    office.company.preferences.journal_numbers = True
    assert [office.added(ref="").findtext("RefNumber") for _ in range(2)] == ["1", "2"]


def test_without_a_date_an_entry_is_of_today(office):
    assert office.added(day="").findtext("TxnDate") == "2026-11-20"


def test_a_list_id_wins_over_a_name_and_names_have_no_case(office):
    both = f"<AccountRef><ListID>{office.account(FEES)}</ListID><FullName>Rent</FullName></AccountRef>"
    named = "<AccountRef><FullName>accrued LIABILITIES</FullName></AccountRef>"
    entry = office.added(
        lines=f"<JournalDebitLine>{both}<Amount>1.00</Amount></JournalDebitLine>"
        f"<JournalCreditLine>{named}<Amount>1.00</Amount></JournalCreditLine>"
    )
    assert texts(entry, "*/AccountRef/FullName") == ["Professional Fees", "Accrued Liabilities"]


def test_text_is_kept_in_windows_1252(office):
    memo = "<Memo>caf&#233; &#8220;quoted&#8221; &#8364;5, &#945;&#128640;</Memo>"
    entry = office.added(lines=office.line("Debit", FEES, "1.00", memo) + office.line("Credit", ACCRUED, "1.00"))
    assert texts(entry, "*/Memo") == ["café “quoted” €5, ??"]


REFUSED = {
    "out of balance": ("3180", lambda o: o.line("Debit", FEES, "1.00") + o.line("Credit", ACCRUED, "1.01")),
    "a sign": ("3040", lambda o: o.line("Debit", FEES, "-1.00") + o.line("Credit", ACCRUED, "-1.00")),
    "no account": ("3270", lambda o: o.line("Debit", "", "1.00") + o.line("Credit", ACCRUED, "1.00")),
    "an inactive account": ("3140", lambda o: o.line("Debit", "6800", "1.00") + o.line("Credit", ACCRUED, "1.00")),
    "a non-posting account": ("3180", lambda o: o.line("Debit", "9000", "1.00") + o.line("Credit", ACCRUED, "1.00")),
    "receivable without a customer": (
        "3180",
        lambda o: o.line("Debit", "1100", "1.00") + o.line("Credit", FEES, "1.00"),
    ),
    "payable without a vendor": ("3180", lambda o: o.line("Debit", FEES, "1.00") + o.line("Credit", "2000", "1.00")),
    "an unknown account": (
        "3140",
        lambda o: o.line("Credit", FEES, "1.00").replace(o.account(FEES), "800000FF-1") + o.line("Debit", FEES, "1.00"),
    ),
    "an unknown class": (
        "3140",
        lambda o: (
            o.line("Debit", FEES, "1.00", "<ClassRef><FullName>Moon</FullName></ClassRef>")
            + o.line("Credit", ACCRUED, "1.00")
        ),
    ),
    "a field that this edition has not": (
        "530",
        lambda o: o.line("Debit", FEES, "1.00", "<ItemSalesTaxRef/>") + o.line("Credit", ACCRUED, "1.00"),
    ),
}


@pytest.mark.parametrize(("code", "lines"), REFUSED.values(), ids=REFUSED)
def test_an_entry_that_cannot_be_saved_is_refused_whole(office, code, lines):
    assert office.code(office.journal(lines(office))) == code
    assert not office.company.txns
    assert not office.company.ledger.balance(date(2026, 12, 31))


def test_a_receivable_line_with_its_customer_is_saved_and_two_control_accounts_are_not(office):
    customer, vendor = (next(iter(office.company.lists[kind])) for kind in ("Customer", "Vendor"))
    name = "<EntityRef><ListID>{}</ListID></EntityRef>"
    owed = office.line("Debit", "1100", "5.00", name.format(customer))
    assert office.code(office.journal(owed + office.line("Credit", FEES, "5.00"))) == "0"
    assert office.code(office.journal(owed + office.line("Credit", "2000", "5.00", name.format(vendor)))) == "3180"


def test_the_closing_date_is_closed_too(office):
    office.company.preferences.closing_date = date(2026, 10, 31)
    assert office.code(office.journal(day="2026-10-31")) == "3171"
    entry = office.added(day="2026-11-01")
    assert office.code(mod(entry, rest="<TxnDate>2026-10-30</TxnDate>")) == "3171"


def test_a_class_is_refused_while_class_tracking_is_off(office):
    tagged = office.line("Debit", FEES, "1.00", "<ClassRef><FullName>Sales:East</FullName></ClassRef>")
    lines = tagged + office.line("Credit", ACCRUED, "1.00")
    assert texts(office.added(lines=lines), "*/ClassRef/FullName") == ["Sales:East"]
    office.company.preferences.class_tracking = False
    assert office.code(office.journal(lines)) == "3250"


def test_a_header_memo_is_not_of_this_edition(office):
    assert office.code(office.journal().replace("<JournalDebitLine>", "<Memo>x</Memo><JournalDebitLine>", 1)) == "530"


def test_an_entry_whose_first_line_has_no_amount_breaks_later_queries(office):
    office.added(lines=office.line("Debit", FEES, "") + office.line("Credit", ACCRUED, ""))
    assert office.code("<JournalEntryQueryRq/>") == "1000"


def test_a_mod_keeps_what_it_does_not_say(office):
    entry = office.added()
    first, second = line_ids(entry)
    office.later(minutes=5)
    changed = office.ask(mod(entry, line(first, "<Amount>130.00</Amount>") + line(second, "<Amount>130.00</Amount>")))[
        0
    ]
    assert texts(changed, "*/Amount") == ["130.00", "130.00"]
    assert changed.findtext("RefNumber") == "P1"
    assert changed.findtext("EditSequence") != entry.findtext("EditSequence")
    assert changed.findtext("TimeModified") == "2026-11-20T10:35:00-06:00"
    assert changed.findtext("TimeCreated") == entry.findtext("TimeCreated")


def test_a_mod_within_the_same_second_has_another_edit_sequence(office):
    entry = office.added()
    changed = office.ask(mod(entry, rest="<RefNumber>P9</RefNumber>"))[0]
    assert int(changed.findtext("EditSequence")) > int(entry.findtext("EditSequence"))


def test_lines_left_out_while_others_are_sent_are_deleted_and_minus_one_is_new(office):
    lines = (
        office.line("Debit", FEES, "3.00")
        + office.line("Credit", ACCRUED, "1.00")
        + office.line("Credit", CASH, "2.00")
    )
    entry = office.added(lines=lines)
    ref = f"<AccountRef><ListID>{office.account(CASH)}</ListID></AccountRef>"
    new = line("-1", f"<JournalLineType>Credit</JournalLineType>{ref}<Amount>2.00</Amount>")
    changed = office.ask(mod(entry, "".join(line(one) for one in line_ids(entry)[:2]) + new))[0]
    assert texts(changed, "*/Amount") == ["3.00", "1.00", "2.00"]
    assert line_ids(changed)[2] not in line_ids(entry)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("3200", lambda entry: mod(entry, edit="1")),
        ("3120", lambda entry: mod(entry, line("FF-1"))),
        ("3290", lambda entry: mod(entry, "".join(line(one) for one in reversed(line_ids(entry))))),
        ("3180", lambda entry: mod(entry, line(line_ids(entry)[0]))),
        ("3120", lambda entry: mod(entry).replace(entry.findtext("TxnID"), "FF-1")),
        ("3150", lambda entry: mod(entry, line("-1"))),
    ],
)
def test_a_mod_that_cannot_be_done_changes_nothing(office, code, change):
    entry = office.added()
    before = posted(office, entry.findtext("TxnID"))
    assert office.code(change(entry)) == code
    assert posted(office, entry.findtext("TxnID")) == before
    assert office.company.txns[entry.findtext("TxnID")].edit == int(entry.findtext("EditSequence"))


def test_a_voided_entry_stays_with_nothing_in_it(office):
    entry = office.added()
    office.later(hours=1)
    asked = f"<TxnVoidRq><TxnVoidType>JournalEntry</TxnVoidType><TxnID>{entry.findtext('TxnID')}</TxnID></TxnVoidRq>"
    assert office.ask(asked).findtext("RefNumber") == "P1"
    found = office.ask("<JournalEntryQueryRq><IncludeLineItems>true</IncludeLineItems></JournalEntryQueryRq>")[0]
    assert texts(found, "*/Amount") == ["0.00", "0.00"]
    assert found.findtext("TimeModified") == "2026-11-20T11:30:00-06:00"
    assert not posted(office, entry.findtext("TxnID"))
    assert office.code(asked) == "0", "to void it again changes nothing"
    assert office.code("<TxnDeletedQueryRq><TxnDelType>JournalEntry</TxnDelType></TxnDeletedQueryRq>") == "1"


def test_a_deleted_entry_leaves_a_trace_for_ninety_days(office):
    entry = office.added()
    asked = f"<TxnDelRq><TxnDelType>JournalEntry</TxnDelType><TxnID>{entry.findtext('TxnID')}</TxnID></TxnDelRq>"
    assert office.code(asked) == "0"
    assert office.code(asked) == "3120"
    assert office.code("<JournalEntryQueryRq/>") == "1"
    gone = "<TxnDeletedQueryRq><TxnDelType>{}</TxnDelType></TxnDeletedQueryRq>"
    found = office.ask(gone.format("JournalEntry"))[0]
    assert texts(found, "RefNumber") == ["P1"]
    assert texts(found, "TimeDeleted") == ["2026-11-20T10:30:00-06:00"]
    assert office.code(gone.format("Bill")) == "1", "only named types are listed"
    office.later(days=91)
    assert office.code(gone.format("JournalEntry")) == "1"


@pytest.mark.parametrize("words", ["TxnVoid", "TxnDel"])
def test_what_is_of_another_kind_or_in_a_closed_period_is_neither_voided_nor_deleted(office, words):
    entry = office.added()
    asked = f"<{words}Rq><{words}Type>{{}}</{words}Type><TxnID>{entry.findtext('TxnID')}</TxnID></{words}Rq>"
    assert office.code(asked.format("Bill")) == "3120"
    office.company.preferences.closing_date = date(2026, 11, 15)
    assert office.code(asked.format("JournalEntry")) == "3171"


def test_a_paid_bill_that_is_voided_leaves_its_payment_without_a_bill(office):
    company, owed = office.company, office.account("2000")
    bill, payment = _paid_bill(office)
    office.later(hours=1)
    asked = f"<TxnVoidRq><TxnVoidType>Bill</TxnVoidType><TxnID>{bill.txn_id}</TxnID></TxnVoidRq>"
    assert office.code(asked) == "0"
    assert (payment.applied, payment.modified_at) == ([], office.now)
    assert company.ledger.balance(office.now.date())[owed] == 500, "what was paid stands with the vendor"
    found = office.ask("<BillQueryRq/>")[0]
    assert (found.findtext("AmountDue"), found.findtext("IsPaid"), found.findtext("Memo")) == ("0.00", "true", "VOID: ")


def test_a_payment_that_is_deleted_opens_its_bill_again(office):
    bill, payment = _paid_bill(office)
    office.company.delete(payment)
    assert not office.company.paid(bill.txn_id)
    assert office.ask("<BillQueryRq/>")[0].findtext("OpenAmount") == "5.00"


def test_a_payment_that_was_deposited_cannot_be_deleted(brackenridge):
    deposit = next(
        txn for txn in brackenridge.company.txns.values() if txn.kind == "Deposit" and txn.lines[0].linked_id
    )
    asked = f"<TxnDelRq><TxnDelType>ReceivePayment</TxnDelType><TxnID>{deposit.lines[0].linked_id}</TxnID></TxnDelRq>"
    assert brackenridge.code(asked) == "3160"


def _paid_bill(office):
    company, owed, vendor = office.company, office.account("2000"), next(iter(office.company.lists["Vendor"]))
    line = company.new_line(500, office.now, account_id=office.account("6100"))
    bill = company.enter("Bill", office.now.date(), [line], name_id=vendor, account_id=owed)
    more = {
        "name_id": vendor,
        "account_id": owed,
        "deposit_to": office.account("1010"),
        "applied": [(bill.txn_id, 500)],
    }
    return bill, company.enter("BillPaymentCheck", office.now.date(), [company.new_line(500, office.now)], **more)


def test_an_entry_that_a_person_deleted_can_be_found_as_deleted_alone(office):
    txn = office.company.txns[office.added().findtext("TxnID")]
    office.company.delete(txn)
    since = "<DeletedDateRangeFilter><FromDeletedDate>2026-11-20T00:00:00</FromDeletedDate></DeletedDateRangeFilter>"
    probe, deleted = office.set(
        "<JournalEntryQueryRq><RefNumberCaseSensitive>P1</RefNumberCaseSensitive></JournalEntryQueryRq>"
        f"<TxnDeletedQueryRq><TxnDelType>JournalEntry</TxnDelType>{since}</TxnDeletedQueryRq>"
    )
    assert (probe.get("statusCode"), texts(deleted, ".//TxnID")) == ("500", [txn.txn_id])
