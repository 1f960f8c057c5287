"""Register a tenant, create its schema and its company."""

from collections.abc import Callable
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.domain.quota import Tier
from shared.errors import InvalidInput
from shared.use_cases.ports import OpenUnitOfWork


def create_tenant(
    insert_tenant: Callable[[str, str, Tier, dict[str, str]], UUID],
    unit_of_work_of: Callable[[UUID], OpenUnitOfWork],
    *,
    slug: str,
    name: str,
    tier: Tier,
    timezone: str,
    currency: str,
) -> UUID:
    """Creates tenant, schema and company; raises `InvalidInput` naming the field."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidInput(
            f"timezone: {timezone!r} is not a time zone; write one like Europe/London"
        ) from None
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        raise InvalidInput(
            f"currency: {currency!r} is not a currency; write three letters, like GBP"
        )
    tenant_id = insert_tenant(slug, name, tier, {"timezone": timezone, "currency": currency})
    with unit_of_work_of(tenant_id)() as work:
        work.companies.ensure(name, currency, timezone)
        work.audit.write("tenant.created", "tenant", tenant_id, {"slug": slug, "tier": tier.value})
    return tenant_id
