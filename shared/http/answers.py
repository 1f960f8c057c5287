"""What a vendor's status means, and which URLs of a vendor may be followed."""

import ipaddress
import socket
import time
from email.utils import parsedate_to_datetime

import httpx

from shared.errors import CredentialRejected, GiveUp, RateLimited, VendorUnavailable

# A longer wait is the job's, which frees its worker.
LONGEST_WAIT_HERE_S = 10.0


def check_status(vendor: str, answer: httpx.Response, accepted: frozenset[int]) -> None:
    """Raises what a status asks to do next; 200 and what the connector reads itself pass."""
    status = answer.status_code
    if status == 200 or status in accepted:
        return
    if status in {401, 403}:
        raise CredentialRejected(
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
    except httpx.InvalidURL:
        raise GiveUp(f"{vendor}: told a file's address that is no URL") from None
    if (told.scheme, told.host, told.port) == (base.scheme, base.host, base.port):
        return
    if (
        told.scheme != "https"
        or "." not in told.host
        or _is_address(told.host)
        or _leads_inside(told.host)
    ):
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
    except OSError:
        return False
    return not all(ipaddress.ip_address(str(each[4][0])).is_global for each in found)
