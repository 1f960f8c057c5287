"""Subscription tiers, what each allows, and which limits a tenant is over."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

UNLIMITED = -1


class Tier(StrEnum):
    """What a tenant pays for."""

    STARTER = "STARTER"
    PROFESSIONAL = "PROFESSIONAL"
    ENTERPRISE = "ENTERPRISE"


class Meter(StrEnum):
    """What is metered, by its column of `usage_metrics`: three are sampled, the others count."""

    USERS = "active_users_count"
    ENTITIES = "total_entities_count"
    STORAGE_MB = "storage_used_mb"
    API_REQUESTS = "api_requests_count"
    API_ERRORS = "api_errors_count"
    FORECASTS = "forecasts_generated"
    REPORTS = "reports_exported"
    INTEGRATIONS = "integrations_synced"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a tenant may have; -1 is unlimited. Storage in MB."""

    users: int
    entities: int
    storage_mb: int


@dataclass(frozen=True, slots=True)
class Overrides:
    """A tenant's own limits; None takes the tier's."""

    users: int | None = None
    entities: int | None = None
    storage_mb: int | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """How much a tenant has now. Storage in MB, rounded up."""

    users: int
    entities: int
    storage_mb: int


@dataclass(frozen=True, slots=True)
class MeterReading:
    """A meter, its limit and how much is used."""

    meter: Meter
    limit: int
    used: int


TIER_LIMITS = {
    Tier.STARTER: Limits(users=5, entities=100, storage_mb=1024),
    Tier.PROFESSIONAL: Limits(users=20, entities=500, storage_mb=10 * 1024),
    Tier.ENTERPRISE: Limits(users=UNLIMITED, entities=UNLIMITED, storage_mb=100 * 1024),
}


def effective_limits(tier: Tier, overrides: Overrides) -> Limits:
    """The tier's limits, with the tenant's own in their place where it has any."""
    default = TIER_LIMITS[tier]
    return Limits(
        users=default.users if overrides.users is None else overrides.users,
        entities=default.entities if overrides.entities is None else overrides.entities,
        storage_mb=default.storage_mb if overrides.storage_mb is None else overrides.storage_mb,
    )


def read_sampled(limits: Limits, usage: Usage) -> tuple[MeterReading, ...]:
    """The sampled meters that are limited, with their limit and what is used."""
    readings = (
        MeterReading(Meter.USERS, limits.users, usage.users),
        MeterReading(Meter.ENTITIES, limits.entities, usage.entities),
        MeterReading(Meter.STORAGE_MB, limits.storage_mb, usage.storage_mb),
    )
    return tuple(each for each in readings if each.limit != UNLIMITED)


def find_breaches(limits: Limits, usage: Usage) -> tuple[MeterReading, ...]:
    """The meters whose use is above the limit; exactly at the limit is allowed."""
    return tuple(each for each in read_sampled(limits, usage) if each.used > each.limit)


def newly_over(
    breaches: Sequence[MeterReading], audited: Collection[str]
) -> tuple[MeterReading, ...]:
    """Those that were not audited in this period: each meter is reported once a period."""
    return tuple(each for each in breaches if each.meter not in audited)
