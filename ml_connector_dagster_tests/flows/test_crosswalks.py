from __future__ import annotations

from types import SimpleNamespace

import pytest

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.flows.crosswalks import (
    crosswalk_file,
    exported_rows,
    import_crosswalk,
    list_members,
    suggested_rows,
)
from ml_connector_dagster.flows.reference import dimension_table, tracking_table
from ml_connector_dagster.mapping.crosswalk import CrosswalkRow, read_crosswalk, write_crosswalk
from ml_connector_dagster_tests.flows.little_company import ACTUALS, little


class ListModel:
    """A model that knows two lists."""

    def __init__(self, **lists: dict[str, str]) -> None:
        self.lists = lists

    def listed(self, path, key):
        return [{"id": f"101{name}", "name": name} for name in self.lists]

    def address(self, path):
        return path

    def collect(self, url, key, params=None):
        name = url.split("/")[1].removeprefix("101")
        return [{"code": code, "name": title} for code, title in self.lists[name].items()] + [{"name": "All"}]


@pytest.fixture
def chart(october):
    october.__dict__["_model"] = ListModel(Accounts={"200": "Revenue", "4000": "Advertising"}, Regions={"N": "North"})
    october.map_accounts({"acc-200": "R200"})
    return october


def test_every_record_is_exported_with_the_member_it_has(chart):
    members = {row.source_code: row.member for row in exported_rows(chart, "ledger_account")}
    assert members["200"] == "R200"
    assert members["400"] == ""
    assert len(members) == 7


def test_members_are_suggested_by_code_then_by_name_and_a_person_s_choice_stays(chart):
    rows, reasons = suggested_rows(chart, "ledger_account", own_codes=False)
    members = {row.source_code: row.member for row in rows}
    assert (members["200"], members["400"], members["260"]) == ("R200", "4000", "")
    assert dict(zip(reasons["source_code"], reasons["because"], strict=True))["400"] == "name"


def test_a_first_chart_takes_its_own_codes(chart):
    rows, _ = suggested_rows(chart, "ledger_account", own_codes=True)
    assert {row.source_code: row.member for row in rows}["260"] == "260"


def test_the_list_behind_a_dimension_is_found_by_the_read_back_where_no_list_is_loaded(chart):
    assert list_members(chart, "tracking.Region") == {"N": "North"}
    assert list_members(chart, "vendor") == {}


def test_a_list_that_the_model_does_not_have_suggests_nothing(chart):
    assert list_members(chart, "customer") == {}


def test_a_module_without_read_back_names_no_list(sqlite_store, tmp_path):
    module = {name: value for name, value in ACTUALS.items() if name != "read_back"}
    assert list_members(little(sqlite_store, tmp_path, modules=[module], lists=[]), "customer") == {}


def test_an_import_is_checked_put_in_place_and_counted(chart, tmp_path):
    edited = tmp_path / "edited.csv"
    write_crosswalk(
        edited, [CrosswalkRow("acc-200", "200", "Sales", "R200"), CrosswalkRow("acc-400", "400", "Ads", "")]
    )
    done = import_crosswalk(chart, "ledger_account", edited)
    assert (done.rows, done.changed, done.open_rows) == (2, 1, 1)
    assert len(read_crosswalk(done.file)) == 2
    write_crosswalk(edited, [CrosswalkRow("acc-400", "400", "Ads", "4000")])
    assert import_crosswalk(chart, "ledger_account", edited).changed == 2  # one filled, one taken away


def test_a_broken_import_changes_nothing(chart, tmp_path):
    broken = tmp_path / "broken.csv"
    broken.write_text("source_id,member\n")
    before = read_crosswalk(crosswalk_file(chart, "ledger_account"))
    with pytest.raises(SettingWrong, match=r"broken.csv, line 1"):
        import_crosswalk(chart, "ledger_account", broken)
    assert read_crosswalk(crosswalk_file(chart, "ledger_account")) == before


def test_a_dimension_without_file_says_where_to_name_one(chart):
    with pytest.raises(SettingWrong, match=r"tracking.Region: \{file: mapping/tracking_region.csv\}"):
        crosswalk_file(chart, "tracking.Region")
    with pytest.raises(SettingWrong):
        crosswalk_file(chart, "nothing")


def test_a_first_export_needs_no_file(chart):
    crosswalk_file(chart, "ledger_account").unlink()
    assert len(exported_rows(chart, "ledger_account")) == 7


def test_an_entity_that_was_never_read_is_read_now(sqlite_store, tmp_path):
    fresh = little(sqlite_store, tmp_path)
    assert dimension_table(fresh, "ledger_account").num_rows == 7
    assert fresh.books.log == ["ledger_accounts"]


def test_only_the_options_of_a_category_are_mapped(october):
    assert dimension_table(october, "tracking.Region").num_rows == 1
    assert dimension_table(october, "tracking.Practice").num_rows == 0


def test_a_dimension_that_nobody_knows_is_refused(october):
    with pytest.raises(SettingWrong, match="no dimension"):
        dimension_table(october, "colour")


def test_a_source_without_dimensions_has_no_tracking(october):
    assert tracking_table(october).num_rows == 1
    october.source = SimpleNamespace(entities=())
    assert tracking_table(october) is None
