"""What a vendor's status means, and which URLs of a vendor may be followed."""

import ipaddress
import socket
import time
from email.utils import parsedate_to_datetime

import httpx

from shared.errors import (
    AccessForbidden,
    CredentialRejected,
    GiveUp,
    RateLimited,
    VendorUnavailable,
)

# A longer wait is the job's, which frees its worker.
LONGEST_WAIT_HERE_S = 10.0
# IPv6: what is given out to the public, and what stands for an IPv4 address (NAT64).
UNICAST, TRANSLATED = ipaddress.IPv6Network("2000::/3"), ipaddress.IPv6Network("64:ff9b::/96")


def check_status(vendor: str, answer: httpx.Response, accepted: frozenset[int]) -> None:
    """Raises what a status asks to do next; 200 and what the connector reads itself pass."""
    status = answer.status_code
    if status == 200 or status in accepted:
        return
    if status in {401, 403}:
        kind = AccessForbidden if status == 403 else CredentialRejected
        raise kind(
            f"{vendor}: the credential is refused (HTTP {status}); connect the account again"
        )
    if status == 429:
        raise RateLimited(f"{vendor}: the rate limit is used up", retry_after_s(answer))
    if status >= 500:
        raise VendorUnavailable(f"{vendor}: answered HTTP {status}", retry_after_s(answer))
    raise GiveUp(f"{vendor}: answered HTTP {status} to {answer.request.url.path}")


def is_retried_here(error: Exception) -> float | bool:
    """Whether the same request is sent again at once; the vendor's own wait comes first, a long one is the job's."""
    if not isinstance(error, VendorUnavailable):
        return False
    if error.retry_after_s is None:
        return True
    return error.retry_after_s if error.retry_after_s <= LONGEST_WAIT_HERE_S else False


def retry_after_s(answer: httpx.Response) -> float | None:
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


def refuse_foreign_url(vendor: str, url: str, base_url: str) -> None:
    """Raises `GiveUp` for a URL that leads into a private network: a vendor has no file there."""
    try:
        told, base = httpx.URL(url), httpx.URL(base_url)
        host = told.host
    except (httpx.InvalidURL, UnicodeError):
        raise GiveUp(f"{vendor}: told a file's address that is no URL") from None
    if (told.scheme, host, told.port) == (base.scheme, base.host, base.port):
        return
    if told.scheme != "https" or "." not in host or _is_address(host) or _leads_inside(host):
        raise GiveUp(f"{vendor}: told a file's address outside the public network; none is fetched")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _leads_inside(host: str) -> bool:
    """Whether a name stands for an address that is not public. One that nobody here knows may be a proxy's to find."""
    try:
        found = socket.getaddrinfo(host, 443, type=socket.SOCK_STREAM)
    except UnicodeError:
        return True
    except OSError:
        return False
    return not all(_is_public(ipaddress.ip_address(str(each[4][0]))) for each in found)


def _is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _is_public(address.ipv4_mapped)
        if address in TRANSLATED:
            return _is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in UNICAST or address.sixtofour or address.teredo:
            return False
    return address.is_global and not address.is_multicast
