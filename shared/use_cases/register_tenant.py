"""Register a tenant: its role, its schema and its company, in one transaction."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.domain.currencies import CURRENCIES
from shared.domain.quota import Tier
from shared.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class NewTenant:
    """What a tenant is made of. `timezone` is an IANA name, `currency` an ISO 4217 code."""

    slug: str
    name: str
    tier: Tier
    timezone: str
    currency: str
    organization_id: str | None = None


class Registry(Protocol):
    """Where tenants are registered."""

    def insert(self, tenant: NewTenant) -> UUID:
        """Makes the tenant with its role, schema and company, or nothing."""


def register_tenant(registry: Registry, tenant: NewTenant) -> UUID:
    """Checks what the database cannot, then inserts; raises `InvalidInput` naming the field."""
    check_timezone(tenant.timezone)
    code = tenant.currency
    if code not in CURRENCIES:
        raise InvalidInput(
            f"currency: {code!r} is not a currency; write three letters of ISO 4217, like GBP"
        )
    return registry.insert(tenant)


def check_timezone(name: str) -> None:
    """Raises `InvalidInput` for what is not a time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(
            f"timezone: {name!r} is not a time zone; write one like Europe/London"
        ) from None
