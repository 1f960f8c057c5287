"""What opens a vendor's door: the headers that go with each request, and what to do when they are refused."""

from collections.abc import Callable, Mapping
from typing import Protocol

from shared.errors import RetryLater


class Access(Protocol):
    """Headers that may hold secrets; `renew` says whether other headers may be tried after a refusal."""

    def headers(self) -> Mapping[str, str]: ...
    def renew(self) -> bool: ...


class FixedAccess:
    """The same headers each time."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = dict(headers)

    def headers(self) -> Mapping[str, str]:
        """What was given."""
        return self._headers

    def renew(self) -> bool:
        """Nothing else can be tried."""
        return False


class TokenAccess:
    """A header with an access token that expires.

    `token(refused)` gives one that may be used now; `refused` is the one that the vendor would not take.
    """

    def __init__(
        self,
        header: str,
        token: Callable[[str | None], str],
        *,
        prefix: str = "",
        also: Mapping[str, str] | None = None,
    ) -> None:
        self._header, self._prefix, self._token = header, prefix, token
        self._also = dict(also or {})
        self._last: str | None = None
        self._refused: str | None = None

    def headers(self) -> Mapping[str, str]:
        """The header with a token that is not the one refused."""
        refused, self._refused, self._last = self._refused, None, None
        try:
            self._last = self._token(refused)
        except RetryLater:
            # No other one yet: the next try must not take the refused one for good.
            self._refused = refused
            raise
        return {**self._also, self._header: self._prefix + self._last}

    def renew(self) -> bool:
        """A refused token may just be old: another one is asked for. Where there was none, there is none."""
        self._refused = self._last
        return self._last is not None
