"""What an asset's page shows: the same keys everywhere, sentences a finance user understands, no secret."""

from decimal import Decimal

import dagster as dg
import pytest

from ml_connector_dagster.components import metadata
from ml_connector_dagster.components.failures import as_failure
from ml_connector_dagster.components.reports import check_of_pull, materialization_of_pull
from ml_connector_dagster.errors import ConnectorError, LoadIncomplete
from ml_connector_dagster.flows.pull import PullOutcome
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


def test_a_pipe_in_a_name_does_not_break_a_table() -> None:
    assert "A\\|B" in metadata.markdown_table(("name",), [("A|B",)]).value


def test_bars_are_as_long_as_their_share_of_the_widest() -> None:
    text = metadata.bars({"books": Decimal(100), "Anaplan": Decimal(50), "nothing": Decimal(0)}).value
    lengths = [line.count("█") for line in text.splitlines()[2:]]
    assert lengths == [30, 15, 0]


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
    assert "| INV-7 | The type 'ACCODD' is not known. |" in str(check.metadata[metadata.REFUSED_RECORDS].value)
    shown = materialization_of_pull(outcome, key).metadata or {}
    assert shown[metadata.TOTAL_EXACT] == "0.30"


def test_money_for_people_has_separators_and_two_decimals() -> None:
    assert metadata.money(Decimal("1234567.5")) == "1,234,567.50"
