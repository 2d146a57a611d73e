"""Every source against its vendor's sandbox: whatever happens in the books, the lines read next are what the ledger says."""

import logging
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pyarrow as pa
import pytest

from ml_connector_dagster.connections.opening import Connector
from ml_connector_dagster.connections.vault import Owner
from ml_connector_dagster.errors import CredentialRefused, RequestRejected
from ml_connector_dagster.flows.pull import pull
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.sandbox.server import running
from ml_connector_dagster.sandbox.world import World
from ml_connector_dagster.sources.contract.answers import Page
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, Entity, EntityKind
from ml_connector_dagster.sources.registry import all_sources
from ml_connector_dagster.staging.frames import record_id_field
from ml_connector_dagster.staging.snapshots import Staging
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster_tests.sources.in_sandbox import NotApplicable, SandboxedCompany, books_of, sandboxed_company
from ml_connector_dagster_tests.sources.staged import as_table

TODAY = date(2026, 11, 20)
CENT = Decimal("0.01")
CHANGES = ("void", "delete", "edit_without_stamp", "moved_date", "late_document", "foreign_currency")
SYSTEMS = sorted(all_sources())
CASES = [
    (system, change)
    for system in SYSTEMS
    for change, act in books_of(system).changes.items()
    if not isinstance(act, NotApplicable)
]
MERGING = [system for system in SYSTEMS if not isinstance(books_of(system).merge, NotApplicable)]
pytestmark = pytest.mark.xdist_group("in_sandbox")


@pytest.fixture(scope="module")
def worlds():
    """One sandbox a source; the changes pile up in it, each judged by before and after."""
    opened: dict[str, object] = {}
    closing = []
    yield SimpleNamespace(opened=opened, closing=closing, under_way={})
    for close in reversed(closing):
        close()


@pytest.fixture
def company(request: pytest.FixtureRequest, worlds, tmp_path_factory) -> SandboxedCompany:
    system = request.param
    if system not in worlds.opened:
        opening = _company(system, tmp_path_factory.mktemp(system))
        worlds.opened[system] = opening.__enter__()
        worlds.closing.append(lambda: opening.__exit__(None, None, None))
    return worlds.opened[system]


@pytest.fixture
def under_way(company, worlds):
    """Every change of a company's books, set up and read once: what one leaves behind is what the next begins with."""
    system = company.books.system
    if system not in worlds.under_way:
        changes = company.books.changes
        worlds.under_way[system] = {name: changes[name](company.vendor) for of, name in CASES if of == system}
        for change in worlds.under_way[system].values():
            next(change)
        company.read_ledger(*company.books.months)
    return worlds.under_way[system]


@contextmanager
def _company(system, home) -> Iterator[SandboxedCompany]:
    with running(World.new(today=TODAY)) as sandbox, sandboxed_company(sandbox, system, home) as found:
        found.read(*found.books.months)
        yield found


every_source = pytest.mark.parametrize("company", SYSTEMS, indirect=True)
ASKED = [system for system, source in all_sources().items() if source.later is None]
every_source_that_is_asked = pytest.mark.parametrize("company", ASKED, indirect=True)
every_source_with_tokens = pytest.mark.parametrize(
    "company", [system for system, source in all_sources().items() if source.grant], indirect=True
)


@every_source
def test_books_and_lines_agree_to_the_cent(company):
    for period in company.books.months:
        assert company.lines(period)
        assert company.unexplained(period) == {}


@every_source
def test_a_document_is_read_in_the_month_of_its_date(company):
    """By its date alone a document that stands in the model is known as this month's (accounting rules §6)."""
    documents = [one.name for one in company.connection.source.entities if one.record is DocumentLine]
    for period in company.books.months:
        tables = [company.staged.lines(name, period) for name in documents]
        dates = {day for table in tables for day in table["document_date"].to_pylist()}
        assert {Period.of(day) for day in dates} == {period}


@pytest.mark.parametrize(("company", "change"), CASES, indirect=["company"])
def test_after_a_change_the_lines_moved_as_the_ledger_did(company, under_way, change):
    months = company.books.months
    before = {period: (company.lines(period), dict(_ledger(company, period))) for period in months}
    with pytest.raises(StopIteration) as ended:
        next(under_way[change])
    company.read_ledger(*months)
    moved = {period: _less(_ledger(company, period), before[period][1]) for period in months}
    assert {period for period in months if moved[period]} == set(ended.value.value)
    for period in months:
        assert _less(company.lines(period), before[period][0]) == moved[period], period
        assert company.unexplained(period) == {}


@pytest.mark.parametrize("company", MERGING, indirect=True)
def test_a_merged_party_stays_as_an_inactive_member(company):
    entity, loser, survivor = company.books.merge(company.vendor)
    company.read(company.books.months[1])
    table = company.staged.newest(entity)
    key = record_id_field(company.connection.source.entity(entity).record)
    active = dict(zip(table[key].to_pylist(), table["active"].to_pylist(), strict=True))
    assert (active[loser], active[survivor]) == (False, True)
    assert company.unexplained(company.books.months[1]) == {}


@every_source
def test_a_list_that_shrinks_while_it_is_paged_loses_no_other_record(company, monkeypatch):
    """A record leaves after the first call, after the second …: whatever slips over a page's edge is found all the same."""
    period = company.books.months[0]
    entity = company.books.small_pages(monkeypatch, company.connection.source.entity("invoices"))
    with _after_each_call(company, monkeypatch) as calls:
        stood = _ids(entity, company.pages(entity, period))
        made = len(calls)
    assert len(stood) > 20
    assert made > 2
    for place in range(made):
        gone = sorted(stood)[place % len(stood)]
        with _after_each_call(company, monkeypatch) as calls:
            calls.act_after(place + 1, lambda gone=gone: company.books.hide(company.vendor, gone, hidden=True))
            found = _ids(entity, company.pages(entity, period))
        company.books.hide(company.vendor, gone, hidden=False)
        assert stood - {gone} <= found <= stood, place


@every_source
def test_a_spoilt_record_is_set_aside_and_missed_by_the_books(company):
    period = company.books.months[1]
    repair = company.books.spoil(company.vendor, period)
    try:
        company.read_ledger(period)
        assert company.refused(period) == 1
        assert company.unexplained(period)
    finally:
        repair()
    company.read_ledger(period)
    assert company.refused(period) == 0
    assert company.unexplained(period) == {}


@every_source
def test_a_permission_that_is_missing_is_no_empty_answer(company):
    give_back = company.books.forbid(company.vendor)
    try:
        with pytest.raises((CredentialRefused, RequestRejected)) as refused:
            company.read(company.books.months[1])
            company.unexplained(company.books.months[1])
        assert refused.value.do
    finally:
        give_back()


@every_source_that_is_asked
def test_an_answer_of_503_is_asked_again(company):
    period = company.books.months[0]
    company.read_ledger(period)
    before = company.lines(period)
    company.vendor.plant(kind="answer", method="GET", status=503, times=1)
    company.read_ledger(period)
    assert company.lines(period) == before


@every_source
def test_a_month_before_the_books_is_empty_and_not_an_error(company):
    """What stood on order then is left out: it would ask for every bill since."""
    period = Period(2019, 2)
    company.read(period, without=EntityKind.COMMITMENT)
    assert company.lines(period) == {}


@every_source
def test_negative_controls_turn_red_and_name_the_account(company):
    period = company.books.months[1]
    company.read_ledger(period)
    good = company.staged.tables[LEDGER_LINES, period]
    lines = pa.concat_tables(good)
    record = lines["record_id"][0].as_py()
    hit = [one == record for one in lines["record_id"].to_pylist()]
    accounts = {account for account, own in zip(lines["ledger_account_id"].to_pylist(), hit, strict=True) if own}
    amounts = lines["amount"].to_pylist()
    wrongs = {
        "a dropped document": lines.filter(pa.array([not own for own in hit])),
        "a swapped sign": _with(lines, [-one if own else one for one, own in zip(amounts, hit, strict=True)]),
        "a cent": _with(lines, [amounts[0] + CENT, *amounts[1:]]),
    }
    for wrong, table in wrongs.items():
        company.staged.tables[LEDGER_LINES, period] = [table]
        left = company.unexplained(period)
        assert left, wrong
        assert set(left) <= accounts, wrong
    company.staged.tables[LEDGER_LINES, period] = good
    planted = company.books.plant_cent(company.vendor, period)
    assert company.unexplained(period, moved=True)[planted] == CENT


@every_source_with_tokens
def test_many_users_of_an_expired_token_make_one_refresh(company):
    """The whole token protocol under real threads; processes and kills are in ``faults``."""
    environment = company.connection.connector.environment
    company.vendor.advance(365 * 86_400 if not company.connection.source.grant.refresh_life_days else 43_200)
    before = company.vendor.token_requests()

    def ask(_number: int) -> str:
        with Connector(environment) as connector:
            return connector.connection(company.books.demo).reader().company().name

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(ask, range(6)))) == 1
    assert company.vendor.token_requests() == before + 1


@every_source
def test_no_secret_is_written_or_said_by_reads_that_hold_and_reads_that_fail(company, caplog):
    """Everything the vault holds is searched for in files, kept answers, logs and tracebacks."""
    caplog.set_level(logging.DEBUG)
    connection, period = company.connection, company.books.months[0]
    staging = Staging(connection.store, connection.blobs)
    company.read(period)
    for entity in (one for one in connection.source.entities if not one.derived_from):
        pull(connection, entity.name, str(period))
    kept = [
        page
        for entity in connection.source.entities
        if (row := staging.newest_row(connection.name, entity.name))
        for page in staging.raw_pages(row)
    ]
    give_back = company.books.forbid(company.vendor)
    try:
        with pytest.raises((CredentialRefused, RequestRejected)) as failed:
            company.read(period)
            company.unexplained(period)
    finally:
        give_back()
    said = [caplog.text, repr(failed.value.context), *traceback.format_exception(failed.value)]
    files = [path for path in connection.store.home.rglob("*") if path.is_file() and path.name != "vault.key"]
    written = b"".join([*kept, *(path.read_bytes() for path in files)])
    assert kept
    for secret in _secrets(company):
        assert secret.encode() not in written
        assert all(secret not in text for text in said)


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_source_answers_everything_or_says_why_it_cannot_happen(system):
    books = books_of(system)
    assert set(books.changes) == set(CHANGES)
    source = all_sources()[system]
    instead = [getattr(books, name) for name in (() if source.grant else ("tokens",))]
    instead += [getattr(books, name) for name in (() if source.later is None else ("busy",))]
    for answer in (*books.changes.values(), books.merge, *instead):
        assert callable(answer) or (len(answer) > 30 and answer.endswith("."))


def _secrets(company: SandboxedCompany) -> set[str]:
    connector, chosen = company.connection.connector, company.connection.settings.source
    with connector.store.read() as database:
        held = set(connector.vault.all_of(database, Owner(chosen.credential, chosen.system)).values())
    if company.connection.source.grant is None:
        assert not held
        assert company.machine
        return {company.machine.password}
    assert len(held) >= 3  # client secret, access token, refresh token
    return held


class _Calls(list):
    """The questions answered so far, and what happens after one of them."""

    def __init__(self) -> None:
        super().__init__()
        self._acts = {}

    def act_after(self, number: int, act: Callable[[], None]) -> None:
        self._acts[number] = act

    def made(self, url: str) -> None:
        self.append(url)
        self._acts.pop(len(self), lambda: None)()


@contextmanager
def _after_each_call(company: SandboxedCompany, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Calls]:
    """Count answers as they are given: by our client, or where nobody is asked by the sandbox's own machine."""
    asked = company.connection.source.later is None
    where, method = (VendorHttp, "get") if asked else company.books.asks
    calls, answers = _Calls(), getattr(where, method)

    def counted(answering: object, question: str, **given: object) -> object:
        answer = answers(answering, question, **given)
        calls.made(question)
        return answer

    with monkeypatch.context() as patched:
        patched.setattr(where, method, counted)
        yield calls


def _ids(entity: Entity, pages: Iterable[Page]) -> set[str]:
    key = record_id_field(entity.record)
    return {record_id for page in pages for record_id in as_table(entity, page)[key].to_pylist()}


def _ledger(company: SandboxedCompany, period: Period) -> dict[str, Decimal]:
    return dict(company.books.ledger(company.vendor, period))


def _less(after: dict[str, Decimal], before: dict[str, Decimal]) -> dict[str, Decimal]:
    """What moved, by account; what stayed is left out."""
    moved = {account: after.get(account, Decimal(0)) - before.get(account, Decimal(0)) for account in {*after, *before}}
    return {account: amount for account, amount in moved.items() if amount}


def _with(lines: pa.Table, amounts: list[Decimal]) -> pa.Table:
    place = lines.column_names.index("amount")
    return lines.set_column(place, "amount", pa.array(amounts, lines.schema.field(place).type))
