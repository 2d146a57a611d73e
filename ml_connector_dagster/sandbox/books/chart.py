"""The chart of accounts of a professional services firm, and the tax rates of its two countries.

Account ids depend on the tenant alone, never on the seed: a mapping kept in a file stays valid for every generated firm.
"""

import uuid

from ml_connector_dagster.sandbox.books.records import Account, TaxRate

_CHART = """
200|Consulting Fees|REVENUE|REVENUE|sales|
205|Volume Rebates|REVENUE|REVENUE|sales|
210|Managed Services|REVENUE|REVENUE|sales|
215|Training Fees (legacy)|REVENUE|REVENUE|sales|
220|Licence Resale|SALES|REVENUE|sales|
260|Other Revenue|OTHERINCOME|REVENUE|sales|
270|Interest Income|OTHERINCOME|REVENUE||
310|Subcontractors|DIRECTCOSTS|EXPENSE|purchases|
320|Project Travel|DIRECTCOSTS|EXPENSE|purchases|
325|Software for Clients|DIRECTCOSTS|EXPENSE|purchases|
400|Advertising and Marketing|OVERHEADS|EXPENSE|purchases|
404|Bank Fees|OVERHEADS|EXPENSE||
408|Cleaning|OVERHEADS|EXPENSE|purchases|
412|Professional Fees|OVERHEADS|EXPENSE|purchases|
416|Depreciation|DEPRECIATN|EXPENSE||
420|Client Entertainment|OVERHEADS|EXPENSE||
429|General Expenses|OVERHEADS|EXPENSE|purchases|
433|Insurance|OVERHEADS|EXPENSE||
445|Light, Power, Heating|OVERHEADS|EXPENSE|purchases|
462|Hosting (legacy)|OVERHEADS|EXPENSE|purchases|
463|IT Software and Consumables|OVERHEADS|EXPENSE|purchases|
469|Rent|OVERHEADS|EXPENSE|purchases|
473|Repairs and Maintenance|EXPENSE|EXPENSE|purchases|
477|Salaries|OVERHEADS|EXPENSE||
478|Employer Social Insurance|OVERHEADS|EXPENSE||
479|Pension Costs|OVERHEADS|EXPENSE||
489|Telephone and Internet|OVERHEADS|EXPENSE|purchases|
493|Travel, National|OVERHEADS|EXPENSE|purchases|
494|Travel, International|OVERHEADS|EXPENSE||
497|Bank Revaluations|EXPENSE|EXPENSE||BANKCURRENCYGAIN
498|Unrealised Currency Gains|EXPENSE|EXPENSE||UNREALISEDCURRENCYGAIN
499|Realised Currency Gains|EXPENSE|EXPENSE||REALISEDCURRENCYGAIN
500|Corporation Tax|EXPENSE|EXPENSE||
610|Accounts Receivable|CURRENT|ASSET||DEBTORS
620|Prepayments|PREPAYMENT|ASSET||
710|Office Equipment|FIXED|ASSET|purchases|
711|Less Accumulated Depreciation on Office Equipment|FIXED|ASSET||
720|Computer Equipment|FIXED|ASSET|purchases|
721|Less Accumulated Depreciation on Computer Equipment|FIXED|ASSET||
800|Accounts Payable|CURRLIAB|LIABILITY||CREDITORS
801|Unpaid Expense Claims|CURRLIAB|LIABILITY||UNPAIDEXPCLM
805|Accruals|CURRLIAB|LIABILITY||
810|Income in Advance|CURRLIAB|LIABILITY|sales|
814|Wages Payable|CURRLIAB|LIABILITY||WAGEPAYABLES
820|VAT|CURRLIAB|LIABILITY||GST
825|Payroll Taxes Payable|CURRLIAB|LIABILITY||
830|Corporation Tax Payable|CURRLIAB|LIABILITY||
840|Historical Adjustment|CURRLIAB|LIABILITY||HISTORICAL
858|Pensions Payable|CURRLIAB|LIABILITY||
860|Rounding|CURRLIAB|LIABILITY||ROUNDING
877|Tracking Transfers|CURRLIAB|LIABILITY||TRACKINGTRANSFERS
900|Bank Loan|TERMLIAB|LIABILITY||
960|Retained Earnings|EQUITY|EQUITY||RETAINEDEARNINGS
970|Share Capital|EQUITY|EQUITY||
"""
_ARCHIVED = frozenset({"215", "462"})

_TAX_RATES = {
    "GB": (
        TaxRate("OUTPUT2", "20% (VAT on Income)", 2000, "OUTPUT"),
        TaxRate("INPUT2", "20% (VAT on Expenses)", 2000, "INPUT"),
        TaxRate("RRINPUT", "5% (VAT on Expenses)", 500, "INPUT"),
        TaxRate("ZERORATEDOUTPUT", "Zero Rated Income", 0, "OUTPUT"),
        TaxRate("EXEMPTINPUT", "Exempt Expenses", 0, "INPUT"),
        TaxRate("NONE", "No VAT", 0, "NONE"),
    ),
    "IE": (
        TaxRate("TAX002", "23% VAT on Income", 2300, "OUTPUT"),
        TaxRate("TAX003", "23% VAT on Expenses", 2300, "INPUT"),
        TaxRate("TAX004", "13.5% VAT on Expenses", 1350, "INPUT"),
        TaxRate("TAX005", "Zero Rated Income", 0, "OUTPUT"),
        TaxRate("TAX006", "Exempt Expenses", 0, "INPUT"),
        TaxRate("NONE", "No VAT", 0, "NONE"),
    ),
}
_BANKS = {
    "GB": (
        ("090", "Business Current Account", "GBP", "20305512345678"),
        ("", "Reserve Account", "GBP", "20305587654321"),
        ("", "US Dollar Account", "USD", "20305511223344"),
        ("", "Euro Account", "EUR", "20305522334455"),
    ),
    "IE": (
        ("090", "Current Account", "EUR", "93115212345678"),
        ("", "Deposit Account", "EUR", "93115287654321"),
        ("", "Sterling Account", "GBP", "93115211223344"),
        ("", "US Dollar Account", "USD", "93115222334455"),
    ),
}


def stable_id(tenant_id: str, what: str) -> str:
    """An id that depends on the tenant and the thing alone."""
    return str(uuid.uuid5(uuid.UUID(tenant_id), what))


def tax_rates(country: str) -> tuple[TaxRate, ...]:
    """The rates of a country: standard out, standard in, reduced in, zero out, exempt in, none."""
    return _TAX_RATES[country]


def accounts(tenant_id: str, country: str, updated_ms: int) -> list[Account]:
    """The whole chart, bank accounts last; the codes of the reserve and the foreign-currency accounts are blank."""
    found = [_account(tenant_id, row, country, updated_ms) for row in _CHART.strip().splitlines()]
    for code, name, currency, number in _BANKS[country]:
        found.append(
            Account(
                account_id=stable_id(tenant_id, f"bank:{name}"),
                code=code,
                name=name,
                kind="BANK",
                account_class="ASSET",
                currency=currency,
                bank_number=number,
                updated_ms=updated_ms,
            )
        )
    return found


def _account(tenant_id: str, row: str, country: str, updated_ms: int) -> Account:
    code, name, kind, account_class, tax, system = row.split("|")
    rates = _TAX_RATES[country]
    return Account(
        account_id=stable_id(tenant_id, f"account:{code}"),
        code=code,
        name=name,
        kind=kind,
        account_class=account_class,
        tax_type={"sales": rates[0].tax_type, "purchases": rates[1].tax_type, "": "NONE"}[tax],
        system=system,
        status="ARCHIVED" if code in _ARCHIVED else "ACTIVE",
        updated_ms=updated_ms,
    )
