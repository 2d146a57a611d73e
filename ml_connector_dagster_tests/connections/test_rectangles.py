"""Several companies may feed one module, each its own cells; none may reach into another's."""

from __future__ import annotations

import pytest

from ml_connector_dagster.connections.rectangles import refuse_rivals, rivals
from ml_connector_dagster.connections.settings import load_connection
from ml_connector_dagster.errors import SettingWrong


@pytest.fixture
def two(written):
    """A company and a copy of its settings, with one text replaced."""

    def read(old="", new=""):
        return {"acme": load_connection(written()), "copy": load_connection(written(old, new, name="copy"))}

    return read


def test_a_copied_file_whose_constant_was_not_changed_is_refused(two):
    found = rivals("acme", "actuals", two())
    assert found == ("copy/actuals",)
    with pytest.raises(SettingWrong, match="copy/actuals write into the same cells"):
        refuse_rivals("acme", "actuals", found)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('Entity: "=UK"', 'Entity: "=IE"'),
        ("import: Actuals in", "import: Actuals of the other"),
        ("0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDE0"),
    ],
    ids=["constant", "import", "model"],
)
def test_what_tells_two_companies_apart_keeps_each_in_its_own_cells(two, old, new):
    assert rivals("acme", "actuals", two(old, new)) == ()


def test_a_list_and_an_unknown_name_own_no_cells(two):
    assert rivals("acme", "accounts", two()) == ()
    refuse_rivals("acme", "accounts", ())
