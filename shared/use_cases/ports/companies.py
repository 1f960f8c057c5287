"""The tenant's company."""

from typing import Protocol

from shared.domain.company import Company


class Companies(Protocol):
    def get(self) -> Company: ...
    def ensure(self, name: str, currency: str, timezone: str) -> Company: ...
    def set_vat_registered(self, registered: bool) -> None: ...
