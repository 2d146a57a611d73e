"""What Abacus supplies: one row each."""

from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.entity import Entity, EntityKind

_LINE = ("document_id", "line_id")
ACCOUNTS = Entity(
    "ledger_accounts", EntityKind.REFERENCE, LedgerAccount, ("ledger_account_id",), "beads", "The accounts.", "accounts"
)
CUSTOMERS = Entity("customers", EntityKind.REFERENCE, Party, ("party_id",), "buyers", "Who buys.", "buyers")
INVOICES = Entity("invoices", EntityKind.DOCUMENT, DocumentLine, _LINE, "slips out", "What was sold.", "invoices")
BILLS = Entity("bills", EntityKind.DOCUMENT, DocumentLine, _LINE, "slips in", "What was bought.", "bills")
LINES = Entity(
    "ledger_lines",
    EntityKind.LEDGER,
    LedgerLine,
    ("record_id", "line_id"),
    "the wire",
    "Every posting of the period.",
    derived_from=("ledger_accounts", "invoices", "bills"),
)
ENTITIES = (ACCOUNTS, CUSTOMERS, INVOICES, BILLS, LINES)
