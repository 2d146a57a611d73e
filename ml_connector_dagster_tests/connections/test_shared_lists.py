"""Companies that fill one Anaplan list carry a prefix of their own, or choose members by crosswalks and agree (architecture §3)."""

from __future__ import annotations

import pytest

from ml_connector_dagster.connections.neighbours import refuse_neighbours
from ml_connector_dagster.connections.settings import ConnectionSettings, load_connection
from ml_connector_dagster.connections.shared_lists import clashes
from ml_connector_dagster.errors import SettingWrong

LISTS = (
    {"name": "clients", "from": "customers", "import": "Customers in", "anaplan_list": "Customers"},
    {"name": "regions", "from": "tracking", "import": "Regions in"},
)


@pytest.fixture
def two(written):
    """Two companies of one model: theirs and ours, each with its own mapping; and what else differs in the second."""

    def read(ours: dict, theirs: dict, **changed: object) -> dict[str, ConnectionSettings]:
        settings = load_connection(written())
        company = {"source": settings.source.model_copy(update={"company_id": "the other"})}
        lists = {"lists": LISTS, "modules": ()}
        return {
            "acme": _changed(settings, **lists, mapping=ours),
            "other": _changed(settings, **{**lists, **company, "mapping": theirs, **changed}),
        }

    return read


def _changed(settings: ConnectionSettings, **changed: object) -> ConnectionSettings:
    given = {name: getattr(settings, name) for name in type(settings).model_fields}
    return ConnectionSettings.model_validate({**given, **changed})


BY_FILE = {"customer": {"file": "mapping/customers.csv"}}


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({"customer": {"prefix": "UK-"}}, {"customer": {"prefix": "IE-"}}),
        (BY_FILE, BY_FILE),
        (BY_FILE, {"customer": {"prefix": "IE-"}}),
    ],
    ids=["prefixes", "crosswalks", "crosswalk and prefix"],
)
def test_members_that_can_be_told_apart_may_share_a_list(two, ours, theirs):
    assert clashes("acme", "clients", two(ours, theirs)) == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "why"),
    [
        ({}, {}, "other/clients has the prefix '' too"),
        ({"customer": {"prefix": "UK-"}}, {"customer": {"prefix": "UK-"}}, "other/clients has the prefix 'UK-' too"),
        ({}, BY_FILE, "other/clients and it are mapped by crosswalk and by bare id"),
        (BY_FILE, {}, "other/clients and it are mapped by crosswalk and by bare id"),
        (
            BY_FILE,
            {"customer": {**BY_FILE["customer"], "unmapped": "suspense:?"}},
            "other/clients has other columns, unmapped or blank",
        ),
    ],
    ids=["bare ids", "one prefix", "crosswalk there", "crosswalk here", "other suspense"],
)
def test_members_that_may_be_alike_are_refused(two, ours, theirs, why):
    connections = two(ours, theirs)
    assert clashes("acme", "clients", connections) == (why,)
    with pytest.raises(SettingWrong, match=r"acme/clients shares its Anaplan list, and other/clients"):
        refuse_neighbours("acme", "clients", connections)


def test_a_list_is_shared_by_name_or_by_import(two):
    apart = [{**LISTS[0], "anaplan_list": "Clients", "import": "Clients in"}]
    assert clashes("acme", "clients", two({}, {}, lists=apart)) == ()
    by_import = [{**LISTS[0], "anaplan_list": "Clients"}]
    assert clashes("acme", "clients", two({}, {}, lists=by_import)) != ()


def test_another_model_one_company_twice_and_a_module_share_nothing(two):
    anaplan = two({}, {})["acme"].anaplan
    other_model = {"anaplan": anaplan.model_copy(update={"model": "F" * 32})}
    assert clashes("acme", "clients", two({}, {}, **other_model)) == ()
    same_company = {"source": two({}, {})["acme"].source}
    assert clashes("acme", "clients", two({}, {}, **same_company)) == ()
    assert clashes("acme", "actuals", two({}, {})) == ()


def test_every_named_category_of_a_list_of_all_options_needs_its_prefix(two):
    ours = {"tracking.Region": {"prefix": "UK-"}, "tracking.Practice": {"prefix": "P-"}}
    theirs = {"tracking.Region": {"prefix": "IE-"}, "tracking.Practice": {"prefix": "P-"}}
    assert clashes("acme", "regions", two(ours, theirs)) == ("other/regions has the prefix 'P-' too",)
