"""How addresses are read where no proxy stands between: urllib3 under httpx's client.

A page of a vendor has some two million bytes. httpx's own transport moves them five times before they can be decoded; urllib3
reads the body into one object, which is what decoding needs (``bench/RESULTS.md`` shows what that is worth). Whatever else than
reading is asked, and every proxy, is left to httpx's own transport.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError, SSLError

READS = "GET"


class ReadingTransport(httpx.BaseTransport):
    """Reads over connections that are kept; hands all other requests on. Any thread may use it."""

    def __init__(self, others: httpx.BaseTransport, certificates: ssl.SSLContext, *, keeps: int) -> None:
        """Open nothing yet.

        Args:
            others: Takes every request that does not read.
            certificates: What servers are verified with.
            keeps: Connections that are kept open for each host.
        """
        self._others = others
        self._pools = urllib3.PoolManager(maxsize=keeps, ssl_context=certificates, retries=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer with the whole body.

        Raises:
            httpx.ConnectError: No connection came about, so nothing was sent (``ConnectTimeout`` where it took too long).
            httpx.TransportError: It was lost later.
        """
        if request.method != READS:
            return self._others.handle_request(request)
        url, seconds = request.url, request.extensions["timeout"]
        with _in_words_of_httpx(request):
            answer = self._pools.connection_from_host(url.host, url.port, url.scheme).urlopen(
                READS,
                url.raw_path.decode("ascii"),
                headers=urllib3.HTTPHeaderDict(request.headers.multi_items()),
                redirect=False,
                timeout=urllib3.Timeout(connect=seconds["connect"], read=seconds["read"]),
                decode_content=False,
            )
        return httpx.Response(answer.status, headers=list(answer.headers.iteritems()), content=answer.data)

    def close(self) -> None:
        """Close what is kept open."""
        self._pools.clear()
        self._others.close()


@contextmanager
def _in_words_of_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except NewConnectionError as error:  # it is a ConnectTimeoutError too
        raise httpx.ConnectError(str(error), request=request) from error
    except ConnectTimeoutError as error:
        raise httpx.ConnectTimeout(str(error), request=request) from error
    except SSLError as error:
        kind = httpx.ConnectError if isinstance(error.args[0], ssl.SSLCertVerificationError) else httpx.ReadError
        raise kind(str(error), request=request) from error
    except ReadTimeoutError as error:
        raise httpx.ReadTimeout(str(error), request=request) from error
    except HTTPError as error:
        raise httpx.RemoteProtocolError(str(error) or type(error).__name__, request=request) from error
