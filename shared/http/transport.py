"""Sockets that keep a deadline and go where they were looked up.

A timeout a read lets a vendor that sends a byte now and then hold a worker for ever: headers that drip, interim
answers without end, a gzip of nothing. Here each read and write has what is left of the whole call.
"""

import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

_until: ContextVar[float | None] = ContextVar("call_deadline", default=None)
# IPv6: what is given out to the public, and what stands for an IPv4 address (NAT64).
UNICAST, TRANSLATED = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(httpcore.ConnectError):
    """The name leads into a private network."""


@contextmanager
def call_deadline(seconds: float) -> Iterator[None]:
    """What is sent and read in the block is done by then, or raises `httpx.TimeoutException`."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)


class SteadyTransport(httpx.HTTPTransport):
    """httpx's transport over such sockets; with `public_only` no connection goes to a private address."""

    def __init__(self, verify: SSLContext, *, public_only: bool = False) -> None:
        super().__init__(verify=verify)
        # The library takes no sockets of its caller's; its pool does.
        self._pool = httpcore.ConnectionPool(
            ssl_context=verify, network_backend=_Sockets(public_only=public_only)
        )


class _Sockets(httpcore.NetworkBackend):
    def __init__(self, *, public_only: bool) -> None:
        self._sockets = httpcore.SyncBackend()
        self._public_only = public_only

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        # The address that was judged is the one that is called: a name may mean another one a moment later.
        target = find_public_address(host, port) if self._public_only else host
        stream = self._sockets.connect_tcp(
            target, port, _left(timeout, httpcore.ConnectTimeout), local_address, socket_options
        )
        return _Stream(stream)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, error: type[Exception]) -> float | None:
    until = _until.get()
    if until is None:
        return timeout
    left = until - time.monotonic()
    if left <= 0:
        raise error("the whole call takes too long")
    return left if timeout is None else min(timeout, left)


def check_deadline() -> None:
    """Raises `httpx.ReadTimeout` when the call's time is over, whatever it travels by."""
    until = _until.get()
    if until is not None and time.monotonic() > until:
        raise httpx.ReadTimeout("the whole call takes too long")


def find_public_address(host: str, port: int) -> str:
    """An address of a name, all of whose addresses are public; raises `PrivateAddress`."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise PrivateAddress("the name is none") from None
    except OSError as error:
        raise httpcore.ConnectError(str(error)) from None
    addresses = [str(each[4][0]) for each in found]
    if not addresses or not all(is_public(ipaddress.ip_address(each)) for each in addresses):
        raise PrivateAddress("the name leads into a private network")
    return addresses[0]


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address is one of the public network."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in TRANSLATED:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in UNICAST or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast
