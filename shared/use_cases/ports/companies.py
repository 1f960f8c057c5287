"""The tenant's company."""

from typing import Protocol

from shared.domain.company import Company


class Companies(Protocol):
    """The company that all figures of the tenant belong to."""

    def get(self) -> Company:
        """The company; raises `InvalidInput` where the tenant has none yet."""

    def ensure(self, name: str, currency: str, timezone: str) -> Company:
        """The company, made with these values if the tenant has none."""

    def set_vat_registered(self, registered: bool) -> None:
        """Says whether the company is registered for VAT."""
