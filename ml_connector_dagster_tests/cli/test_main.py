"""The frame: every error is three sentences and an exit code; every table can be JSON."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

import click
import pytest
from click.testing import CliRunner

from ml_connector_dagster import errors
from ml_connector_dagster.cli.main import ConnectorCommands, main
from ml_connector_dagster.cli.output import EXIT_CODES, exit_code, json_option, progress, table

CODES = {
    "SettingWrong": 2,
    "CredentialRefused": 3,
    "RequestRejected": 4,
    "TemporarilyRefused": 4,
    "OutcomeUnknown": 4,
    "AnswerAwaited": 4,
    "QuotaExhausted": 5,
    "LoadIncomplete": 6,
    "RecordRefused": 6,
    "FiguresDiffer": 7,
    "HeldForPerson": 8,
}


def failing(error: Exception) -> click.Group:
    @click.command()
    def fail() -> None:
        raise error

    group = ConnectorCommands("test", commands={"fail": fail})
    group._mounted = True
    return group


@pytest.mark.parametrize("name", CODES)
def test_each_error_class_has_its_exit_code_and_prints_its_sentences(name):
    error = getattr(errors, name)("It happened.", "It means this.", "Do that.")
    ran = CliRunner().invoke(failing(error), ["fail"])
    assert ran.exit_code == CODES[name]
    assert ran.stdout == ""
    assert "It happened." in ran.stderr
    assert "It means this." in ran.stderr
    assert "Do that." in ran.stderr


def test_every_class_of_the_tree_has_a_code_and_a_class_of_ones_own_inherits_it():
    classes = {one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, errors.ConnectorError)}
    assert classes - {errors.ConnectorError} == set(EXIT_CODES)

    class Own(errors.CredentialRefused):
        pass

    assert exit_code(Own("", "", "")) == 3
    assert exit_code(errors.ConnectorError("", "", "")) == 1


def test_what_came_with_an_error_is_printed_too():
    other = errors.SettingWrong("Line 9 too.", "", "")
    ran = CliRunner().invoke(failing(errors.SettingWrong("Line 4.", "", "", others=(other,))), ["fail"])
    assert "Line 4." in ran.stderr
    assert "Line 9 too." in ran.stderr


def test_an_error_nobody_expected_is_1():
    assert CliRunner().invoke(failing(ValueError("bug")), ["fail"]).exit_code == 1


def test_every_command_of_the_contract_is_mounted_and_has_a_sentence_of_help():
    wanted = {"init", "upgrade", "credential", "connect", "disconnect", "vault", "enable", "disable", "check"}
    wanted |= {"discover", "serve", "fields", "kit", "mapping", "preview", "load", "replay", "audit", "sandbox", "demo"}
    context = click.Context(main)
    assert wanted <= set(main.list_commands(context))
    for name in main.list_commands(context):
        command = main.get_command(context, name)
        assert command is not None
        assert command.help, name


def test_a_wrong_use_is_2():
    assert CliRunner().invoke(main, ["nothing-of-the-kind"]).exit_code == 2
    assert CliRunner().invoke(main, ["connect"]).exit_code == 2


@click.command()
@json_option
def shown(as_json: bool) -> None:
    rows = [
        {"name": "a [b]", "amount": Decimal("1234.5"), "holds": True, "at": datetime(2026, 1, 2, tzinfo=UTC)},
        {"name": "c", "amount": Decimal("-0.10"), "holds": False, "at": None, "hidden": 1},
    ]
    table(rows, {"name": "Name", "amount": "Amount", "holds": "Holds", "at": "At"}, as_json, title="Figures")


def test_a_table_shows_people_what_json_shows_programs():
    text = CliRunner().invoke(shown, [], env={"COLUMNS": "120"}).stdout
    assert "a [b]" in text
    assert "1,234.50" in text
    assert "-0.10" in text
    assert "hidden" not in text
    decoded = json.loads(CliRunner().invoke(shown, ["--json"]).stdout)
    assert decoded[0] == {"name": "a [b]", "amount": "1234.5", "holds": True, "at": "2026-01-02T00:00:00+00:00"}
    assert decoded[1]["at"] is None


def test_nested_values_and_dates_become_json_without_floats():
    @click.command()
    def nested() -> None:
        table([{"all": {"on": date(2026, 1, 2), "sums": (Decimal("0.10"),)}, "what": object}], ("all", "what"), True)

    decoded = json.loads(CliRunner().invoke(nested).stdout)
    assert decoded[0]["all"] == {"on": "2026-01-02", "sums": ["0.10"]}
    assert "object" in decoded[0]["what"]


def test_progress_draws_nothing_where_nobody_watches(capsys):
    with progress("reading", total=2) as step:
        step("one")
        step()
    assert capsys.readouterr().err == ""
