"""What a vendor's status means, and which URLs of a vendor may be followed."""

import ipaddress
import time
from email.utils import parsedate_to_datetime

import httpx

from shared.errors import (
    AccessForbidden,
    CredentialRejected,
    GiveUp,
    RateLimited,
    VendorAway,
    VendorUnavailable,
)

# A longer wait is the job's, which frees its worker.
LONGEST_WAIT_HERE_S = 10.0
OUTSIDE = "a file's address outside the public network; none is fetched"


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
        raise VendorAway(f"{vendor}: answered HTTP {status}", retry_after_s(answer))
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
    header = answer.headers.get("Retry-After", "")
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


def is_foreign(vendor: str, url: str, base_url: str) -> bool:
    """Whether a file lies elsewhere than the vendor's own address; raises `GiveUp` where it is not public there.

    Where a foreign name leads is seen on connecting.
    """
    try:
        named, base = httpx.URL(url), httpx.URL(base_url)
        host = named.host
    except (httpx.InvalidURL, UnicodeError):
        raise GiveUp(f"{vendor}: gave a file's address that is no URL") from None
    if (named.scheme, host, named.port) == (base.scheme, base.host, base.port):
        return False
    if named.scheme != "https" or "." not in host or _is_address(host):
        raise GiveUp(f"{vendor}: gave {OUTSIDE}")
    return True


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
