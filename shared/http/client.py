"""The HTTP client that every connector calls through."""

import json
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self

import httpx
import stamina

from shared.errors import (
    CredentialRejected,
    GiveUp,
    InvalidInput,
    RateLimited,
    VendorUnavailable,
)

CONNECT_S = 5.0
READ_S = 30.0
ATTEMPTS = 4
LONGEST_RETRY_S = 45.0
LARGEST_ANSWER_BYTES = 64 * 1024 * 1024


class VendorHttp:
    """Sends requests to one vendor; `vendor` names it in errors, `headers` may hold secrets.

    `on_answer` hears of each request: the status, or `timeout` or `unreachable`.
    """

    def __init__(
        self,
        vendor: str,
        base_url: str,
        headers: Mapping[str, str],
        *,
        attempts: int = ATTEMPTS,
        on_answer: Callable[[str], None] = lambda _status: None,
    ) -> None:
        self._vendor = vendor
        self._on_answer = on_answer
        self._attempts = attempts
        try:
            self._client = httpx.Client(
                base_url=base_url,
                headers=dict(headers),
                timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
                follow_redirects=False,
            )
        except httpx.InvalidURL:
            raise InvalidInput(f"{vendor}: the base URL is not a URL; mend the setting") from None

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def post_json(self, path: str, body: Mapping[str, object]) -> object:
        """Posts JSON and returns the JSON answered; asks again while the vendor is away, then raises."""
        for attempt in stamina.retry_context(
            on=VendorUnavailable, attempts=self._attempts, timeout=LONGEST_RETRY_S, wait_initial=0.2
        ):
            with attempt:
                return self._post_once(path, body)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _post_once(self, path: str, body: Mapping[str, object]) -> object:
        try:
            with self._client.stream("POST", path, json=body) as answer:
                self._on_answer(str(answer.status_code))
                self._check_status(answer)
                content = self._read(answer)
        except httpx.TimeoutException:
            self._on_answer("timeout")
            raise VendorUnavailable(
                f"{self._vendor}: no answer in time; it is tried again"
            ) from None
        except httpx.LocalProtocolError:
            # Its text would show the header, and with it the secret.
            raise CredentialRejected(
                f"{self._vendor}: the credential holds a character that no header may have; store it again"
            ) from None
        except httpx.UnsupportedProtocol:
            raise InvalidInput(
                f"{self._vendor}: the base URL must begin with https:// or http://; mend the setting"
            ) from None
        except httpx.TransportError as error:
            self._on_answer("unreachable")
            reason = str(error) or type(error).__name__
            raise VendorUnavailable(f"{self._vendor}: cannot be reached: {reason}") from None
        try:
            return json.loads(content)
        except ValueError:
            raise VendorUnavailable(f"{self._vendor}: the answer is not JSON") from None

    def _read(self, answer: httpx.Response) -> bytes:
        content = bytearray()
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > LARGEST_ANSWER_BYTES:
                raise GiveUp(f"{self._vendor}: the answer is too large; ask for smaller pages")
        return bytes(content)

    def _check_status(self, answer: httpx.Response) -> None:
        status = answer.status_code
        if status in {401, 403}:
            raise CredentialRejected(
                f"{self._vendor}: the credential is refused (HTTP {status}); connect the account again"
            )
        if status == 429:
            raise RateLimited(f"{self._vendor}: the rate limit is used up", _retry_after(answer))
        if status >= 500:
            raise VendorUnavailable(f"{self._vendor}: answered HTTP {status}", _retry_after(answer))
        if status != 200:
            raise GiveUp(f"{self._vendor}: answered HTTP {status} to {answer.request.url.path}")


def _retry_after(answer: httpx.Response) -> float | None:
    """Seconds, from seconds or from an HTTP date; None where there is neither."""
    told = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(told))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(told).timestamp() - time.time())
    except (TypeError, ValueError):
        return None
