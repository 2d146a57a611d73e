import base64
import secrets
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from ml_connector_dagster_tests.sandbox.anaplan.desk import BUILDER, DEMO, Desk, M


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def certificate(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "demo@calderfinch.example")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(7).not_valid_before(now).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def pem(certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def signed(key, data: bytes, form: str = "") -> dict[str, str]:
    signature = key.sign(data, padding.PKCS1v15(), hashes.SHA512())
    body = {"encodedData": base64.b64encode(data).decode(), "encodedSignedData": base64.b64encode(signature).decode()}
    return {**body, "encodedDataFormat": form} if form else body


def authenticate(desk: Desk, header: bytes, body: dict[str, str]):
    value = f"CACertificate {base64.b64encode(header).decode()}"
    return desk.post("/token/authenticate", body, headers={"Authorization": value})


def stamped(desk: Desk, factor: int = 1) -> bytes:
    return int(desk.world.clock.now().timestamp() * factor).to_bytes(8, "big") + secrets.token_bytes(100)


def test_basic_login_answers_201_with_a_token_for_35_minutes(stranger):
    answer = stranger.call("POST", "/token/authenticate", auth=DEMO)
    info = answer.json()["tokenInfo"]
    assert answer.status_code == 201
    assert info["expiresAt"] == pytest.approx(stranger.world.clock.now_ms() + 35 * 60 * 1000, abs=5000)


def test_wrong_password_is_401_and_a_bare_request_400(stranger):
    wrong = stranger.call("POST", "/token/authenticate", auth=(DEMO[0], "no"))
    bare = stranger.call("POST", "/token/authenticate")
    assert (wrong.status_code, wrong.json()["status"]) == (401, "FAILURE_BAD_CREDENTIAL")
    assert (bare.status_code, bare.json()["status"]) == (400, "FAILURE_BAD_HEADER")


def test_an_expired_password_is_refused(stranger):
    stranger.control("/anaplan/users", {"email": DEMO[0], "password_expired": True})
    assert stranger.call("POST", "/token/authenticate", auth=DEMO).status_code == 401


def test_a_token_dies_after_expires_at(desk):
    assert desk.get(f"{M}/imports").status_code == 200
    desk.finish(35 * 60 + 1)
    assert desk.get(f"{M}/imports").status_code == 401
    assert desk.post("/token/refresh").status_code == 401


def test_refresh_keeps_the_value_and_moves_the_end(desk):
    desk.finish(30 * 60)
    info = desk.post("/token/refresh").json()["tokenInfo"]
    assert info["tokenValue"] == desk.token
    desk.finish(30 * 60)
    assert desk.get(f"{M}/imports").status_code == 200


def test_logout_kills_the_token_at_once(desk):
    assert desk.post("/token/logout").status_code == 204
    assert desk.get(f"{M}/imports").status_code == 401
    assert desk.post("/token/logout").status_code == 401


def test_validate_names_user_and_customer(desk):
    info = desk.get("/token/validate").json()["userInfo"]
    assert info["userId"] == DEMO[0]
    assert len(info["customerGuid"]) == len(info["userGuid"]) == 32


def test_bearer_works_on_the_api_and_not_on_the_authentication_service(desk):
    bearer = {"Authorization": f"Bearer {desk.token}"}
    assert desk.get(f"{M}/imports", headers=bearer).status_code == 200
    assert desk.get("/token/validate", headers=bearer).status_code == 400


def test_an_api_error_has_the_api_error_shape(stranger):
    body = stranger.get(f"{M}/imports").json()
    assert body["status"] == {"code": 401, "message": "Unauthorized"}
    assert body["path"] == f"{M}/imports"


@pytest.mark.parametrize("form", ["pem", "der"])
def test_certificate_v1_logs_in_with_either_header_form(stranger, key, certificate, form):
    register(stranger, certificate)
    header = pem(certificate) if form == "pem" else certificate.public_bytes(serialization.Encoding.DER)
    answer = authenticate(stranger, header, signed(key, secrets.token_bytes(150)))
    assert answer.status_code == 201


def test_certificate_v2_logs_in_with_a_timestamp_in_seconds(stranger, key, certificate):
    register(stranger, certificate)
    assert authenticate(stranger, pem(certificate), signed(key, stamped(stranger), "v2")).status_code == 201
    in_ms = signed(key, stamped(stranger, 1000), "v2")
    assert authenticate(stranger, pem(certificate), in_ms).status_code == 401


def test_certificate_v2_in_milliseconds_where_the_tenant_reads_those(stranger, key, certificate):
    register(stranger, certificate)
    stranger.control("/anaplan/logins", {"v2_unit": "milliseconds"})
    in_ms = signed(key, stamped(stranger, 1000), "v2")
    assert authenticate(stranger, pem(certificate), in_ms).status_code == 201
    assert authenticate(stranger, pem(certificate), signed(key, stamped(stranger), "v2")).status_code == 401


def test_a_phased_out_format_is_400(stranger, key, certificate):
    register(stranger, certificate)
    stranger.control("/anaplan/logins", {"cert_formats": ["v1"]})
    assert authenticate(stranger, pem(certificate), signed(key, stamped(stranger), "v2")).status_code == 400
    assert authenticate(stranger, pem(certificate), signed(key, secrets.token_bytes(150))).status_code == 201


def test_an_unknown_certificate_a_foreign_signature_and_too_few_bytes_are_refused(stranger, key, certificate):
    data = secrets.token_bytes(150)
    assert authenticate(stranger, pem(certificate), signed(key, data)).status_code == 401
    register(stranger, certificate)
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert authenticate(stranger, pem(certificate), signed(other, data)).status_code == 401
    assert authenticate(stranger, pem(certificate), signed(key, secrets.token_bytes(40))).status_code == 400
    assert authenticate(stranger, b"no certificate", signed(key, data)).status_code == 400


def test_logins_are_counted(desk):
    desk.as_user(BUILDER)
    desk.post("/token/refresh")
    counts = desk.control("/anaplan/counts")
    assert (counts["authenticate"], counts["refresh"]) == (2, 1)


def test_revoking_everything_ends_every_session(desk):
    desk.control("/anaplan/logins", {"revoke_all": True})
    assert desk.get(f"{M}/imports").status_code == 401


def register(desk: Desk, certificate) -> None:
    desk.control("/anaplan/logins", {"register": {"pem": pem(certificate).decode(), "email": DEMO[0]}})
