"""What an asset's page shows: the same keys everywhere, sentences a finance user understands, no secret."""

from decimal import Decimal

import dagster as dg
import pytest

from ml_connector_dagster.components import metadata
from ml_connector_dagster.components.failures import as_failure
from ml_connector_dagster.errors import ConnectorError, LoadIncomplete


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


def test_money_for_people_has_separators_and_two_decimals() -> None:
    assert metadata.money(Decimal("1234567.5")) == "1,234,567.50"
