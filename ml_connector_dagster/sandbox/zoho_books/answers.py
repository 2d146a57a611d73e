"""Every shape in which Zoho Books answers: code and message in each body, numbers that are now int and now float."""

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from ml_connector_dagster.sandbox.books.cents import RATE_ONE

Json = dict[str, Any]
_KIND = "application/json;charset=UTF-8"
NOT_AUTHORISED = "You are not authorized to perform this operation"
MESSAGES = {
    "de": {NOT_AUTHORISED: "Sie sind nicht berechtigt, diesen Vorgang auszuführen"},
    "fr": {NOT_AUTHORISED: "Vous n'êtes pas autorisé à effectuer cette opération"},
}
"""Texts are in the organisation's language: only the numbers may be matched."""


class Refusal(Exception):  # noqa: N818 - a refusal is an answer here
    """An answer that ends the handling of a request."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message

    def response(self, language: str = "en") -> Response:
        """The refusal as Zoho writes it."""
        message = MESSAGES.get(language, {}).get(self.message, self.message)
        return Response(msgspec.json.encode({"code": self.code, "message": message}), self.status, media_type=_KIND)


def not_authorised() -> Refusal:
    """A bad token, a missing scope and a foreign organisation look alike."""
    return Refusal(401, 57, NOT_AUTHORISED)


def missing(what: str) -> Refusal:
    return Refusal(404, 1002, f"{what} does not exist.")


def invalid(name: str) -> Refusal:
    return Refusal(400, 4, f"Invalid value passed for {name}")


def success(body: Mapping[str, Any], *, message: str = "success", status: int = 200) -> Response:
    """The envelope of everything that went well."""
    return Response(msgspec.json.encode({"code": 0, "message": message, **body}), status, media_type=_KIND)


def number(cents: int) -> int | float:
    """Cents as a JSON number: 598 or 149.97. The shortest decimal of cents / 100 is always exact."""
    return cents // 100 if cents % 100 == 0 else cents / 100


def shown_rate(rate: int) -> int | float:
    """Base currency for one unit of foreign, six decimals at most; 1 for the base currency itself."""
    return rate // RATE_ONE if rate % RATE_ONE == 0 else rate / RATE_ONE
