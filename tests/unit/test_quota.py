"""Tiers and limits."""

from hypothesis import given
from hypothesis import strategies as st

from shared.domain.quota import (
    Limits,
    Meter,
    MeterReading,
    Overrides,
    Tier,
    Usage,
    effective_limits,
    find_breaches,
)


def test_the_tiers_are_those_of_the_price_list() -> None:
    none = Overrides()
    assert effective_limits(Tier.STARTER, none) == Limits(5, 100, 1024)
    assert effective_limits(Tier.PROFESSIONAL, none) == Limits(20, 500, 10240)
    assert effective_limits(Tier.ENTERPRISE, none) == Limits(-1, -1, 102400)


def test_a_tenants_own_limit_takes_the_place_of_the_tiers() -> None:
    assert effective_limits(Tier.STARTER, Overrides(entities=250)) == Limits(5, 250, 1024)


def test_a_limit_of_zero_is_a_limit() -> None:
    limits = effective_limits(Tier.STARTER, Overrides(users=0))
    assert find_breaches(limits, Usage(1, 0, 0)) == (MeterReading(Meter.USERS, 0, 1),)


def test_exactly_at_the_limit_is_allowed() -> None:
    assert find_breaches(Limits(5, 100, 1024), Usage(5, 100, 1024)) == ()


def test_one_above_the_limit_is_a_breach() -> None:
    assert find_breaches(Limits(5, 100, 1024), Usage(5, 101, 1024)) == (
        MeterReading(Meter.ENTITIES, 100, 101),
    )


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_unlimited_is_never_breached(users: int, entities: int, storage_mb: int) -> None:
    assert find_breaches(Limits(-1, -1, -1), Usage(users, entities, storage_mb)) == ()


def test_a_meter_is_named_by_its_column() -> None:
    assert [meter.value for meter in Meter] == [
        "active_users_count",
        "total_entities_count",
        "storage_used_mb",
        "api_requests_count",
        "api_errors_count",
        "forecasts_generated",
        "reports_exported",
        "integrations_synced",
    ]
