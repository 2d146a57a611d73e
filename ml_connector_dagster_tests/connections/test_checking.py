"""``check`` proves what holds, names what does not, and writes in neither system."""

from __future__ import annotations

import pytest

from ml_connector_dagster.connections.checking import check_anaplan, check_connection, check_files
from ml_connector_dagster.connections.opening import Connector


def findings(connector, *edits: tuple[str, str], probe=check_connection) -> dict[str, tuple[bool, str]]:
    """Check the UK company with its file edited."""
    path = connector.paths["calder_uk"]
    text = path.read_text()
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    path.write_text(text)
    with Connector(connector.environment) as fresh:
        connection = fresh.connection("calder_uk")
        connection.settings.source.__dict__["quota_share"] = 1_000.0
        return {one.subject: (one.holds, one.says) for one in probe(connection)}


def test_everything_holds_for_a_connection_that_is_right(connector):
    crosswalk = connector.paths["calder_uk"].parent / "mapping" / "accounts.csv"
    crosswalk.parent.mkdir(exist_ok=True)
    if not crosswalk.exists():
        crosswalk.write_text("source_id,source_code,source_name,member\n")
    found = findings(connector)
    assert [subject for subject, (holds, _) in found.items() if not holds] == []
    assert "import of actuals" in found
    assert "read-back of balances" in found
    assert found["calls of a backfill"][1].startswith("A backfill of 24 months: at least ")


@pytest.mark.parametrize(
    ("old", "new", "subject", "says"),
    [
        ("import: Actuals from Xero", "import: Actuals of Xero", "import of actuals", "Actuals from Xero"),
        ("Account: ledger_account, Customer", "Konto: ledger_account, Customer", "import of actuals", "'Account'"),
        ('"=Actual"', '"=Forecast"', "Version of actuals", "the actual one is Actual"),
        ('"=UK"', '"=FR"', "Entity of actuals", "has no 'FR'"),
        ("start: 2024-01", "start: 2019-01", "calendar for actuals", "2019-01 is outside"),
        ("view: Actuals", "view: Aktuals", "read-back of actuals", "Aktuals"),
        ("line_item: Amount", "line_item: Figure", "read-back of actuals", "'Figure'"),
        ("file: mapping/accounts.csv", "file: mapping/none.csv", "mapping of ledger_account", "mapping suggest"),
    ],
    ids=["import", "column", "version", "entity", "calendar", "view", "line item", "crosswalk"],
)
def test_what_does_not_hold_is_named_with_what_to_do(connector, old, new, subject, says):
    edits = [(old, new)]
    if new.startswith("Konto"):
        edits += [("Region: all}", "Region: all}"), ("Account: all, Customer", "Konto: all, Customer")]
        edits += [("Account: Accounts, Customer", "Konto: Accounts, Customer")]
    probe = check_files if "mapping" in new else check_anaplan
    holds, said = findings(connector, *edits, probe=probe)[subject]
    assert not holds
    assert says in said


def test_members_that_no_list_of_the_connection_brings_must_be_there(connector):
    text = connector.paths["calder_uk"].read_text()
    line = next(one for one in text.splitlines(keepends=True) if "{name: accounts," in one)
    crosswalk = connector.paths["calder_uk"].parent / "mapping" / "accounts.csv"
    crosswalk.write_text("source_id,source_code,source_name,member\nsome-id,1,Some,NO-SUCH\n")
    holds, said = findings(connector, probe=check_anaplan)["members of Account in actuals"]
    assert holds
    assert said == "0 of 1 members are in the model; the list's load brings 1 more."
    holds, said = findings(connector, (line, ""), probe=check_anaplan)["members of Account in actuals"]
    assert not holds
    assert "'NO-SUCH'" in said


def test_a_credential_nobody_entered_does_not_stop_the_other_probes(connector):
    found = findings(connector, ("credential: demo_xero", "credential: nobody"))
    assert found["credential nobody"] == (False, "Nobody entered it; run ml-connector credential set nobody.")
    assert not found["Xero"][0]
    assert found["import of actuals"][0]


def test_an_anaplan_that_refuses_is_one_finding(connector):
    found = findings(connector, ("credential: demo_anaplan", "credential: nobody"))
    assert not found["Anaplan model"][0]
    assert found["organisation"][0]
