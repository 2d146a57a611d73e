"""A file is cut as the import's data source asks: separator, text delimiter, encoding, decimal separator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from ml_connector_dagster.audit.trail import verify
from ml_connector_dagster.errors import LoadIncomplete, RecordRefused, SettingWrong
from ml_connector_dagster.flows.load import load_target
from ml_connector_dagster.flows.replay import replay
from ml_connector_dagster.ledger.money import plain
from ml_connector_dagster.sandbox.server import Running
from ml_connector_dagster.store.engine import Store
from ml_connector_dagster.store.tables.loads import rejected_row
from ml_connector_dagster_tests.flows.office import Office, office

CUTS = {
    "semicolons, UTF-16": {"separator": ";", "encoding": "UTF-16LE", "decimal_separator": ","},
    "tabs, no quotes, Latin-1": {"separator": "\t", "delimiter": "", "encoding": "ISO-8859-1"},
    "single quotes": {"delimiter": "'"},
}
CAFE = "UK-Café d'Or, 'Ċ'"


@contextmanager
def cut(server: Running, store: Store, folder: Path, layout: dict[str, str]) -> Iterator[Office]:
    """An office whose actuals and customers files are cut otherwise, and whose members have letters and marks to trip over."""

    def shape(definition: dict) -> None:
        for file in definition["files"]:
            if file["name"] in ("actuals.csv", "customers.csv"):
                file.update(layout)
        (customers,) = (entry for entry in definition["lists"] if entry["name"] == "Customers")
        customers["items"] = [*customers["items"], {"code": CAFE, "name": "Coffee"}]

    with office(server, store, folder, shape=shape) as opened:
        yield opened


@pytest.mark.parametrize("layout", CUTS.values(), ids=CUTS)
def test_a_file_is_cut_as_the_data_source_asks(
    planning_server: Running, sqlite_store: Store, tmp_path: Path, layout: dict[str, str]
) -> None:
    """Loaded, skipped, replayed and refused in part: every reader of the kept file knows how it is cut."""
    name = CAFE.replace("Ċ", "C") if layout.get("encoding") == "ISO-8859-1" else CAFE
    cells = {("200", "UK-a"): "1200.50", ("260", name): "-0.75"}
    with cut(planning_server, sqlite_store, tmp_path, layout) as desk:
        load_target(desk.connection(), desk.list_plan({name: f'"{name}"'}), run_id="r")
        first = load_target(desk.connection(), desk.plan(cells), run_id="r")
        assert {cell: plain(desk.figure(*cell)) for cell in cells} == cells
        assert load_target(desk.connection(), desk.plan(cells), run_id="r").state == "skipped"
        desk.edit("200", "1.00")
        again = replay(desk.connection(), 3, run_id="r")
        assert again.state == "verified"
        assert {cell: plain(desk.figure(*cell)) for cell in cells} == cells
        assert desk.book.get(again.load_id).file_blob == desk.book.get(first.load_id).file_blob
        with pytest.raises(LoadIncomplete):
            load_target(desk.connection(), desk.plan({**cells, ("999", name): "5.00"}), run_id="r")
        with desk.store.read() as connection:
            (row,) = connection.execute(select(rejected_row.c.row)).scalars()
        assert (row["Account"], row["Customer"]) == ("999", name)
        assert verify(desk.store) == []


@pytest.mark.parametrize(
    ("layout", "words"),
    [
        ({"encoding": "ISO-8859-1"}, "cannot be written with .* in ISO-8859-1"),
        ({"delimiter": ""}, "cannot be written with separator ',', delimiter ''"),
        ({"encoding": "UTF-16"}, "begins with a byte order mark"),
    ],
    ids=["letters", "separator", "mark"],
)
def test_what_the_data_source_cannot_hold_is_refused_before_anything_is_sent(
    planning_server: Running, sqlite_store: Store, tmp_path: Path, layout: dict[str, str], words: str
) -> None:
    with cut(planning_server, sqlite_store, tmp_path, layout) as desk:
        with pytest.raises((RecordRefused, SettingWrong), match=words):
            load_target(desk.connection(), desk.plan({("200", CAFE): "1.00"}), run_id="r")
        assert (desk.rows()[0].state, desk.tasks) == ("refused", [])
