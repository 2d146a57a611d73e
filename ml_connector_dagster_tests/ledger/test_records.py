"""The records are the words between all packages: their columns, in their order, are part of the stored form."""

from decimal import Decimal
from typing import get_type_hints

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.posting import Company, ControlBalance, LedgerLine


def test_a_record_begins_with_its_stable_id():
    assert [
        record._fields[0] for record in (LedgerAccount, Party, TrackingOption, DocumentLine, ControlBalance, Company)
    ] == [
        "ledger_account_id",
        "party_id",
        "option_id",
        "document_id",
        "ledger_account_id",
        "company_id",
    ]
    assert "record_id" in LedgerLine._fields


def test_what_comes_from_a_vendor_carries_its_version():
    assert all(
        "version_hash" in record._fields for record in (LedgerAccount, Party, TrackingOption, DocumentLine, LedgerLine)
    )


def test_money_is_decimal_everywhere():
    hints = get_type_hints(LedgerLine) | get_type_hints(DocumentLine) | get_type_hints(ControlBalance)
    figures = ("amount", "document_amount", "rate", "total", "amount_due", "net_amount", "tax_amount", "bank_amount")
    assert {hints[name] for name in (*figures, "movement", "year_to_date")} == {Decimal}


def test_only_the_bank_amount_may_be_left_out_of_a_document():
    assert set(DocumentLine._field_defaults) == {"bank_amount"}
