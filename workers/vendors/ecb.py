"""The European Central Bank: rates for all tenants, without a credential."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.connectors.ecb.client import EcbRates
from shared.http.client import VendorHttp
from shared.observability.metrics import VENDOR_CALLS
from workers.settings import Settings


@contextmanager
def open_rates(settings: Settings, base_url: str) -> Iterator[EcbRates]:
    """The bank's files below a base URL, closed with the block."""

    def count(status: str) -> None:
        VENDOR_CALLS.labels("ecb", status).inc()

    attempts = settings.vendor_attempts
    with VendorHttp("ecb", base_url, {}, attempts=attempts, on_answer=count) as http:
        yield EcbRates(http, base_url)
