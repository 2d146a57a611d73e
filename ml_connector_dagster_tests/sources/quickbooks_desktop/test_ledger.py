"""The transaction detail of a month, what joins its names, and the reports that control it."""

import re
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import AnswerAwaited, FiguresDiffer, HeldForPerson, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES
from ml_connector_dagster.sources.quickbooks_desktop.journals import DELETED, DOUBT
from ml_connector_dagster.sources.quickbooks_desktop.operations import State
from ml_connector_dagster.sources.quickbooks_desktop.requests import read_request
from ml_connector_dagster.sources.quickbooks_desktop.source import SOURCE
from ml_connector_dagster_tests.sources.quickbooks_desktop import payloads
from ml_connector_dagster_tests.sources.quickbooks_desktop.desk import straight
from ml_connector_dagster_tests.sources.quickbooks_desktop.fake_file import FakeFile
from ml_connector_dagster_tests.sources.quickbooks_desktop.one_journal import operation
from ml_connector_dagster_tests.sources.quickbooks_desktop.payloads import BANK, CHART, RENT, RETAINED, SALES, Posting
from ml_connector_dagster_tests.sources.staged import StagedInMemory

OCTOBER, JANUARY = Period(2026, 10), Period(2026, 1)
LINES = SOURCE.entity(LEDGER_LINES)
TEN = Decimal("10.00")
HOUSE = {
    "classes": [payloads.named("Class", "Sales:East", ListID="K-1"), payloads.named("Class", "Admin", ListID="K-2")],
    "customers": [payloads.named("Customer", "Abbott:Kitchen", ListID="C-1")],
    "vendors": [payloads.named("Vendor", "Acme", ListID="V-1")],
}


def booked(*postings, day=date(2026, 10, 5), kind="Check"):
    return payloads.Booked(payloads.new_id(), day, kind, postings)


def rent(class_name="", name="", **changed):
    return booked(Posting(RENT, TEN, class_name, name), Posting(BANK, -TEN, "", name), **changed)


def company_of(*transactions, posted=(), **held):
    file = FakeFile({**HOUSE, **held, LEDGER_LINES: transactions})
    company, _ = straight(file)
    company.posted = lambda: frozenset(posted)
    return company, file


def lines(company, period=OCTOBER):
    pages = list(company.read(LINES, period))
    assert not [one for page in pages for one in page.refused]
    return [row for page in pages for row in page.rows]


def refused(company):
    return [one for page in company.read(LINES, OCTOBER) for one in page.refused]


@pytest.mark.parametrize("numbered", [False, True], ids=["by name", "by number and name"])
def test_a_line_has_its_account_class_and_name_by_id(numbered):
    company, file = company_of(rent("Sales:East", "Acme"), rent("Admin", "Abbott:Kitchen"))
    file.numbered = numbered
    found = lines(company)
    assert {(row.ledger_account_id, row.amount) for row in found} == {(CHART[RENT][0], TEN), (CHART[BANK][0], -TEN)}
    assert [row.tracking for row in found if row.amount > 0] == ['{"class":"K-1"}', '{"class":"K-2"}']
    assert [(row.vendor_id, row.customer_id) for row in found if row.amount > 0] == [("V-1", ""), ("", "C-1")]
    assert {row.kind for row in found} == {"bank_transaction"}


def test_a_name_that_is_neither_customer_nor_vendor_is_left_blank():
    assert {(row.customer_id, row.vendor_id) for row in lines(company_of(rent("", "Employee Jo"))[0])} == {("", "")}


def test_a_name_that_a_customer_and_a_vendor_bear_is_refused_and_not_guessed():
    both = {word: [payloads.named(kind, "Acme")] for word, kind in (("customers", "Customer"), ("vendors", "Vendor"))}
    company, _ = company_of(rent("", "Acme"), **both)
    (one,) = refused(company)
    assert "a customer and of a vendor" in one.reason


def test_a_figure_that_names_no_transaction_is_refused_and_not_dropped():
    nameless = payloads.Booked("", date(2026, 10, 5), "Paycheck", (Posting(RENT, TEN), Posting(BANK, -TEN)))
    company, file = company_of(rent(), nameless)
    file.answer = _without_summary(file)
    assert ["names no transaction" in one.reason for one in refused(company)] == [True, True]


def test_another_class_or_name_makes_another_version_of_a_transaction():
    shapes = [("Admin", "Acme"), ("Admin", "Acme"), ("Sales:East", "Acme"), ("Admin", "")]
    found = {row.record_id: row.version_hash for row in lines(company_of(*(rent(*one) for one in shapes))[0])}
    first, same, *others = found.values()
    assert first == same
    assert len({first, *others}) == 3


def test_lines_of_one_account_in_one_transaction_are_told_apart():
    twice = booked(Posting(RENT, TEN), Posting(RENT, TEN), Posting(BANK, -2 * TEN))
    found = lines(company_of(twice)[0])
    assert len({(row.record_id, row.line_id) for row in found}) == 3


@pytest.mark.parametrize(
    ("transaction", "why"),
    [
        (booked(Posting(RENT, TEN), Posting(BANK, Decimal("-9.99"))), r"leave 0\.01"),
        (rent("Warehouse"), "The Class 'Warehouse'"),
        (booked(Posting("Petty Cash", TEN), Posting(BANK, -TEN)), "The Account 'Petty Cash'"),
    ],
    ids=["out of balance", "unknown class", "unknown account"],
)
def test_a_transaction_that_cannot_be_trusted_is_refused_whole_and_alone(transaction, why):
    company, file = company_of(rent(), transaction)
    file.answer = _without_summary(file)
    (one,) = refused(company)
    assert one.record_id == transaction.txn_id
    assert re.search(why, one.reason)


def test_a_label_that_fits_two_accounts_is_refused_and_not_guessed():
    accounts = [payloads.account(name) for name in CHART]
    accounts += [payloads.account(f"{parent}:Fees", AccountNumber=None) for parent in (RENT, SALES)]
    company, file = company_of(booked(Posting("Fees", TEN), Posting(BANK, -TEN)), ledger_accounts=accounts)
    file.answer = _without_summary(file)
    (one,) = refused(company)
    assert "Two of QuickBooks' Account list" in one.reason


def test_postings_of_another_month_refuse_the_report():
    company, file = company_of(rent())
    file.transactions = lambda: [rent(day=date(2026, 10, 31)), _dated(rent(), "2026-09-30")]
    with pytest.raises(RequestRejected, match="ignored the dates"):
        lines(company)


def test_balances_are_the_trial_balance_s_and_movements_its_difference():
    company, _ = company_of(rent(day=date(2026, 9, 30)), rent())
    found = {one.ledger_account_id: one for one in company.control(OCTOBER)}
    assert (found[CHART[RENT][0]].movement, found[CHART[RENT][0]].year_to_date) == (TEN, 2 * TEN)
    assert (found[CHART[BANK][0]].movement, found[CHART[BANK][0]].year_to_date) == (-TEN, -2 * TEN)
    assert company.residuals(OCTOBER, StagedInMemory()) == {}


def test_a_fiscal_year_s_first_month_begins_at_nothing_and_rolls_the_result():
    company, _ = company_of(rent(day=date(2025, 12, 5)), rent(day=date(2026, 1, 5)))
    found = {one.ledger_account_id: one.movement for one in company.control(JANUARY)}
    assert found == {CHART[RENT][0]: TEN, CHART[BANK][0]: -TEN, CHART[RETAINED][0]: TEN}
    assert company.residuals(JANUARY, StagedInMemory()) == {"retained_earnings": {CHART[RETAINED][0]: TEN}}


def test_a_trial_balance_that_does_not_add_up_to_its_own_total_is_not_used():
    company, file = company_of(rent())
    whole = file.answer
    file.answer = lambda message: whole(message).replace(
        'colID="2" value="10.00"/></DataRow>', 'colID="2" value="9.00"/></DataRow>'
    )
    with pytest.raises(RequestRejected, match="its own total says otherwise"):
        company.control(OCTOBER)


def test_the_account_by_class_summary_must_say_what_the_lines_say():
    company, file = company_of(rent("Sales:East"), rent("Admin"))
    whole = file.answer
    file.answer = lambda message: _swap(whole(message)) if "CustomSummary" in message else whole(message)
    with pytest.raises(AnswerAwaited, match="once more"):
        lines(company)
    with pytest.raises(FiguresDiffer, match="other classes"):
        lines(company)


def test_how_a_summary_splits_a_bank_account_over_classes_is_its_own_way():
    """The detail puts the check to no class; a summary that shows its bank leg under the rent's class refuses nothing."""
    company, file = company_of(rent("Admin"))
    whole = file.answer
    unclassified = re.compile(rf'(value="{BANK}"/>.*?<ColData colID=)"3"')
    file.answer = lambda message: (
        unclassified.sub(r'\1"2"', whole(message)) if "CustomSummary" in message else whole(message)
    )
    assert 'colID="2" value="-10.00"' in file.answer(_summary_request())
    assert len(lines(company)) == 2


def test_a_class_title_that_no_list_knows_refuses_the_summary():
    company, file = company_of(rent("Admin"))
    whole = file.answer
    file.answer = lambda message: (
        whole(message).replace('value="Admin"', 'value="Mystery"') if "CustomSummary" in message else whole(message)
    )
    with pytest.raises(RequestRejected, match="Mystery"):
        lines(company)


def test_a_difference_of_a_whole_account_is_left_to_the_tie_out():
    company, file = company_of(rent("Admin"))
    whole = file.answer
    file.answer = lambda message: (
        whole(message).replace("10.00", "11.00") if "CustomSummary" in message else whole(message)
    )
    assert len(lines(company)) == 2


def test_protocol_12_a_month_that_moved_while_it_was_read_is_looked_at_again():
    """A bill is entered between the trial balance and the detail: the next look finds both of one moment."""
    company, file = company_of(rent("Admin"))
    _entering(file, times=1)
    with pytest.raises(AnswerAwaited, match="once more"):
        lines(company)
    assert len(lines(company)) == 4
    assert {one.movement for one in company.control(OCTOBER)} == {2 * TEN, -2 * TEN}


def test_a_difference_that_two_looks_meet_alike_is_real_and_left_to_the_tie_out():
    company, file = company_of(rent("Admin"))
    file.plants = {RENT: Decimal("0.01"), BANK: Decimal("-0.01")}
    with pytest.raises(AnswerAwaited, match="once more"):
        lines(company)
    assert len(lines(company)) == 2
    assert {one.movement for one in company.control(OCTOBER)} == {Decimal("10.01"), Decimal("-10.01")}


def test_books_that_move_during_every_look_are_said_and_nothing_is_staged():
    company, file = company_of(rent("Admin"))
    _entering(file, times=9)
    for _ in range(2):
        with pytest.raises(AnswerAwaited):
            lines(company)
    with pytest.raises(TemporarilyRefused, match="3 looks met other balances"):
        lines(company)


def test_every_report_is_asked_for_what_was_posted_on_the_accrual_basis():
    """Orders and estimates stand in a detail report too, unless only what posts is asked for."""
    company, file = company_of(rent())
    assert lines(company)
    reports = [one for one in file.asked if "Report" in one.tag]
    assert {one.tag.removesuffix("ReportQueryRq") for one in reports} == {
        "CustomDetail",
        "CustomSummary",
        "GeneralSummary",
    }
    assert {one.findtext("ReportBasis") for one in reports} == {"Accrual"}
    custom = [one.findtext("ReportPostingStatusFilter") for one in reports if one.tag.startswith("Custom")]
    assert custom == ["Posting", "Posting"]


def test_without_class_tracking_no_class_is_asked_for():
    file = FakeFile({LEDGER_LINES: [rent()]}, classes="false")
    company, _ = straight(file)
    assert len(lines(company)) == 2
    assert not [one for one in file.asked if one.tag.startswith("CustomSummary")]
    (detail,) = [one for one in file.asked if one.tag.startswith("CustomDetail")]
    assert "Class" not in [one.text for one in detail.iterfind("IncludeColumn")]


def test_what_we_posted_from_a_plan_is_no_actual_and_a_class_of_its_own():
    plan, real = rent("Admin", kind="General Journal"), rent("Sales:East")
    company, _ = company_of(plan, real, posted=[plan.txn_id])
    assert {row.record_id for row in lines(company)} == {real.txn_id}
    assert company.residuals(OCTOBER, StagedInMemory()) == {"posted_plan": {CHART[RENT][0]: TEN, CHART[BANK][0]: -TEN}}
    explained = {one.ledger_account_id: one.movement for one in company.control(OCTOBER)}
    assert explained == {CHART[RENT][0]: 2 * TEN, CHART[BANK][0]: -2 * TEN}


def test_what_we_posted_stays_left_out_when_kept_answers_are_read_again():
    plan, real = rent("Admin"), rent("Sales:East")
    company, _ = company_of(plan, real, posted=[plan.txn_id])
    pages = list(company.read(LINES, OCTOBER))
    kept = [one for page in pages for one in (*page.read_with, page.raw)]
    again = list(SOURCE.open_kept(company.company()).read(LINES, OCTOBER, kept))
    assert [page.rows for page in again] == [page.rows for page in pages]


def _entering(file, times):
    """Enter a check each time right before the detail is answered."""
    whole, left = file.answer, [rent("Admin") for _ in range(times)]

    def answer(message):
        if "CustomTxnDetail" in message and left:
            file.others = [*file.others, left.pop()]
        return whole(message)

    file.answer = answer


@pytest.mark.parametrize(
    ("state", "code", "raised"),
    [
        (State.UNKNOWN, "", AnswerAwaited),
        (State.IN_FLIGHT, "", AnswerAwaited),
        (State.CONFLICT, DOUBT, HeldForPerson),
        (State.CONFLICT, DELETED, None),
        (State.PENDING, "3175", None),
    ],
)
def test_a_month_in_which_an_entry_of_ours_may_stand_unknown_is_not_read(state, code, raised):
    """Its lines have no id that could be left out: they would be counted as actuals."""
    company, _ = company_of(rent())
    doubtful = replace(operation(date="2026-10-31"), state=state, error_code=code, writes=1)
    company.queue.operations = lambda *kinds: [doubtful]
    if raised is None:
        assert len(lines(company)) == 2
        return
    with pytest.raises(raised, match="NOV-1"):
        lines(company)
    company.queue.operations = lambda *kinds: [replace(doubtful, payload={**doubtful.payload, "date": "2026-11-01"})]
    assert len(lines(company)) == 2


def test_a_row_s_own_account_counts_and_not_the_heading_above_it():
    """Below a parent's heading stand its children's rows, and after a child's total the parent's own again."""
    company, file = company_of(rent())
    whole = file.answer
    file.answer = lambda message: _headed(whole(message), SALES) if "CustomTxnDetail" in message else whole(message)
    assert {row.ledger_account_id for row in lines(company)} == {CHART[RENT][0], CHART[BANK][0]}


@pytest.mark.parametrize(
    "label", ["Payroll:Wages", "6000 · Payroll:6010 · Wages", "6010 · Wages", "6010 Wages", "Wages"]
)
def test_an_account_is_known_by_every_label_that_a_report_may_give_it(label):
    accounts = [payloads.account(name) for name in CHART]
    accounts += [
        payloads.account("Payroll", AccountNumber="6000", ListID="A-1"),
        payloads.account("Payroll:Wages", AccountNumber="6010", ListID="A-2"),
    ]
    company, file = company_of(booked(Posting(label, TEN), Posting(BANK, -TEN)), ledger_accounts=accounts)
    file.answer = _without_summary(file)
    assert {row.ledger_account_id for row in lines(company)} == {"A-2", CHART[BANK][0]}


def _without_summary(file):
    """A file that answers its class summary with nothing: a refused transaction stands in it, and in no line."""
    whole = file.answer

    def answer(message):
        told = whole(message)
        return (
            told.replace(told[told.index("<ReportData>") : told.index("</ReportData>")], "<ReportData>")
            if "CustomSummary" in message
            else told
        )

    return answer


def _summary_request():
    days = {"from": str(OCTOBER.first_on), "to": str(OCTOBER.last_on)}
    return read_request("class_summary", days, request_id="1", page=None).decode()


def _headed(told, account):
    """Every heading of the report names one account."""
    return re.sub(r"(<TextRow[^>]*?value=)\"[^\"]*\"", rf'\g<1>"{account}"', told)


def _dated(transaction, day):
    """A transaction that the report shows under another day than it was asked for."""

    class Day(date):
        def __str__(self):
            return day

    return payloads.Booked(transaction.txn_id, Day(2026, 10, 5), transaction.kind, transaction.postings)


def _swap(told):
    """Both classes of the summary exchanged... of the account that has both."""
    return (
        told.replace('value="Admin"', 'value="?"')
        .replace('value="Sales:East"', 'value="Unclassified"')
        .replace('value="?"', 'value="Sales:East"')
    )
