"""What a credential is used for: its vendor, and whether its connections speak to the vendor or to the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ml_connector_dagster.connections.addresses import ANAPLAN, SourceAddresses, anaplan_endpoints, anaplan_grant
from ml_connector_dagster.connections.settings import read_connection
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.source import Source
from ml_connector_dagster.sources.registry import all_sources, source_named

if TYPE_CHECKING:
    from ml_connector_dagster.transport.grant_policy import GrantPolicy


@dataclass(frozen=True, slots=True)
class CredentialUse:
    """Where a credential is shown, and by which connections."""

    name: str
    vendor: str
    at: str
    """vendor or sandbox."""
    region: str
    """Anaplan's; without meaning for a source."""
    connections: tuple[str, ...]

    @property
    def source(self) -> Source | None:
        """The accounting system; None for Anaplan."""
        return None if self.vendor == ANAPLAN else source_named(self.vendor)

    def addresses(self, sandbox_url: str, place: str = "") -> SourceAddresses:
        """Answer the addresses of a source's credential; ``place`` is the region it was consented in."""
        return SourceAddresses.of(source_named(self.vendor), self.at, sandbox_url, place)

    def grant(self, sandbox_url: str, place: str = "") -> GrantPolicy:
        """Answer where a person consents, and where the consent's tokens come from."""
        if self.vendor == ANAPLAN:
            return anaplan_grant(anaplan_endpoints(self.region, self.at, sandbox_url))
        return self.addresses(sandbox_url, place).grant


def vendors() -> tuple[str, ...]:
    """Answer every vendor a credential may be for."""
    return (ANAPLAN, *all_sources())


def use_of(name: str, vendor: str, paths: Mapping[str, Path], *, at: str | None = None) -> CredentialUse:
    """Answer how the connections use a credential; one that none names yet is for the vendor itself.

    Args:
        name: The credential's.
        vendor: Its vendor, as it was entered.
        paths: Connection names to their files; files that cannot be read are passed over, ``check`` names them.
        at: Said by the caller, for a credential that no connection names yet.

    Raises:
        SettingWrong: Connections disagree: a real secret would be shown to the sandbox, or the other way round.
    """
    named: dict[str, tuple[str, str]] = {}
    for connection, path in paths.items():
        settings, _ = read_connection(path)
        if settings is None:
            continue
        if vendor == ANAPLAN and settings.anaplan.credential == name:
            named[connection] = (settings.anaplan.at, settings.anaplan.region)
        elif settings.source.credential == name and settings.source.system == vendor:
            named[connection] = (settings.source.at, "")
    found = set(named.values()) or {(at or "vendor", "us1")}
    if len(found) > 1 or (at is not None and {one for one, _ in found} != {at}):
        raise SettingWrong(
            f"The credential {name!r} is used at {', '.join(sorted({f'{one} {region}'.strip() for one, region in found}))}.",
            "One secret would be shown to two different places.",
            f"Give each of the connections {', '.join(named)} a credential of its own place.",
            credential=name,
        )
    place, region = found.pop()
    return CredentialUse(name, vendor, place, region or "us1", tuple(named))
