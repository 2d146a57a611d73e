"""Finds every source: each folder here, but the contract's, must carry a ``SOURCE`` in its ``source`` module."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import ModuleType

import ml_connector_dagster.sources as folder
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.source import Source

NO_SOURCE = {"contract"}
"""What a source must declare lies beside them."""


@cache
def all_sources() -> dict[str, Source]:
    """Answer every source by its system name, sorted.

    Raises:
        SettingWrong: A folder has no SOURCE, or its SOURCE names another system than its folder.
    """
    names = {module.name for module in pkgutil.iter_modules(folder.__path__) if module.ispkg} - NO_SOURCE
    return {name: _declared(name) for name in sorted(names)}


def source_named(system: str) -> Source:
    """Answer the source of that system.

    Raises:
        SettingWrong: No folder of that name exists; the message lists those that do.
    """
    try:
        return all_sources()[system]
    except KeyError:
        known = ", ".join(all_sources())
        raise SettingWrong(
            f"There is no source {system!r}.", "Its records cannot be read.", f"Use one of: {known}."
        ) from None


def _declared(name: str) -> Source:
    module = _module(name)
    source = getattr(module, "SOURCE", None)
    if not isinstance(source, Source) or source.system != name:
        raise SettingWrong(
            f"sources/{name}/source.py declares no SOURCE with system={name!r}.",
            "A folder here that is not a source would silently be no source.",
            "Declare SOURCE = Source(...) there, or move the folder away.",
        )
    return source


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{folder.__name__}.{name}.source")
