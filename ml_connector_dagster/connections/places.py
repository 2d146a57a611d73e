"""Says in which line of ``defs.yaml`` something stands that the other system does not know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ml_connector_dagster.connections.yaml_lines import Location, YamlFile, read_yaml
from ml_connector_dagster.errors import SettingWrong


@contextmanager
def placed(path: Path, target: str) -> Iterator[None]:
    """Let an error about a list or module begin with file and line, where it names its setting.

    What meets the model knows a setting and no file: it says ``context["setting"]``, such as "import" or
    "read_back.view". Other errors pass as they are.

    Args:
        path: The connection's ``defs.yaml``.
        target: Name of the list or module.
    """
    try:
        yield
    except SettingWrong as error:
        if "setting" not in error.context or "line" in error.context:
            raise
        raise _placed(path, target, error) from error


def _placed(path: Path, target: str, error: SettingWrong) -> SettingWrong:
    try:
        file = read_yaml(path)
    except SettingWrong:  # it was read a moment ago; the error itself matters more
        return error
    setting = tuple(str(error.context["setting"]).split("."))
    found = file.wrong((*_of_target(file, target), *setting), error.happened, error.means, error.do)
    found.context.update({**error.context, **found.context})
    return found


def _of_target(file: YamlFile, target: str) -> Location:
    attributes: Any = file.values["attributes"]
    for section in ("lists", "modules"):
        for index, one in enumerate(attributes.get(section) or ()):
            if one.get("name") == target:
                return ("attributes", section, index)
    return ("attributes",)
