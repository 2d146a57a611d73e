"""What changed in the books is right in Anaplan after the period's next load, and what is wrong anywhere is said.

Everything is judged by the sandbox alone: its own ledger says what was posted, its own model what a cell holds.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ml_connector_dagster.audit.explain import Explanation
from ml_connector_dagster.flows.slices import CurrentSnapshots
from ml_connector_dagster_tests.end_to_end.close_at_hand import ENTITY, Company

pytestmark = pytest.mark.xdist_group("truth_after_change")
SEP, OCT = "2026-09", "2026-10"
CENT = Decimal("0.01")


# ── changes ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def invoice(loaded: Company) -> str:
    """An invoice of October that nobody paid yet, so that Xero lets it be changed."""
    return unpaid(loaded, OCT)[0]


def test_a_voided_invoice_leaves_anaplan_with_the_next_load(loaded, invoice):
    before = figures_of(loaded, invoice)
    share = own_share(loaded, before, invoice)
    loaded.happens("void", document=invoice)
    assert next_load(loaded) == {("actuals", OCT), ("balances", OCT), ("invoice_register", OCT)}
    assert any(share.values())
    assert_moved(loaded, OCT, before, {cell: -amount for cell, amount in share.items()})


def test_an_edited_line_is_right_after_the_next_load(loaded, invoice):
    before = figures_of(loaded, invoice)
    share = own_share(loaded, before, invoice)
    loaded.happens("edit-line", document=invoice, line=0, amount="4321.09")
    next_load(loaded)
    now = own_share(loaded, before, invoice)
    assert now != share
    assert_moved(loaded, OCT, before, {cell: now[cell] - share[cell] for cell in before})


def test_a_moved_date_leaves_one_month_and_enters_the_other(loaded, invoice):
    before = figures_of(loaded, invoice)
    share = own_share(loaded, before, invoice)
    earlier = {cell: loaded.figure(SEP, *cell) for cell in before}
    loaded.happens("move-date", document=invoice, date="2026-09-21")
    assert next_load(loaded, SEP, OCT) >= {("actuals", SEP), ("actuals", OCT)}
    assert_moved(loaded, OCT, before, {cell: -amount for cell, amount in share.items()})
    assert_moved(loaded, SEP, earlier, share)
    assert {cell[0]: amount for cell, amount in share.items()} == posted(loaded, invoice)
    assert loaded.tie_out(SEP).holds


def test_a_recode_without_a_new_stamp_moves_the_figure_to_the_other_account(loaded, invoice):
    """No change feed shows it: the re-read of the open period and the content's hash do."""
    before, was = accounts_of(loaded), posted(loaded, invoice)
    new = next(
        code
        for code in ("200", "220", "230", "240", "250", "260")
        if code not in was and code in loaded.members.values()
    )
    stamp = loaded.happens("edit-line", document=invoice, line=0, description="as it was")["updated_ms"]
    assert loaded.happens("recode", document=invoice, line=0, account=new)["updated_ms"] == stamp
    now = posted(loaded, invoice)
    assert now[new] > 0
    next_load(loaded)
    after = accounts_of(loaded)
    for account in after:
        assert after[account] - before.get(account, 0) == now.get(account, 0) - was.get(account, 0), account
    assert loaded.tie_out(OCT).holds


def test_a_vanished_cell_is_zeroed_by_a_row_of_its_own(loaded):
    """A cell that only one document fills: once that is void, the file still names the cell, with 0."""
    document, cell = next(
        (document, cell)
        for document in unpaid(loaded, OCT)
        for cell, lines in lines_by_cell(loaded).items()
        if {line.record_id for line in lines} == {document}
    )
    assert loaded.figure(OCT, *cell)
    loaded.happens("void", document=document)
    next_load(loaded)
    assert loaded.figure(OCT, *cell) == 0
    assert loaded.cells(OCT)[cell] == 0
    assert loaded.tie_out(OCT).holds


def test_an_unchanged_reading_makes_nothing_due(loaded):
    loaded.read(OCT)
    assert loaded.due() == []


def test_a_hundred_cells_are_the_sum_of_lines_that_the_books_hold(loaded):
    """Every source line that the audit lists is asked for again in the sandbox's own ledger."""
    cells = [(period, cell) for period in (SEP, OCT) for cell in loaded.explained(period)]
    chosen = random.Random(20261120).sample(cells, min(100, len(cells)))
    ledger = Ledger(loaded)
    for period, cell in chosen:
        assert cell.holds, cell
        assert ledger.amount(cell, period) == cell.amount == loaded.figure(period, *member_of(cell)), cell
    assert len(chosen) == 100


# ── negative controls ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_cent_planted_in_the_books_is_named_with_account_and_month(loaded):
    loaded.happens("plant", account="429", date="2026-10-15", amount="0.01")
    red = loaded.tie_out(OCT)
    assert (red.holds, red.unexplained) == (False, CENT)
    assert red.says.startswith("2026-10: 0.01 is unexplained.")
    assert "429" in red.differences[0].subject
    assert loaded.tie_out(SEP).holds
    loaded.happens("plant", account="429", date="2026-10-15", amount="-0.01")
    assert loaded.tie_out(OCT).holds


def test_a_cent_planted_in_the_staged_file_is_named(loaded, staged):
    staged.change(lambda amounts: [amounts[0] + CENT, *amounts[1:]])
    red = loaded.tie_out(OCT)
    assert not red.holds
    assert red.says.startswith("2026-10: ")
    assert staged.code in red.says


def test_a_swapped_sign_in_the_staged_file_is_named(loaded, staged):
    staged.change(lambda amounts: [-amount for amount in amounts])
    red = loaded.tie_out(OCT)
    assert not red.holds
    assert any(staged.code in one.subject for one in red.differences)


def test_a_cent_planted_in_a_model_cell_is_named(loaded):
    cell, amount = next((cell, amount) for cell, amount in loaded.cells(OCT).items() if amount)
    edit(loaded, cell, amount + CENT)
    red = loaded.tie_out(OCT)
    assert (red.holds, red.unexplained) == (False, CENT)
    assert f"Account {cell[0]}" in red.differences[0].subject
    edit(loaded, cell, amount)
    assert loaded.tie_out(OCT).holds


def test_a_document_that_the_lists_leave_out_is_named(loaded):
    document = unpaid(loaded, OCT)[0]
    accounts = {account for account, _, _ in figures_of(loaded, document)}
    loaded.happens("hide", document=document)
    loaded.read(OCT)
    red = loaded.tie_out(OCT)
    assert not red.holds
    assert any(account in one.subject for account in accounts for one in red.differences)
    loaded.happens("hide", document=document, hidden=False)
    next_load(loaded)
    assert loaded.tie_out(OCT).holds


def test_a_document_in_the_wrong_month_is_named_in_both(loaded):
    """The books moved it and we did not read again: each month says so."""
    document = unpaid(loaded, OCT)[0]
    loaded.happens("move-date", document=document, date="2026-09-29")
    assert not loaded.tie_out(OCT).holds
    assert not loaded.tie_out(SEP).holds
    next_load(loaded, SEP, OCT)
    assert loaded.tie_out(OCT).holds
    assert loaded.tie_out(SEP).holds


# ── what the tests know of the company ────────────────────────────────────────────────────────────────────────────────
def next_load(company: Company, *periods: str) -> set[tuple[str, str]]:
    """Re-read the open periods and load what became due; answers the modules that were loaded."""
    company.read(*(periods or (OCT,)))
    return {one for one in company.load_due() if one[1]} - {("customers", OCT), ("accounts", OCT), ("regions", OCT)}


def unpaid(company: Company, period: str) -> list[str]:
    """Answer the sales invoices of a period whose every line may still be changed, by what their customer owes."""
    rows = CurrentSnapshots.of(company.connection).at("invoices", period)
    assert rows is not None
    table = pq.read_table(company.connection.blobs.local_path(rows.blob))
    paid = settled(company)
    posting = {row["document_id"] for row in table.to_pylist() if row["posts"]}
    return sorted(posting - paid)


def settled(company: Company) -> set[str]:
    """Answer the documents that a payment or an allocation touches, as the sandbox holds them."""
    from ml_connector_dagster.sandbox.xero.cloud import XeroCloud
    from ml_connector_dagster.sandbox.xero.finding import tenant_named

    tenant = tenant_named(company.sandbox.world.part(XeroCloud), {"tenant": "ie"})
    return {one.doc_id for one in tenant.company.documents.values() if one.paid or one.credited}


def lines_by_cell(company: Company) -> dict[tuple[str, str, str], tuple]:
    return {member_of(cell): cell.lines for cell in company.explained(OCT)}


def member_of(cell: Explanation) -> tuple[str, str, str]:
    return cell.cell["Account"], cell.cell["Customer"], cell.cell["Region"]


def figures_of(company: Company, document: str) -> dict[tuple[str, str, str], Decimal]:
    """Answer every cell that a document fills, as the model holds it now."""
    cells = [cell for cell, lines in lines_by_cell(company).items() if document in {line.record_id for line in lines}]
    return {cell: company.figure(OCT, *cell) for cell in cells}


def own_share(company: Company, cells, document: str) -> dict[tuple[str, str, str], Decimal]:
    """Answer what of these cells is the document's, from its lines as last loaded."""
    found = lines_by_cell(company)
    return {
        cell: sum((line.amount for line in found.get(cell, ()) if line.record_id == document), Decimal(0))
        for cell in cells
    }


def posted(company: Company, document: str) -> dict[str, Decimal]:
    """Answer what the sandbox's ledger holds of a sales document, income positive, by account."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.asks("ledger-lines", document=document)["lines"]:
        if line["code"].startswith("2"):
            totals[line["code"]] -= Decimal(line["amount"])
    return dict(totals)


def accounts_of(company: Company) -> dict[str, Decimal]:
    """Answer October's figure of each account, as the model holds it, over every cell that was ever loaded."""
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for cell in company.cells(OCT):
        totals[cell[0]] += company.figure(OCT, *cell)
    return totals


def assert_moved(company: Company, period: str, before, by) -> None:
    """The model's cells moved by exactly that, and the period ties out."""
    assert {cell: company.figure(period, *cell) - amount for cell, amount in before.items()} == by
    assert company.tie_out(period).holds


def edit(company: Company, cell: tuple[str, str, str], value: Decimal) -> None:
    """A planner writes over a cell."""
    account, customer, region = cell
    at = {"Entities": ENTITY[company.connection.name], "Versions": "Actual", "Time": "Oct 26"}
    at |= {"Accounts": account, "Customers": customer, "Regions": region}
    company.model.plant("Actuals", "Amount", at, str(value))


class Ledger:
    """The sandbox's own ledger, asked again for every document that the audit lists."""

    def __init__(self, company: Company) -> None:
        self._company = company
        self._members = company.members
        rows = pq.read_table(company.connection.blobs.local_path(self._newest("tracking")))
        self._regions = {row["option_id"] for row in rows.to_pylist() if row["category"] == "Region"}
        self._asked: dict[str, list] = {}

    def amount(self, cell: Explanation, period: str) -> Decimal:
        """What the ledger holds of the listed documents for the cell's account and region, income positive."""
        found = Decimal(0)
        for document in {line.record_id for line in cell.lines}:
            lines = [line for line in self._lines(document) if self._belongs(line, cell, period)]
            assert lines, (document, cell.cell)
            listed = {line.line_id for line in cell.lines if line.record_id == document}
            assert {line["line"] for line in lines} <= listed | {""}, (document, listed)
            found += sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        return -found if cell.cell["Account"].startswith("2") else found

    def _belongs(self, line: dict, cell: Explanation, period: str) -> bool:
        regions = {f"IE-{option}" for option in line["tracking"] if option in self._regions} or {"unassigned"}
        account = self._members.get(line["account"])
        return line["date"].startswith(period) and account == cell.cell["Account"] and cell.cell["Region"] in regions

    def _lines(self, document: str) -> list:
        if document not in self._asked:
            self._asked[document] = self._company.asks("ledger-lines", document=document)["lines"]
        return self._asked[document]

    def _newest(self, entity: str) -> str:
        newest = CurrentSnapshots.of(self._company.connection).newest(entity)
        assert newest is not None
        return newest.blob


class Staged:
    """The staged ledger lines of October as a file that somebody tampers with."""

    def __init__(self, company: Company) -> None:
        fact = CurrentSnapshots.of(company.connection).at("ledger_lines", OCT)
        assert fact is not None
        self._path = company.connection.blobs.local_path(fact.blob)
        self._bytes = self._path.read_bytes()
        self.account, self.code = next(
            (account, member) for account, member in company.members.items() if member == "200"
        )

    def change(self, change) -> None:
        table = pq.read_table(self._path)
        rows = table.to_pylist()
        chosen = [row for row in rows if row["ledger_account_id"] == self.account]
        for row, amount in zip(chosen, change([row["amount"] for row in chosen]), strict=True):
            row["amount"] = amount
        self._path.chmod(0o644)
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), self._path)

    def restore(self) -> None:
        self._path.write_bytes(self._bytes)


@pytest.fixture
def staged(loaded: Company) -> Iterator[Staged]:
    """October's staged lines; what was tampered with is put back."""
    tampered = Staged(loaded)
    yield tampered
    tampered.restore()
