"""A tenant as the registry knows it."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from shared.domain.quota import Overrides, Tier


class SubscriptionStatus(StrEnum):
    """Where a subscription stands."""

    TRIAL = "TRIAL"
    ACTIVE = "ACTIVE"
    PAST_DUE = "PAST_DUE"
    CANCELLED = "CANCELLED"
    SUSPENDED = "SUSPENDED"


# A tenant of these statuses runs nothing.
IDLE_STATUSES = frozenset({SubscriptionStatus.CANCELLED, SubscriptionStatus.SUSPENDED})


@dataclass(frozen=True, slots=True)
class Tenant:
    """One customer organisation. Its data lie in the schema `tenant_<id>`."""

    id: UUID
    slug: str
    name: str
    tier: Tier
    status: SubscriptionStatus
    overrides: Overrides
    timezone: str
    currency: str
    # Marketplaces whose orders count where a shop has copies of them.
    count_copies_of: frozenset[str] = frozenset()

    @property
    def may_run(self) -> bool:
        """Whether jobs of this tenant run at all."""
        return self.status not in IDLE_STATUSES
