from decimal import Decimal

from ml_connector_dagster.sources.xero.parse_reference import account_row, option_rows, party_row, share_not_recoverable
from ml_connector_dagster_tests.sources.xero import payloads
from ml_connector_dagster_tests.sources.xero.read import one


def test_an_account_is_keyed_by_id_and_keeps_its_part():
    row = account_row(one("Accounts", payloads.account("receivable")))
    assert row.ledger_account_id == payloads.account_id("receivable")
    assert (row.code, row.account_class, row.account_type, row.system_role) == ("610", "asset", "CURRENT", "DEBTORS")


def test_revenue_is_income():
    assert account_row(one("Accounts", payloads.account("sales"))).account_class == "income"


def test_an_archived_account_is_kept_and_inactive():
    assert account_row(one("Accounts", payloads.account("fees", Status="ARCHIVED"))).active is False


def test_a_bank_account_may_have_no_code():
    row = account_row(one("Accounts", payloads.account("dollars")))
    assert (row.code, row.currency) == ("", "USD")


def test_an_unknown_class_is_left_empty_so_that_loads_refuse_it():
    assert account_row(one("Accounts", payloads.account("fees", Class="NOVEL"))).account_class == ""


def test_a_leading_zero_of_a_code_survives():
    assert account_row(one("Accounts", payloads.account("bank"))).code == "090"


def test_a_merged_contact_names_its_survivor_and_is_inactive():
    row = party_row(one("Contacts", payloads.contact(MergedToContactID="survivor")))
    assert (row.merged_into, row.active) == ("survivor", False)


def test_an_archived_or_erased_contact_is_inactive():
    for status in ("ARCHIVED", "GDPRREQUEST"):
        assert party_row(one("Contacts", payloads.contact(ContactStatus=status))).active is False


def test_a_contacts_number_is_its_code():
    assert party_row(one("Contacts", payloads.contact(AccountNumber="C-9", ContactNumber="x"))).code == "C-9"
    assert party_row(one("Contacts", payloads.contact(ContactNumber="x"))).code == "x"
    assert party_row(one("Contacts", payloads.contact())).code == ""


def test_an_archived_option_stays_and_is_inactive():
    north, south = option_rows(one("TrackingCategories", payloads.category()))
    assert (north.option, north.category, north.active) == ("North", "Region", True)
    assert south.active is False


def test_an_option_of_an_archived_category_is_inactive():
    assert not any(row.active for row in option_rows(one("TrackingCategories", payloads.category(Status="ARCHIVED"))))


def test_a_tax_rates_lost_share_follows_its_components():
    def share(*components):
        parts = [
            {"Rate": rate, "IsCompound": compound, "IsNonRecoverable": lost} for rate, compound, lost in components
        ]
        return share_not_recoverable(one("TaxRates", {"TaxType": "T", "TaxComponents": parts}))

    assert share((20, False, False)) == 0
    assert share((20, False, True)) == 1
    assert share((5, False, False), (15, False, True)) == Decimal("0.75")
    assert share((10, False, False), (10, True, True)) == Decimal(11) / Decimal(21)
    assert share() == 0
