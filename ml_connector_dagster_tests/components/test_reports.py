"""What an asset's page shows: the same keys everywhere, sentences a finance user understands, no secret."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

import dagster as dg
import pytest

from ml_connector_dagster.components import metadata, pictures
from ml_connector_dagster.components.failures import as_failure
from ml_connector_dagster.components.reports import check_of_pull, check_of_tie_out, materialization_of_pull
from ml_connector_dagster.errors import ConnectorError, LoadIncomplete
from ml_connector_dagster.flows.pull import PullOutcome
from ml_connector_dagster.flows.tie_out import TieOut
from ml_connector_dagster.flows.totals import Figure, side_by_side
from ml_connector_dagster.staging.snapshot import QuarantinedRecord


def test_an_error_becomes_a_failure_that_says_what_to_do_and_is_not_retried() -> None:
    with pytest.raises(dg.Failure) as caught, as_failure():
        raise LoadIncomplete(
            "14 rows were rejected.", "Actuals are incomplete.", "Load the vendors list.", task_id="8F2C"
        )
    assert caught.value.description == "14 rows were rejected. Actuals are incomplete. Load the vendors list."
    assert caught.value.metadata[metadata.WHAT_TO_DO].value == "Load the vendors list."
    assert caught.value.metadata["mlc/task_id"].value == "8F2C"
    assert caught.value.allow_retries is False


def test_an_error_that_is_not_ours_passes_unchanged() -> None:
    with pytest.raises(ZeroDivisionError), as_failure():
        raise ZeroDivisionError


def test_an_error_keeps_its_sentences_and_context_between_processes() -> None:
    import pickle

    error = pickle.loads(pickle.dumps(LoadIncomplete("a.", "b.", "c.", load_id=7)))
    assert isinstance(error, ConnectorError)
    assert str(error) == "a. b. c."
    assert error.context == {"load_id": 7}


def svg_of(picture: dg.MarkdownMetadataValue) -> str:
    found = re.fullmatch(r"!\[[^\]]+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)", picture.value or "")
    assert found
    return base64.b64decode(found[1]).decode()


def test_bars_are_as_long_as_their_share_and_a_name_cannot_break_the_picture() -> None:
    svg = svg_of(pictures.bars("October [1]", {"<Sales> & Co": Decimal(100), "Rent": Decimal(-50), "none": Decimal(0)}))
    lengths = {path.get("stroke"): path.get("d") for path in ET.fromstring(svg).iter() if path.get("d")}
    assert lengths == {pictures.BOOKS_COLOR: "M200 9h300", pictures.RED: "M200 27h150"}
    assert "&lt;Sales&gt; &amp; Co 100" in svg


def test_bars_of_a_long_chart_are_shown_without_a_click() -> None:
    """The UI hides markdown of 1,000 characters and more; what does not fit is one bar of the others."""
    picture = pictures.bars("m", {f"{n} A long account's name": Decimal(n) * 1_000_000 for n in range(1, 90)})
    assert len(picture.value or "") < pictures.SHOWN_AT_ONCE
    assert " others " in svg_of(picture)
    assert svg_of(picture).count("<text") >= 7


def test_a_tie_out_shows_each_account_the_red_one_first_and_its_months_as_a_picture() -> None:
    one = Figure("account 200 Sales", Decimal(100), Decimal(0), Decimal(100), Decimal(100))
    off = Figure("account 400 Rent", Decimal(50), Decimal(2), Decimal(48), Decimal("48.01"))
    result = TieOut(
        "uk", "actuals", "2026-10", datetime(2026, 11, 1, tzinfo=UTC), Decimal(150), Decimal(148), Decimal("148.01"),
        {"revaluation": Decimal(2)}, Decimal("0.01"), (), holds=False, figures=(one, off),
    )  # fmt: skip
    check = check_of_tie_out(result, [replace(result, period="2026-09", holds=True)])
    lines = [record.data for record in check.metadata[metadata.ACCOUNTS].records]
    assert [line["unexplained"] for line in lines] == ["0.01", "0.00", "0.01"]
    assert lines[0]["account or document"] == "400 Rent"
    assert lines[-1]["account or document"] == "Total of 2"
    assert "materialize the module again" in str(check.metadata[metadata.WHAT_TO_DO].value)
    picture = check.metadata[metadata.CHART]
    assert isinstance(picture, dg.MarkdownMetadataValue)
    assert all(text in svg_of(picture) for text in ("2026-09", "2026-10", "≠"))


def test_accounts_that_share_a_member_are_one_line_and_a_member_nobody_sends_is_seen() -> None:
    """The books know accounts, the model members: their figures meet at the member."""
    sent = {
        "a": Figure("account 200 Sales", Decimal(70), Decimal(0), Decimal(70)),
        "b": Figure("account 201 Fees", Decimal(30), Decimal(0), Decimal(30)),
    }
    lines = side_by_side(sent, {"a": "REV", "b": "REV"}.get, {"rev": Decimal(100), "X": Decimal(1), "Y": Decimal(0)})
    assert [(one.subject, one.anaplan, one.unexplained) for one in lines] == [
        ("account 200 Sales, account 201 Fees", Decimal(100), Decimal(0)),
        ("X", Decimal(1), Decimal(1)),
    ]


def test_a_quarantined_record_is_named_with_its_reason() -> None:
    """A count alone would leave a person to search the whole month."""
    refused = (QuarantinedRecord("INV-7", "The type 'ACCODD' is not known."),)
    outcome = PullOutcome(
        entity="invoices", period="2026-10", digest="d", rows=2, records=3, quarantined=1, total=Decimal("0.30"), calls=1,
        expected_calls=1, drift={}, reused=False, stale=False, refused=refused,
    )  # fmt: skip
    key = dg.AssetKey(["uk", "invoices"])
    check = check_of_pull(outcome, key)
    assert not check.passed
    assert check.description == "3 read = 2 staged + 1 quarantined. INV-7: The type 'ACCODD' is not known."
    refused_table = check.metadata[metadata.REFUSED_RECORDS]
    assert isinstance(refused_table, dg.TableMetadataValue)
    assert refused_table.records[0].data == {"record": "INV-7", "why": "The type 'ACCODD' is not known."}
    shown = materialization_of_pull(outcome, key).metadata or {}
    assert shown[metadata.TOTAL_EXACT] == "0.30"


def test_money_for_people_has_separators_and_two_decimals() -> None:
    assert metadata.money(Decimal("1234567.5")) == "1,234,567.50"
