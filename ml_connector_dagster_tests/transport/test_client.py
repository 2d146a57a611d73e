from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal

import pytest

from ml_connector_dagster.errors import (
    ConnectorError,
    CredentialRefused,
    OutcomeUnknown,
    QuotaExhausted,
    RequestRejected,
    SettingWrong,
    TemporarilyRefused,
)
from ml_connector_dagster.transport.answer import Answer
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.httpx_clients import _OF_PARENTS, Timeouts
from ml_connector_dagster.transport.retry import RetryPolicy
from ml_connector_dagster_tests.transport.vendor_server import Drop, Say, Silence, VendorServer, say

PAGE = Say(200, b"<html><h1>Be right\nback</h1></html>", {"content-type": "text/html; charset=utf-8"})


class Tokens:
    """Answers token 1 until it is refused, then token 2, and so on."""

    def __init__(self) -> None:
        self.refused: list[str | None] = []
        self.number = 1

    def headers(self, refused: str | None) -> Mapping[str, str]:
        self.refused.append(refused)
        if refused == f"Bearer {self.number}":
            self.number += 1
        return {"Authorization": f"Bearer {self.number}"}


@pytest.fixture
def http(open_client: Callable[..., VendorHttp]) -> VendorHttp:
    return open_client()


# ── asking ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_read_merges_its_parameters_into_the_address_and_leaves_none_out(
    http: VendorHttp, vendor: VendorServer
) -> None:
    http.get(f"{vendor.url}/list?a=1", params={"page": 2, "where": 'Type=="ACCREC"', "since": None})
    assert vendor.asked[0].path == "/list?a=1&page=2&where=Type%3D%3D%22ACCREC%22"


def test_a_request_says_who_asks_and_wants_json(http: VendorHttp, vendor: VendorServer) -> None:
    http.get(vendor.url, headers={"If-Modified-Since": "2026-10-01T00:00:00"})
    headers = vendor.asked[0].headers
    assert headers["user-agent"].startswith("ml-connector-dagster/")
    assert headers["accept"] == "application/json"
    assert headers["if-modified-since"] == "2026-10-01T00:00:00"


def test_money_in_a_json_body_stays_a_plain_exact_number(http: VendorHttp, vendor: VendorServer) -> None:
    http.send("post", vendor.url, json={"amount": Decimal("1234.10")}, repeatable=True)
    assert vendor.asked[0].method == "POST"
    assert vendor.asked[0].body == b'{"amount":1234.10}'
    assert vendor.asked[0].headers["content-type"] == "application/json"


def test_a_form_body_is_encoded_as_fields(http: VendorHttp, vendor: VendorServer) -> None:
    http.send("POST", vendor.url, form={"grant_type": "refresh_token", "refresh_token": "a+b/c"}, repeatable=True)
    assert vendor.asked[0].body == b"grant_type=refresh_token&refresh_token=a%2Bb%2Fc"
    assert vendor.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"


def test_bytes_are_sent_as_they_are_under_the_type_the_caller_names(http: VendorHttp, vendor: VendorServer) -> None:
    http.send("PUT", vendor.url, content=b"\x1f\x8b", headers={"Content-Type": "application/x-gzip"}, repeatable=True)
    assert vendor.asked[0].body == b"\x1f\x8b"
    assert vendor.asked[0].headers["content-type"] == "application/x-gzip"


def test_an_answers_numbers_are_exact_decimals(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(body=b'{"total": 0.10, "count": 3}'))
    assert http.get(vendor.url).json() == {"total": Decimal("0.10"), "count": 3}


def test_calls_are_counted_with_their_repeats(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(say({}, 503), say({}))
    http.get(vendor.url)
    assert http.calls == 2


def test_a_closed_client_opens_again(http: VendorHttp, vendor: VendorServer) -> None:
    http.get(vendor.url)
    http.close()
    assert http.get(vendor.url).status == 200


def test_reads_share_a_connection_and_unrepeatable_sends_never_reuse_one(
    http: VendorHttp, vendor: VendorServer
) -> None:
    """A connection that the vendor is just closing would lose the answer of a request that must not be repeated."""
    http.get(vendor.url)
    http.get(vendor.url)
    http.send("POST", vendor.url, repeatable=False)
    http.send("POST", vendor.url, repeatable=False)
    assert [asked.connection for asked in vendor.asked] == [1, 1, 2, 3]


def test_a_forked_child_opens_connections_of_its_own(http: VendorHttp, vendor: VendorServer) -> None:
    http.get(vendor.url)
    child = os.fork()
    if child == 0:
        os._exit(0 if http.get(vendor.url).status == 200 and http.close() is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert http.get(vendor.url).status == 200
    assert [asked.connection for asked in vendor.asked] == [1, 2, 1]


def test_a_child_keeps_its_parents_connections_unclosed(
    http: VendorHttp, vendor: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    http.get(vendor.url)
    parents = http._clients._clients
    with monkeypatch.context() as child:
        child.setattr("os.getpid", lambda: -1)
        http.get(vendor.url)
        http.close()
    assert _OF_PARENTS.pop() is parents
    assert not any(client.is_closed for client in parents.values())
    for client in parents.values():
        client.close()


def test_a_client_closed_in_a_forked_child_leaves_the_parents_connections_alone(
    http: VendorHttp, vendor: VendorServer
) -> None:
    http.get(vendor.url)
    child = os.fork()
    if child == 0:
        http.close()
        os._exit(0)
    os.waitpid(child, 0)
    http.get(vendor.url)
    assert [asked.connection for asked in vendor.asked] == [1, 1]


# ── where it may go ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("url", ["http://api.example.com/x", "ftp://127.0.0.1/x", "file:///etc/passwd"])
def test_plain_http_is_for_this_machine_alone(http: VendorHttp, url: str) -> None:
    with pytest.raises(SettingWrong, match="no address that the client of Testers may speak to"):
        http.get(url)


def test_a_client_speaks_to_its_origins_alone(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    http = open_client(origins=[vendor.url])
    assert http.get(f"{vendor.url}/x").status == 200
    with pytest.raises(SettingWrong, match=r"https://evil.example.com/next"):
        http.get("https://evil.example.com/next")


def test_a_redirect_is_refused_and_never_followed(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(say({}, 302, location="https://login.example.com/?token=geheim"))
    with pytest.raises(RequestRejected, match=r"pointing to https://login.example.com/\?token=\*\*\*") as caught:
        http.get(vendor.url)
    assert caught.value.status == 302
    assert len(vendor.asked) == 1


def test_a_redirect_without_a_place_says_so(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(say({}, 301))
    with pytest.raises(RequestRejected, match=r"pointing to nowhere"):
        http.get(vendor.url)


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(
    http: VendorHttp, vendor: VendorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert http.get(vendor.url).status == 200


# ── credentials ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_401_renews_the_credentials_once_and_asks_again(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    tokens = Tokens()
    vendor.plays(say({"Detail": "TokenExpired"}, 401), say({"ok": True}))
    assert open_client(authorize=tokens).get(vendor.url).json() == {"ok": True}
    assert tokens.refused == [None, "Bearer 1"]
    assert [asked.headers["authorization"] for asked in vendor.asked] == ["Bearer 1", "Bearer 2"]


def test_a_second_401_is_a_refused_credential(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    vendor.plays(say({"Detail": "TokenExpired"}, 401), say({"Detail": "still no"}, 401))
    with pytest.raises(CredentialRefused, match=r"still no.*fresh credentials as well"):
        open_client(authorize=Tokens()).get(vendor.url)
    assert len(vendor.asked) == 2


def test_a_401_is_repeated_even_for_a_request_that_must_not_be_sent_twice(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    """The vendor refused it before doing anything."""
    vendor.plays(say({}, 401), say({"task": 1}))
    assert open_client(authorize=Tokens()).send("POST", vendor.url, repeatable=False).json() == {"task": 1}


def test_a_client_without_credentials_says_401_at_once(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(say({"error": "invalid_client"}, 401))
    with pytest.raises(CredentialRefused, match="invalid_client"):
        http.send("POST", vendor.url, repeatable=True)
    assert len(vendor.asked) == 1


def test_an_expected_401_is_an_answer(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    vendor.plays(say({"error": "invalid_client"}, 401))
    answer = open_client(authorize=Tokens()).get(vendor.url, expected=(400, 401))
    assert (answer.status, answer.json()) == (401, {"error": "invalid_client"})


# ── refusals ──────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 412, 422])
def test_a_4xx_is_rejected_for_good_with_what_the_vendor_said(
    http: VendorHttp, vendor: VendorServer, status: int
) -> None:
    vendor.plays(say({"Message": "A validation exception"}, status))
    with pytest.raises(RequestRejected, match=rf"{status} to GET .*A validation exception") as caught:
        http.get(vendor.url)
    assert caught.value.status == status
    assert len(vendor.asked) == 1


def test_a_403_is_never_an_empty_result(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(403, b"", {}))
    with pytest.raises(RequestRejected, match="an empty body"):
        http.get(vendor.url)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_busy_and_ill_answers_are_asked_again(
    http: VendorHttp, vendor: VendorServer, status: int, pauses: list[float]
) -> None:
    vendor.plays(say({}, status), say({}, status), say({"ok": 1}))
    assert http.get(vendor.url).json() == {"ok": 1}
    assert len(pauses) == 2


def test_after_the_last_try_the_refusal_is_raised_with_its_status(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(*[Say(503, b"<h1>Bad</h1>", {"content-type": "text/html"})] * 3)
    with pytest.raises(TemporarilyRefused, match=r"503 to GET .*a page for people: <h1>Bad</h1>") as caught:
        http.get(vendor.url)
    assert caught.value.context["status"] == 503
    assert len(vendor.asked) == 3


def test_retry_after_is_obeyed(http: VendorHttp, vendor: VendorServer, pauses: list[float]) -> None:
    vendor.plays(say({}, 429, retry_after="7"), say({}))
    http.get(vendor.url)
    assert 7 <= pauses[0] < 8


def test_a_retry_after_beyond_patience_is_raised_with_its_seconds(
    http: VendorHttp, vendor: VendorServer, pauses: list[float]
) -> None:
    vendor.plays(say({}, 429, retry_after="66975"))
    with pytest.raises(TemporarilyRefused) as caught:
        http.get(vendor.url)
    assert caught.value.retry_after_seconds == 66975
    assert pauses == []


def test_a_304_is_an_answer_without_a_body(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(304, b"", {}))
    assert http.get(vendor.url).content == b""


def test_a_vendor_names_its_own_refusals_first(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    def classify(answer: Answer) -> ConnectorError | None:
        return QuotaExhausted("Day spent.", "No more.", "Wait.") if answer.headers.get("X-Problem") == "day" else None

    http = open_client(classify=classify)
    vendor.plays(say({}, 429, x_problem="minute"), say({}, 429, x_problem="day"))
    with pytest.raises(QuotaExhausted, match="Day spent"):
        http.get(vendor.url)
    assert len(vendor.asked) == 2


def test_a_vendor_may_name_a_401_that_no_new_token_mends(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    http = open_client(authorize=Tokens(), classify=lambda answer: CredentialRefused("Scope missing.", "x.", "y."))
    vendor.plays(say({}, 401))
    with pytest.raises(CredentialRefused, match="Scope missing"):
        http.get(vendor.url)
    assert len(vendor.asked) == 1


# ── wrong bodies ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_html_instead_of_json_is_a_refusal_and_asked_again(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(PAGE, say({"ok": 1}))
    assert http.get(vendor.url).json() == {"ok": 1}


def test_html_that_stays_is_named(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(PAGE, PAGE, PAGE)
    with pytest.raises(
        TemporarilyRefused, match=r"200 to GET .*a page for people: <html><h1>Be right back</h1></html>"
    ):
        http.get(vendor.url)


def test_html_is_an_answer_where_it_was_asked_for(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(PAGE)
    assert b"Be right" in http.get(vendor.url, headers={"Accept": "text/html"}).content


def test_json_that_cannot_be_decoded_is_named_when_it_is_read(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(body=b'{"Invoices": [{"refresh_token": "geheim", '))
    answer = http.get(f"{vendor.url}/Invoices")
    with pytest.raises(TemporarilyRefused, match=r'not JSON: 200 to GET .*/Invoices: \{"Invoices"') as caught:
        answer.json()
    assert "geheim" not in str(caught.value)


def test_a_cut_body_is_asked_again(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(body=b'{"half', promised=100), say({"whole": 1}))
    assert http.get(vendor.url).json() == {"whole": 1}


def test_a_body_that_does_not_unpack_is_asked_again(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Say(body=b"no gzip", headers={"content-encoding": "gzip"}), say({"whole": 1}))
    assert http.get(vendor.url).json() == {"whole": 1}


# ── lost answers ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_lost_answer_to_a_read_is_asked_again(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Drop(), say({"ok": 1}))
    assert http.get(vendor.url).json() == {"ok": 1}


def test_a_read_that_stays_unanswered_is_temporarily_refused(http: VendorHttp, vendor: VendorServer) -> None:
    vendor.plays(Drop(), Drop(), Drop())
    with pytest.raises(TemporarilyRefused, match=r"gave no complete answer to GET"):
        http.get(vendor.url)


def test_a_silent_vendor_is_given_up_after_the_read_timeout(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    vendor.plays(Silence(), say({"ok": 1}))
    http = open_client(timeouts=Timeouts(read_seconds=30))
    assert http.get(vendor.url, read_timeout_seconds=0.05).json() == {"ok": 1}


@pytest.mark.parametrize(
    "played",
    [Drop(), Silence(), Say(body=b"{", promised=9), Say(500), Say(502), PAGE],
    ids=["dropped", "silent", "cut", "500", "502", "page"],
)
def test_an_unclear_answer_to_an_unrepeatable_request_is_outcome_unknown_and_sent_once(
    http: VendorHttp, vendor: VendorServer, played: Drop | Silence | Say
) -> None:
    vendor.plays(played)
    with pytest.raises(OutcomeUnknown, match=r"Whether it took effect is not known"):
        http.send("POST", f"{vendor.url}/tasks", json={}, repeatable=False, read_timeout_seconds=0.1)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("status", [408, 429])
def test_a_refused_unrepeatable_request_may_pass_later_but_is_not_repeated_here(
    http: VendorHttp, vendor: VendorServer, status: int
) -> None:
    vendor.plays(say({}, status))
    with pytest.raises(TemporarilyRefused):
        http.send("POST", vendor.url, repeatable=False)
    assert len(vendor.asked) == 1


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_refused_connection_sent_nothing(http: VendorHttp, repeatable: bool, pauses: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x?token=geheim"
    with pytest.raises(TemporarilyRefused, match=r"cannot be reached .*was not sent") as caught:
        http.send("POST", url, repeatable=repeatable)
    assert "geheim" not in str(caught.value)
    assert len(pauses) == (2 if repeatable else 0)


# ── the gate ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class NotingGate:
    """Notes what passes and what is learned."""

    def __init__(self, error: ConnectorError | None = None) -> None:
        self.noted: list[object] = []
        self.error = error

    @contextmanager
    def before(self, method: str) -> Iterator[None]:
        self.noted.append(f"{method} enters")
        try:
            yield
        finally:
            self.noted.append(f"{method} leaves")

    def learn(self, headers: Mapping[str, str], refused: ConnectorError | None) -> None:
        self.noted.append((headers.get("x-left"), type(refused)))
        if self.error:
            raise self.error


def test_every_try_passes_the_gate_and_teaches_it(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    gate = NotingGate()
    vendor.plays(say({}, 503, x_left="9"), say({}, 200, x_left="8"))
    open_client(gate=gate).get(vendor.url)
    assert gate.noted == [
        "GET enters", "GET leaves", ("9", TemporarilyRefused),
        "GET enters", "GET leaves", ("8", type(None)),
    ]  # fmt: skip


def test_an_answer_in_hand_survives_a_database_that_is_away(
    open_client: Callable[..., VendorHttp], vendor: VendorServer
) -> None:
    """A task was started: losing its id because a limit could not be noted would be a lost answer of our own making."""
    vendor.plays(say({"task": "A1"}))
    http = open_client(gate=NotingGate(TemporarilyRefused("Database away.", "x.", "y.")))
    assert http.send("POST", vendor.url, repeatable=False).json() == {"task": "A1"}


def test_a_client_may_ask_once_alone(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    vendor.plays(say({}, 503))
    with pytest.raises(TemporarilyRefused):
        open_client(retry=RetryPolicy(attempts=1)).get(vendor.url)
    assert len(vendor.asked) == 1
