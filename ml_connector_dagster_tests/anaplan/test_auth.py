"""One login per 35 minutes, however many processes run; and every form a certificate login may take."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from ml_connector_dagster.anaplan.auth import AnaplanOAuth, AnaplanTokens, BasicLogin, SavedToken, login_from
from ml_connector_dagster.anaplan.certificate import CertificateLogin
from ml_connector_dagster.errors import CredentialRefused, RequestRejected, SettingWrong
from ml_connector_dagster_tests.anaplan.fake_http import FakeHttp

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LOGIN, REFRESH, VALIDATE = (
    "https://auth/token/authenticate",
    "https://auth/token/refresh",
    "https://auth/token/validate",
)
REFUSED = RequestRejected("400.", "No.", "Mend.", status=400)


def token(value: str, minutes: float = 35) -> dict[str, Any]:
    return {
        "status": "SUCCESS",
        "tokenInfo": {"tokenValue": value, "expiresAt": int((NOW + timedelta(minutes=minutes)).timestamp() * 1000)},
    }


class Shared:
    def __init__(self, saved: SavedToken | None = None) -> None:
        self.saved = saved
        self.holds = 0
        self.meanwhile: SavedToken | None = None

    def read(self) -> SavedToken | None:
        return self.saved

    @contextmanager
    def locked(self) -> Iterator[None]:
        self.holds += 1
        if self.meanwhile is not None:
            self.saved = self.meanwhile
        yield

    def write(self, saved: SavedToken) -> None:
        self.saved = saved


def tokens(answers: dict[str, Any], shared: Shared) -> AnaplanTokens:
    whom = {VALIDATE: {"userInfo": {"customerGuid": "c" * 32, "userGuid": "u" * 32}}}
    return AnaplanTokens(
        FakeHttp({**whom, **answers}),
        auth_url="https://auth",
        login=BasicLogin("a@b", "pw"),
        shared=shared,
        now=lambda: NOW,
    )


def saved(value: str, minutes: float, **facts: str) -> SavedToken:
    return SavedToken(value, NOW + timedelta(minutes=minutes), **facts)


def asked(found: AnaplanTokens) -> list[str]:
    return [path.rsplit("/", 1)[1] for _, path, _ in found._http.asked]


def test_a_first_login_learns_the_tenant() -> None:
    shared = Shared()
    found = tokens({LOGIN: token("t1")}, shared)
    assert found.headers(None) == {"Authorization": "AnaplanAuthToken t1"}
    assert (found.tenant(), asked(found)) == ("c" * 32, ["authenticate", "validate"])
    assert "t1" not in repr(shared.saved)


def test_a_login_whose_tenant_is_not_told_falls_back_to_the_address() -> None:
    assert tokens({LOGIN: token("t1"), VALIDATE: REFUSED}, Shared()).tenant() == "https://auth"


def test_a_token_with_life_left_is_shared_without_a_call() -> None:
    found = tokens({}, Shared(saved("t1", 6)))
    assert (found.token().value, asked(found)) == ("t1", [])


def test_a_token_in_its_last_five_minutes_is_refreshed_and_keeps_its_tenant() -> None:
    shared = Shared(saved("t1", 4, customer_guid="c1"))
    found = tokens({REFRESH: token("t1", 39)}, shared)
    assert (found.token().value, asked(found), shared.saved.customer_guid) == ("t1", ["refresh"], "c1")
    assert shared.saved.expires_at == NOW + timedelta(minutes=39)


def test_a_refresh_that_is_refused_becomes_a_login() -> None:
    found = tokens(
        {REFRESH: CredentialRefused("401.", "No.", "Log in."), LOGIN: token("t2")},
        Shared(saved("t1", 4, customer_guid="c1")),
    )
    assert (found.token().value, asked(found)) == ("t2", ["refresh", "authenticate"])


def test_an_expired_token_is_replaced_by_a_login() -> None:
    found = tokens({LOGIN: token("t2")}, Shared(saved("t1", -1, customer_guid="c1")))
    assert (found.token().value, asked(found)) == ("t2", ["authenticate"])


def test_a_token_the_api_refused_is_replaced_once_over_all_processes() -> None:
    shared = Shared(saved("t1", 20, customer_guid="c1"))
    found = tokens({LOGIN: token("t2")}, shared)
    assert found.headers("AnaplanAuthToken t1") == {"Authorization": "AnaplanAuthToken t2"}
    assert found.headers("AnaplanAuthToken t1") == {"Authorization": "AnaplanAuthToken t2"}
    assert asked(found) == ["authenticate"]


def test_a_token_another_process_fetched_while_we_waited_is_used() -> None:
    shared = Shared(saved("t1", -1))
    shared.meanwhile = saved("t2", 35)
    found = tokens({}, shared)
    assert (found.token().value, shared.holds) == ("t2", 1)


def test_a_refused_login_says_whom_and_what_to_do() -> None:
    with pytest.raises(CredentialRefused, match=r"refused the login for a@b.*password expired"):
        tokens({LOGIN: REFUSED}, Shared()).token()


def test_an_answer_without_a_token_is_refused() -> None:
    with pytest.raises(CredentialRefused, match=r"without a token \(FAILURE\)"):
        tokens({LOGIN: {"status": "FAILURE"}}, Shared()).token()
    with pytest.raises(CredentialRefused, match=r"without a token"):
        tokens({LOGIN: b"[]"}, Shared()).token()


def test_basic_sends_email_and_password() -> None:
    found = tokens({LOGIN: token("t1")}, Shared())
    found.token()
    assert found._http.asked[0][2].headers["Authorization"] == "Basic " + base64.b64encode(b"a@b:pw").decode()


def test_an_oauth_token_is_sent_under_anaplans_own_scheme() -> None:
    refused: list[str | None] = []
    oauth = AnaplanOAuth(lambda bare: refused.append(bare) or "access")
    assert oauth.headers("AnaplanAuthToken old") == {"Authorization": "AnaplanAuthToken access"}
    assert refused == ["old"]


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(private, passphrase: bytes = b"") -> str:
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection).decode()


CERTIFICATE = "-----BEGIN CERTIFICATE-----\nQUJD\nREVG\n-----END CERTIFICATE-----\n"


def accepting(*forms: str) -> FakeHttp:
    """An auth service that takes only these forms, by the format they name and the size of their time."""

    def judge(sent: SimpleNamespace) -> Any:
        data = base64.b64decode(sent.json["encodedData"])
        if "encodedDataFormat" not in sent.json:
            form = "v1"
        else:
            form = "v2-seconds" if int.from_bytes(data[:8], "big") < 10**11 else "v2-milliseconds"
        return token(form) if form in forms else REFUSED

    return FakeHttp({LOGIN: judge})


@pytest.mark.parametrize(("form", "tries"), [("v2-seconds", 1), ("v2-milliseconds", 2), ("v1", 3)])
def test_the_form_of_a_certificate_login_is_negotiated_once(key: rsa.RSAPrivateKey, form: str, tries: int) -> None:
    http = accepting(form)
    login = CertificateLogin(CERTIFICATE, pem(key))
    _, worked = login.authenticate(http, LOGIN, "")
    assert (worked, len(http.asked)) == (form, tries)
    assert (login.authenticate(http, LOGIN, worked)[1], len(http.asked)) == (form, tries + 1)


def test_a_form_anaplan_no_longer_takes_is_negotiated_again(key: rsa.RSAPrivateKey) -> None:
    assert CertificateLogin(CERTIFICATE, pem(key)).authenticate(accepting("v2-seconds"), LOGIN, "v1")[1] == "v2-seconds"


def test_a_certificate_refused_in_every_form_is_said_and_not_looped(key: rsa.RSAPrivateKey) -> None:
    http = accepting()
    with pytest.raises(CredentialRefused, match=r"each of its three forms"):
        CertificateLogin(CERTIFICATE, pem(key)).authenticate(http, LOGIN, "")
    assert len(http.asked) == 3


@pytest.mark.parametrize("form", ["v1", "v2-seconds"])
def test_the_signature_covers_the_raw_bytes(key: rsa.RSAPrivateKey, form: str) -> None:
    body = CertificateLogin(CERTIFICATE, pem(key, b"secret"), "secret").body(form)
    data, signature = base64.b64decode(body["encodedData"]), base64.b64decode(body["encodedSignedData"])
    key.public_key().verify(signature, data, padding.PKCS1v15(), hashes.SHA512())
    assert len(data) == (150 if form == "v1" else 158)


def test_the_certificate_goes_as_whole_pem_or_as_its_body(key: rsa.RSAPrivateKey) -> None:
    whole = CertificateLogin(CERTIFICATE, pem(key)).header()
    assert base64.b64decode(whole.removeprefix("CACertificate ")).decode() == CERTIFICATE
    assert CertificateLogin(CERTIFICATE, pem(key), header_form="der_b64").header() == "CACertificate QUJDREVG"


def test_keys_that_cannot_sign_are_named(key: rsa.RSAPrivateKey) -> None:
    for wrong, words in ((CertificateLogin(CERTIFICATE, "no key"), "cannot be read"),
                         (CertificateLogin(CERTIFICATE, pem(key, b"secret"), "wrong"), "passphrase is wrong"),
                         (CertificateLogin(CERTIFICATE, pem(ec.generate_private_key(ec.SECP256R1()))), "no RSA key")):  # fmt: skip
        with pytest.raises(SettingWrong, match=words):
            wrong.body("v1")


def test_a_login_is_made_from_a_credentials_fields() -> None:
    assert login_from("basic", {"email": "a@b", "password": "pw"}) == BasicLogin("a@b", "pw")
    certificate = login_from("certificate", {"certificate_pem": "c", "key_pem": "secret key"})
    assert certificate == CertificateLogin("c", "secret key")
    assert "secret key" not in repr(certificate)
    with pytest.raises(SettingWrong, match=r"has no password"):
        login_from("basic", {"email": "a@b"})
    with pytest.raises(SettingWrong, match=r"'kerberos' is not a kind"):
        login_from("kerberos", {})
