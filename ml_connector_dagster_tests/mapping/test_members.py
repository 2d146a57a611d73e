"""Which member a source id becomes."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.member_text import clean, member_name, why_no_code
from ml_connector_dagster.mapping.targets import DimensionMapping
from ml_connector_dagster_tests.mapping.books import anaplan_list, members


def test_without_a_crosswalk_the_member_is_prefix_and_id(tmp_path: Path) -> None:
    chosen = members(tmp_path, customer={"prefix": "UK-"})
    assert chosen.members("customer", ["c1", ""]) == ["UK-c1", "unassigned"]
    assert chosen.member("vendor", "v1") == "v1"


def test_with_a_crosswalk_only_its_ids_have_a_member(tmp_path: Path) -> None:
    chosen = members(tmp_path, crosswalk={"rent": "4000", "open": ""}, ledger_account={"blank": "none"})
    assert chosen.members("ledger_account", ["rent", "open", "other", ""]) == ["4000", None, None, "none"]
    assert chosen.blank("ledger_account") == "none"
    assert chosen.suspense("ledger_account") is None


def test_a_suspense_member_takes_what_is_unmapped(tmp_path: Path) -> None:
    chosen = members(tmp_path, crosswalk={"rent": "4000"}, ledger_account={"unmapped": "suspense:9999"})
    assert chosen.member("ledger_account", "other") == "9999"
    assert chosen.suspense("ledger_account") == "9999"


def test_unmapped_takes_no_other_word() -> None:
    with pytest.raises(ValidationError, match="unmapped"):
        DimensionMapping.model_validate({"unmapped": "ignore"})


@pytest.mark.parametrize("source_id", ["#17", "x" * 61])
def test_an_id_that_makes_no_code_is_refused(tmp_path: Path, source_id: str) -> None:
    with pytest.raises(SettingWrong, match="cannot be a member's code"):
        members(tmp_path).member("customer", source_id)


def test_codes_and_names_have_no_control_characters() -> None:
    assert clean(" Fees\r\n\tother\x00 ") == "Fees other"
    assert why_no_code("") == "it is empty"
    assert why_no_code("a\tb") == "it holds control characters or outer space"
    assert why_no_code("4000") == ""
    assert member_name("4000", "Rent\n") == "4000 Rent"


@pytest.mark.parametrize(
    ("from_", "expected"),
    [
        ("ledger_accounts", ("ledger_accounts", "", "ledger_account")),
        ("customers", ("customers", "", "customer")),
        ("tracking.Region", ("tracking", "Region", "tracking.Region")),
    ],
)
def test_a_list_knows_its_entity_category_and_dimension(from_: str, expected: tuple[str, str, str]) -> None:
    target = anaplan_list(**{"from": from_})
    assert (target.entity, target.category, target.dimension) == expected
