"""The HTTP client that every connector calls through."""

import json
import ssl
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.request import getproxies

import httpx
import stamina

from shared.closing import Closing
from shared.domain.unzip import unzip
from shared.errors import (
    CapLiquifyError,
    CredentialRejected,
    GiveUp,
    InvalidInput,
    VendorAway,
    VendorUnavailable,
)
from shared.http.access import Access, FixedAccess
from shared.http.admission import Circuit, NoCircuit
from shared.http.answers import OUTSIDE, check_status, is_foreign, is_retried_here
from shared.http.transport import PrivateAddress, SteadyTransport, call_deadline, check_deadline
from shared.use_cases.vendors import Answer, Call

CONNECT_S = 5.0
READ_S = 30.0
# From the first byte sent to the last one read: a vendor that drips does not hold a worker for long.
TOTAL_S = 90.0
DOWNLOAD_S = 3600.0
ATTEMPTS = 4
# Waits double, and are spread by as much again: workers that failed together do not come back together.
FIRST_WAIT_S, SPREAD_S = 0.3, 0.6
LONGEST_RETRY_S = 45.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
LARGEST_DOWNLOAD_BYTES = 8 * 1024 * 1024 * 1024


# Python reads no number of more digits than some thousands.
MOST_DIGITS = 400


class VendorHttp(Closing):
    """Sends requests to one vendor; `vendor` names it in errors, `access` may hold secrets.

    `on_answer` hears of each request: the status, or `timeout` or `unreachable`.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        access: Access | Mapping[str, str],
        *,
        attempts: int = ATTEMPTS,
        read_s: float = READ_S,
        total_s: float = TOTAL_S,
        on_answer: Callable[[str], None] = lambda _status: None,
        circuit: Circuit = NoCircuit(),  # noqa: B008 - it holds nothing
    ) -> None:
        self._vendor = vendor
        self._circuit = circuit
        self._access = FixedAccess(access) if isinstance(access, Mapping) else access
        self._on_answer = on_answer
        self._attempts = attempts
        self._total_s = total_s
        timeout = httpx.Timeout(read_s, connect=CONNECT_S)
        try:
            self._client = httpx.Client(
                **_transport(public_only=False),
                base_url=base_url,
                timeout=timeout,
                follow_redirects=False,
                # One layer, which is undone here with bounds.
                headers={"Accept-Encoding": "gzip"},
            )
        except httpx.InvalidURL:
            raise InvalidInput(f"{vendor}: the base URL is not a URL; fix the setting") from None

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def send(self, call: Call) -> Answer:
        """The answer, asked for again while the vendor is away and once after a refused token.

        Raises `VendorAway` without a call while the circuit is open.
        """
        self._circuit.admit()
        try:
            answer = self._send(call)
        except VendorAway as error:
            raise self._circuit.fail(error) from None
        except CapLiquifyError:
            self._circuit.answer()
            raise
        self._circuit.answer()
        return answer

    def _send(self, call: Call) -> Answer:
        attempts = self._attempts if call.retried else 1
        for attempt in stamina.retry_context(
            on=is_retried_here,
            attempts=attempts,
            timeout=LONGEST_RETRY_S,
            wait_initial=FIRST_WAIT_S,
            wait_jitter=SPREAD_S,
        ):
            with attempt:
                try:
                    return self._send_once(call)
                except CredentialRejected:
                    if not self._access.renew():
                        raise
                return self._send_once(call)
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def download(self, url: str) -> Iterator[Iterator[bytes]]:
        """The bytes behind a URL that the vendor gave, without our secrets; not tried again here."""
        public_only = is_foreign(self._vendor, url, str(self._client.base_url))
        with (
            self._speaking(),
            call_deadline(DOWNLOAD_S),
            httpx.Client(
                **_transport(public_only=public_only),
                timeout=self._client.timeout,
                follow_redirects=False,
                headers={"Accept-Encoding": "gzip"},
            ) as client,
            client.stream("GET", url) as answer,
        ):
            self._on_answer(str(answer.status_code))
            if answer.status_code in {403, 404, 410}:
                raise VendorUnavailable(f"{self._vendor}: the file is gone; it is asked for again")
            check_status(self._vendor, answer, frozenset())
            yield self._pieces(answer, LARGEST_DOWNLOAD_BYTES)

    def _send_once(self, call: Call) -> Answer:
        headers = {**call.headers, **self._access.headers()}
        with (
            self._speaking(),
            call_deadline(self._total_s),
            self._client.stream(
                call.method,
                call.path,
                params=dict(call.params) or None,
                json=call.json,
                data=None if call.form is None else dict(call.form),
                headers=headers,
            ) as answer,
        ):
            self._on_answer(str(answer.status_code))
            check_status(self._vendor, answer, call.accepted)
            content = b"".join(self._pieces(answer, LARGEST_ANSWER_BYTES))
            return Answer(answer.status_code, _headers(answer), self._parse(answer, content))

    def _parse(self, answer: httpx.Response, content: bytes) -> object:
        if not content:
            return None
        try:
            return read_json(content)
        except RecursionError:
            raise GiveUp(
                f"{self._vendor}: the answer is nested too deeply; this is the vendor's to put right"
            ) from None
        except ValueError:
            if answer.status_code != 200:
                return None
            raise VendorUnavailable(f"{self._vendor}: the answer is not JSON") from None

    def _pieces(self, answer: httpx.Response, largest: int) -> Iterator[bytes]:
        coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
        raw = self._bounded(answer.iter_raw(), largest)
        if coding in {"", "identity"}:
            return raw
        if coding in {"gzip", "x-gzip"}:
            return unzip(self._vendor, raw, largest)
        raise VendorUnavailable(
            f"{self._vendor}: the answer is encoded as {coding[:40]!r}, which nobody asked for"
        )

    def _bounded(self, pieces: Iterable[bytes], largest: int) -> Iterator[bytes]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > largest:
                raise GiveUp(f"{self._vendor}: the answer is too large; ask for smaller pages")
            check_deadline()
            yield piece

    @contextmanager
    def _speaking(self) -> Iterator[None]:
        """Turns the library's errors into ours."""
        try:
            yield
        except CapLiquifyError:
            raise
        except httpx.TimeoutException:
            self._on_answer("timeout")
            raise VendorAway(f"{self._vendor}: no answer in time; it is tried again") from None
        except httpx.LocalProtocolError:
            # Its text would show the header, and with it the secret.
            raise CredentialRejected(
                f"{self._vendor}: the credential holds a character that no header may have; store it again"
            ) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise InvalidInput(
                f"{self._vendor}: the base URL must begin with https:// or http://; fix the setting"
            ) from None
        except httpx.ConnectError as error:
            if isinstance(error.__cause__, PrivateAddress):
                raise GiveUp(f"{self._vendor}: gave {OUTSIDE}") from None
            raise self._unreachable(error) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> VendorAway:
        self._on_answer("unreachable")
        reason = str(error) or type(error).__name__
        place = self._client.base_url
        return VendorAway(
            f"{self._vendor}: cannot be reached at {place.scheme}://{place.netloc.decode()}: {reason}"
        )


def read_json(content: bytes) -> object:
    """The document; a number of thousands of digits stays a text, so that only its own record is odd."""
    try:
        return json.loads(content)
    except json.JSONDecodeError:
        raise
    except ValueError:
        return json.loads(content, parse_int=_read_integer)


def _read_integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MOST_DIGITS else digits


def _transport(*, public_only: bool) -> dict[str, Any]:
    """Our own sockets; where a proxy is set, the library's way through it, which looks at the deadline between reads.

    A proxy finds its addresses itself: what a foreign name means there is the proxy's to judge.
    """
    if getproxies().keys() & {"http", "https", "all"}:
        return {"verify": _certificates()}
    return {"transport": SteadyTransport(_certificates(), public_only=public_only)}


@cache
def _certificates() -> ssl.SSLContext:
    """The authorities that are trusted: read once a process, which takes longer than many a request."""
    return httpx.create_ssl_context()


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name.lower(): value for name, value in answer.headers.items()}
