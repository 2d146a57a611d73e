"""Where a region's API, login and OAuth live (reference: anaplan.md §1.1, from Anaplan's address allow-list)."""

from __future__ import annotations

from dataclasses import dataclass

from ml_connector_dagster.errors import SettingWrong

_LEGACY = frozenset({"us1", "us2", "us5", "us7", "eu1", "eu2", "eu4", "ap1"})
_REGIONAL = frozenset({"us9", "eu3", "eu5", "gb1", "sg1", "ae1", "in1", "id1", "me1"})


@dataclass(frozen=True, slots=True)
class AnaplanEndpoints:
    """Three bases, without a trailing slash."""

    api: str
    auth: str
    oauth: str

    @classmethod
    def of_region(cls, region: str) -> AnaplanEndpoints:
        """Answer the bases of a region; au1's are not verified by anybody we know.

        Raises:
            SettingWrong: The region is not one of Anaplan's.
        """
        if region in _LEGACY:
            return cls("https://api.anaplan.com/2/0", "https://auth.anaplan.com", "https://us1a.app.anaplan.com")
        if region in _REGIONAL:
            host = f"{region}.{{}}.anaplan.com"
            return cls(
                f"https://{host.format('api')}/2/0", f"https://{host.format('auth')}", f"https://{host.format('app')}"
            )
        if region == "ca1":
            return cls(
                "https://ca1a.api.anaplan.com/2/0", "https://ca1a.auth.anaplan.com", "https://ca1a.app.anaplan.com"
            )
        if region == "au1":
            app = "https://au1a.app2.anaplan.com"
            return cls("https://au1a.api2.anaplan.com/2/0", app, app)
        raise SettingWrong(
            f"{region!r} is not an Anaplan region.",
            "No address can be called.",
            f"Use one of: {', '.join(sorted(_LEGACY | _REGIONAL | {'ca1', 'au1'}))}.",
        )

    @classmethod
    def of_sandbox(cls, sandbox_url: str) -> AnaplanEndpoints:
        """Answer the sandbox's bases, given its own (loopback) address."""
        base = f"{sandbox_url.rstrip('/')}/anaplan"
        return cls(f"{base}/2/0", base, base)
