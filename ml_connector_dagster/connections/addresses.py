"""Where a credential's vendor lives: the vendor's own bases, or the sandbox's where the connection says ``at: sandbox``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ml_connector_dagster.anaplan.endpoints import AnaplanEndpoints
from ml_connector_dagster.errors import SettingWrong
from ml_connector_dagster.sources.contract.source import Place, Source
from ml_connector_dagster.transport.grant_policy import GrantPolicy

ANAPLAN = "anaplan"
ANAPLAN_SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True, slots=True)
class SourceAddresses:
    """One source's API and OAuth addresses."""

    api_url: str
    consent: GrantPolicy | None
    """None where no person consents."""
    source: Source

    @property
    def grant(self) -> GrantPolicy:
        """Where a person consents, and where tokens come from.

        Raises:
            SettingWrong: No person consents to this source; says how it is connected instead.
        """
        if self.consent is None:
            raise SettingWrong(
                f"{self.source.title} has no consent to give.",
                "Nothing was asked or written.",
                self.source.later.how_to_connect if self.source.later else "Look at its section in README.",
            )
        return self.consent

    @classmethod
    def of(cls, source: Source, at: str, sandbox_url: str, place: str = "") -> SourceAddresses:
        """Answer the addresses: in the sandbox every base of the vendor becomes ``<sandbox>/<system>``, paths stay.

        Args:
            source: The accounting system.
            at: vendor or sandbox.
            sandbox_url: The sandbox's base.
            place: Which of the source's regions the consent was given in; empty before there is one, and without regions.
        """
        region = _place_of(source, place)
        base = f"{sandbox_url}/{source.system}" + (f"/{place or next(iter(source.places))}" if region else "")

        def moved(url: str) -> str:
            return url if at == "vendor" or not url else f"{base}{urlsplit(url).path}"

        def at_accounts(url: str) -> str:
            return f"{region.accounts_url}{urlsplit(url).path}" if region and url else url

        consent = source.grant and replace(
            source.grant,
            vendor=source.title,
            authorize_url=moved(at_accounts(source.grant.authorize_url)),
            token_url=moved(at_accounts(source.grant.token_url)),
            revoke_url=moved(at_accounts(source.grant.revoke_url)),
        )
        return cls(moved(region.api_url if region else source.api_url), consent, source)

    @property
    def origins(self) -> tuple[str, ...]:
        """The only ``scheme://host`` that a token of this source may be sent to."""
        return (origin(self.api_url),)


def _place_of(source: Source, place: str) -> Place | None:
    if not source.places:
        return None
    if place and place not in source.places:
        raise SettingWrong(
            f"{source.title} has no region {place!r}.",
            "A token is never sent to an address outside the vendor's own table.",
            f"Connect again; the regions are {', '.join(source.places)}.",
        )
    return source.places[place] if place else next(iter(source.places.values()))


def anaplan_endpoints(region: str, at: str, sandbox_url: str) -> AnaplanEndpoints:
    """Answer the three bases of an Anaplan region, or the sandbox's."""
    return AnaplanEndpoints.of_region(region) if at == "vendor" else AnaplanEndpoints.of_sandbox(sandbox_url)


def anaplan_grant(endpoints: AnaplanEndpoints) -> GrantPolicy:
    """Answer how Anaplan's OAuth behaves (anaplan.md §2.4).

    Whether a refresh rotates is a setting of the client there, so it is learnt from the first one; until then the careful
    answer holds.
    """
    return GrantPolicy(
        vendor="Anaplan",
        authorize_url=f"{endpoints.oauth}/auth/authorize",
        token_url=f"{endpoints.oauth}/oauth/token",
        device_url=f"{endpoints.oauth}/oauth/device/code",
        scopes=ANAPLAN_SCOPES,
        client_auth="body",
        body_form="json",
    )


def origin(url: str) -> str:
    """Answer ``scheme://host:port`` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
