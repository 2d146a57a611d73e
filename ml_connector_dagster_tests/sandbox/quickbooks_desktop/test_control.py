"""The control routes: what the conformance suite does to the books, over HTTP as it does it."""

from datetime import date

import httpx
import pytest

from ml_connector_dagster.sandbox.quickbooks_desktop.desktop import Desktop
from ml_connector_dagster.sandbox.quickbooks_desktop.vendor import PLANNING, VENDOR
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster_tests.sandbox.quickbooks_desktop.office import message

OCTOBER = {"first": "2026-10-01", "last": "2026-10-31"}
SEPTEMBER = {"first": "2026-09-01", "last": "2026-09-30"}


class Control:
    def __init__(self, sandbox):
        self.desktop = sandbox.world.part(Desktop)
        self._base = f"{sandbox.base_url}/_control/quickbooks_desktop/"
        self._http = httpx.Client()

    def post(self, act, **body):
        answer = self._http.post(self._base + act, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, question, **query):
        answer = self._http.get(self._base + question, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, act, **body):
        answer = self._http.post(self._base + act, json=body)
        assert answer.status_code == 400
        return answer.json()["error"]

    def moved(self, span, account):
        return self.get("ledger", **span)["movement"].get(self.desktop.company.account(account), "0.00")

    def late(self, **body):
        return self.post("late-document", **{"date": "2026-10-12", "amount": "123.45"} | body)["document"]

    def close(self):
        self._http.close()


@pytest.fixture(scope="module")
def control():
    with running(World.new(today=date(2026, 11, 20))) as sandbox:
        found = Control(sandbox)
        yield found
        found.close()


def test_a_late_document_is_in_the_ledger_at_once_and_void_and_delete_take_it_out(control):
    for act in ("void", "delete"):
        before = control.moved(OCTOBER, "6400")
        document = control.late()
        assert control.moved(OCTOBER, "6400") == f"{float(before) + 123.45:.2f}"
        control.post(act, document=document)
        assert control.moved(OCTOBER, "6400") == before


def test_an_invoice_that_comes_late_has_a_line_of_a_service(control):
    before = control.moved(OCTOBER, "1100")
    assert "one currency" in control.refused("late-document", date="2026-10-12", amount="1", currency="CAD")
    control.late(type="invoice")
    assert float(control.moved(OCTOBER, "1100")) == pytest.approx(float(before) + 123.45)


def test_a_moved_date_moves_both_months(control):
    before = [control.moved(span, "2000") for span in (SEPTEMBER, OCTOBER)]
    document = control.late()
    control.post("move-date", document=document, date="2026-09-21")
    assert [control.moved(SEPTEMBER, "2000") == before[0], control.moved(OCTOBER, "2000") == before[1]] == [False, True]


def test_a_quiet_recode_leaves_the_edit_sequence(control):
    document = control.late()
    before = control.post("edit", document=document, ref="R1")["edit_sequence"]
    assert control.post("recode", document=document, account="6200")["edit_sequence"] == before
    assert control.post("recode", document=document, account="6400", quiet=False)["edit_sequence"] != before


def test_a_planted_cent_is_in_the_balances_alone(control):
    shown = control.get("ledger", **OCTOBER)["movement"]
    account = control.post("plant", date="2026-10-01", account="6600")["account"]
    assert control.get("ledger", **OCTOBER)["movement"] == shown
    whole = control.get("balances", **OCTOBER)["movement"]
    assert float(whole[account]) - float(shown[account]) == pytest.approx(0.01)


def test_parties_merge_and_the_loser_is_gone(control):
    loser, survivor = control.get("parties")["customers"][:2]
    assert control.post("merge", loser=loser, survivor=survivor)["kind"] == "Customer"
    assert loser not in control.get("parties")["customers"]
    assert "cannot be merged" in control.refused("merge", loser=survivor, survivor=control.get("parties")["vendors"][0])


def test_damage_and_hide_are_taken_back(control):
    processor = control.desktop.processor()
    processor.begin_session()
    document = control.late()
    asked = message(f"<BillQueryRq><TxnID>{document}</TxnID></BillQueryRq>")
    whole = processor.process(asked)
    control.post("damage", document=document, fields={"TxnDate": "soon"})
    assert "<TxnDate>soon</TxnDate>" in processor.process(asked)
    control.post("damage", document=document, fields={})
    control.post("hide", document=document)
    assert 'statusCode="500"' in processor.process(asked)
    control.post("hide", document=document, hidden=False)
    assert processor.process(asked) == whole


def test_a_document_can_be_kept_out_of_the_detail_report(control):
    processor = control.desktop.processor()
    processor.begin_session()
    document = control.late()
    asked = message(
        "<CustomDetailReportQueryRq><CustomDetailReportType>CustomTxnDetail</CustomDetailReportType>"
        "<ReportPeriod><FromReportDate>2026-10-12</FromReportDate><ToReportDate>2026-10-12</ToReportDate></ReportPeriod>"
        "<SummarizeRowsBy>TotalOnly</SummarizeRowsBy><IncludeColumn>TxnID</IncludeColumn></CustomDetailReportQueryRq>"
    )
    assert document in processor.process(asked)
    control.post("hide", document=document, feed=True)
    assert document not in processor.process(asked)


def test_a_journal_that_a_person_enters_is_found_by_number_and_guid(control):
    guid = "{0f8fad5b-d9cb-469f-a165-70867728950e}"
    lines = [["6600", "10.00", "Admin"], ["2300", "-10.00"]]
    document = control.post("journal", date="2026-10-30", lines=lines, ref="P77", guid=guid)["document"]
    assert [one["document"] for one in control.get("journals", ref="P77")["journals"]] == [document]
    assert [one["document"] for one in control.get("journals", guid=guid)["journals"]] == [document]
    assert control.get("ledger-lines", document=document)["lines"][0]["amount"] == "10.00"
    assert "not in balance" in control.refused("journal", date="2026-10-30", lines=lines[:1])


def test_settings_and_injections_reach_the_program_and_nonsense_is_refused(control):
    control.post("settings", closing_date="2026-06-30", qbxml_max="12.0", may_report=False, seconds_each=0.5)
    program = control.desktop.program
    assert program.company.preferences.closing_date == date(2026, 6, 30)
    assert program.injections.forbidden == {"Report"}
    control.post("settings", closing_date="", qbxml_max="16.0", may_report=True, seconds_each=0, file_id="{1}")
    assert (program.injections.forbidden, program.company.preferences.closing_date) == (frozenset(), None)
    assert "{1}" in program.company.stamps.values()
    control.post("settings", file_id="")
    assert not program.company.stamps
    assert "no setting" in control.refused("settings", colour="red")
    assert control.post("inject", status=3175, times=3)["planted"] == 1
    assert control.post("inject")["planted"] == 0
    control.post("forget-message-sets")


def test_documents_tell_ids_by_kind_and_bulk_adds_many(control):
    assert control.get("documents", **OCTOBER)["unpaid_bills"]
    span = {"first": "2021-02-01", "last": "2021-02-28"}
    control.post("bulk", **span, count=200)
    assert len(control.get("documents", **span)["Invoice"]) == 200


def test_an_element_can_be_renamed_and_taken_out_of_use(control):
    vendor = control.get("parties")["vendors"][3]
    assert control.post("deactivate", id=vendor, name="Drummond & Daughters")["name"] == "Drummond & Daughters"
    assert vendor not in control.get("parties")["vendors"]
    assert control.desktop.company.full_name(vendor) == "Drummond & Daughters"


def test_the_vendor_has_no_api_and_a_model_of_its_own():
    assert VENDOR.create(World.new()) == []
    assert [model["id"] for model in VENDOR.models()] == [PLANNING.model_id]
