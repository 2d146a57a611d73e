from decimal import Decimal

import pytest

from ml_connector_dagster.errors import RecordRefused
from ml_connector_dagster.ledger.ledger_account import AccountClass, natural_amount


@pytest.mark.parametrize("account_class", [AccountClass.INCOME, AccountClass.LIABILITY, AccountClass.EQUITY])
def test_what_is_owed_or_earned_reads_positive_when_credited(account_class):
    assert natural_amount(Decimal(-100), account_class) == 100


@pytest.mark.parametrize("account_class", [AccountClass.ASSET, AccountClass.EXPENSE])
def test_what_is_owned_or_spent_reads_positive_when_debited(account_class):
    assert natural_amount(Decimal(100), account_class) == 100


def test_a_contra_account_is_not_flipped_again():
    """Depreciation stands among the assets with a credit balance: it reads negative there, as it should."""
    assert natural_amount(Decimal(-40), "asset") == -40


@pytest.mark.parametrize("account_class", ["", "revenue", "Asset"])
def test_an_unknown_class_has_no_safe_sign(account_class):
    with pytest.raises(RecordRefused, match="cannot be given a sign"):
        natural_amount(Decimal(1), account_class)


def test_income_and_expense_are_profit_and_loss_and_nothing_else_is():
    assert {one for one in AccountClass if one.is_profit_and_loss} == {AccountClass.INCOME, AccountClass.EXPENSE}
