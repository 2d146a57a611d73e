import sys

import pytest

import ml_connector_dagster.sources as folder
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.registry import all_sources, source_named
from ml_connector_dagster.sources.xero.source import SOURCE


@pytest.fixture
def extra_folder(tmp_path, monkeypatch):
    """A second place for sources, as a data engineer's checkout would be; forgotten afterwards."""
    monkeypatch.setattr(folder, "__path__", [*folder.__path__, str(tmp_path)])
    all_sources.cache_clear()
    yield tmp_path
    all_sources.cache_clear()
    for name in [name for name in sys.modules if name.startswith(f"{folder.__name__}.novel")]:
        del sys.modules[name]


def write_source(place, text):
    (place / "novel").mkdir()
    (place / "novel" / "__init__.py").write_text("")
    (place / "novel" / "source.py").write_text(text)


def test_every_folder_is_a_source():
    assert source_named("xero") is SOURCE
    assert list(all_sources()) == sorted(all_sources())


def test_an_unknown_system_is_refused_with_those_that_exist():
    with pytest.raises(SettingWrong, match=r"Use one of: .*xero"):
        source_named("abacus")


def test_a_folder_dropped_in_is_found_without_another_edit(extra_folder):
    write_source(
        extra_folder,
        "import dataclasses\n"
        "from ml_connector_dagster.sources.xero.source import SOURCE as XERO\n"
        "SOURCE = dataclasses.replace(XERO, system='novel')\n",
    )
    assert source_named("novel").system == "novel"


@pytest.mark.parametrize(
    "text",
    ["", "SOURCE = 'novel'\n", "from ml_connector_dagster.sources.xero.source import SOURCE\n"],
)
def test_a_folder_that_declares_no_source_of_its_name_fails_loudly(extra_folder, text):
    write_source(extra_folder, text)
    with pytest.raises(SettingWrong, match="declares no SOURCE with system='novel'"):
        all_sources()


def test_an_entity_that_a_source_lacks_is_a_key_error():
    with pytest.raises(KeyError):
        SOURCE.entity("spells")
