"""Which modules write into the same rectangle of Anaplan: each load would erase what the other one brought.

A module of cells owns what its constants name, over all periods: ``Entity: "=UK", Version: "=Actual"``. Two of them may share
one import only where some constant of both differs. A copied ``defs.yaml`` whose constant was not changed would go unseen
otherwise: each load is read back and equal, and the other company's figures are gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.targets import ModuleTarget

if TYPE_CHECKING:
    from ml_connector_dagster.connections.settings import ConnectionSettings


def rivals(name: str, target: str, connections: Mapping[str, ConnectionSettings]) -> tuple[str, ...]:
    """Answer ``connection/module`` of every other module that writes into this one's rectangle.

    Args:
        name: The connection's.
        target: One of its lists and modules; a list or a module of documents owns no rectangle.
        connections: Every connection by name, its own among them.
    """
    own = next((one for one in connections[name].modules if one.name == target), None)
    if own is None or own.grain != "cell":
        return ()
    model = connections[name].anaplan.model
    return tuple(
        f"{other}/{module.name}"
        for other, module in _modules_of(model, connections)
        if (other, module.name) != (name, target) and _meet(own, module)
    )


def refuse_rivals(name: str, target: str, found: tuple[str, ...]) -> None:
    """Refuse to load where others write into the same rectangle.

    Raises:
        SettingWrong: There are such modules.
    """
    if found:
        raise SettingWrong(
            f"{name}/{target} and {', '.join(found)} write into the same cells: one import, and no constant tells them apart.",
            "Each load would erase the figures of the other, and both would look right.",
            'Give each company a constant of its own in columns, such as Entity: "=UK", or an import of its own.',
            setting="columns",
        )


def _modules_of(model: str, connections: Mapping[str, ConnectionSettings]) -> Iterator[tuple[str, ModuleTarget]]:
    for name, settings in connections.items():
        if settings.anaplan.model == model:
            yield from ((name, module) for module in settings.modules if module.grain == "cell")


def _meet(one: ModuleTarget, other: ModuleTarget) -> bool:
    if one.import_action != other.import_action:
        return False
    ours, theirs = _constants(one), _constants(other)
    return all(ours[column] == theirs[column] for column in ours.keys() & theirs.keys())


def _constants(module: ModuleTarget) -> dict[str, str]:
    return {column: chosen for column, chosen in module.columns.items() if chosen.startswith("=")}
