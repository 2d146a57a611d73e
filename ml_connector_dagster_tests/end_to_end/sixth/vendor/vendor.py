"""Abacus on loopback: a shop with three slips a month, and a trial balance of its own."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from ml_connector_dagster.sandbox.world import Vendor, World

ACCOUNTS = [
    {"id": "sales", "code": "200", "name": "Sales", "class": "income"},
    {"id": "rent", "code": "469", "name": "Rent", "class": "expense"},
    {"id": "cash", "code": "610", "name": "Cash", "class": "asset"},
]
BUYERS = [{"id": "b-1", "name": "A buyer"}]
SELLERS = [{"id": "s-1", "name": "A seller"}, {"id": "s-2", "name": "Another seller"}]


def slips(kind: str, month: str) -> list[dict[str, Any]]:
    account, party, amounts = (
        ("sales", "b-1", ("120.50", "80.00")) if kind == "invoices" else ("rent", "s-1", ("50.25",))
    )
    return [
        {
            "id": f"{kind}-{month}-{number}",
            "on": f"{month}-1{number}",
            "party": party,
            "lines": [{"id": "1", "account": account, "amount": amount}],
        }
        for number, amount in enumerate(amounts)
    ]


def trial(month: str) -> list[dict[str, str]]:
    """From what was sold and bought, not from what a reader made of it."""
    sold, bought = (
        sum((Decimal(line["amount"]) for slip in slips(kind, month) for line in slip["lines"]), Decimal(0))
        for kind in ("invoices", "bills")
    )
    moved = {"sales": -sold, "rent": bought, "cash": sold - bought}
    return [{"account": account, "moved": str(amount), "to_date": str(amount)} for account, amount in moved.items()]


def create(_world: World) -> list[BaseRoute]:
    def listing(answer: Callable[[str], Any]) -> Any:
        async def endpoint(request: Request) -> Response:
            if request.headers.get("authorization") != "Bearer abacus-access-token":
                return JSONResponse({"error": "who are you?"}, status_code=401)
            return JSONResponse(answer(request.query_params.get("month", "2026-10")))

        return endpoint

    answers: dict[str, Callable[[str], Any]] = {
        "company": lambda _: {"id": "shop-1", "name": "A Shop", "currency": "GBP"},
        "accounts": lambda _: ACCOUNTS,
        "buyers": lambda _: BUYERS,
        "sellers": lambda _: SELLERS,
        "invoices": lambda month: slips("invoices", month),
        "bills": lambda month: slips("bills", month),
        "trial": trial,
    }
    routes: list[BaseRoute] = [Route(f"/v1/{path}", listing(answer)) for path, answer in answers.items()]
    return [*routes, Route("/authorize", _authorize), Route("/token", _token, methods=["POST"])]


async def _authorize(request: Request) -> Response:
    asked = request.query_params
    return RedirectResponse(f"{asked['redirect_uri']}?code=c&state={asked['state']}", status_code=302)


async def _token(_request: Request) -> Response:
    return JSONResponse(
        {"access_token": "abacus-access-token", "refresh_token": "r", "expires_in": 1800, "token_type": "Bearer"}
    )


VENDOR = Vendor("abacus", create)
