"""Where a credential's vendor lives: the vendor's own bases, or the sandbox's where the connection says ``at: sandbox``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ml_connector_dagster.anaplan.endpoints import AnaplanEndpoints
from ml_connector_dagster.sources.contract import Source

if TYPE_CHECKING:
    from ml_connector_dagster.transport.grant import GrantEndpoints

ANAPLAN = "anaplan"
ANAPLAN_SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(frozen=True, slots=True)
class SourceAddresses:
    """One source's API and OAuth addresses."""

    api_url: str
    grant: GrantEndpoints

    @classmethod
    def of(cls, source: Source, at: str, sandbox_url: str) -> SourceAddresses:
        """Answer the addresses: every base of the vendor becomes ``<sandbox>/<system>`` in the sandbox, paths stay."""
        from ml_connector_dagster.transport.grant import GrantEndpoints

        def moved(url: str) -> str:
            if at == "vendor" or not url:
                return url
            return f"{sandbox_url}/{source.system}{urlsplit(url).path}"

        policy = source.grant
        grant = GrantEndpoints(
            vendor=source.system,
            authorize_url=moved(policy.authorize_url),
            token_url=moved(policy.token_url),
            revoke_url=moved(policy.revoke_url),
            scopes=policy.scopes,
            client_auth=policy.client_auth,
            body_form=policy.body_form,
            single_use_refresh=policy.single_use_refresh,
            old_token_grace_seconds=policy.old_token_grace_seconds,
            margin_seconds=policy.margin_seconds,
            uses_pkce=policy.uses_pkce,
            authorize_extra=policy.authorize_extra,
        )
        return cls(moved(source.api_url), grant)

    @property
    def origins(self) -> tuple[str, ...]:
        """The only ``scheme://host`` that a token of this source may be sent to."""
        return (origin(self.api_url),)


def anaplan_endpoints(region: str, at: str, sandbox_url: str) -> AnaplanEndpoints:
    """Answer the three bases of an Anaplan region, or the sandbox's."""
    return AnaplanEndpoints.of_region(region) if at == "vendor" else AnaplanEndpoints.of_sandbox(sandbox_url)


def anaplan_grant(endpoints: AnaplanEndpoints) -> GrantEndpoints:
    """Answer how Anaplan's OAuth behaves (anaplan.md §2.4).

    Whether a refresh rotates is a setting of the client there, so it is learnt from the first one; until then the careful
    answer holds.
    """
    from ml_connector_dagster.transport.grant import GrantEndpoints

    return GrantEndpoints(
        vendor=ANAPLAN,
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
