"""What every source must fulfil, whoever wrote it; a sixth one answers here too, by lying in the folder."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from ml_connector_dagster.errors import CredentialRefused, QuotaExhausted, RequestRejected, TemporarilyRefused
from ml_connector_dagster.ledger.document import DocumentLine
from ml_connector_dagster.ledger.ledger_account import LedgerAccount
from ml_connector_dagster.ledger.party import Party, TrackingOption
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.ledger.posting import LedgerLine
from ml_connector_dagster.sources.contract.entity import LEDGER_LINES, EntityKind
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import all_sources
from ml_connector_dagster.staging.frames import record_id_field
from ml_connector_dagster_tests.sources.kits import kit_of
from ml_connector_dagster_tests.sources.staged import StagedInMemory, as_table

OCTOBER = Period(2026, 10)
RECORDS = {LedgerAccount, Party, TrackingOption, DocumentLine, LedgerLine}
CASES = [
    pytest.param(source, entity, id=f"{source.system}-{entity.name}")
    for source in all_sources().values()
    for entity in source.entities
    if not entity.derived_from
]
PAGED = [case for case in CASES if case.values[1].page_size]
KEPT = [case for case in CASES if case.values[0].open_kept]
SOURCES = [pytest.param(source, id=source.system) for source in all_sources().values()]
ASKED = [case for case in SOURCES if case.values[0].later is None]
"""What can go wrong with a request over HTTP does not apply where the machine calls us: nobody is asked, so nobody counts
calls, takes a token or answers with a page for people. What may go wrong there instead, the source's own tests try."""


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_has_accounts_and_ledger_lines(source: Source):
    assert source.entity(LEDGER_LINES).kind is EntityKind.LEDGER
    assert source.entity(LEDGER_LINES).record is LedgerLine
    assert source.entity("ledger_accounts").record is LedgerAccount


@pytest.mark.parametrize("source", SOURCES)
def test_entity_names_are_ours_and_occur_once(source: Source):
    names = [entity.name for entity in source.entities]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"[a-z][a-z_]*", name) for name in names)


@pytest.mark.parametrize("source", SOURCES)
def test_an_entity_is_well_formed(source: Source):
    for entity in source.entities:
        assert entity.record in RECORDS, entity.name
        assert entity.business_key, entity.name
        assert set(entity.business_key) <= set(entity.record._fields), entity.name
        assert entity.description.endswith("."), entity.name
        assert entity.vendor_word, entity.name
        assert bool(entity.endpoint) != bool(entity.derived_from), entity.name


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_derived_comes_from_entities_that_exist(source: Source):
    names = [entity.name for entity in source.entities]
    for entity in source.entities:
        assert set(entity.derived_from) <= set(names[: names.index(entity.name)]), entity.name


@pytest.mark.parametrize("source", SOURCES)
def test_limits_grant_and_formula_are_declared(source: Source):
    assert source.concurrency > 0
    assert all(limit.permits > 0 and limit.scope in {"company", "app"} for limit in source.limits)
    if source.grant:
        assert source.limits
        assert source.grant.token_url.startswith("https://")
        assert source.grant.scopes
    else:
        assert source.later, "who is not asked answers later"
        assert source.later.how_to_connect.endswith(".")
    assert len(source.call_formula) > 20
    assert re.compile(source.company_id_pattern)
    assert "accrual" in source.basis


@pytest.mark.parametrize("source", SOURCES)
def test_a_declaration_loads_without_the_heavy_libraries(source: Source):
    heavy = ("pandas", "pyarrow", "sqlalchemy", "httpx", "msgspec")
    program = (
        f"import sys, ml_connector_dagster.sources.{source.system}.source\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


@pytest.mark.parametrize(("source", "entity"), CASES)
def test_an_empty_vendor_is_read_as_empty_and_not_as_nothing(source, entity):
    reader, http = kit_of(source.system).open({entity.name: []})
    pages = list(reader.read(entity, OCTOBER))
    if entity.kind is EntityKind.LEDGER:
        reader.control(OCTOBER)
    assert pages
    assert sum(page.read for page in pages) == 0
    assert all(page.raw for page in pages)
    assert http.calls == source.expected_calls({entity.name: 0})


@pytest.mark.parametrize(("source", "entity"), CASES)
def test_records_become_rows_with_their_own_business_keys(source, entity):
    kit = kit_of(source.system)
    reader, _ = kit.open({entity.name: kit.records(entity.name, OCTOBER, 5)})
    pages = list(reader.read(entity, OCTOBER))
    rows = [row for page in pages for row in as_table(entity, page).to_pylist()]
    keys = [tuple(row[name] for name in entity.business_key) for row in rows]
    assert sum(page.read for page in pages) == 5
    assert len({row[record_id_field(entity.record)] for row in rows}) == 5
    assert len(keys) == len(set(keys)) >= 5
    assert not [one for page in pages for one in page.refused]


@pytest.mark.parametrize(("source", "entity"), CASES)
def test_the_same_content_read_twice_is_the_same(source, entity):
    kit = kit_of(source.system)
    records = kit.records(entity.name, OCTOBER, 3)
    first, second = (list(kit.open({entity.name: records})[0].read(entity, OCTOBER)) for _ in range(2))
    assert [page.rows for page in first] == [page.rows for page in second]


@pytest.mark.parametrize(("source", "entity"), CASES)
def test_one_unreadable_record_is_refused_alone(source, entity):
    kit = kit_of(source.system)
    records = [*kit.records(entity.name, OCTOBER, 2), kit.unreadable(entity.name, OCTOBER)]
    reader, _ = kit.open({entity.name: records})
    pages = list(reader.read(entity, OCTOBER))
    refused = [one for page in pages for one in page.refused]
    assert [bool(one.record_id and one.reason and one.raw) for one in refused] == [True]
    assert sum(page.read for page in pages) == 3
    place = entity.record._fields.index(record_id_field(entity.record))
    staged = {row[place] for page in pages for row in page.rows}
    assert len(staged) == 2


@pytest.mark.parametrize(("source", "entity"), PAGED)
@pytest.mark.parametrize("count", ["one page", "one page and a record"])
def test_paging_ends_and_costs_what_the_formula_says(source, entity, count):
    number = entity.page_size + (count != "one page")
    kit = kit_of(source.system)
    reader, http = kit.open({entity.name: kit.records(entity.name, OCTOBER, number)})
    pages = list(reader.read(entity, OCTOBER))
    assert sum(page.read for page in pages) == number
    lists = entity.endpoint.count(",")
    assert http.calls <= source.expected_calls({entity.name: number}) + lists


@pytest.mark.parametrize(("source", "entity"), KEPT)
def test_kept_answers_are_read_again_without_a_call(source, entity):
    number = entity.page_size + 3
    kit = kit_of(source.system)
    records = [*kit.records(entity.name, OCTOBER, number), kit.unreadable(entity.name, OCTOBER)]
    reader, http = kit.open({entity.name: records})
    pages = list(reader.read(entity, OCTOBER))
    known, calls = reader.company(), http.calls
    kept = [answer for page in pages for answer in (*page.read_with, page.raw) if answer]
    again = list(source.open_kept(known).read(entity, OCTOBER, kept))
    assert rows_of(entity, again) == rows_of(entity, pages)
    assert sum(page.read for page in again) == number + 1
    assert sum(len(page.refused) for page in again) == 1
    assert http.calls == calls


@pytest.mark.parametrize(("source", "entity"), CASES)
def test_a_refusal_is_never_an_empty_list(source, entity):
    reader, _ = kit_of(source.system).open_refusing("forbidden")
    with pytest.raises((CredentialRefused, RequestRejected)) as refused:
        list(reader.read(entity, OCTOBER))
    assert refused.value.do


@pytest.mark.parametrize("source", ASKED)
def test_a_minute_limit_asks_for_patience_and_a_day_limit_does_not(source: Source):
    entity, kit = source.entity("ledger_accounts"), kit_of(source.system)
    with pytest.raises(TemporarilyRefused) as minute:
        list(kit.open_refusing("minute_quota")[0].read(entity, OCTOBER))
    assert minute.value.retry_after_seconds
    with pytest.raises(QuotaExhausted) as day:
        list(kit.open_refusing("day_quota")[0].read(entity, OCTOBER))
    assert day.value.opens_at > datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize("source", ASKED)
def test_a_credential_that_no_refresh_mends_is_refused_once(source: Source):
    reader, http = kit_of(source.system).open_refusing("unauthorised")
    with pytest.raises(CredentialRefused):
        list(reader.read(source.entity("ledger_accounts"), OCTOBER))
    assert http.calls == 1


@pytest.mark.parametrize("source", ASKED)
def test_a_web_page_in_place_of_records_is_no_empty_list(source: Source):
    reader, _ = kit_of(source.system).open_refusing("web_page")
    with pytest.raises(TemporarilyRefused):
        list(reader.read(source.entity("ledger_accounts"), OCTOBER))


@pytest.mark.parametrize("source", SOURCES)
def test_checks_say_what_to_do_and_never_raise(source: Source):
    findings = list(kit_of(source.system).open_refusing("forbidden")[0].checks())
    assert findings
    assert not any(finding.holds for finding in findings)
    assert all(finding.subject and finding.says for finding in findings)


@pytest.mark.parametrize("source", SOURCES)
def test_every_record_that_posts_sums_to_nought(source: Source):
    kit, staged = kit_of(source.system), StagedInMemory()
    entities = [entity for entity in source.entities if not entity.derived_from]
    filled = {
        entity.name: kit.records(entity.name, OCTOBER, 3) for entity in entities if entity.kind is EntityKind.DOCUMENT
    }
    reader, _ = kit.open(filled)
    staged.pull(reader, source.entities, OCTOBER)
    lines = staged.lines(LEDGER_LINES, OCTOBER)
    sums = lines.group_by("record_id").aggregate([("amount", "sum")])["amount_sum"].to_pylist()
    assert len(sums) > 3
    assert set(sums) == {0}
    assert set(lines["period"].to_pylist()) == {str(OCTOBER)}


@pytest.mark.parametrize("source", SOURCES)
def test_a_closed_reader_gives_its_connections_back(source: Source):
    reader, http = kit_of(source.system).open({})
    reader.close()
    assert http.closed


def rows_of(entity, pages):
    return [row for page in pages for row in as_table(entity, page).to_pylist()]
