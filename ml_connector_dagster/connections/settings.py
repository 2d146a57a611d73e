"""What a customer writes in ``defs/<connection>/defs.yaml``: one pydantic model for Dagster, command line and inbound app."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from ml_connector_dagster.anaplan.identifiers import ModelId, WorkspaceId
from ml_connector_dagster.connections.setting_problems import problems_between, problems_of_form
from ml_connector_dagster.connections.yaml_lines import YamlFile, read_yaml
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.ledger.period import Period
from ml_connector_dagster.mapping.targets import DimensionMapping, ListTarget, ModuleTarget, Name, Strict

CredentialName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
COMPONENT = "ml_connector_dagster.components.Connection"
_OURS = re.compile(r"^type:\s*['\"]?ml_connector_dagster\.components(\.\w+)*\.Connection\b", re.MULTILINE)


def _in_place(check: Callable[[str], str]) -> AfterValidator:
    """Let pydantic keep the place of a SettingWrong, so that the reader gets file and line."""

    def checked(text: str) -> str:
        try:
            return check(text)
        except SettingWrong as error:
            sentences = {"happened": error.happened, "means": error.means, "do": error.do}
            raise PydanticCustomError("setting_wrong", "{happened} {means} {do}", sentences) from error

    return AfterValidator(checked)


class SourceSettings(Strict):
    """Which company of which accounting system."""

    system: Name
    company_id: Name
    credential: CredentialName
    time_zone: str = "UTC"
    at: Literal["vendor", "sandbox"] = "vendor"
    quota_share: float = Field(
        default=1.0, gt=0, le=1, description="Share of the vendor's limits this product may use."
    )


class AnaplanSettings(Strict):
    """Which model of which workspace; ids only, their case is checked."""

    region: str = "us1"
    workspace: Annotated[str, _in_place(WorkspaceId)]
    model: Annotated[str, _in_place(ModelId)]
    credential: CredentialName
    at: Literal["vendor", "sandbox"] = "vendor"
    requests_per_minute: int = Field(default=300, ge=1, le=600, description="Our share of the tenant's 600.")


class PeriodSettings(Strict):
    """Which months are read, and which stay open."""

    start: Annotated[str, _in_place(lambda text: str(Period.parse(text)))]
    open_months: int = Field(default=3, ge=1, le=36)
    lock_from_source: bool = True


class ConnectionSettings(Strict):
    """One company paired with one Anaplan model."""

    version: Literal[1]
    source: SourceSettings
    anaplan: AnaplanSettings
    periods: PeriodSettings
    lists: tuple[ListTarget, ...] = ()
    modules: tuple[ModuleTarget, ...] = ()
    mapping: dict[Name, DimensionMapping] = Field(default_factory=dict)
    schedule: str = Field(
        default="0 5 * * *", description="Cron, in the company's time zone, of the daily read of open periods."
    )
    owners: tuple[Name, ...] = Field(
        default=("team:finance",), description="Who answers for it: an e-mail address or team:<name>."
    )
    fresh_within_hours: int = Field(default=24, ge=1)
    post: Literal["never", "draft", "posted"] = Field(
        default="never",
        description="How journal entries may be written into the books: not at all, as drafts, or posted at once.",
    )


def load_connection(path: Path) -> ConnectionSettings:
    """Read one ``defs.yaml`` of type Connection.

    Raises:
        SettingWrong: The first thing wrong, with file and line; ``context["others"]`` holds the further ones.
    """
    settings, problems = read_connection(path)
    if settings is None or problems:
        first, *others = problems
        first.context["others"] = tuple(others)
        raise first
    return settings


def read_connection(path: Path) -> tuple[ConnectionSettings | None, list[SettingWrong]]:
    """Read one file and answer everything wrong with it, in the order of its lines; no settings where its form is wrong."""
    try:
        file = read_yaml(path)
        attributes = _attributes(file)
    except SettingWrong as error:
        return None, [error]
    try:
        settings = ConnectionSettings.model_validate(attributes)
    except ValidationError as error:
        return None, problems_of_form(file, ConnectionSettings, error)
    return settings, problems_between(file, settings)


def find_connections(root: Path) -> dict[str, Path]:
    """Answer the connections below a folder: name of the folder to the path of its ``defs.yaml``, sorted.

    Other components' files are passed over. Only the ``type`` line is looked at, so a broken file is still found.

    Raises:
        SettingWrong: Two folders have the same name, so one would hide the other.
    """
    found: dict[str, Path] = {}
    for path in sorted(root.rglob("defs.yaml")):
        if not _OURS.search(path.read_text(encoding="utf-8", errors="replace")):
            continue
        name = path.parent.name
        if name in found:
            raise SettingWrong(
                f"{found[name]} and {path} are both named {name!r}.",
                "A connection is known by its folder's name alone.",
                "Rename one of the two folders.",
            )
        found[name] = path
    return dict(sorted(found.items()))


def _attributes(file: YamlFile) -> object:
    document = file.values
    if not isinstance(document, dict) or not isinstance(document.get("attributes"), dict):
        raise file.wrong(
            ("attributes",),
            "there is no attributes: section.",
            "The connection has no settings.",
            f"Write type: {COMPONENT}, and the settings below attributes:.",
        )
    return document["attributes"]
