"""CustomTxnDetail: the legs of a period one by one, with the columns that were asked for; grouped by account where wanted."""

from collections.abc import Callable, Mapping, Sequence

from lxml import etree

from ml_connector_dagster.sandbox.quickbooks_desktop.answer import Answer, cents
from ml_connector_dagster.sandbox.quickbooks_desktop.company import Company
from ml_connector_dagster.sandbox.quickbooks_desktop.ledger import Leg, Posting
from ml_connector_dagster.sandbox.quickbooks_desktop.lists_wire import CREDIT_TYPES
from ml_connector_dagster.sandbox.quickbooks_desktop.notation import stamp
from ml_connector_dagster.sandbox.quickbooks_desktop.refusals import Refused
from ml_connector_dagster.sandbox.quickbooks_desktop.report_books import Asked
from ml_connector_dagster.sandbox.quickbooks_desktop.report_shape import LABELS, Column, Rows, report, span_words
from ml_connector_dagster.sandbox.quickbooks_desktop.request import text, texts

WORDS = {
    "Invoice": "Invoice",
    "CreditMemo": "Credit Memo",
    "Bill": "Bill",
    "VendorCredit": "Bill Credit",
    "ReceivePayment": "Payment",
    "BillPaymentCheck": "Bill Pmt -Check",
    "Check": "Check",
    "Deposit": "Deposit",
    "JournalEntry": "General Journal",
    "Transfer": "Transfer",
}
"""What the Type column of a report says of a transaction; not what TxnType of a query says."""
_TITLES = {
    "TxnID": ("Trans ID", "IDTYPE"),
    "TxnNumber": ("Trans #", "INTTYPE"),
    "TxnType": ("Type", "STRTYPE"),
    "Date": ("Date", "DATETYPE"),
    "RefNumber": ("Num", "STRTYPE"),
    "Account": ("Account", "STRTYPE"),
    "Class": ("Class", "STRTYPE"),
    "Name": ("Name", "STRTYPE"),
    "SourceName": ("Source Name", "STRTYPE"),
    "Memo": ("Memo", "STRTYPE"),
    "SplitAccount": ("Split", "STRTYPE"),
    "Debit": ("Debit", "AMTTYPE"),
    "Credit": ("Credit", "AMTTYPE"),
    "Amount": ("Amount", "AMTTYPE"),
    "ModifiedTime": ("Entered/Last Modified", "DATETIMETYPE"),
}
_Cell = Callable[[Company, Posting, Leg], str]


def custom_detail(company: Company, request: etree._Element) -> Answer:
    """One CustomTxnDetail; a column that is not known here is 3110. Reports have no pages."""
    asked = Asked.read(company, request)
    names, by = texts(request, "IncludeColumn"), text(request, "SummarizeRowsBy")
    unknown = [name for name in names if name not in _TITLES]
    if unknown or by not in {"Account", "Class", "TotalOnly"}:
        raise Refused(3110, f'The value "{(unknown or [by])[0]}" is not supported.')
    groups: dict[str, list[tuple[Posting, Leg]]] = {}
    for posting, leg in asked.legs(shown_only=True):
        key = {"Account": leg.account_id, "Class": leg.class_id}.get(by, "")
        groups.setdefault(key, []).append((posting, leg))
    rows = Rows()
    for key in sorted(groups, key=lambda key: _label(company, by, key)):
        _group(rows, company, _label(company, by, key), groups[key], names)
    if rows.xml:
        rows.total({1: "TOTAL"} | _sums([pair for pairs in groups.values() for pair in pairs], names))
    columns = [LABELS, *(Column(name, _TITLES[name][1], (_TITLES[name][0],)) for name in names)]
    xml = report("Custom Transaction Detail Report", span_words(asked.first, asked.last), asked.basis, columns, rows)
    return Answer("CustomDetailReportQueryRs", request.get("requestID"), body=xml, rows=len(rows.xml))


def _group(
    rows: Rows, company: Company, label: str, pairs: Sequence[tuple[Posting, Leg]], names: Sequence[str]
) -> None:
    if label:
        rows.text(label)
    for posting, leg in sorted(pairs, key=lambda pair: (pair[0].day, company.txns[pair[0].txn_id].number)):
        spoilt = company.damaged.get(posting.txn_id, {})
        cells = {
            place: spoilt.get(name) or _CELLS[name](company, posting, leg) for place, name in enumerate(names, start=2)
        }
        of = "" if company.preferences.bare_detail_rows else "account"
        rows.data(cells, of, company.full_name(leg.account_id))
    if label:
        rows.subtotal({1: f"Total {label}"} | _sums(pairs, names))


def _label(company: Company, by: str, key: str) -> str:
    if by == "Account":
        return company.account_label(key)
    return (company.full_name(key) or "Unclassified") if by == "Class" else ""


def _sums(pairs: Sequence[tuple[Posting, Leg]], names: Sequence[str]) -> dict[int, str]:
    debit = sum(leg.amount for _, leg in pairs if leg.amount > 0)
    credit = -sum(leg.amount for _, leg in pairs if leg.amount < 0)
    shown = {"Debit": cents(debit), "Credit": cents(credit)}
    return {place: shown[name] for place, name in enumerate(names, start=2) if name in shown}


def _amount(company: Company, _posting: Posting, leg: Leg) -> str:
    """The account's own way up, as the screen shows it: a sale is positive. Debit and Credit are plainer."""
    own = -1 if company.lists["Account"][leg.account_id].account_type in CREDIT_TYPES else 1
    return cents(own * leg.amount)


def _split(company: Company, posting: Posting, leg: Leg) -> str:
    others = [one for one in posting.legs if one is not leg]
    return company.account_label(others[0].account_id) if len(others) == 1 else "-SPLIT-"


def _source(company: Company, posting: Posting, _leg: Leg) -> str:
    return company.full_name(company.txns[posting.txn_id].name_id)


_CELLS: Mapping[str, _Cell] = {
    "TxnID": lambda _company, posting, _leg: posting.txn_id,
    "TxnNumber": lambda company, posting, _leg: str(company.txns[posting.txn_id].number),
    "TxnType": lambda company, posting, _leg: WORDS[company.txns[posting.txn_id].kind],
    "Date": lambda _company, posting, _leg: posting.day.isoformat(),
    "RefNumber": lambda company, posting, _leg: company.txns[posting.txn_id].ref,
    "Account": lambda company, _posting, leg: company.account_label(leg.account_id),
    "Class": lambda company, _posting, leg: company.full_name(leg.class_id),
    "Name": lambda company, _posting, leg: company.full_name(leg.name_id),
    "SourceName": _source,
    "Memo": lambda _company, _posting, leg: leg.memo,
    "SplitAccount": _split,
    "Debit": lambda _company, _posting, leg: cents(leg.amount) if leg.amount > 0 else "",
    "Credit": lambda _company, _posting, leg: cents(-leg.amount) if leg.amount < 0 else "",
    "Amount": _amount,
    "ModifiedTime": lambda company, posting, _leg: stamp(company.txns[posting.txn_id].modified_at),
}
