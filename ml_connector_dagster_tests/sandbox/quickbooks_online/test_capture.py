"""Change data capture (quickbooks_online.md 5): whole objects, deleted stubs last, a silent cut at 1,000 objects."""

from datetime import timedelta

from ml_connector_dagster.sandbox.quickbooks_online.notation import stamp


def now(caller, **ago):
    return stamp(int((caller.running.world.clock.now() - timedelta(**ago)).timestamp()))


def captured(caller, entities, since):
    """Objects by entity, and the parts as they came."""
    body = caller.get("cdc", entities=entities, changedSince=since)
    parts = body["CDCResponse"][0]["QueryResponse"]
    found = {name: part[name] for part in parts for name in part if name[0].isupper()}
    return found, parts


def unpaid(caller, place):
    return caller.question("documents", first="2026-09-01", last="2026-09-30")["unpaid_bills"][place]


def test_what_changed_comes_whole_and_what_was_deleted_comes_last_as_a_stub(changing):
    bills = changing.question("documents", first="2026-01-01", last="2026-07-31")["unpaid_bills"]
    since = now(changing, seconds=1)
    changing.control("delete", document=bills[0])
    changing.control("move-date", document=bills[1], date="2026-08-02")
    found, parts = captured(changing, "Invoice,Bill,Payment,JournalEntry", since)
    live, stub = found["Bill"][-2:]
    assert (live["Id"], live["TxnDate"], live["SyncToken"]) == (bills[1], "2026-08-02", "1")
    assert live["Line"]
    assert set(stub) == {"domain", "status", "Id", "MetaData"}
    assert (stub["Id"], stub["status"]) == (bills[0], "Deleted")
    assert parts[-1] == {}


def test_an_answer_of_deletes_alone_tells_no_places(changing):
    entry = changing.question("documents", first="2026-03-01", last="2026-03-31")["JournalEntry"][0]
    since = now(changing, seconds=1)
    changing.control("delete", document=entry)
    _, parts = captured(changing, "JournalEntry,Transfer", since)
    assert set(parts[0]) == {"JournalEntry"}


def test_names_are_never_deleted_they_turn_inactive(changing):
    since = now(changing, seconds=1)
    changing.control("deactivate", entity="Vendor", id="28")
    vendor = captured(changing, "Vendor", since)[0]["Vendor"][-1]
    assert (vendor["Id"], vendor["Active"], vendor["DisplayName"]) == ("28", False, "Larkspur Software (deleted)")
    changing.control("deactivate", entity="Vendor", id="28", active=True)


def test_a_thousand_objects_are_the_end_and_deletes_are_lost_first(changing):
    since = now(changing, seconds=1)
    changing.control(
        "delete", document=changing.question("documents", first="2026-02-01", last="2026-02-28")["Purchase"][0]
    )
    changing.control("touch", entity="Purchase", count=600)
    changing.control("touch", entity="Payment", count=600)
    found, _ = captured(changing, "Purchase,Payment", since)
    assert len(found["Purchase"]) + len(found["Payment"]) == 1000
    assert "Deleted" in {entry.get("status") for entry in found["Purchase"]}
    alone, parts = captured(changing, "Payment", since)
    assert len(alone["Payment"]) >= 600
    assert set(parts[0]) == {"Payment", "startPosition", "maxResults", "totalCount"}
    changing.control("touch", entity="Purchase", count=2000)
    cut, _ = captured(changing, "Purchase", since)
    assert len(cut["Purchase"]) < 1000 or "Deleted" not in {entry.get("status") for entry in cut["Purchase"]}


def test_it_looks_back_30_days(changing):
    assert changing.ask("cdc", entities="Bill", changedSince=now(changing, days=29)).status_code == 200
    assert changing.fault("cdc", entities="Bill", changedSince=now(changing, days=31))["code"] == "4001"
    changing.control("settings", cdc_cuts=True)
    assert changing.ask("cdc", entities="Bill", changedSince=now(changing, days=31)).status_code == 200
    changing.control("settings", cdc_cuts=False)


def test_it_refuses_what_it_does_not_track(quickbooks):
    since = now(quickbooks, days=1)
    assert quickbooks.fault("cdc", entities="TaxCode", changedSince=since)["code"] == "4001"
    assert quickbooks.fault("cdc", entities="", changedSince=since)["code"] == "2020"
    assert quickbooks.fault("cdc", entities="Bill", changedSince="yesterday")["code"] == "4001"
