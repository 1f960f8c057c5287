"""The tenant's company."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Company:
    """The tenant's company. `timezone` is an IANA name."""

    id: UUID
    name: str
    currency: str
    timezone: str
    vat_registered: bool = True
