"""Finds the import action or process a connection names, and what its file must look like."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from ml_connector_dagster.anaplan.identifiers import object_kind
from ml_connector_dagster.errors import ConnectorError, SettingWrong

if TYPE_CHECKING:
    from ml_connector_dagster.anaplan.client import AnaplanModel


@dataclass(frozen=True, slots=True)
class FileLayout:
    """What an import's data source expects of the file (``importMetadata``)."""

    headers: tuple[str, ...]
    separator: str = ","
    delimiter: str = '"'
    encoding: str = "UTF-8"
    decimal_separator: str = "."


@dataclass(frozen=True, slots=True)
class Route:
    """An import action or a process, with the one file it reads."""

    kind: Literal["imports", "processes"]
    action_id: str
    name: str
    file_id: str
    layout: FileLayout
    imports: tuple[str, ...]
    """The import actions inside, in their order; for an import action itself alone."""

    def address(self, model: AnaplanModel, rest: str = "") -> str:
        """Answer the address of the action's tasks, or of something below them."""
        return model.address(f"{self.kind}/{self.action_id}/tasks{rest}")

    def facts(self) -> dict[str, Any]:
        """Answer what the load row keeps, so that anybody can settle the load later."""
        return asdict(self)

    @classmethod
    def of(cls, facts: Mapping[str, Any]) -> Route:
        """Read what the load row kept."""
        layout = dict(facts["layout"])
        layout["headers"] = tuple(layout["headers"])
        return cls(
            facts["kind"],
            facts["action_id"],
            facts["name"],
            facts["file_id"],
            FileLayout(**layout),
            tuple(facts["imports"]),
        )


def find_route(model: AnaplanModel, wanted: str) -> Route:
    """Answer the import action or process of that exact name or id, and its file's layout.

    Raises:
        SettingWrong: None or several carry the name; or it reads no file, or several; or its layout is not ours to write.
    """
    kind, found = _found(model, wanted)
    if kind == "imports":
        file_id, layout = _import_file(model, found)
        return Route("imports", str(found["id"]), str(found["name"]), file_id, layout, (str(found["id"]),))
    return _process_route(model, found)


def check_header(route: Route, header: Sequence[str]) -> None:
    """Refuse a file whose columns are not the import's, in order: Anaplan binds by name, and a renamed one unmaps silently.

    Raises:
        SettingWrong: Names the first column that differs.
    """
    expected = route.layout.headers
    if tuple(header) == expected:
        return
    pairs = enumerate(zip((*header, *[""] * len(expected)), (*expected, *[""] * len(header)), strict=False), start=1)
    number, (ours, theirs) = next((n, pair) for n, pair in pairs if pair[0] != pair[1])
    raise SettingWrong(
        f"Column {number} of the file is {ours or 'missing'!r}, but {route.name!r} in Anaplan expects {theirs or 'no more'!r} "
        f"(it expects {', '.join(expected)}; the file has {', '.join(header)}).",
        "Anaplan would leave a column unmapped without an error; nothing was sent.",
        "Bring the columns in defs.yaml and the import action's source file into the same order and names.",
        setting="columns",
    )


def _found(model: AnaplanModel, wanted: str) -> tuple[Literal["imports", "processes"], dict[str, Any]]:
    imports, processes = model.listed("imports", "imports"), model.listed("processes", "processes")
    by = "id" if _is_id(wanted) else "name"
    matches: list[tuple[Literal["imports", "processes"], dict[str, Any]]] = [
        *(("imports", one) for one in imports if one.get(by) == wanted),
        *(("processes", one) for one in processes if one.get(by) == wanted),
    ]
    if len(matches) == 1:
        return matches[0]
    if not matches:
        names = [str(one.get("name")) for one in (*imports, *processes)]
        near = difflib.get_close_matches(wanted, names, n=3) or names[:5]
        raise SettingWrong(
            f"The model has no import action or process {wanted!r}.",
            "Nothing can be loaded there: either it does not exist, or this login's role may not see it.",
            "Write the exact name or its 112… / 118… id, or let the model builder give the login's role the import. "
            f"The model offers, among others: {', '.join(near) or 'none'}.",
            setting="import",
        )
    ids = ", ".join(str(one.get("id")) for _, one in matches)
    raise SettingWrong(
        f"{len(matches)} import actions or processes are called {wanted!r} ({ids}).",
        "It is not clear which one the file belongs to; nothing was sent.",
        "Write the id instead of the name in defs.yaml.",
        setting="import",
    )


def _is_id(wanted: str) -> bool:
    if not wanted.isdigit():
        return False
    if object_kind(wanted) not in ("import_action", "process"):
        raise SettingWrong(
            f"{wanted!r} is neither an import action (112…) nor a process (118…).",
            "It cannot load a file.",
            "Write the exact name or the id of the import action in defs.yaml.",
            setting="import",
        )
    return True


def _import_file(model: AnaplanModel, found: Mapping[str, Any]) -> tuple[str, FileLayout]:
    import_id, file_id = str(found["id"]), str(found.get("importDataSourceId") or "")
    metadata = model.get(model.address(f"imports/{import_id}")).get("importMetadata") or {}
    if not file_id.startswith("113") or metadata.get("type", "FILE") != "FILE":
        raise _no_file(str(found.get("name")), "reads from another model or view, not from a file")
    return file_id, _layout(str(found.get("name")), metadata.get("source") or {})


def _layout(name: str, source: Mapping[str, Any]) -> FileLayout:
    if int(source.get("headerRow", 1)) != 1 or int(source.get("firstDataRow", 2)) != 2:
        raise _no_file(name, "does not expect the header in row 1 and data from row 2")
    return FileLayout(
        headers=tuple(str(one) for one in source.get("headerNames") or ()),
        separator=str(source.get("columnSeparator") or ","),
        delimiter=str(source.get("textDelimiter", '"') or ""),
        encoding=str(source.get("textEncoding") or "UTF-8"),
        decimal_separator=str(source.get("decimalSeparator") or "."),
    )


def _process_route(model: AnaplanModel, found: Mapping[str, Any]) -> Route:
    process_id, name = str(found["id"]), str(found["name"])
    url = model.short_address(f"processes/{process_id}")
    metadata = model.get(url, {"showImportDataSource": "true"}).get("processMetadata") or {}
    imports = [step for step in metadata.get("actions") or () if step.get("actionType") == "IMPORT"]
    read = {str(step.get("importDataSourceId") or "") for step in imports}
    files = {one for one in read if one.startswith("113")}
    if len(files) != 1:
        raise _no_file(name, f"reads {len(files)} files; a load sends exactly one")
    layouts = {_import_file(model, step) for step in imports if str(step.get("importDataSourceId")) in files}
    if len(layouts) != 1:
        raise _no_file(name, "has steps that expect different columns of the same file")
    file_id, layout = layouts.pop()
    return Route("processes", process_id, name, file_id, layout, tuple(str(step["id"]) for step in imports))


def _no_file(name: str, why: str) -> ConnectorError:
    return SettingWrong(
        f"{name!r} in Anaplan {why}.",
        "A file cannot be loaded through it; nothing was sent.",
        "Let the model builder make the import over one of the sample files that ml-connector kit writes.",
        setting="import",
    )
