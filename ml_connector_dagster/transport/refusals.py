"""The errors that an HTTP exchange can mean, in three sentences each; vendors' own meanings go before (``classify``)."""

from __future__ import annotations

from ml_connector_dagster.errors import (
    CredentialRefused,
    OutcomeUnknown,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)


def refused_for_now(
    vendor: str, said: str, status: int, retry_after_seconds: float | None, *, page: bool
) -> TemporarilyRefused:
    """408, 425, 429, 5xx, or a page for people where a program asked."""
    look = "open the address in a browser and see what answers there" if page else f"look at {vendor}'s status page"
    who = "A gateway, a proxy or a log-in page answered in its place; nothing" if page else "Nothing"
    return TemporarilyRefused(
        f"{vendor} answered {said}.",
        f"{who} of this answer was used; the same request may pass later.",
        f"It is tried again by itself; if it stays, {look}.",
        status=status,
        retry_after_seconds=retry_after_seconds,
    )


def refused_for_good(vendor: str, said: str, status: int) -> RequestRejected:
    """Any other 4xx."""
    return RequestRejected(
        f"{vendor} answered {said}.",
        "The same request fails again, and nothing of it was used.",
        "Correct what the answer names; `ml-connector check` probes both systems.",
        status=status,
    )


def pointed_elsewhere(vendor: str, said: str, status: int, location: str) -> RequestRejected:
    """A redirect."""
    return RequestRejected(
        f"{vendor} answered {said}, pointing to {location or 'nowhere'}.",
        "A redirect is never followed: credentials would go to an address that nobody configured.",
        "See whether the vendor moved its address, and mend the setting that names it.",
        status=status,
    )


def not_authorized(vendor: str, said: str, request: str, *, renewed: bool) -> CredentialRefused:
    """401, the second time where there was something to renew."""
    return CredentialRefused(
        f"{vendor} answered {said}{', to fresh credentials as well' if renewed else ''}.",
        f"It does not accept these credentials for {request}; nothing was read or written.",
        "Connect again (`ml-connector connect`) or enter the credential again (`ml-connector credential set`).",
        status=401,
    )


def not_sent(vendor: str, request: str, why: Exception) -> TemporarilyRefused:
    """No connection: the request never left."""
    return TemporarilyRefused(
        f"{vendor} cannot be reached ({type(why).__name__}: {why}).",
        f"{request} was not sent.",
        "See that the address, the network and its proxy are right; it is tried again by itself.",
    )


def no_answer(vendor: str, request: str, why: Exception) -> TemporarilyRefused:
    """Silence or a cut answer to a request that may be sent again."""
    return TemporarilyRefused(
        f"{vendor} gave no complete answer to {request} ({type(why).__name__}: {why}).",
        "Nothing of it was used.",
        f"It is tried again by itself; if it stays, look at network and proxy between this machine and {vendor}.",
    )


def outcome_unknown(vendor: str, request: str, why: str, status: int = 0) -> OutcomeUnknown:
    """Silence, a cut answer or 5xx to a request that must not be sent twice."""
    return OutcomeUnknown(
        f"{vendor} gave no clear answer to {request} ({why}).",
        "Whether it took effect is not known, so it was not sent again.",
        "Look first at what stands in the other system; the next run does so by itself.",
        status=status,
    )


def not_json(request: str, said: str, status: int) -> TemporarilyRefused:
    """A body that cannot be decoded: a gateway's page, an answer cut short."""
    return TemporarilyRefused(
        f"{request} was answered with something that is not JSON: {said}.",
        "A gateway or a proxy may have answered in its place; nothing of it was used.",
        "Try again; if it stays, open the address in a browser and see what answers there.",
        status=status,
    )


def not_our_address(vendor: str, url: str) -> SettingWrong:
    """An address outside the vendor's own, or without TLS."""
    return SettingWrong(
        f"{url} is no address that the client of {vendor} may speak to.",
        "Credentials would go to a place that nobody configured, so nothing was sent.",
        "Use https and the vendor's own host; plain http is for this machine alone.",
    )
