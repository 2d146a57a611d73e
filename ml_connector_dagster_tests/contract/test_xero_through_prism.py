"""Our client and our sandbox, both judged by Xero's own OpenAPI document: Prism stands between them as a validating proxy.

A wrong request is answered 422 by Prism, a wrong answer 500; the client is told so by a classifier that fails the test.
"""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import parse_qs

import httpx
import pytest

from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.faults import Fault
from ml_connector_dagster.sandbox.server import Running, running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.contract.session import CompanySession
from ml_connector_dagster.sources.xero.company import XeroCompany
from ml_connector_dagster.sources.xero.source import CONTEXT_CALLS, READ_SCOPES, SOURCE, discover_companies
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.contract.prism import API, proxying
from ml_connector_dagster_tests.contract.specs import xero_document
from ml_connector_dagster_tests.sources.bearer import Bearer
from ml_connector_dagster_tests.sources.staged import StagedInMemory
from ml_connector_dagster_tests.sources.xero.sandboxed import IRELAND, UK, consent, without_limits

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("contract")]
OCTOBER = Period(2026, 10)
IN_OCTOBER = "Date>=DateTime(2026,10,01) AND Date<DateTime(2026,11,01)"
PROBLEM = "application/problem+json"


@dataclass
class Judged:
    """The sandbox, Prism before it, and a token."""

    sandbox: Running
    proxy: str
    token: str

    def ask(self, path, *, method="GET", body=None, headers=None, **params):
        """One request of a careless caller; headers given as None are left out."""
        wanted = {"Authorization": f"Bearer {self.token}", "xero-tenant-id": UK, "Accept": "application/json"}
        wanted = {name: value for name, value in (wanted | (headers or {})).items() if value is not None}
        address = f"{self.proxy}{API}/{path}"
        return httpx.request(method, address, params=params, json=body, headers=wanted, timeout=120, trust_env=False)

    def answer_instead(self, path, body):
        """Let the sandbox answer this to the next request of a path."""
        planted = Fault(vendor="xero", path=path, status=200, body=json.dumps(body))
        self.sandbox.world.faults.plant(planted)

    @property
    def log(self):
        return self.sandbox.world.log.entries(vendor="xero", path=f"^/xero({API}|/connections)")


@pytest.fixture(scope="session")
def judged(tmp_path_factory):
    with running(World.new(today=date(2026, 11, 20))) as sandbox:
        without_limits(sandbox)
        writing = [*READ_SCOPES, "accounting.manualjournals"]
        with proxying(f"{sandbox.base_url}/xero", tmp_path_factory.mktemp("prism")) as proxy:
            yield Judged(sandbox, proxy, consent(sandbox, writing))


@pytest.fixture
def http(judged):
    found = VendorHttp(
        "Xero", authorize=Bearer(judged.token), retry=RetryPolicy(attempts=1), headers=SOURCE.headers, classify=told
    )
    yield found
    found.close()


@pytest.fixture
def company(judged, http):
    return XeroCompany(CompanySession(http, f"{judged.proxy}{API}", UK, "Europe/London"))


def told(answer):
    """Fail with what Prism found; every other refusal is the source's own to judge."""
    kind = answer.headers.get("content-type", "")
    if kind.startswith(PROBLEM):
        raise AssertionError(f"{answer.url_shown}: {violations(answer.json())}")
    return SOURCE.classify(answer)


def violations(problem):
    return [f"{'.'.join(map(str, one['location']))}: {one['message']}" for one in problem.get("validation", [problem])]


def test_every_entity_of_a_period_is_asked_for_and_answered_by_the_document(judged, company):
    before = len(judged.log)
    staged = StagedInMemory()
    records = staged.pull(company, SOURCE.entities, OCTOBER)
    balances = company.control(OCTOBER)
    residuals = company.residuals(OCTOBER, staged)
    changed = company.changes(datetime(2026, 11, 1, tzinfo=UTC), staged)
    assert balances
    assert residuals
    assert changed.dirty
    assert all(count for name, count in records.items() if name not in {"overpayments", "prepayments"})
    asked = Counter(entry.path.removeprefix(f"/xero{API}/").partition("/")[0] for entry in judged.log[before:])
    endpoints = {name for entity in SOURCE.entities if entity.endpoint for name in entity.endpoint.split(", ")}
    assert set(asked) >= {*endpoints, "Organisation", "TaxRates", "Reports"}
    assert asked.total() >= SOURCE.expected_calls(records) + CONTEXT_CALLS


def test_records_by_id_are_asked_for_and_answered_by_the_document(company):
    staged = StagedInMemory()
    for name in ("invoices", "payments"):
        entity = SOURCE.entity(name)
        staged.pull(company, [entity], OCTOBER)
        ids = list(dict.fromkeys(staged.lines(name, OCTOBER)["document_id"].to_pylist()))[:3]
        assert sum(page.read for page in company.read_ids(entity, ids)) == 3


def test_checks_and_discovery_are_asked_for_and_answered_by_the_documents(judged, company, http):
    assert [finding for finding in company.checks() if not finding.holds] == []
    assert {found.company_id for found in discover_companies(http, f"{judged.proxy}{API}", {})} == {UK, IRELAND}


def test_the_profit_and_loss_is_answered_by_the_document(judged):
    answer = judged.ask("Reports/ProfitAndLoss", fromDate="2026-10-01", toDate="2026-10-31")
    assert answer.status_code == 200, answer.text


LINES = [
    {"AccountCode": "400", "LineAmount": 1, "Description": "Plan"},
    {"AccountCode": "429", "LineAmount": -1, "Description": "Plan"},
]


def test_a_manual_journal_is_written_read_and_voided_by_the_document(judged):
    journal = {"Narration": "Accrual", "Date": "2026-11-18", "Status": "POSTED", "JournalLines": LINES}
    written = judged.ask("ManualJournals", method="POST", body={"ManualJournals": [journal]}, summarizeErrors="true")
    assert written.status_code == 200, written.text
    path = f"ManualJournals/{written.json()['ManualJournals'][0]['ManualJournalID']}"
    assert judged.ask(path).json()["ManualJournals"][0]["Status"] == "POSTED"
    void = {"ManualJournals": [{"Narration": "Accrual", "Status": "VOIDED"}]}
    assert judged.ask(path, method="POST", body=void).json()["ManualJournals"][0]["Status"] == "VOIDED"


def spoil(body, path, value):
    """Set one value deep in an answer."""
    *way, last = path
    for step in way:
        body = body[step]
    body[last] = value


WRONG_ANSWERS = {
    "an id that is no uuid": ("Invoices", ("Invoices", 0, "InvoiceID"), "INV-1"),
    "an unknown status": ("Invoices", ("Invoices", 0, "Status"), "ASLEEP"),
    "an amount in words, on a line": ("Invoices", ("Invoices", 0, "LineItems", 0, "LineAmount"), "ten"),
    "a payment without a uuid, one level down": ("Invoices", ("Invoices", 0, "Payments"), [{"PaymentID": "x"}]),
    "an invoice without a uuid, two levels down": (
        "Invoices",
        ("Invoices", 0, "Payments"),
        [{"Invoice": {"InvoiceID": "x"}}],
    ),
    "a contact's status": ("Contacts", ("Contacts", 0, "ContactStatus"), "GONE"),
    "a payment's invoice": ("Payments", ("Payments", 0, "Invoice", "Type"), "SALE"),
    "a credit note's allocation": ("CreditNotes", ("CreditNotes", 0, "Allocations"), [{"Amount": "ten"}]),
    "an account's type": ("Accounts", ("Accounts", 0, "Type"), "NONSENSE"),
    "a report's row": ("Reports/TrialBalance", ("Reports", 0, "Rows", 0, "RowType"), "Line"),
}


@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
def test_a_wrong_answer_is_caught(judged, wrong):
    """Without the unrolled rings, Prism lets all of these pass but the account's and the report's."""
    path, place, value = WRONG_ANSWERS[wrong]
    query = {"Reports/TrialBalance": {"date": "2026-10-31"}, "Accounts": {}}.get(path, {"page": 1, "pageSize": 5})
    body = judged.ask(path, **query).json()
    spoil(body, place, value)
    judged.answer_instead(f"{API}/{path}", body)
    answer = judged.ask(path, **query)
    assert answer.status_code == 500
    assert f"response.body.{'.'.join(map(str, place[:3]))}" in str(violations(answer.json()))


WRONG_REQUESTS = {
    "no tenant": ({"headers": {"xero-tenant-id": None}}, 422),
    "no token": ({"headers": {"Authorization": None}}, 401),
    "a stamp without a zone": ({"headers": {"If-Modified-Since": "2026-10-01T00:00:00"}}, 422),
    "a page in words": ({"page": "first"}, 422),
    "an id that is no uuid": ({"IDs": "INV-1"}, 422),
    "a summary in words": ({"summaryOnly": "yes"}, 422),
}


@pytest.mark.parametrize("wrong", WRONG_REQUESTS)
def test_a_wrong_request_is_caught_and_never_arrives(judged, wrong):
    request, status = WRONG_REQUESTS[wrong]
    before = len(judged.log)
    assert judged.ask("Invoices", **request).status_code == status
    assert len(judged.log) == before


@pytest.mark.parametrize(
    "spoiled", [{"Narration": None}, {"Status": "DONE"}, {"JournalLines": [{"LineAmount": "ten"}]}], ids=str
)
def test_a_wrong_journal_is_caught_and_never_arrives(judged, spoiled):
    journal = {"Narration": "Accrual", "JournalLines": LINES} | spoiled
    journal = {name: value for name, value in journal.items() if value is not None}
    before = len(judged.log)
    wrong = judged.ask("ManualJournals", method="POST", body={"ManualJournals": [journal]})
    assert wrong.status_code in (400, 422), wrong.text
    assert len(judged.log) == before


def test_nothing_is_asked_that_the_document_does_not_declare(judged, company):
    """Prism does not mind an unknown parameter and Xero ignores it in silence: pages would never end, lines be empty."""
    declared = parameters_of(xero_document("xero_accounting.yaml"))
    mark = judged.sandbox.world.log.last_number()
    staged = StagedInMemory()
    staged.pull(company, SOURCE.entities, OCTOBER)
    company.control(OCTOBER)
    company.changes(datetime(2026, 11, 1, tzinfo=UTC), staged)
    assert list(company.checks())
    asked = judged.sandbox.world.log.entries(path=f"^/xero{API}", after=mark)
    assert len(asked) > 40
    assert strange_parameters(asked, declared) == set()


def test_an_unknown_parameter_would_be_found(judged):
    """Airbyte once asked for page_size: every answer held a hundred rows."""
    declared = parameters_of(xero_document("xero_accounting.yaml"))
    mark = judged.sandbox.world.log.last_number()
    assert judged.ask("Invoices", page=1, page_size=5).status_code == 200
    asked = judged.sandbox.world.log.entries(after=mark)
    assert strange_parameters(asked, declared) == {("/Invoices", "page_size")}


def parameters_of(document):
    """Names of query parameters by path, without the ids at its end."""
    shared, named = document["components"]["parameters"], defaultdict(set)
    for path, item in document["paths"].items():
        for parameter in (
            one for method in ("get", "post", "put") for one in item.get(method, {}).get("parameters", [])
        ):
            resolved = shared[parameter["$ref"].rpartition("/")[2]] if "$ref" in parameter else parameter
            named[path.partition("/{")[0]].add(resolved["name"] if resolved["in"] == "query" else "")
    return named


def strange_parameters(entries, declared):
    found = set()
    for entry in entries:
        path = entry.path.removeprefix(f"/xero{API}")
        known = declared[path] if path in declared else declared[path.rpartition("/")[0]]
        found |= {(path, name) for name in parse_qs(entry.query) if name not in known}
    return found
