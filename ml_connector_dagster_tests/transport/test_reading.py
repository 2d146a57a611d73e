"""Requests without a proxy between: TLS, connections that are kept, and the proxy that the environment names."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ml_connector_dagster.errors import TemporarilyRefused
from ml_connector_dagster.transport.client import VendorHttp
from ml_connector_dagster.transport.reading import ReadingTransport
from ml_connector_dagster_tests.transport.vendor_server import Say, VendorServer

ANSWER = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that nobody signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now, hour = datetime.now(UTC), timedelta(hours=1)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now - hour, now + hour)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(*form) + made.public_bytes(serialization.Encoding.PEM))
    return path


class OneAnswerEach:
    """A server that answers each connection once, then closes it without having said so."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.closed = threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                with (
                    suppress(ssl.SSLError),
                    self._context.wrap_socket(plain, True) if self._context else plain as client,
                ):
                    client.recv(65536)
                    client.sendall(ANSWER)
                self.closed.release()


@pytest.fixture
def over_tls(certificate: Path) -> Iterator[OneAnswerEach]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = OneAnswerEach(context)
    yield server
    server.close()


@pytest.fixture
def curt() -> Iterator[OneAnswerEach]:
    server = OneAnswerEach()
    yield server
    server.close()


def asked(server: OneAnswerEach, trusted: ssl.SSLContext) -> httpx.Response:
    with httpx.Client(transport=ReadingTransport(httpx.HTTPTransport(verify=trusted), trusted, keeps=1)) as client:
        return client.get(f"https://127.0.0.1:{server.port}")


def test_a_server_with_a_trusted_certificate_is_read(over_tls: OneAnswerEach, certificate: Path) -> None:
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusted.load_verify_locations(certificate)
    answer = asked(over_tls, trusted)
    assert (answer.status_code, answer.content) == (200, b"{}")


def test_a_server_that_nobody_vouches_for_is_sent_nothing(over_tls: OneAnswerEach) -> None:
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        asked(over_tls, httpx.create_ssl_context())


def test_a_kept_connection_that_the_vendor_closed_is_not_used_again(
    open_client: Callable[..., VendorHttp], curt: OneAnswerEach
) -> None:
    client = open_client()
    for _ in range(3):
        assert client.get(f"http://127.0.0.1:{curt.port}").status == 200
        assert curt.closed.acquire(timeout=5)
    assert client.calls == 3


def test_a_packed_body_is_unpacked(open_client: Callable[..., VendorHttp], vendor: VendorServer) -> None:
    vendor.plays(Say(body=gzip.compress(b'{"packed": true}'), headers={"content-encoding": "gzip"}))
    assert open_client().get(vendor.url).json() == {"packed": True}


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY"])
def test_a_proxy_that_the_environment_names_is_asked_for_every_vendor(
    open_client: Callable[..., VendorHttp], vendor: VendorServer, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, vendor.url)
    vendor.plays(*[Say(403)] * 3)
    with pytest.raises(TemporarilyRefused):
        open_client().get("https://api.example.invalid/list")
    assert {(one.method, one.path) for one in vendor.asked} == {("CONNECT", "api.example.invalid:443")}
