"""Which lists of an Anaplan model several companies fill, and whether their members can be told apart (architecture §3).

Ids of two companies may be alike, and the same member would take its name from whoever was loaded last. So companies that
share a list put a prefix of their own before their ids; or they choose the members by crosswalks and agree on all else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.mapping.targets import DimensionMapping, ListTarget

if TYPE_CHECKING:
    from ml_connector_dagster.connections.settings import ConnectionSettings


def clashes(name: str, target: str, connections: Mapping[str, ConnectionSettings]) -> tuple[str, ...]:
    """Answer, for every other connection's list of the same model and name or import, why the two do not go together.

    Args:
        name: The connection's.
        target: One of its lists and modules; a module shares no list.
        connections: Every connection by name, its own among them.
    """
    settings = connections[name]
    own = next((one for one in settings.lists if one.name == target), None)
    if own is None:
        return ()
    return tuple(
        f"{other_name}/{theirs.name} {why}"
        for other_name, other in connections.items()
        if other_name != name and other.anaplan.model == settings.anaplan.model
        for theirs in other.lists
        if _is_shared(own, theirs) and (why := _why_not(settings, own, other, theirs))
    )


def refuse_clashes(name: str, target: str, found: tuple[str, ...]) -> None:
    """Refuse to load a list whose members another company's may overwrite.

    Raises:
        SettingWrong: There are such companies.
    """
    if found:
        raise SettingWrong(
            f"{name}/{target} shares its Anaplan list, and {'; '.join(found)}.",
            "A member of one company could take the name and properties of another company's.",
            "Give each company a prefix of its own under mapping, or let both use crosswalk files and the same columns, "
            "unmapped and blank.",
        )


def _is_shared(own: ListTarget, theirs: ListTarget) -> bool:
    ours, others = own.anaplan_list or own.name, theirs.anaplan_list or theirs.name
    return ours.casefold() == others.casefold() or own.import_action == theirs.import_action


def _why_not(ours: ConnectionSettings, own: ListTarget, others: ConnectionSettings, theirs: ListTarget) -> str:
    same_company = (ours.source.system, ours.source.company_id) == (others.source.system, others.source.company_id)
    same_columns = own.columns == theirs.columns
    for mine, other in _pairs(_mappings(ours, own), _mappings(others, theirs)):
        if mine.file and other.file:
            if not same_columns or (mine.unmapped, mine.blank) != (other.unmapped, other.blank):
                return "has other columns, unmapped or blank"
        elif mine.file or other.file:
            if not (other if mine.file else mine).prefix:
                return "and it are mapped by crosswalk and by bare id"
        elif mine.prefix == other.prefix and not (same_company and same_columns):
            return f"has the prefix {mine.prefix!r} too"
    return ""


def _mappings(settings: ConnectionSettings, target: ListTarget) -> dict[str, DimensionMapping]:
    """Answer what decides the list's codes; a list of all tracking options has one for each category that is named."""
    dimension = f"{target.dimension}."
    return {name: chosen for name, chosen in settings.mapping.items() if f"{name}.".startswith(dimension)}


def _pairs(
    ours: Mapping[str, DimensionMapping], theirs: Mapping[str, DimensionMapping]
) -> Iterator[tuple[DimensionMapping, DimensionMapping]]:
    by_id = DimensionMapping()
    for name in sorted({*ours, *theirs}) or [""]:
        yield ours.get(name, by_id), theirs.get(name, by_id)
